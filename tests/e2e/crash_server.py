"""A server that can be killed fifty times in a few seconds: everything is loaded once, each life is a fork.

Usage: crash_server.py ROOT DATABASE_URL PORT, then "start" lines on standard input; answers with the process id.
"""

import asyncio
import os
import sys
from pathlib import Path

from bot.rasa import without_tensorflow


def main(root: Path, database_url: str, port: int) -> None:
    without_tensorflow.install()
    from bot import app, logs, settings, training

    logs.configure()
    given = {"DEMO": "1", "DATABASE_URL": database_url, "PORT": str(port)}
    loaded = settings.load(root, given=given)
    parts = app.assemble(loaded, training.model_path(loaded))
    print("loaded", flush=True)
    for _ in sys.stdin:
        parts.memory.close()  # No connection may be open while forking.
        child = os.fork()
        if child == 0:
            _serve(app.build(parts), port)
            os._exit(0)
        print(child, flush=True)


def _serve(application, port: int) -> None:
    import uvicorn

    config = uvicorn.Config(
        application, host="127.0.0.1", port=port, log_config=None, access_log=False, ws="wsproto", lifespan="off"
    )
    asyncio.run(uvicorn.Server(config).serve())


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))

"""Starts the assistant and says what it is doing meanwhile; ends with the address."""

import socket

import uvicorn

from bot import training
from bot.settings import Settings, SettingsError
from bot.training import Tell


def serve(settings: Settings, *, port: int | None, tell: Tell) -> None:
    """Train if need be, load, and serve until told to stop. Raises SettingsError when the port is taken."""
    port = port or settings.port
    model = training.ensure_apart(settings, tell=tell)
    tell("Loading ...")
    from bot import app, demo  # Only now: these import Rasa, which takes seconds.

    parts = app.assemble(settings, model)
    if settings.demo:
        demo.seed(parts.memory, settings.data / "demo", now=parts.clock())
    listener = _listen(port, demo=settings.demo)
    config = uvicorn.Config(app.build(parts), ws="wsproto", log_config=None, access_log=False, lifespan="on")
    tell(f"Ready: http://localhost:{port}/" + (" (demo mode)" if settings.demo else ""))
    uvicorn.Server(config).run(sockets=[listener])


def _listen(port: int, *, demo: bool) -> socket.socket:
    """A demo signs tokens for whoever asks, so it listens to this machine alone."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1" if demo else "0.0.0.0", port))
    except OSError as taken:
        raise SettingsError(f"Port {port} is taken; use another one, for example: PORT=5006 make run.") from taken
    return listener

"""Real servers for tests, where their programs are installed: PostgreSQL and Redis, each of its own, each ended."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from redis import Redis
from redis.exceptions import ConnectionError as NotYet

_BINARIES = Path("/usr/lib/postgresql")


def _newest_postgres() -> Path | None:
    found = shutil.which("initdb")
    homes = [Path(found).parent] if found else []
    homes += [home / "bin" for home in sorted(_BINARIES.glob("*"), reverse=True) if (home / "bin" / "initdb").is_file()]
    return homes[0] if homes else None


def _unprivileged() -> dict[str, int]:
    """PostgreSQL refuses to run as root: then it runs as its own account, or as nobody."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            account = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": account.pw_uid, "group": account.pw_gid}
    return {}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a PostgreSQL server of our own, without a database name."""
    home = _newest_postgres()
    if home is None:
        pytest.skip("no PostgreSQL server binaries")
    account = _unprivileged()
    folder = Path("/tmp") / f"rapport-postgres-{uuid4().hex[:8]}"
    folder.mkdir()
    if account:
        os.chown(folder, account["user"], account["group"])
    run: dict[str, Any] = {**account, "cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    store = str(folder / "store")
    subprocess.run(
        [home / "initdb", "-D", store, "-U", "rapport", "-A", "trust", "-E", "UTF8", "-N"], check=True, **run
    )
    port = _free_port()
    quick = ["-c", "fsync=off", "-c", "full_page_writes=off", "-c", f"unix_socket_directories={folder}"]
    server = subprocess.Popen(
        [home / "postgres", "-D", store, "-h", "127.0.0.1", "-p", str(port), "-c", "max_connections=60", *quick], **run
    )
    try:
        _wait_for(port, server)
        yield f"postgresql://rapport@127.0.0.1:{port}"
    finally:
        # At once: nothing of it is wanted afterwards.
        server.send_signal(signal.SIGQUIT)
        server.wait(timeout=20)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        if server.poll() is not None:
            raise RuntimeError("PostgreSQL did not start")
        try:
            psycopg.connect(host="127.0.0.1", port=port, user="rapport", dbname="postgres").close()
            return
        except psycopg.OperationalError:
            time.sleep(0.05)
    raise RuntimeError("PostgreSQL did not answer")


def create_database(server: str) -> str:
    """The address of a new, empty database of a server."""
    name = f"m{uuid4().hex}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"{server}/{name}"


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory):
    """A Redis of its own, ended by its process id."""
    if shutil.which("redis-server") is None:
        pytest.skip("no redis-server on this machine")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("redis")
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with suppress(NotYet):
            Redis(port=port).ping()
            break
        time.sleep(0.05)
    yield f"redis://127.0.0.1:{port}/0"
    process.terminate()
    process.wait(10)

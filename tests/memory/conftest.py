"""Real databases: every test of a fixture ``memory`` runs on SQLite and, where its binaries are, on PostgreSQL."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from memory_people import NOW

from memory import Memory

_BINARIES = Path("/usr/lib/postgresql")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The ten thousand histories take minutes: they are run by ``-m slow``, as `.ci/run` does."""
    if "slow" in str(config.getoption("-m")):
        return
    for item in items:
        if item.get_closest_marker("slow") and Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.skip(reason="slow: run by -m slow"))


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


BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(params=BOTH)
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database of each kind without any table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/bare.db"
    return _create_database(request.getfixturevalue("postgres"))


@pytest.fixture(params=BOTH)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a migrated, empty database of each kind."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "memory.db")
        return f"sqlite:///{tmp_path}/memory.db"
    address: str = request.getfixturevalue("postgres_database")
    with psycopg.connect(address, autocommit=True) as connection:
        names = [row[0] for row in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        emptied = ", ".join(name for name in names if name not in ("keys", "alembic_version"))
        connection.execute(f"TRUNCATE {emptied} RESTART IDENTITY")
    return address


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite database to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    Memory.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture(scope="session")
def postgres_database(postgres: str) -> str:
    """A migrated PostgreSQL database that tests empty and use one after the other."""
    address = _create_database(postgres)
    Memory.open(address).close()
    return address


def _create_database(server: str) -> str:
    name = f"m{uuid4().hex}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"{server}/{name}"


@pytest.fixture
def open_memory() -> Iterator[Callable[..., Memory]]:
    """Opens memories that are closed after the test."""
    opened: list[Memory] = []

    def _open(url: str, **options: Any) -> Memory:
        opened.append(Memory.open(url, **{"clock": lambda: NOW, **options}))
        return opened[-1]

    yield _open
    for memory in opened:
        memory.close()


@pytest.fixture
def memory(url: str, open_memory: Callable[..., Memory]) -> Memory:
    """An empty memory on each kind of database; its clock stands at NOW."""
    return open_memory(url)


@pytest.fixture
def sqlite_memory(tmp_path: Path, sqlite_template: Path, open_memory: Callable[..., Memory]) -> Memory:
    """An empty memory on SQLite, for what is SQLite's alone."""
    shutil.copy(sqlite_template, tmp_path / "memory.db")
    return open_memory(f"sqlite:///{tmp_path}/memory.db")

"""Real databases: every test of a fixture ``memory`` runs on SQLite and, where its binaries are, on PostgreSQL."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from memory_people import NOW
from servers import create_database

from memory import Memory


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The ten thousand histories take minutes: they are run by ``-m slow``, as `.ci/run` does."""
    if "slow" in str(config.getoption("-m")):
        return
    for item in items:
        if item.get_closest_marker("slow") and Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.skip(reason="slow: run by -m slow"))


BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(params=BOTH)
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database of each kind without any table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/bare.db"
    return create_database(request.getfixturevalue("postgres"))


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
    address = create_database(postgres)
    Memory.open(address).close()
    return address


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

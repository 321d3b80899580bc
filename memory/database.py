"""Open one database, SQLite or PostgreSQL, brought up to date, and hand out short transactions on it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from json import dumps
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session

from memory import migrations
from memory._gate import guard
from memory._session import Tx, rehearsal, transaction
from memory._types import storable
from memory.policies import Policies
from memory.volatile import Volatile

# Enough for another process to finish its write; a transaction takes milliseconds.
_BUSY_MS = 10_000


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Memory:
    """One database of all that is remembered of customers. Safe to share between threads."""

    def __init__(
        self, engine: Engine, *, policies: Policies, clock: Callable[[], datetime], journal: Path | None = None
    ) -> None:
        self.policies = policies
        self.volatile = Volatile()
        self._engine = engine
        # The file of a SQLite database; None on PostgreSQL.
        self.path = Path(str(engine.url.database)) if engine.dialect.name == "sqlite" else None
        # Who was erased, by keyed hash, for when the database is lost; None: only the database knows.
        self.journal = journal or (None if self.path is None else self.path.with_name(f"{self.path.name}.erased"))
        self._clock = clock
        self._readers = engine.execution_options(memory_begin="BEGIN")
        if self.path is None:
            # One state throughout, as SQLite has it anyway.
            self._readers = engine.execution_options(isolation_level="REPEATABLE READ")
        self._writers = engine.execution_options(memory_begin="BEGIN IMMEDIATE")

    @classmethod
    def open(
        cls,
        url: str,
        *,
        clock: Callable[[], datetime] = _utc_now,
        privacy: Path | None = None,
        profile: str = "eu",
        journal: Path | None = None,
    ) -> "Memory":
        """Open the database at ``url`` (``sqlite:///path`` or ``postgresql://...``) and migrate it if it is behind.

        ``clock`` is asked only where no ``now`` is passed. ``privacy`` is the folder of consent profiles and retention
        periods, ``profile`` the jurisdiction in force, ``journal`` the file of erasures that a restored backup heeds
        (beside a SQLite database by default; on PostgreSQL name one).

        Raises OSError, ValueError or SQLAlchemy's errors when the database or the folder cannot be used, and Alembic's
        CommandError for a database that is newer than the program.
        """
        policies = Policies.load(privacy, profile=profile)
        engine = _engine(make_url(url))
        migrations.upgrade(engine)
        guard(engine)
        return cls(engine, policies=policies, clock=clock, journal=journal)

    def read(self) -> AbstractContextManager[Tx]:
        """A transaction that only reads, on one consistent state of the database."""
        return transaction(self._readers, lambda session: self._tx(session, writable=False))

    def write(self) -> AbstractContextManager[Tx]:
        """A transaction that writes: committed at the end of the block, rolled back when the block raises."""
        return transaction(self._writers, lambda session: self._tx(session, writable=True))

    def ahead(self, write: Callable[[Tx], None]) -> AbstractContextManager[Tx]:
        """A transaction that only reads, on the state that ``write`` will lead to; nothing of it is kept. For a reply
        that says what a decision brings before both are committed together."""
        return rehearsal(self._writers, lambda session: self._tx(session, writable=True), write)

    def close(self) -> None:
        """Give back all connections."""
        self._engine.dispose()

    def _tx(self, session: Session, *, writable: bool) -> Tx:
        return Tx(session, writable=writable, clock=self._clock, policies=self.policies, volatile=self.volatile)


def _json(value: Any) -> str:
    return storable(dumps(value, ensure_ascii=False, separators=(",", ":")))


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        return _sqlite(url)
    if url.get_backend_name() not in ("postgresql", "postgres"):
        raise ValueError("memory lives in sqlite:///path or postgresql://...")
    driver = url.set(drivername="postgresql+psycopg")
    return create_engine(driver, json_serializer=_json, pool_size=10, max_overflow=20, pool_pre_ping=True)


def _sqlite(url: URL) -> Engine:
    if url.database in (None, "", ":memory:"):
        raise ValueError("memory lives in a file: sqlite:///path")
    Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, json_serializer=_json, pool_size=10, max_overflow=20)

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, _record: Any) -> None:
        # The driver must not begin by itself: a write takes the lock at its start, or two would deadlock upgrading.
        connection.isolation_level = None
        for pragma in (
            f"busy_timeout={_BUSY_MS}",
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "secure_delete=ON",
            "foreign_keys=ON",
            "temp_store=MEMORY",
            "cache_size=-8000",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        begin = connection.get_execution_options().get("memory_begin", "BEGIN")
        connection.connection.dbapi_connection.execute(begin)

    return engine

"""What a deleted row may leave in the database's own files: how it is looked for, and how none of it stays.

SQLite's log and the gaps of its pages keep old copies, and PostgreSQL its dead rows, until they are told not to.
"""

import mmap
import sqlite3
import time
from collections.abc import Iterable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import text

from memory import _registry
from memory._gate import MAINTENANCE

if TYPE_CHECKING:
    from memory.database import Memory

_ENDINGS = ("-wal", "-shm", "-journal")


def scan(memory: "Memory", ids: Iterable[str]) -> dict[str, int]:
    """In how many of the database's files any of these ids stands, free pages and log included. SQLite only.

    Every row about a customer holds the customer's id, so a row that is left anywhere is found by it.
    """
    path = memory.path
    if path is None:
        return {}
    return {"files": sum(_holds(file, ids) for file in files(path))}


def files(path: Path) -> list[Path]:
    """The files that make up a SQLite database."""
    return [file for file in (path, *(path.with_name(path.name + end) for end in _ENDINGS)) if file.exists()]


def truncate(memory: "Memory", *, patience: timedelta) -> dict[str, int]:
    """Leave no old version of a deleted row: SQLite's log is truncated, PostgreSQL's dead rows are vacuumed."""
    if memory.path is None:
        _vacuum(memory)
        return {}
    until = time.monotonic() + patience.total_seconds()
    while True:
        busy = _checkpoint(memory.path)
        if not busy or time.monotonic() >= until:
            return {"log waits for a reader": int(busy)}
        time.sleep(0.02)


def rewrite(memory: "Memory") -> None:
    """Copy SQLite's file without the gaps of its pages. `secure_delete` overwrites what is deleted, but not the copies
    that an earlier rebalancing of a tree left in the unallocated part of a page; seen in about half of all erasures."""
    if memory.path is None:
        return
    with closing(sqlite3.connect(memory.path, timeout=30, isolation_level=None)) as connection:
        connection.execute("VACUUM")


def _checkpoint(path: Path) -> bool:
    """Whether a reader or writer kept the log from being truncated."""
    with closing(sqlite3.connect(path, timeout=0.2, isolation_level=None)) as connection:
        try:
            return bool(connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0])
        except sqlite3.OperationalError:
            return True


def _vacuum(memory: "Memory") -> None:
    with memory._engine.connect() as plain:
        connection = plain.execution_options(isolation_level="AUTOCOMMIT", **MAINTENANCE)
        for kept in _registry.TABLES:
            connection.execute(text(f"VACUUM {kept.name}"))


def _holds(file: Path, ids: Iterable[str]) -> bool:
    if file.stat().st_size == 0:
        return False
    with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return any(content.find(one.encode()) >= 0 for one in ids)

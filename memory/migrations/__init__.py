"""Bring a database up to date; one that is already costs a single query, and Alembic is not even imported."""

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from memory._gate import MAINTENANCE

# The newest revision in versions/; a test holds the two together.
HEAD = "0007"
# Any number that nothing else in the database locks on: two processes that start together migrate one after the other.
_LOCK = 7_016_523_011


def upgrade(engine: Engine, *, to: str = HEAD) -> None:
    """Migrate to revision ``to``. Raises Alembic's CommandError for a database newer than this program."""
    with engine.connect() as plain:
        connection = plain.execution_options(**MAINTENANCE, memory_begin="BEGIN")
        if current(connection) == to:
            return
    with engine.connect() as plain:
        connection = plain.execution_options(**MAINTENANCE, memory_begin="BEGIN IMMEDIATE")
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        if current(connection) != to:
            _run(connection, to)
        connection.commit()


def current(connection: Connection) -> str | None:
    """The revision that the database is at; None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _run(connection: Connection, to: str) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    command.upgrade(config, to)

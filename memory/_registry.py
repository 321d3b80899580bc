"""One list of all tables that are about customers: gate, export, erasure and retention are written against it.

A test fails when a table with a customer column is missing here.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from memory import _tables
from memory._purposes import Purpose


@dataclass(frozen=True)
class Kept:
    """What is kept in one table, and under which purpose it may be read."""

    row: type[_tables.Base]
    # Any one of these opens the table; none: it is part of the service.
    purposes: frozenset[Purpose] = frozenset()
    # Says who is who: read and written by memory itself, never by a scoped statement.
    is_key: bool = False

    @property
    def name(self) -> str:
        return str(self.row.__tablename__)


def _kept(row: type[_tables.Base], *purposes: Purpose, is_key: bool = False) -> Kept:
    return Kept(row, frozenset(purposes), is_key)


# In the order in which they are deleted: what points at something goes before it.
TABLES: tuple[Kept, ...] = (
    _kept(_tables.EventRow),
    _kept(_tables.CheckpointRow),
    _kept(_tables.ChoiceRow),
    _kept(_tables.TurnRow),
    _kept(_tables.MessageRow),
    _kept(_tables.ThreadRow, Purpose.RESUME),
    _kept(_tables.OrderRow),
    _kept(_tables.TicketRow),
    _kept(_tables.ConsentRow),
    _kept(_tables.DecisionRow),
    _kept(_tables.ConversationRow, is_key=True),
    _kept(_tables.IdentityRow, is_key=True),
    _kept(_tables.CustomerRow, is_key=True),
)

_BY_ROW = {kept.row: kept for kept in TABLES}


def of(row: type) -> Kept | None:
    """The entry of a mapped class, or None when it is not about customers."""
    return _BY_ROW.get(row)


def names() -> Iterable[str]:
    """The names of all tables about customers."""
    return [kept.name for kept in TABLES]

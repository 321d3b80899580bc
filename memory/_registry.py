"""One list of all tables that are about customers: gate, export, erasure and retention are written against it.

A test fails when a table with a customer column is missing here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import BindParameter, ColumnElement, bindparam, or_

from memory import _tables
from memory._purposes import Purpose

# Given: what the customer stated or did knowingly. Observed: what their use left behind. Derived: what the shop made
# of it. Technical: what keeps the service working. The first two are portable; all are in the access copy.
Origin = Literal["given", "observed", "derived", "technical"]


@dataclass(frozen=True)
class Kept:
    """What is kept in one table, why it may be read, and since when a row is old."""

    row: type[_tables.Base]
    origin: Origin
    # Any one of these opens the table; none: it is part of the service.
    purposes: frozenset[Purpose] = frozenset()
    # The time that a retention period counts from; None: only erasure ends it.
    dated: str | None = None
    # Says who is who: read and written by memory itself, never by a scoped statement.
    is_key: bool = False
    columns: tuple[str, ...] = ("customer",)
    # Secrets that are nobody's data.
    hidden: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The table's name."""
        return str(self.row.__tablename__)

    def of(self, customers: Iterable[str]) -> ColumnElement[bool]:
        """The criterion that a row is about one of these customers."""
        named = sorted(customers)
        return or_(*(getattr(self.row, column).in_(named) for column in self.columns))

    @property
    def of_scope(self) -> ColumnElement[bool]:
        """The same for a statement that is prepared once and told its customers as ``:scope``."""
        scope: BindParameter[str] = bindparam("scope", expanding=True)
        return or_(*(getattr(self.row, column).in_(scope) for column in self.columns))


def _kept(
    row: type[_tables.Base],
    origin: Origin,
    *purposes: Purpose,
    dated: str | None = None,
    columns: tuple[str, ...] = ("customer",),
    hidden: tuple[str, ...] = (),
) -> Kept:
    return Kept(row, origin, frozenset(purposes), dated, False, columns, hidden)


# In the order in which they are deleted: what points at something goes before it.
TABLES: tuple[Kept, ...] = (
    _kept(_tables.DocumentRow, "technical", Purpose.RESUME),
    _kept(_tables.EventRow, "technical", Purpose.RESUME, dated="at"),
    _kept(_tables.CheckpointRow, "technical", Purpose.RESUME, dated="at"),
    _kept(_tables.ChoiceRow, "technical", Purpose.RESUME, dated="at"),
    _kept(_tables.MessageRow, "observed", Purpose.RESUME, dated="at"),
    _kept(_tables.ThreadRow, "observed", Purpose.RESUME, dated="touched_at"),
    _kept(_tables.FactRow, "given", Purpose.PREFERENCES, dated="confirmed_at"),
    _kept(_tables.SensitiveFactRow, "given", Purpose.SENSITIVE, dated="confirmed_at"),
    _kept(_tables.PurchaseRow, "observed", Purpose.PERSONALISATION, dated="ordered_at"),
    _kept(_tables.ProfileRow, "derived", Purpose.PERSONALISATION, dated="at"),
    _kept(_tables.NeedRow, "observed", dated="at"),
    _kept(_tables.QuestionRow, "technical", dated="at"),
    _kept(_tables.TurnRow, "technical", dated="at"),
    _kept(_tables.OrderRow, "given", dated="changed_at"),
    _kept(_tables.TicketRow, "given", dated="changed_at"),
    _kept(_tables.HandoffRow, "observed", dated="opened_at"),
    _kept(_tables.QueuedRow, "derived", dated="due_at"),
    _kept(_tables.CodeRow, "technical", dated="expires_at", hidden=("hash",)),
    _kept(_tables.AttemptRow, "technical", dated="at"),
    _kept(_tables.ConsentRow, "given"),
    _kept(_tables.DecisionRow, "given"),
    Kept(_tables.LinkRow, "technical", is_key=True, columns=("keeper", "joined")),
    Kept(_tables.ConversationRow, "technical", is_key=True),
    Kept(_tables.IdentityRow, "given", is_key=True),
    Kept(_tables.CustomerRow, "given", is_key=True, columns=("id",)),
)

_BY_ROW = {kept.row: kept for kept in TABLES}


def of(row: type) -> Kept | None:
    """The entry of a mapped class, or None when it is not about customers."""
    return _BY_ROW.get(row)

"""Complaints, returns and other matters that somebody of the shop owes an answer to, each with a number."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update

from memory import _session
from memory._gate import InsertOnce
from memory._ids import spoken_number
from memory._session import Tx
from memory._tables import TicketRow
from memory.errors import Conflict

_OPEN = InsertOnce(TicketRow)


@dataclass(frozen=True)
class Ticket:
    """A matter; ``state`` is open, answered or closed."""

    number: str
    customer: str
    conversation: str | None
    kind: str
    text: str
    state: str
    owner: str | None
    answer: str | None
    opened_at: datetime
    changed_at: datetime


def open(
    tx: Tx,
    *,
    customer: str,
    conversation: str | None,
    kind: str,
    text: str,
    now: datetime,
    number: str | None = None,
) -> str:
    """Open a ticket; its number. A number that was given before opens nothing new. Raises Conflict when it is
    another customer's."""
    number = number or spoken_number("T")
    scope = _session.serve(tx, customer).scope
    owner = customer if conversation is None else _session.hold(tx, conversation, customer=customer).owner
    row = {"number": number, "customer": owner, "conversation": conversation, "kind": kind, "text": text}
    times = {"opened_at": now, "changed_at": now}
    _OPEN.each(tx, [{**row, **times, "state": "open", "owner": None, "answer": None}])
    mine = (TicketRow.customer.in_(scope), TicketRow.number == number)
    if _session.ask(tx, select(TicketRow.number).where(*mine)).first() is None:
        raise Conflict(number)
    return number


def answer(tx: Tx, number: str, *, customer: str, owner: str, text: str, now: datetime) -> bool:
    """Record the answer of a member of staff; False when the customer has no such ticket."""
    scope = _session.serve(tx, customer).scope
    mine = (TicketRow.customer.in_(scope), TicketRow.number == number)
    values = {"state": "answered", "owner": owner, "answer": text, "changed_at": now}
    return bool(_session.change(tx, update(TicketRow).where(*mine).values(**values)).rowcount)


def for_customer(tx: Tx, customer: str) -> tuple[Ticket, ...]:
    """The customer's tickets, newest first."""
    scope = _session.serve(tx, customer).scope
    columns = [getattr(TicketRow, name) for name in Ticket.__dataclass_fields__]
    mine = select(*columns).where(TicketRow.customer.in_(scope))
    rows = _session.ask(tx, mine.order_by(TicketRow.opened_at.desc(), TicketRow.number))
    return tuple(Ticket(*row) for row in rows)


def counts(tx: Tx, *, until: datetime) -> dict[str, dict[str, int]]:
    """By customer, how many tickets of each kind were opened until then: for jobs."""
    columns = (TicketRow.customer, TicketRow.kind, func.count())
    found = select(*columns).where(TicketRow.opened_at <= until).group_by(TicketRow.customer, TicketRow.kind)
    counted: dict[str, dict[str, int]] = {}
    for customer, kind, times in _session.private(tx, found):
        counted.setdefault(customer, {})[kind] = int(times)
    return counted

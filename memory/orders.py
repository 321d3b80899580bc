"""Orders placed in conversation: the contract itself, so the service may always read them. One number, one order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select, update

from memory import _session
from memory._gate import InsertOnce
from memory._session import Tx
from memory._tables import OrderRow
from memory.errors import Conflict


@dataclass(frozen=True)
class Order:
    """An order; ``state`` is placed, changed or cancelled."""

    number: str
    customer: str
    conversation: str | None
    lines: tuple[dict[str, Any], ...]
    fulfilment: dict[str, Any]
    total: Decimal
    currency: str
    state: str
    placed_at: datetime
    changed_at: datetime


def place(
    tx: Tx,
    *,
    customer: str,
    conversation: str | None,
    number: str,
    lines: Sequence[Mapping[str, Any]],
    fulfilment: Mapping[str, Any] | str,
    total: Decimal | float,
    currency: str,
    now: datetime,
) -> Order:
    """Place an order under ``number``. The same number again gives the order that stands; nothing is placed twice.

    ``lines`` are mappings that JSON can carry (``sku``, ``quantity``, ``options``; ``delivers``: the thing that goes
    from stock, where that is another than ``sku``); ``fulfilment`` is a mapping (``every_days`` makes it a
    subscription), or a word such as pickup. Raises Conflict when the number is another customer's.
    """
    _session.serve(tx, customer)
    owner = customer if conversation is None else _session.hold(tx, conversation, customer=customer).owner
    row = {"number": number, "customer": owner, "conversation": conversation, "state": "placed"}
    way = _fulfilment(fulfilment)
    content = {"lines": [dict(line) for line in lines], "fulfilment": way, "every_days": way.get("every_days")}
    money = {"total": Decimal(str(total)), "currency": currency}
    _PLACE.each(tx, [{**row, **content, **money, "placed_at": now, "changed_at": now}])
    standing = by_number(tx, number, customer=customer)
    if standing is None:
        raise Conflict(number)
    return standing


def latest(tx: Tx, customer: str) -> Order | None:
    """The order placed last, cancelled ones included."""
    found = recent(tx, customer, limit=1)
    return found[0] if found else None


def recent(tx: Tx, customer: str, *, limit: int = 20) -> tuple[Order, ...]:
    """The newest orders, newest first."""
    scope = _session.serve(tx, customer).scope
    mine = select(*_COLUMNS).where(OrderRow.customer.in_(scope))
    rows = _session.ask(tx, mine.order_by(OrderRow.placed_at.desc(), OrderRow.number.desc()).limit(limit))
    return tuple(_order(row) for row in rows)


def by_number(tx: Tx, number: str, *, customer: str) -> Order | None:
    """The customer's order of that number; None when it is nobody's or another's."""
    scope = _session.serve(tx, customer).scope
    mine = (OrderRow.customer.in_(scope), OrderRow.number == number)
    row = _session.ask(tx, select(*_COLUMNS).where(*mine)).first()
    return None if row is None else _order(row)


def change(
    tx: Tx,
    number: str,
    *,
    customer: str,
    now: datetime,
    lines: Sequence[Mapping[str, Any]] | None = None,
    fulfilment: Mapping[str, Any] | str | None = None,
    total: Decimal | float | None = None,
) -> Order | None:
    """Replace what is given of an order that stands; the order, or None when there is none to change."""
    values: dict[str, Any] = {"state": "changed", "changed_at": now}
    if lines is not None:
        values["lines"] = [dict(line) for line in lines]
    if fulfilment is not None:
        values["fulfilment"] = _fulfilment(fulfilment)
    if total is not None:
        values["total"] = Decimal(str(total))
    return _change(tx, number, customer=customer, values=values)


def cancel(tx: Tx, number: str, *, customer: str, now: datetime) -> Order | None:
    """Cancel an order that stands; the order, or None when there is none to cancel."""
    return _change(tx, number, customer=customer, values={"state": "cancelled", "changed_at": now})


def _change(tx: Tx, number: str, *, customer: str, values: Mapping[str, Any]) -> Order | None:
    scope = _session.serve(tx, customer).scope
    standing = (OrderRow.customer.in_(scope), OrderRow.number == number, OrderRow.state != "cancelled")
    if not _session.change(tx, update(OrderRow).where(*standing).values(**values)).rowcount:
        return None
    return _one(tx, scope, number)


def _one(tx: Tx, scope: frozenset[str], number: str) -> Order:
    mine = (OrderRow.customer.in_(scope), OrderRow.number == number)
    return _order(_session.ask(tx, select(*_COLUMNS).where(*mine)).one())


def _fulfilment(given: Mapping[str, Any] | str) -> dict[str, Any]:
    return {"how": given} if isinstance(given, str) else dict(given)


def _order(row: Any) -> Order:
    number, customer, conversation, lines, *rest = row
    return Order(number, customer, conversation, tuple(lines), *rest)


_PLACE = InsertOnce(OrderRow)
_COLUMNS = (
    OrderRow.number,
    OrderRow.customer,
    OrderRow.conversation,
    OrderRow.lines,
    OrderRow.fulfilment,
    OrderRow.total,
    OrderRow.currency,
    OrderRow.state,
    OrderRow.placed_at,
    OrderRow.changed_at,
)

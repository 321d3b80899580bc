"""What a subscription brings, and when: every delivery that has come due is a purchase, as the first one was."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from memory import _session, consent, purchases
from memory._purposes import Purpose
from memory._session import Tx
from memory._tables import OrderRow, PurchaseRow

CANCELLED = "cancelled"
# What tells when an order is delivered.
SCHEDULE = (OrderRow.placed_at, OrderRow.changed_at, OrderRow.state, OrderRow.every_days)


def record_due(tx: Tx, *, now: datetime) -> int:
    """Record the deliveries due until then that are not recorded yet, of those who let purchases be used; how many
    lines. Until the end of a subscription that was ended. The same again records nothing."""
    columns = (OrderRow.customer, OrderRow.number, *SCHEDULE)
    standing = _session.private(tx, select(*columns).where(OrderRow.every_days > 0)).all()
    granted = set(consent.granted_among(tx, sorted({row.customer for row in standing}), Purpose.PERSONALISATION))
    recorded = 0
    for row in standing:
        times = count(row, since=row.placed_at, until=now) - 1
        if times > 0 and row.customer in granted:
            recorded += _record(tx, row.customer, row.number, every=timedelta(days=row.every_days), times=times)
    return recorded


def count(order: Any, *, since: datetime, until: datetime) -> int:
    """How often an order (its ``SCHEDULE``) was delivered from ``since`` to ``until``: a subscription at once and after
    each interval, until it was ended, any other order once, and not at all when it was cancelled."""
    if not order.every_days:
        return int(order.state != CANCELLED and order.placed_at >= since)
    every = timedelta(days=order.every_days)
    last = (min(until, _end(order, until)) - order.placed_at) // every
    first = max(-((order.placed_at - since) // every), 0)
    return max(last - first + 1, 0)


def next_due(tx: Tx, *, now: datetime) -> datetime | None:
    """When the next delivery of anybody's subscription is due after ``now``."""
    standing = select(*SCHEDULE).where(OrderRow.every_days > 0, OrderRow.state != CANCELLED)
    due = []
    for order in _session.private(tx, standing):
        every = timedelta(days=order.every_days)
        due.append(order.placed_at + ((now - order.placed_at) // every + 1) * every)
    return min(due, default=None)


def _end(order: Any, until: datetime) -> datetime:
    ended: datetime = order.changed_at if order.state == CANCELLED else until
    return ended


def _record(tx: Tx, customer: str, number: str, *, every: timedelta, times: int) -> int:
    """The lines of the first delivery once more for each that followed, under numbers of their own."""
    mine = (PurchaseRow.customer == customer, PurchaseRow.order_id == number)
    first = _session.private(tx, select(*PurchaseRow.__table__.columns).where(*mine)).mappings().all()
    return purchases.repeat(tx, [dict(row) for row in first], every=every, times=times)

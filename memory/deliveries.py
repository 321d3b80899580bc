"""What a subscription brings: every delivery that has come due is a purchase of its own, as the first one was."""

from datetime import datetime, timedelta

from sqlalchemy import select

from memory import _session, consent, purchases
from memory._purposes import Purpose
from memory._session import Tx
from memory._tables import OrderRow, PurchaseRow

CANCELLED = "cancelled"


def record_due(tx: Tx, *, now: datetime) -> int:
    """Record the deliveries due until then that are not recorded yet, of those who let purchases be used; how many
    lines. Until the end of a subscription that was ended. The same again records nothing."""
    columns = (OrderRow.customer, OrderRow.number, OrderRow.placed_at, OrderRow.changed_at, OrderRow.state)
    every = OrderRow.fulfilment["every_days"].as_integer()
    standing = _session.private(tx, select(*columns, every.label("every")).where(every > 0)).all()
    granted = set(consent.granted_among(tx, sorted({row.customer for row in standing}), Purpose.PERSONALISATION))
    recorded = 0
    for row in standing:
        until = row.changed_at if row.state == CANCELLED else now
        times = (until - row.placed_at) // timedelta(days=row.every)
        if times > 0 and row.customer in granted:
            recorded += _record(tx, row.customer, row.number, every=timedelta(days=row.every), times=times)
    return recorded


def _record(tx: Tx, customer: str, number: str, *, every: timedelta, times: int) -> int:
    """The lines of the first delivery once more for each that followed, under numbers of their own."""
    mine = (PurchaseRow.customer == customer, PurchaseRow.order_id == number)
    first = _session.private(tx, select(*PurchaseRow.__table__.columns).where(*mine)).mappings().all()
    return purchases.repeat(tx, [dict(row) for row in first], every=every, times=times)

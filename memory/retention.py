"""Nothing is kept for longer than ``data/privacy/retention.yml`` says, nor long after its purpose was withdrawn."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select

from memory import _registry, _session, consent, erasure, search, stock
from memory._purposes import Purpose
from memory._registry import Kept
from memory._session import Tx
from memory._tables import (
    ConsentRow,
    ConversationRow,
    CustomerRow,
    HandoffRow,
    IdentityRow,
    LinkRow,
    MessageRow,
    OrderRow,
    PurchaseRow,
    TicketRow,
)

if TYPE_CHECKING:
    from memory.database import Memory

# So many visitors are erased in one run; the next run takes the next.
_VISITORS = 500


def apply(
    memory: "Memory",
    *,
    now: datetime,
    stores: Sequence[erasure.Store] = (),
    hold: erasure.Hold | None = None,
) -> dict[str, int]:
    """Delete what is due, in short transactions; how many rows by table. Run it daily; running it twice does no harm.

    Erasures that were begun and not finished are finished, too, for which ``stores`` and ``hold`` are passed on.
    """
    with memory.read() as tx:
        begun = erasure.unfinished(tx)
    for receipt in begun:
        erasure.complete(memory, receipt, now=now, stores=stores, hold=hold)
    deleted = {kept.name: _delete_old(memory, kept, now=now) for kept in _registry.TABLES if kept.dated}
    for name, gone in _delete_withdrawn(memory, now=now).items():
        deleted[name] = deleted.get(name, 0) + gone
    deleted["visitors"] = _erase_visitors(memory, now=now)
    for bucket in range(search.BUCKETS):
        with memory.write() as tx:
            search.tidy(tx, bucket)
    erasure.settle(memory, now=now, patience=timedelta(seconds=1))
    return deleted


def periods(memory: "Memory") -> dict[str, int | None]:
    """For how many days each table keeps its rows; None: as long as the customer is known."""
    keep = memory.policies.retention.keep
    return {kept.name: _days(keep.get(kept.name)) for kept in _registry.TABLES}


def _days(period: timedelta | None) -> int | None:
    return None if period is None else period.days


def _delete_old(memory: "Memory", kept: Kept, *, now: datetime) -> int:
    period = memory.policies.retention.keep.get(kept.name)
    if period is None:
        return 0
    old = getattr(kept.row, str(kept.dated)) < now - period
    with memory.write() as tx:
        return _delete(tx, kept, old)


def _delete(tx: Tx, kept: Kept, which: ColumnElement[bool]) -> int:
    if kept.row is MessageRow:
        search.unindex(tx, which)
    if kept.row is OrderRow:
        stock.keep_count(tx, which)
    return _session.private(tx, delete(kept.row).where(which)).rowcount


def _delete_withdrawn(memory: "Memory", *, now: datetime) -> dict[str, int]:
    """Delete what was kept for purposes that stand withdrawn for longer than the period of grace."""
    long_ago = now - memory.policies.retention.withdrawn
    deleted: dict[str, int] = {}
    for purpose in Purpose:
        refused = select(ConsentRow.customer).where(
            ConsentRow.purpose == purpose.value,
            ConsentRow.channel == "*",
            ConsentRow.topic == "*",
            ConsentRow.decision == "withdrawn",
            ConsentRow.decided_at < long_ago,
        )
        with memory.write() as tx:
            customers = list(_session.private(tx, refused).scalars())
            still = set(consent.granted_among(tx, customers, purpose))
            gone = frozenset(customers) - still
            for kept in _registry.TABLES if gone else ():
                # The documents of messages go with the messages.
                if purpose in kept.purposes and kept.dated:
                    deleted[kept.name] = deleted.get(kept.name, 0) + _delete(tx, kept, kept.of(gone))
    return deleted


def _erase_visitors(memory: "Memory", *, now: datetime) -> int:
    """Erase visitors whose token has lapsed: nobody can come back as them. Their contracts keep them."""
    long_ago = now - memory.policies.retention.visitors
    mine = CustomerRow.id
    bound = or_(
        exists().where(IdentityRow.customer == mine, IdentityRow.channel != "visitor"),
        exists().where(IdentityRow.customer == mine, IdentityRow.verified_at.is_not(None)),
        exists().where(LinkRow.joined == mine),
        exists().where(OrderRow.customer == mine),
        exists().where(TicketRow.customer == mine),
        exists().where(HandoffRow.customer == mine),
        exists().where(PurchaseRow.customer == mine),
    )
    came = select(func.max(ConversationRow.last_at)).where(ConversationRow.customer == mine).scalar_subquery()
    away = and_(CustomerRow.created_at < long_ago, or_(came.is_(None), came < long_ago))
    lapsed = select(mine).where(away, ~bound, CustomerRow.blocked_at.is_(None)).limit(_VISITORS)
    with memory.write() as tx:
        gone = frozenset(_session.private(tx, lapsed).scalars())
        if gone:
            erasure.delete_customers(tx, gone)
    memory.volatile.drop_customers(gone)
    return len(gone)

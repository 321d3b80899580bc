"""Messages that wait to be sent. Each is checked for consent when it is queued and again when it is taken, and
erasure empties the queue of whoever it reaches."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select

from memory import _session, consent
from memory._purposes import Purpose
from memory._session import Tx
from memory._tables import QueuedRow
from memory.errors import MemoryRefused


@dataclass(frozen=True)
class Queued:
    """A message that waits."""

    id: int
    customer: str
    key: str
    channel: str
    topic: str
    purpose: Purpose
    body: dict[str, Any]
    due_at: datetime


def put(
    tx: Tx,
    *,
    customer: str,
    key: str,
    purpose: Purpose,
    channel: str,
    body: Mapping[str, Any],
    due_at: datetime,
    now: datetime,
    topic: str = "*",
) -> bool:
    """Queue a message once per ``key``; False when it was queued before. Raises ConsentRefused."""
    consent.require(tx, customer, purpose, channel, topic)
    if _session.private(tx, select(QueuedRow.id).where(QueuedRow.key == key)).first() is not None:
        return False
    row = {"customer": customer, "key": key, "channel": channel, "topic": topic, "purpose": purpose.value}
    _session.add(tx, insert(QueuedRow), [{**row, "body": dict(body), "queued_at": now, "due_at": due_at}])
    return True


def take_due(tx: Tx, *, now: datetime, limit: int = 100) -> tuple[tuple[Queued, ...], int]:
    """Take messages that are due off the queue, and how many were dropped since consent ended meanwhile."""
    columns = [getattr(QueuedRow, name) for name in Queued.__dataclass_fields__]
    due = select(*columns).where(QueuedRow.due_at <= now).order_by(QueuedRow.due_at, QueuedRow.id).limit(limit)
    # Two senders do not take the same message: SQLite has one writer, PostgreSQL skips rows that are being taken.
    rows = _session.private(tx, due.with_for_update(skip_locked=True)).all()
    found = [Queued(row[0], row[1], row[2], row[3], row[4], Purpose(row[5]), row[6], row[7]) for row in rows]
    _session.private(tx, delete(QueuedRow).where(QueuedRow.id.in_([one.id for one in found])))
    allowed = [one for one in found if _may_go(tx, one)]
    return tuple(allowed), len(found) - len(allowed)


def _may_go(tx: Tx, queued: Queued) -> bool:
    try:
        return consent.allows(tx, queued.customer, queued.purpose, queued.channel, queued.topic)
    except MemoryRefused:
        return False

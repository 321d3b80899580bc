"""The assistant's own record of a conversation: append-only events, and a checkpoint so that loading stays as cheap
after years as on the first day.

Without a grant to resume nothing of it reaches the database: it is kept in this process (``memory.volatile``), by the
same functions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from memory import _keeping, _session, consent
from memory._gate import Prepared
from memory._purposes import Purpose
from memory._session import Tx
from memory._tables import CheckpointRow, ConversationRow, EventRow
from memory.volatile import Kept

_CHECKPOINT = Prepared(
    select(CheckpointRow.upto, CheckpointRow.snapshot).where(
        CheckpointRow.customer == bindparam("owner"), CheckpointRow.conversation == bindparam("within")
    )
)
_REPLACE = Prepared(
    update(CheckpointRow)
    .where(CheckpointRow.customer == bindparam("owner"), CheckpointRow.conversation == bindparam("within"))
    .values({name: bindparam(name) for name in ("snapshot", "upto", "at")})
)
_CHECK = Prepared(insert(CheckpointRow))
_AFTER = (
    select(EventRow.seq, EventRow.body)
    .where(
        EventRow.customer == bindparam("owner"),
        EventRow.conversation == bindparam("within"),
        EventRow.seq > bindparam("after"),
    )
    .order_by(EventRow.seq)
)
_EVENTS = Prepared(_AFTER)
_PAGE = Prepared(_AFTER.limit(bindparam("most")))
_APPEND = Prepared(insert(EventRow))
# Takes the next numbers and gives the last of them.
_NUMBER = Prepared(
    update(ConversationRow)
    .where(ConversationRow.id == bindparam("within"))
    .values(events=ConversationRow.events + bindparam("count"), last_at=bindparam("now"))
    .returning(ConversationRow.events),
    keys=True,
)


@dataclass(frozen=True)
class Stored:
    """A conversation's state: the newest checkpoint, the events after it, and the number of the last event."""

    checkpoint: dict[str, Any] | None
    events: list[dict[str, Any]]
    last: int


def load(tx: Tx, conversation: str) -> Stored:
    """The newest checkpoint and the events after it, oldest first; its cost follows their number alone."""
    held = _session.hold(tx, conversation)
    if not consent.allows(tx, held.owner, Purpose.RESUME):
        return _volatile(_keeping.look(tx, held))
    owner = held.owner
    saved = _CHECKPOINT(tx, owner=owner, within=conversation).first()
    upto = 0 if saved is None else saved.upto
    rows = _EVENTS(tx, owner=owner, within=conversation, after=upto).all()
    last = rows[-1][0] if rows else upto
    return Stored(None if saved is None else saved.snapshot, [body for _, body in rows], last)


def append(tx: Tx, conversation: str, *, customer: str, events: Sequence[Mapping[str, Any]], now: datetime) -> int:
    """Append events in order; the number of the last one. Concurrent turns of one conversation do not interleave.

    Raises ForeignRow when the conversation is not the customer's, UnknownCustomer when they were erased meanwhile.
    """
    held = _session.hold(tx, conversation, customer=customer)
    # Locks the conversation until the end of the transaction.
    last = int(_NUMBER(tx, within=conversation, count=len(events), now=now).scalar_one())
    first = last - len(events) + 1
    rows = [
        {"customer": held.owner, "conversation": conversation, "seq": first + place, "at": now, "body": event}
        for place, event in enumerate(events)
    ]
    if consent.allows(tx, held.owner, Purpose.RESUME):
        _keeping.bring_back(tx, held)
        _APPEND.each(tx, rows)
    else:
        _keeping.working(tx, held).events.extend(rows)
    return last


def save_checkpoint(tx: Tx, conversation: str, *, snapshot: Mapping[str, Any], upto: int) -> None:
    """Make ``snapshot`` stand for all events up to and including number ``upto``; older checkpoints go."""
    held = _session.hold(tx, conversation)
    values = {"snapshot": dict(snapshot), "upto": upto, "at": tx.now}
    row = {"customer": held.owner, "conversation": conversation, **values}
    if not consent.allows(tx, held.owner, Purpose.RESUME):
        _keeping.working(tx, held).checkpoint = row
        return
    _keeping.bring_back(tx, held)
    if _REPLACE(tx, owner=held.owner, within=conversation, **values).rowcount == 0:
        _CHECK.each(tx, [row])


def read(tx: Tx, conversation: str, *, after: int = 0, limit: int = 1000) -> list[tuple[int, dict[str, Any]]]:
    """Events with their numbers, oldest first, from behind ``after``: for whoever reads all of a conversation."""
    held = _session.hold(tx, conversation)
    if not consent.allows(tx, held.owner, Purpose.RESUME):
        events = _keeping.look(tx, held).events
        return [(row["seq"], row["body"]) for row in events if row["seq"] > after][:limit]
    rows = _PAGE(tx, owner=held.owner, within=conversation, after=after, most=limit)
    return [(row.seq, row.body) for row in rows]


def _volatile(kept: Kept) -> Stored:
    upto, snapshot = (kept.checkpoint["upto"], kept.checkpoint["snapshot"]) if kept.checkpoint else (0, None)
    events = [row for row in kept.events if row["seq"] > upto]
    return Stored(snapshot, [row["body"] for row in events], events[-1]["seq"] if events else upto)

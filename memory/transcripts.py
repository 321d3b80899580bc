"""The assistant's own record of a conversation: append-only events, and a checkpoint so that loading stays as cheap
after years as on the first day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update

from memory import _session
from memory._session import Tx
from memory._tables import CheckpointRow, ConversationRow, EventRow


@dataclass(frozen=True)
class Stored:
    """A conversation's state: the newest checkpoint, the events after it, and the number of the last event."""

    checkpoint: dict[str, Any] | None
    events: list[dict[str, Any]]
    last: int


def load(tx: Tx, conversation: str) -> Stored:
    """The newest checkpoint and the events after it, oldest first; its cost follows their number alone."""
    owner = _session.hold(tx, conversation).owner
    mine = (CheckpointRow.customer == owner, CheckpointRow.conversation == conversation)
    saved = _session.ask(tx, select(CheckpointRow.upto, CheckpointRow.snapshot).where(*mine)).first()
    upto = 0 if saved is None else saved.upto
    rows = _events(tx, owner, conversation, after=upto, limit=None)
    last = rows[-1][0] if rows else upto
    return Stored(None if saved is None else saved.snapshot, [body for _, body in rows], last)


def append(tx: Tx, conversation: str, *, customer: str, events: Sequence[Mapping[str, Any]], now: datetime) -> int:
    """Append events in order; the number of the last one. Concurrent turns of one conversation do not interleave.

    Raises ForeignRow when the conversation is not the customer's, UnknownCustomer when they were erased meanwhile.
    """
    owner = _session.hold(tx, conversation, customer=customer).owner
    last = _number(tx, conversation, len(events), now=now)
    first = last - len(events) + 1
    rows = [
        {"customer": owner, "conversation": conversation, "seq": first + place, "at": now, "body": event}
        for place, event in enumerate(events)
    ]
    _session.add(tx, insert(EventRow), rows)
    return last


def save_checkpoint(tx: Tx, conversation: str, *, snapshot: Mapping[str, Any], upto: int) -> None:
    """Make ``snapshot`` stand for all events up to and including number ``upto``; older checkpoints go."""
    owner = _session.hold(tx, conversation).owner
    mine = (CheckpointRow.customer == owner, CheckpointRow.conversation == conversation)
    values = {"snapshot": dict(snapshot), "upto": upto, "at": tx.now}
    if _session.change(tx, update(CheckpointRow).where(*mine).values(**values)).rowcount == 0:
        _session.add(tx, insert(CheckpointRow), [{"customer": owner, "conversation": conversation, **values}])


def read(tx: Tx, conversation: str, *, after: int = 0, limit: int = 1000) -> list[tuple[int, dict[str, Any]]]:
    """Events with their numbers, oldest first, from behind ``after``: for whoever reads all of a conversation."""
    owner = _session.hold(tx, conversation).owner
    return _events(tx, owner, conversation, after=after, limit=limit)


def _events(
    tx: Tx, owner: str, conversation: str, *, after: int, limit: int | None
) -> list[tuple[int, dict[str, Any]]]:
    statement = (
        select(EventRow.seq, EventRow.body)
        .where(EventRow.customer == owner, EventRow.conversation == conversation, EventRow.seq > after)
        .order_by(EventRow.seq)
    )
    if limit is not None:
        statement = statement.limit(limit)
    return [(row.seq, row.body) for row in _session.ask(tx, statement)]


def _number(tx: Tx, conversation: str, count: int, *, now: datetime) -> int:
    """Take the next ``count`` event numbers; the last of them. Locks the conversation until the end of ``tx``."""
    numbered = (
        update(ConversationRow)
        .where(ConversationRow.id == conversation)
        .values(events=ConversationRow.events + count, last_at=now)
        .returning(ConversationRow.events)
    )
    return int(_session.private(tx, numbered).scalar_one())

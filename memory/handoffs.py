"""Periods in which a person of the shop speaks instead of the assistant. One conversation has one at a time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update

from memory import _session, conversations
from memory._ids import new_id
from memory._session import Tx
from memory._tables import HandoffRow


@dataclass(frozen=True)
class Handoff:
    """A period of human handling; ``state`` is waiting, taken or closed."""

    id: str
    customer: str
    conversation: str
    reason: str
    packet: dict[str, Any]
    state: str
    operator: str | None
    outcome: dict[str, Any] | None
    opened_at: datetime
    taken_at: datetime | None
    closed_at: datetime | None


def open(tx: Tx, *, customer: str, conversation: str, reason: str, packet: Mapping[str, Any], now: datetime) -> Handoff:
    """Hand a conversation over; the one that is open already, when there is one. The assistant is silent from now on.

    Raises ForeignRow when the conversation is not the customer's.
    """
    held = _session.hold(tx, conversation, customer=customer)
    standing = current(tx, conversation)
    if standing is not None:
        return standing
    made = Handoff(new_id("h"), held.owner, conversation, reason, dict(packet), "waiting", None, None, now, None, None)
    _session.add(tx, insert(HandoffRow), [{name: getattr(made, name) for name in Handoff.__dataclass_fields__}])
    conversations.put_in_charge(tx, conversation, "operator")
    return made


def in_charge(tx: Tx, conversation: str) -> str:
    """Who speaks for the shop: ``assistant`` or ``operator``."""
    return _session.hold(tx, conversation).in_charge


def current(tx: Tx, conversation: str) -> Handoff | None:
    """The handoff that is not closed yet."""
    held = _session.hold(tx, conversation)
    mine = (HandoffRow.customer == held.owner, HandoffRow.conversation == conversation, HandoffRow.state != "closed")
    row = _session.ask(tx, select(*_COLUMNS).where(*mine)).first()
    return None if row is None else Handoff(*row)


def take(tx: Tx, conversation: str, *, operator: str, now: datetime) -> Handoff | None:
    """An operator takes it; None when it is not waiting (any more)."""
    held = _session.hold(tx, conversation)
    mine = (HandoffRow.customer == held.owner, HandoffRow.conversation == conversation, HandoffRow.state == "waiting")
    taken = {"state": "taken", "operator": operator, "taken_at": now}
    if not _session.change(tx, update(HandoffRow).where(*mine).values(**taken)).rowcount:
        return None
    return current(tx, conversation)


def close(tx: Tx, conversation: str, *, outcome: Mapping[str, Any], now: datetime) -> bool:
    """Hand back to the assistant, with the outcome; False when nothing was handed over."""
    held = _session.hold(tx, conversation)
    mine = (HandoffRow.customer == held.owner, HandoffRow.conversation == conversation, HandoffRow.state != "closed")
    closed = {"state": "closed", "outcome": dict(outcome), "closed_at": now}
    done = bool(_session.change(tx, update(HandoffRow).where(*mine).values(**closed)).rowcount)
    conversations.put_in_charge(tx, conversation, "assistant")
    return done


_COLUMNS = tuple(getattr(HandoffRow, name) for name in Handoff.__dataclass_fields__)

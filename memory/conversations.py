"""Conversations: one per customer and channel, and who is in charge of each."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select, update

from memory import _session
from memory._gate import InsertOnce, Prepared
from memory._ids import new_id
from memory._session import Tx
from memory._tables import ConversationRow
from memory.errors import UnknownCustomer

_OPEN = InsertOnce(ConversationRow, keys=True)
_FIND = Prepared(
    select(ConversationRow.id, ConversationRow.customer, ConversationRow.channel, ConversationRow.in_charge).where(
        ConversationRow.customer == bindparam("owner"), ConversationRow.channel == bindparam("on")
    ),
    keys=True,
)


@dataclass(frozen=True)
class Conversation:
    """A conversation; ``customer`` is its owner, whose rows everything said in it is."""

    id: str
    customer: str
    channel: str
    in_charge: str


def open(tx: Tx, *, customer: str, channel: str, now: datetime) -> Conversation:
    """The customer's conversation on a channel, opened when there is none yet. Raises UnknownCustomer."""
    found = find(tx, customer=customer, channel=channel)
    if found is not None:
        return found
    opened = Conversation(new_id("v"), customer, channel, "assistant")
    row = {"id": opened.id, "customer": customer, "channel": channel, "in_charge": opened.in_charge}
    counters = {"events": 0, "messages": 0, "turns": 0}
    if _OPEN.each(tx, [{**row, **counters, "opened_at": now, "last_at": now}]):
        return opened
    # Somebody else opened it a moment ago.
    found = find(tx, customer=customer, channel=channel)
    if found is None:
        raise UnknownCustomer
    return found


def find(tx: Tx, *, customer: str, channel: str) -> Conversation | None:
    """The customer's conversation on a channel; None when there is none. Raises UnknownCustomer."""
    _session.serve(tx, customer)
    row = _FIND(tx, owner=customer, on=channel).first()
    if row is None:
        return None
    tx._held[row.id] = _session.Held(*row)
    return Conversation(*row)


def get(tx: Tx, conversation: str) -> Conversation:
    """A conversation by its id. Raises UnknownCustomer when there is none."""
    held = _session.hold(tx, conversation)
    return Conversation(held.conversation, held.owner, held.channel, held.in_charge)


def put_in_charge(tx: Tx, conversation: str, who: str) -> None:
    """Say who speaks for the shop from now on: ``assistant`` or ``operator``."""
    if who not in ("assistant", "operator"):
        raise ValueError(who)
    _session.hold(tx, conversation)
    _session.private(tx, update(ConversationRow).where(ConversationRow.id == conversation).values(in_charge=who))
    tx._held.pop(conversation, None)

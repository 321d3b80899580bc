"""Forget one conversation and keep the customer; and tell who was forgotten altogether."""

from datetime import datetime

from sqlalchemy import delete

from memory import _session, _tombstones, search
from memory._session import Tx
from memory._tables import CheckpointRow, ChoiceRow, EventRow, MessageRow, ThreadRow


def conversation(tx: Tx, conversation: str, *, customer: str) -> int:
    """Delete all that was said in it so far; how many messages. Its numbers go on, so that clients are not confused.

    Needs no grant. Raises ForeignRow when the conversation is not the customer's.
    """
    held = _session.hold(tx, conversation, customer=customer)
    search.unindex(tx, (MessageRow.customer == held.owner) & (MessageRow.conversation == conversation))
    gone = 0
    for row in (EventRow, CheckpointRow, ChoiceRow, ThreadRow, MessageRow):
        here = (row.customer == held.owner, row.conversation == conversation)
        gone = _session.private(tx, delete(row).where(*here)).rowcount
    tx._working.pop(conversation, None)
    _session.after_commit(tx, lambda: tx._volatile.drop(conversation))
    return gone


def forgotten_at(tx: Tx, *, channel: str, address: str) -> datetime | None:
    """When whoever had this address was last erased; None when nobody was. Told by a keyed hash of the address."""
    return _tombstones.addresses(tx, channel=channel, addresses=[address]).get(address)

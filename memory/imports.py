"""Past conversations from another chat tool: the same file twice changes nothing."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

from sqlalchemy import insert, select, update

from memory import _session, _tombstones, consent, conversations, identities, search
from memory._purposes import Purpose
from memory._session import Tx
from memory._tables import ConversationRow, MessageRow
from memory.errors import UnknownCustomer

SENDERS = {
    "customer": "customer",
    "user": "customer",
    "assistant": "assistant",
    "bot": "assistant",
    "operator": "operator",
    "agent": "operator",
}


@dataclass(frozen=True)
class PastMessage:
    """One message as another tool kept it; ``subject`` is the shop's customer id, ``sender`` a word of SENDERS."""

    subject: str
    at: datetime
    sender: str
    text: str
    channel: str = "chat"


@dataclass(frozen=True)
class Imported:
    """What an import did: messages that were new, known already, and of people who were erased or refuse memory."""

    new: int
    known: int
    left_out: int


def record_transcript(tx: Tx, messages: Sequence[PastMessage]) -> Imported:
    """Record past messages, in a conversation of their own for each customer and channel, findable by search.

    Customers that the shop knows and memory does not are made. Pass all messages of one customer and channel together.
    Raises KeyError for an unknown sender.
    """
    groups: dict[tuple[str, str], list[PastMessage]] = defaultdict(list)
    for message in messages:
        groups[message.subject, message.channel].append(message)
    erased = _tombstones.addresses(tx, channel=identities.SHOP, addresses={subject for subject, _ in groups})
    new = known = left_out = 0
    for (subject, channel), said in groups.items():
        kept = [one for one in said if subject not in erased or one.at > erased[subject]]
        added = _record(tx, subject, channel, sorted(kept, key=lambda one: one.at)) if kept else 0
        left_out += len(said) - (len(kept) if added is not None else 0)
        new += added or 0
        known += 0 if added is None else len(kept) - added
    return Imported(new, known, left_out)


def _record(tx: Tx, subject: str, channel: str, said: Sequence[PastMessage]) -> int | None:
    """How many were new; None when the customer refuses to have conversations kept, or is being erased."""
    try:
        customer = identities.sign_in(tx, subject=subject, now=said[0].at)
    except UnknownCustomer:
        return None
    if not consent.allows(tx, customer, Purpose.RESUME):
        return None
    conversation = conversations.open(tx, customer=customer, channel=f"import:{channel}", now=said[0].at).id
    here = (MessageRow.customer == customer, MessageRow.conversation == conversation)
    rows = _session.ask(tx, select(MessageRow.at, MessageRow.sender, MessageRow.text).where(*here))
    standing = Counter(_print(row.at, row.sender, row.text) for row in rows)
    fresh = []
    for one in said:
        mark = _print(one.at, SENDERS[one.sender], one.text)
        if standing[mark] > 0:
            standing[mark] -= 1
        else:
            fresh.append(one)
    if fresh:
        _append(tx, customer, conversation, fresh)
    return len(fresh)


def _append(tx: Tx, customer: str, conversation: str, said: Sequence[PastMessage]) -> None:
    numbered = (
        update(ConversationRow)
        .where(ConversationRow.id == conversation)
        .values(messages=ConversationRow.messages + len(said))
        .returning(ConversationRow.messages)
    )
    first = int(_session.private(tx, numbered).scalar_one()) - len(said) + 1
    key = {"customer": customer, "conversation": conversation, "turn": 0, "choices": None, "cards": None}
    rows = [
        {**key, "id": first + place, "sender": SENDERS[one.sender], "text": one.text, "at": one.at}
        for place, one in enumerate(said)
    ]
    _session.add(tx, insert(MessageRow), rows)
    search.index(tx, customer, conversation, [(first + place, one.text) for place, one in enumerate(said)])


def _print(at: datetime, sender: str, text: str) -> bytes:
    return blake2b(f"{at.timestamp():.6f}\x1f{sender}\x1f{text}".encode(), digest_size=16).digest()

"""What people saw, exactly once: a repeated message id finds the reply that was given. What a tap on a choice in it
means is `choices`' matter.

Without a grant to resume only the numbers of a turn reach the database; what was said is kept in this process, and a
retry that another process gets finds an empty reply."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from memory import _keeping, _session, consent, search
from memory._gate import Prepared
from memory._ids import new_token
from memory._purposes import Purpose
from memory._session import Held, Tx
from memory._tables import ChoiceRow, ConversationRow, MessageRow, TurnRow
from memory.errors import AlreadyRecorded

_TURN = Prepared(
    select(TurnRow.turn, TurnRow.said, TurnRow.first, TurnRow.last).where(
        TurnRow.customer == bindparam("owner"),
        TurnRow.conversation == bindparam("within"),
        TurnRow.message_id == bindparam("key"),
    )
)
_ALL = select(
    MessageRow.id,
    MessageRow.sender,
    MessageRow.text,
    MessageRow.choices,
    MessageRow.cards,
    MessageRow.at,
    MessageRow.key,
).where(MessageRow.customer == bindparam("owner"), MessageRow.conversation == bindparam("within"))
_FROM = _ALL.where(MessageRow.id > bindparam("after")).order_by(MessageRow.id)
_BETWEEN = Prepared(_FROM.where(MessageRow.id <= bindparam("upto")))
_AFTER = Prepared(_FROM.limit(bindparam("most")))
_NEWEST = Prepared(_ALL.order_by(MessageRow.id.desc()).limit(bindparam("most")))
_LAST_TURN = Prepared(select(ConversationRow.turns).where(ConversationRow.id == bindparam("within")), keys=True)
_SHOW, _OFFER, _RECORD = Prepared(insert(MessageRow)), Prepared(insert(ChoiceRow)), Prepared(insert(TurnRow))
# Takes a turn number and the next message ids, and gives the turn and the last id.
_NUMBER = Prepared(
    update(ConversationRow)
    .where(ConversationRow.id == bindparam("within"))
    .values(
        turns=ConversationRow.turns + 1,
        messages=ConversationRow.messages + bindparam("count"),
        last_at=bindparam("now"),
    )
    .returning(ConversationRow.turns, ConversationRow.messages),
    keys=True,
)


@dataclass(frozen=True)
class Said:
    """What the customer said or tapped; of a tap, ``text`` is its title."""

    text: str


@dataclass(frozen=True)
class Option:
    """A choice to be shown: its title, and the payload that its token will stand for."""

    title: str
    payload: Mapping[str, Any]


@dataclass(frozen=True)
class Card:
    """A thing to be shown with its picture and price."""

    title: str
    subtitle: str | None = None
    image: str | None = None
    price: str | None = None
    choices: tuple[Option, ...] = ()


@dataclass(frozen=True)
class Outgoing:
    """A message to be shown."""

    text: str
    choices: tuple[Option, ...] = ()
    cards: tuple[Card, ...] = ()
    sender: str = "assistant"


@dataclass(frozen=True)
class Shown:
    """A message as it was shown; choices are ``{"title", "choice"}`` with the token, cards as on the wire. ``key`` is
    the message id under which the customer sent it."""

    id: int
    sender: str
    text: str
    choices: tuple[dict[str, Any], ...]
    cards: tuple[dict[str, Any], ...]
    at: datetime
    key: str | None = None

    def wire(self) -> dict[str, Any]:
        """The message as clients get it."""
        return {
            "id": self.id,
            "from": self.sender,
            "text": self.text,
            "choices": list(self.choices),
            "cards": list(self.cards),
            "at": self.at.isoformat(),
            "key": self.key,
        }


@dataclass(frozen=True)
class Reply:
    """A turn's number and the messages that answered it; ``said`` is the id of the customer's own message."""

    turn: int
    said: int | None
    messages: tuple[Shown, ...]


def find_reply(tx: Tx, conversation: str, message_id: str) -> Reply | None:
    """The reply that this message id got, or None when it is new."""
    held = _session.hold(tx, conversation)
    row = _TURN(tx, owner=held.owner, within=conversation, key=message_id).first()
    if row is None:
        return None
    if _is_kept(tx, held):
        shown = _shown(_BETWEEN(tx, owner=held.owner, within=conversation, after=row.first - 1, upto=row.last))
    else:
        shown = [one for one in _held(tx, held) if row.first <= one.id <= row.last]
    return Reply(row.turn, row.said, tuple(one for one in shown if one.id != row.said))


def record_turn(
    tx: Tx,
    conversation: str,
    *,
    customer: str,
    message_id: str,
    said: Said | None,
    replies: Sequence[Outgoing],
    now: datetime,
) -> Reply:
    """Record what was said and what was answered; the reply, with its ids, turn number and choice tokens.

    Also for a message without an answer (a person is in charge) and for one without a question (``said`` None: an
    operator's, a campaign's). Raises AlreadyRecorded for a message id that has its reply, ForeignRow, UnknownCustomer.
    """
    held = _session.hold(tx, conversation, customer=customer)
    if find_reply(tx, conversation, message_id) is not None:
        raise AlreadyRecorded
    count = len(replies) + (said is not None)
    # Locks the conversation until the end of the transaction.
    turn, last = _NUMBER(tx, within=conversation, count=count, now=now).one()
    if _session.on_postgres(tx) and find_reply(tx, conversation, message_id) is not None:
        # Another process recorded it while this one waited for the lock; on SQLite there is one writer at a time.
        raise AlreadyRecorded
    first = last - count + 1
    shown = [] if said is None else [Shown(first, "customer", said.text, (), (), now, message_id)]
    options: list[tuple[str, Option]] = []
    for reply in replies:
        shown.append(_show(reply, number=first + len(shown), options=options, now=now))
    _keep(tx, held, shown, options, turn=turn, now=now)
    number = None if said is None else first
    key = {"customer": held.owner, "conversation": conversation}
    entry = {"message_id": message_id, "turn": turn, "said": number, "first": first, "last": last, "at": now}
    _RECORD.each(tx, [{**key, **entry}])
    return Reply(turn, number, tuple(shown[said is not None :]))


def _keep(
    tx: Tx, held: Held, shown: Sequence[Shown], options: Sequence[tuple[str, Option]], *, turn: int, now: datetime
) -> None:
    """Into the database with a grant to resume, else into this process."""
    key = {"customer": held.owner, "conversation": held.conversation}
    rows = [_row(one, turn=turn, key=key) for one in shown]
    offered = _choice_rows(options, turn=turn, key=key, now=now)
    if _is_kept(tx, held):
        _keeping.bring_back(tx, held)
        _SHOW.each(tx, rows)
        search.index(tx, held.owner, held.conversation, [(one.id, one.text) for one in shown])
        _OFFER.each(tx, offered)
    else:
        kept = _keeping.working(tx, held)
        kept.messages.extend(rows)
        kept.choices.extend(offered)


def next_turn(tx: Tx, conversation: str) -> int:
    """The number that the next turn of a conversation will have: of the turn being written, before it is recorded."""
    _session.hold(tx, conversation)
    return int(_LAST_TURN(tx, within=conversation).scalar_one()) + 1


def after(tx: Tx, conversation: str, *, after: int = 0, limit: int = 200) -> list[Shown]:
    """The first ``limit`` messages behind id ``after``, oldest first."""
    held = _session.hold(tx, conversation)
    if not _is_kept(tx, held):
        return [one for one in _held(tx, held) if one.id > after][:limit]
    return _shown(_AFTER(tx, owner=held.owner, within=conversation, after=after, most=limit))


def newest(tx: Tx, conversation: str, *, limit: int = 50) -> list[Shown]:
    """The newest ``limit`` messages, oldest of them first."""
    held = _session.hold(tx, conversation)
    if not _is_kept(tx, held):
        return _held(tx, held)[-limit:]
    return _shown(_NEWEST(tx, owner=held.owner, within=conversation, most=limit))[::-1]


def _is_kept(tx: Tx, held: Held) -> bool:
    return consent.allows(tx, held.owner, Purpose.RESUME)


def _held(tx: Tx, held: Held) -> list[Shown]:
    return [_one(row) for row in _keeping.look(tx, held).messages]


def _show(reply: Outgoing, *, number: int, options: list[tuple[str, Option]], now: datetime) -> Shown:
    cards = []
    choices = _tokens(reply.choices, options)
    for card in reply.cards:
        whole = {"title": card.title, "subtitle": card.subtitle, "image": card.image, "price": card.price}
        cards.append({**whole, "choices": list(_tokens(card.choices, options))})
    return Shown(number, reply.sender, reply.text, choices, tuple(cards), now)


def _tokens(choices: Sequence[Option], options: list[tuple[str, Option]]) -> tuple[dict[str, Any], ...]:
    made = [(new_token(), option) for option in choices]
    options.extend(made)
    return tuple({"title": option.title, "choice": token} for token, option in made)


def _choice_rows(
    options: Sequence[tuple[str, Option]], *, turn: int, key: Mapping[str, str], now: datetime
) -> list[dict[str, Any]]:
    return [
        {
            **key,
            "token": token,
            "turn": turn,
            "position": position,
            "title": option.title,
            "payload": dict(option.payload),
            "at": now,
        }
        for position, (token, option) in enumerate(options, start=1)
    ]


def _row(shown: Shown, *, turn: int, key: Mapping[str, str]) -> dict[str, Any]:
    return {
        **key,
        "id": shown.id,
        "turn": turn,
        "sender": shown.sender,
        "text": shown.text,
        "choices": list(shown.choices) or None,
        "cards": list(shown.cards) or None,
        "at": shown.at,
        "key": shown.key,
    }


def _shown(rows: Iterable[Any]) -> list[Shown]:
    return [_one(row._mapping) for row in rows]


def _one(row: Mapping[str, Any]) -> Shown:
    shown = (tuple(row["choices"] or ()), tuple(row["cards"] or ()))
    return Shown(row["id"], row["sender"], row["text"], *shown, row["at"], row["key"])

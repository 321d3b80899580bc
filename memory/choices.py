"""What a tap or a typed answer means: each choice shown has a token that stands for its payload in this conversation
alone, and the choices of the last turn can be named by their words or their numbers."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, select

from memory import _keeping, _session, consent, messages
from memory._gate import Prepared
from memory._purposes import Purpose
from memory._session import Tx
from memory._tables import ChoiceRow
from memory.messages import Option

_WITHIN = (ChoiceRow.customer == bindparam("owner"), ChoiceRow.conversation == bindparam("within"))
_CHOICES = select(ChoiceRow.position, ChoiceRow.title, ChoiceRow.payload).where(*_WITHIN)
_CHOICE = Prepared(_CHOICES.where(ChoiceRow.token == bindparam("chosen")))
# By a list of tokens, which the index gives by itself: asked outright, SQLite reads all choices of the conversation.
_OF_TURN = select(ChoiceRow.token).where(*_WITHIN, ChoiceRow.turn == bindparam("of"))
_OFFERED = Prepared(_CHOICES.where(ChoiceRow.token.in_(_OF_TURN)).order_by(ChoiceRow.position))


def resolve(tx: Tx, conversation: str, token: str) -> Option | None:
    """The choice behind a token of this conversation, whose title is shown as said when it is tapped; None for any
    other token."""
    chosen = _chosen(tx, conversation, token)
    return None if chosen is None else Option(str(chosen["title"]), dict(chosen["payload"]))


def offered(tx: Tx, conversation: str) -> tuple[dict[str, Any], ...]:
    """The payloads of the choices that the last turn showed, in order."""
    return tuple(dict(row["payload"]) for row in _offered(tx, conversation))


def resolve_typed(tx: Tx, conversation: str, text: str, *, numbers: bool = False) -> dict[str, Any] | None:
    """The payload of the choice of the last turn whose title ``text`` is, or with ``numbers`` whose number, counted
    from 1 through the whole turn. None when no choice, or more than one, is meant."""
    rows = _offered(tx, conversation)
    typed = _plain(text)
    bare = _plain(_POLITE.sub("", text))
    fits = [row["payload"] for row in rows if _plain(row["title"]) in (typed, bare)]
    if not fits and numbers:
        fits = [row["payload"] for row in rows if typed == str(row["position"])]
    return fits[0] if fits and all(fit == fits[0] for fit in fits) else None


def _offered(tx: Tx, conversation: str) -> Sequence[Mapping[str, Any]]:
    held = _session.hold(tx, conversation)
    number = messages.next_turn(tx, conversation) - 1
    if consent.allows(tx, held.owner, Purpose.RESUME):
        return [dict(row) for row in _OFFERED(tx, owner=held.owner, within=conversation, of=number).mappings()]
    return [row for row in _keeping.look(tx, held).choices if row["turn"] == number]


def _chosen(tx: Tx, conversation: str, token: str) -> Mapping[str, Any] | None:
    held = _session.hold(tx, conversation)
    if consent.allows(tx, held.owner, Purpose.RESUME):
        row = _CHOICE(tx, owner=held.owner, within=conversation, chosen=token).mappings().first()
        if row is not None:
            return dict(row)
    # One that was shown before the conversation was kept again is still held here.
    return next((row for row in _keeping.look(tx, held).choices if row["token"] == token), None)


# What people put around a choice's words: "yes, remember such things please".
_POLITE = re.compile(
    r"^\W*(?:(?:yes|yeah|yep|ok|okay|sure)\b[\s,.:;!-]*)|[\s,.!]*\b(?:please|thanks)\W*$"
    r"|^(?:好的?|嗯|我?要|我?想要|请|請|选|選)[\s,，。]*|[\s,，。]*(?:吧|谢谢|謝謝)\W*$",
    re.IGNORECASE,
)


def _plain(text: str) -> str:
    """Letters and digits alone: "Pick up!" means the choice "Pick-up"."""
    return "".join(letter for letter in text.casefold() if letter.isalnum())

"""The one way in for every message of every channel: once each, in order, answered and recorded together.

Errors: Rejected, for what a caller did; its code and message are fit to be shown.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from prometheus_client import Counter, Histogram

from bot.assistant import Answer, Assistant, Said
from bot.channels.messaging import TEXT_ONLY
from bot.erasing import Erasures
from bot.farewell import Farewell
from bot.hub import Hub
from bot.locks import Locks
from bot.rasa.nlg import WordingGenerator
from bot.rasa.nlu.language import detect
from bot.rasa.nlu.typed_chinese import place
from bot.refusals import Heard, Refusals
from memory import Memory, Tx, choices, conversations, identities, messages
from memory.conversations import Conversation
from memory.errors import UnknownCustomer
from memory.messages import Reply, Shown
from memory.turn import Turn

# Longer than anything a person types into a chat; a letter pasted whole is answered with a hint to shorten it.
LONGEST_TEXT = 4_000

logger = logging.getLogger(__name__)
_TURNS = Counter("rapport_turns_total", "Turns handled.", ["channel"])
_SECONDS = Histogram("rapport_turn_seconds", "Time from a message's arrival to its committed reply.", ["channel"])


class Rejected(Exception):
    """A message that cannot be handled, through the caller's doing."""

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.status = code, status


@dataclass(frozen=True)
class Incoming:
    """One message as a channel hands it over: who says what, where, under which id."""

    customer: str
    channel: str
    text: str | None = None
    choice: str | None = None
    message_id: str | None = None
    # The first guess at the customer's language: a tag or an Accept-Language header. What they write tells it.
    language: str = ""
    # Something that the assistant begins by itself: a choice that nobody has tapped.
    impulse: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Handled:
    """A message's reply, and the conversation it belongs to."""

    conversation: Conversation
    reply: Reply
    # Whether the customer was forgotten by it: this is all there is left to read.
    is_last: bool = False


class Gateway:
    """Handles messages; `clock` is the one time source of a turn."""

    def __init__(
        self,
        *,
        memory: Memory,
        assistant: Assistant,
        refusals: Refusals,
        erasures: Erasures,
        locks: Locks,
        hub: Hub,
        clock: Callable[[], datetime],
    ) -> None:
        """All parts are shared with the rest of the process."""
        self.memory, self.assistant, self.refusals = memory, assistant, refusals
        self.farewell = Farewell(memory, refusals.wording, assistant.requests)
        self.erasures, self.locks, self.hub, self.clock = erasures, locks, hub, clock

    async def handle(self, incoming: Incoming) -> Handled:
        """The reply to a message; the same one again when the message id was seen before. Raises Rejected."""
        _check(incoming)
        try:
            return await self._handle(incoming)
        except UnknownCustomer as erased:
            raise Rejected("unknown_customer", "Nobody of this kind is known here any more.", status=401) from erased

    def _too_long(self, incoming: Incoming) -> str:
        """What a customer reads beside the message that was not sent."""
        language = self._language(incoming, self.language(incoming.customer, incoming.language))
        return self._wording.phrase("utter_too_long", {"most": LONGEST_TEXT}, language)

    async def prompt(self, customer: str, channel: str, impulse: Mapping[str, Any], *, language: str = "") -> Handled:
        """Let the assistant begin something by itself, such as a question. Raises Rejected."""
        return await self.handle(Incoming(customer, channel, language=language, impulse=impulse))

    async def _handle(self, incoming: Incoming) -> Handled:
        if incoming.text is not None and len(incoming.text) > LONGEST_TEXT:
            raise Rejected("too_long", self._too_long(incoming), status=413)
        conversation = self.conversation(incoming.customer, incoming.channel)
        message_id = incoming.message_id or secrets.token_urlsafe(16)
        with _SECONDS.labels(incoming.channel).time():
            async with self.locks.lock(conversation.id):
                known = self._known(conversation.id, message_id)
                handled = known or await self._answer(incoming, conversation.id, message_id)
        if known is None:
            _TURNS.labels(incoming.channel).inc()
            await self.hub.publish(conversation.id, {"type": "message"})
            await self.hub.publish(conversation.id, {"type": "typing", "on": False})
        return handled

    def conversation(self, customer: str, channel: str) -> Conversation:
        """The customer's conversation on a channel, opened when this is the first contact there."""
        with self.memory.read() as tx:
            found = conversations.find(tx, customer=customer, channel=channel)
        if found is not None:
            return found
        with self.memory.write() as tx:
            return conversations.open(tx, customer=customer, channel=channel, now=self.clock())

    def language(self, customer: str, guess: str) -> str:
        """The language to address a customer in: what they last wrote in, else the best there is for a first guess."""
        with self.memory.read() as tx:
            return self._spoken(identities.language(tx, customer), guess)

    def _spoken(self, known: str | None, guess: str) -> str:
        if known is not None and self._wording.has_language(known):
            return known
        return self._wording.best_language(known or guess)

    @property
    def _wording(self) -> WordingGenerator:
        return self.refusals.wording

    def _language(self, incoming: Incoming, before: str | None) -> str:
        """The language of the answer, `before` being the one known so far. A tap, or words of any language, keep it."""
        spoken = self._spoken(before, incoming.language)
        found = detect(incoming.text, spoken=spoken) if incoming.text else spoken
        return found if self._wording.has_language(found) else spoken

    def _known(self, conversation: str, message_id: str) -> Handled | None:
        with self.memory.read() as tx:
            reply = messages.find_reply(tx, conversation, message_id)
            return Handled(conversations.get(tx, conversation), reply) if reply else None

    async def _answer(self, incoming: Incoming, conversation: str, message_id: str) -> Handled:
        now = self.clock()
        with self.memory.read() as tx:
            in_charge = conversations.get(tx, conversation).in_charge
            before = identities.language(tx, incoming.customer)
            said = _said(tx, incoming, conversation)
        language = self._language(incoming, before)
        turn = Turn(incoming.customer, conversation, incoming.channel, language, now, message_id)
        said = self._heed(turn, incoming, said)
        if language != before:
            turn.stage(lambda tx: identities.speak(tx, turn.customer, language))
        if in_charge == "assistant":
            await self.hub.publish(conversation, {"type": "typing", "on": True})
            await asyncio.sleep(0)  # Lets open sockets pass that on before this turn takes the processor.
            answer = await self._respond(turn, said)
        else:
            answer = await self._stand_by(turn, said)
        handled = self._commit(turn, answer, None if incoming.impulse else (incoming.text or said.text).strip())
        return await self._forget(turn, handled) if answer.erases else handled

    def _commit(self, turn: Turn, answer: Answer, text: str | None) -> Handled:
        """Writes what the turn wants written together with its reply."""
        with self.memory.write() as tx:
            answer.write(tx)
            reply = messages.record_turn(
                tx,
                turn.conversation,
                customer=turn.customer,
                message_id=turn.message_id,
                said=None if text is None else messages.Said(text),
                replies=list(answer.replies),
                now=turn.now,
            )
            return Handled(conversations.get(tx, turn.conversation), reply)

    async def _forget(self, turn: Turn, handled: Handled) -> Handled:
        """The reply of the last turn of all, with the receipt in it; it is shown and kept nowhere."""
        receipt = await self.erasures.begin(turn.customer)
        text = self.refusals.wording.phrase("utter_erasure_begun", {"receipt": receipt}, turn.language)
        last = Shown((handled.reply.said or 0) + 1, "assistant", text, (), (), turn.now)
        return replace(handled, reply=replace(handled.reply, messages=(last,)), is_last=True)

    def _heed(self, turn: Turn, incoming: Incoming, said: Said) -> Said:
        """What was said with the refusal that was heard in it, whose record is the first thing this turn will write."""
        if incoming.text is None:
            return said
        heard = self.refusals.hear(
            said.text,
            turn=turn,
            is_busy=lambda: self.assistant.is_busy(turn),
            answers_choice=said.payload is not None,
        )
        if heard is None:
            return said
        turn.stage(lambda tx: self.refusals.record(tx, turn, heard))
        return replace(said, heard=heard)

    async def _respond(self, turn: Turn, said: Said) -> Answer:
        """The assistant's answer. A refusal counts and is confirmed even when the assistant fails."""
        staged = list(turn.writes)
        try:
            return await self.assistant.respond(turn, said)
        except Exception:
            if said.heard is None:
                raise
            logger.exception("The assistant failed at a refusal in conversation %s", turn.conversation)
            turn.writes[:] = staged
            return self._by_ourselves(turn, said.heard)

    def _by_ourselves(self, turn: Turn, heard: Heard | None) -> Answer:
        """No answer of the assistant's: a refusal is confirmed, nothing else is said."""
        return Answer((self.refusals.confirmation(turn, heard),) if heard else (), turn.write)

    async def _stand_by(self, turn: Turn, said: Said) -> Answer:
        """The answer while a person is in charge: none, but to what no person may delay."""
        confirmed = self._by_ourselves(turn, said.heard)
        farewell = await self.farewell.answer(turn, said)
        return replace(farewell, replies=confirmed.replies + farewell.replies) if farewell else confirmed


def _said(tx: Tx, incoming: Incoming, conversation: str) -> Said:
    """What the customer did: a tap, words that name a choice just shown, or plain words."""
    if incoming.impulse is not None:
        return Said("", incoming.impulse)
    if incoming.choice is not None:
        chosen = choices.resolve(tx, conversation, incoming.choice)
        return Said(chosen.title, chosen.payload) if chosen else Said("", {})
    text = (incoming.text or "").strip()
    numbered = incoming.channel in TEXT_ONLY
    payload = choices.resolve_typed(tx, conversation, text, numbers=numbered)
    which = place(text) if payload is None else None
    if which is not None and (numbered or "第" in text):
        payload = choices.resolve_typed(tx, conversation, str(which), numbers=True)
    return Said(_plain(text), payload)


def _check(incoming: Incoming) -> None:
    if incoming.impulse is not None:
        return
    if (incoming.text is None) == (incoming.choice is None):
        raise Rejected("text_or_choice", "Send either 'text' or 'choice'.", status=422)
    if incoming.text is not None and not incoming.text.strip():
        raise Rejected("empty", "The message is empty.", status=422)


def _plain(text: str) -> str:
    """Typed text never reaches Rasa as a command: a leading slash would set intent and entities directly."""
    return text.lstrip("/ ") or "?"

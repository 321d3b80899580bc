"""One turn of one conversation: what was said goes in; replies, and the one write that makes them true, come out.

Nothing is written here. The caller runs `Answer.write` in the transaction that also records the replies, so that a
process that dies in between has said nothing and done nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rasa.core.channels.channel import OutputChannel
from rasa.shared.core.events import BotUttered, SlotSet, UserUttered
from rasa.shared.core.slots import Slot

from actions import consents
from actions.citing import CITED, YES_NO
from actions.erasing import ERASE, EVERYTHING
from bot import effort
from bot.flows import engine
from bot.flows.model import Choice, FlowSet, State, ThreadSnapshot
from bot.live import Live
from bot.rasa import transcript
from bot.rasa.policy import DIALOGUE
from bot.rasa.processor import LeanProcessor, choice_parsed
from bot.rasa.transcript import Loaded
from bot.refusals import Heard, woven
from bot.telling import with_facts
from memory import Memory, Tx, consent, threads, transcripts
from memory.consent import ConsentRefused, Purpose
from memory.messages import Card, Option, Outgoing
from memory.turn import Turn

MET_BEFORE = "met_before"
# Slots that belong to the customer or the session, and so outlive the end of a flow's session.
_KEPT_SLOTS = ("language", "customer_name", MET_BEFORE)
# Slots that speak of the last reply alone.
_PASSING_SLOTS = (CITED, YES_NO)
THREADS_WAITING = "threads_waiting"
FIRST_CONTACT = "first_contact"


@dataclass(frozen=True)
class Said:
    """What the customer did: typed a text, or chose (`payload`; empty for a choice that is not known)."""

    text: str
    payload: Mapping[str, Any] | None = None
    # The refusal in it, or the wish to be back in; the caller has staged its record.
    heard: Heard | None = None


@dataclass(frozen=True)
class Answer:
    """The replies, in order, and the write that belongs to them."""

    replies: tuple[Outgoing, ...]
    write: Callable[[Any], None]
    # The customer wants to be forgotten: after the write, everything of theirs is erased.
    erases: bool = False


@dataclass(frozen=True)
class _Start:
    """What is known of a conversation before the turn."""

    loaded: Loaded
    may_resume: bool
    waiting: tuple[threads.Thread, ...]
    # Whether the customer may still be asked to let us remember, or has agreed: else nothing of theirs is extracted.
    listens: bool
    # What is said of resuming at first contact: told (it is on), asked (it is off), or None.
    notice: str | None


class Channel(OutputChannel):
    """Names the channel to Rasa; what is said is taken from the events afterwards, not sent from here."""

    def __init__(self, name: str) -> None:
        """`name` as wording and conditions know it."""
        self._name = name

    def name(self) -> str:
        """The channel's name."""
        return self._name

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Nothing leaves before it is committed."""


class Assistant:
    """The trained model, the flows and memory, put together to answer one message at a time."""

    def __init__(self, memory: Memory, processor: LeanProcessor, flows: Live[FlowSet]) -> None:
        """`processor.policy` uses the same `flows`."""
        self.memory, self.processor, self.flows = memory, processor, flows
        processor.policy.flows = flows

    async def respond(self, turn: Turn, said: Said) -> Answer:
        """Answer one message. The caller holds the conversation's lock and commits the answer."""
        start = self._start(turn)
        tracker = start.loaded.tracker
        tracker.turn = turn
        if self._session_is_over(start.loaded, turn.now):
            self.processor.start_session(tracker, self._fresh_slots(start, turn))
        else:
            self._let_go_of_taken(start, turn)
        if tracker.get_slot("language") != turn.language:
            tracker.update(SlotSet("language", turn.language))
        before = self._half_done(tracker)
        uttered = await self._uttered(turn, said, start)
        passing = {name: tracker.get_slot(name) for name in _PASSING_SLOTS}
        await self.processor.take(tracker, Channel(turn.channel), uttered, first=_disclosure(start, uttered))
        if not tracker.get_slot(MET_BEFORE):
            tracker.update(SlotSet(MET_BEFORE, True))
        _let_pass(start.loaded, passing)
        return self._answer(start, turn, before)

    async def requests(self, text: str) -> tuple[str, ...]:
        """The intents in a text, in order."""
        parsed = await self.processor.understand(text)
        return tuple(str(each["intent"]["name"]) for each in parsed.get("requests") or [parsed])

    def is_busy(self, turn: Turn) -> bool:
        """Whether the customer is in the middle of a task in this conversation."""
        with self.memory.read() as tx:
            loaded = transcript.load(transcripts.load(tx, turn.conversation), turn.conversation, self.processor.domain)
        over = self._session_is_over(loaded, turn.now)
        return not over and bool(State.from_json(loaded.tracker.get_slot(DIALOGUE)).stack)

    def _start(self, turn: Turn) -> _Start:
        with self.memory.read() as tx:
            loaded = transcript.load(transcripts.load(tx, turn.conversation), turn.conversation, self.processor.domain)
            listens, notice = self._listens(tx, turn.customer), self._notice(tx, turn.customer)
            try:
                grant = consent.require(tx, turn.customer, Purpose.RESUME)
            except ConsentRefused:
                return _Start(loaded, may_resume=False, waiting=(), listens=listens, notice=notice)
            return _Start(loaded, True, threads.open_for(tx, grant), listens, notice)

    def _listens(self, tx: Tx, customer: str) -> bool:
        if consent.allows(tx, customer, Purpose.PREFERENCES):
            return True
        may_ask = consents.may_grant(self.memory, tx, customer, Purpose.PREFERENCES)
        return may_ask and consents.undecided(tx, customer, Purpose.PREFERENCES)

    def _notice(self, tx: Tx, customer: str) -> str | None:
        default = self.memory.policies.default(Purpose.RESUME)
        if FIRST_CONTACT not in (default.told, default.asked) or not consents.undecided(tx, customer, Purpose.RESUME):
            return None
        return "told" if default.granted else "asked"

    def _session_is_over(self, loaded: Loaded, now: datetime) -> bool:
        if loaded.last_user_at is None:
            return True
        minutes = (now.timestamp() - loaded.last_user_at) / 60
        return minutes > self.processor.domain.session_config.session_expiration_time

    def _fresh_slots(self, start: _Start, turn: Turn) -> dict[str, Any]:
        """A session begins with what is the customer's; whatever a flow had collected waits in its thread."""
        slots: list[Slot] = self.processor.domain.slots
        kept = {name: start.loaded.tracker.get_slot(name) for name in _KEPT_SLOTS}
        emptied = {
            slot.name: slot.initial_value
            for slot in slots
            if start.loaded.tracker.get_slot(slot.name) != slot.initial_value and slot.name not in _KEPT_SLOTS
        }
        opened = {"language": turn.language, MET_BEFORE: start.loaded.last_user_at is not None or bool(start.waiting)}
        return emptied | kept | opened | {DIALOGUE: {}, THREADS_WAITING: len(start.waiting), "notice": start.notice}

    def _let_go_of_taken(self, start: _Start, turn: Turn) -> None:
        """A thread that went on elsewhere, or is over, is no longer this conversation's to continue."""
        tracker = start.loaded.tracker
        state = State.from_json(tracker.get_slot(DIALOGUE) or {})
        mine = {thread.thread for thread in start.waiting if thread.conversation == turn.conversation}
        gone = [frame for frame in state.stack if frame.thread and frame.thread not in mine]
        if not start.may_resume or not gone:
            return
        for thread in dict.fromkeys(frame.thread for frame in gone):
            released = engine.withdraw(self.flows.current(), state, thread, slots=tracker.current_slot_values())
            state = released.state
            for name, value in released.slots.items():
                tracker.update(SlotSet(name, value))
        tracker.update(SlotSet(THREADS_WAITING, len(start.waiting)))
        tracker.update(SlotSet(DIALOGUE, engine.new_session(state).to_json()))

    async def _uttered(self, turn: Turn, said: Said, start: _Start) -> UserUttered:
        common = {"input_channel": turn.channel, "message_id": turn.message_id, "timestamp": turn.now.timestamp()}
        parsed = choice_parsed(said.payload, said.text) if said.payload is not None else None
        parsed = parsed or await self.processor.understand(said.text, now=turn.now)
        if said.payload is None:
            parsed = self._as_choice(parsed, start.loaded.tracker) or parsed
        if said.payload is None and start.listens:
            parsed = with_facts(parsed)
        if said.heard is not None:
            parsed = woven(parsed, said.heard)
        return UserUttered(said.text, parsed["intent"], parsed["entities"], parsed, **common)

    def _as_choice(self, parsed: Mapping[str, Any], tracker: Any) -> dict[str, Any] | None:
        """A plain yes or no as the choice that it stands for, when the last reply asked that and no task's question
        can be meant."""
        offered, intent = tracker.get_slot(YES_NO), str((parsed.get("intent") or {}).get("name"))
        if not offered or intent not in offered or parsed.get("entities"):
            return None
        if engine.is_answer(self.flows.current(), State.from_json(tracker.get_slot(DIALOGUE)), intent):
            return None
        return choice_parsed(offered[intent], parsed["text"]) | {"typed": True}

    def _half_done(self, tracker: Any) -> dict[str, ThreadSnapshot]:
        state = State.from_json(tracker.get_slot(DIALOGUE) or {})
        open_now = engine.open_threads(self.flows.current(), state, tracker.current_slot_values())
        return {snapshot.thread: snapshot for snapshot in open_now}

    def _answer(self, start: _Start, turn: Turn, before: Mapping[str, ThreadSnapshot]) -> Answer:
        tracker = start.loaded.tracker
        fresh = transcript.new_events(start.loaded)
        for event in fresh:
            event.timestamp = turn.now.timestamp()
        replies = tuple(_outgoing(event) for event in fresh if isinstance(event, BotUttered))
        after = self._half_done(tracker)
        # Once it may be resumed, all of it may be, not only what changes from then on.
        changed = [each for thread, each in after.items() if not start.may_resume or before.get(thread) != each]
        dialogue = tracker.get_slot(DIALOGUE) or {}
        ended = dialogue.get("ended", [])

        def write(tx: Any) -> None:
            transcript.save(tx, start.loaded, customer=turn.customer, now=turn.now)
            turn.write(tx)
            effort.keep(tx, turn, self.flows.current(), dialogue)
            for end in ended:
                threads.close(tx, end["thread"], end["how"], customer=turn.customer, now=turn.now)
            if consent.allows(tx, turn.customer, Purpose.RESUME):
                for snapshot in changed:
                    threads.save(tx, snapshot, customer=turn.customer, conversation=turn.conversation, now=turn.now)

        return Answer(replies, write, erases=tracker.get_slot(ERASE) == EVERYTHING)


def _disclosure(start: _Start, uttered: UserUttered) -> str | None:
    """At first contact it is said that this is a machine (EU AI Act, art. 50(1)); the greeting says so by itself."""
    first_contact = start.loaded.last_user_at is None and not start.waiting
    return "utter_bot_disclosure" if first_contact and uttered.intent_name != "greet" else None


def _let_pass(loaded: Loaded, before: Mapping[str, Any]) -> None:
    """Empties what the reply before this one rested on, unless this one has set it anew."""
    set_now = {event.key for event in transcript.new_events(loaded) if isinstance(event, SlotSet)}
    for name, value in before.items():
        if value is not None and name not in set_now:
            loaded.tracker.update(SlotSet(name, None))


def _outgoing(event: BotUttered) -> Outgoing:
    custom = event.data.get("custom") or {}
    return Outgoing(
        text=event.text or "",
        choices=tuple(_option(button) for button in event.data.get("buttons") or ()),
        cards=tuple(_card(card) for card in custom.get("cards", ())),
    )


def _card(given: Mapping[str, Any]) -> Card:
    plain = {key: given.get(key) for key in ("subtitle", "image", "price")}
    return Card(given["title"], **plain, choices=tuple(_option(button) for button in given.get("choices", ())))


def _option(button: Mapping[str, Any]) -> Option:
    given = button.get("choice") or Choice.parse(button["payload"])
    return Option(button["title"], given.to_json() if isinstance(given, Choice) else given)

"""The demo shop without Rasa: its real flows, wording, catalogue and actions on a real database, turn by turn."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import yaml
from rasa_sdk.executor import CollectingDispatcher

import actions
from actions.base import DIALOGUE, Shop, ShopTracker
from bot import effort, wording
from bot.flows import engine, loader
from bot.flows.model import Choice, Message, State
from bot.offering import catalogue_files
from bot.offering.choices import Engine
from bot.offering.index import build_index
from bot.offering.rules_files import load_rules
from bot.rasa.policy import over_in
from memory import Memory, Turn, consent, conversations, identities, threads
from memory.consent import ConsentRefused, Purpose

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = catalogue_files.load(ROOT / "data" / "catalogue")
WORDING = wording.load(ROOT / "data" / "wording")
DOMAIN = yaml.safe_load((ROOT / "domain.yml").read_text())
FLOWS = loader.load(ROOT / "data" / "flows", wording=WORDING.names, actions=frozenset(DOMAIN["actions"]))
RULES = load_rules(ROOT / "data" / "offering")
# A Monday, 10:00 in Berlin: the shop is open, people answer.
MONDAY = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
ENGINE = Engine(CATALOGUE, build_index(CATALOGUE, (), rules=RULES.offers, as_of=MONDAY), RULES.offers)


def phrase(name: str, variables: dict[str, Any], language: str) -> str:
    """What the running assistant gives to actions: a wording as text."""
    rendered = say(name, variables, slots={}, language=language)
    return rendered.text if rendered else f"<{name}>"


def say(name: str, variables: dict[str, Any], *, slots: dict[str, Any], language: str = "en") -> Any:
    return WORDING.render(
        name,
        variables,
        language=language,
        channel="web",
        show=lambda variable, value: CATALOGUE.title(variable, value, language),
        seed="seed",
        slots=slots,
    )


@dataclass
class Clock:
    now: datetime = MONDAY

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass(frozen=True)
class Shown:
    """One message that a customer read."""

    name: str | None
    text: str
    choices: dict[str, Choice]
    # (title, price) of each.
    cards: tuple[tuple[str, str | None], ...] = ()


def shop_of(memory: Memory, clock: Clock, engine: Engine = ENGINE) -> Shop:
    return Shop(lambda: CATALOGUE, lambda: FLOWS, memory, clock, phrase, lambda: engine)


def customer_of(memory: Memory, subject: str) -> str:
    with memory.write() as tx:
        return identities.sign_in(tx, subject=subject, name=subject, now=MONDAY)


@dataclass
class Talk:
    """One customer on one channel. `say` and `tap` give what was answered; the database is written as in a turn."""

    memory: Memory
    clock: Clock
    customer: str
    channel: str = "web"
    slots: dict[str, Any] = field(default_factory=dict)
    shown: list[Shown] = field(default_factory=list)
    ran: list[str] = field(default_factory=list)
    numbers: Any = field(default_factory=count)
    engine: Engine = ENGINE

    def __post_init__(self) -> None:
        shop = shop_of(self.memory, self.clock, self.engine)
        self.actions = {action.name(): action for action in actions.build(shop)}
        with self.memory.write() as tx:
            opened = conversations.open(tx, customer=self.customer, channel=self.channel, now=self.clock())
        self.conversation = opened.id
        self.open_session()

    def open_session(self) -> None:
        """As the assistant begins a session: nothing at hand, what was left half-done is counted."""
        with self.memory.read() as tx:
            waiting = len(threads.open_for(tx, consent.require(tx, self.customer, Purpose.RESUME)))
        self.slots = dict.fromkeys(DOMAIN["slots"]) | {DIALOGUE: {}, "threads_waiting": waiting}

    def say(self, text: str, intent: str, *entities: tuple[Any, ...]) -> list[Shown]:
        """Entities are (name, value) or (name, value, role)."""
        return self.say_all((text, intent, *entities))

    def say_all(self, *requests: tuple[Any, ...]) -> list[Shown]:
        """Several requests in one message, each (text, intent, *entities)."""
        parsed = [_parse(*request) for request in requests]
        latest = parsed[0] if len(parsed) == 1 else {**parsed[0], "requests": parsed}
        return self._turn(latest, Message.from_rasa(latest))

    def tap(self, title: str) -> list[Shown]:
        """The newest button of that title."""
        choice = next(s.choices[title] for s in reversed(self.shown) if title in s.choices)
        latest = {"text": title, "intent": {"name": "choose"}, "entities": []}
        return self._turn(latest, (Message(text=title, intent="choose", choice=choice),))

    def titles(self) -> list[str]:
        """The buttons of the last message."""
        return list(self.shown[-1].choices)

    def _turn(self, latest: dict[str, Any], messages: tuple[Message, ...]) -> list[Shown]:
        number, first = next(self.numbers), len(self.shown)
        turn = Turn(self.customer, self.conversation, self.channel, "en", self.clock(), f"m{number}")
        state, over = State.from_json(self.slots[DIALOGUE]), {}
        outcome = engine.receive(FLOWS, state, messages, slots=self.slots, new_id=self._new_id)
        while True:
            self.slots.update(outcome.slots)
            over = over_in(outcome, over)
            self.slots[DIALOGUE] = {**outcome.state.to_json(), **over}
            if outcome.action is None:
                break
            self._run(outcome.action, outcome.arguments, latest, turn)
            over = {name: self.slots[DIALOGUE].get(name, over.get(name, [])) for name in ("ended", "settled")}
            state = State.from_json(self.slots[DIALOGUE])
            outcome = engine.proceed(FLOWS, state, slots=self.slots, new_id=self._new_id)
        self._commit(turn, over.get("ended", []))
        return self.shown[first:]

    def _run(self, name: str, arguments: dict[str, Any], latest: dict[str, Any], turn: Turn) -> None:
        self.ran.append(name)
        if name.startswith("utter_"):
            self._show({"response": name, **arguments})
            return
        dispatcher, tracker = CollectingDispatcher(), tracker_of(self.slots, latest, turn, arguments)
        events = asyncio.run(self.actions[name].run(dispatcher, tracker, {}))
        for message in dispatcher.messages:
            self._show(message)
        self.slots.update({event["name"]: event["value"] for event in events})

    def _show(self, message: dict[str, Any]) -> None:
        name = message.get("response")
        variables = {**self.slots, **{key: value for key, value in message.items() if value}}
        rendered = say(name, variables, slots=self.slots)
        assert rendered is not None, f"no wording {name}"
        given = {b["title"]: _choice(b["choice"]) for b in message.get("buttons") or []}
        cards = (message.get("custom") or {}).get("cards", ())
        seen = tuple((card["title"], card.get("price")) for card in cards)
        self.shown.append(Shown(name, rendered.text, {**given, **dict(rendered.buttons)}, seen))

    def _commit(self, turn: Turn, ended: list[dict[str, str]]) -> None:
        state = State.from_json(self.slots[DIALOGUE])
        with self.memory.write() as tx:
            for write in turn.writes:
                write(tx)
            effort.keep(tx, turn, FLOWS, self.slots[DIALOGUE])
            try:
                consent.require(tx, self.customer, Purpose.RESUME)
            except ConsentRefused:
                return
            for snapshot in engine.open_threads(FLOWS, state, self.slots):
                threads.save(tx, snapshot, customer=self.customer, conversation=self.conversation, now=turn.now)
            for each in ended:
                threads.close(tx, each["thread"], each["how"], customer=self.customer, now=turn.now)

    def _new_id(self) -> str:
        return f"t_{self.conversation}_{next(self.numbers)}"


def tracker_of(
    slots: dict[str, Any], latest: dict[str, Any], turn: Turn, arguments: dict[str, Any] | None = None
) -> ShopTracker:
    """What an action sees."""
    tracker = ShopTracker(turn.conversation, dict(slots), latest, [], False, None, {}, None)
    tracker.turn, tracker.arguments = turn, arguments or {}
    return tracker


def _parse(text: str, intent: str, *entities: tuple[Any, ...]) -> dict[str, Any]:
    found = [{"entity": e[0], "value": e[1], "role": e[2] if len(e) > 2 else None} for e in entities]
    return {"text": text, "intent": {"name": intent, "confidence": 0.95}, "entities": found, "intent_ranking": []}


def _choice(given: Any) -> Choice:
    return given if isinstance(given, Choice) else Choice.from_json(given)

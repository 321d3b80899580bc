"""A customer who talks to the engine: runs every action of a turn with given results, and keeps what was said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from bot.flows import engine, loader
from bot.flows.model import Choice, EndedThread, Entity, FlowSet, Message, Outcome, State

FLOWS = loader.load(Path(__file__).parent)


def says(intent: str | None, text: str = "", *, confidence: float = 0.9, **entities: Any) -> Message:
    """A message. An entity's role follows its name: milk__to="oat"."""
    found = []
    for name, value in entities.items():
        entity, _, role = name.partition("__")
        found.append(Entity(entity, value, role or None))
    return Message(text=text, intent=intent, confidence=confidence, entities=tuple(found))


def taps(**fields: Any) -> Message:
    return Message(text="", intent="choose", choice=Choice(**fields))


@dataclass
class Chat:
    flows: FlowSet = FLOWS
    slots: dict[str, Any] = field(default_factory=lambda: {"combination": None, "stock_known": True})
    results: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    state: State = field(default_factory=State)
    ended: list[EndedThread] = field(default_factory=list)
    last: Outcome | None = None
    arguments: dict[str, dict[str, Any]] = field(default_factory=dict)
    seen: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        numbers = count(1)
        self.new_id = lambda: f"t_{next(numbers)}"

    def say(self, *messages: Message) -> list[str]:
        """The actions of the turn, in order."""
        return self.finish(
            engine.receive(self.flows, self.state, messages, slots=self.slots, context={}, new_id=self.new_id)
        )

    def finish(self, outcome: Outcome) -> list[str]:
        run: list[str] = []
        self._take(outcome)
        while outcome.action is not None:
            run.append(outcome.action)
            self.arguments[outcome.action] = outcome.arguments
            self.seen[outcome.action] = dict(self.slots)
            self.slots.update(self.results.get(outcome.action, {}))
            outcome = engine.proceed(self.flows, self.state, slots=self.slots, context={}, new_id=self.new_id)
            self._take(outcome)
        return run

    def _take(self, outcome: Outcome) -> None:
        self.slots.update(outcome.slots)
        self.state = State.from_json(outcome.state.to_json())
        self.ended.extend(outcome.ended)
        self.last = outcome

    def known(self, *names: str) -> tuple[Any, ...]:
        return tuple(self.slots.get(name) for name in names)

"""Drives the engine over recorded conversations: what these flows do, and where two revisions differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from bot.flows import engine
from bot.flows.model import EndedThread, FlowSet, Message, Outcome, State


@dataclass(frozen=True)
class RecordedTurn:
    """One message of a customer and what the actions it led to have set.

    `results`: slots by action, as they were set when it ran; an action that is not in it sets nothing. `slots`: values
    set from outside before the turn. `limit`: stop after so many actions (a turn that is still going on); None: run it
    to its end.
    """

    messages: tuple[Message, ...]
    results: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    slots: Mapping[str, Any] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)
    limit: int | None = None


@dataclass(frozen=True)
class Recording:
    """A recorded conversation."""

    id: str
    turns: tuple[RecordedTurn, ...]
    slots: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class TurnOutcome:
    """What came of a turn. `actions` with their arguments, in order; `last` is the outcome that was not acted on yet:
    the listen at the end, or the next action where the turn was limited."""

    actions: tuple[tuple[str, Mapping[str, Any]], ...]
    slots: Mapping[str, Any]
    state: State
    ended: tuple[EndedThread, ...]
    last: Outcome

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the actions."""
        return tuple(name for name, _ in self.actions)


@dataclass(frozen=True)
class Difference:
    """A turn in which two revisions do different things. Turns count from 1; what follows it is not compared, because
    the customer might have said something else."""

    recording: str
    turn: int
    text: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    slots: Mapping[str, tuple[Any, Any]]
    """Slots that end up different: value before, value after."""


def replay(
    flows: FlowSet,
    turns: Iterable[RecordedTurn],
    *,
    slots: Mapping[str, Any] | None = None,
    state: State | None = None,
) -> list[TurnOutcome]:
    """The outcome of each turn, beginning with these slots and this state (none and the first, unless given).

    Thread ids are r_1, r_2, ... in order of creation, so that two replays of the same turns are equal.
    """
    numbers = count(1)
    known, at = dict(slots or {}), state or State()
    outcomes = []
    for turn in turns:
        outcome = _turn(flows, turn, slots=known, state=at, new_id=lambda: f"r_{next(numbers)}")
        known, at = dict(outcome.slots), outcome.state
        outcomes.append(outcome)
    return outcomes


def compare(old: FlowSet, new: FlowSet, recordings: Iterable[Recording]) -> list[Difference]:
    """Where the new flows would have gone another way than the old ones: the first such turn of each conversation."""
    differences = []
    for recording in recordings:
        before = replay(old, recording.turns, slots=recording.slots)
        after = replay(new, recording.turns, slots=recording.slots)
        difference = _first_difference(recording, before, after)
        if difference:
            differences.append(difference)
    return differences


def _turn(flows: FlowSet, turn: RecordedTurn, *, slots: dict[str, Any], state: State, new_id: Any) -> TurnOutcome:
    known = {**slots, **turn.slots}
    outcome = engine.receive(flows, state, turn.messages, slots=known, context=turn.context, new_id=new_id)
    known.update(outcome.slots)
    actions: list[tuple[str, Mapping[str, Any]]] = []
    ended = list(outcome.ended)
    while outcome.action is not None and (turn.limit is None or len(actions) < turn.limit):
        actions.append((outcome.action, outcome.arguments))
        known.update(turn.results.get(outcome.action, {}))
        outcome = engine.proceed(flows, outcome.state, slots=known, context=turn.context, new_id=new_id)
        known.update(outcome.slots)
        ended.extend(outcome.ended)
    return TurnOutcome(tuple(actions), known, outcome.state, tuple(ended), outcome)


def _first_difference(
    recording: Recording, before: Sequence[TurnOutcome], after: Sequence[TurnOutcome]
) -> Difference | None:
    for number, (turn, old, new) in enumerate(zip(recording.turns, before, after, strict=True), start=1):
        slots = {
            name: (old.slots.get(name), new.slots.get(name))
            for name in sorted({*old.slots, *new.slots})
            if old.slots.get(name) != new.slots.get(name)
        }
        if old.names != new.names or slots:
            text = " / ".join(message.text for message in turn.messages)
            return Difference(recording.id, number, text, old.names, new.names, slots)
    return None

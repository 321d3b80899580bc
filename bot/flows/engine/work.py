"""The working copy of a state during one call of the engine: changed freely, then turned into an Outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.flows.model import (
    Due,
    EndedThread,
    Flow,
    FlowSet,
    Frame,
    How,
    Message,
    NewId,
    Offer,
    Outcome,
    Request,
    Settled,
    State,
    Step,
)

ACTION_LIMIT = 8  # Actions in a turn: a reply nobody reads to its end, and two below Rasa's own circuit breaker.
PENDING_LIMIT = 4  # Tasks that wait for their turn.
STACK_LIMIT = 8  # Frames; the oldest falls off, its thread stays open where threads are kept.


class Work:
    """A state being worked on: `slots` shows the values as they will be, `updates` what has changed."""

    def __init__(
        self, flows: FlowSet, state: State, *, slots: Mapping[str, Any], context: Mapping[str, Any], new_id: NewId
    ) -> None:
        self.flows = flows
        self.slots = dict(slots)
        self.updates: dict[str, Any] = {}
        self.context = context
        self.new_id = new_id
        self.stack = list(state.stack)
        self.due = list(state.due)
        self.answers = list(state.answers)
        self.pending = list(state.pending)
        self.threads_offered = state.threads_offered
        self.actions = state.actions
        self.misses = state.misses
        self.ended: list[EndedThread] = []
        self.settled: list[Settled] = []
        self.task_at_hand = False  # Whether a part of the message at hand has already started or filled a task.

    # Slots and frames ------------------------------------------------------------------------------------------------

    def set(self, slot: str, value: Any) -> None:
        """Gives the slot a value; nothing happens when it has it."""
        if slot in self.slots and same(self.slots[slot], value):
            return
        if value is None and slot not in self.slots:
            return
        self.slots[slot] = value
        self.updates[slot] = value

    @property
    def top(self) -> Frame | None:
        """The frame on top of the stack."""
        return self.stack[-1] if self.stack else None

    @property
    def live(self) -> Frame | None:
        """The frame on top, unless it was left and only waits to be continued."""
        top = self.top
        return top if top and top.phase != "offered" else None

    def change(self, **changes: Any) -> None:
        """Changes the frame on top."""
        self.stack[-1] = replace(self.stack[-1], **changes)

    def root(self) -> int:
        """Where in the stack the flow began that the top frame belongs to: below it come only callers."""
        index = len(self.stack) - 1
        while index > 0 and self.stack[index].called:
            index -= 1
        return index

    def chain(self) -> list[Frame]:
        """The frames that share the answers of the top one: it and its callers, callers first."""
        return self.stack[self.root() :]

    def step(self) -> Step | None:
        """The step the top frame stands at."""
        top = self.top
        flow = self.flows.get(top.flow) if top else None
        return flow.steps.get(top.step) if top and flow else None

    def asked(self) -> Step | None:
        """The collect or offer that the customer is to answer now."""
        top = self.top
        return self.step() if top and top.phase == "asked" else None

    def flow(self, frame: Frame) -> Flow:
        """The flow of a frame that is known to be in the flow set."""
        return self.flows.flows[frame.flow]

    def end_thread(self, frame: Frame, how: How) -> None:
        """Notes that the thread of this frame is over."""
        if frame.thread:
            self.ended.append(EndedThread(frame.thread, how))

    def queue(self, flow: Flow, message: Message) -> None:
        """Notes a task for later."""
        if len(self.pending) < PENDING_LIMIT:
            self.pending.append(Request(flow.id, message))

    # What is said ----------------------------------------------------------------------------------------------------

    def say(self, action: str, **arguments: Any) -> None:
        """Puts an action at the end of what is to be run in this turn."""
        self.due.append(Due(action, arguments))

    def about(self, frame: Frame) -> dict[str, Any]:
        """What wording may want to say of a flow."""
        root = self.stack[self.root()] if frame.called else frame
        return {"flow": root.flow, "flow_name": self.flow(root).name}

    def emit(self) -> Outcome:
        """The outcome that runs what is due next. The last action of a turn is the last that is due: the question."""
        due = self.due.pop(-1 if self.actions == ACTION_LIMIT - 1 else 0)
        self.actions += 1
        return self._outcome(action=due.action, arguments=dict(due.arguments))

    def listen(self) -> Outcome:
        """The outcome that waits for the customer."""
        self.due, self.answers, self.actions = [], [], 0
        return self._outcome(action=None, arguments={})

    def _outcome(self, *, action: str | None, arguments: dict[str, Any]) -> Outcome:
        state = State(
            stack=tuple(self.stack),
            threads_offered=self.threads_offered,
            due=tuple(self.due),
            answers=tuple(self.answers),
            pending=tuple(self.pending),
            actions=self.actions,
            misses=self.misses,
        )
        return Outcome(state, self.updates, action, arguments, tuple(self.ended), tuple(self.settled))


def same(left: Any, right: Any) -> bool:
    """Whether two slot values are one: true is not 1."""
    return (type(left) is type(right) and bool(left == right)) or (_number(left) and _number(right) and left == right)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def noun(step: Step | None) -> str | None:
    """The noun phrase of the question that a step asks."""
    if step is None:
        return None
    slot = getattr(step, "slot", None)
    fallback = "a choice" if isinstance(step, Offer) else slot and slot.replace("_", " ")
    return step.description or fallback

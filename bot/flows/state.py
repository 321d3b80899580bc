"""Where a dialogue stands and what is to happen next: immutable records that pass through JSON unchanged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

from bot.flows.messages import Entity, Message

NewId = Callable[[], str]
"""Makes a fresh opaque thread id."""

Phase = Literal["ready", "ran", "asked", "answered", "back", "offered"]
"""ready: the step is to be run · ran: its action has been run · asked: the customer is to answer · answered: they have
· back: was interrupted while asked, and asks again when on top · offered: left half-done, waits to be continued."""


@dataclass(frozen=True)
class Frame:
    """A flow in progress. Its `slots` hold its answers while something else is on top of it, and are None otherwise."""

    flow: str
    step: str
    thread: str = ""
    """Opaque id of the thread; empty for a flow that cannot be resumed. A called flow has its caller's."""
    phase: Phase = "ready"
    called: bool = False
    passed: tuple[str, ...] = ()
    """Collect, offer and call steps gone through, in order: where a correction may go back to."""
    skipped: tuple[str, ...] = ()
    misses: int = 0
    listened: bool = False
    """Whether it ever waited for an answer: what makes a digression a task."""
    committed: bool = False
    via: tuple[str, ...] = ()
    """Flows that linked to this one: their triggers are its own."""
    slots: Mapping[str, Any] | None = None
    disturbed: bool = False
    """Whether a flow came between that runs an action of this one, and so may have changed the results it looks at."""
    local: Mapping[str, Any] | None = None
    """Former values of slots that are to be put back when the frame ends."""
    said: Mapping[str, Any] | None = None
    """Intent, entities and text of the message that started it, for its actions."""

    def to_json(self) -> dict[str, Any]:
        """Its fields, defaults left out."""
        return _compact(self)

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Frame:
        """The frame of such fields; unknown ones are ignored."""
        known = {f.name: given[f.name] for f in fields(cls) if f.name in given}
        for name in ("passed", "skipped", "via"):
            known[name] = tuple(known.get(name, ()))
        return cls(**known)


@dataclass(frozen=True)
class Due:
    """An action still to be run in this turn."""

    action: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Request:
    """A flow asked for that waits for its turn."""

    flow: str
    message: Message


@dataclass(frozen=True)
class State:
    """Where a dialogue stands. The last frame of `stack` is on top."""

    stack: tuple[Frame, ...] = ()
    threads_offered: bool = False
    """Whether half-done threads were offered in this session."""
    due: tuple[Due, ...] = ()
    answers: tuple[Request, ...] = ()
    """Questions of the last message, still to be answered in this turn."""
    pending: tuple[Request, ...] = ()
    """Tasks of earlier messages, started when the one at hand ends."""
    actions: int = 0
    """Actions run in this turn."""
    misses: int = 0
    """Messages in a row that were not understood while nothing was open."""

    def to_json(self) -> dict[str, Any]:
        """A small JSON value (about 200 bytes for a flow in progress), defaults left out."""
        return _compact(self)

    @classmethod
    def from_json(cls, given: Mapping[str, Any] | None) -> State:
        """The state of such a value; None gives the first state, unknown keys are ignored."""
        given = given or {}
        return cls(
            stack=tuple(Frame.from_json(frame) for frame in given.get("stack", ())),
            threads_offered=bool(given.get("threads_offered", False)),
            due=tuple(Due(due["action"], due.get("arguments", {})) for due in given.get("due", ())),
            answers=tuple(_request(request) for request in given.get("answers", ())),
            pending=tuple(_request(request) for request in given.get("pending", ())),
            actions=int(given.get("actions", 0)),
            misses=int(given.get("misses", 0)),
        )


def _compact(record: Any) -> dict[str, Any]:
    compact = {}
    for f in fields(record):
        value = getattr(record, f.name)
        if value not in (None, "", (), False, 0, "ready") or f.name in ("flow", "step"):
            compact[f.name] = _plain(value)
    return compact


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Frame):
        return _compact(value)
    if isinstance(value, Due):
        return {"action": value.action, **({"arguments": dict(value.arguments)} if value.arguments else {})}
    if isinstance(value, Request):
        return _plain_request(value)
    return value


def _plain_request(request: Request) -> dict[str, Any]:
    message = request.message
    return {
        "flow": request.flow,
        "text": message.text,
        "intent": message.intent,
        "confidence": message.confidence,
        "entities": [[entity.name, entity.value, entity.role] for entity in message.entities],
    }


def _request(given: Mapping[str, Any]) -> Request:
    message = Message(
        text=given.get("text", ""),
        intent=given.get("intent"),
        confidence=given.get("confidence", 1.0),
        entities=tuple(Entity(name, value, role) for name, value, role in given.get("entities", ())),
    )
    return Request(given["flow"], message)


# --- What comes out --------------------------------------------------------------------------------------------------

How = Literal["completed", "cancelled", "withdrawn"]
"""withdrawn: its flow is no longer there, or cannot go on."""


@dataclass(frozen=True)
class EndedThread:
    """A thread that is over."""

    thread: str
    how: How


@dataclass(frozen=True)
class Settled:
    """A question that is gone past: whether it was answered, and whether to another effect than a skip has."""

    slot: str
    answered: bool
    changed: bool


@dataclass(frozen=True)
class Outcome:
    """What is to happen next: set `slots` (in order), then run `action` with `arguments`, then call engine.proceed with
    `state`; action None: wait for the customer. An offer's arguments hold `buttons`, a list of
    {"title": text, "choice": fields of a Choice}. Everything here is plain JSON."""

    state: State
    slots: dict[str, Any] = field(default_factory=dict)
    action: str | None = None
    arguments: dict[str, Any] = field(default_factory=dict)
    ended: tuple[EndedThread, ...] = ()
    settled: tuple[Settled, ...] = ()


@dataclass(frozen=True)
class ThreadSnapshot:
    """A half-done task as it is kept for later: enough to go on in another session, on another channel."""

    thread: str
    flow: str
    step: str
    slots: Mapping[str, Any]
    description: str
    """The noun phrase of the open question: "You were choosing {description} for ..."."""
    summary_response: str
    """The wording that sums up the answers: utter_summary_<flow>."""
    passed: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    via: tuple[str, ...] = ()
    committed: bool = False
    called: tuple[Mapping[str, Any], ...] = ()
    """How far the flows had come that it was in by a call, outermost first: flow, step, passed, skipped."""

    @property
    def progress(self) -> dict[str, Any]:
        """What the engine alone needs to go on from here: `from_json` takes these fields beside the others."""
        named = ("passed", "skipped", "committed", "called")
        return {name: _json_value(getattr(self, name)) for name in named}

    def to_json(self) -> dict[str, Any]:
        """Its fields as plain JSON."""
        return {f.name: _json_value(getattr(self, f.name)) for f in fields(self)}

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> ThreadSnapshot:
        """The snapshot of such fields; unknown ones are ignored."""
        snapshot = cls(**{f.name: given[f.name] for f in fields(cls) if f.name in given})
        listed: dict[str, Any] = {name: tuple(getattr(snapshot, name)) for name in _TUPLES}
        return replace(snapshot, **listed)


_TUPLES = ("passed", "skipped", "via", "called")


def _json_value(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return dict(value) if isinstance(value, Mapping) else value

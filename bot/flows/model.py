"""What flows are made of: immutable records. The records of messages and of the state can be imported from here too.

Exception
  FlowErrors                     a folder of flows cannot be used; carries every mistake found
  conditions.ConditionError
  messages.ChoiceError
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from bot.flows.conditions import Condition, ConditionError
from bot.flows.messages import CHOOSE, COMMANDS, Choice, ChoiceError, Entity, Message
from bot.flows.state import Due, EndedThread, Frame, How, NewId, Outcome, Phase, Request, Settled, State, ThreadSnapshot
from bot.mistakes import Mistakes

__all__ = [
    "CHOOSE",
    "COMMANDS",
    "END",
    "Act",
    "Branch",
    "Call",
    "Choice",
    "ChoiceError",
    "Collect",
    "Condition",
    "ConditionError",
    "Due",
    "EndedThread",
    "Entity",
    "Flow",
    "FlowErrors",
    "FlowSet",
    "Frame",
    "How",
    "Link",
    "Message",
    "NewId",
    "Noop",
    "Offer",
    "Option",
    "Outcome",
    "Phase",
    "Reach",
    "Rejection",
    "Request",
    "SetSlots",
    "Settled",
    "Source",
    "State",
    "Step",
    "ThreadSnapshot",
    "Trigger",
]

END = "END"
"""Target of a `next` that ends the flow."""


@dataclass(frozen=True)
class Trigger:
    """An intent that starts a flow when it is predicted with at least this confidence."""

    intent: str
    confidence_threshold: float = 0.0


@dataclass(frozen=True)
class Branch:
    """Where a step leads when the condition holds (None: always). Target: a step id or END."""

    condition: Condition | None
    target: str


@dataclass(frozen=True)
class Rejection:
    """When an answer is refused, and the wording that says so."""

    condition: Condition
    utter: str


@dataclass(frozen=True)
class Source:
    """Where an answer comes from. Kind `entity` (with `entity`), `bool`, `text`, or `intent` (with `intents`)."""

    kind: Literal["entity", "bool", "text", "intent"]
    entity: str | None = None
    intents: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Step:
    """What all steps have. `next` is never empty: its last branch has no condition."""

    id: str
    next: tuple[Branch, ...]
    line: int = 0
    named: bool = True
    """Whether the id was written in the file; made-up ids may change with an edit."""
    aliases: tuple[str, ...] = ()
    consumes: str | None = None
    """`preference`: the step acts on something remembered of the customer."""
    description: str | None = None


@dataclass(frozen=True, kw_only=True)
class Collect(Step):
    """Asks for a slot unless its answer is known. `condition` false: the slot is set to null and nothing is asked."""

    slot: str
    ask: str
    """The wording or action that asks."""
    source: Source
    condition: Condition | None = None
    ask_before_filling: bool = False
    reset_after_flow_ends: bool = True
    rejections: tuple[Rejection, ...] = ()
    skippable: bool = True
    default: Any = None
    none: Any = None
    """The value that stands for "without": what the role `not` sets instead of clearing the slot."""

    @property
    def asks_to_know(self) -> bool:
        """Whether it asks for something, and not for leave to go on."""
        return self.source.kind != "intent"


@dataclass(frozen=True, kw_only=True)
class Act(Step):
    """Runs an action or says a wording. `commits`: answers given before it can no longer be corrected."""

    action: str
    commits: bool = False


@dataclass(frozen=True)
class Option:
    """One choice of an offer. `next` None: the offer's own next."""

    id: str
    title: str
    set: Mapping[str, Any] = field(default_factory=dict)
    next: str | None = None


@dataclass(frozen=True, kw_only=True)
class Offer(Step):
    """Shows choices and waits. `say` is a wording (the engine passes the options as `buttons`) or an action that shows
    its own. `exit`: where a refusal ("none of these", skip) leads; None: to `next`."""

    say: str
    options: tuple[Option, ...] = ()
    exit: str | None = None


@dataclass(frozen=True, kw_only=True)
class SetSlots(Step):
    """Sets slots to fixed values."""

    values: tuple[tuple[str, Any], ...]


@dataclass(frozen=True, kw_only=True)
class Link(Step):
    """Ends this flow and goes on with another; what both use is kept."""

    flow: str


@dataclass(frozen=True, kw_only=True)
class Call(Step):
    """Runs another flow inside this one, then goes on."""

    flow: str


@dataclass(frozen=True, kw_only=True)
class Noop(Step):
    """Does nothing but branch."""


@dataclass(frozen=True)
class Flow:
    """A dialogue a marketer edits. `steps` is flat and in file order: nested steps follow the one they hang on."""

    id: str
    name: str
    description: str
    steps: Mapping[str, Step]
    first: str
    guard: Condition | None = None
    triggers: tuple[Trigger, ...] = ()
    persisted_slots: frozenset[str] = frozenset()
    resumable: bool | None = None
    """None until the flow set is indexed."""
    consumes: str | None = None
    file: str = ""
    line: int = 0

    @cached_property
    def aliases(self) -> Mapping[str, str]:
        """Former step ids and what they are called now."""
        return {alias: step.id for step in self.steps.values() for alias in step.aliases}

    @cached_property
    def collects(self) -> tuple[Collect, ...]:
        """Its collect steps in file order."""
        return tuple(step for step in self.steps.values() if isinstance(step, Collect))


@dataclass(frozen=True)
class Reach:
    """What can happen within a flow, its calls and links included."""

    asks: bool
    """Whether it may wait for the customer: such a flow is a task, any other only answers."""
    collects: Mapping[str, Collect]
    """Collect steps by slot; of several the flow's own, else the first."""
    sets: frozenset[str]
    """Slots it collects or sets: those reset at its end unless persisted."""
    reads: frozenset[str]
    """All slots it names."""
    kept: frozenset[str]
    """Those of `sets` that outlive it."""
    actions: frozenset[str]
    """Custom actions it runs."""


@dataclass(frozen=True)
class FlowSet:
    """All flows at one revision."""

    flows: Mapping[str, Flow]
    revision: str
    """A hash of the content: equal content, equal revision."""
    triggers: Mapping[str, tuple[tuple[Flow, float], ...]]
    """By intent: flows it may start with their confidence thresholds, guarded ones first."""
    reach: Mapping[str, Reach]
    """By flow, calls and links included."""
    within: Mapping[str, Reach]
    """By flow, calls included, links not: what a flow itself owns."""
    wording: frozenset[str] | None = None
    """Names of the wording known when it was loaded; None: not known."""

    def get(self, flow: str) -> Flow | None:
        """The flow of that id, or None."""
        return self.flows.get(flow)

    @cached_property
    def kept(self) -> frozenset[str]:
        """Slots that outlive some flow."""
        return frozenset().union(*(reach.kept for reach in self.within.values()))


class FlowErrors(Mistakes):
    """A folder of flows cannot be used."""

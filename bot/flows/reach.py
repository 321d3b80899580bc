"""What can happen within each flow, so that the engine looks nothing up by walking flows while a customer waits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from bot.flows.model import Act, Call, Collect, Flow, FlowSet, Link, Offer, Reach, SetSlots, Step


def index(flows: Mapping[str, Flow], *, revision: str, wording: frozenset[str] | None) -> FlowSet:
    """The flow set of these flows. A flow whose `resumable` is None resumes when it, or a flow it calls, collects."""
    within = {flow.id: _reach(flow, flows, links=False) for flow in flows.values()}
    reach = {flow.id: _reach(flow, flows, links=True) for flow in flows.values()}
    decided = {
        flow.id: flow if flow.resumable is not None else replace(flow, resumable=bool(within[flow.id].collects))
        for flow in flows.values()
    }
    return FlowSet(
        flows=decided,
        revision=revision,
        triggers=_triggers(decided),
        reach=reach,
        within=within,
        wording=wording,
    )


def slots_read(step: Step) -> Iterator[str]:
    """Slots that the conditions of a step look at."""
    for branch in step.next:
        if branch.condition:
            yield from branch.condition.slots
    if isinstance(step, Collect):
        if step.condition:
            yield from step.condition.slots
        for rejection in step.rejections:
            yield from rejection.condition.slots


def slots_set(step: Step) -> Iterator[str]:
    """Slots that a step collects or sets."""
    if isinstance(step, Collect):
        yield step.slot
    if isinstance(step, SetSlots):
        yield from (name for name, _ in step.values)
    if isinstance(step, Offer):
        for option in step.options:
            yield from option.set


def targets(step: Step) -> Iterator[str]:
    """Every place a step may lead to within its flow."""
    yield from (branch.target for branch in step.next)
    if isinstance(step, Offer):
        yield from (option.next for option in step.options if option.next is not None)
        if step.exit is not None:
            yield step.exit


def _custom_actions(step: Step) -> Iterator[str]:
    run = step.action if isinstance(step, Act) else step.say if isinstance(step, Offer) else ""
    if run.startswith("action_"):
        yield run


def _triggers(flows: Mapping[str, Flow]) -> dict[str, tuple[tuple[Flow, float], ...]]:
    found: dict[str, list[tuple[Flow, float]]] = {}
    for flow in flows.values():
        for trigger in flow.triggers:
            found.setdefault(trigger.intent, []).append((flow, trigger.confidence_threshold))
    return {intent: tuple(sorted(by, key=lambda pair: pair[0].guard is None)) for intent, by in found.items()}


def _reach(flow: Flow, flows: Mapping[str, Flow], *, links: bool) -> Reach:
    collects: dict[str, Collect] = {}
    sets: set[str] = set()
    reads: set[str] = set()
    kept: set[str] = set()
    actions: set[str] = set()
    asks = False
    for each in _connected(flow, flows, links=links):
        kept |= each.persisted_slots
        for step in each.steps.values():
            sets.update(slots_set(step))
            reads.update(slots_read(step))
            actions.update(_custom_actions(step))
            asks = asks or isinstance(step, Collect | Offer)
            if isinstance(step, Collect):
                collects.setdefault(step.slot, step)
                kept |= set() if step.reset_after_flow_ends else {step.slot}
    return Reach(
        asks=asks,
        collects=collects,
        sets=frozenset(sets),
        reads=frozenset(reads | sets),
        kept=frozenset(kept),
        actions=frozenset(actions),
    )


def _connected(flow: Flow, flows: Mapping[str, Flow], *, links: bool) -> list[Flow]:
    found = {flow.id: flow}
    waiting = [flow]
    while waiting:
        current = waiting.pop(0)
        for step in current.steps.values():
            # What a called flow links to returns to the caller as well, so it is within it.
            follows = links or current is not flow
            if isinstance(step, Call) or (follows and isinstance(step, Link)):
                target = flows.get(step.flow)
                if target and target.id not in found:
                    found[target.id] = target
                    waiting.append(target)
    return list(found.values())

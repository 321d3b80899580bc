"""Finds what an edit takes away from conversations that are under way: flows, steps and answers they still need."""

from __future__ import annotations

from collections.abc import Iterator

from bot.flows.findings import Finding, finding
from bot.flows.model import Call, Collect, Flow, FlowSet, Offer
from bot.flows.reach import slots_read


def removed(flows: FlowSet, previous: FlowSet) -> Iterator[Finding]:
    """What was there in `previous`, the revision that runs, and is needed there."""
    for before in previous.flows.values():
        flow = flows.get(before.id)
        if flow is None:
            if before.resumable:
                message = (
                    f"the flow {before.id!r} is removed: conversations in it end, and its threads cannot be resumed"
                )
                cure = "keep it until its threads are done"
                yield Finding(before.file, 1, message, cure, "warning", before.id)
            continue
        for step in before.steps.values():
            waits = isinstance(step, Collect | Offer | Call)
            if waits and step.id not in flow.steps and step.id not in flow.aliases:
                yield Finding(
                    flow.file,
                    flow.line,
                    f"the step {step.id!r} is removed, and conversations may stand at it",
                    f"add aliases: [{step.id}] to the step that takes its place",
                    flow=flow.id,
                    step=step.id,
                )
        yield from _no_longer_collected(flow, before, flows=flows, previous=previous)


def _no_longer_collected(flow: Flow, before: Flow, *, flows: FlowSet, previous: FlowSet) -> Iterator[Finding]:
    lost = previous.within[before.id].sets - flows.within[flow.id].sets
    for step in flow.steps.values():
        for slot in dict.fromkeys(slots_read(step)):
            if slot in lost:
                yield finding(
                    flow,
                    step,
                    f"the slot {slot!r} is still looked at, but the flow no longer collects or sets it",
                    "collect it again, or drop the condition",
                )

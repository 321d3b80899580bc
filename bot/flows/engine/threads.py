"""What is half-done, as snapshots: enough of a flow in progress to go on elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.flows.engine.work import noun
from bot.flows.model import FlowSet, Frame, ThreadSnapshot


def snapshots(flows: FlowSet, stack: Sequence[Frame], slots: Mapping[str, Any]) -> tuple[ThreadSnapshot, ...]:
    """Every half-done resumable flow on the stack, newest first. A flow counts as half-done once it has asked."""
    found: list[ThreadSnapshot] = []
    end = len(stack)
    for index in range(len(stack) - 1, -1, -1):
        if stack[index].called and index > 0:
            continue
        chain, end = stack[index:end], index
        snapshot = _snapshot(flows, chain, slots)
        if snapshot:
            found.append(snapshot)
    return tuple(found)


def reads_of(flows: FlowSet, chain: Sequence[Frame]) -> frozenset[str]:
    """All slots that the flows of these frames name, and those of the flows that linked to them."""
    return frozenset().union(*(flows.reach[flow].reads for flow in _flows_of(flows, chain)))


def sets_of(flows: FlowSet, chain: Sequence[Frame]) -> frozenset[str]:
    """All slots that they collect or set."""
    return frozenset().union(*(flows.reach[flow].sets for flow in _flows_of(flows, chain)))


def _flows_of(flows: FlowSet, chain: Sequence[Frame]) -> set[str]:
    return {flow for frame in chain for flow in (frame.flow, *frame.via) if flow in flows.reach}


def _snapshot(flows: FlowSet, chain: Sequence[Frame], slots: Mapping[str, Any]) -> ThreadSnapshot | None:
    root, top = chain[0], chain[-1]
    flow, inner = flows.get(root.flow), flows.get(top.flow)
    if not flow or not inner or not flow.resumable or not root.thread or not any(frame.listened for frame in chain):
        return None
    reads = reads_of(flows, chain)
    known = slots if top.slots is None else top.slots
    return ThreadSnapshot(
        thread=root.thread,
        flow=root.flow,
        step=root.step,
        slots={slot: known[slot] for slot in sorted(reads) if known.get(slot) is not None},
        description=noun(inner.steps.get(top.step)) or flow.name,
        summary_response=f"utter_summary_{root.flow}",
        passed=root.passed,
        skipped=root.skipped,
        via=root.via,
        committed=root.committed,
        called=tuple(_place(frame) for frame in chain[1:]),
    )


def _place(frame: Frame) -> dict[str, Any]:
    return {"flow": frame.flow, "step": frame.step, "passed": list(frame.passed), "skipped": list(frame.skipped)}

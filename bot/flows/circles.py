"""Finds ways round, within and across flows, on which nothing waits for the customer."""

from __future__ import annotations

import graphlib
from collections.abc import Iterator

from bot.flows.findings import Finding, finding
from bot.flows.model import Call, Collect, Flow, FlowSet, Link, Offer
from bot.flows.reach import targets

_Node = tuple[str, str]


def circles(flows: FlowSet) -> Iterator[Finding]:
    """An error for each such way, at the first of its steps."""
    graph = {node: set(_following(node, flows)) for node in _silent_nodes(flows)}
    while True:
        try:
            graphlib.TopologicalSorter(graph).prepare()
            return
        except graphlib.CycleError as error:
            circle: list[_Node] = error.args[1]
        flow_id, step_id = min(circle)
        flow = flows.flows[flow_id]
        way = " -> ".join(step for _, step in reversed(circle))
        yield finding(
            flow,
            flow.steps[step_id],
            f"the flow goes in circles without asking: {way}",
            "ask or offer something on the way, or lead out of it",
        )
        for node in set(circle):
            graph.pop(node, None)


def _silent_nodes(flows: FlowSet) -> Iterator[_Node]:
    for flow in flows.flows.values():
        for step in flow.steps.values():
            if not isinstance(step, Collect | Offer):
                yield flow.id, step.id


def _following(node: _Node, flows: FlowSet) -> Iterator[_Node]:
    flow = flows.flows[node[0]]
    step = flow.steps[node[1]]
    within = [] if isinstance(step, Link) else list(targets(step))
    # A called flow that always asks before it returns breaks the circle around the call.
    if isinstance(step, Call) and step.flow in flows.flows and _always_asks(flows.flows[step.flow]):
        within = []
    for target in within:
        if target in flow.steps and not isinstance(flow.steps[target], Collect | Offer):
            yield flow.id, target
    if isinstance(step, Call | Link) and step.flow in flows.flows:
        entered = flows.flows[step.flow]
        first = entered.steps.get(entered.first)
        if first and not isinstance(first, Collect | Offer):
            yield entered.id, entered.first


def _always_asks(flow: Flow) -> bool:
    first = flow.steps.get(flow.first)
    return isinstance(first, Offer) or (isinstance(first, Collect) and first.condition is None)

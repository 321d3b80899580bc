"""Finds what loads but will not do in flows: dead ends, circles, words and actions that are missing, choices withheld.

An `error` finding blocks publishing; a `warning` is shown.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator

from bot.flows.circles import circles
from bot.flows.edits import removed
from bot.flows.findings import Finding, finding
from bot.flows.model import END, Act, Call, Collect, Flow, FlowSet, Link, Offer, Step
from bot.flows.reach import slots_read, slots_set, targets

SYSTEM_WORDING = (
    "utter_flow_back",
    "utter_flow_cancelled",
    "utter_flow_nothing_to_cancel",
    "utter_flow_started_over",
    "utter_slot_corrected",
    "utter_not_understood",
    "utter_offer_human",
    "utter_skip_refused",
    "utter_choice_expired",
    "utter_action_failed",
)
"""What the engine itself says."""

SYSTEM_ACTIONS = ("action_offer_threads", "action_unknown_request")
"""What the engine itself runs."""

SYSTEM_SLOTS = ("threads_waiting",)
"""What the engine itself looks at."""

_OPTIONS_WANTED = 2  # A single option is no choice.


def lint(
    flows: FlowSet,
    *,
    wording: Collection[str] | None = None,
    actions: Collection[str] | None = None,
    slots: Collection[str] | None = None,
    responses: Collection[str] | None = None,
    previous: FlowSet | None = None,
) -> list[Finding]:
    """All findings, by file and line.

    `wording` and `responses` name what can be said, `actions` what can be run, `slots` those of the domain; what is
    None is not checked. `previous` is the revision that runs: steps removed since then need an alias, so that
    conversations which stand at them can go on.
    """
    said = None if wording is None and responses is None else {*(wording or ()), *(responses or ())}
    findings = [*_system(flows, said=said, actions=actions), *_rivals(flows)]
    for flow in flows.flows.values():
        findings += _unreachable(flow)
        findings += _targets(flow, flows)
        findings += _runnable(flow, said=said, actions=actions)
        findings += _slots(flow, flows, known=slots)
        findings += _preferences(flow)
    findings += circles(flows)
    if previous is not None:
        findings += removed(flows, previous)
    return sorted(findings, key=lambda each: (each.file, each.line, each.message))


def _unreachable(flow: Flow) -> Iterator[Finding]:
    reached, waiting = {flow.first}, [flow.first]
    while waiting:
        step = flow.steps.get(waiting.pop())
        # A link ends the flow, so what stands behind it is not led to.
        following = set() if step is None or isinstance(step, Link) else set(targets(step)) - reached - {END}
        reached |= following
        waiting.extend(following)
    for step in flow.steps.values():
        if step.id not in reached:
            yield finding(flow, step, f"the step {step.id!r} is never reached", "lead to it by a next, or remove it")


def _targets(flow: Flow, flows: FlowSet) -> Iterator[Finding]:
    for step in flow.steps.values():
        if isinstance(step, Call | Link) and step.flow not in flows.flows:
            near = difflib.get_close_matches(step.flow, flows.flows, n=1)
            cure = f"did you mean {near[0]!r}?" if near else "write the id of a flow"
            yield finding(flow, step, f"there is no flow {step.flow!r}", cure)


def _runnable(flow: Flow, *, said: Collection[str] | None, actions: Collection[str] | None) -> Iterator[Finding]:
    for step in flow.steps.values():
        for name in _runs(step):
            if name.startswith("utter_") and said is not None and name not in said:
                yield finding(flow, step, f"there is no wording {name!r}", f"add {name} to data/wording")
            if name.startswith("action_") and actions is not None and name not in actions:
                near = difflib.get_close_matches(name, actions, n=1)
                cure = f"did you mean {near[0]!r}?" if near else "write the action, or say a wording instead"
                yield finding(flow, step, f"there is no action {name!r}", cure)
    summary = f"utter_summary_{flow.id}"
    if flow.resumable and said is not None and summary not in said:
        yield finding(flow, None, f"there is no wording {summary!r} to sum up what was left", f"add {summary}")


def _runs(step: Step) -> Iterator[str]:
    if isinstance(step, Act):
        yield step.action
    if isinstance(step, Offer):
        yield step.say
    if isinstance(step, Collect):
        yield step.ask
        yield from (rejection.utter for rejection in step.rejections)


def _system(flows: FlowSet, *, said: Collection[str] | None, actions: Collection[str] | None) -> Iterator[Finding]:
    place = next(iter(flows.flows.values()), None)
    file = place.file if place else ""
    for name in SYSTEM_WORDING:
        if said is not None and name not in said:
            yield Finding(file, 1, f"there is no wording {name!r}", f"add {name} to data/wording")
    for name in SYSTEM_ACTIONS:
        if actions is not None and name not in actions:
            yield Finding(file, 1, f"there is no action {name!r}", "write the action")


def _slots(flow: Flow, flows: FlowSet, *, known: Collection[str] | None) -> Iterator[Finding]:
    set_somewhere = {slot for reach in flows.within.values() for slot in reach.sets} | set(SYSTEM_SLOTS)
    acts = any(isinstance(step, Act) for each in _connected(flow, flows) for step in each.steps.values())
    for step in flow.steps.values():
        for slot in dict.fromkeys(slots_set(step)):
            if known is not None and slot not in known:
                yield finding(flow, step, f"the slot {slot!r} is not in the domain", "add it to domain.yml")
        for slot in dict.fromkeys(slots_read(step)):
            if known is not None and slot not in known:
                yield finding(flow, step, f"the slot {slot!r} is not in the domain", "add it to domain.yml")
            elif slot not in set_somewhere and not acts:
                yield finding(
                    flow,
                    step,
                    f"the slot {slot!r} is looked at, but nothing collects or sets it",
                    "collect it, set it, or run an action that does",
                    severity="error" if known is None else "warning",
                )
    for slot in flow.guard.slots if flow.guard else ():
        if known is not None and slot not in known:
            yield finding(flow, None, f"the slot {slot!r} of the guard is not in the domain", "add it to domain.yml")


def _connected(flow: Flow, flows: FlowSet) -> list[Flow]:
    """The flow and those from which, or into which, a call or link leads."""
    linked = {flow.id}
    for each in flows.flows.values():
        named = {step.flow for step in each.steps.values() if isinstance(step, Call | Link)}
        if each.id == flow.id:
            linked |= named
        elif flow.id in named:
            linked.add(each.id)
    return [flows.flows[name] for name in linked if name in flows.flows]


def _preferences(flow: Flow) -> Iterator[Finding]:
    using = [step for step in flow.steps.values() if step.consumes == "preference"]
    for step in using:
        if not isinstance(step, Offer):
            yield finding(
                flow,
                step,
                f"the step {step.id!r} uses a remembered preference without offering a choice",
                f"make it an offer with at least {_OPTIONS_WANTED} options and an exit",
            )
            continue
        if step.say.startswith("utter_") and len(step.options) < _OPTIONS_WANTED:
            yield finding(
                flow,
                step,
                f"the offer {step.id!r} uses a remembered preference and shows fewer than {_OPTIONS_WANTED} options",
                "add an option that is not from memory",
            )
        if step.exit is None:
            yield finding(
                flow,
                step,
                f"the offer {step.id!r} uses a remembered preference and has no exit",
                "add exit: END, or the step that asks openly",
            )
    if flow.consumes == "preference" and not using:
        yield finding(
            flow,
            None,
            f"the flow {flow.id!r} uses a remembered preference, but no step says where",
            "mark the offer that does with consumes: preference",
        )


def _rivals(flows: FlowSet) -> Iterator[Finding]:
    for intent, started in flows.triggers.items():
        unguarded = [flow for flow, _ in started if flow.guard is None]
        for flow in unguarded[1:]:
            yield finding(
                flow,
                None,
                f"the intent {intent!r} also starts the flow {unguarded[0].id!r}, so it never starts this one",
                "give one of the two an `if`, or another intent",
            )

"""Starting, interrupting, restoring and ending flows: a flow's answers are its own, whatever comes on top of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.flows.engine.threads import reads_of, sets_of, snapshots
from bot.flows.engine.work import STACK_LIMIT, Work
from bot.flows.model import Flow, Frame, How, Link, Message, Request


def start(work: Work, flow: Flow, *, thread: str | None = None) -> None:
    """Puts a flow on the stack, interrupting what is on top. It begins without the answers of those it interrupts."""
    interrupt(work)
    reach = work.flows.reach[flow.id]
    below = set().union(*(work.flows.reach[frame.flow].sets for frame in work.stack if frame.flow in work.flows.reach))
    for slot in (reach.sets - reach.kept) & below:
        work.set(slot, None)
    if thread is None:
        thread = work.new_id() if flow.resumable else ""
    push(work, Frame(flow=flow.id, step=flow.first, thread=thread))


def push(work: Work, frame: Frame) -> None:
    """Puts a frame on top of those that were set aside, noting whose results it may change."""
    actions = work.flows.reach[frame.flow].actions
    work.stack = [
        below if actions.isdisjoint(work.flows.reach[below.flow].actions) else replace(below, disturbed=True)
        for below in work.stack
    ]
    work.stack.append(frame)
    shed(work)


def start_answer(work: Work, request: Request) -> None:
    """Puts a flow on the stack that only answers. The entities of the question are slots as long as it lasts."""
    flow = work.flows.get(request.flow)
    if flow is None:
        return
    start(work, flow)
    said = {entity.name: entity.value for entity in request.message.entities if entity.role in (None, "to")}
    local = {name: work.slots[name] for name in said if name in work.slots and work.slots[name] != said[name]}
    for name in local:
        work.set(name, said[name])
    work.change(said=_said(request.message, said), local=local or None)


def interrupt(work: Work) -> None:
    """Sets the flow on top aside: its answers go into its frame until it is restored."""
    top = work.top
    if top is None or top.slots is not None:
        return
    reads = reads_of(work.flows, work.chain())
    kept = {slot: value for slot in reads if (value := work.slots.get(slot)) is not None}
    work.change(slots=kept, phase="back" if top.phase == "asked" else top.phase)


def restore(work: Work) -> None:
    """Makes the flow on top live again, with the answers it had. What it lacked may have been left behind on purpose by
    a flow that persists it. A slot it only looks at may be newer (the customer has signed in): it is put back where it
    is empty, or where a flow came between that runs the same actions."""
    top = work.top
    if top is None or top.slots is None:
        return
    chain = work.chain()
    disturbed = any(frame.disturbed for frame in chain)
    own = reads_of(work.flows, chain) if disturbed else sets_of(work.flows, chain)
    put_back(work, top.slots, own=own)
    work.stack[work.root() :] = [replace(frame, disturbed=False, slots=None) for frame in chain]


def put_back(work: Work, values: Mapping[str, Any], *, own: frozenset[str]) -> None:
    """Gives its own slots these values, or none; but what outlives a flow stays where there is no value for it. Other
    slots get their values only where they are empty."""
    for slot in own:
        if slot in values or slot not in work.flows.kept:
            work.set(slot, values.get(slot))
    for slot, value in values.items():
        if slot not in own and work.slots.get(slot) is None:
            work.set(slot, value)


def end(work: Work, how: How) -> None:
    """Takes the flow on top off the stack and turns to what is below it: its caller goes on; a flow that a mere answer
    interrupted asks again; after a task the next one asked for begins, else what is half-done is offered."""
    frame = work.stack.pop()
    if frame.called and work.stack:
        _return_to_caller(work, frame)
        return
    work.end_thread(frame, how)
    _reset(work, frame)
    for slot, value in (frame.local or {}).items():
        work.set(slot, value)
    if not work.stack:
        return
    if not frame.listened:
        _resume_after_answer(work, frame)
    else:
        offer_back(work)


def drop(work: Work, how: How) -> None:
    """Takes the flow on top off the stack together with its callers, and turns to what is below."""
    root = work.root()
    frame = work.stack[root]
    for called in work.stack[root + 1 :]:
        _reset(work, called)
    del work.stack[root + 1 :]
    # A task given up is a task even when it has not asked anything yet.
    work.stack[root] = replace(frame, listened=True, called=False)
    end(work, how)


def offer_back(work: Work) -> None:
    """Offers the half-done flows that are left, unless another task waits for its turn."""
    while work.stack and not work.pending:
        root = work.root()
        if work.flow(work.stack[root]).resumable:
            park(work)
            return
        del work.stack[root:]  # What cannot be resumed is over without a word.


def park(work: Work) -> None:
    """Leaves the flow on top half-done and offers to continue it."""
    interrupt(work)
    work.change(phase="offered")
    work.threads_offered = True
    work.say("action_offer_threads", threads=[s.to_json() for s in snapshots(work.flows, work.stack, work.slots)])


def continue_top(work: Work) -> None:
    """Goes on with the flow that was left on top: its question is asked again."""
    restore(work)
    work.change(phase="ready")


def start_over(work: Work) -> None:
    """Begins the flow on top from the start, under the same thread, without its answers."""
    root = work.root()
    frame = work.stack[root]
    forget(work, work.chain())
    del work.stack[root + 1 :]
    flow = work.flows.get(frame.via[0]) if frame.via else None
    flow = flow or work.flow(frame)
    work.stack[root] = Frame(flow=flow.id, step=flow.first, thread=frame.thread, listened=True, local=frame.local)
    work.say("utter_flow_started_over", **work.about(work.stack[root]))


def forget(work: Work, chain: list[Frame]) -> None:
    """Empties every slot that these frames collect or set."""
    for slot in sets_of(work.flows, chain):
        work.set(slot, None)


def follow_link(work: Work, step: Link) -> None:
    """Goes on with another flow in the place of the top one. Its answers stay until that one ends; what it took for
    flows it could have linked to, but did not, is reset."""
    frame = work.stack[-1]
    target = work.flows.get(step.flow)
    if target is None:
        end(work, "completed")
        return
    reach, own = work.flows.reach[frame.flow], work.flows.within[frame.flow].sets
    for slot in reach.sets - own - reach.kept - work.flows.reach[target.id].reads:
        work.set(slot, None)
    thread = frame.thread or (work.new_id() if target.resumable and not frame.called else "")
    via = tuple(dict.fromkeys((*frame.via, frame.flow)))
    work.stack[-1] = Frame(
        flow=target.id,
        step=target.first,
        thread=thread,
        called=frame.called,
        listened=frame.listened,
        via=via,
        local=frame.local,
        said=frame.said,
    )


def _return_to_caller(work: Work, frame: Frame) -> None:
    caller = work.stack[-1]
    work.change(phase="ran", listened=caller.listened or frame.listened)


def _resume_after_answer(work: Work, answer: Frame) -> None:
    below = work.stack[-1]
    if below.phase == "offered":
        return
    greeted = (answer.said or {}).get("intent") == "greet"
    if greeted and below.phase == "back" and work.flow(work.stack[work.root()]).resumable:
        park(work)
        return
    restore(work)


def _reset(work: Work, frame: Frame) -> None:
    for flow in (*frame.via, frame.flow):
        within = work.flows.within.get(flow)
        if within:
            for slot in within.sets - within.kept:
                work.set(slot, None)


def _said(message: Message, entities: Mapping[str, Any]) -> dict[str, Any]:
    return {"intent": message.intent, "entities": dict(entities), "text": message.text}


def shed(work: Work) -> None:
    """Lets the oldest flow fall off a stack that has grown too high; its thread stays open where threads are kept."""
    while len(work.stack) > STACK_LIMIT:
        following = next((i for i, frame in enumerate(work.stack) if i and not frame.called), None)
        if following is None:
            return
        del work.stack[:following]

"""State and message in, next action and new state out: the engine decides what to do, and does nothing itself.

A turn: `receive` once, run the action of its outcome, `proceed`, run, `proceed` ... until the action is None. Given
equal input the engine gives equal output; it never raises for what a customer says or for flows edited in between.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.flows.engine import frames
from bot.flows.engine.advance import run
from bot.flows.engine.receive import takes, understand
from bot.flows.engine.repair import repair, settle
from bot.flows.engine.threads import sets_of, snapshots
from bot.flows.engine.work import ACTION_LIMIT, Work
from bot.flows.model import Call, FlowSet, Frame, Message, NewId, Outcome, State, ThreadSnapshot

__all__ = [
    "ACTION_LIMIT", "is_answer", "new_session", "open_threads", "proceed", "receive", "restart", "resume", "withdraw",
]  # fmt: skip

_NOTHING: Mapping[str, Any] = {}


def receive(
    flows: FlowSet,
    state: State,
    messages: Sequence[Message],
    *,
    slots: Mapping[str, Any],
    context: Mapping[str, Any] = _NOTHING,
    new_id: NewId,
) -> Outcome:
    """The first step after a customer's message: usually one Message, several when it holds several requests.

    `slots` are the current values of all slots, `context` what conditions may ask of (channel, language), `new_id`
    makes thread ids. What an interrupted turn left to be said is dropped.
    """
    fresh = replace(state, due=(), answers=(), actions=0)
    work = Work(flows, fresh, slots=slots, context=context, new_id=new_id)
    repair(work)
    settle(work)
    understand(work, messages)
    return run(work)


def proceed(
    flows: FlowSet,
    state: State,
    *,
    slots: Mapping[str, Any],
    context: Mapping[str, Any] = _NOTHING,
    new_id: NewId,
) -> Outcome:
    """The next step after the action of the last outcome was run; `slots` hold what it has set."""
    work = Work(flows, state, slots=slots, context=context, new_id=new_id)
    repair(work)
    return run(work)


def is_answer(flows: FlowSet, state: State, intent: str) -> bool:
    """Whether a bare yes (affirm) or no (deny) answers the open question, if there is one."""
    work = Work(flows, state, slots=_NOTHING, context=_NOTHING, new_id=str)
    repair(work)
    return takes(work.asked(), intent)


def open_threads(flows: FlowSet, state: State, slots: Mapping[str, Any]) -> tuple[ThreadSnapshot, ...]:
    """All half-done resumable flows of this dialogue, newest first. Best asked for when a turn ends."""
    return snapshots(flows, state.stack, slots)


def resume(
    flows: FlowSet,
    state: State,
    snapshot: ThreadSnapshot,
    *,
    slots: Mapping[str, Any],
    context: Mapping[str, Any] = _NOTHING,
) -> Outcome:
    """Puts a kept thread on top with its answers, and asks its open question. What was on top stays half-done below it.

    A thread that is on the stack already is taken from there. One whose flow is gone ends as withdrawn.
    """
    work = _with_thread(flows, state, snapshot, slots=slots, context=context)
    return run(work)


def restart(
    flows: FlowSet,
    state: State,
    snapshot: ThreadSnapshot,
    *,
    slots: Mapping[str, Any],
    context: Mapping[str, Any] = _NOTHING,
) -> Outcome:
    """Puts a kept thread on top without its answers: the same thread, begun anew (utter_flow_started_over)."""
    work = _with_thread(flows, state, snapshot, slots=slots, context=context)
    if work.top and work.top.thread == snapshot.thread:
        frames.start_over(work)
    return run(work)


def withdraw(flows: FlowSet, state: State, thread: str, *, slots: Mapping[str, Any]) -> Outcome:
    """The state without that thread, its answers reset; for "forget that". Says nothing: the caller does, and asks
    `proceed` for what comes next if the turn goes on."""
    work = Work(flows, state, slots=slots, context=_NOTHING, new_id=_no_id)
    repair(work)
    _take_out(work, thread)
    settle(work)
    outcome = work.listen()
    return replace(outcome, state=replace(outcome.state, actions=state.actions, due=state.due))


def new_session(state: State) -> State:
    """The same state in a new session: half-done threads may be offered again."""
    return replace(state, threads_offered=False)


def _with_thread(
    flows: FlowSet, state: State, snapshot: ThreadSnapshot, *, slots: Mapping[str, Any], context: Mapping[str, Any]
) -> Work:
    work = Work(flows, state, slots=slots, context=context, new_id=_no_id)
    repair(work)
    found = _take_out(work, snapshot.thread, keep=True)
    frames.interrupt(work)
    if found:
        work.stack.extend(found)
        frames.continue_top(work)
        return work
    flow = flows.get(snapshot.flow)
    if flow is None:
        work.end_thread(Frame(snapshot.flow, snapshot.step, snapshot.thread), "withdrawn")
        work.say("utter_choice_expired")
        return work
    frame = Frame(
        flow=flow.id,
        step=snapshot.step,
        thread=snapshot.thread,
        passed=snapshot.passed,
        skipped=snapshot.skipped,
        via=snapshot.via,
        listened=True,
        committed=snapshot.committed,
    )
    # Elsewhere nobody knows what the flow's actions had found out, so all it looks at is put back.
    frames.put_back(work, snapshot.slots, own=sets_of(flows, [frame]) | snapshot.slots.keys())
    frames.push(work, frame)
    _go_into_calls(work, snapshot)
    repair(work)
    return work


def _go_into_calls(work: Work, snapshot: ThreadSnapshot) -> None:
    """Puts the called flows back where they were; from one on that was edited since, they are called anew."""
    for place in snapshot.called:
        caller, flow = work.stack[-1], work.flows.get(place["flow"])
        step = work.step()
        if flow is None or place["step"] not in flow.steps or not isinstance(step, Call) or step.flow != flow.id:
            return
        work.change(phase="ran")
        passed, skipped = tuple(place["passed"]), tuple(place["skipped"])
        work.stack.append(Frame(flow.id, place["step"], caller.thread, called=True, passed=passed, skipped=skipped))


def _take_out(work: Work, thread: str, *, keep: bool = False) -> list[Frame]:
    """Takes the frames of a thread off the stack. Those on top are set aside first, so that they keep their answers."""
    indices = [i for i, frame in enumerate(work.stack) if thread and frame.thread == thread]
    if not indices:
        return []
    if indices[-1] == len(work.stack) - 1 and work.stack[-1].slots is None:
        if keep:
            frames.interrupt(work)
        else:
            frames.forget(work, work.chain())
    taken = [work.stack[i] for i in indices]
    work.stack = [frame for i, frame in enumerate(work.stack) if i not in indices]
    return taken


def _no_id() -> str:
    return ""

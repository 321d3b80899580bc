"""Runs steps until something is to be said, run or waited for. Every turn ends in a listen, after at most 8 actions."""

from __future__ import annotations

from bot.flows.engine import frames
from bot.flows.engine.digress import begin
from bot.flows.engine.work import ACTION_LIMIT, Work, noun, same
from bot.flows.model import END, Act, Call, Collect, Frame, Link, Noop, Offer, Outcome, SetSlots, Settled, Step

_SILENT_LIMIT = 100  # Steps without an action: more than any real flow has, so the flow goes in circles.


def run(work: Work) -> Outcome:
    """The next action, or a listen."""
    steps = 0
    while work.actions < ACTION_LIMIT:
        if work.due:
            return work.emit()
        if not _turn_to_next(work):
            return work.listen()
        steps += 1
        if steps % _SILENT_LIMIT == 0:
            _break_circle(work)
    return work.listen()


def _turn_to_next(work: Work) -> bool:
    """Does one thing towards the next action; false when it is the customer's turn."""
    top = work.top
    if work.answers and not _is_answer(work, top):
        frames.start_answer(work, work.answers.pop(0))
        return True
    if top is None:
        return _start_pending(work) or _offer_waiting(work)
    if top.phase == "asked":
        return False
    if top.phase == "offered":
        return _start_pending(work)
    if top.slots is not None:
        return _come_back(work)
    _run_step(work, top)
    return True


def _is_answer(work: Work, top: Frame | None) -> bool:
    return top is not None and top.said is not None


def _start_pending(work: Work) -> bool:
    while work.pending:
        request = work.pending.pop(0)
        flow = work.flows.get(request.flow)
        if flow:
            begin(work, flow, request.message)
            return True
    return False


def _offer_waiting(work: Work) -> bool:
    if work.threads_offered or not threads_waiting(work):
        return False
    offer_waiting(work)
    return True


def threads_waiting(work: Work) -> int:
    """How many half-done threads the customer has elsewhere."""
    waiting = work.slots.get("threads_waiting")
    return waiting if isinstance(waiting, int) else 0


def offer_waiting(work: Work) -> None:
    """Offers the threads that are kept elsewhere."""
    work.threads_offered = True
    work.say("action_offer_threads", threads=[])


def _come_back(work: Work) -> bool:
    """What was interrupted is on top again. Tasks that wait for their turn go first."""
    if not _start_pending(work):
        frames.restore(work)
    return True


def _break_circle(work: Work) -> None:
    if work.stack:
        frames.drop(work, "withdrawn")
    work.say("utter_action_failed")


# Steps ---------------------------------------------------------------------------------------------------------------


def _run_step(work: Work, frame: Frame) -> None:
    step = work.step()
    if frame.phase == "back":
        work.say("utter_flow_back", **work.about(frame))
        work.change(phase="ready")
    match step:
        case Collect():
            _collect(work, frame, step)
        case Offer():
            _offer(work, frame, step)
        case Act():
            _act(work, frame, step)
        case SetSlots():
            for slot, value in step.values:
                work.set(slot, value)
            leave(work, step)
        case Link():
            frames.follow_link(work, step)
        case Call():
            _call(work, frame, step)
        case Noop():
            leave(work, step)
        case _:
            frames.end(work, "completed")


def leave(work: Work, step: Step) -> None:
    """Goes on to the step that `next` of this one names."""
    branch = next(b for b in step.next if b.condition is None or b.condition.holds(work.slots, work.context))
    go(work, branch.target)


def go(work: Work, target: str) -> None:
    """Goes on to that step, or ends the flow."""
    if target == END:
        frames.end(work, "completed")
        return
    passed = work.stack[-1].passed
    if target in passed:  # Gone through before: what came after it is yet to come again.
        passed = passed[: passed.index(target)]
    work.change(step=target, phase="ready", passed=passed)


def mark_passed(work: Work, step: Step) -> None:
    """Notes that the top frame has gone through this step."""
    passed = work.stack[-1].passed
    if step.id not in passed:
        work.change(passed=(*passed, step.id))


def _collect(work: Work, frame: Frame, step: Collect) -> None:
    if step.condition and not step.condition.holds(work.slots, work.context):
        work.set(step.slot, None)
        leave(work, step)
        return
    value = work.slots.get(step.slot)
    answered = frame.phase == "answered" or not step.ask_before_filling
    skipped = step.id in frame.skipped
    if not answered or (value is None and not skipped):
        _ask(work, step)
        return
    refused = next((r for r in step.rejections if r.condition.holds(work.slots, work.context)), None)
    if refused and value is not None:
        work.set(step.slot, None)
        work.change(skipped=tuple(s for s in frame.skipped if s != step.id))
        work.say(refused.utter, slot=step.slot, value=value, **work.about(frame))
        _ask(work, step)
        return
    if step.asks_to_know:
        answered = value is not None and not skipped
        work.settled.append(Settled(step.slot, answered, answered and not same(value, step.default)))
    mark_passed(work, step)
    leave(work, step)


def _ask(work: Work, step: Collect) -> None:
    arguments = {"slot": step.slot, "step": step.id, "description": noun(step), **work.about(work.stack[-1])}
    work.say(step.ask, **arguments)
    work.change(phase="asked", listened=True, skipped=tuple(s for s in work.stack[-1].skipped if s != step.id))


def _offer(work: Work, frame: Frame, step: Offer) -> None:
    arguments = {"step": step.id, **work.about(frame)}
    if step.options:
        arguments["buttons"] = [
            {
                "title": option.title,
                "choice": {"set": dict(option.set), "flow": frame.flow, "step": step.id, "option": option.id},
            }
            for option in step.options
        ]
    work.say(step.say, **arguments)
    work.change(phase="asked", listened=True)


def _act(work: Work, frame: Frame, step: Act) -> None:
    if frame.phase == "ran":
        leave(work, step)
        return
    work.say(step.action, step=step.id, **work.about(frame), **(frame.said or {}))
    work.change(phase="ran", committed=frame.committed or step.commits)


def _call(work: Work, frame: Frame, step: Call) -> None:
    target = work.flows.get(step.flow)
    depth = len(work.chain())
    if frame.phase == "ran" or target is None or depth >= ACTION_LIMIT:
        mark_passed(work, step)
        leave(work, step)
        return
    work.change(phase="ran")
    work.stack.append(Frame(flow=target.id, step=target.first, thread=frame.thread, called=True, said=frame.said))

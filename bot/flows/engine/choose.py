"""What a tapped button does: it is obeyed, also when the question it belongs to is no longer the open one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.flows.engine import frames
from bot.flows.engine.advance import go, leave, mark_passed
from bot.flows.engine.commands import COMMAND_INTENTS, obey, repeat
from bot.flows.engine.digress import family, is_task, may_start, turn_to
from bot.flows.engine.fill import correct, go_back, is_committed
from bot.flows.engine.work import Work, same
from bot.flows.model import CHOOSE, Choice, Collect, Entity, Flow, Message, Offer, Step


def choose(work: Work, choice: Choice | None) -> None:
    """Does what the choice says, or says that it no longer can (utter_choice_expired) and asks the open question."""
    if choice is None:
        expire(work)
    elif choice.command is not None:
        if choice.command not in COMMAND_INTENTS.values() or not obey(work, choice.command):
            expire(work)
    elif choice.action is not None:
        work.say(choice.action, **(choice.args or {}))
        repeat(work)
    elif choice.flow is not None and choice.step is None:
        _start(work, choice)
    else:
        _answer(work, choice)


def expire(work: Work) -> None:
    """Says that the button is too old, and asks the open question."""
    work.say("utter_choice_expired")
    repeat(work)


def _start(work: Work, choice: Choice) -> None:
    flow = work.flows.get(choice.flow or "")
    given = choice.set or {}
    message = Message(text="", intent=CHOOSE, entities=tuple(Entity(name, value) for name, value in given.items()))
    if flow is None or not may_start(work, flow, message):
        expire(work)
        return
    if work.live and flow.id in family(work) and is_task(work, flow):
        _change_answers(work, given)
        repeat(work)
        return
    turn_to(work, flow, message)
    if is_task(work, flow):
        for slot, value in given.items():
            work.set(slot, value)


def _answer(work: Work, choice: Choice) -> None:
    flow = _find(work, choice)
    if flow is None:
        expire(work)
        return
    top = work.stack[-1]
    step = flow.steps.get(flow.aliases.get(choice.step or "", choice.step or ""))
    given = choice.set or {}
    if step is not None and top.flow == flow.id and top.step == step.id and top.phase in ("asked", "ready"):
        _answer_open(work, step, given, option=choice.option)
    elif is_committed(work):
        expire(work)
    elif step is not None and step.id in _frame_passed(work, flow):
        _answer_again(work, flow, step, given, option=choice.option)
    elif step is None or not isinstance(step, Offer):
        _change_answers(work, given)
        repeat(work)
    else:
        expire(work)


def _find(work: Work, choice: Choice) -> Flow | None:
    """The flow that the choice belongs to, when it is on top (also when it was left there)."""
    if not work.stack:
        return None
    if choice.flow is not None and choice.flow not in {frame.flow for frame in work.chain()}:
        return None
    if work.stack[-1].slots is not None:
        frames.continue_top(work)
    return work.flows.get(choice.flow or work.stack[-1].flow)


def _answer_open(work: Work, step: Step, given: Mapping[str, Any], *, option: str | None) -> None:
    for slot, value in given.items():
        work.set(slot, value)
    if isinstance(step, Offer):
        take(work, step, option=option)
    elif isinstance(step, Collect):
        work.change(phase="answered", skipped=tuple(s for s in work.stack[-1].skipped if s != step.id))


def _answer_again(work: Work, flow: Flow, step: Step, given: Mapping[str, Any], *, option: str | None) -> None:
    index = next(i for i in range(work.root(), len(work.stack)) if work.stack[i].flow == flow.id)
    _set_corrected(work, given)
    del work.stack[index + 1 :]
    passed = work.stack[-1].passed
    work.change(passed=passed[: passed.index(step.id)], step=step.id, phase="ready")
    _answer_open(work, step, {}, option=option)


def take(work: Work, step: Offer, *, option: str | None) -> None:
    """Goes on from an offer with the option taken; its slots are set by then."""
    taken = next((each for each in step.options if each.id == option), None)
    mark_passed(work, step)
    if taken and taken.next is not None:
        go(work, taken.next)
    else:
        leave(work, step)


def _change_answers(work: Work, given: Mapping[str, Any]) -> None:
    go_back(work, _set_corrected(work, given))


def _set_corrected(work: Work, given: Mapping[str, Any]) -> list[str]:
    changed = [slot for slot, value in given.items() if not same(work.slots.get(slot), value)]
    for slot in changed:
        before = work.slots.get(slot)
        work.set(slot, given[slot])
        if before is not None:
            correct(work, slot, given[slot], was=before)
    return changed


def _frame_passed(work: Work, flow: Flow) -> tuple[str, ...]:
    return next(frame.passed for frame in work.chain() if frame.flow == flow.id)

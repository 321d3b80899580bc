"""Which flow a message asks for, and how it begins: with everything the message already answers."""

from __future__ import annotations

from bot.flows.engine import frames
from bot.flows.engine.fill import fill, positives
from bot.flows.engine.work import Work
from bot.flows.model import Flow, Message, Request


def wanted(work: Work, message: Message) -> Flow | None:
    """The flow that the intent of the message starts: sure enough, and its guard holds with what the message says."""
    if message.intent is None:
        return None
    for flow, threshold in work.flows.triggers.get(message.intent, ()):
        if message.confidence >= threshold and may_start(work, flow, message):
            return flow
    return None


def may_start(work: Work, flow: Flow, message: Message) -> bool:
    """Whether the guard of the flow lets it start. Entities of the message count as slots."""
    if flow.guard is None:
        return True
    said = positives(message)
    return flow.guard.holds({**work.slots, **said}, work.context, said)


def is_task(work: Work, flow: Flow) -> bool:
    """Whether the flow may wait for the customer; any other only answers."""
    return work.flows.reach[flow.id].asks


def family(work: Work) -> set[str]:
    """The flows that the top frame stands for: its own, its callers', and those that linked to it."""
    return {flow for frame in work.chain() for flow in (frame.flow, *frame.via)} if work.stack else set()


def begin(work: Work, flow: Flow, message: Message) -> None:
    """Starts a flow with the answers that the message gives."""
    if is_task(work, flow):
        frames.start(work, flow)
        fill(work, message)
    else:
        work.answers.append(Request(flow.id, message))


def turn_to(work: Work, flow: Flow, message: Message) -> None:
    """Answers a question in this turn; starts a task, or queues it behind the one of the same message."""
    if is_task(work, flow) and work.task_at_hand:
        work.queue(flow, message)
        return
    begin(work, flow, message)
    work.task_at_hand = work.task_at_hand or is_task(work, flow)

"""What a customer can always say about the task at hand: drop it, start over, skip the question, carry on."""

from __future__ import annotations

from bot.flows.engine import frames
from bot.flows.engine.advance import go, leave, offer_waiting, threads_waiting
from bot.flows.engine.work import Work, noun
from bot.flows.model import Collect, Offer

COMMAND_INTENTS = {"cancel": "cancel", "start_over": "start_over", "skip": "skip", "continue_task": "continue"}
"""Intents and the commands they are."""


def obey(work: Work, command: str) -> bool:
    """Does what the command says; false when there is nothing it could mean here."""
    return {"cancel": cancel, "start_over": start_over, "skip": skip, "continue": carry_on}[command](work)


def cancel(work: Work) -> bool:
    """Drops the task at hand, or the one that was left and offered."""
    if not work.stack:
        work.say("utter_flow_nothing_to_cancel")
        return True
    work.say("utter_flow_cancelled", **work.about(work.stack[-1]))
    frames.drop(work, "cancelled")
    return True


def start_over(work: Work) -> bool:
    """Begins the task at hand anew. With none, offers what waits elsewhere."""
    if work.stack:
        if work.stack[-1].slots is not None:
            frames.restore(work)
        frames.start_over(work)
        return True
    if threads_waiting(work):
        offer_waiting(work)
    else:
        work.say("utter_flow_nothing_to_cancel")
    return True


def carry_on(work: Work) -> bool:
    """Asks the open question again, goes on with what was left, or offers what waits elsewhere."""
    if work.live:
        repeat(work)
        return True
    if work.stack:
        frames.continue_top(work)
        return True
    if threads_waiting(work):
        offer_waiting(work)
        return True
    return False


def skip(work: Work) -> bool:
    """Leaves the open question without an answer, where the flow lets it."""
    step = work.asked()
    if isinstance(step, Offer):
        decline(work, step)
        return True
    if not isinstance(step, Collect):
        return False
    if not step.skippable:
        work.say("utter_skip_refused", slot=step.slot, description=noun(step), **work.about(work.stack[-1]))
        repeat(work)
        return True
    work.set(step.slot, step.default)
    work.change(phase="answered", skipped=(*work.stack[-1].skipped, step.id))
    return True


def decline(work: Work, step: Offer) -> None:
    """Takes none of what is offered."""
    if step.exit is None:
        leave(work, step)
    else:
        go(work, step.exit)


def repeat(work: Work) -> None:
    """Asks the open question again."""
    if work.stack and work.stack[-1].phase == "asked":
        work.change(phase="ready")

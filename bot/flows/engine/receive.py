"""Decides what each part of a customer's message means: a command, an answer, a question, a new task, or nothing."""

from __future__ import annotations

from collections.abc import Sequence

from bot.flows.engine import frames
from bot.flows.engine.choose import choose, take
from bot.flows.engine.commands import COMMAND_INTENTS, decline, obey, repeat
from bot.flows.engine.digress import family, turn_to, wanted
from bot.flows.engine.fill import fill, positives
from bot.flows.engine.work import Work, noun, same
from bot.flows.model import CHOOSE, Collect, Flow, Message, Offer, Step

ANSWERING = frozenset({"inform", "change_order", "affirm", "deny", "skip"})
"""Intents that say something about the task at hand: what they answer counts before what they could start."""
ADDITIONAL = "order_another"
"""The intent of one more of the same: queued behind the task at hand, never a correction of it."""
SURE = 0.8  # Confidence at which a message leaves a question that would take any text.
LIKELY = 0.5  # Below it, a message that holds an answer to the open question is that answer.
OUT_OF_SCOPE = "out_of_scope"
AIMLESS = frozenset({OUT_OF_SCOPE, "smalltalk"})
"""Intents that ask for nothing: a message that holds an answer to the open question is that answer."""
HUMAN = "human"
"""The intent whose flow hands over to a person."""


def understand(work: Work, messages: Sequence[Message]) -> None:
    """Works the parts of one message into the state, in order. When no part was understood: a miss."""
    if len(messages) > 1 and not work.stack:
        # "Never mind, get me a person": there is nothing to drop, and something else to do.
        messages = [message for message in messages if message.intent != "cancel"] or messages
    results = [_part(work, message) for message in messages]
    if any(results):
        work.misses = 0
        if work.live and work.stack[-1].misses:
            work.change(misses=0)
    else:
        _miss(work, messages[-1] if messages else Message(text=""))


def _part(work: Work, message: Message) -> bool:
    if message.choice is not None or message.intent == CHOOSE:
        choose(work, message.choice)
        return True
    if work.live:
        return _with_task(work, message)
    return _without_task(work, message)


# While a task is at hand ---------------------------------------------------------------------------------------------


def _with_task(work: Work, message: Message) -> bool:
    flow = wanted(work, message)
    step = work.asked()
    takes_text = isinstance(step, Collect) and step.source.kind == "text" and message.text.strip()
    if isinstance(step, Collect) and takes_text and not _leaves_text(work, message, flow):
        return _accept(work, step, message.text.strip())
    return (
        _accept_person(work, message)
        or _answered(work, message, flow)
        or _command(work, message)
        or _other_flow(work, message, flow)
        or _greeted(work, message)
    )


def _leaves_text(work: Work, message: Message, flow: Flow | None) -> bool:
    """Whether a message that could be taken as it stands surely means something else. What no intent covers, such as an
    address, does not."""
    other = flow is not None and flow.id not in family(work) and message.intent != OUT_OF_SCOPE
    return (other or message.intent in {*COMMAND_INTENTS, "deny"}) and message.confidence >= SURE


def _answered(work: Work, message: Message, flow: Flow | None) -> bool:
    own = flow is not None and flow.id in family(work)
    if message.intent == ADDITIONAL and not _fits_open_questions(work, message):
        return False
    if flow is None or own or message.intent in ANSWERING or _answers_unsurely(work, message):
        if message.intent in ("cancel", "start_over", "continue_task"):
            return False
        step = work.asked()
        understood = _fill(work, message) or _mapped(work, message)
        if understood and message.intent == "skip" and work.step() is step and work.stack[-1].phase == "ready":
            work.change(phase="asked")  # "Any milk, but large": the open question is left, the rest was taken.
            obey(work, "skip")
        work.task_at_hand = work.task_at_hand or understood
        return understood
    return False


def _fits_open_questions(work: Work, message: Message) -> bool:
    """ "And also oat milk" adds to the task at hand where nothing in it was answered before."""
    said = positives(message)
    step = work.asked()
    asked = step.source.entity if isinstance(step, Collect) else None
    return asked in said and all(work.slots.get(name) is None or same(work.slots[name], said[name]) for name in said)


def _answers_unsurely(work: Work, message: Message) -> bool:
    step = work.asked()
    answers = isinstance(step, Collect) and step.source.entity in positives(message)
    return answers and (message.confidence < LIKELY or message.intent in AIMLESS)


def _fill(work: Work, message: Message) -> bool:
    step = work.asked()
    if isinstance(step, Offer) and _take_option(work, step, message):
        return True
    with_bool = isinstance(step, Collect) and step.source.kind in ("bool", "intent")
    before = work.stack[-1]
    corrected = len(work.due)
    if not fill(work, message):
        return False
    # "Yes, and large" answers both; "no, make it soy" changes the order, so the question is asked again.
    unchanged = len(work.due) == corrected and work.stack[-1].step == before.step
    if with_bool and unchanged and message.intent == "affirm":
        work.change(phase="asked")
        _mapped(work, message)
        if work.stack[-1].phase == "asked":
            repeat(work)
    return True


def _take_option(work: Work, step: Offer, message: Message) -> bool:
    said = positives(message)
    fitting = [o for o in step.options if o.set and all(same(said.get(slot), v) for slot, v in o.set.items())]
    if not said and message.intent == "affirm" and len(step.options) == 1:
        fitting = list(step.options)
    if len(fitting) != 1:
        return False
    for slot, value in fitting[0].set.items():
        work.set(slot, value)
    take(work, step, option=fitting[0].id)
    return True


def _mapped(work: Work, message: Message) -> bool:
    """Yes, no and whatever intents the open question takes for an answer."""
    step, intent = work.asked(), message.intent or ""
    if isinstance(step, Offer) and intent == "deny":
        decline(work, step)
        return True
    if not isinstance(step, Collect):
        return False
    if step.source.kind == "bool" and intent in ("affirm", "deny"):
        return _accept(work, step, intent == "affirm")
    if step.source.kind == "intent" and intent in step.source.intents:
        return _accept(work, step, step.source.intents[intent])
    if step.source.kind == "entity" and intent == "deny" and step.none is not None:
        return _accept(work, step, step.none)
    if step.source.kind == "text" and intent == "deny" and step.skippable:
        return obey(work, "skip")
    return False


def takes(step: Step | None, intent: str) -> bool:
    """Whether a bare yes (affirm) or no (deny) answers a question. "Which size?" it does not."""
    if isinstance(step, Offer):
        return intent == "deny" or len(step.options) == 1
    if not isinstance(step, Collect):
        return False
    refusable = {"text": step.skippable, "entity": step.none is not None}.get(step.source.kind, False)
    mapped = step.source.kind == "intent" and intent in step.source.intents
    return step.source.kind == "bool" or mapped or (intent == "deny" and refusable)


def _accept(work: Work, step: Collect, value: object) -> bool:
    work.set(step.slot, value)
    work.change(phase="answered", skipped=tuple(s for s in work.stack[-1].skipped if s != step.id))
    work.task_at_hand = True
    return True


def _command(work: Work, message: Message) -> bool:
    command = COMMAND_INTENTS.get(message.intent or "")
    return command is not None and obey(work, command)


def _other_flow(work: Work, message: Message, flow: Flow | None) -> bool:
    if flow is None:
        return False
    if flow.id not in family(work):
        turn_to(work, flow, message)
        return True
    if message.intent == ADDITIONAL:
        work.queue(flow, message)
        if work.flows.wording is not None and "utter_request_noted" in work.flows.wording:
            work.say("utter_request_noted", flow=flow.id, flow_name=flow.name)
        repeat(work)
        return True
    repeat(work)  # The task at hand was asked for once more, with nothing new.
    return True


def _greeted(work: Work, message: Message) -> bool:
    if message.intent != "greet" or not work.flow(work.stack[work.root()]).resumable:
        return False
    frames.park(work)
    return True


def _accept_person(work: Work, message: Message) -> bool:
    """Yes to "shall I get a person?", no to go on."""
    if work.stack[-1].misses < 2 or message.intent not in ("affirm", "deny") or positives(message):
        return False
    if message.intent == "deny":
        repeat(work)
        return True
    for flow, _ in work.flows.triggers.get(HUMAN, ()):
        turn_to(work, flow, message)
        return True
    return False


# While nothing is at hand --------------------------------------------------------------------------------------------


def _without_task(work: Work, message: Message) -> bool:
    left = work.top is not None
    if left and message.intent in ("inform", "change_order") and positives(message):
        frames.continue_top(work)
        if _fill(work, message):
            work.task_at_hand = True
            return True
        frames.interrupt(work)
        work.change(phase="offered")
    if left and message.intent == "affirm":
        frames.continue_top(work)
        return True
    command = COMMAND_INTENTS.get(message.intent or "")
    if command and command != "skip" and obey(work, command):
        return True
    flow = wanted(work, message)
    if flow is None:
        return False
    turn_to(work, flow, message)
    return True


def _miss(work: Work, message: Message) -> None:
    top = work.live
    if top is None:
        work.misses += 1
        said = {entity.name: entity.value for entity in message.entities if entity.role in (None, "to")}
        work.say("action_unknown_request", text=message.text, intent=message.intent, entities=said, misses=work.misses)
        return
    misses = top.misses + 1
    work.change(misses=misses)
    if misses > 1:
        work.say("utter_offer_human", **work.about(top))
        return
    step = work.asked()
    work.say("utter_not_understood", description=noun(step), slot=getattr(step, "slot", None), **work.about(top))
    repeat(work)

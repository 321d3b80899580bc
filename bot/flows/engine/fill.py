"""Takes answers from a message: for any question of the flow at hand, and corrections of earlier answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from bot.flows.engine.work import Work, same
from bot.flows.model import Call, Collect, Entity, Message, Step

_UNSPECIFIC = (None, "", "none", "any", "all")  # "no syrup" names no syrup.


@dataclass(frozen=True)
class _Answer:
    collect: Collect
    value: Any
    declined: bool = False
    """Nothing of the kind is wanted, and no value stands for that."""


def positives(message: Message) -> dict[str, Any]:
    """Entities said to be wanted, by name. Of several the one with the role `to` counts, else the first."""
    found: dict[str, Any] = {}
    for entity in message.entities:
        if entity.role == "to" or (entity.role is None and entity.name not in found):
            found[entity.name] = entity.value
    return {name: value for name, value in found.items() if value is not None}


def fill(work: Work, message: Message) -> bool:
    """Gives the slots of the flow on top what the entities of the message answer. False: nothing in it is an answer.

    A changed answer is said (utter_slot_corrected), and the flow goes back to where it was given, so that the actions
    after it run again. Once a step that commits has run, only empty slots are filled.
    """
    answers = list(_answers(work, message))
    if not answers:
        return False
    changed = [answer for answer in answers if not same(work.slots.get(answer.collect.slot), answer.value)]
    for answer in changed:
        _put(work, answer)
    _answer_question(work, answers)
    go_back(work, [answer.collect.slot for answer in changed])
    _note_declined(work, answers)
    return True


def _answers(work: Work, message: Message) -> Iterable[_Answer]:
    collects = collectable(work)
    said = positives(message)
    for slot, collect in collects.items():
        if collect.source.kind == "text" and slot in said:
            # A question that takes any words is answered by an entity of its own name: "deliver to 22 Hill Road".
            if not _is_final(work, given := _Answer(collect, said[slot])):
                yield given
            continue
        if collect.source.kind != "entity" or not _claims(work, slot, collects):
            continue
        answer = _answer(work, collect, message.entities, said)
        if answer and not _is_final(work, answer):
            yield answer


def collectable(work: Work) -> dict[str, Collect]:
    """What the flow on top can collect, by slot: its own questions first, then those it calls or links to, then its
    callers', then those of the flows that led here."""
    found: dict[str, Collect] = {}
    for frame in reversed(work.chain()):
        for slot, collect in work.flows.reach[frame.flow].collects.items():
            found.setdefault(slot, collect)
    for frame in work.chain():
        for flow in frame.via:
            if flow in work.flows.within:
                for slot, collect in work.flows.within[flow].collects.items():
                    found.setdefault(slot, collect)
    asked = work.asked()
    if isinstance(asked, Collect):
        found[asked.slot] = asked
    return found


def _claims(work: Work, slot: str, collects: dict[str, Collect]) -> bool:
    """Of several slots that take the same entity one gets it: the asked one, the one of its name, the first."""
    entity = collects[slot].source.entity
    rivals = [name for name, other in collects.items() if other.source.entity == entity and other.source.entity]
    if len(rivals) < 2:
        return True
    asked = work.asked()
    if isinstance(asked, Collect) and asked.slot in rivals:
        return asked.slot == slot
    return slot == (entity if entity in rivals else rivals[0])


def _answer(work: Work, collect: Collect, entities: tuple[Entity, ...], said: dict[str, Any]) -> _Answer | None:
    name = collect.source.entity
    if name in said:
        return _Answer(collect, said[name])
    current = work.slots.get(collect.slot)
    for entity in entities:
        if entity.name != name or entity.role not in ("not", "from"):
            continue
        if current is not None and same(entity.value, current):
            return _Answer(collect, collect.none if entity.role == "not" else None)
        if entity.role == "not" and entity.value in (*_UNSPECIFIC, name):
            return _Answer(collect, collect.none, declined=collect.none is None and collect.skippable)
        if entity.role == "not" and current is None:
            return _Answer(collect, collect.none)
    return None


def _is_final(work: Work, answer: _Answer) -> bool:
    """Whether the answer would change what a step has committed to."""
    asked, collect = work.asked(), answer.collect
    if not is_committed(work) or (isinstance(asked, Collect) and asked.slot == collect.slot):
        return False
    current = work.slots.get(collect.slot)
    passed = any(collect.id in frame.passed for frame in work.chain())
    return not same(current, answer.value) and (passed or current is not None)


def is_committed(work: Work) -> bool:
    """Whether a step that commits has run in the flow on top."""
    return any(frame.committed for frame in work.chain())


def _put(work: Work, answer: _Answer) -> None:
    slot, asked = answer.collect.slot, work.asked()
    was = work.slots.get(slot)
    work.set(slot, answer.value)
    if was is not None and not (isinstance(asked, Collect) and asked.slot == slot):
        correct(work, slot, answer.value, was=was)


def correct(work: Work, slot: str, value: Any, *, was: Any) -> None:
    """Says that an earlier answer was changed, and from what to what."""
    work.say("utter_slot_corrected", slot=slot, value=value, was=was, **work.about(work.stack[-1]))


def _answer_question(work: Work, answers: list[_Answer]) -> None:
    """The open question is answered, or to be asked again."""
    step = work.asked()
    if step is None:
        return
    given = isinstance(step, Collect) and any(a.collect.slot == step.slot and a.value is not None for a in answers)
    work.change(phase="answered" if given else "ready")


def _note_declined(work: Work, answers: list[_Answer]) -> None:
    """What was declined needs no question; what was only cleared does."""
    declined = {answer.collect.id for answer in answers if answer.declined}
    others = {answer.collect.id for answer in answers} - declined
    top = work.stack[-1]
    skipped = tuple(dict.fromkeys([*(step for step in top.skipped if step not in others), *sorted(declined)]))
    phase = "answered" if top.step in declined and top.phase == "ready" else top.phase
    work.change(skipped=skipped, phase=phase)


def go_back(work: Work, slots: list[str]) -> bool:
    """Returns to the earliest step passed that gave one of these slots an answer. Answers after it are kept."""
    wanted = set(slots)
    if is_committed(work) or not wanted:
        return False
    root = work.root()
    for index in range(root, len(work.stack)):
        frame = work.stack[index]
        flow = work.flows.flows[frame.flow]
        for position, step_id in enumerate(frame.passed):
            step = flow.steps.get(step_id)
            if step and _gives(work, step, wanted):
                del work.stack[index + 1 :]
                _return_to(work, step, passed=frame.passed[:position])
                return True
    return _go_back_over_link(work, wanted)


def _gives(work: Work, step: Step, wanted: set[str]) -> bool:
    if isinstance(step, Collect):
        return step.slot in wanted
    reach = work.flows.reach.get(step.flow) if isinstance(step, Call) else None
    return reach is not None and not wanted.isdisjoint(reach.collects)


def _return_to(work: Work, step: Step, *, passed: tuple[str, ...]) -> None:
    # An answer just given needs no second question, even where the step asks whatever is known.
    known = isinstance(step, Collect) and work.slots.get(step.slot) is not None
    work.change(step=step.id, phase="answered" if known else "ready", passed=passed)


def _go_back_over_link(work: Work, wanted: set[str]) -> bool:
    """The answer was given in a flow that linked to this one: go back there; what is known is not asked again."""
    frame = work.stack[-1]
    own = work.flows.reach[frame.flow].collects
    for flow_id in frame.via:
        flow = work.flows.get(flow_id)
        collect = next((c for c in flow.collects if c.slot in wanted and c.slot not in own), None) if flow else None
        if flow and collect:
            via = frame.via[: frame.via.index(flow_id)]
            work.stack[-1] = replace(
                frame, flow=flow_id, step=collect.id, phase="answered", passed=(), skipped=(), via=via
            )
            return True
    return False

"""Turns the marked YAML of one flow into a Flow, noting every mistake on the way instead of stopping at the first."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from bot.flows.marked import MarkedList, MarkedMap, plain
from bot.flows.model import (
    END,
    Act,
    Branch,
    Call,
    Collect,
    Flow,
    Link,
    Noop,
    Offer,
    SetSlots,
    Step,
)
from bot.flows.parts import PartReader

_NAME = re.compile(r"[A-Za-z][\w-]*")

_FLOW_KEYS = {
    "name", "description", "if", "resumable", "persisted_slots", "nlu_trigger", "consumes", "steps",
}  # fmt: skip
_STEP_KEYS = {"id", "next", "aliases", "consumes", "description"}
_KINDS: dict[str, set[str]] = {
    "collect": {
        "utter", "from", "ask_before_filling", "reset_after_flow_ends", "if", "rejections", "skippable", "required",
        "default", "none",
    },
    "action": {"commits"},
    "offer": {"options", "exit"},
    "set_slots": set(),
    "link": set(),
    "call": set(),
    "noop": set(),
}  # fmt: skip
_NAMED_KINDS = ("collect", "offer")  # The customer answers these: a running conversation must find them again.


class FlowReader(PartReader):
    """Reads one flow. Afterwards `mistakes` holds what was wrong with it."""

    def __init__(self, file: str, *, actions: Collection[str] | None) -> None:
        super().__init__(file)
        self.actions = actions or ()
        self.steps: dict[str, Step] = {}

    def read(self, flow_id: str, given: Any, *, line: int) -> Flow | None:
        """The flow, or None when it is too wrong to be one."""
        if not _NAME.fullmatch(flow_id):
            self._note(line, f"{flow_id!r} cannot be the id of a flow", "use letters, digits and _")
        if not isinstance(given, MarkedMap):
            self._note(line, f"the flow {flow_id!r} is empty", "give it a name and steps")
            return None
        self._check_keys(given, _FLOW_KEYS, "a flow")
        first = self._sequence(given.get("steps"), line=given.line_of("steps"), where=f"the flow {flow_id!r}")
        self.steps = dict(sorted(self.steps.items(), key=lambda item: item[1].line))  # File order, nested ones too.
        self._check_targets()
        self._check_aliases(given.line)
        resumable = self._flag(given, "resumable") if "resumable" in given else None
        return Flow(
            id=flow_id,
            name=self._text(given, "name") or flow_id.replace("_", " "),
            description=self._text(given, "description") or "",
            steps=self.steps,
            first=first,
            guard=self._condition(given, "if"),
            triggers=tuple(self._triggers(given)),
            persisted_slots=frozenset(self._slot_names(given, "persisted_slots")),
            resumable=resumable,
            consumes=self._consumes(given),
            file=self.file,
            line=line,
        )

    # Steps -----------------------------------------------------------------------------------------------------------

    def _sequence(self, given: Any, *, line: int, where: str) -> str:
        if not isinstance(given, MarkedList) or not given:
            self._note(line, f"{where} has no steps", "add a list of steps")
            return END
        known = [
            (step, at) for step, at in zip(given, given.lines, strict=True) if self._is_step(step, line=at, where=where)
        ]
        ids = [self._step_id(step) for step, _ in known]
        for index, (step, at) in enumerate(known):
            following = ids[index + 1] if index + 1 < len(ids) else END
            self._step(step, step_id=ids[index], following=following, line=at)
        return ids[0] if ids else END

    def _is_step(self, given: Any, *, line: int, where: str) -> bool:
        if isinstance(given, MarkedMap) and len(set(_KINDS) & set(given)) == 1:
            return True
        kinds = ", ".join(_KINDS)
        self._note(line, f"a step of {where} is none of: {kinds}", "give it exactly one of these keys")
        return False

    def _step_id(self, given: MarkedMap) -> str:
        kind = _kind(given)
        step_id = given.get("id")
        if step_id is None:
            if kind in _NAMED_KINDS:
                self._note(
                    given.line,
                    f"the step {kind}: {given[kind]} has no id",
                    "add an id and keep it when you edit the step",
                )
            step_id = self._free(f"_{kind}_{given[kind]}" if isinstance(given[kind], str) else f"_{kind}")
        elif not isinstance(step_id, str) or not _NAME.fullmatch(step_id) or step_id == END:
            self._note(given.line_of("id"), f"{step_id!r} cannot be the id of a step", "use letters, digits and _")
            step_id = self._free("_step")
        elif step_id in self.steps:
            self._note(given.line_of("id"), f"the id {step_id!r} is taken by another step", "choose another id")
            step_id = self._free(f"_{step_id}")
        self.steps[step_id] = Noop(id=step_id, next=(Branch(None, END),))  # Keeps the place in file order.
        return step_id

    def _free(self, step_id: str) -> str:
        free, number = step_id, 2
        while free in self.steps:
            free, number = f"{step_id}_{number}", number + 1
        return free

    def _step(self, given: MarkedMap, *, step_id: str, following: str, line: int) -> None:
        kind = _kind(given)
        self._check_keys(given, _STEP_KEYS | _KINDS[kind] | {kind}, f"a step {kind!r}")
        if kind == "link" and "next" in given:
            self._note(given.line_of("next"), "a link ends the flow, so it has no next", "use call to come back")
        common: dict[str, Any] = {
            "id": step_id,
            "next": self._next(given, following=following),
            "line": line,
            "named": "id" in given,
            "aliases": tuple(self._words(given, "aliases")),
            "consumes": self._consumes(given),
            "description": self._text(given, "description"),
        }
        self.steps[step_id] = getattr(self, f"_{kind}")(given, common)

    def _collect(self, given: MarkedMap, common: dict[str, Any]) -> Step:
        slot = self._slot(given, "collect")
        ask = f"action_ask_{slot}" if f"action_ask_{slot}" in self.actions else f"utter_ask_{slot}"
        required = self._flag(given, "required")
        if required and self._flag(given, "skippable"):
            self._note(given.line_of("skippable"), "a required answer cannot be skippable", "keep one of the two")
        return Collect(
            **common,
            slot=slot,
            ask=self._runnable(given, "utter") or ask,
            source=self._source(given, slot),
            condition=self._condition(given, "if"),
            ask_before_filling=self._flag(given, "ask_before_filling"),
            reset_after_flow_ends=self._flag(given, "reset_after_flow_ends", absent=True),
            rejections=tuple(self._rejections(given)),
            skippable=self._flag(given, "skippable", absent=not required),
            default=plain(given.get("default")),
            none=plain(given.get("none")),
        )

    def _action(self, given: MarkedMap, common: dict[str, Any]) -> Step:
        return Act(**common, action=self._runnable(given, "action") or "", commits=self._flag(given, "commits"))

    def _offer(self, given: MarkedMap, common: dict[str, Any]) -> Step:
        leave = self._text(given, "exit")
        if leave is not None:
            self.targets.append((leave, given.line_of("exit")))
        say = self._runnable(given, "offer") or ""
        options = tuple(self._options(given))
        if say.startswith("utter_") and not options:
            self._note(given.line, "an offer by a wording needs options", "add options, or offer by an action")
        return Offer(**common, say=say, options=options, exit=leave)

    def _set_slots(self, given: MarkedMap, common: dict[str, Any]) -> Step:
        values = given["set_slots"]
        maps = list(values) if isinstance(values, MarkedList) else [values]
        pairs: list[tuple[str, Any]] = []
        for each in maps:
            if not isinstance(each, MarkedMap) or not each:
                self._note(given.line_of("set_slots"), "set_slots sets nothing", "write - slot: value")
                continue
            for name, value in each.items():
                self._check_slot(name, each.line_of(name))
                pairs.append((name, plain(value)))
        return SetSlots(**common, values=tuple(pairs))

    def _link(self, given: MarkedMap, common: dict[str, Any]) -> Step:
        return Link(**common, flow=self._text(given, "link") or "")

    def _call(self, given: MarkedMap, common: dict[str, Any]) -> Step:
        return Call(**common, flow=self._text(given, "call") or "")

    def _noop(self, given: MarkedMap, common: dict[str, Any]) -> Step:
        return Noop(**common)

    # Where a step leads ----------------------------------------------------------------------------------------------

    def _next(self, given: MarkedMap, *, following: str) -> tuple[Branch, ...]:
        target = given.get("next")
        if target is None:
            return (Branch(None, following),)
        if isinstance(target, MarkedList):
            return self._branches(target)
        return (Branch(None, self._target(target, line=given.line_of("next"))),)

    def _branches(self, given: MarkedList) -> tuple[Branch, ...]:
        branches: list[Branch] = []
        for item, line in zip(given, given.lines, strict=True):
            if branches and branches[-1].condition is None:
                self._note(line, "nothing after else is ever taken", "put else last")
                break
            branch = self._branch(item, line=line)
            if branch:
                branches.append(branch)
        if not branches or branches[-1].condition is not None:
            self._note(given.line, "the branches have no else", "end the list with - else: END or another step")
            branches.append(Branch(None, END))
        return tuple(branches)

    def _branch(self, given: Any, *, line: int) -> Branch | None:
        if isinstance(given, MarkedMap) and set(given) == {"if", "then"}:
            condition = self._condition(given, "if")
            target = self._target(given["then"], line=given.line_of("then"))
            return Branch(condition, target) if condition else None
        if isinstance(given, MarkedMap) and set(given) == {"else"}:
            return Branch(None, self._target(given["else"], line=given.line_of("else")))
        self._note(line, "a branch is {if, then} or {else}", "write - if: condition / then: step, or - else: step")
        return None

    def _target(self, given: Any, *, line: int) -> str:
        if isinstance(given, MarkedList):
            return self._sequence(given, line=line, where="the branch")
        if not isinstance(given, str):
            self._note(line, f"{given!r} is no step to go to", "write a step id, END or a list of steps")
            return END
        self.targets.append((given, line))
        return given

    # Checks ----------------------------------------------------------------------------------------------------------

    def _check_targets(self) -> None:
        renamed = {alias: step.id for step in self.steps.values() for alias in step.aliases}
        for target, line in self.targets:
            if target == END or target in self.steps:
                continue
            near = difflib.get_close_matches(target, [*self.steps, END], n=1)
            cure = f"did you mean {near[0]!r}?" if near else "write the id of a step of this flow, or END"
            if target in renamed:
                cure = f"it is called {renamed[target]!r} now"
            self._note(line, f"there is no step {target!r} to go to", cure)
            self._mend(target)

    def _mend(self, target: str) -> None:
        for step_id, step in self.steps.items():
            mended = tuple(replace(branch, target=END) if branch.target == target else branch for branch in step.next)
            self.steps[step_id] = replace(step, next=mended)

    def _check_aliases(self, line: int) -> None:
        seen: set[str] = set()
        for step in self.steps.values():
            for alias in step.aliases:
                if alias in self.steps or alias in seen:
                    self._note(
                        step.line or line, f"the alias {alias!r} is taken by another step", "drop one of the two"
                    )
                seen.add(alias)


def _kind(given: MarkedMap) -> str:
    return next(kind for kind in _KINDS if kind in given)

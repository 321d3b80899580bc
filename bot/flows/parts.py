"""Reads what steps and flows consist of: options, rejections, where an answer comes from, what starts a flow."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bot.flows.marked import MarkedList, MarkedMap, plain
from bot.flows.model import Option, Rejection, Source, Trigger
from bot.flows.values import ValueReader


class PartReader(ValueReader):
    """Reads parts of one flow. Afterwards `targets` holds the steps that they lead to, with the lines."""

    def __init__(self, file: str) -> None:
        super().__init__(file)
        self.targets: list[tuple[str, int]] = []

    def _options(self, given: MarkedMap) -> Iterable[Option]:
        options = given.get("options", MarkedList())
        if not isinstance(options, MarkedList):
            self._note(given.line_of("options"), "options are a list", "write - {title: .., set: {slot: value}}")
            return
        seen: set[str] = set()
        for index, option in enumerate(options, start=1):
            if not isinstance(option, MarkedMap) or not isinstance(option.get("title"), str):
                self._note(options.lines[index - 1], "an option needs a title", "write - {title: .., set: {..}}")
                continue
            self._check_keys(option, {"id", "title", "set", "next"}, "an option")
            option_id = self._text(option, "id") or str(index)
            if option_id in seen:
                self._note(option.line, f"the id {option_id!r} is taken by another option", "choose another id")
            seen.add(option_id)
            leads = self._text(option, "next")
            if leads is not None:
                self.targets.append((leads, option.line_of("next")))
            yield Option(id=option_id, title=option["title"], set=self._slot_values(option, "set"), next=leads)

    def _rejections(self, given: MarkedMap) -> Iterable[Rejection]:
        rejections = given.get("rejections", MarkedList())
        for rejection in rejections if isinstance(rejections, MarkedList) else [rejections]:
            if not isinstance(rejection, MarkedMap) or set(rejection) != {"if", "utter"}:
                self._note(
                    given.line_of("rejections"), "a rejection is {if, utter}", "write - {if: .., utter: utter_..}"
                )
                continue
            condition = self._condition(rejection, "if")
            utter = self._runnable(rejection, "utter")
            if condition and utter:
                yield Rejection(condition, utter)

    def _source(self, given: MarkedMap, slot: str) -> Source:
        source = given.get("from", "entity")
        if source in ("bool", "text"):
            return Source(kind=source)
        if source == "entity":
            return Source(kind="entity", entity=slot)
        if isinstance(source, MarkedMap) and set(source) == {"entity"} and isinstance(source["entity"], str):
            return Source(kind="entity", entity=source["entity"])
        if isinstance(source, MarkedMap) and set(source) == {"intent"} and isinstance(source["intent"], MarkedMap):
            return Source(kind="intent", intents=plain(source["intent"]))
        self._note(
            given.line_of("from"),
            f"an answer cannot come from {plain(source)!r}",
            "write entity, bool, text, {entity: name} or {intent: {name: value}}",
        )
        return Source(kind="entity", entity=slot)

    def _triggers(self, given: MarkedMap) -> Iterable[Trigger]:
        triggers = given.get("nlu_trigger", MarkedList())
        for trigger in triggers if isinstance(triggers, MarkedList) else [triggers]:
            intent: Any = trigger.get("intent") if isinstance(trigger, MarkedMap) else trigger
            threshold: Any = 0.0
            if isinstance(intent, MarkedMap):
                self._check_keys(intent, {"name", "confidence_threshold"}, "an intent")
                intent, threshold = intent.get("name"), intent.get("confidence_threshold", 0.0)
            line = trigger.line if isinstance(trigger, MarkedMap) else given.line_of("nlu_trigger")
            if not isinstance(intent, str):
                self._note(line, "a trigger names no intent", "write - {intent: name}")
            elif not isinstance(threshold, int | float) or isinstance(threshold, bool) or not 0 <= threshold <= 1:
                self._note(line, f"{threshold!r} is no confidence", "write a number from 0 to 1")
            else:
                yield Trigger(intent, float(threshold))

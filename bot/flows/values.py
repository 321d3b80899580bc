"""Reads the values of marked YAML (texts, flags, names, conditions), noting each wrong one with line and cure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection
from typing import Any

from bot.flows import conditions
from bot.flows.marked import MarkedMap, plain
from bot.flows.model import Condition
from bot.mistakes import Mistake

_SLOT = re.compile(r"[A-Za-z_]\w*")
_RUN = re.compile(r"(utter|action)_\w+")
_READ_BY_RASA = {"rules", "stories", "nlu", "responses"}  # As keys under data/ they make Rasa read the file itself.


class ValueReader:
    """Reads values of one file. Afterwards `mistakes` holds what was wrong with them."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.mistakes: list[Mistake] = []

    def _check_keys(self, given: MarkedMap, known: Collection[str], what: str) -> None:
        for key in given:
            if key in known:
                continue
            near = difflib.get_close_matches(key, known, n=1)
            cure = f"did you mean {near[0]!r}?" if near else f"{what} knows: {', '.join(sorted(known))}"
            self._note(given.line_of(key), f"{what} has no {key!r}", cure)

    def _condition(self, given: MarkedMap, key: str) -> Condition | None:
        text = given.get(key)
        if text is None:
            if key in given:
                self._note(given.line_of(key), "the condition is empty", 'write e.g. slots.milk = "oat"')
            return None
        if isinstance(text, bool):
            text = str(text).lower()
        try:
            return conditions.parse(str(text))
        except conditions.ConditionError as error:
            self._note(given.line_of(key), f"in the condition {text!r}: {error}", error.cure)
            return None

    def _consumes(self, given: MarkedMap) -> str | None:
        consumes = given.get("consumes")
        if consumes not in (None, "preference"):
            self._note(given.line_of("consumes"), f"{consumes!r} is nothing a step consumes", "write preference")
        return consumes if consumes == "preference" else None

    def _text(self, given: MarkedMap, key: str) -> str | None:
        value = given.get(key)
        if value is None or isinstance(value, str):
            return value
        self._note(given.line_of(key), f"{key} must be a text, not {plain(value)!r}", "put it in quotes")
        return None

    def _flag(self, given: MarkedMap, key: str, *, absent: bool = False) -> bool:
        value = given.get(key, absent)
        if not isinstance(value, bool):
            self._note(given.line_of(key), f"{key} must be true or false", f"write {key}: true")
        return value is True

    def _runnable(self, given: MarkedMap, key: str) -> str | None:
        value = given.get(key)
        if key not in given:
            return None
        if isinstance(value, str) and _RUN.fullmatch(value):
            return value
        self._note(
            given.line_of(key),
            f"{plain(value)!r} can neither be said nor run",
            "use a name such as utter_x or action_x",
        )
        return None

    def _slot(self, given: MarkedMap, key: str) -> str:
        value = given[key]
        self._check_slot(value, given.line_of(key))
        return str(value)

    def _check_slot(self, name: Any, line: int) -> None:
        if not isinstance(name, str) or not _SLOT.fullmatch(name) or name in _READ_BY_RASA:
            self._note(line, f"{plain(name)!r} cannot be the name of a slot", "use small letters and _")

    def _slot_names(self, given: MarkedMap, key: str) -> list[str]:
        names = self._words(given, key)
        for name in names:
            self._check_slot(name, given.line_of(key))
        return names

    def _slot_values(self, given: MarkedMap, key: str) -> dict[str, Any]:
        values = given.get(key)
        if values is None:
            return {}
        if not isinstance(values, MarkedMap):
            self._note(given.line_of(key), f"{key} sets nothing", "write {slot: value}")
            return {}
        for name in values:
            self._check_slot(name, values.line_of(name))
        return dict(plain(values))

    def _words(self, given: MarkedMap, key: str) -> list[str]:
        words = given.get(key)
        if words is None:
            return []
        if isinstance(words, list) and all(isinstance(word, str) for word in words):
            return list(words)
        self._note(given.line_of(key), f"{key} must be a list of names", f"write {key}: [one, two]")
        return []

    def _note(self, line: int, message: str, cure: str) -> None:
        self.mistakes.append(Mistake(self.file, line, message, cure))

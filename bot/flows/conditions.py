"""Conditions of flows and wording are parsed once, hold or do not hold, and never raise while a customer waits.

The language: `slots.x`, `context.x`, `entities.x`, quoted strings, numbers, true, false, null; `=` (or `==`), `!=`,
`<`, `<=`, `>`, `>=`, `is null`, `is not null`, `in {"a" "b"}`, `not in [...]`, `contains`, `matches "regex"`; `and`,
`or`, `not` and parentheses. A comparison of things that cannot be compared does not hold; only `=`, `!=` and
`is` look at null.

    Exception
      ConditionError   the text is no condition; carries the column (from 1) and a cure
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

Scope = Mapping[str, Mapping[str, Any]]
_Value = Callable[[Scope], Any]

_SCOPES = ("slots", "context", "entities")
_NESTING_LIMIT = 40  # Keeps the recursive parser, and the evaluation of what it built, far from Python's own limit.
_MATCHED_LENGTH = 500  # Characters of an answer that a regular expression sees: bounds the time one may take.
_NESTED_REPETITION = re.compile(r"\((?:[^()\\]|\\.)*[+*}](?:[^()\\]|\\.)*\)[+*{]")
_EMPTY: Mapping[str, Any] = {}

_TOKENS = re.compile(
    r"""\s*(?:(?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
        |(?P<number>-?\d+(?:\.\d+)?(?![\w.]))
        |(?P<word>[A-Za-z_][\w]*(?:\.[A-Za-z_]\w*)*)
        |(?P<operator>==|!=|<=|>=|=|<|>|[(){}\[\],]))""",
    re.VERBOSE,
)


class ConditionError(ValueError):
    """The text cannot be read as a condition: `column` counts from 1, `cure` says what to write instead."""

    def __init__(self, message: str, *, column: int, cure: str) -> None:
        super().__init__(f"{message} (column {column})")
        self.message = message
        self.column = column
        self.cure = cure


@dataclass(frozen=True)
class Condition:
    """A parsed condition. Two conditions are equal when their texts are."""

    text: str
    slots: tuple[str, ...] = field(compare=False)
    """Names of the slots it looks at, in order of appearance."""
    _evaluate: _Value = field(compare=False, repr=False)

    def holds(
        self, slots: Mapping[str, Any], context: Mapping[str, Any] = _EMPTY, entities: Mapping[str, Any] = _EMPTY
    ) -> bool:
        """Whether the condition holds for these values; a name that is absent counts as null. Never raises."""
        return bool(self._evaluate({"slots": slots, "context": context, "entities": entities}))


@lru_cache(maxsize=4096)
def parse(text: str) -> Condition:
    """The condition that `text` states. Raises ConditionError with the column of the first mistake."""
    reader = _Reader(text)
    evaluate = reader.alternatives()
    reader.expect_end()
    return Condition(text=text.strip(), slots=tuple(dict.fromkeys(reader.slots)), _evaluate=evaluate)


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    column: int


def _tokens(text: str) -> list[_Token]:
    found, position = [], 0
    end = len(text.rstrip())
    while position < end:
        match = _TOKENS.match(text, position)
        if match is None or match.lastgroup is None:
            column = position + len(text[position:]) - len(text[position:].lstrip()) + 1
            raise ConditionError(
                f"cannot read {text[column - 1 : column + 9]!r}", column=column, cure='write e.g. slots.milk = "oat"'
            )
        kind = match.lastgroup
        found.append(_Token(kind, match.group(kind), match.start(kind) + 1))
        position = match.end()
    return found


class _Reader:
    """Recursive descent: alternatives -> conjunction -> negation -> comparison -> value."""

    def __init__(self, text: str) -> None:
        self.tokens = _tokens(text)
        self.position = 0
        self.end = len(text.rstrip()) + 1
        self.slots: list[str] = []
        self.depth = 0

    def alternatives(self) -> _Value:
        parts = [self.conjunction()]
        while self._take_word("or"):
            parts.append(self.conjunction())
        return parts[0] if len(parts) == 1 else lambda scope: any(part(scope) for part in parts)

    def conjunction(self) -> _Value:
        parts = [self.negation()]
        while self._take_word("and"):
            parts.append(self.negation())
        return parts[0] if len(parts) == 1 else lambda scope: all(part(scope) for part in parts)

    def negation(self) -> _Value:
        if not self._take_word("not"):
            return self.comparison()
        self._deeper()
        inner = self.negation()
        self.depth -= 1
        return lambda scope: not inner(scope)

    def comparison(self) -> _Value:
        if self._take("("):
            self._deeper()
            inner = self.alternatives()
            self._require(")")
            self.depth -= 1
            return inner
        left = self.value()
        token = self._peek()
        if token is None:
            return left
        if token.text in _COMPARISONS and token.kind == "operator":
            self.position += 1
            return _compared(_COMPARISONS[token.text], left, self.value())
        return self._named_comparison(left, token)

    def _named_comparison(self, left: _Value, token: _Token) -> _Value:
        if self._take_word("is"):
            negated = self._take_word("not")
            equal = _compared(_equal, left, self.value())
            return (lambda scope: not equal(scope)) if negated else equal
        if self._take_word("in"):
            members = self._members()
            return lambda scope: any(_equal(left(scope), member) for member in members)
        if token.text == "not" and self._word_after() == "in":
            self.position += 2
            outside = self._members()
            return lambda scope: not any(_equal(left(scope), member) for member in outside)
        if self._take_word("contains"):
            return _compared(_contains, left, self.value())
        if self._take_word("matches"):
            pattern = self._pattern()
            return lambda scope: _matches(pattern, left(scope))
        return left

    def value(self) -> _Value:
        token = self._next("a value")
        if token.kind == "string":
            text = _unquoted(token.text)
            return lambda scope: text
        if token.kind == "number":
            number = _number(token.text)
            return lambda scope: number
        if token.kind == "word":
            return self._named_value(token)
        raise ConditionError(
            f"a value is missing before {token.text!r}",
            column=token.column,
            cure="put a slot, a number or a quoted text",
        )

    def _named_value(self, token: _Token) -> _Value:
        constants = {"true": True, "false": False, "null": None}
        if token.text.lower() in constants:
            constant = constants[token.text.lower()]
            return lambda scope: constant
        scope_name, _, name = token.text.partition(".")
        if scope_name not in _SCOPES or not name or "." in name:
            raise ConditionError(
                f"{token.text!r} is neither a slot nor a value",
                column=token.column,
                cure=f'write slots.{token.text.rpartition(".")[2]} for a slot or "{token.text}" for a text',
            )
        if scope_name == "slots":
            self.slots.append(name)
        return lambda scope: scope[scope_name].get(name)

    def _members(self) -> tuple[Any, ...]:
        opening = self._next("a list")
        closing = {"{": "}", "[": "]", "(": ")"}.get(opening.text)
        if closing is None or opening.kind != "operator":
            raise ConditionError("a list is missing after `in`", column=opening.column, cure='write in {"a" "b"}')
        members: list[Any] = []
        while not self._take(closing):
            if self._take(","):
                continue
            token = self._next(f"{closing!r}")
            if token.kind not in ("string", "number", "word"):
                raise ConditionError(
                    f"{token.text!r} cannot stand in a list", column=token.column, cure='write in {"a" "b"}'
                )
            members.append(self._member(token))
        return tuple(members)

    def _member(self, token: _Token) -> Any:
        constants = {"true": True, "false": False, "null": None}
        if token.kind == "word" and token.text.lower() not in constants:
            raise ConditionError(
                f"{token.text!r} is not quoted", column=token.column, cure=f'write "{token.text}" in the list'
            )
        if token.kind == "word":
            return constants[token.text.lower()]
        return _unquoted(token.text) if token.kind == "string" else _number(token.text)

    def _pattern(self) -> re.Pattern[str]:
        token = self._next("a quoted regular expression")
        if token.kind != "string":
            raise ConditionError(
                "a quoted regular expression is missing after `matches`",
                column=token.column,
                cure='write matches "^K-[0-9]+$"',
            )
        if _NESTED_REPETITION.search(token.text):
            raise ConditionError(
                "a repetition within a repetition can take for ever",
                column=token.column,
                cure="keep one repetition of the two",
            )
        try:
            return re.compile(_unquoted(token.text, keep_escapes=True))
        except (re.error, OverflowError, RecursionError) as error:
            raise ConditionError(
                f"the regular expression is wrong: {error}", column=token.column, cure='write e.g. "^K-[0-9]+$"'
            ) from error

    def expect_end(self) -> None:
        token = self._peek()
        if token is not None:
            raise ConditionError(
                f"{token.text!r} is one word too many", column=token.column, cure="join conditions by `and` or `or`"
            )

    def _deeper(self) -> None:
        self.depth += 1
        if self.depth > _NESTING_LIMIT:
            column = self.tokens[min(self.position, len(self.tokens) - 1)].column
            raise ConditionError("nested too deeply", column=column, cure="split the condition over several steps")

    def _peek(self) -> _Token | None:
        return self.tokens[self.position] if self.position < len(self.tokens) else None

    def _next(self, wanted: str) -> _Token:
        token = self._peek()
        if token is None:
            raise ConditionError(f"{wanted} is missing at the end", column=self.end, cure=f"add {wanted}")
        self.position += 1
        return token

    def _take(self, text: str) -> bool:
        token = self._peek()
        if token is None or token.kind != "operator" or token.text != text:
            return False
        self.position += 1
        return True

    def _take_word(self, word: str) -> bool:
        token = self._peek()
        if token is None or token.kind != "word" or token.text.lower() != word:
            return False
        self.position += 1
        return True

    def _word_after(self) -> str | None:
        following = self.position + 1
        return self.tokens[following].text.lower() if following < len(self.tokens) else None

    def _require(self, text: str) -> None:
        token = self._peek()
        if not self._take(text):
            column = token.column if token else self.end
            raise ConditionError(f"{text!r} is missing", column=column, cure=f"close it with {text!r}")


def _compared(compare: Callable[[Any, Any], bool], left: _Value, right: _Value) -> _Value:
    return lambda scope: compare(left(scope), right(scope))


def _equal(left: Any, right: Any) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return bool(left == right)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def ordered(left: Any, right: Any) -> bool:
        both_numbers = _is_number(left) and _is_number(right)
        both_texts = isinstance(left, str) and isinstance(right, str)
        return (both_numbers or both_texts) and compare(left, right)

    return ordered


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _contains(left: Any, right: Any) -> bool:
    if isinstance(left, str):
        return isinstance(right, str) and right in left
    if isinstance(left, list | tuple):
        return any(_equal(item, right) for item in left)
    return False


def _matches(pattern: re.Pattern[str], value: Any) -> bool:
    return isinstance(value, str) and pattern.search(value[:_MATCHED_LENGTH]) is not None


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": _equal,
    "==": _equal,
    "!=": lambda left, right: not _equal(left, right),
    "<": _ordered(lambda left, right: left < right),
    "<=": _ordered(lambda left, right: left <= right),
    ">": _ordered(lambda left, right: left > right),
    ">=": _ordered(lambda left, right: left >= right),
}


def _unquoted(text: str, *, keep_escapes: bool = False) -> str:
    inner = text[1:-1]
    if keep_escapes:  # In a regular expression a backslash belongs to the expression.
        return inner
    return re.sub(r"\\(.)", r"\1", inner)


def _number(text: str) -> int | float:
    return float(text) if "." in text else int(text)

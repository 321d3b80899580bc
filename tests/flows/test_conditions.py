"""The language of conditions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.flows.conditions import ConditionError, parse

SLOTS = {
    "milk": "oat",
    "n": 3,
    "empty": None,
    "yes": True,
    "no": False,
    "tags": ["a", "b"],
    "price": 2.5,
    "day": "2026-01-02",
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('slots.milk = "oat"', True),
        ("slots.milk == 'oat'", True),
        ('slots.milk != "oat"', False),
        ('slots.absent = "oat"', False),
        ('slots.absent != "oat"', True),
        ("slots.n < 4 and slots.n <= 3", True),
        ("slots.n > 3 or slots.n >= 3", True),
        ("slots.price > 2", True),
        ("slots.empty < 1", False),
        ("slots.milk > 1", False),
        ('slots.day >= "2026-01-01"', True),
        ("slots.empty is null", True),
        ("slots.absent is null", True),
        ("slots.n is not null", True),
        ("slots.yes is true", True),
        ("slots.n = 3.0", True),
        ("slots.yes = 1", False),
        ('slots.milk in {"oat" "soy"}', True),
        ('slots.milk in ["soy", "cow"]', False),
        ('slots.milk not in ("soy", "cow")', True),
        ('slots.tags contains "b"', True),
        ('slots.milk contains "at"', True),
        ("slots.n contains 3", False),
        ('slots.milk matches "^o.t$"', True),
        ('slots.n matches "3"', False),
        ("slots.yes", True),
        ("not slots.no", True),
        ("not slots.yes or slots.yes and slots.no", False),
        ("not (slots.no or slots.empty is null)", False),
        ("slots.n = -3", False),
        ('context.channel = "web"', True),
        ('entities.size = "large"', True),
        ("TRUE", True),
    ],
)
def test_a_condition_holds_or_does_not(text: str, expected: bool) -> None:
    """Each form of the language means what it says."""
    assert parse(text).holds(SLOTS, {"channel": "web"}, {"size": "large"}) is expected


@pytest.mark.parametrize(
    ("text", "column", "cure"),
    [
        ("slots.milk = oat", 14, '"oat"'),
        ("milk = 1", 1, "slots.milk"),
        ("slots.a = 1 slots.b = 2", 13, "and"),
        ("(slots.a = 1", 13, "')'"),
        ("slots.a in 5", 12, "in {"),
        ("slots.a in {b}", 13, '"b"'),
        ('slots.a matches "("', 17, "e.g."),
        ('slots.a matches "(a+)+$"', 17, "one repetition"),
        ("slots.a matches 5", 17, "^K-"),
        ("slots.a in {=}", 13, "in {"),
        ("slots.a ~ 1", 9, "e.g."),
        ("slots.a =", 10, "a value"),
        ("", 1, "a value"),
        ("(" * 60 + "slots.a" + ")" * 60, 42, "split"),
    ],
)
def test_a_mistake_is_shown_where_it_is(text: str, column: int, cure: str) -> None:
    """What is no condition raises with column and cure."""
    with pytest.raises(ConditionError) as caught:
        parse(text)
    assert (caught.value.column, cure in caught.value.cure) == (column, True)


def test_a_condition_names_its_slots() -> None:
    """The slots a condition looks at are known, once each, in order."""
    assert parse('slots.b = 1 and (slots.a in {"x"} or slots.b > 2) and context.c').slots == ("b", "a")


def test_conditions_are_equal_by_their_text() -> None:
    """Two flows with the same conditions are equal."""
    assert parse("slots.a  = 1") == parse("slots.a  = 1 ")


@given(st.text(alphabet="slots.ab xcontext()=<>!{}[]\"'1-, \\andornis", max_size=60))
def test_any_text_is_a_condition_or_a_condition_error(text: str) -> None:
    """No text does anything but parse, or raise ConditionError with a column; what parses never raises."""
    try:
        parse(text).holds({"a": "x", "b": [1], "ab": 2})
    except ConditionError as error:
        column = error.column
    else:
        column = 1
    assert 1 <= column <= len(text) + 2


@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5), st.lists, max_leaves=4)
)
def test_any_value_can_be_compared(value) -> None:
    """Whatever a slot holds, a condition holds or does not."""
    condition = 'slots.a < 3 or slots.a = "x" or slots.a contains 1 or slots.a matches "a+$" or slots.a in {1 null}'
    assert parse(condition).holds({"a": value}) in (True, False)

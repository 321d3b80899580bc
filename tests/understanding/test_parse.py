"""`rapport parse` shows one JSON object a line."""

import json

import pytest

from bot.rasa.nlu import parse


def test_the_json_of_one_message(understanding):
    """Everything that was understood is in one object of plain JSON."""
    told = understanding.parse("a large oat latte, I'm vegan, and no more emails")
    assert json.loads(json.dumps(told)) == told
    assert told["entities"]["size"] == "large"
    assert told["refusal"] == {"scope": "marketing", "channel": "email", "topic": None}
    assert [(fact["attribute"], fact["value"]) for fact in told["facts"]] == [("diet", "vegan")]


def test_a_plain_message(understanding):
    """Without refusal and facts the fields are there and empty."""
    told = understanding.parse("when do you open")
    assert {"text", "intent", "confidence", "entities", "refusal", "facts"} == set(told)
    assert (told["intent"], told["refusal"], told["facts"]) == ("opening_hours", None, [])
    assert 0 < told["confidence"] <= 1


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("I never got my flat white", "complaint"),
        ("what?", "continue_task"),
        ("my regular, cheers", "reorder"),
        ("I'd like a subscription to beans", "subscribe"),
        ("do you have gift cards", "gift_card"),
        ("+1 cappuccino", "order_another"),
        ("forget that I said I hate chai", "forget_that"),
        ("我的拿铁一直没到", "complaint"),
        ("推薦點什麼", "recommend"),
    ],
)
def test_what_looks_like_something_else(understanding, text, intent):
    """A thing that is named, or a word of the shop's, does not make an order, an answer or a taste of a message."""
    assert understanding.parse(text)["intent"] == intent


def test_an_empty_line(understanding):
    """Nothing said, nothing understood."""
    assert understanding.parse("")["intent"] is None


def test_entities_by_name():
    """Several values make a list; what is replaced or refused goes under its own name."""
    entities = [
        {"entity": "product", "value": "latte"},
        {"entity": "product", "value": "mocha"},
        {"entity": "milk", "value": "oat", "role": "to"},
        {"entity": "milk", "value": "soy", "role": "from"},
        {"entity": "syrup", "value": "vanilla", "role": "not"},
    ]
    assert parse.by_name(entities) == {
        "product": ["latte", "mocha"], "milk": "oat", "milk_from": "soy", "syrup_not": "vanilla",
    }  # fmt: skip

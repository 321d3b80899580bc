"""Chinese is understood in either script, in the same process as English."""

from datetime import UTC, datetime

import pytest
import yaml

from bot.rasa.nlu.chinese import fold
from bot.rasa.nlu.entities import extract
from bot.rasa.nlu.language import detect
from bot.rasa.nlu.parse import by_name
from bot.rasa.nlu.typed_chinese import place
from tests.understanding.conftest import HELD_OUT

# A Friday.
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("a flat white please", "en"), ("我要一杯拿铁", "zh-Hans"),
        ("我要一杯拿鐵", "zh-Hant"), ("請問幾點關門", "zh-Hant"),
        ("ラテをください", "ja"), ("quiero un café por favor", "es"), ("je voudrais un café", "fr"),
        ("ich möchte einen kaffee", "de"), ("vorrei un caffè per favore", "it"),
        ("قهوة من فضلك", "ar"), ("latte", "en"),
    ],
)  # fmt: skip
def test_language_of_a_message(text, language):
    """Script decides where it can, small words elsewhere."""
    assert detect(text) == language


def test_a_word_without_language_keeps_the_conversations():
    """ "OK" in a Chinese conversation is Chinese."""
    assert detect("ok", spoken="zh-Hant") == "zh-Hant"
    assert detect("大杯", spoken="zh-Hant") == "zh-Hant"


@pytest.mark.parametrize(
    ("text", "language"),
    [("hi", "zh-Hans"), ("latte please", "zh-Hans"), ("2", "zh-Hans"), ("what is in the latte", "en")],
)
def test_a_borrowed_word_does_not_end_a_conversation_in_chinese(text, language):
    """A sentence does."""
    assert detect(text, spoken="zh-Hans") == language


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("一", 1), ("2", 2), ("第二个", 2), ("選第三項吧", 3), ("就要第一個", 1), ("4号", 4),
        ("两杯", None), ("大杯", None), ("第二个问题是什么", None), ("latte", None),
    ],
)  # fmt: skip
def test_a_place_in_a_list(text, number):
    """What counts the choices shown is told from what counts cups."""
    assert place(text) == number


def test_folding_keeps_places():
    """Offsets hold before and after the fold."""
    assert fold("請給我一杯拿鐵") == "请给我一杯拿铁"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "我要一杯大杯燕麦拿铁外带",
            {"quantity": 1, "size": "large", "milk": "oat", "product": "latte", "fulfilment": "pickup"},
        ),
        ("兩杯熱拿鐵，外送", {"quantity": 2, "temperature": "hot", "product": "latte", "fulfilment": "delivery"}),
        ("明天下午三点半", {"date": "2026-11-21", "time": "15:30"}),
        ("二十分鐘後", {"time": "10:20"}),
        ("下週一早上九點", {"date": "2026-11-23", "time": "09:00"}),
        ("五十块以内", {"money": 50.0}),
        ("不加糖", {"syrup": "none"}),
        ("不要香草", {"syrup_not": "vanilla"}),
        ("把牛奶换成豆奶", {"milk": "soy", "milk_from": "whole"}),
        ("要豆奶不要牛奶", {"milk": "soy", "milk_from": "whole"}),
    ],
)  # fmt: skip
def test_entities(nlp, text, expected):
    """The shop's words, quantities, times, dates, money and roles are found in either script."""
    assert by_name(extract(text, nlp=nlp, now=NOW)) == expected


@pytest.mark.parametrize(
    ("text", "intents"),
    [
        ("我要一杯拿鐵，對了，你們幾點關門？", ["order", "opening_hours"]),
        ("来两杯美式。不要再给我发广告了", ["order", "opt_out_marketing"]),
        ("大杯，燕麦奶，热的", ["inform"]),
    ],
)
def test_several_requests(understanding, text, intents):
    """Chinese commas part requests as English "and" does."""
    told = understanding.parse(text)
    assert [r["intent"] for r in told.get("requests", [told])] == intents


def test_held_out_messages(understanding):
    """On messages never trained on, no worse than when it was last measured (docs/understanding.md)."""
    right = wrong = total = 0
    for label, texts in yaml.safe_load((HELD_OUT / "chinese.yml").read_text(encoding="utf-8")).items():
        for text in texts:
            intent = understanding.parse(text)["intent"]
            total += 1
            right += intent == label
            wrong += intent not in (label, "out_of_scope")
    assert right / total >= 0.75
    assert wrong / total <= 0.15

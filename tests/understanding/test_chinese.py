"""Chinese is understood in either script, in the same process as English."""

from datetime import UTC, datetime

import pytest
import yaml

from bot.offering import catalogue_files
from bot.rasa.nlu.chinese import fold
from bot.rasa.nlu.entities import extract
from bot.rasa.nlu.facts import find as facts_of
from bot.rasa.nlu.language import detect
from bot.rasa.nlu.parse import by_name
from bot.rasa.nlu.typed_chinese import place
from bot.wording import load as load_wording
from tests.understanding.conftest import HELD_OUT, ROOT

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
        ("再加一包肯亞咖啡豆", ["order_another"]),
    ],
)
def test_several_requests(understanding, text, intents):
    """Chinese commas part requests as English "and" does."""
    told = understanding.parse(text)
    assert [r["intent"] for r in told.get("requests", [told])] == intents


@pytest.mark.parametrize(("name", "least", "most"), [("chinese", 0.9, 0.05), ("chinese_second", 0.7, 0.1)])
def test_held_out_messages(understanding, name, least, most):
    """On messages never trained on, no worse than when it was last measured (docs/understanding.md)."""
    right = wrong = total = 0
    for label, texts in yaml.safe_load((HELD_OUT / f"{name}.yml").read_text(encoding="utf-8")).items():
        for text in texts:
            intent = understanding.parse(text)["intent"]
            total += 1
            right += intent == label
            wrong += intent not in (label, "out_of_scope")
    assert right / total >= least
    assert wrong / total <= most


@pytest.mark.parametrize("language", ["zh-Hans", "zh-Hant"])
def test_what_the_shop_calls_its_things_is_understood(nlp, language):
    """Every title that a Chinese customer reads, typed back, means the thing."""
    catalogue, words = catalogue_files.load(ROOT / "data" / "catalogue"), load_wording(ROOT / "data" / "wording")
    named = [("product", p) for p in catalogue.products.values()]
    named += [(slot.id, module) for slot in catalogue.slots.values() for module in slot.modules.values()]
    named += [("category", each) for each in catalogue.categories.values()]
    # A gift card is called like its category, amounts are figures, and "subscription" is the verb as well.
    unlike = {"gift_card", "subscriptions", "10", "25", "50", "100"}
    for entity, thing in named:
        found = extract(words.word(thing.title, language), nlp=nlp, now=NOW)
        if thing.id not in unlike:
            assert (entity, thing.id) in {(each["entity"], each["value"]) for each in found}, thing.id


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("我对坚果过敏", [("allergy", "nuts", "never", True)]),
        ("我對花生和牛奶過敏", [("allergy", "peanuts", "never", True), ("allergy", "milk", "never", True)]),
        ("我不对坚果过敏", []),
        ("你们的拿铁会让人过敏吗", []),
        ("如果我对坚果过敏呢", []),
        ("我老婆对坚果过敏", []),
        ("我已经不对牛奶过敏了", [("allergy", "milk", "not", True)]),
        ("我是乳糖不耐", [("allergy", "lactose", "never", True)]),
        ("我吃素", [("diet", "vegetarian", "must", True)]),
        ("我不吃素", []),
        ("我懷孕了", [("health", "pregnant", "has", True)]),
        ("我家有手沖壺", [("equipment", "kettle", "has", True)]),
        ("我想买磨豆机", []),
        ("我一直喝燕麦奶", [("milk", "oat", "must", True)]),
        ("我從來不加糖", [("taste", "sugar", "never", True)]),
        ("不加糖", []),
        ("我要一杯燕麦拿铁", []),
        ("今天我喜欢热的", [("temperature", "hot", "like", False)]),
        ("我喜欢拿铁，但是讨厌肉桂", [("product", "latte", "like", True), ("syrup", "cinnamon", "dislike", True)]),
        ("我的预算是50欧", [("budget", 50.0, "must", True)]),
        ("我每天喝三杯", [("cups_a_day", 3.0, "has", True)]),
        ("每周二方便收货", [("delivery_day", "tuesday", "like", True)]),
    ],
)  # fmt: skip
def test_what_customers_tell_of_themselves(nlp, text, facts):
    """Plain statements of oneself are facts; questions, suppositions, orders and others' allergies are not."""
    found = facts_of(text, entities=extract(text, nlp=nlp, now=NOW))
    assert [(fact.attribute, fact.value, fact.polarity, fact.lasting) for fact in found] == facts


@pytest.mark.parametrize(("text", "intent"), [("好", "affirm"), ("對", "affirm"), ("停", "cancel"), ("嘿！", "greet")])
def test_an_example_means_what_it_was_given_for(understanding, text, intent):
    """Also where it is too short to be sure of."""
    assert understanding.parse(text)["intent"] == intent

"""Numbers, times and choices that actions give."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from rasa_sdk.events import SlotSet
from shop_talk import CATALOGUE, MONDAY

from actions import cart, times
from actions.base import ShopAction
from bot.flows.model import Choice

BERLIN = ZoneInfo("Europe/Berlin")
SHOP = CATALOGUE.shop


def test_an_action_is_named_after_its_class():
    """So that a name in a flow leads to its code."""

    class ActionAskMilk(ShopAction):
        pass

    assert ActionAskMilk(None).name() == "action_ask_milk"


def test_every_question_offers_only_what_there_is(stage):
    """Coconut milk is out and not among the buttons; each button answers the question."""
    slots = {"product": "latte", "dialogue": {"stack": [{"flow": "item", "step": "milk", "phase": "asked"}]}}
    assert stage.run("action_ask_milk", slots) == []
    (message,) = stage.said
    titles = [button["title"] for button in message["buttons"]]
    assert titles == ["Whole milk", "Skimmed milk", "Lactose-free milk", "Oat milk", "Soy milk", "Almond milk"]
    assert message["buttons"][3]["choice"] == Choice(set={"milk": "oat"}, flow="item", step="milk")


def test_a_number_is_read_out_easily_and_comes_from_its_message():
    """Six signs without vowels or look-alikes; another message, another number."""
    number = cart.number_for("K", conversation="v_1", message="m1")
    assert number == cart.number_for("K", conversation="v_1", message="m1")
    assert number != cart.number_for("K", conversation="v_1", message="m2")
    assert not set(number[2:]) & set("AEIOUL01")
    assert cart.number_in(f"where is {number.lower()}?") == number


@pytest.mark.parametrize("text", ["kettles please", "two kilos of coffee", "kitchen", "K-12", "order it"])
def test_ordinary_words_are_no_order_numbers(text):
    """Kettles begin with K, too."""
    assert cart.number_in(text) is None


@pytest.mark.parametrize(
    ("local", "ready"),
    [
        ("2026-11-16 10:00", "2026-11-16 10:10"),
        ("2026-11-16 05:00", "2026-11-16 07:40"),
        ("2026-11-16 21:00", "2026-11-17 07:40"),
        ("2026-11-21 19:00", "2026-11-22 10:10"),
        # The clock goes back in the night to 25 October 2026; the shop opens at ten, whatever the clock did.
        ("2026-10-24 20:00", "2026-10-25 10:10"),
    ],
)
def test_two_drinks_are_ready_ten_minutes_after_the_shop_is_open(local, ready):
    """Eight for the first, two for the second, counted from the opening where it is closed."""
    moment = datetime.fromisoformat(local).replace(tzinfo=BERLIN)
    told = times.ready_at(SHOP, ["drinks", "drinks"], moment)
    assert told.strftime("%Y-%m-%d %H:%M") == ready


def test_an_order_can_be_changed_for_as_long_as_the_shop_says():
    """Drinks three minutes, all else an hour."""
    drinks = times.changeable_until(SHOP, ["drinks", "beans"], MONDAY)
    beans = times.changeable_until(SHOP, ["beans"], MONDAY)
    assert (drinks - MONDAY, beans - MONDAY) == (timedelta(minutes=3), timedelta(minutes=60))


def test_a_complaint_is_its_own_text_where_it_says_enough(stage):
    """Six words or more need no second question."""
    long = "the coffee was cold and bitter today"
    complaint = {"name": "complaint"}
    assert stage.run("action_hear_complaint", latest={"text": long, "intent": complaint}) == [SlotSet("message", long)]
    short = {"text": "i am unhappy", "intent": complaint}
    assert stage.run("action_hear_complaint", latest=short) == [SlotSet("message", None)]


def test_only_the_complaint_is_kept_of_a_longer_message(stage):
    """An order in the same message is nobody else's business."""
    latest = {
        "text": "a latte please, and my last coffee was cold and far too bitter",
        "requests": [
            {"text": "a latte please", "intent": {"name": "order"}},
            {"text": "my last coffee was cold and far too bitter", "intent": {"name": "complaint"}},
        ],
    }
    (event,) = stage.run("action_hear_complaint", latest=latest)
    assert event == SlotSet("message", "my last coffee was cold and far too bitter")

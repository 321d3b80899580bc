"""What happens to an order after it was placed, and to subscriptions."""

from decimal import Decimal

import pytest
from shop_talk import Talk, customer_of

from memory import orders


@pytest.fixture
def ordered(talk):
    """Somebody who has just ordered a large oat flat white."""
    said = (("product", "flat_white"), ("size", "large"), ("milk", "oat"), ("fulfilment", "pickup"))
    talk.say("a large oat flat white to go", "order", *said)
    talk.tap("Yes, order it")
    return talk


def _order(talk):
    with talk.memory.read() as tx:
        return orders.latest(tx, talk.customer)


def test_the_status_of_an_order_is_told_by_the_clock(ordered, clock):
    """Before its time it will be ready, afterwards it should have been."""
    (before,) = ordered.say("where is my coffee", "order_status")
    clock.forward(minutes=20)
    (after,) = ordered.say("where is my coffee", "order_status")
    assert "will be ready at 10:08" in before.text
    assert "should have been ready at 10:08" in after.text


def test_an_order_is_found_by_its_number_in_the_text(ordered):
    """Also where understanding has not marked it."""
    number = _order(ordered).number
    (told,) = ordered.say(f"status of {number.lower()} please", "order_status")
    assert number in told.text


def test_nobody_sees_an_order_of_somebody_else(ordered, memory, clock):
    """A number is no key."""
    other = Talk(memory, clock, customer_of(memory, "ben"))
    (told,) = other.say(f"status of {_order(ordered).number}", "order_status")
    assert told.name == "utter_no_order_found"


def test_a_placed_order_is_changed_after_a_yes(ordered):
    """ "Make my order soy": the new sum, a question, and then it is changed."""
    ordered.say("can you make my order soy, medium", "change_order", ("milk", "soy"), ("size", "medium"))
    assert _order(ordered).lines[0]["options"]["milk"] == "oat"
    ordered.tap("Yes, change it")
    order = _order(ordered)
    assert (order.state, order.total) == ("changed", Decimal("4.40"))
    assert (order.lines[0]["options"]["milk"], order.lines[0]["options"]["size"]) == ("soy", "medium")


def test_what_to_change_is_asked_when_it_was_not_said(ordered):
    """A button for each thing that can differ."""
    ordered.say("i want to change my order", "change_order")
    assert ordered.titles() == ["Size", "Milk", "Syrup", "Hot or iced", "How many", "Nothing, leave it"]
    ordered.tap("Milk")
    ordered.tap("Almond milk")
    ordered.say("yes", "affirm")
    assert _order(ordered).lines[0]["options"]["milk"] == "almond"


def test_an_order_is_kept_when_the_change_is_not_wanted_after_all(ordered):
    """No means no change."""
    ordered.say("make it soy", "change_order", ("milk", "soy"))
    ordered.tap("No, leave it")
    assert _order(ordered).state == "placed"


def test_an_order_is_cancelled_after_a_yes(ordered):
    """Only then."""
    ordered.say("cancel my order", "cancel_order")
    assert _order(ordered).state == "placed"
    ordered.say("yes", "affirm")
    assert _order(ordered).state == "cancelled"
    (told,) = ordered.say("where is it", "order_status")
    assert told.name == "utter_status_cancelled"


@pytest.mark.parametrize("intent", ["cancel_order", "change_order"])
def test_what_is_being_made_can_no_longer_be_changed(ordered, clock, intent):
    """Said openly, with a person as the way out."""
    clock.forward(minutes=5)
    (told,) = ordered.say("change or cancel my order", intent)
    assert "already being made" in told.text
    assert "Talk to a person" in told.choices
    assert _order(ordered).state == "placed"


def test_cancel_my_order_while_one_is_put_together_asks_which(ordered):
    """The one at hand, or the one placed before."""
    ordered.say("a latte", "order", ("product", "latte"))
    ordered.say("cancel my order", "cancel_order")
    which = next(message for message in ordered.shown if message.name == "utter_cancel_which")
    assert list(which.choices) == ["The one at hand", "One placed before"]
    ordered.tap("The one at hand")
    assert ordered.slots["product"] is None
    assert _order(ordered).state == "placed"


def test_the_last_order_is_recalled_with_its_date(ordered):
    """What, and when."""
    (told,) = ordered.say("what did i have last time", "recall_orders")
    assert "on 16 November 2026: a large flat white with oat milk" in told.text


def test_the_usual_is_offered_and_never_ordered(ordered):
    """Two options at least; one tap more until there is anything to confirm."""
    ordered.say("the usual", "reorder")
    assert list(ordered.shown[-1].choices) == ["Yes, the same", "Something else"]
    first = _order(ordered).number
    ordered.tap("Yes, the same")
    ordered.tap("Pick up")
    assert "a large flat white with oat milk" in ordered.shown[-1].text
    assert _order(ordered).number == first


def test_the_same_again_without_an_earlier_order_starts_a_new_one(talk):
    """Nothing is invented."""
    talk.say("same again", "reorder")
    assert talk.ran[-2:] == ["utter_no_earlier_order", "action_ask_category"]


@pytest.mark.parametrize("intent", ["order_status", "cancel_order", "change_order", "recall_orders"])
def test_without_an_order_it_is_said_that_there_is_none(talk, intent):
    """And how one could be found."""
    assert [message.name for message in talk.say("my order", intent)] == ["utter_no_order_found"]


@pytest.fixture
def subscribed(talk):
    """Somebody with a subscription to House Espresso."""
    talk.say("i want a subscription", "subscribe")
    talk.tap("Fortnightly House Espresso")
    talk.tap("250 g")
    talk.tap("Whole beans")
    talk.say("Hauptstr 5, 10435 Berlin", "inform")
    talk.tap("Yes, start it")
    return talk


def test_a_subscription_is_summed_up_and_started(subscribed):
    """Interval, price and place are said before it begins."""
    summary = next(m for m in subscribed.shown if m.name == "utter_ask_subscription_confirmed")
    assert "House Espresso, whole beans, every 14 days to Hauptstr 5, 10435 Berlin, €8.50 each time" in summary.text
    assert _order(subscribed).fulfilment["every_days"] == 14


def test_a_subscription_is_ended_after_a_yes(subscribed):
    """As easily as it was begun."""
    subscribed.say("stop my subscription", "cancel_subscription")
    assert "Fortnightly House Espresso" in subscribed.shown[-1].text
    subscribed.tap("Yes, end it")
    assert _order(subscribed).state == "cancelled"


def test_without_a_subscription_there_is_none_to_end(talk):
    """Said, not guessed."""
    (told,) = talk.say("end my subscription", "cancel_subscription")
    assert told.name == "utter_no_subscription_found"


def test_a_subscription_is_no_order_to_be_changed_or_looked_up(subscribed):
    """ "Where is my order" means what was ordered once."""
    (told,) = subscribed.say("where is my order", "order_status")
    assert told.name == "utter_no_order_found"


def test_beans_that_do_not_come_as_a_subscription_lead_to_those_that_do(talk):
    """The wish is answered, and the choice shown."""
    talk.say("subscribe to ethiopia guji", "subscribe", ("product", "ethiopia_guji"))
    assert "doesn't come as a subscription" in talk.shown[-2].text
    assert "Fortnightly House Espresso" in talk.titles()

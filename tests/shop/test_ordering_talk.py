"""Ordering, as customers live through it."""

from decimal import Decimal

import pytest
from shop_talk import Talk, customer_of

from memory import orders

FLAT_WHITE = (("product", "flat_white"), ("size", "large"), ("milk", "oat"), ("fulfilment", "pickup"))


def _orders(talk):
    with talk.memory.read() as tx:
        return orders.recent(tx, talk.customer)


def _latte(talk):
    """A large latte with oat milk, up to its confirmation."""
    said = (("product", "latte"), ("size", "large"), ("milk", "oat"), ("fulfilment", "pickup"))
    return talk.say("a large oat latte to go", "order", *said)


def test_an_order_in_one_sentence_asks_nothing_that_was_said(talk):
    """ "I'd like a large oat flat white to go": the summary with its price comes at once, and then the order."""
    (summary,) = talk.say("I'd like a large oat flat white to go", "order", *FLAT_WHITE)
    assert "a large flat white with oat milk" in summary.text
    assert "€4.80" in summary.text
    assert list(summary.choices) == ["Yes, order it", "Add something", "Change something", "Cancel"]
    (placed,) = talk.tap("Yes, order it")
    (order,) = _orders(talk)
    assert order.number in placed.text
    assert "ready at 10:08" in placed.text
    assert (order.total, order.currency, order.state) == (Decimal("4.80"), "EUR", "placed")
    assert order.lines[0] == {
        "sku": "flat_white",
        "options": {"size": "large", "milk": "oat", "temperature": "hot", "syrup": "none"},
        "quantity": 1,
        "unit_price": "4.80",
        "unit_cost": "1.00",
    }


def test_nothing_is_ordered_before_it_is_confirmed(talk):
    """A summary is no order, and cancelling leaves none."""
    talk.say("a large oat flat white to go", "order", *FLAT_WHITE)
    assert _orders(talk) == ()
    talk.tap("Cancel")
    assert _orders(talk) == ()


def test_only_what_is_missing_is_asked(talk):
    """A latte: size, milk, and how it reaches the customer; never hot or iced, never the syrup."""
    talk.say("a latte please", "order", ("product", "latte"))
    talk.tap("Large")
    talk.tap("Oat milk")
    talk.tap("Pick up")
    asked = [name.removeprefix("action_ask_") for name in talk.ran if "_ask_" in name]
    assert asked == ["size", "milk", "utter_ask_fulfilment", "confirmed"]


@pytest.mark.parametrize("product", ["espresso", "peppermint_tea"])
def test_a_product_without_milk_is_not_asked_for_milk(talk, product):
    """Questions fit the product."""
    talk.say("that please", "order", ("product", product), ("fulfilment", "pickup"))
    talk.tap(talk.titles()[0])
    assert talk.ran[-1] == "action_ask_confirmed"


def test_beans_are_asked_for_weight_and_grind(talk):
    """No milk and no temperature for a bag of beans; a skipped grind means whole beans."""
    talk.say("house espresso beans", "order", ("product", "house_espresso"))
    assert talk.titles() == ["250 g", "500 g", "1 kg"]
    talk.tap("1 kg")
    talk.say("doesn't matter", "skip")
    talk.tap("Pick up")
    assert "1 kg House Espresso beans, whole beans" in talk.shown[-1].text
    assert "€28.90" in talk.shown[-1].text


def test_several_at_once_are_counted(talk):
    """Two of them cost twice as much."""
    (summary,) = talk.say("two large oat flat whites", "order", *FLAT_WHITE, ("quantity", 2))
    assert "2 × large flat white with oat milk" in summary.text
    assert "€9.60" in summary.text


@pytest.mark.parametrize(("quantity", "wording"), [(0, "utter_too_few"), (21, "utter_too_many")])
def test_a_number_out_of_bounds_is_refused_kindly(talk, quantity, wording):
    """The number is asked again, nothing else is lost."""
    talk.say("flat whites", "order", *FLAT_WHITE, ("quantity", quantity))
    assert wording in talk.ran
    talk.say("three", "inform", ("quantity", 3))
    assert "3 × large flat white" in talk.shown[-1].text


def test_any_answer_can_be_corrected_later(talk):
    """ "Actually soy, and iced" at the confirmation changes both and sums up anew."""
    _latte(talk)
    talk.say("actually make it soy and iced", "change_order", ("milk", "soy", "to"), ("temperature", "iced"))
    assert "large iced latte with soy milk" in talk.shown[-1].text
    assert "€5.30" in talk.shown[-1].text


def test_what_can_never_be_is_said_before_anything_else_is_asked(talk):
    """A small iced one is impossible with every milk: the milk is asked for when there is something to put it in."""
    shown = talk.say("a small iced latte", "order", ("product", "latte"), ("size", "small"), ("temperature", "iced"))
    assert [message.name for message in shown] == ["utter_offer_nearest"]
    assert "Iced drinks start at medium" in shown[0].text
    talk.tap("Medium")
    assert talk.ran[-1] == "action_ask_milk"


def test_what_is_out_of_stock_is_refused_with_the_reason_and_the_nearest(talk):
    """Coconut milk is out: at least two others are offered, beside something else."""
    talk.say("large coconut latte", "order", ("product", "latte"), ("size", "large"), ("milk", "coconut"))
    offer = talk.shown[-1]
    assert "out of coconut milk" in offer.text
    assert list(offer.choices) == ["Soy milk", "Oat milk", "Almond milk", "Something else"]
    talk.tap("Oat milk")
    talk.tap("Pick up")
    assert "a large latte with oat milk" in talk.shown[-1].text


def test_what_cannot_be_made_is_refused_with_the_reason_and_the_nearest(talk):
    """A small iced latte: the shop's own reason, and three ways out."""
    said = (("product", "latte"), ("size", "small"), ("milk", "oat"), ("temperature", "iced"))
    talk.say("small iced oat latte", "order", *said)
    assert "Iced drinks start at medium" in talk.shown[-1].text
    assert talk.titles() == ["Medium", "Large", "Hot", "Something else"]


def test_the_wish_can_also_be_changed_in_words_when_alternatives_are_offered(talk):
    """Buttons are a help, no cage."""
    talk.say("large coconut latte", "order", ("product", "latte"), ("size", "large"), ("milk", "coconut"))
    talk.say("then almond", "inform", ("milk", "almond"))
    talk.tap("Pick up")
    assert "a large latte with almond milk" in talk.shown[-1].text


def test_something_else_begins_with_another_product(talk):
    """None of the alternatives will do."""
    talk.say("rwanda beans", "order", ("product", "rwanda_nyamasheke"))
    assert "sold out" in talk.shown[-1].text
    talk.tap("Something else")
    assert talk.ran[-1] == "action_ask_category"


def test_declining_every_alternative_orders_nothing(talk):
    """No is an answer."""
    talk.say("rwanda beans", "order", ("product", "rwanda_nyamasheke"))
    talk.say("no thanks", "deny")
    assert "Nothing has been ordered" in talk.shown[-1].text
    assert _orders(talk) == ()


def test_more_gear_than_there_is_can_be_taken_in_smaller_number(talk):
    """The shop has four of the machine."""
    said = (("product", "automatic_espresso_machine"), ("quantity", 6), ("fulfilment", "pickup"))
    talk.say("six espresso machines", "order", *said)
    assert "only 4 are left" in talk.shown[-1].text
    talk.tap("Take 4")
    assert "€3276.00" in talk.shown[-1].text


def test_an_address_said_with_the_order_is_not_asked_for(talk):
    """Nor is a whole address given for the missing postcode joined to the first."""
    said = (("fulfilment", "delivery"), ("address", "22 Hill Road"))
    talk.say("large oat flat white to 22 Hill Road", "order", *FLAT_WHITE[:3], *said)
    assert "utter_ask_address" not in talk.ran
    talk.say("Hill Road 22, 10435 Berlin", "inform")
    assert "Hill Road 22, 10435 Berlin" in talk.shown[-1].text
    assert "22 Hill Road, Hill" not in talk.shown[-1].text


def test_delivery_asks_for_an_address_with_its_postcode_and_adds_the_fee(talk):
    """Of an address without a postcode that alone is asked for; the fee is said before anything is ordered."""
    talk.say("large oat flat white", "order", *FLAT_WHITE[:3])
    talk.tap("Delivery")
    talk.say("Hauptstr 5", "inform")
    assert "utter_address_needs_postcode" in talk.ran
    talk.say("10435 Berlin", "inform")
    assert "€2.50 for the delivery: €7.30" in talk.shown[-1].text
    assert "It would be free with an order of €25.00 or more" in talk.shown[-1].text
    talk.tap("Yes, order it")
    assert "with you at 10:53" in talk.shown[-1].text
    assert _orders(talk)[0].fulfilment["address"] == "Hauptstr 5, 10435 Berlin"


def test_drinks_are_not_promised_where_they_cannot_be_brought(talk):
    """A drink to Munich: the reason, and two ways on."""
    talk.say("large oat flat white", "order", *FLAT_WHITE[:3])
    talk.tap("Delivery")
    talk.say("Marienplatz 1, 80331 Munich", "inform")
    assert "can't deliver drinks" in talk.shown[-1].text
    talk.tap("Pick it up instead")
    assert "to pick up at our café: €4.80" in talk.shown[-1].text


def test_a_large_order_is_delivered_free(talk):
    """Free from 45 euros in Germany, and a day is named, not a minute."""
    said = (("product", "house_espresso"), ("size", "1kg"), ("grind", "filter"), ("quantity", 2))
    talk.say("2 kilos of house espresso, delivered", "order", *said, ("fulfilment", "delivery"))
    talk.say("Marienplatz 1, 80331 Munich", "inform")
    assert "€57.80 in all" in talk.shown[-1].text
    talk.tap("Yes, order it")
    assert "with you on Thursday" in talk.shown[-1].text


def test_a_second_thing_is_added_and_ordered_together(talk):
    """One order, two lines, one sum."""
    _latte(talk)
    talk.tap("Add something")
    talk.say("an espresso", "inform", ("product", "espresso"))
    talk.tap("Double")
    assert "a large latte with oat milk and a double espresso" in talk.shown[-1].text
    talk.tap("Yes, order it")
    (order,) = _orders(talk)
    assert [line["sku"] for line in order.lines] == ["latte", "espresso"]
    assert order.total == Decimal("8.10")


def test_and_also_is_noted_and_follows_the_first(talk):
    """ "And also a cappuccino" in the middle of a latte neither replaces nor loses either."""
    talk.say("a large latte to go", "order", ("product", "latte"), ("size", "large"), ("fulfilment", "pickup"))
    talk.say("and also a small cappuccino", "order_another", ("product", "cappuccino"), ("size", "small"))
    assert talk.ran[-1] == "action_ask_milk"
    talk.tap("Oat milk")
    talk.tap("Soy milk")
    assert "a large latte with oat milk and a small cappuccino with soy milk" in talk.shown[-1].text


def test_change_something_asks_just_that(talk):
    """From the confirmation to one question and back."""
    _latte(talk)
    talk.tap("Change something")
    talk.tap("Syrup")
    talk.tap("Vanilla syrup")
    assert "a large latte with oat milk and vanilla syrup" in talk.shown[-1].text


def test_leaving_it_as_it_is_comes_back_to_the_confirmation(talk):
    """Changing one's mind about changing."""
    _latte(talk)
    talk.say("no", "deny")
    talk.tap("Nothing, leave it")
    assert talk.ran[-1] == "action_ask_confirmed"


def test_answers_of_a_former_product_do_not_follow_to_another(talk):
    """ "Actually a peppermint tea" after an oat latte: no complaint about the milk."""
    _latte(talk)
    talk.say("actually a peppermint tea", "change_order", ("product", "peppermint_tea"))
    assert "a large peppermint tea" in talk.shown[-1].text
    assert "milk" not in talk.shown[-1].text


def test_a_question_in_between_is_answered_and_the_order_goes_on(talk):
    """The order is offered back with its open question."""
    talk.say("a large latte to go", "order", ("product", "latte"), ("size", "large"), ("fulfilment", "pickup"))
    shown = talk.say("when do you close?", "opening_hours")
    assert "open until 18:30" in shown[0].text
    assert talk.ran[-1] == "action_ask_milk"


def test_two_requests_in_one_message_are_both_served(talk):
    """The order is summed up, and the question answered."""
    shown = talk.say_all(("a large oat flat white to go", "order", *FLAT_WHITE), ("when do you close", "opening_hours"))
    texts = " ".join(message.text for message in shown)
    assert "open until 18:30" in texts
    assert "a large flat white with oat milk" in texts


def test_skipping_every_question_completes_the_order(talk):
    """Effort is the customer's choice: what can be skipped is, and the order is still placed."""
    talk.say("house espresso beans", "order", ("product", "house_espresso"))
    for _ in range(6):
        if talk.ran[-1] == "action_ask_confirmed":
            break
        talk.say("skip", "skip")
    assert "250 g House Espresso beans, whole beans" in talk.shown[-1].text
    talk.say("yes", "affirm")
    assert len(_orders(talk)) == 1


def test_a_retried_confirmation_keeps_its_number(memory, clock):
    """The number comes from the message: the same message, the same number."""
    numbers = []
    for _ in range(2):
        talk = Talk(memory, clock, customer_of(memory, "ben"))
        _latte(talk)
        talk.tap("Yes, order it")
        numbers.append(talk.slots["order_number"])
    assert numbers[0] == numbers[1]
    assert len(_orders(talk)) == 1


def test_a_gift_card_asks_for_its_amount_and_a_digital_one_for_no_delivery(talk):
    """Thirty euros is no amount of ours: the nearest are offered."""
    talk.say("i want a gift card", "gift_card")
    talk.tap("Digital Gift Card")
    talk.say("30 euros", "inform", ("money", 30.0))
    assert "Something else" in talk.titles()
    talk.say("50 then", "inform", ("money", 50.0))
    assert "€50.00 in all" in talk.shown[-1].text
    talk.tap("Yes, order it")
    assert _orders(talk)[0].fulfilment["how"] == "code"


def test_a_subscription_asked_for_as_an_order_becomes_one(talk):
    """The word that was used does not matter."""
    talk.say("the monthly explorer please", "order", ("product", "monthly_explorer"), ("size", "250g"))
    talk.say("whole beans", "inform", ("grind", "whole_bean"))
    talk.say("Hauptstr 5, 10435 Berlin", "inform")
    assert talk.ran[-1] == "action_ask_subscription_confirmed"


def test_orders_at_night_are_promised_for_the_morning(talk, clock):
    """At 21:00 nothing is ready at 21:08."""
    clock.forward(hours=11)
    _latte(talk)
    talk.tap("Yes, order it")
    assert "ready tomorrow at 07:38" in talk.shown[-1].text

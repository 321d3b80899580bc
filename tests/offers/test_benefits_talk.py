"""Benefits: why, why not, and the way there, for anybody; the price of a thing is the same for all."""

import re

import pytest
from shop_talk import CATALOGUE

from bot.offering.tiers import Tier
from memory import consent, orders, profiles, tickets
from memory.consent import Evidence, Purpose

TO_MUNICH = (("product", "hover_blend"), ("size", "250g"), ("grind", "filter"), ("fulfilment", "delivery"))


def hold(memory, talk, tier):
    """Puts a customer into a tier, as a computation would."""
    with memory.write() as tx:
        grant = consent.require(tx, talk.customer, Purpose.PERSONALISATION)
        profiles.record(tx, grant, tier=tier, figures={}, reasons=[], now=talk.clock())


def order_to_munich(talk):
    talk.say("a bag of hover blend", "order", *TO_MUNICH)
    return talk.say("Marienplatz 1, 80331 Munich", "inform")[-1]


def test_why_not_tells_reason_criteria_and_a_path(talk_as):
    """Somebody new hears what it takes, and that anyone can."""
    (told,) = talk_as("nobody").say("why didn't i get free shipping", "why_not_benefit")
    assert "an order of €45.00 or more" in told.text
    assert "a coffee subscription" in told.text
    assert "12 orders within 365 days" in told.text
    assert "open to anyone" in told.text


def test_progress_is_counted_on_ones_own_side(talk_as):
    """Two orders: ten to go."""
    (told,) = talk_as("chen").say("why do i have to pay for delivery", "why_not_benefit")
    assert "12 orders within 365 days (10 to go)" in told.text


def test_whoever_has_it_hears_by_what(talk_as, memory):
    """By what was reached, or by what was bought over time; no label."""
    (told,) = talk_as("ana").say("where is my free shipping", "why_not_benefit")
    assert re.search(r"You have free delivery: you have ordered \d+ times within 365 days\.", told.text)
    talk = talk_as("nobody")
    hold(memory, talk, "MVC")
    (told,) = talk.say("do i get free shipping", "why_not_benefit")
    assert told.text == "You have free delivery: it comes with what you have bought here over time."


def test_an_end_is_told_beforehand_with_the_way_to_keep_it(talk_as, memory):
    """Notice is given to the customer too, and without a label."""
    talk = talk_as("nobody")
    with memory.write() as tx:
        grant = consent.require(tx, talk.customer, Purpose.PERSONALISATION)
        figures = {"held": {"demotion_due": "2027-01-18T09:00:00+00:00"}}
        profiles.record(tx, grant, tier="MVC", figures=figures, reasons=[], now=talk.clock())
    (told,) = talk.say("do i get free shipping", "why_not_benefit")
    assert "As things are it stays until 18 January 2027" in told.text
    assert "it stays beyond that with an order of" in told.text


def test_how_to_get_there_lists_every_benefit(talk_as):
    """Each with its way."""
    (told,) = talk_as("nobody").say("how do i become a vip", "how_to_qualify")
    assert told.text.count("\n- ") == len(talk_as("x").engine.rules.benefits)


def test_a_benefit_nobody_heard_of_is_answered_honestly(talk_as):
    """With what there is."""
    (told,) = talk_as("nobody").say("my friend got a free coffee and i didn't", "why_not_benefit")
    assert told.text.startswith("That is not something we have.")
    assert "How do I get there?" in told.choices


def test_what_can_be_had_by_asking_is_had_by_asking(talk_as, memory):
    """The tap is a ticket that people see, and the next answer is yes."""
    talk = talk_as("nobody")
    talk.say("how do i get early access", "how_to_qualify")
    talk.tap("I'd like early access to new beans")
    with memory.read() as tx:
        (ticket,) = tickets.for_customer(tx, talk.customer)
    assert (ticket.kind, ticket.text) == ("benefit", "early_access")
    (told,) = talk.say("do i have early access now", "why_not_benefit")
    assert told.text == "You have early access to new beans: you asked for it."


def test_free_delivery_is_given_with_its_reason(talk_as, memory):
    """And the goods cost what they cost."""
    talk = talk_as("ana")
    told = order_to_munich(talk)
    assert "Delivery is on us: you have ordered" in told.text
    assert "€9.40 in all" in told.text
    talk.tap("Yes, order it")
    with memory.read() as tx:
        (order,) = orders.recent(tx, talk.customer)
    assert (str(order.total), order.fulfilment["fee"]) == ("9.40", "0")


def test_whoever_pays_for_delivery_is_told_the_nearest_way(talk_as):
    """At the place where the difference is."""
    told = order_to_munich(talk_as("nobody"))
    assert "with €4.50 for the delivery: €13.90 in all." in told.text
    assert "It would be free with " in told.text


def test_a_changed_order_keeps_its_free_delivery(talk_as, memory):
    """What was promised stays."""
    talk = talk_as("ana")
    order_to_munich(talk)
    talk.tap("Yes, order it")
    talk.say("make it 500 g", "change_order", ("size", "500g"))
    talk.tap("Yes, change it")
    with memory.read() as tx:
        (order,) = orders.recent(tx, talk.customer)
    assert str(order.total) == str(CATALOGUE.price({"product": "hover_blend", "size": "500g"}))


def test_without_leave_neither_tier_nor_purchases_count(talk_as, memory, clock):
    """What was ordered here does: that is the contract."""
    talk = talk_as("ana")
    hold(memory, talk, "MVC")
    with memory.write() as tx:
        evidence = Evidence("button")
        consent.decide(
            tx, talk.customer, purpose=Purpose.PERSONALISATION, decision="withdrawn", evidence=evidence, now=clock()
        )
    (told,) = talk.say("why didn't i get free shipping", "why_not_benefit")
    assert "12 orders within 365 days" in told.text
    assert "You have" not in told.text


@pytest.mark.parametrize("tier", [each.value for each in Tier])
def test_no_tier_changes_the_price_of_a_thing(talk_as, memory, tier):
    """Nor whether it is sold."""
    talk = talk_as(f"twin {tier}")
    hold(memory, talk, tier)
    talk.say("a large oat latte", "order", ("product", "latte"), ("size", "large"), ("milk", "oat"),
             ("fulfilment", "pickup"))  # fmt: skip
    assert "€5.00 in all" in talk.shown[-1].text
    talk.tap("Yes, order it")
    assert talk.shown[-1].name == "utter_order_placed_pickup"


def test_how_do_i_get_there_asks_for_the_benefit_that_was_just_explained(talk_as):
    """And for the way to the shop when nothing was."""
    talk = talk_as("chen")
    (told,) = talk.say("how do I get there?", "location")
    assert told.name == "utter_location"
    talk.say("why didn't I get free shipping?", "why_not_benefit")
    (told,) = talk.say("how do I get there?", "location")
    assert told.name == "utter_benefit_told"
    assert "€45" in told.text

"""Early access: what is not on sale yet is for those who have it, named to all, with a way that is open to everyone."""

from datetime import date

import pytest
from shop_talk import CATALOGUE, Talk

from memory import consent, profiles
from memory.consent import Purpose

PANAMA = (("product", "panama_boquete"), ("size", "250g"), ("grind", "filter"), ("fulfilment", "pickup"))


@pytest.fixture
def favoured(talk_as, memory) -> Talk:
    """Somebody to whom the benefit comes by what they bought."""
    talk = talk_as("emil")
    with memory.write() as tx:
        grant = consent.require(tx, talk.customer, Purpose.PERSONALISATION)
        profiles.record(tx, grant, tier="MGC", figures={}, reasons=[], now=talk.clock())
    return talk


def test_whoever_has_early_access_orders_it_before_the_day(favoured):
    """At the same price, and told why."""
    told = favoured.say("panama boquete beans", "order", *PANAMA)
    assert told[0].name == "utter_to_come"
    assert "You have early access to new beans" in told[0].text
    assert "€14.80" in told[-1].text
    assert favoured.tap("Yes, order it")[-1].name == "utter_order_placed_pickup"


def test_others_hear_the_day_and_a_way_that_they_can_take_at_once(talk_as):
    """Asking for it is enough; then it is ordered."""
    talk = talk_as("chen")
    told = talk.say("panama boquete beans", "order", *PANAMA)
    assert "on sale from 12 December 2026" in told[0].text
    assert "open to anyone" in told[0].text
    talk.say("cancel", "cancel")
    talk.tap("I'd like early access to new beans")
    again = talk.say("panama boquete beans", "order", *PANAMA)
    assert "you asked for it" in again[0].text
    assert again[-1].name == "utter_ask_confirmed"


def test_from_its_day_on_everybody_can_order_it(talk_as, clock):
    """And nothing is said of access any more."""
    talk = talk_as("chen")
    clock.now = clock.now.replace(month=12, day=12)
    told = talk.say("panama boquete beans", "order", *PANAMA)
    assert [m.name for m in told] == ["utter_ask_confirmed"]


def test_what_is_new_names_what_is_to_come(talk_as, favoured):
    """With its day, to those who can have it and to those who cannot yet."""
    for talk in (talk_as("chen"), favoured):
        told = talk.say("what is new", "whats_new")
        assert "Panama Boquete beans (on sale from 12 December 2026)" in told[-1].text
    assert "Panama Boquete beans" in told[-1].choices


def test_it_is_on_the_menu_with_its_day_and_in_no_set(talk_as, favoured):
    """Suggestions are the same whatever benefits somebody has."""
    (menu,) = favoured.say("beans", "ask_menu", ("category", "beans"))
    assert "Panama Boquete beans from €14.80 (on sale from 12 December 2026)" in menu.text
    for talk in (favoured, talk_as("ana")):
        talk.say("recommend some beans", "recommend", ("category", "beans"))
        for _ in range(6):
            shown = (talk.slots["choices_shown"] or {"options": []})["options"]
            assert "panama_boquete" not in [each["sku"] for each in shown]
            talk.say("something else", "recommend_other")


def test_the_day_is_read_from_the_catalogue():
    """As a date."""
    assert CATALOGUE.products["panama_boquete"].on_sale == date(2026, 12, 12)


def test_a_contact_of_ones_own_has_a_name(talk_as, memory):
    """Whoever has the benefit is told whom to call; the others how to get there, and no number."""
    talk = talk_as("ben")
    (told,) = talk.say("why don't I have a personal contact", "why_not_benefit")
    assert "Mara Lindt" not in told.text
    with memory.write() as tx:
        grant = consent.require(tx, talk.customer, Purpose.PERSONALISATION)
        profiles.record(tx, grant, tier="MVC", figures={}, reasons=[], now=talk.clock())
    (told,) = talk.say("do I have a personal contact", "why_not_benefit")
    assert "Mara Lindt answers you in person" in told.text

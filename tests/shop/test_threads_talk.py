"""What is left half-done waits, is offered back once, and goes on wherever the customer is."""

import pytest
from shop_talk import Talk

from memory import consent
from memory.consent import Evidence, Purpose

CARD = ["Continue", "Start over", "Something else", "Forget that"]


@pytest.fixture
def left(talk):
    """Somebody who went away when asked for the milk of a large latte."""
    talk.say("a large latte to go", "order", ("product", "latte"), ("size", "large"), ("fulfilment", "pickup"))
    return talk


@pytest.fixture
def elsewhere(left, memory, clock):
    """The same customer two days later on another channel."""
    clock.forward(hours=50)
    return Talk(memory, clock, left.customer, channel="messaging")


def test_the_card_says_what_was_left_and_offers_four_ways_on(elsewhere):
    """In the customer's own terms."""
    elsewhere.say("hello", "greet")
    card = elsewhere.shown[-1]
    assert card.text.startswith("You were choosing the milk for a large latte. Continue, start over, something else")
    assert list(card.choices) == CARD


def test_an_order_that_only_had_to_be_confirmed_is_offered_as_such(left, memory, clock):
    """Nobody chooses "whether to place the order for a latte"."""
    left.tap("Oat milk")
    clock.forward(hours=50)
    later = Talk(memory, clock, left.customer, channel="messaging")
    later.say("hello", "greet")
    assert later.shown[-1].text.startswith("Only your yes was missing for a large latte with oat milk. Continue,")
    assert list(later.shown[-1].choices) == CARD


def test_articles_fit_their_nouns(talk):
    """An espresso tonic, where the size is still open."""
    talk.say("an espresso tonic", "order", ("product", "espresso_tonic"))
    talk.say("hello", "greet")
    assert "the size for an espresso tonic." in talk.shown[-1].text


def test_the_card_of_an_order_without_a_product_names_the_order(talk, memory, clock):
    """Nothing chosen yet is no reason for a gap in the sentence."""
    talk.say("i want to order", "order")
    later = Talk(memory, clock, talk.customer, channel="messaging")
    later.say("hello", "greet")
    assert later.shown[-1].text.startswith("You were choosing what to have for your order. Continue")


def test_one_tap_continues_with_every_answer_kept(elsewhere):
    """On another channel, days later: the open question, and then the summary."""
    elsewhere.say("hello", "greet")
    elsewhere.tap("Continue")
    assert elsewhere.ran[-1] == "action_ask_milk"
    elsewhere.tap("Oat milk")
    assert "a large latte with oat milk, to pick up" in elsewhere.shown[-1].text


def test_starting_over_drops_the_answers(elsewhere):
    """From the first question."""
    elsewhere.say("hello", "greet")
    elsewhere.tap("Start over")
    assert elsewhere.ran[-1] == "action_ask_category"
    assert elsewhere.slots["size"] is None


def test_something_else_leaves_it_for_another_time(elsewhere, memory, clock):
    """It is offered again in a later session, and not pressed in this one."""
    elsewhere.say("hello", "greet")
    elsewhere.tap("Something else")
    elsewhere.say("when do you close", "opening_hours")
    assert elsewhere.ran.count("action_offer_threads") == 1
    later = Talk(memory, clock, elsewhere.customer)
    later.say("hello", "greet")
    assert list(later.shown[-1].choices) == CARD


def test_forgotten_is_never_offered_again(elsewhere, memory, clock):
    """Neither here nor elsewhere."""
    elsewhere.say("hello", "greet")
    elsewhere.tap("Forget that")
    assert elsewhere.shown[-1].name == "utter_thread_forgotten"
    for channel in ("messaging", "web", "phone"):
        later = Talk(memory, clock, elsewhere.customer, channel=channel)
        later.say("hello", "greet")
        assert "action_offer_threads" not in later.ran


def test_several_are_listed_newest_first(left, memory, clock):
    """Each by its own words; a tap opens its card."""
    clock.forward(hours=5)
    second = Talk(memory, clock, left.customer, channel="phone")
    second.say("something else", "greet")
    second.tap("Something else")
    second.say("house espresso beans", "order", ("product", "house_espresso"))
    clock.forward(hours=5)
    third = Talk(memory, clock, left.customer, channel="messaging")
    third.say("hello", "greet")
    assert list(third.shown[-1].choices) == ["House Espresso beans", "A large latte", "Something else"]
    third.tap("A large latte")
    assert list(third.shown[-1].choices) == CARD


def test_restoring_one_keeps_what_is_at_hand(left, memory, clock):
    """Two half-done things, and neither is lost."""
    other = Talk(memory, clock, left.customer, channel="messaging")
    other.say("hello", "greet")
    card = other.shown[-1].choices
    other.say("house espresso beans", "order", ("product", "house_espresso"))
    other._turn({"text": "Continue", "intent": {"name": "choose"}}, (_tapped(card["Continue"]),))
    other.tap("Oat milk")
    other.tap("Yes, order it")
    assert "action_offer_threads" in other.ran[-2:]
    assert "House Espresso beans" in other.shown[-1].text


def test_a_greeting_in_the_middle_offers_what_is_half_done(left):
    """Within one session too."""
    left.say("hello", "greet")
    assert list(left.shown[-1].choices) == CARD
    left.tap("Continue")
    assert left.ran[-1] == "action_ask_milk"


def test_what_was_finished_is_not_offered(left, memory, clock):
    """A placed order is no half-done one."""
    left.tap("Oat milk")
    left.tap("Yes, order it")
    later = Talk(memory, clock, left.customer, channel="messaging")
    later.say("hello", "greet")
    assert "action_offer_threads" not in later.ran


def test_without_leave_to_resume_nothing_is_kept(talk, memory, clock):
    """Withdrawn means that nothing waits."""
    with memory.write() as tx:
        consent.decide(
            tx, talk.customer, purpose=Purpose.RESUME, decision="withdrawn", evidence=Evidence("button"), now=clock()
        )
    talk.say("a large latte", "order", ("product", "latte"), ("size", "large"))
    with memory.write() as tx:
        consent.decide(
            tx, talk.customer, purpose=Purpose.RESUME, decision="granted", evidence=Evidence("button"), now=clock()
        )
    later = Talk(memory, clock, talk.customer, channel="messaging")
    later.say("hello", "greet")
    assert "action_offer_threads" not in later.ran


def test_a_card_that_is_too_old_says_so(elsewhere):
    """Continued elsewhere and finished: the button has had its day."""
    elsewhere.say("hello", "greet")
    card = elsewhere.shown[-1].choices
    elsewhere.tap("Forget that")
    elsewhere._turn({"text": "Continue", "intent": {"name": "choose"}}, (_tapped(card["Continue"]),))
    assert elsewhere.shown[-1].name == "utter_choice_expired"


def _tapped(choice):
    from bot.flows.model import Message

    return Message(text="", intent="choose", choice=choice)

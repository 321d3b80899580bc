"""What is known is shown with source and date, explained, corrected, forgotten, exported."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from service_world import Chat, allows, grant, known_facts, ledger

from actions import consents
from bot.flows.model import Message
from memory import consent, conversations, messages, purchases, threads
from memory.consent import Purpose
from memory.messages import Said


@pytest.fixture
def known(talk, memory, clock):
    """Somebody who told of oat milk and sugar, and left a latte half-done."""
    grant(memory, clock, talk.customer, Purpose.PREFERENCES)
    clock.forward(minutes=1)
    talk.tell("I always have oat milk", "state_preference", ("milk", "oat", "oat milk"))
    clock.forward(minutes=1)
    talk.tell("I never take sugar")
    return talk


def _texts(shown):
    return "\n".join(each.text for each in shown)


def test_everything_is_shown_with_source_and_date_and_a_tap(known):
    """Facts, half-done things, purchases and consents."""
    known.say("a large latte to go", "order", ("product", "latte"), ("size", "large"), ("fulfilment", "pickup"))
    shown = known.say("what do you know about me", "what_do_you_know")
    text = _texts(shown)
    assert "You always have oat milk | You told me on 16 November 2026, in this chat" in text
    assert "A large latte | You were choosing the milk" in text
    assert "I know of no order of yours" in text
    assert "Remember what you tell me of your tastes | On, since 16 November 2026" in text
    taps = {title for each in shown for title in each.choices}
    assert {"That's not right: You never have sugar", "Forget that: You never have sugar"} <= taps
    assert {"Forget that: A large latte", "Switch off: Suggest from what you ordered"} <= taps


def test_a_gift_counts_as_taste_at_the_customers_word(talk, memory, clock):
    """It is shown as left out where purchases are shown; a tap there takes it in, and nothing else."""
    with memory.write() as tx:
        lines = [
            purchases.Line(f"S-{sku}", "ana", clock() - timedelta(days=9), sku, 1, Decimal(4), gift=True)
            for sku in ("mocha", "golden_milk")
        ]
        purchases.record_lines(tx, lines)
    shown = _texts(talk.say("what do you know about me", "what_do_you_know"))
    assert "Not counted as your taste, being a gift or a bargain: golden milk" in shown
    (told,) = talk.tap("Golden milk is to my taste: A golden milk")
    assert told.name == "utter_taken_to_taste"
    with memory.read() as tx:
        kept = purchases.of(tx, consent.require(tx, talk.customer, Purpose.PERSONALISATION))
    assert {line.sku: line.confirmed for line in kept} == {"mocha": False, "golden_milk": True}
    again = _texts(talk.say("what do you know about me", "what_do_you_know"))
    assert "a bargain: golden milk" not in again
    assert "a bargain: mocha" in again


def test_nothing_known_is_said_too(talk):
    """No empty lists."""
    names = [each.name for each in talk.say("what do you know about me", "what_do_you_know")]
    assert names == [
        "utter_known_no_facts",
        "utter_known_no_threads",
        "utter_known_no_purchases",
        "utter_known_consents",
    ]


def test_a_long_list_is_paged(known):
    """Four at a time, and the rest on demand."""
    for taste in ("cinnamon", "foam", "honey", "cream"):
        known.tell(f"I hate {taste}")
    (facts_, *_) = known.say("what do you know about me", "what_do_you_know")
    assert facts_.text.count("|") == 4
    (rest,) = known.tap("Show more")
    assert rest.text.count("|") == 2
    assert "Show more" not in rest.choices


def test_what_may_not_be_used_is_shown_all_the_same(known, clock):
    """A refusal hides nobody's own data from them."""
    clock.forward(minutes=1)
    known.say("stop remembering", "opt_out_memory")
    assert "You never have sugar" in _texts(known.say("what do you know about me", "what_do_you_know"))


def test_orders_of_the_shops_files_are_shown(talk, memory, clock):
    """With their date and number."""
    with memory.write() as tx:
        purchases.record_lines(tx, [purchases.Line("S-7", "ana", clock() - timedelta(days=9), "latte", 2, Decimal(4))])
    text = _texts(talk.say("what do you know about me", "what_do_you_know"))
    assert "2 × latte | Ordered on 7 November 2026 (S-7)" in text


def test_a_fact_is_forgotten_by_a_tap(known, memory):
    """And no other."""
    known.say("what do you know about me", "what_do_you_know")
    (told,) = known.tap("Forget that: You never have sugar")
    assert told.text == "Forgotten: you never have sugar."
    assert known_facts(memory, known.customer) == {("milk", "oat", "must")}


def test_a_fact_is_corrected_by_two_taps(known, memory):
    """The other things of its kind, the opposite, no longer so, or as it is."""
    known.say("what do you know about me", "what_do_you_know")
    (asked,) = known.tap("That's not right: You always have oat milk")
    assert {"You always have soy milk", "You never have oat milk", "It's no longer so"} <= set(asked.choices)
    known.tap("You always have soy milk")
    assert ("milk", "soy", "must") in known_facts(memory, known.customer)
    assert ("milk", "oat", "must") not in known_facts(memory, known.customer)


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("forget that I always have oat milk", ("milk", "oat", "must")),
        ("forget about my milk", ("milk", "oat", "must")),
        ("delete the bit about sugar", ("taste", "sugar", "never")),
    ],
)
def test_what_is_named_is_forgotten(known, memory, text, gone):
    """By its value, or by what it is about."""
    before = known_facts(memory, known.customer)
    known.say(text, "forget_that")
    assert known_facts(memory, known.customer) == before - {gone}


def test_forget_that_after_one_thing_was_shown_means_that(known, memory):
    """After an explanation."""
    _ask_for_milk(known)
    known.say("why do you say that", "why_do_you_say_that")
    known.say("forget that", "forget_that")
    assert known_facts(memory, known.customer) == {("taste", "sugar", "never")}


def test_forget_that_after_several_asks_which(known):
    """It does not guess."""
    known.say("what do you know about me", "what_do_you_know")
    (asked,) = known.say("forget that", "forget_that")
    assert list(asked.choices) == ["You never have sugar", "You always have oat milk", "Show what you know"]


def test_forget_that_after_the_resume_card_forgets_that_thread(talk, memory, clock):
    """In words as by the button; it is never offered again."""
    _ask_for_milk(talk)
    clock.forward(hours=50)
    later = Chat(memory, clock, talk.customer, channel="messaging")
    later.say("hello", "greet")
    later.say("please forget that one", "forget_that")
    with memory.read() as tx:
        from memory import consent

        assert threads.open_for(tx, consent.require(tx, talk.customer, Purpose.RESUME)) == ()


def test_forget_that_with_nothing_to_forget_says_so(talk):
    """And offers to show what is known."""
    (told,) = talk.say("forget that", "forget_that")
    assert told.name == "utter_forget_what"


def test_why_names_the_fact_with_its_source(known):
    """What was behind the question."""
    _ask_for_milk(known)
    why, *_ = known.say("why do you say that", "why_do_you_say_that")
    assert why.text == "Because of this: you always have oat milk. You told me on 16 November 2026, in this chat."
    assert {"That's not right", "Forget that"} <= set(why.choices)


def test_why_without_a_fact_admits_it(talk):
    """Nothing is made up."""
    talk.say("when do you close", "opening_hours")
    (told,) = talk.say("why do you say that", "why_do_you_say_that")
    assert told.text == "I have nothing of yours behind that."


def test_dont_remember_stops_first_and_asks_how_far(known, memory, clock):
    """Off at once; the conversation too, or only that one thing."""
    clock.forward(minutes=1)
    (told,) = known.say("don't remember that", "dont_remember")
    assert not allows(memory, known.customer, Purpose.PREFERENCES)
    assert list(told.choices) == ["That's what I meant", "This conversation either", "Only that one thing"]
    clock.forward(minutes=1)
    known.tap("Only that one thing")
    assert allows(memory, known.customer, Purpose.PREFERENCES)


def test_one_thing_that_was_heard_is_recorded_once_and_may_be_a_mistake(known, memory, clock):
    """The gateway has switched it off already; where it was in doubt, that can be said."""
    clock.forward(minutes=1)
    latest = {"text": "hush", "intent": {"name": "dont_remember", "confidence": 1.0}, "entities": []}
    latest["refusal"] = consents.Refusal(consents.ONCE, sure=False).to_json()
    before = ledger(memory, known.customer)
    (told,) = known._turn(latest, Message.from_rasa(latest))
    assert ledger(memory, known.customer) == before
    assert list(told.choices)[-2:] == ["Only that one thing", "Not what I meant"]


def test_dont_remember_can_reach_the_conversation(known, memory, clock):
    """It is volatile from then on."""
    known.say("off the record", "dont_remember")
    clock.forward(minutes=1)
    known.tap("This conversation either")
    assert not allows(memory, known.customer, Purpose.RESUME)


def test_consents_are_switched_by_a_tap(known, memory, clock):
    """With the tap as evidence."""
    clock.forward(minutes=1)
    known.say("what do you know about me", "what_do_you_know")
    known.tap("Switch off: Suggest from what you ordered")
    assert not allows(memory, known.customer, Purpose.PERSONALISATION)
    assert ledger(memory, known.customer)[-1] == ("personalisation", "*", "withdrawn", "button")
    clock.forward(minutes=1)
    known.say("what do you know about me", "what_do_you_know")
    known.tap("Switch on: Suggest from what you ordered")
    assert allows(memory, known.customer, Purpose.PERSONALISATION)


def test_the_copy_is_given_as_a_link(talk):
    """For this customer alone."""
    (told,) = talk.say("export my data", "export_data")
    assert talk.customer in told.text


# --- Forgetting everything -------------------------------------------------------------------------------------------


def test_forgetting_everything_is_asked_once(talk):
    """Three ways, by tap or by word."""
    (asked,) = talk.say("delete all my data", "forget_everything")
    assert list(asked.choices) == ["Everything", "Only this conversation", "Keep it"]
    talk.say("yes", "affirm")
    assert talk.slots["erasing"] == "everything"


def test_keeping_it_changes_nothing(known, memory):
    """No is an answer."""
    known.say("forget everything", "forget_everything")
    known.say("no", "deny")
    assert known.slots["erasing"] is None
    assert len(known_facts(memory, known.customer)) == 2


def test_only_this_conversation_is_forgotten_and_the_rest_stays(known, memory, clock):
    """What was said and half-done here is gone, what is remembered stays."""
    with memory.write() as tx:
        messages.record_turn(
            tx,
            known.conversation,
            customer=known.customer,
            message_id="m",
            said=Said("a latte"),
            replies=[],
            now=clock(),
        )
    _ask_for_milk(known)
    known.say("forget everything", "forget_everything")
    known.tap("Only this conversation")
    with memory.read() as tx:
        from memory import consent

        assert messages.after(tx, known.conversation) == []
        assert threads.open_for(tx, consent.require(tx, known.customer, Purpose.RESUME)) == ()
        assert conversations.get(tx, known.conversation).customer == known.customer
    assert b"a latte" not in memory.path.read_bytes()
    assert len(known_facts(memory, known.customer)) == 2


# --- Recalling -------------------------------------------------------------------------------------------------------


def _said(memory, customer, text, reply, at):
    with memory.write() as tx:
        conversation = conversations.open(tx, customer=customer, channel="web", now=at)
        messages.record_turn(
            tx, conversation.id, customer=customer, message_id=text, said=Said(text),
            replies=[messages.Outgoing(reply)], now=at,
        )  # fmt: skip


def test_what_was_recommended_in_a_month_is_answered_with_its_date(talk, memory, clock):
    """By the words of that time."""
    may = datetime.fromisoformat("2026-05-03T09:00:00+00:00")
    _said(memory, talk.customer, "beans for filter?", "I would recommend the Ethiopia Guji for that.", may)
    _said(memory, talk.customer, "and espresso?", "I recommend House Espresso.", may + timedelta(days=60))
    (told,) = talk.say("what did you recommend in May?", "recall_orders")
    assert told.text == "This is what I find:\n- 3 May 2026, I: “I would recommend the Ethiopia Guji for that.”"


def test_orders_of_a_time_are_listed_with_dates(talk, memory, clock):
    """Those of the shop's files too."""
    with memory.write() as tx:
        lines = [
            purchases.Line("S-1", "ana", datetime.fromisoformat("2026-05-09T09:00:00+00:00"), "latte", 1, Decimal(4)),
            purchases.Line("S-2", "ana", datetime.fromisoformat("2026-08-09T09:00:00+00:00"), "mocha", 1, Decimal(4)),
        ]
        purchases.record_lines(tx, lines)
    (told,) = talk.say("which drinks did I buy in may", "recall_orders")
    assert told.text == "In that time:\n- 9 May 2026: a latte (S-1)"
    (last,) = talk.say("what did I order last time", "recall_orders")
    assert "9 August 2026: a mocha (S-2)" in last.text


@pytest.mark.parametrize("text", ["what did I order in april", "what did I get yesterday", "what did i buy last week"])
def test_a_time_without_orders_is_said(talk, memory, clock, text):
    """Nothing is made up."""
    with memory.write() as tx:
        at = datetime.fromisoformat("2026-05-09T09:00:00+00:00")
        purchases.record_lines(tx, [purchases.Line("S-1", "ana", at, "latte", 1, Decimal(4))])
    (told,) = talk.say(text, "recall_orders")
    assert told.name == "utter_no_order_then"


def test_what_was_never_said_is_not_recalled(talk):
    """Nothing is made up here either."""
    (told,) = talk.say("what did you recommend in May?", "recall_orders")
    assert told.name == "utter_nothing_recalled"


def test_without_leave_to_keep_conversations_there_is_nothing_to_look_up(talk, clock):
    """And it is said why."""
    talk.say("stop remembering", "opt_out_memory")
    (told,) = talk.say("what did you recommend last time?", "recall_orders")
    assert told.name == "utter_nothing_kept_to_recall"


def _ask_for_milk(talk):
    talk.say("a large latte to go", "order", ("product", "latte"), ("size", "large"), ("fulfilment", "pickup"))

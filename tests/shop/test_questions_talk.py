"""Questions, suggestions, complaints and small talk."""

from datetime import timedelta

import pytest
from shop_talk import Talk, customer_of

from memory import consent, orders, tickets
from memory.consent import Evidence, Purpose


def _tickets(talk):
    with talk.memory.read() as tx:
        return tickets.for_customer(tx, talk.customer)


@pytest.mark.parametrize(
    ("hours", "text"),
    [
        (0, "We are open until 18:30 today."),
        (11, "We are closed just now and open again tomorrow at 07:30."),
        (24 * 5 + 10, "We are closed just now and open again tomorrow at 10:00."),
        (24 * 6, "We are open until 16:00 today."),
    ],
)
def test_opening_hours_fit_the_moment(talk, clock, hours, text):
    """Open or closed now, in the shop's own time, and the week after it."""
    clock.forward(hours=hours)
    (told,) = talk.say("are you open", "opening_hours")
    assert told.text.startswith(text)
    assert "Monday to Thursday 07:30-18:30" in told.text


def test_a_day_that_was_named_is_answered(talk):
    """ "On Sunday?" is not answered with today."""
    (told,) = talk.say("are you open on sunday", "opening_hours", ("date", "2026-11-22"))
    assert told.text == "We are open from 10:00 to 16:00 on Sunday."


@pytest.mark.parametrize(
    ("intent", "entities", "parts"),
    [
        ("location", (), ["Falkenhof 7, 10435 Berlin"]),
        (
            "delivery_info",
            (),
            ["Berlin within the ring", "€2.50, free from €25.00", "in about 45 minutes", "3 working"],
        ),
        ("payment_info", (), ["card, cash at the counter, PayPal and invoice"]),
        ("ask_price", (("product", "latte"),), ["Latte: small €3.60, medium €4.10 and large €4.50."]),
        ("ask_price", (("product", "latte"), ("size", "large"), ("milk", "oat")), ["€5.00"]),
        ("ask_price", (("product", "gift_card"),), ["Kestrel Gift Card: €10, €25, €50 and €100."]),
        ("ask_price", (), ["Which product do you mean?"]),
        ("ask_stock", (("product", "coffee_scale"),), ["sold out"]),
        ("ask_stock", (("product", "french_press"),), ["Yes, French Press 1 L is in stock."]),
        ("ask_stock", (("milk", "coconut"),), ["out of coconut milk"]),
        ("ask_stock", (("milk", "oat"),), ["Yes, we have oat milk."]),
        ("ask_stock", (("product", "latte"), ("milk", "coconut")), ["not with coconut milk"]),
        ("ask_product", (("product", "white_mocha"),), ["Contains milk.", "not vegan", "traces are possible"]),
        ("ask_product", (("product", "latte"),), ["vegan with oat milk, soy milk and almond milk"]),
        ("ask_product", (("product", "hand_grinder"),), ["burrs steel and capacity 25 g"]),
        ("ask_menu", (), ["drinks, beans, gear"]),
        ("ask_menu", (("category", "gear"),), ["- French Press 1 L for €32.00"]),
        ("whats_new", (), ["New here:", "Espresso tonic", "Kenya Nyeri beans"]),
    ],
)
def test_questions_are_answered_from_the_catalogue(talk, intent, entities, parts):
    """Exactly what the files of the shop say."""
    shown = talk.say("a question", intent, *entities)
    for part in parts:
        assert part in " ".join(f"{message.text} {message.cards}" for message in shown)


def test_it_means_the_thing_being_ordered(talk):
    """ "Is it vegan?" in the middle of an oat latte knows the milk, and the order goes on."""
    talk.say("a large oat latte", "order", ("product", "latte"), ("size", "large"), ("milk", "oat"))
    shown = talk.say("what allergens are in it", "ask_product")
    assert "Contains gluten." in shown[0].text
    assert talk.ran[-1] == "utter_ask_fulfilment"


@pytest.mark.parametrize(
    ("intent", "entities"),
    [
        ("recommend", ()),
        ("recommend", (("category", "beans"),)),
        ("recommend_gift", ()),
        ("cheaper", (("product", "automatic_espresso_machine"),)),
        ("cheaper", ()),
    ],
)
def test_a_suggestion_is_a_choice_that_can_be_declined(talk, intent, entities):
    """Two to four options, something else, and no."""
    talk.say("what would you suggest", intent, *entities)
    *options, other, no = talk.titles()
    assert 2 <= len(options) <= 4
    assert (other, no) == ("Something else", "No, thanks")
    talk.tap("No, thanks")
    assert talk.ran[-1] == "action_decline"


def test_popular_things_are_called_popular(talk):
    """Nobody is told that a list of all is made for them."""
    (told,) = talk.say("recommend me something", "recommend")
    assert told.text == "Popular with our guests:"
    assert told.cards[0] == ("Flat white", "from €3.40")


def test_a_suggestion_leads_into_an_order_only_by_a_tap(talk):
    """And the order asks what it must."""
    talk.say("recommend me something", "recommend")
    talk.tap("Latte")
    assert talk.ran[-1] == "action_ask_size"


def test_cheaper_is_cheaper(talk):
    """Less than the thing at hand, and like it first."""
    (told,) = talk.say("anything cheaper", "cheaper", ("product", "semi_automatic_espresso_machine"))
    assert told.choices
    assert "Drip Coffee Maker" in str(told.cards)
    assert "€819" not in told.text


def test_a_complaint_that_says_enough_becomes_a_ticket_at_once(talk):
    """In the customer's own words, with a number and an honest time."""
    text = "my latte was cold and it took half an hour"
    sorry, told = talk.say(text, "complaint")
    (ticket,) = _tickets(talk)
    assert (ticket.kind, ticket.text, ticket.state) == ("complaint", text, "open")
    assert "sorry" in sorry.text
    assert f"number {ticket.number}, and a person of our team will look at it today" in told.text


def test_a_short_complaint_is_asked_for_its_story(talk):
    """Once."""
    talk.say("i want to complain", "complaint")
    talk.say("the beans you sent were stale", "inform")
    assert [ticket.text for ticket in _tickets(talk)] == ["the beans you sent were stale"]


def test_a_complaint_in_the_middle_of_an_order_leaves_it_intact(talk):
    """The ticket exists, and the order goes on with its open question."""
    talk.say("a large latte to go", "order", ("product", "latte"), ("size", "large"), ("fulfilment", "pickup"))
    talk.say("by the way the last one was cold and bitter", "complaint")
    assert len(_tickets(talk)) == 1
    assert talk.ran[-2:] == ["utter_flow_back", "action_ask_milk"]
    talk.tap("Oat milk")
    assert "a large latte with oat milk" in talk.shown[-1].text


def test_a_message_for_a_person_is_taken_with_an_honest_time(talk, clock):
    """Saturday evening: nobody is there before Monday, and that is said."""
    clock.now += timedelta(days=5, hours=9)
    talk.say("i want to talk to a human", "human")
    talk.say("please call me back about a party for 80", "inform")
    (ticket,) = _tickets(talk)
    assert (ticket.kind, ticket.text) == ("contact", "please call me back about a party for 80")
    assert "Nobody can take over the chat right now; a person will answer you on Monday" in talk.shown[-1].text


def test_a_person_is_reached_without_saying_why(talk):
    """Skipping is enough."""
    talk.say("human please", "human")
    talk.tap("Skip")
    assert [ticket.kind for ticket in _tickets(talk)] == ["contact"]


def test_a_return_is_told_its_terms_and_gets_a_number(talk):
    """The terms first, then the question."""
    terms, _ = talk.say("i want to return a grinder", "return_product")
    assert "within 30 days" in terms.text
    talk.say("the hand grinder, it squeaks", "inform")
    assert [(t.kind, t.text) for t in _tickets(talk)] == [("return", "the hand grinder, it squeaks")]


def test_somebody_new_is_told_that_this_is_a_machine(talk):
    """At the first hello."""
    (told,) = talk.say("hi", "greet")
    assert "automated assistant, not a person" in told.text


def test_a_regular_is_greeted_with_choices_and_no_order(talk, clock):
    """ "The same as last time" is one of several, and nothing happens before a tap and a yes."""
    said = (("product", "espresso"), ("size", "double"), ("fulfilment", "pickup"))
    talk.say("a double espresso", "order", *said)
    talk.tap("Yes, order it")
    talk.slots["met_before"] = True
    (told,) = talk.say("hi", "greet")
    assert list(told.choices) == ["Order something", "The same as last time", "See the menu"]
    with talk.memory.read() as tx:
        assert len(orders.recent(tx, talk.customer)) == 1


def test_without_leave_to_personalise_a_regular_is_greeted_like_anybody(talk, memory, clock):
    """History shapes nothing that was not allowed."""
    talk.say("a double espresso", "order", ("product", "espresso"), ("size", "double"), ("fulfilment", "pickup"))
    talk.tap("Yes, order it")
    with memory.write() as tx:
        evidence = Evidence("button")
        consent.decide(
            tx, talk.customer, purpose=Purpose.PERSONALISATION, decision="withdrawn", evidence=evidence, now=clock()
        )
    talk.slots["met_before"] = True
    (told,) = talk.say("hi", "greet")
    assert list(told.choices) == ["Order something", "See the menu"]


@pytest.mark.parametrize("intent", ["goodbye", "thank", "smalltalk", "help", "bot_challenge", "insult", "out_of_scope"])
def test_the_small_change_of_talking_has_an_answer(talk, intent):
    """One message each."""
    assert len(talk.say("...", intent)) == 1


def test_a_product_alone_is_asked_about_and_not_ordered(talk):
    """ "Flat white" may be a wish or a question."""
    talk.say("flat white", "inform", ("product", "flat_white"))
    assert talk.titles() == ["Order it", "What is it?", "What does it cost?"]
    talk.tap("What does it cost?")
    assert talk.shown[-1].text.startswith("Flat white: small €3.40")


def test_what_was_said_of_a_product_is_not_asked_again(talk):
    """From "two bags of guji, delivered" to the order by one tap, with all of it."""
    said = (("product", "ethiopia_guji"), ("quantity", 2), ("size", "250g"), ("grind", "filter"))
    talk.say("two bags of guji for filter", "inform", *said, ("fulfilment", "pickup"))
    talk.tap("Order it")
    assert "2 × 250 g Ethiopia Guji beans, ground for filter" in talk.shown[-1].text


def test_cheaper_refers_to_what_was_shown_last(talk):
    """Beans were shown, so cheaper beans."""
    talk.say("recommend me some beans", "recommend", ("category", "beans"))
    (told,) = talk.say("anything cheaper?", "cheaper")
    assert all(title.endswith("beans") and price.startswith("from") for title, price in told.cards)


def test_an_answer_to_nothing_is_said_to_be_unclear(talk):
    """A yes without a question orders nothing."""
    (told,) = talk.say("yes", "affirm")
    assert told.name == "utter_nothing_asked"


def test_what_is_not_understood_is_asked_back_between_likely_meanings(talk):
    """Did you mean this or that, rather than a wrong guess."""
    ranking = [
        {"name": "nlu_fallback", "confidence": 0.4},
        {"name": "order_status", "confidence": 0.3},
        {"name": "delivery_info", "confidence": 0.2},
        {"name": "thank", "confidence": 0.01},
    ]
    latest = {"text": "where stuff", "intent": {"name": "nlu_fallback", "confidence": 0.4}, "intent_ranking": ranking}
    talk._turn(latest, _understood(latest))
    assert talk.titles() == ["Your order's status", "Delivery", "Talk to a person"]


def test_what_nobody_can_guess_is_admitted(talk):
    """With a person as the way out."""
    latest = {"text": "qwx", "intent": {"name": "nlu_fallback", "confidence": 0.2}, "intent_ranking": []}
    talk._turn(latest, _understood(latest))
    assert talk.shown[-1].name == "utter_unknown_request"
    assert talk.titles() == ["Talk to a person"]


def test_two_misses_in_the_middle_of_an_order_offer_a_person(talk):
    """And the order stays."""
    talk.say("a large latte", "order", ("product", "latte"), ("size", "large"))
    latest = {"text": "qwx", "intent": {"name": "nlu_fallback", "confidence": 0.2}}
    talk._turn(latest, _understood(latest))
    assert talk.ran[-2:] == ["utter_not_understood", "action_ask_milk"]
    talk._turn(latest, _understood(latest))
    assert talk.ran[-1] == "utter_offer_human"
    talk.tap("No, go on")
    assert talk.ran[-1] == "action_ask_milk"


def test_each_customer_has_their_own_conversation(memory, clock):
    """What one is choosing is nothing to another."""
    first, second = (Talk(memory, clock, customer_of(memory, name)) for name in ("ana", "ben"))
    first.say("a large latte", "order", ("product", "latte"), ("size", "large"))
    second.say("hello", "greet")
    assert "action_offer_threads" not in second.ran


def _understood(latest):
    from bot.flows.model import Message

    return Message.from_rasa(latest)

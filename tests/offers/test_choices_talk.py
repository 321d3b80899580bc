"""Suggestions in conversation: small, honest, explained; declined and corrected without a word of protest."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from shop_talk import CATALOGUE, MONDAY

from memory import consent, facts, identities, needs, orders, purchases, questions
from memory.consent import Evidence, Purpose
from memory.purchases import Line

NOTICE = "utter_personal_told"
EXITS = ["Something else", "No, thanks"]


def decide(memory, talk, purpose, decision):
    with memory.write() as tx:
        evidence = Evidence("button")
        consent.decide(tx, talk.customer, purpose=purpose, decision=decision, evidence=evidence, now=talk.clock())


def shown_set(messages):
    """The message that holds the set, without the notice."""
    return next(m for m in messages if list(m.choices)[-2:] == EXITS)


def skus(talk):
    return [option["sku"] for option in talk.slots["choices_shown"]["options"]]


def slots_of(talk):
    return [option["slot"] for option in talk.slots["choices_shown"]["options"]]


def ordered(memory, talk):
    with memory.read() as tx:
        return orders.recent(tx, talk.customer)


# --- What is shown --------------------------------------------------------------------------------------


def test_a_set_of_ones_own_has_something_familiar_and_something_new(talk_as):
    """Two to four things, something else, and no."""
    talk = talk_as("ana")
    told = shown_set(talk.say("recommend something", "recommend"))
    assert told.name == "utter_choices_personal"
    assert 2 <= len(skus(talk)) <= 4
    assert list(told.choices)[:-2] == [CATALOGUE.title("product", sku)[:1].upper() + CATALOGUE.title("product", sku)[1:]
                                       for sku in skus(talk)]  # fmt: skip
    assert slots_of(talk)[0] == "familiar"
    assert slots_of(talk)[-1] == "novel"
    assert list(told.choices)[-2:] == EXITS


def test_that_purchases_were_used_is_told_once_with_one_tap_to_switch_it_off(talk_as):
    """And then everybody sees the same, labelled."""
    talk = talk_as("ana")
    assert NOTICE in [m.name for m in talk.say("recommend something", "recommend")]
    assert NOTICE not in [m.name for m in talk.say("recommend something", "recommend")]
    talk.tap("Don't use my purchases")
    (told,) = talk.say("recommend something", "recommend")
    assert told.name == "utter_choices_popular"
    assert set(slots_of(talk)) == {"popular"}


def test_somebody_without_history_sees_what_is_popular_and_called_so(talk_as):
    """No question, no usual."""
    talk = talk_as("nobody")
    (told,) = talk.say("recommend something", "recommend")
    assert told.text.startswith("Popular with our guests:")
    assert list(told.choices)[-2:] == EXITS


def test_a_declared_child_is_not_profiled(talk_as, memory, clock):
    """However much was bought."""
    with memory.write() as tx:
        identities.sign_in(tx, subject="ana", child=True, now=clock())
    talk = talk_as("ana")
    (told,) = talk.say("recommend something", "recommend")
    assert told.name == "utter_choices_popular"
    (told,) = talk.say("hi", "greet")
    assert "lat white" not in told.text


def test_something_else_shows_other_things_and_comes_to_an_end(talk_as):
    """Nothing is shown twice."""
    talk = talk_as("ana")
    talk.say("recommend something", "recommend")
    seen = skus(talk)
    for _ in range(40):
        talk.tap("Something else")
        if "See the menu" in talk.titles():
            break
        assert not set(skus(talk)) & set(seen)
        seen += skus(talk)
    assert talk.titles() == ["See the menu", "No, thanks"]


def test_the_same_day_shows_the_same_set(talk_as):
    """Deterministic: asked twice, answered twice alike."""
    talk = talk_as("ben")
    first = shown_set(talk.say("recommend something", "recommend"))
    again = shown_set(talk.say("recommend something", "recommend"))
    assert list(first.choices) == list(again.choices)


def test_an_option_begins_an_order_that_still_asks(talk_as, memory):
    """A tap orders nothing."""
    talk = talk_as("ana")
    shown_set(talk.say("recommend something", "recommend"))
    talk.tap("Flat white")
    assert talk.ran[-1] == "action_ask_size"
    assert ordered(memory, talk) == ()


# --- Hello, the usual, what runs low --------------------------------------------------------------------


@pytest.mark.parametrize("met_before", [True, False])
def test_the_usual_is_offered_beside_others_and_never_ordered(talk_as, memory, met_before):
    """A regular of the counter is known at the first hello, and told that this is a machine."""
    talk = talk_as("ana")
    talk.slots["met_before"] = met_before
    told = shown_set(talk.say("hello", "greet"))
    assert "Flat white" in told.text
    assert ("automated assistant" in told.text) is not met_before
    assert len(told.choices) >= 4
    assert ordered(memory, talk) == ()


def test_the_usual_from_the_counter_can_be_asked_for(talk_as, memory):
    """Though it was never ordered in chat."""
    talk = talk_as("ana")
    told = shown_set(talk.say("the usual please", "reorder"))
    assert told.name == "utter_offer_usual"
    assert "Flat white" in told.choices
    assert ordered(memory, talk) == ()


def test_an_old_habit_is_a_question(talk_as, clock):
    """After one half-life nobody's usual is taken for granted."""
    talk = talk_as("goran")
    index = talk.engine.index
    with talk.memory.write() as tx:
        bought = purchases.of(tx, consent.require(tx, talk.customer, Purpose.PERSONALISATION))
    last = max(bought, key=lambda line: line.ordered_at)
    clock.now = last.ordered_at + timedelta(days=1.5 * float(index.half_life[index.place[last.sku]]))
    told = shown_set(talk.say("hello", "greet"))
    assert told.name == "utter_greet_still"
    assert "still espresso" in told.text


def test_what_runs_low_is_asked_about_once_in_its_cycle(talk_as, memory):
    """As a question with three ways on, and not again the next day."""
    talk = talk_as("ben")
    refill = next(m for m in talk.say("hello", "greet") if m.name == "utter_ask_refill")
    assert list(refill.choices)[:2] == ["Yes, some more", "Something else"]
    assert list(refill.choices)[-1] == "No, thanks"
    talk.open_session()
    talk.slots["met_before"] = True
    again = [m.text for m in talk.say("hello", "greet") if m.name == "utter_ask_refill"]
    assert refill.text not in again
    assert ordered(memory, talk) == ()


# --- Gifts ----------------------------------------------------------------------------------------------


def test_a_gift_is_bought_without_becoming_a_taste(talk_as, memory):
    """Before and after it the same things are suggested."""
    talk = talk_as("ana")
    talk.say("recommend something", "recommend")
    before = talk.slots["choices_shown"]["options"]
    (told,) = talk.say("something for my sister", "recommend_gift")
    assert told.text.startswith("Often given as a gift")
    title = next(iter(told.choices))
    talk.tap(title)
    for _ in range(6):
        if "Yes, order it" in talk.titles():
            break
        talk.tap("Pick up" if "Pick up" in talk.titles() else talk.titles()[0])
    talk.tap("Yes, order it")
    (order,) = ordered(memory, talk)
    assert order.lines[0]["gift"] is True
    with memory.write() as tx:
        grant = consent.require(tx, talk.customer, Purpose.PERSONALISATION)
        bought = [line for line in purchases.of(tx, grant) if line.order_id == order.number]
    assert [line.gift for line in bought] == [True]
    talk.say("recommend something", "recommend")
    assert talk.slots["choices_shown"]["options"] == before


def test_the_next_order_after_a_gift_is_none(talk_as, memory):
    """The mark goes with the order it was for."""
    talk = talk_as("ana")
    talk.say("something for my sister", "recommend_gift")
    talk.tap(talk.titles()[0])
    talk.say("forget it", "cancel")
    talk.say("a double espresso", "order", ("product", "espresso"), ("size", "double"), ("fulfilment", "pickup"))
    talk.tap("Yes, order it")
    assert "gift" not in ordered(memory, talk)[0].lines[0]


# --- Cheaper and new ------------------------------------------------------------------------------------


def test_cheaper_than_what_was_shown(talk_as):
    """Below the dearest of it, in the same part of the shop."""
    talk = talk_as("nobody")
    talk.say("recommend me some beans", "recommend", ("category", "beans"))
    dearest = max(CATALOGUE.products[sku].price for sku in skus(talk))
    talk.say("anything cheaper", "cheaper")
    assert all(CATALOGUE.products[sku].price < dearest for sku in skus(talk))
    assert {CATALOGUE.products[sku].category for sku in skus(talk)} == {"beans"}


def test_a_cheaper_gift_is_still_a_gift(talk_as):
    """Below the dearest of the gifts shown, and nothing of one's own goes into it."""
    talk, other = talk_as("dora"), talk_as("nobody")
    for each in (talk, other):
        each.say("something for my sister", "recommend_gift")
        dearest = max(CATALOGUE.products[sku].price for sku in skus(each))
        each.say("cheaper", "cheaper")
        assert all(CATALOGUE.products[sku].price < dearest for sku in skus(each))
    assert skus(talk) == skus(other)
    assert talk.slots["choices_shown"]["asked"]["gift"]


def test_what_is_new_is_new(talk_as):
    """Added within two months; the same for everybody."""
    talk, other = talk_as("ana"), talk_as("nobody")
    for each in (talk, other):
        each.say("what's new", "whats_new")
        assert set(skus(each)) == {"espresso_tonic", "kenya_nyeri"}


# --- Why ------------------------------------------------------------------------------------------------


def test_why_names_the_fact_and_its_age(talk_as):
    """Exactly what is in memory."""
    talk = talk_as("ana")
    talk.say("recommend something", "recommend")
    (told,) = talk.say("why this", "why_this", ("product", "flat_white"))
    times = int(re.search(r"you have had it (\d+) times, the last time yesterday", told.text)[1])
    with talk.memory.write() as tx:
        grant = consent.require(tx, talk.customer, Purpose.PERSONALISATION)
        days = {line.ordered_at.date() for line in purchases.of(tx, grant) if line.sku == "flat_white"}
    assert times == len(days)


def test_why_is_faithful(talk_as, memory):
    """Without the purchases it names, the thing is not there for that reason any more."""
    talk = talk_as("ana")
    talk.say("recommend something", "recommend")
    cited = {name for option in talk.slots["choices_shown"]["options"] if option["sku"] == "hover_blend"
             for _, name, _ in option["evidence"]}  # fmt: skip
    known = talk.actions["action_recommend"].known
    from shop_talk import tracker_of

    from bot.offering.candidates import person_without
    from memory import Turn

    turn = Turn(talk.customer, talk.conversation, "web", "en", talk.clock(), "m")
    person = known(tracker_of(talk.slots, {}, turn)).person
    assert cited <= {line.id for line in person.bought}
    day = talk.clock().date().isoformat()
    ranking = talk.engine.rank(person_without(person, list(cited)), seed=day, now=talk.clock(), limit=4)
    assert all(option.sku != "hover_blend" or option.reason.code != "bought_often" for option in ranking.options)


def test_what_was_forgotten_since_is_no_reason_any_more(talk_as, memory):
    """Not even in the explanation of what was shown before."""
    talk = talk_as("ana")
    talk.say("recommend something", "recommend")
    decide(memory, talk, Purpose.PERSONALISATION, "withdrawn")
    (told,) = talk.say("why this", "why_this", ("product", "flat_white"))
    assert "no longer remembered" in told.text
    assert "times" not in told.text


def test_what_is_popular_is_not_dressed_up_as_personal(talk_as):
    """The reason says so."""
    talk = talk_as("nobody")
    talk.say("recommend something", "recommend")
    (told,) = talk.say("why this", "why_this")
    assert told.text.count("popular with our guests") == len(skus(talk))


def test_without_a_suggestion_there_is_no_reason(talk_as):
    """And none is invented."""
    (told,) = talk_as("ana").say("why this", "why_this")
    assert told.name == "utter_why_nothing_shown"


def test_a_stated_taste_is_told_as_the_reason(talk_as, memory, clock):
    """What was said, and when."""
    talk = talk_as("nobody")
    decide(memory, talk, Purpose.PREFERENCES, "granted")
    with memory.write() as tx:
        grant = consent.require(tx, talk.customer, Purpose.PREFERENCES)
        told = {"purpose": Purpose.PREFERENCES, "source": facts.Source("web", "chat"), "now": clock()}
        facts.record(tx, grant, attribute="product", value="mocha", polarity="like", **told)
    clock.forward(days=3)
    talk.say("recommend a drink", "recommend", ("category", "drinks"))
    if "Doesn't matter" in talk.titles():
        talk.tap("For me")
    (reason,) = [m for m in talk.say("why", "why_this", ("product", "mocha")) if m.name == "utter_why_chosen"]
    assert "you told me that you like mocha, 3 days ago" in reason.text


# --- Not that again -------------------------------------------------------------------------------------


def test_not_that_again_is_honoured_at_once(talk_as):
    """In this conversation without any consent, and the set is shown anew without it."""
    talk = talk_as("ana")
    talk.say("recommend something", "recommend")
    messages = talk.say("no flat white again", "not_that_again", ("product", "flat_white", "not"))
    assert messages[0].text == "Understood, no more flat white in this conversation."
    assert "flat_white" not in skus(talk)
    for _ in range(3):
        talk.tap("Something else")
        assert "flat_white" not in skus(talk)


def test_not_that_again_is_remembered_as_a_correction_where_that_is_allowed(talk_as, memory, clock):
    """It takes the place of an earlier liking, and holds in the next session."""
    talk = talk_as("ana")
    decide(memory, talk, Purpose.PREFERENCES, "granted")
    with memory.write() as tx:
        grant = consent.require(tx, talk.customer, Purpose.PREFERENCES)
        told = {"purpose": Purpose.PREFERENCES, "source": facts.Source("web", "chat"), "now": clock()}
        liked = facts.record(tx, grant, attribute="product", value="flat_white", polarity="like", **told)
    talk.say("recommend something", "recommend")
    (first, *_) = talk.say("no flat white again", "not_that_again", ("product", "flat_white", "not"))
    assert first.name == "utter_ruled_out"
    with memory.read() as tx:
        grant = consent.require(tx, talk.customer, Purpose.PREFERENCES)
        (kept,) = facts.of(tx, grant)
        (before,) = facts.superseded(tx, grant)
    assert (kept.polarity, kept.touch_point, before.id, before.superseded_by) == (
        "never", "correction", liked.id, kept.id,
    )  # fmt: skip
    talk.open_session()
    talk.say("recommend something", "recommend")
    assert "flat_white" not in skus(talk)


def test_when_it_is_not_clear_what_is_meant_it_is_asked(talk_as):
    """With all of them, and none, as answers."""
    talk = talk_as("ana")
    talk.say("recommend something", "recommend")
    before = skus(talk)
    (told,) = talk.say("not that again", "not_that_again")
    assert list(told.choices)[-2:] == ["All of these", "None of them"]
    talk.tap("All of these")
    assert not set(before) & set(skus(talk))


# --- Questions, effort, needs ---------------------------------------------------------------------------


def test_little_history_costs_one_question_and_a_skip_is_as_good(talk_as, memory):
    """Somebody who was last here a year ago is asked once; then it is shown what is popular."""
    talk = talk_as("goran")
    (asked,) = talk.say("recommend something", "recommend")
    assert list(asked.choices) == ["For me", "A gift", "Doesn't matter"]
    (told,) = talk.tap("Doesn't matter")
    assert told.name == "utter_choices_popular"
    assert "utter_ask_for_whom" not in [m.name for m in talk.say("recommend something", "recommend")]
    with memory.read() as tx:
        (kept,) = questions.of(tx, talk.customer, since=MONDAY.replace(year=2025))
    assert (kept.question, kept.answered, kept.changed) == ("ask_for_whom", False, False)


def test_an_answer_that_changed_the_set_counts_as_used(talk_as, memory):
    """ "A gift" shows other things than a skip would have."""
    talk = talk_as("goran")
    talk.say("recommend something", "recommend")
    talk.tap("A gift")
    with memory.read() as tx:
        (kept,) = questions.of(tx, talk.customer, since=MONDAY.replace(year=2025))
    assert (kept.answered, kept.changed) == (True, True)


def test_the_ledger_tells_answers_that_mattered_from_those_that_did_not(talk_as, memory):
    """Large and oat made a difference; whole beans are what a skip would have given."""
    talk = talk_as("ana")
    talk.say("a latte", "order", ("product", "latte"), ("fulfilment", "pickup"))
    talk.tap("Large")
    talk.tap("Oat milk")
    talk.tap("Yes, order it")
    with memory.read() as tx:
        found = {each.question: (each.answered, each.changed) for each in questions.everyone(tx)}
    assert found == {"size": (True, True), "milk": (True, True)}
    talk.say("house espresso beans", "order", ("product", "house_espresso"), ("size", "250g"), ("fulfilment", "pickup"))
    talk.tap("Whole beans")
    talk.tap("Yes, order it")
    with memory.read() as tx:
        grind = [each for each in questions.everyone(tx) if each.question == "grind"]
    assert [(each.answered, each.changed) for each in grind] == [(True, False)]


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("do you sell fridges?", "fridge"),
        ("can i get a bubble tea here", "bubble tea"),
        ("i'm looking for a bicycle", "bicycle"),
        ("what's the weather like in rome", None),
        ("do you have my letter of last tuesday from aunt clara and uncle fred", None),
        ("call me on 0171 5550123", None),
    ],
)
def test_a_need_is_noted_in_a_word_or_two_and_nothing_is_promised(talk_as, memory, said, wanted):
    """Never the sentence, never a number."""
    talk = talk_as("ana")
    (told,) = talk.say(said, "out_of_scope")
    with memory.read() as tx:
        noted = [what for what, _, _ in needs.everyone(tx)]
    assert noted == ([wanted] if wanted else [])
    assert (told.name == "utter_need_noted") is (wanted is not None)


def test_an_unsure_message_is_asked_back_about(talk_as, memory):
    """Where understanding names what it may have been, that is offered instead of a no."""
    talk = talk_as("ana")
    from bot.flows.model import Message

    parse = {"text": "the thing with the time", "intent": {"name": "out_of_scope", "confidence": 0.3}, "entities": []}
    latest = {**parse, "clarify": ["opening_hours", "order_status"]}
    (told,) = talk._turn(latest, Message.from_rasa(latest))
    assert list(told.choices) == ["Our opening hours", "Your order's status", "Talk to a person"]


# --- My flat white --------------------------------------------------------------------------------------


def _order_flat_white(talk, *, tap_keep=True):
    talk.say("a large oat flat white", "order", ("product", "flat_white"), ("size", "large"), ("milk", "oat"),
             ("fulfilment", "pickup"))  # fmt: skip
    talk.tap("Yes, order it")
    if tap_keep:
        talk.tap("Keep it as my flat white")


def test_a_composition_is_kept_as_ones_own_only_with_leave(talk_as, memory):
    """Without it the answer to the tap is a question, and no is an answer."""
    talk = talk_as("nobody")
    _order_flat_white(talk)
    assert talk.titles() == ["Yes, remember such things", "No, don't"]
    talk.tap("No, don't")
    with memory.read() as tx:
        assert not consent.allows(tx, talk.customer, Purpose.PREFERENCES)
    talk.say("my flat white please", "order", ("product", "flat_white"))
    assert talk.ran[-1] == "action_ask_size"


def test_my_flat_white_is_put_together_and_still_asked_before_it_is_ordered(talk_as, memory):
    """With size and milk as saved; a word said besides goes before it."""
    talk = talk_as("nobody")
    _order_flat_white(talk)
    talk.tap("Yes, remember such things")
    assert talk.shown[-1].name == "utter_own_saved"
    with memory.read() as tx:
        entry = consent.history(tx, talk.customer)[-1]
    assert (entry.purpose, entry.decision, entry.method, entry.text_hash is None) == (
        "preferences", "granted", "button", False,
    )  # fmt: skip
    told = talk.say("my flat white please", "order", ("product", "flat_white"), ("fulfilment", "pickup"))
    assert told[0].text == "Your flat white, then: large flat white with oat milk."
    assert "Yes, order it" in talk.titles()
    assert len(ordered(memory, talk)) == 1
    talk.say("no", "cancel")
    said = (("product", "flat_white"), ("milk", "soy"), ("fulfilment", "pickup"))
    talk.say("my flat white but soy", "order", *said)
    assert (talk.slots["milk"], talk.slots["size"]) == ("soy", "large")


# --- Bounds ---------------------------------------------------------------------------------------------


def test_nothing_of_value_is_ever_said_in_chat(talk_as, memory):
    """No label, no money made, no chance of being alive, nobody else."""
    from shop_talk import CATALOGUE, RULES

    from bot.offers import tiers

    tiers.recompute(memory, CATALOGUE, RULES.tiers, as_of=MONDAY.replace(day=19))
    talk = talk_as("fatima")
    said = [
        *talk.say("hi", "greet"),
        *talk.say("recommend something", "recommend"),
        *talk.say("why this", "why_this"),
        *talk.say("why didn't i get free shipping", "why_not_benefit"),
        *talk.say("how do i become a vip", "how_to_qualify"),
    ]
    text = " ".join(message.text for message in said)
    assert not re.search(r"\b(MVC|MGC|BZ|STANDARD|tier|valuable|value|margin|profit|other customers)\b", text)


def test_a_thousand_purchases_make_a_set_all_the_same(talk_as, memory, clock):
    """Quickly is measured in benchmarks/offering; here it works."""
    lines = [
        Line(f"k{n}", "keen", clock().replace(year=2025 + n % 2, day=1 + n % 18), sku, 1, Decimal("3.40"), nth=0)
        for n, sku in enumerate((*CATALOGUE.products,) * 16)
    ]
    with memory.write() as tx:
        purchases.record_lines(tx, lines)
    talk = talk_as("keen")
    told = shown_set(talk.say("recommend something", "recommend"))
    assert 4 <= len(told.choices) <= 6

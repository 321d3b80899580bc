"""The ledger of effort: every question that is put, whether its answer mattered, and what the customer hears of it."""

from datetime import timedelta

from memory import questions


def _ledger(memory):
    with memory.read() as tx:
        return {each.question: (each.answered, each.changed) for each in questions.everyone(tx)}


def test_every_question_of_an_order_is_in_the_ledger_and_told_at_its_end(talk_as, memory):
    """Also those that a flow asks by itself; the leave to place the order is none."""
    talk = talk_as("goran")
    talk.say("i want to order", "order")
    talk.tap("Drinks")
    talk.tap("Flat white")
    talk.tap("Large")
    talk.tap("Oat milk")
    while talk.slots["dialogue"]["stack"][-1]["step"] != "confirm":
        talk.say("skip", "skip")
    told = talk.tap("Yes, order it")[-1]
    found = _ledger(memory)
    assert {"category", "product", "size", "milk"} <= set(found)
    assert "confirmed" not in found
    used = sum(changed for _, changed in found.values())
    assert f"Questions asked: {len(found)}; answers that made a difference: {used}." in told.text


def test_an_order_skipped_through_has_used_no_answer(talk_as, memory):
    """It is placed all the same."""
    talk = talk_as("goran")
    talk.say("a flat white", "order", ("product", "flat_white"))
    for _ in range(8):
        if talk.slots["dialogue"]["stack"][-1]["step"] == "confirm":
            break
        talk.say("skip", "skip")
    told = talk.tap("Yes, order it")[-1]
    found = _ledger(memory)
    assert len(found) >= 2
    assert set(found.values()) == {(False, False)}
    assert f"Questions asked: {len(found)}; answers that made a difference: 0." in told.text


def test_an_answer_is_held_against_what_a_skip_would_have_given(talk_as, memory):
    """Delivery and an address are of use; pick-up is what there is without an answer."""
    talk = talk_as("goran")
    beans = [("product", "house_espresso"), ("size", "250g"), ("grind", "whole_bean")]
    talk.say("house espresso beans", "order", *beans)
    talk.tap("Pick up")
    assert _ledger(memory)["fulfilment"] == (True, False)
    other = talk_as("ana")
    other.say("house espresso beans", "order", *beans)
    other.tap("Delivery")
    other.say("Hauptstr 5, 10435 Berlin", "inform")
    with memory.read() as tx:
        found = questions.of(tx, other.customer, since=other.clock() - timedelta(days=1))
    assert {each.question: each.changed for each in found} == {"fulfilment": True, "address": True}


def test_what_is_asked_of_each_thing_of_an_order_is_settled_with_it(talk_as, memory):
    """The second thing does not turn the answers about the first into skips."""
    talk = talk_as("goran")
    talk.say("a latte", "order", ("product", "latte"), ("fulfilment", "pickup"))
    talk.tap("Large")
    talk.tap("Oat milk")
    talk.tap("Add something")
    talk.say("an espresso", "order", ("product", "espresso"), ("size", "single"))
    assert _ledger(memory)["milk"] == (True, True)


def test_what_it_cost_is_part_of_what_is_known(talk_as):
    """Asked what is known of them, customers hear what questions they were asked and what that was good for."""
    talk = talk_as("goran")
    assert "utter_known_effort" not in [m.name for m in talk.say("what do you know about me", "what_do_you_know")]
    talk.say("a latte", "order", ("product", "latte"), ("size", "large"))
    talk.tap("Oat milk")
    told = talk.say("what do you know about me", "what_do_you_know")
    assert [m.text for m in told if m.name == "utter_known_effort"] == [
        "Your effort in the last twelve months. Questions asked: 2; answers that made a difference: 1."
    ]


def test_an_offered_refill_that_is_ordered_was_worth_its_question(talk_as, memory):
    """The ledger knows it as used."""
    talk = talk_as("ben")
    assert "utter_ask_refill" in [m.name for m in talk.say("hello", "greet")]
    talk.tap("Yes, some more")
    for _ in range(8):
        if talk.slots["dialogue"]["stack"][-1]["step"] == "confirm":
            break
        talk.say("skip", "skip")
    talk.tap("Yes, order it")
    assert _ledger(memory)["refill"] == (True, True)

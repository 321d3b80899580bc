"""Several requests in one message."""

from __future__ import annotations

from bot.flows.model import Message

from .chat import FLOWS, Chat, says


def test_a_question_beside_an_order_is_answered_in_the_same_turn() -> None:
    """The order starts, the question is answered, then the order asks on."""
    assert Chat().say(says("order", product="latte"), says("opening_hours")) == ["action_tell_hours", "utter_ask_size"]


def test_two_questions_are_both_answered() -> None:
    """Questions are answered in the order they were asked."""
    assert Chat().say(says("opening_hours"), says("ask_stock", milk="oat")) == [
        "action_tell_hours",
        "action_answer_stock",
    ]


def test_an_answer_beside_a_question_counts() -> None:
    """ "Oat, and when do you close?" answers both, and the next question follows without ado."""
    chat = Chat()
    chat.say(says("order", product="latte", size="large"))
    assert chat.say(says("inform", milk="oat"), says("opening_hours")) == ["action_tell_hours", "utter_ask_quantity"]
    assert chat.slots["milk"] == "oat"


def test_a_second_order_waits_for_the_first() -> None:
    """ "A latte and also a mocha": the mocha is begun when the latte is done, with what was said of it."""
    chat = Chat()
    chat.say(
        says("order", product="espresso", size="small", quantity=1, fulfilment="pickup"),
        says("order_another", product="mocha", size="large"),
    )
    assert chat.slots["product"] == "espresso"
    chat.say(says("affirm"))
    assert chat.say(says("skip")) == ["utter_ask_milk"]
    assert chat.known("product", "size", "milk") == ("mocha", "large", None)


def test_another_task_of_the_same_message_waits() -> None:
    """A different task in one message with an order begins when the order is done."""
    chat = Chat()
    assert chat.say(says("order", product="latte"), says("gift_card", money=20.0)) == ["utter_ask_size"]
    assert chat.say(says("cancel")) == ["utter_flow_cancelled", "utter_ask_wrapped"]


def test_one_more_in_a_later_message_waits_too() -> None:
    """ "And also a mocha" in the middle of a latte neither corrects nor interrupts it."""
    chat = Chat()
    chat.say(says("order", product="latte"))
    assert chat.say(says("order_another", product="mocha")) == ["utter_ask_size"]
    assert (chat.slots["product"], len(chat.state.pending)) == ("latte", 1)


def test_one_more_is_confirmed_where_there_are_words_for_it() -> None:
    """With wording for it, the queued request is acknowledged."""
    from dataclasses import replace

    chat = Chat(replace(FLOWS, wording=frozenset({"utter_request_noted"})))
    chat.say(says("order", product="latte"))
    assert chat.say(says("order_another", product="mocha")) == ["utter_request_noted", "utter_ask_size"]


def test_one_more_that_fits_the_question_is_its_answer() -> None:
    """ "And also oat milk" at the milk question is about this drink."""
    chat = Chat()
    chat.say(says("order", product="latte", size="large"))
    assert chat.say(says("order_another", milk="oat")) == ["utter_ask_quantity"]


def test_parts_that_say_more_of_the_order_fill_it() -> None:
    """An order and an answer in one message are one order."""
    assert Chat().say(says("order", product="latte"), says("inform", size="large")) == ["utter_ask_milk"]


def test_an_unknown_part_beside_a_known_one_is_no_miss() -> None:
    """What was understood is done."""
    assert Chat().say(says("order", product="latte"), says(None, "blub")) == ["utter_ask_size"]


def test_rasa_parse_data_becomes_messages() -> None:
    """Each of the requests of Rasa's parse data is a message, else the whole is one."""
    entity = {"entity": "milk", "value": "oat", "role": "to", "start": 0, "end": 3}
    part = {"text": "oat", "intent": {"name": "inform", "confidence": 0.7}, "entities": [entity]}
    assert Message.from_rasa(part) == (says("inform", "oat", confidence=0.7, milk__to="oat"),)
    assert len(Message.from_rasa({**part, "requests": [part, part]})) == 2
    assert Message.from_rasa({"text": "?", "intent": {"name": "nlu_fallback", "confidence": 0.6}})[0].intent is None

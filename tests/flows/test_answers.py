"""Answers in any order, and corrections of earlier ones."""

from __future__ import annotations

import pytest

from .chat import Chat, says


@pytest.fixture
def ordering() -> Chat:
    """A latte, large, with oat milk, one; the way of getting it is being asked for."""
    chat = Chat()
    chat.say(says("order", product="latte", size="large", milk="oat"))
    chat.say(says("inform", quantity=1))
    return chat


def test_an_answer_to_a_later_question_is_taken() -> None:
    """Any question of the flow can be answered, not only the open one, which is asked again."""
    chat = Chat()
    chat.say(says("order", product="latte"))
    assert chat.say(says("inform", milk="oat")) == ["utter_ask_size"]
    assert chat.say(says("inform", size="large")) == ["utter_ask_quantity"]


def test_several_answers_at_once_are_taken() -> None:
    """One message can answer several questions."""
    chat = Chat()
    chat.say(says("order"))
    assert chat.say(says("inform", product="latte", size="large", milk="oat", quantity=2)) == [
        "action_check_combination",
        "utter_ask_fulfilment",
    ]


def test_an_answer_needs_no_intent() -> None:
    """ "oat" answers the question about milk even when the intent was not understood."""
    chat = Chat()
    chat.say(says("order", product="latte", size="large"))
    assert chat.say(says(None, "oat", milk="oat")) == ["utter_ask_quantity"]


def test_an_answer_beats_an_aimless_intent() -> None:
    """ "pick up", taken for chatter, still answers the question about it."""
    chat = Chat()
    chat.say(says("order", product="latte", size="large"))
    assert chat.say(says("out_of_scope", milk="oat")) == ["utter_ask_quantity"]


def test_a_correction_is_said_and_actions_after_it_run_again(ordering: Chat) -> None:
    """ "Actually make it soy" changes the answer, checks the combination again and keeps all other answers."""
    assert ordering.say(says("change_order", milk="soy")) == [
        "utter_slot_corrected",
        "action_check_combination",
        "utter_ask_fulfilment",
    ]
    assert ordering.known("product", "size", "milk", "quantity") == ("latte", "large", "soy", 1)
    correction = ordering.arguments["utter_slot_corrected"]
    assert (correction["slot"], correction["value"], correction["was"]) == ("milk", "soy", "oat")


def test_a_correction_before_any_action_only_asks_on() -> None:
    """A correction with no action behind it is said, and the open question asked again."""
    chat = Chat()
    chat.say(says("order", product="latte", size="large"))
    assert chat.say(says("inform", size="small")) == ["utter_slot_corrected", "utter_ask_milk"]


def test_a_correction_can_be_rejected(ordering: Chat) -> None:
    """A corrected answer is checked like a first one."""
    assert ordering.say(says("change_order", quantity=99)) == [
        "utter_slot_corrected",
        "utter_too_many",
        "utter_ask_quantity",
    ]


def test_a_correction_opens_questions_that_now_apply() -> None:
    """Changing the drink to a mocha asks for the syrup that only a mocha has."""
    chat = Chat()
    chat.say(says("order", product="latte", size="large", milk="oat"))
    assert chat.say(says("change_order", product="mocha")) == ["utter_slot_corrected", "utter_ask_syrup"]


def test_the_same_answer_again_is_no_correction(ordering: Chat) -> None:
    """Repeating an answer changes nothing and is no failure to understand."""
    assert ordering.say(says("inform", milk="oat")) == ["utter_ask_fulfilment"]


def test_of_two_values_the_one_with_role_to_wins(ordering: Chat) -> None:
    """ "Oat instead of soy": what is said to be wanted fills, what is said to be replaced does not."""
    ordering.say(says("change_order", milk__from="oat", milk__to="soy"))
    assert ordering.slots["milk"] == "soy"


@pytest.mark.parametrize("role", ["from", "not"])
def test_what_is_not_wanted_never_fills(role: str) -> None:
    """An entity with the role from or not is no answer."""
    chat = Chat()
    chat.say(says("order", **{"product": "latte", f"size__{role}": "large"}))
    assert chat.slots.get("size") is None


def test_not_sets_the_value_that_stands_for_without(ordering: Chat) -> None:
    """ "No milk" sets the none value that the collect declares."""
    ordering.say(says("change_order", milk__not="milk"))
    assert ordering.slots["milk"] == "none"


def test_not_clears_where_nothing_stands_for_without(ordering: Chat) -> None:
    """ "Not large" empties the size, which is asked for again."""
    assert ordering.say(says("change_order", size__not="large")) == ["utter_slot_corrected", "utter_ask_size"]


def test_not_leaves_another_value_alone(ordering: Chat) -> None:
    """ "Not small" says nothing about a large one."""
    ordering.say(says("inform", size__not="small"))
    assert ordering.slots["size"] == "large"


def test_declining_an_addition_answers_its_question() -> None:
    """ "A mocha, no syrup" needs no question about syrup."""
    chat = Chat()
    assert chat.say(says("order", product="mocha", size="large", milk="oat", syrup__not="syrup")) == [
        "utter_ask_quantity"
    ]


def test_no_to_a_question_that_knows_without_is_that() -> None:
    """ "No thanks" to the milk question is the none value of milk."""
    chat = Chat()
    chat.say(says("order", product="latte", size="large"))
    assert chat.say(says("deny")) == ["utter_ask_quantity"]
    assert chat.slots["milk"] == "none"


def test_no_with_a_change_is_the_change() -> None:
    """ "No, make it soy" at the confirmation corrects the order and asks for confirmation again."""
    chat = Chat()
    chat.say(says("order", product="latte", size="large", milk="oat", quantity=1, fulfilment="pickup"))
    assert chat.say(says("deny", milk="soy")) == [
        "utter_slot_corrected",
        "action_check_combination",
        "utter_ask_confirm",
    ]
    assert chat.slots.get("confirm") is None


def test_yes_with_a_change_asks_for_confirmation_again() -> None:
    """ "Yes, but large" is not taken as a yes to the changed order."""
    chat = Chat()
    chat.say(says("order", product="latte", size="small", milk="oat", quantity=1, fulfilment="pickup"))
    assert chat.say(says("affirm", size="large"))[-1] == "utter_ask_confirm"


def test_yes_with_what_is_known_is_yes() -> None:
    """ "Yes, the large one" confirms."""
    chat = Chat()
    chat.say(says("order", product="latte", size="large", milk="oat", quantity=1, fulfilment="pickup"))
    assert chat.say(says("affirm", size="large"))[0] == "action_place_order"


def test_what_was_skipped_can_still_be_answered(ordering: Chat) -> None:
    """An answer to a question that was skipped is taken, and the actions after it run again."""
    chat = Chat()
    chat.say(says("order", product="mocha", size="large", milk="oat"))
    chat.say(says("skip"))
    chat.say(says("inform", quantity=1))
    assert chat.say(says("inform", syrup="vanilla")) == ["action_check_combination", "utter_ask_fulfilment"]


def test_after_a_commitment_earlier_answers_stand() -> None:
    """Once the order is placed, a change of its milk is not made in the flow."""
    chat = Chat()
    chat.say(says("order", product="latte", size="large", milk="oat", quantity=1, fulfilment="pickup"))
    chat.say(says("affirm"))
    chat.say(says("ask_stock", milk="soy"))
    assert chat.slots["milk"] == "oat"
    assert "action_place_order" not in chat.say(says("change_order", milk="soy"))


def test_a_correction_goes_back_into_a_called_flow() -> None:
    """An answer given in a flow that was called is corrected by going through the call again."""
    chat = Chat()
    chat.say(says("return_product", order_number="K-1"))
    chat.say(says("inform", "broken"))
    chat.say(says(None, "12 Mill Road"))
    assert chat.say(says("inform", order_number="K-2", date="2026-01-02")) == [
        "utter_slot_corrected",
        "action_register_return",
    ]


def test_a_correction_goes_back_over_a_link() -> None:
    """An answer given before a link is corrected in the flow that linked; what is known is not asked again."""
    chat = Chat()
    chat.say(says("gift_card", money=20.0))
    chat.say(says("affirm"))
    assert chat.say(says("change_order", money=30.0)) == ["utter_slot_corrected", "utter_ask_fulfilment"]
    assert chat.known("money", "wrapped", "gift") == (30.0, True, True)


def test_a_text_question_takes_the_whole_message() -> None:
    """from: text takes whatever is said, entities or not."""
    chat = Chat()
    chat.say(says("return_product", order_number="K-1"))
    chat.say(says("inform", "the large one came cold", size="large"))
    assert chat.slots["reason"] == "the large one came cold"


@pytest.mark.parametrize(
    ("message", "first"),
    [
        (says("cancel", "forget it"), "utter_flow_cancelled"),
        (says("human", "a person please"), "action_call_person"),
        (says("order", "i want a latte", product="latte"), "utter_ask_size"),
    ],
)
def test_a_text_question_lets_sure_messages_through(message, first: str) -> None:
    """At a text question, cancel, a person and other flows are still reached when surely meant."""
    chat = Chat()
    chat.say(says("return_product", order_number="K-1"))
    assert chat.say(message)[0] == first


def test_a_sure_no_skips_a_text_question() -> None:
    """ "No thanks" to the question for a note is no note."""
    chat = Chat()
    chat.say(says("order", product="latte", size="large", milk="oat", quantity=1, fulfilment="pickup"))
    chat.say(says("affirm"))
    assert chat.say(says("deny", "no thanks")) == []
    assert chat.slots.get("note") is None


def test_a_text_question_takes_unsure_messages_as_text() -> None:
    """At a text question, what only may be a cancellation is the answer."""
    chat = Chat()
    chat.say(says("return_product", order_number="K-1"))
    chat.say(says("cancel", "stop selling this, it leaks", confidence=0.6))
    assert chat.slots["reason"] == "stop selling this, it leaks"


def test_an_unsure_question_that_answers_is_the_answer() -> None:
    """ "soy?" read as a question with little confidence answers the open question about milk."""
    chat = Chat()
    chat.say(says("order", product="latte", size="large"))
    assert chat.say(says("ask_stock", "soy?", confidence=0.35, milk="soy")) == ["utter_ask_quantity"]

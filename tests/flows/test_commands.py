"""Skip, cancel, start over, carry on; failures to understand; threads that wait elsewhere."""

from __future__ import annotations

import pytest

from .chat import Chat, says, taps


@pytest.fixture
def ordering() -> Chat:
    """A latte; its size is being asked for."""
    chat = Chat()
    chat.say(says("order", product="latte"))
    return chat


@pytest.mark.parametrize("skips", [says("skip"), taps(command="skip")])
def test_skip_takes_the_default(ordering: Chat, skips) -> None:
    """Skipping by words or button sets the default of the question and goes on."""
    assert ordering.say(skips) == ["utter_ask_milk"]
    assert ordering.slots["size"] == "medium"


def test_skip_without_default_leaves_null(ordering: Chat) -> None:
    """A skipped question without a default is not asked again."""
    ordering.say(says("skip"))
    assert ordering.say(says("skip")) == ["utter_ask_quantity"]
    assert ordering.slots.get("milk") is None


def test_a_required_question_cannot_be_skipped() -> None:
    """A required answer is politely insisted on."""
    chat = Chat()
    chat.say(says("order"))
    assert chat.say(says("skip")) == ["utter_skip_refused", "utter_ask_product"]


def test_skipping_the_rest_while_answering(ordering: Chat) -> None:
    """ "Any size, with oat" answers one question and skips the open one."""
    assert ordering.say(says("skip", milk="oat")) == ["utter_ask_quantity"]
    assert ordering.known("size", "milk") == ("medium", "oat")


def test_skipping_every_question_completes_the_order() -> None:
    """Who skips whatever can be skipped still comes to the end."""
    chat = Chat()
    chat.say(says("order", product="latte"))
    for _ in range(6):
        chat.say(says("skip"))
    assert chat.state.stack == ()


@pytest.mark.parametrize("cancels", [says("cancel"), taps(command="cancel")])
def test_cancel_drops_the_task(ordering: Chat, cancels) -> None:
    """Cancelling says which task is dropped, ends its thread and resets its answers."""
    assert ordering.say(cancels) == ["utter_flow_cancelled"]
    assert ordering.arguments["utter_flow_cancelled"]["flow_name"] == "your drink order"
    assert [(e.thread, e.how) for e in ordering.ended] == [("t_1", "cancelled")]
    assert ordering.slots["product"] is None


def test_cancel_in_a_called_flow_drops_its_caller_too() -> None:
    """Cancelling inside a called flow drops the whole task."""
    chat = Chat()
    chat.say(says("return_product", order_number="K-1"))
    chat.say(says("inform", "broken"))
    assert chat.say(says("cancel")) == ["utter_flow_cancelled"]
    assert (chat.state.stack, chat.known("order_number", "reason")) == ((), (None, None))
    assert [(e.thread, e.how) for e in chat.ended] == [("t_1", "cancelled")]


def test_cancel_with_nothing_open() -> None:
    """With nothing open, cancelling says so."""
    assert Chat().say(says("cancel")) == ["utter_flow_nothing_to_cancel"]


def test_cancel_offers_what_lies_below(ordering: Chat) -> None:
    """When another half-done flow lies below the cancelled one, it is offered."""
    ordering.say(says("gift_card"))
    assert ordering.say(says("cancel")) == ["utter_flow_cancelled", "action_offer_threads"]


@pytest.mark.parametrize("starts_over", [says("start_over"), taps(command="start_over")])
def test_start_over_drops_answers_and_keeps_the_thread(ordering: Chat, starts_over) -> None:
    """Starting over asks the first question again under the same thread."""
    assert ordering.say(starts_over) == ["utter_flow_started_over", "utter_ask_product"]
    assert (ordering.slots["product"], ordering.state.stack[0].thread) == (None, "t_1")


def test_carry_on_repeats_the_question(ordering: Chat) -> None:
    """ "Let's carry on" in the middle of a task asks the open question again."""
    assert ordering.say(says("continue_task")) == ["utter_ask_size"]


def test_carry_on_with_threads_elsewhere_offers_them() -> None:
    """With nothing open here, "let's carry on" offers the threads that wait elsewhere, however often."""
    chat = Chat(slots={"threads_waiting": 2})
    assert chat.say(says("continue_task")) == ["action_offer_threads"]
    assert chat.say(says("continue_task")) == ["action_offer_threads"]


def test_carry_on_with_nothing_anywhere_is_unknown() -> None:
    """With nothing to carry on, the request is unknown."""
    assert Chat().say(says("continue_task")) == ["action_unknown_request"]


def test_waiting_threads_are_offered_once_a_session() -> None:
    """The first turn that leaves nothing open offers what waits elsewhere; later ones do not."""
    chat = Chat(slots={"threads_waiting": 1})
    assert chat.say(says("greet")) == ["utter_greet", "action_offer_threads"]
    assert chat.say(says("greet")) == ["utter_greet"]


def test_waiting_threads_do_not_interrupt_a_task() -> None:
    """Who begins with an order is asked about the order."""
    chat = Chat(slots={"threads_waiting": 1})
    assert chat.say(says("order")) == ["utter_ask_product"]


def test_the_first_miss_is_admitted_and_the_question_repeated(ordering: Chat) -> None:
    """Something not understood is said to be, and the question asked again."""
    assert ordering.say(says(None, "blub")) == ["utter_not_understood", "utter_ask_size"]


def test_the_second_miss_in_a_row_offers_a_person(ordering: Chat) -> None:
    """After two misses in a row a person is offered, and the question stays open."""
    ordering.say(says(None, "blub"))
    assert ordering.say(says(None, "blub")) == ["utter_offer_human"]
    assert ordering.say(says("inform", size="large")) == ["utter_ask_milk"]


@pytest.mark.parametrize("understood", [says("inform", milk="oat"), says("opening_hours"), says("order")])
def test_success_forgets_earlier_misses(ordering: Chat, understood) -> None:
    """Anything understood in between starts the count anew."""
    ordering.say(says(None, "blub"))
    ordering.say(understood)
    assert ordering.say(says(None, "blub"))[0] == "utter_not_understood"


def test_yes_to_a_person_calls_one(ordering: Chat) -> None:
    """A yes to the offer of a person hands over by the flow that human triggers."""
    ordering.say(says(None, "blub"))
    ordering.say(says(None, "blub"))
    assert ordering.say(says("affirm"))[0] == "action_call_person"


def test_no_to_a_person_asks_on(ordering: Chat) -> None:
    """A no to the offer of a person repeats the question."""
    ordering.say(says(None, "blub"))
    ordering.say(says(None, "blub"))
    assert ordering.say(says("deny")) == ["utter_ask_size"]


def test_misses_with_nothing_open_are_counted() -> None:
    """action_unknown_request is told how many messages in a row were not understood."""
    chat = Chat()
    chat.say(says(None, "blub"))
    chat.say(says(None, "blub"))
    assert chat.arguments["action_unknown_request"]["misses"] == 2

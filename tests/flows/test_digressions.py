"""What happens when something comes between."""

from __future__ import annotations

import pytest

from bot.flows import engine, loader

from .chat import Chat, says


@pytest.fixture
def ordering() -> Chat:
    """A large latte; its milk is being asked for."""
    chat = Chat(slots={"milk": None, "stock_known": True})
    chat.say(says("order", product="latte", size="large"))
    return chat


def test_a_question_is_answered_and_the_flow_comes_back(ordering: Chat) -> None:
    """After a mere answer the flow is named and its question asked again."""
    assert ordering.say(says("opening_hours")) == ["action_tell_hours", "utter_flow_back", "utter_ask_milk"]
    assert ordering.arguments["utter_flow_back"]["flow_name"] == "your drink order"


def test_a_question_never_fills_the_interrupted_flow(ordering: Chat) -> None:
    """ "Do you have oat milk?" is seen by its own action only; the order still has no milk."""
    ordering.say(says("ask_stock", milk="oat", product="mocha"))
    assert ordering.seen["action_answer_stock"]["milk"] == "oat"
    assert ordering.known("milk", "product") == (None, "latte")


def test_an_answer_flow_may_branch(ordering: Chat) -> None:
    """The flow that answers goes through its own branches before the interrupted one comes back."""
    ordering.results = {"action_answer_stock": {"stock_known": False}}
    assert ordering.say(says("ask_stock", milk="oat")) == [
        "action_answer_stock",
        "utter_stock_unknown",
        "utter_flow_back",
        "utter_ask_milk",
    ]


def test_a_task_that_interrupts_has_its_own_answers(ordering: Chat) -> None:
    """A second task begins without the answers of the first, which has them again when it goes on."""
    ordering.say(says("gift_card"))
    ordering.say(says("start_over"))
    ordering.say(says("inform", money=20.0))
    ordering.say(says("cancel"))
    ordering.say(says("continue_task"))
    assert ordering.known("product", "size", "money") == ("latte", "large", None)


def test_after_a_task_the_interrupted_one_is_offered(ordering: Chat) -> None:
    """When a task that came between ends, the half-done one is offered, not presumed."""
    ordering.say(says("gift_card", money=20.0))
    ordering.say(says("affirm"))
    assert ordering.say(says("affirm")) == ["action_check_out", "action_offer_threads"]
    [offered] = ordering.arguments["action_offer_threads"]["threads"]
    assert (offered["flow"], offered["description"]) == ("order_drink", "the milk")
    assert offered["slots"] == {"product": "latte", "size": "large"}
    assert [thread.thread for thread in engine.open_threads(ordering.flows, ordering.state, ordering.slots)] == ["t_1"]


def test_what_was_offered_goes_on_when_asked_to(ordering: Chat) -> None:
    """ "Let's carry on" asks the open question of the flow that was offered."""
    _interrupted(ordering)
    assert ordering.say(says("continue_task")) == ["utter_ask_milk"]
    assert ordering.slots["product"] == "latte"


def test_yes_to_the_offer_continues(ordering: Chat) -> None:
    """A yes right after the offer continues the flow."""
    _interrupted(ordering)
    assert ordering.say(says("affirm")) == ["utter_ask_milk"]


def test_an_answer_continues_what_was_offered(ordering: Chat) -> None:
    """An answer that only the offered flow can take continues it."""
    _interrupted(ordering)
    assert ordering.say(says("inform", milk="oat")) == ["utter_ask_quantity"]
    assert ordering.known("product", "milk") == ("latte", "oat")


def test_what_answers_nothing_leaves_the_offered_flow_alone(ordering: Chat) -> None:
    """A message that the offered flow cannot use is an unknown request, and the offer stands."""
    _interrupted(ordering)
    assert ordering.say(says("inform", grind="fine")) == ["action_unknown_request"]
    assert ordering.state.stack[-1].phase == "offered"
    assert ordering.say(says("continue_task")) == ["utter_ask_milk"]


def test_a_new_task_starts_clean_beside_an_offered_one(ordering: Chat) -> None:
    """Ordering again while an order is left half-done begins another one."""
    _interrupted(ordering)
    assert ordering.say(says("order", product="mocha")) == ["utter_ask_size"]
    assert [frame.flow for frame in ordering.state.stack] == ["order_drink", "order_drink"]
    ordering.say(says("cancel"))
    ordering.say(says("continue_task"))
    assert ordering.slots["product"] == "latte"


def test_asking_for_the_task_at_hand_asks_its_question(ordering: Chat) -> None:
    """The trigger of the flow at hand, with nothing new in it, is no failure to understand."""
    assert ordering.say(says("order")) == ["utter_ask_milk"]
    assert ordering.state.stack[-1].misses == 0


def test_a_greeting_in_the_middle_offers_the_flow(ordering: Chat) -> None:
    """Who says hello in the middle of an order is greeted and offered to go on with it."""
    assert ordering.say(says("greet")) == ["utter_greet", "action_offer_threads"]
    assert ordering.state.stack[-1].phase == "offered"


def test_persisted_answers_of_a_digression_may_fill_what_was_open() -> None:
    """A flow that persists a slot leaves it behind for an interrupted flow that has no answer of its own."""
    flows = loader.parse(
        {
            "a.yml": """
flows:
  order:
    nlu_trigger: [{intent: order}]
    steps: [{id: milk, collect: milk}, {id: size, collect: size}]
  prefer:
    nlu_trigger: [{intent: state_preference}]
    persisted_slots: [milk]
    steps: [{set_slots: [{milk: oat}]}]
"""
        }
    )
    chat = Chat(flows)
    chat.say(says("order"))
    assert chat.say(says("state_preference")) == ["utter_flow_back", "utter_ask_size"]
    chat = Chat(flows)
    chat.say(says("order", milk="soy"))
    chat.say(says("state_preference"))
    assert chat.slots["milk"] == "soy"


def test_a_task_in_a_task_in_a_task_comes_back_in_order(ordering: Chat) -> None:
    """Interrupted tasks are offered newest first."""
    ordering.say(says("gift_card"))
    ordering.say(says("return_product"))
    assert ordering.say(says("cancel")) == ["utter_flow_cancelled", "action_offer_threads"]
    threads = ordering.arguments["action_offer_threads"]["threads"]
    assert [thread["flow"] for thread in threads] == ["gift", "order_drink"]


def test_a_stack_that_grows_too_high_sheds_its_oldest() -> None:
    """However often a customer changes the subject, the state stays small; what falls off is not ended."""
    chat = Chat()
    for intent in ("order", "gift_card", "return_product") * 6:
        chat.say(says(intent))
    assert len(chat.state.stack) == 8
    assert chat.ended == []


def _interrupted(chat: Chat) -> None:
    chat.say(says("gift_card", money=20.0))
    chat.say(says("affirm"))
    chat.say(says("affirm"))


def test_a_waiting_task_goes_before_the_interrupted_one(ordering: Chat) -> None:
    """A task asked for beside another comes before an interrupted order, which is then offered."""
    ordering.say(says("gift_card", money=20.0), says("return_product", order_number="K-1"))
    assert ordering.say(says("cancel")) == ["utter_flow_cancelled", "utter_ask_reason"]
    assert ordering.say(says("cancel")) == ["utter_flow_cancelled", "action_offer_threads"]


def test_what_cannot_be_resumed_is_not_offered() -> None:
    """A flow that is not resumable is over when a task has come between."""
    text = """
flows:
  suggest: {resumable: false, nlu_trigger: [{intent: recommend}], steps: [{id: a, collect: taste}]}
  order: {nlu_trigger: [{intent: order}], steps: [{id: b, collect: milk}]}
"""
    chat = Chat(loader.parse({"a.yml": text}))
    chat.say(says("recommend"))
    chat.say(says("order"))
    assert chat.say(says("inform", milk="oat")) == []
    assert chat.state.stack == ()


def test_a_result_that_was_emptied_comes_back(ordering: Chat) -> None:
    """A slot that the interrupted flow only looks at is put back where the digression left it empty."""
    ordering.slots["combination"] = "valid"
    ordering.results = {"action_tell_hours": {"combination": None}}
    ordering.say(says("opening_hours"))
    assert ordering.slots["combination"] == "valid"

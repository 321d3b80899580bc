"""How a flow starts and which questions it asks."""

from __future__ import annotations

from bot.flows import loader
from bot.flows.model import Entity, Message

from .chat import Chat, says


def test_a_trigger_starts_its_flow() -> None:
    """An intent that triggers a flow starts it and asks its first question."""
    assert Chat().say(says("order")) == ["utter_ask_product"]


def test_the_first_message_answers_what_it_can() -> None:
    """ "A large oat flat white to go" fills four questions at once, and only the rest is asked."""
    chat = Chat()
    message = says("order", size="large", milk="oat", product="flat_white", fulfilment="pickup")
    assert chat.say(message) == ["utter_ask_quantity"]
    assert chat.known("size", "milk", "product", "fulfilment") == ("large", "oat", "flat_white", "pickup")


def test_a_trigger_below_its_threshold_starts_nothing() -> None:
    """A trigger with a confidence threshold needs that confidence."""
    assert Chat().say(says("order_another", confidence=0.4)) == ["action_unknown_request"]


def test_a_guard_keeps_a_flow_from_starting() -> None:
    """A flow whose guard does not hold is not started."""
    chat = Chat(slots={"gifts_open": False})
    assert chat.say(says("gift_card")) == ["action_unknown_request"]


def test_a_guard_sees_the_entities_of_the_message() -> None:
    """Of two flows with one trigger, the guard picks the one that fits what was said."""
    flows = loader.parse(
        {
            "two.yml": """
flows:
  beans:
    if: slots.category = "beans"
    nlu_trigger: [{intent: order}]
    steps: [{id: grind, collect: grind}]
  drink:
    nlu_trigger: [{intent: order}]
    steps: [{id: milk, collect: milk}]
"""
        }
    )
    assert Chat(flows).say(says("order", category="beans")) == ["utter_ask_grind"]
    assert Chat(flows).say(says("order")) == ["utter_ask_milk"]


def test_a_collect_whose_condition_fails_is_passed_over() -> None:
    """A conditional question that does not apply is not asked, and its slot is null."""
    chat = Chat()
    assert chat.say(says("order", product="espresso", size="small", milk="oat")) == ["utter_ask_quantity"]
    assert chat.slots["milk"] is None


def test_ask_before_filling_asks_what_is_known() -> None:
    """A question that is asked before filling is asked although its slot has a value."""
    chat = Chat(slots={"confirm": True})
    chat.say(says("order", product="espresso", size="small", quantity=1))
    assert chat.say(says("inform", fulfilment="pickup")) == ["utter_ask_confirm"]


def test_a_rejected_answer_is_asked_again() -> None:
    """A rejection says why with the refused value, empties the slot and asks again."""
    chat = Chat()
    chat.say(says("order", product="espresso", size="small"))
    assert chat.say(says("inform", quantity=50)) == ["utter_too_many", "utter_ask_quantity"]
    assert chat.arguments["utter_too_many"]["value"] == 50
    assert chat.slots["quantity"] is None


def test_an_answer_given_early_can_be_rejected() -> None:
    """An answer of the first message is checked when its question comes."""
    chat = Chat()
    assert chat.say(says("order", product="espresso", size="small", quantity=50)) == [
        "utter_too_many",
        "utter_ask_quantity",
    ]


def test_slots_are_reset_at_the_end_but_persisted_ones() -> None:
    """The end of a flow empties what it collected, except persisted slots."""
    chat = _ordered(Chat())
    assert chat.known("product", "size", "milk", "quantity", "confirm") == (None,) * 5
    assert chat.slots["fulfilment"] == "pickup"


def test_a_persisted_answer_is_not_asked_for_again() -> None:
    """What an earlier flow persisted answers the question of a later one."""
    chat = _ordered(Chat())
    chat.say(says("order", product="latte", size="large", milk="oat"))
    assert chat.say(says("inform", quantity=1)) == ["action_check_combination", "utter_ask_confirm"]


def test_a_slot_that_is_not_reset_stays() -> None:
    """reset_after_flow_ends: false keeps the answer of a collect."""
    flows = loader.parse(
        {
            "a.yml": """
flows:
  a:
    nlu_trigger: [{intent: order}]
    steps:
      - {id: milk, collect: milk, reset_after_flow_ends: false}
      - {id: size, collect: size}
"""
        }
    )
    chat = Chat(flows)
    chat.say(says("order", milk="oat", size="large"))
    assert chat.known("milk", "size") == ("oat", None)


def test_an_action_branches_on_its_result() -> None:
    """After an action the flow goes where the slot that the action set leads."""
    chat = Chat(results={"action_check_combination": {"combination": "sold_out"}})
    chat.say(says("order", product="latte", size="large", milk="oat"))
    assert chat.say(says("inform", quantity=1)) == ["action_check_combination", "utter_offer_nearest"]


def test_a_called_flow_returns_to_its_caller() -> None:
    """A call runs another flow inside this one and goes on behind it, under the same thread."""
    chat = Chat()
    chat.say(says("return_product", order_number="K-1"))
    assert chat.say(says("inform", "it is broken")) == ["utter_ask_address"]
    assert [frame.thread for frame in chat.state.stack] == ["t_1", "t_1"]
    assert chat.say(says(None, "12 Mill Road")) == ["utter_ask_date"]
    assert chat.say(says("inform", date="2026-01-02")) == ["action_register_return"]
    assert chat.seen["action_register_return"]["address"] == "12 Mill Road"
    assert chat.known("address", "reason", "order_number") == (None, None, None)


def test_a_link_hands_over_with_all_answers() -> None:
    """A link goes on with another flow under the same thread; what the first collected is reset when that one ends."""
    chat = Chat()
    chat.say(says("gift_card", money=20.0))
    assert chat.say(says("affirm")) == ["utter_ask_fulfilment"]
    assert (chat.state.stack[0].flow, chat.state.stack[0].thread) == ("checkout", "t_1")
    assert chat.known("gift", "money") == (True, 20.0)
    chat.say(says("affirm"))
    assert chat.known("gift", "money", "fulfilment") == (None, None, None)


def test_an_intent_can_be_an_answer() -> None:
    """from: {intent: ..} turns an intent into the value of the slot."""
    chat = Chat()
    chat.say(says("gift_card", money=20.0))
    chat.say(says("affirm"))
    assert chat.say(says("deny")) == ["action_check_out"]
    assert chat.seen["action_check_out"]["fulfilment"] == "delivery"


def test_nested_steps_end_the_flow_where_they_say() -> None:
    """A branch of nested steps is taken when its condition holds."""
    chat = Chat()
    chat.say(says("order", product="espresso", size="small", quantity=1, fulfilment="pickup"))
    assert chat.say(says("affirm")) == ["action_place_order", "utter_order_placed", "utter_ask_note"]


def test_a_no_takes_the_other_branch() -> None:
    """Else leads to END when the customer does not confirm."""
    chat = Chat()
    chat.say(says("order", product="espresso", size="small", quantity=1, fulfilment="pickup"))
    assert chat.say(says("deny")) == []
    assert [ended.how for ended in chat.ended] == ["completed"]


def test_a_question_with_nothing_open_is_just_answered() -> None:
    """A flow that asks nothing answers and leaves no trace, its entities included."""
    chat = Chat(slots={"milk": None, "stock_known": True})
    assert chat.say(says("ask_stock", milk="oat")) == ["action_answer_stock"]
    assert chat.seen["action_answer_stock"]["milk"] == "oat"
    assert chat.arguments["action_answer_stock"]["entities"] == {"milk": "oat"}
    assert chat.slots["milk"] is None
    assert chat.state.to_json() == {}


def test_an_unknown_request_is_passed_on() -> None:
    """With nothing open, what triggers no flow is given to action_unknown_request with its part of the text."""
    chat = Chat()
    assert chat.say(Message("got a fridge?", "out_of_scope", 0.7, (Entity("product", "fridge"),))) == [
        "action_unknown_request"
    ]
    assert chat.arguments["action_unknown_request"] == {
        "text": "got a fridge?",
        "intent": "out_of_scope",
        "entities": {"product": "fridge"},
        "misses": 1,
    }


def test_an_action_is_preferred_for_asking() -> None:
    """A collect asks by action_ask_<slot> where that action exists."""
    text = "flows: {a: {nlu_trigger: [{intent: order}], steps: [{id: milk, collect: milk}]}}"
    flows = loader.parse({"a.yml": text}, actions={"action_ask_milk"})
    assert Chat(flows).say(says("order")) == ["action_ask_milk"]


def _ordered(chat: Chat) -> Chat:
    chat.say(says("order", product="espresso", size="small", quantity=1, fulfilment="pickup"))
    chat.say(says("affirm"))
    chat.say(says("skip"))
    return chat

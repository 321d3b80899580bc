"""Buttons: tapped now, tapped late, tapped when everything has changed."""

from __future__ import annotations

import pytest

from bot.flows import loader
from bot.flows.model import Choice, ChoiceError, Message

from .chat import Chat, says, taps


@pytest.fixture
def ordering() -> Chat:
    """A latte; its size is being asked for."""
    chat = Chat()
    chat.say(says("order", product="latte"))
    return chat


@pytest.fixture
def offered() -> Chat:
    """A large oat latte that is sold out; the nearest ones are offered."""
    chat = Chat(results={"action_check_combination": {"combination": "sold_out"}})
    chat.say(says("order", product="latte", size="large", milk="oat", quantity=1))
    chat.results = {"action_check_combination": {"combination": "valid"}}
    return chat


def test_a_button_answers_its_question(ordering: Chat) -> None:
    """A choice of the open question fills its slot."""
    assert ordering.say(taps(set={"size": "large"}, flow="order_drink", step="size")) == ["utter_ask_milk"]


def test_an_older_button_corrects(ordering: Chat) -> None:
    """A choice of an earlier question of the flow at hand is a correction."""
    ordering.say(says("inform", size="large"))
    assert ordering.say(taps(set={"size": "small"}, flow="order_drink", step="size")) == [
        "utter_slot_corrected",
        "utter_ask_milk",
    ]
    assert ordering.slots["size"] == "small"


def test_a_button_of_a_renamed_step_works(ordering: Chat) -> None:
    """A choice made under the former id of a step still answers it."""
    ordering.say(says("inform", size="large"))
    assert ordering.say(taps(set={"milk": "oat"}, flow="order_drink", step="which_milk")) == ["utter_ask_quantity"]


def test_a_button_of_a_flow_that_is_over_has_expired() -> None:
    """A choice of a flow that is not at hand says that it no longer counts."""
    assert Chat().say(taps(set={"size": "large"}, flow="order_drink", step="size")) == ["utter_choice_expired"]


def test_an_expired_button_asks_the_open_question(ordering: Chat) -> None:
    """After an expired choice the open question is asked again."""
    assert ordering.say(taps(set={"money": 20.0}, flow="gift", step="amount")) == [
        "utter_choice_expired",
        "utter_ask_size",
    ]


def test_a_button_of_an_offered_flow_continues_it(ordering: Chat) -> None:
    """A choice of the flow that was left and offered goes on with it."""
    ordering.say(says("gift_card"))
    ordering.say(says("cancel"))
    assert ordering.say(taps(set={"size": "large"}, flow="order_drink", step="size")) == ["utter_ask_milk"]
    assert ordering.slots["product"] == "latte"


def test_a_button_starts_a_flow() -> None:
    """A choice with a flow starts it with the given answers."""
    assert Chat().say(taps(flow="order_drink", set={"product": "latte", "size": "large"})) == ["utter_ask_milk"]


def test_a_button_that_starts_an_answer_only_answers(ordering: Chat) -> None:
    """A choice that starts a flow without questions answers and comes back."""
    assert ordering.say(taps(flow="opening_hours")) == ["action_tell_hours", "utter_flow_back", "utter_ask_size"]


def test_a_button_cannot_pass_a_guard() -> None:
    """A choice does not start a flow whose guard does not hold."""
    assert Chat(slots={"gifts_open": False}).say(taps(flow="gift")) == ["utter_choice_expired"]


def test_a_button_runs_an_action_and_the_question_is_asked_again(ordering: Chat) -> None:
    """A choice with an action runs it with its arguments, then the open question comes again."""
    tap = taps(action="action_explain_choice", args={"sku": "latte"})
    assert ordering.say(tap) == ["action_explain_choice", "utter_ask_size"]
    assert ordering.arguments["action_explain_choice"] == {"sku": "latte"}


def test_a_button_without_a_choice_has_expired() -> None:
    """A payload that states nothing is answered like an old button."""
    assert Chat().say(says("choose")) == ["utter_choice_expired"]


def test_an_offer_shows_its_options(offered: Chat) -> None:
    """The wording of an offer gets its options as buttons whose choices name the offer."""
    buttons = offered.arguments["utter_offer_nearest"]["buttons"]
    assert [button["title"] for button in buttons] == ["With soy", "A small one"]
    assert buttons[0]["choice"] == {"set": {"milk": "soy"}, "flow": "order_drink", "step": "nearest", "option": "soy"}


def test_an_option_sets_its_slots_and_goes_its_way(offered: Chat) -> None:
    """Tapping an option goes on where it leads."""
    button = offered.arguments["utter_offer_nearest"]["buttons"][0]
    assert offered.say(taps(**button["choice"])) == ["action_check_combination", "utter_ask_fulfilment"]
    assert offered.known("milk", "size") == ("soy", "large")


def test_an_option_can_be_typed(offered: Chat) -> None:
    """Saying what one option sets takes it."""
    assert offered.say(says("inform", size="small")) == ["action_check_combination", "utter_ask_fulfilment"]


@pytest.mark.parametrize("refuses", [says("deny"), says("skip"), taps(command="skip")])
def test_an_offer_has_an_exit(offered: Chat, refuses) -> None:
    """Taking none of what is offered leads to the exit of the offer."""
    assert offered.say(refuses) == []
    assert offered.state.stack == ()


def test_an_offer_can_be_answered_by_a_correction(offered: Chat) -> None:
    """Changing an earlier answer instead of taking an option checks the new combination."""
    assert offered.say(says("change_order", product="mocha", syrup="vanilla"))[:2] == [
        "utter_slot_corrected",
        "action_check_combination",
    ]


def test_a_bare_yes_to_two_options_is_not_understood(offered: Chat) -> None:
    """A yes does not say which of two options is meant."""
    assert offered.say(says("affirm")) == ["utter_not_understood", "utter_offer_nearest"]


def test_a_yes_takes_the_only_option() -> None:
    """Where one thing is offered, a yes takes it."""
    text = """
flows:
  a:
    nlu_trigger: [{intent: order}]
    persisted_slots: [milk]
    steps: [{id: o, offer: utter_o, exit: END, options: [{title: With soy, set: {milk: soy}}]}]
"""
    chat = Chat(loader.parse({"a.yml": text}))
    chat.say(says("order"))
    assert chat.say(says("affirm")) == []
    assert chat.slots["milk"] == "soy"


def test_an_older_option_can_be_taken_instead(offered: Chat) -> None:
    """Tapping the other option of an offer already answered changes the answer."""
    soy, small = (taps(**b["choice"]) for b in offered.arguments["utter_offer_nearest"]["buttons"])
    offered.say(small)
    assert offered.say(soy) == ["utter_slot_corrected", "action_check_combination", "utter_ask_fulfilment"]
    assert offered.slots["milk"] == "soy"


def test_a_button_cannot_change_what_is_committed(ordering: Chat) -> None:
    """After the order is placed, its older buttons have expired."""
    ordering.say(says("inform", size="large", milk="oat", quantity=1, fulfilment="pickup"))
    ordering.say(says("affirm"))
    assert ordering.say(taps(set={"size": "small"}, flow="order_drink", step="size")) == [
        "utter_choice_expired",
        "utter_ask_note",
    ]


def test_an_option_of_an_offer_not_made_has_expired(ordering: Chat) -> None:
    """A choice of an offer that the flow has not come to says that it no longer counts."""
    assert ordering.say(taps(set={"milk": "soy"}, flow="order_drink", step="nearest", option="soy")) == [
        "utter_choice_expired",
        "utter_ask_size",
    ]


def test_a_button_for_a_later_question_fills_it(ordering: Chat) -> None:
    """A choice of a question that is still to come is kept for it."""
    assert ordering.say(taps(set={"milk": "soy"}, flow="order_drink", step="milk")) == ["utter_ask_size"]
    assert ordering.slots["milk"] == "soy"


def test_a_button_that_starts_the_flow_at_hand_changes_it(ordering: Chat) -> None:
    """A choice that starts the flow at hand gives it the answers of the choice."""
    assert ordering.say(taps(flow="order_drink", set={"product": "mocha"})) == [
        "utter_slot_corrected",
        "utter_ask_size",
    ]


def test_starting_over_an_offered_flow(ordering: Chat) -> None:
    """Start over on the resume card begins the flow that was left anew."""
    ordering.say(says("gift_card"))
    ordering.say(says("cancel"))
    assert ordering.say(taps(command="start_over")) == ["utter_flow_started_over", "utter_ask_product"]


def test_rasa_parse_data_of_a_button_is_its_choice() -> None:
    """The intent choose carries the choice; one that states nothing carries none."""
    tapped = {"text": "/choose", "intent": {"name": "choose"}, "entities": [{"entity": "command", "value": "skip"}]}
    assert Message.from_rasa(tapped)[0].choice == Choice(command="skip")
    assert Message.from_rasa({**tapped, "entities": []})[0].choice is None
    with pytest.raises(ChoiceError):
        Choice.from_json("skip")


def test_a_payload_comes_back_as_its_choice() -> None:
    """A choice survives the way through Rasa's payload text."""
    choice = Choice(set={"milk": "oat", "n": 2}, flow="order_drink", step="milk")
    assert Choice.parse(choice.payload()) == choice


def test_a_choice_comes_back_from_entities() -> None:
    """A choice survives Rasa's split of a payload into entities."""
    entities = [{"entity": "action", "value": "action_x"}, {"entity": "args", "value": {"a": 1}}]
    assert Choice.from_entities(entities) == Choice(action="action_x", args={"a": 1})


@pytest.mark.parametrize("payload", ["hello", "/choose", "/choose{}", '/choose{"command": "x"}', '/choose{"flow": 1}'])
def test_what_is_no_choice_is_refused(payload: str) -> None:
    """A payload that states no choice raises ChoiceError."""
    with pytest.raises(ChoiceError):
        Choice.parse(payload)

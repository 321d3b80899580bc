"""What the shop does not have, however it is asked for: an honest no, noted in a word or two, and nothing else."""

import pytest

from memory import needs


def _wanted(memory):
    with memory.read() as tx:
        return [what for what, _, _ in needs.everyone(tx)]


@pytest.mark.parametrize(
    ("said", "intent", "wanted"),
    [
        ("can you do goat milk?", "out_of_scope", "goat milk"),
        ("a fridge", "out_of_scope", "fridge"),
        ("do you have any cakes?", "ask_stock", "cake"),
        ("how much is a fridge", "ask_price", "fridge"),
        ("is there rose syrup", "ask_product", "rose syrup"),
        ("do you sell bread", "ask_menu", "bread"),
        ("有没有蛋糕", "out_of_scope", "蛋糕"),
    ],
)
def test_an_ask_for_what_is_not_there_is_declined_and_noted(talk_as, memory, said, intent, wanted):
    """Whatever understanding took the question for."""
    talk = talk_as("ana")
    told = talk.say(said, intent)
    assert [m.name for m in told] == ["utter_need_noted"]
    assert _wanted(memory) == [wanted]


@pytest.mark.parametrize(
    ("said", "intent", "entities"),
    [
        ("do you have anything cheap", "ask_menu", []),
        ("do you have golden milk", "ask_stock", [("product", "golden_milk")]),
        ("what milk do you have", "ask_stock", []),
        ("is there milk in it", "ask_product", []),
        ("do you have oat milk", "ask_stock", [("milk", "oat")]),
        ("can i get a refund", "out_of_scope", []),
        ("do you sell decaf tea", "ask_menu", []),
    ],
)
def test_what_the_shop_has_or_could_mean_is_no_unmet_need(talk_as, memory, said, intent, entities):
    """Nothing is noted and nothing is denied."""
    talk = talk_as("ana")
    assert "utter_need_noted" not in [m.name for m in talk.say(said, intent, *entities)]
    assert _wanted(memory) == []


def test_an_order_with_a_module_that_is_not_there_says_so_and_goes_on(talk_as, memory):
    """Goat milk is not passed over in silence; the milks that there are can be chosen."""
    talk = talk_as("ana")
    told = talk.say("a large latte with goat milk", "order", ("product", "latte"), ("size", "large"))
    assert [m.name for m in told] == ["utter_need_noted", "utter_ask_milk"]
    assert _wanted(memory) == ["goat milk"]


def test_the_same_milk_is_declined_as_an_answer_too(talk_as, memory):
    """And the question comes back."""
    talk = talk_as("emil")
    talk.say("a large latte", "order", ("product", "latte"), ("size", "large"))
    told = [m.name for m in talk.say("camel milk", "out_of_scope")]
    assert told[0] == "utter_need_noted"
    assert told[-1] == "utter_ask_milk"

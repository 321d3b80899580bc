"""Replaying recorded conversations."""

from __future__ import annotations

from bot.flows import loader
from bot.flows.replay import Difference, RecordedTurn, Recording, compare, replay

from .chat import FLOWS, says

ORDER = (
    RecordedTurn((says("order", "a latte", product="latte", size="large", milk="oat"),)),
    RecordedTurn(
        (says("inform", "one", quantity=1),), results={"action_check_combination": {"combination": "sold_out"}}
    ),
    RecordedTurn((says("deny", "no thanks"),)),
)


def test_a_replay_does_what_was_done() -> None:
    """Each turn shows its actions, with the results they had, and the slots after it."""
    outcomes = replay(FLOWS, ORDER)
    assert [outcome.names for outcome in outcomes] == [
        ("utter_ask_quantity",),
        ("action_check_combination", "utter_offer_nearest"),
        (),
    ]
    assert outcomes[1].slots["quantity"] == 1
    assert outcomes[2].ended[0].thread == "r_1"


def test_a_replay_can_stop_within_a_turn() -> None:
    """With a limit, the action that would come next is known but not run."""
    limited = [*ORDER[:1], RecordedTurn(ORDER[1].messages, limit=1)]
    last = replay(FLOWS, limited)[-1]
    assert last.names == ("action_check_combination",)
    assert last.last.action == "utter_ask_fulfilment"


def test_a_replay_can_go_on_from_a_state() -> None:
    """Replaying in two parts gives what replaying at once does."""
    first, *rest = replay(FLOWS, ORDER)
    assert [o.names for o in replay(FLOWS, ORDER[1:], slots=first.slots, state=first.state)] == [o.names for o in rest]


def test_slots_set_from_outside_count() -> None:
    """What was set before a turn, other than by flows, is known in it."""
    turns = [RecordedTurn((says("gift_card"),), slots={"gifts_open": False})]
    assert replay(FLOWS, turns)[0].names == ("action_unknown_request",)


def test_two_revisions_differ_where_they_part() -> None:
    """The first turn that goes another way is shown with what was done before and after; the rest is not compared."""
    old = loader.parse({"a.yml": "flows: {a: {nlu_trigger: [{intent: order}], steps: [{id: q, collect: milk}]}}"})
    new = loader.parse(
        {"a.yml": "flows: {a: {nlu_trigger: [{intent: order}], steps: [{id: q, collect: milk, if: slots.x}]}}"}
    )
    turns = (RecordedTurn((says("greet"),)), RecordedTurn((says("order", "hi"),)), RecordedTurn((says("cancel"),)))
    differences = compare(old, new, [Recording("v_1", turns), Recording("v_2", turns, slots={"x": True})])
    assert differences == [Difference("v_1", 2, "hi", ("utter_ask_milk",), (), {})]


def test_a_different_slot_is_a_difference() -> None:
    """Revisions that say the same but leave other answers behind differ."""
    old = loader.parse({"a.yml": "flows: {a: {nlu_trigger: [{intent: order}], steps: [{set_slots: [{x: 1}]}]}}"})
    new = loader.parse(
        {
            "a.yml": """
flows: {a: {persisted_slots: [x], nlu_trigger: [{intent: order}], steps: [{set_slots: [{x: 1}]}]}}
"""
        }
    )
    [difference] = compare(old, new, [Recording("v_1", (RecordedTurn((says("order"),)),))])
    assert difference.slots == {"x": (None, 1)}

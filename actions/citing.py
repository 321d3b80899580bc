"""Keeps what a reply rests on, so that "why do you say that?" and "forget that" know what "that" is.

The assistant drops it when the next reply rests on nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import consents
from actions.base import Event, ShopAction, ShopTracker, button
from bot.flows.model import Choice
from memory.consent import Purpose

CITED = "cited"
# The choices that a plain yes and no stand for when nothing else is open.
YES_NO = "yes_no"
FACT, THREAD, SET = "fact", "thread", "set"
TOLD_OF_USE = "told_of_use"


def cites(kind: str, *ids: str) -> list[Event]:
    """The reply rests on these facts or threads, or on the set of choices that was shown."""
    return [SlotSet(CITED, [{"kind": kind, "id": each} for each in ids])]


def cited(tracker: ShopTracker, kind: str) -> list[str]:
    """What of this kind the last reply rested on."""
    return [str(each["id"]) for each in tracker.slots.get(CITED) or () if each["kind"] == kind]


def yes_no(yes: Choice, no: Choice) -> list[Event]:
    """A typed yes or no is one of these choices."""
    return [SlotSet(YES_NO, {"affirm": yes.to_json(), "deny": no.to_json()})]


def tell_of_first_use(action: ShopAction, dispatcher: CollectingDispatcher, tracker: ShopTracker) -> list[Event]:
    """Says once that history shapes what is shown, with one tap to switch it off."""
    turn, memory = tracker.turn, action.shop.memory
    if tracker.slots.get(TOLD_OF_USE) or memory.policies.default(Purpose.PERSONALISATION).told != "first_use":
        return []
    with memory.read() as tx:
        if not consents.undecided(tx, turn.customer, Purpose.PERSONALISATION):
            return []
    dispatcher.utter_message(response="utter_notice_personalisation")
    return [SlotSet(TOLD_OF_USE, True)]


def switch(title: str, scope: str, decision: str, **args: Any) -> Mapping[str, Any]:
    """A button that switches something on or off."""
    return button(title, Choice(action="action_switch_consent", args={"scope": scope, "decision": decision, **args}))

"""Keeps what a reply rests on, so that "why do you say that?" and "forget that" know what "that" is.

The assistant drops it when the next reply rests on nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rasa_sdk.events import SlotSet

from actions.base import Event, ShopTracker, button
from bot.flows.model import Choice

CITED = "cited"
# The choices that a plain yes and no stand for when nothing else is open.
YES_NO = "yes_no"
FACT, THREAD, SET, BENEFIT = "fact", "thread", "set", "benefit"


def cites(kind: str, *ids: str) -> list[Event]:
    """The reply rests on these facts, threads or benefits, or on the set of choices that was shown."""
    return [SlotSet(CITED, [{"kind": kind, "id": each} for each in ids])]


def cited(tracker: ShopTracker, kind: str) -> list[str]:
    """What of this kind the last reply rested on."""
    return [str(each["id"]) for each in tracker.slots.get(CITED) or () if each["kind"] == kind]


def yes_no(yes: Choice, no: Choice) -> list[Event]:
    """A typed yes or no is one of these choices."""
    return [SlotSet(YES_NO, {"affirm": yes.to_json(), "deny": no.to_json()})]


def switch(title: str, scope: str, decision: str, **args: Any) -> Mapping[str, Any]:
    """A button that switches something on or off."""
    return button(title, Choice(action="action_switch_consent", args={"scope": scope, "decision": decision, **args}))

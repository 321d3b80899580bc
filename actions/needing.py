"""Says honestly what the shop does not have, and notes the wish in a word or two; nothing is promised."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from rasa_sdk.executor import CollectingDispatcher

from actions.base import Event, ShopAction, ShopTracker, button, request_of
from actions.speech import opening
from bot.flows.model import Choice
from bot.offering.needs import normal
from memory import Tx, needs

# A wish is a thing in a few words; a whole sentence is a story of somebody's, and stays unwritten.
_MOST_WORDS = 3
_WISH = re.compile(
    r"\b(?:do you (?:guys )?(?:sell|have|stock|do|offer|make|carry|serve)|have you got|"
    r"can i (?:get|buy|order|have)|could i (?:get|have)|"
    r"i(?:'d| would) like|i (?:want|need)|i(?:'m| am) looking for|looking for|any chance of|where are your|got any)\b"
    r"\s+(?:to (?:buy|order|get|have)\s+)?(?:an?|some|any|the|your)?\s*(?P<wanted>[\w' -]+)"
)
_END = re.compile(r"\b(?:from|for|with|in|on|at|to|by|please|here|too|as|that|which|and|or|but|so|today|now|my|me)\b")


class ActionDeclineNeed(ShopAction):
    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        message = request_of(tracker, "out_of_scope")
        wanted = wish_in(str(message.get("text") or ""))
        likely = self._likely(message.get("clarify") or (), tracker)
        if likely and wanted is None:
            human = button(self.speech(tracker).say("utter_choice_human"), Choice(flow="human"))
            dispatcher.utter_message(response="utter_did_you_mean", buttons=[*likely, human])
            return []
        if wanted is None or self.catalogue.find(wanted) is not None:
            dispatcher.utter_message(response="utter_out_of_scope")
            return []
        tracker.turn.stage(lambda tx: _note(tx, tracker, wanted))
        dispatcher.utter_message(response="utter_need_noted", wanted=opening(wanted))
        return []

    def _likely(self, intents: Iterable[str], tracker: ShopTracker) -> list[dict[str, Any]]:
        """What an unsure message may have been about, where understanding names it."""
        triggers = self.shop.flows().triggers
        flows = {(flow := triggers[intent][-1][0]).id: flow for intent in intents if triggers.get(intent)}
        word = self.speech(tracker).word
        return [button(opening(word(flow.name)), Choice(flow=name)) for name, flow in flows.items()]


def wish_in(text: str) -> str | None:
    """The thing that a text asks for ("do you sell fridges?": fridge); None when it names none."""
    found = _WISH.search(text.lower())
    if found is None:
        return None
    words = _END.split(found["wanted"])[0].split()
    kept = normal(" ".join(words))
    return kept if kept and len(words) <= _MOST_WORDS and not any(mark.isdigit() for mark in kept) else None


def _note(tx: Tx, tracker: ShopTracker, wanted: str) -> None:
    needs.note(tx, tracker.turn.customer, wanted=wanted, now=tracker.turn.now)

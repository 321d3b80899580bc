"""Says honestly what the shop does not have, and notes the wish in a word or two; nothing is promised."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rasa_sdk.executor import CollectingDispatcher

from actions.base import Event, ShopAction, ShopTracker, button, request_of
from actions.speech import opening
from actions.wishes import unknown_module, wish_in
from bot.flows.model import Choice
from memory import Tx, needs


class ActionDeclineNeed(ShopAction):
    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        message = request_of(tracker, "out_of_scope")
        text = str(message.get("text") or "")
        wanted = unknown_module(text, self.catalogue) or wish_in(text)
        likely = self._likely(message.get("clarify") or (), tracker)
        human = button(self.speech(tracker).say("utter_choice_human"), Choice(flow="human"))
        if likely and wanted is None:
            dispatcher.utter_message(response="utter_did_you_mean", buttons=[*likely, human])
            return []
        if wanted is None or self.catalogue.find(wanted) is not None:
            dispatcher.utter_message(response="utter_out_of_scope", buttons=[human])
            return []
        decline(dispatcher, tracker, wanted)
        return []

    def _likely(self, intents: Iterable[str], tracker: ShopTracker) -> list[dict[str, Any]]:
        """What an unsure message may have been about, where understanding names it."""
        triggers = self.shop.flows().triggers
        flows = {(flow := triggers[intent][-1][0]).id: flow for intent in intents if triggers.get(intent)}
        word = self.speech(tracker).word
        return [button(opening(word(flow.name)), Choice(flow=name)) for name, flow in flows.items()]


def decline(dispatcher: CollectingDispatcher, tracker: ShopTracker, wanted: str) -> None:
    """Say that the shop does not have it, promise nothing, and note the wish."""
    tracker.turn.stage(lambda tx: _note(tx, tracker, wanted))
    dispatcher.utter_message(response="utter_need_noted", wanted=opening(wanted))


def _note(tx: Tx, tracker: ShopTracker, wanted: str) -> None:
    needs.note(tx, tracker.turn.customer, wanted=wanted, now=tracker.turn.now)

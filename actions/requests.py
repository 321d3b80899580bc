"""Answers what no flow is for: by asking back between likely meanings, rather than by a wrong guess."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rasa_sdk.executor import CollectingDispatcher

from actions.base import Event, ShopAction, ShopTracker, button, requests
from actions.cart import ITEM_SLOTS, order_choice
from actions.checking import just_mentioned
from actions.shop_questions import products_meant
from actions.speech import Speech, opening
from bot.flows.model import Choice
from bot.offering.catalogue import FULFILMENT, PRODUCT

# A meaning less likely than this is not worth a customer's reading.
PLAUSIBLE = 0.1
MOST_MEANINGS = 3
# Answers to a question that nobody asked.
ANSWERS = frozenset({"affirm", "deny", "skip", "inform", "change_order", "continue_task", "start_over"})


class ActionUnknownRequest(ShopAction):
    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        named = just_mentioned(tracker, PRODUCT)
        if named and str(named[0]) in self.catalogue.products:
            self._ask_about_product(dispatcher, tracker)
        elif _intent(tracker) in ANSWERS:
            dispatcher.utter_message(response="utter_nothing_asked")
        else:
            self._ask_back(dispatcher, tracker)
        return []

    def _ask_about_product(self, dispatcher: CollectingDispatcher, tracker: ShopTracker) -> None:
        speech, product = self.speech(tracker), products_meant(self.catalogue, tracker)[0]
        about = {PRODUCT: product.id}
        said = {slot: values[0] for slot in (*ITEM_SLOTS, FULFILMENT) if (values := just_mentioned(tracker, slot))}
        dispatcher.utter_message(
            response="utter_product_alone",
            named=speech.named(product.id),
            buttons=[
                button(speech.say("utter_choice_order_it"), order_choice(product, said)),
                button(speech.say("utter_choice_about_it"), Choice(action="action_tell_product", args=about)),
                button(speech.say("utter_choice_price_of_it"), Choice(action="action_tell_price", args=about)),
            ],
        )

    def _ask_back(self, dispatcher: CollectingDispatcher, tracker: ShopTracker) -> None:
        message = tracker.latest_message or {}
        meanings = {} if message.get("illegible") else self._meanings(message, self.speech(tracker))
        human = button(self.speech(tracker).say("utter_choice_human"), Choice(flow="human"))
        if len(meanings) < 2:
            dispatcher.utter_message(response="utter_unknown_request", buttons=[human])
            return
        buttons = [button(title, Choice(flow=flow)) for flow, title in meanings.items()]
        dispatcher.utter_message(response="utter_did_you_mean", buttons=[*buttons, human])

    def _meanings(self, message: Mapping[str, Any], speech: Speech) -> dict[str, str]:
        """The flows that the message may have been for, most likely first, with what to call them."""
        flows = self.shop.flows()
        found: dict[str, str] = {}
        for ranked in message.get("intent_ranking") or ():
            triggered = flows.triggers.get(ranked.get("name"), ())
            if triggered and float(ranked.get("confidence") or 0) >= PLAUSIBLE:
                flow = triggered[-1][0]
                found.setdefault(flow.id, opening(speech.word(flow.name)))
        return dict(list(found.items())[:MOST_MEANINGS])


def _intent(tracker: ShopTracker) -> str | None:
    return next(((request.get("intent") or {}).get("name") for request in requests(tracker)), None)

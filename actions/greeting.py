"""Says hello: to somebody new that this is a machine, to a regular with choices. It never orders anything."""

from __future__ import annotations

from typing import Any

from rasa_sdk.executor import CollectingDispatcher

from actions.base import Event, ShopAction, ShopTracker, button
from bot.flows.model import Choice
from memory import consent, orders
from memory.consent import Purpose


class ActionGreet(ShopAction):
    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        speech, shop = self.speech(tracker), self.catalogue.shop.name
        choices = {"utter_choice_start_order": "order", "utter_choice_menu": "menu"}
        if not tracker.slots.get("met_before"):
            name = "utter_greet_first"
        elif self._is_regular(tracker):
            name = "utter_greet_regular"
            choices = {"utter_choice_start_order": "order", "utter_choice_again": "reorder",
                       "utter_choice_menu": "menu"}  # fmt: skip
        else:
            name = "utter_greet_again"
        buttons = [button(speech.say(title), Choice(flow=flow)) for title, flow in choices.items()]
        dispatcher.utter_message(response=name, shop=shop, buttons=buttons)
        return []

    def _is_regular(self, tracker: ShopTracker) -> bool:
        """Whether there are orders before this, and they may shape what is offered."""
        with self.shop.memory.read() as tx:
            if not consent.allows(tx, tracker.turn.customer, Purpose.PERSONALISATION):
                return False
            return orders.latest(tx, tracker.turn.customer) is not None

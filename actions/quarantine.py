"""What was bought as a gift or a bargain says nothing of taste until the customer says that it does: here they can.

Which things these are is shown with the purchases, when a customer asks what is known of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rasa_sdk.executor import CollectingDispatcher

from actions.base import Event, ShopAction, ShopTracker, button
from actions.knowing import granted, know
from actions.speech import Speech, opening
from bot.flows.model import Choice
from bot.offering.catalogue import PRODUCT
from bot.offering.history import in_quarantine
from memory import Tx, purchases
from memory.consent import Purpose


class ActionTakeToTaste(ShopAction):
    """Takes a thing out of quarantine at the customer's word."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        sku, turn = str(tracker.arguments.get(PRODUCT)), tracker.turn
        if sku not in held_back(self, tracker):
            dispatcher.utter_message(response="utter_choice_expired")
            return []

        def confirm(tx: Tx) -> None:
            grant = granted(tx, turn.customer, Purpose.PERSONALISATION)
            if grant is not None:
                purchases.confirm(tx, grant, sku)

        turn.stage(confirm)
        dispatcher.utter_message(response="utter_taken_to_taste", product=sku)
        return []


def held_back(action: ShopAction, tracker: ShopTracker) -> frozenset[str]:
    """The things that a customer bought and that say nothing of their taste; none where purchases may not be used."""
    engine, turn = action.shop.engine(), tracker.turn
    with action.shop.memory.read() as tx:
        known = know(tx, turn.customer, catalogue=action.catalogue)
    return in_quarantine(known.person.bought, engine.index, rules=engine.rules.quarantine, now=turn.now)


def taking(speech: Speech, held: Iterable[str]) -> list[dict[str, Any]]:
    """A button for each of these things: it is to my taste."""
    return [
        button(
            opening(speech.say("utter_choice_to_my_taste", product=sku)),
            Choice(action="action_take_to_taste", args={PRODUCT: sku}),
        )
        for sku in dict.fromkeys(held)
    ]

"""Allergies protect: nothing else is done with them."""

from __future__ import annotations

from typing import Any

from rasa_sdk.executor import CollectingDispatcher

from actions.base import Event, ShopAction, ShopTracker
from actions.cart import composition
from actions.citing import FACT, cites
from actions.facts_said import sentence
from actions.facts_told import SELF
from actions.knowing import granted, state
from bot.offering.history import Kind
from memory import facts
from memory.consent import Purpose


class ActionWarnOfAllergens(ShopAction):
    """An allergy protects: what is in the drink and does not suit the customer is said before it is ordered."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        with self.shop.memory.read() as tx:
            grant = granted(tx, tracker.turn.customer, Purpose.SENSITIVE)
            known = facts.of(tx, grant) if grant is not None else ()
        inside = self.catalogue.allergens(composition(tracker.slots))
        meant = {fact: found for fact in known if (found := state(fact, self.catalogue)) and found.kind is Kind.ALLERGY}
        hit = [fact for fact, found in meant.items() if fact.for_whom == SELF and found.value in inside]
        if not hit:
            return []
        speech = self.speech(tracker)
        dispatcher.utter_message(
            response="utter_allergy_warning",
            product=tracker.slots.get("product"),
            allergens=speech.words(sorted({meant[fact].value for fact in hit})),
            told=speech.join(
                [sentence(speech, attribute=f.attribute, value=f.value, polarity=f.polarity) for f in hit]
            ),
        )
        return cites(FACT, *(fact.id for fact in hit))

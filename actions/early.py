"""Early access: what is not on sale yet can be had already by whoever has that benefit; the others hear the way to it.

Nothing is hidden: a thing that is to come is named to all with its day, and what it costs is the same for all.
"""

from __future__ import annotations

from collections.abc import Sequence

from rasa_sdk.executor import CollectingDispatcher

from actions import times
from actions.base import ShopAction, ShopTracker, button
from actions.cart import order_choice
from actions.speech import Speech, opening
from actions.standing import AboutBenefits
from bot.offering.benefits import Answer
from bot.offering.catalogue import PRODUCT, Product

EARLY_ACCESS = "early_access"


class EarlyAccess(AboutBenefits):
    """Who may have what is to come, and how that is put. Not an action of its own."""

    def answer(self, tracker: ShopTracker) -> Answer | None:
        """How this customer stands to early access; None where the shop has no such benefit."""
        early = [benefit for benefit in self.rules.benefits if benefit.kind == EARLY_ACCESS]
        return next(iter(self.answers(tracker, early)), None)

    def tell(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, products: Sequence[Product]) -> bool:
        """Say from when on these are on sale, and that this customer can have them now, or how; whether they can."""
        speech, stands = self.speech(tracker), self.answer(tracker)
        has = stands is not None and stands.has
        order = [button(opening(speech.title(PRODUCT, each.id)), order_choice(each)) for each in products]
        dispatcher.utter_message(
            response="utter_to_come",
            products=_listed(products, speech),
            way=self.line(stands, tracker) if stands else None,
            buttons=order if has else self.ask_buttons([stands], speech) if stands else [],
        )
        return has


def to_come(action: ShopAction, tracker: ShopTracker) -> list[Product]:
    """What is not on sale yet."""
    today = times.local(action.catalogue.shop, tracker.turn.now).date()
    return [product for product in action.catalogue.dated if product.on_sale and product.on_sale > today]


def _listed(products: Sequence[Product], speech: Speech) -> str:
    days = [speech.day(each.on_sale) if each.on_sale else None for each in products]
    return speech.join(
        [
            speech.say("utter_on_sale_from", product=speech.title(PRODUCT, each.id), day=day)
            for each, day in zip(products, days, strict=True)
        ]
    )

"""Suggests things that the shop marks as popular, and says so; every set can be declined."""

from __future__ import annotations

from typing import Any

from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Event, ShopAction, ShopTracker, button
from actions.checking import just_mentioned
from actions.shop_questions import lowest_price, order_choice, products_meant
from bot.flows.model import Choice
from bot.offering.catalogue import PRODUCT, Product

# A choice has two to four options; one alone is no choice.
MOST = 3


class _Suggest(ShopAction):
    """Shows up to three products beside "something else" and "no, thanks"."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        speech = self.speech(tracker)
        found = self.found(tracker)[:MOST]
        if not found:
            dispatcher.utter_message(response="utter_nothing_to_suggest", buttons=self._ways_out(tracker))
            return []
        options = [button(speech.named(p.id), order_choice(p)) for p in found]
        priced = [
            speech.say("utter_menu_from" if several else "utter_menu_at", product=title, price=speech.money(price))
            for p in found
            for title in [speech.title(PRODUCT, p.id)]
            for price, several in [lowest_price(self.catalogue, p)]
        ]
        dispatcher.utter_message(
            response=self.wording(),
            products=speech.join(priced),
            buttons=[*options, *self._ways_out(tracker)],
        )
        return [SlotSet("shown", found[0].category)]

    def found(self, tracker: ShopTracker) -> list[Product]:
        raise NotImplementedError

    def wording(self) -> str:
        return f"utter_{self.name().removeprefix('action_')}"

    def category(self, tracker: ShopTracker) -> str | None:
        """The part of the shop that was asked about, or that the product at hand belongs to."""
        named = just_mentioned(tracker, "category")
        if named and named[0] in self.catalogue.categories:
            return str(named[0])
        meant = products_meant(self.catalogue, tracker)
        return meant[0].category if meant else None

    def _ways_out(self, tracker: ShopTracker) -> list[dict[str, Any]]:
        speech = self.speech(tracker)
        return [
            button(speech.say("utter_choice_something_else"), Choice(action="action_show_menu")),
            button(speech.say("utter_choice_no_thanks"), Choice(action="action_decline")),
        ]


class ActionRecommendPopular(_Suggest):
    def found(self, tracker: ShopTracker) -> list[Product]:
        return self.catalogue.popular(self.category(tracker) or "drinks")


class ActionRecommendGift(_Suggest):
    """Things to give: by tag, so that the shop decides, dearest first."""

    def found(self, tracker: ShopTracker) -> list[Product]:
        gifts = [p for p in self.catalogue.products.values() if "gift" in p.tags and self.catalogue.stock(p.id) != 0]
        return sorted(gifts, key=lambda p: (p.popular is None, p.popular or 0, p.id))


class ActionOfferCheaper(_Suggest):
    """What costs less than the product at hand and is most like it; else the least expensive of what was shown last."""

    def found(self, tracker: ShopTracker) -> list[Product]:
        meant = products_meant(self.catalogue, tracker)
        category = self.category(tracker) or tracker.slots.get("shown") or "drinks"
        offered = [p for p in self.catalogue.in_category(category) if self.catalogue.stock(p.id) != 0]
        if not meant:
            return sorted(offered, key=self._price)
        limit = self._price(meant[0])
        less = [p for p in offered if self._price(p) < limit and p.id != meant[0].id]
        return sorted(less, key=lambda p: (p.kind != meant[0].kind, -self._price(p), p.id))

    def _price(self, product: Product) -> Any:
        return lowest_price(self.catalogue, product)[0]


class ActionDecline(ShopAction):
    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        dispatcher.utter_message(response="utter_declined")
        return []

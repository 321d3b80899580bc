"""Asks for what an order still needs, with the answers that are possible now as buttons."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rasa_sdk.executor import CollectingDispatcher

from actions.base import Event, ShopAction, ShopTracker, answer, button
from actions.cart import cart, composition, slots_of
from actions.citing import FACT, cites
from actions.knowing import facts_of
from actions.speech import opening
from bot.flows.model import Choice
from bot.offering.catalogue import PRODUCT
from memory.facts import Fact

# More buttons than this are a list to read, no choice.
MOST_BUTTONS = 7


class _AskModule(ShopAction):
    """Asks for a slot of the chosen product; its buttons are what the product allows and the shop has."""

    slot = ""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        product = str(tracker.slots.get(PRODUCT))
        modules = self.catalogue.options(product, self.slot) if product in self.catalogue.products else ()
        offered, speech = [module.id for module in modules[:MOST_BUTTONS]], self.speech(tracker)
        usual = self._usual(tracker, offered)
        others = [value for value in offered if usual is None or value != usual.value]
        buttons = [
            button(opening(speech.title(self.slot, value)), answer(tracker, **{self.slot: value})) for value in others
        ]
        if usual is None:
            dispatcher.utter_message(response=f"utter_ask_{self.slot}", buttons=buttons, product=product)
            return []
        return self._ask_usual(dispatcher, tracker, usual, buttons)

    def _usual(self, tracker: ShopTracker, offered: Sequence[str]) -> Fact | None:
        """What the customer is remembered to take, if it may be used and can be had beside something else."""
        with self.shop.memory.read() as tx:
            known = facts_of(tx, tracker.turn.customer)
        wanted = [
            fact
            for fact in known
            if fact.attribute == self.slot and fact.polarity in ("like", "must") and fact.value in offered
        ]
        fresh = [fact for fact in wanted if fact.freshness(tracker.turn.now) != "silent"]
        return fresh[0] if fresh and len(offered) > 1 else None

    def _ask_usual(
        self, dispatcher: CollectingDispatcher, tracker: ShopTracker, usual: Fact, others: list[dict[str, Any]]
    ) -> list[Event]:
        """As a choice among the others, never by itself; what was told long ago is asked as a question."""
        speech = self.speech(tracker)
        named = speech.title(self.slot, usual.value)
        still = usual.freshness(tracker.turn.now) == "ask"
        args = {"fact": usual.id, "slot": self.slot, "value": usual.value}
        same = button(
            opening(speech.say("utter_choice_still" if still else "utter_choice_usual", what=named)),
            Choice(action="action_take_usual", args=args),
        )
        dispatcher.utter_message(
            response="utter_ask_still" if still else "utter_ask_usual",
            what=opening(named),
            buttons=[same, *others, button(speech.say("utter_choice_you_choose"), Choice(command="skip"))],
        )
        return cites(FACT, usual.id)


class ActionAskAmount(_AskModule):
    slot = "amount"


class ActionAskSize(_AskModule):
    slot = "size"


class ActionAskMilk(_AskModule):
    slot = "milk"


class ActionAskTemperature(_AskModule):
    slot = "temperature"


class ActionAskSyrup(_AskModule):
    slot = "syrup"


class ActionAskGrind(_AskModule):
    slot = "grind"


class ActionAskCategory(ShopAction):
    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        speech = self.speech(tracker)
        offered = [category for category in self.catalogue.categories if category != "subscriptions"]
        buttons = [button(opening(speech.title("category", c)), answer(tracker, category=c)) for c in offered]
        dispatcher.utter_message(response="utter_ask_category", buttons=buttons)
        return []


class ActionAskProduct(ShopAction):
    """Names what is popular in the category; anything else of it can be typed."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        category = tracker.slots.get("category")
        known = category if category in self.catalogue.categories else None
        speech = self.speech(tracker)
        shown = self.catalogue.popular(known)[:4] if known else []
        buttons = [button(speech.named(p.id), answer(tracker, product=p.id)) for p in shown]
        dispatcher.utter_message(response="utter_ask_product", buttons=buttons, category=known)
        return []


class ActionAskConfirmed(ShopAction):
    """Sums the order up, with its price, before it is placed."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        speech, order = self.speech(tracker), cart(self.catalogue, tracker.slots)
        lines = [speech.some(slots_of(line), line["quantity"]) for line in order.lines]
        titles = {"yes": "utter_choice_place", "more": "utter_choice_more", "change": "utter_choice_change"}
        dispatcher.utter_message(
            response="utter_ask_confirmed",
            buttons=[button(speech.say(name), answer(tracker, confirmed=value)) for value, name in titles.items()],
            lines=speech.join(lines),
            way=self._way(tracker),
            fee=speech.money(order.fee) if order.fee else None,
            hint=tracker.slots.get("delivery_hint") if order.fee else None,
            free=order.on_us,
            total=speech.money(order.total),
        )
        return []

    def _way(self, tracker: ShopTracker) -> str | None:
        speech = self.speech(tracker)
        if tracker.slots.get("fulfilment") == "delivery":
            return speech.say("utter_way_delivery", place=tracker.slots.get("address"))
        return speech.say("utter_way_pickup") if tracker.slots.get("fulfilment") else None


class ActionAskSubscriptionConfirmed(ShopAction):
    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        speech, wanted = self.speech(tracker), composition(tracker.slots)
        titles = {"yes": "utter_choice_subscribe", "change": "utter_choice_change"}
        dispatcher.utter_message(
            response="utter_ask_subscription_confirmed",
            buttons=[button(speech.say(name), answer(tracker, confirmed=value)) for value, name in titles.items()],
            line=speech.line(wanted),
            days=self.catalogue.products[str(wanted[PRODUCT])].every_days,
            price=speech.money(self.catalogue.price(wanted)),
            place=tracker.slots.get("address"),
        )
        return []

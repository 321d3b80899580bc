"""Answers questions about the shop and what it sells, from the catalogue alone."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import times
from actions.asking import MOST_BUTTONS
from actions.base import Event, ShopAction, ShopTracker, asked_text, button
from actions.benefits import ActionTellPaths
from actions.cart import ITEM_SLOTS, order_choice
from actions.checking import just_mentioned
from actions.citing import BENEFIT, cited
from actions.early import EarlyAccess, to_come
from actions.needing import decline
from actions.speech import Speech, opening
from actions.wishes import unknown_module, unknown_wish
from bot.flows.model import Choice
from bot.offering.catalogue import PRODUCT, Catalogue, Product, Zone

_GET_THERE = re.compile(r"\bget (?:there|that|it|one)\b", re.IGNORECASE)


class ActionTellOpeningHours(ShopAction):
    """The day that was asked for, or else whether it is open now and the whole week."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        shop, speech = self.catalogue.shop, self.speech(tracker)
        now = times.local(shop, tracker.turn.now)
        days = [day for value in just_mentioned(tracker, "date") if (day := _day(value))]
        if days and days[0] != now.date():
            hours = times.hours_on(shop.opening_hours, days[0])
            dispatcher.utter_message(
                response="utter_open_on_day" if hours else "utter_closed_on_day",
                day=speech.day_of(datetime.combine(days[0], now.timetz()), now),
                opens=f"{hours.opens:%H:%M}" if hours else None,
                closes=f"{hours.closes:%H:%M}" if hours else None,
            )
            return []
        until, opening = times.open_until(shop.opening_hours, now), times.next_start(shop.opening_hours, now)
        dispatcher.utter_message(
            response="utter_open_now" if until else "utter_closed_now",
            until=speech.clock(until) if until else None,
            when=speech.when(opening, now) if opening else None,
            week=speech.week(shop.opening_hours),
        )
        return []


class ActionTellLocation(ShopAction):
    """Where the shop is; right after a benefit was explained, "how do I get there?" asks for the way to that."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        shop, about = self.catalogue.shop, cited(tracker, BENEFIT)
        if about and _GET_THERE.search(asked_text(tracker)):
            tracker.arguments = {BENEFIT: about[0]}
            return await ActionTellPaths(self.shop).run(dispatcher, tracker, domain)
        dispatcher.utter_message(
            response="utter_location", shop=shop.name, place=shop.address, directions=shop.directions
        )
        return []


class ActionTellDelivery(ShopAction):
    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        speech = self.speech(tracker)
        zones = speech.sentences(self._zone(zone, speech) for zone in self.catalogue.shop.zones)
        dispatcher.utter_message(response="utter_delivery", zones=zones)
        return []

    def _zone(self, zone: Zone, speech: Speech) -> str:
        return speech.say(
            "utter_delivery_zone",
            zone=zone.name,
            things=speech.titles("category", [c for c in self.catalogue.categories if c in zone.categories]),
            fee=speech.money(zone.fee),
            free=speech.money(zone.free_from) if zone.free_from else None,
            minutes=zone.minutes,
            days=zone.days,
        )


class ActionTellPayment(ShopAction):
    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        ways = self.speech(tracker).words(self.catalogue.shop.payment)
        dispatcher.utter_message(response="utter_payment", ways=ways)
        return []


class ActionTellReturns(ShopAction):
    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        terms = self.catalogue.shop.returns
        dispatcher.utter_message(
            response="utter_returns", days=terms["days"], goods=terms["goods"], refund_days=terms["refund_days"]
        )
        return []


class _AboutProducts(ShopAction):
    """Answers for each product named, or for the one being chosen; asks which one when there is none."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        products, wanted = products_meant(self.catalogue, tracker), self._not_here(tracker)
        if wanted is not None:
            decline(dispatcher, tracker, wanted)
        elif products:
            for product in products[:3]:
                self.tell(dispatcher, tracker, product)
            if coming := [product for product in to_come(self, tracker) if product in products]:
                EarlyAccess(self.shop).tell(dispatcher, tracker, coming)
        else:
            self.tell_without_product(dispatcher, tracker)
        return []

    def _not_here(self, tracker: ShopTracker) -> str | None:
        """What is asked about and is nothing of the shop's."""
        text = asked_text(tracker)
        wanted = unknown_module(text, self.catalogue)
        return wanted if wanted or just_mentioned(tracker, PRODUCT) else unknown_wish(text, self.catalogue)

    def tell(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, product: Product) -> None:
        raise NotImplementedError

    def tell_without_product(self, dispatcher: CollectingDispatcher, tracker: ShopTracker) -> None:
        dispatcher.utter_message(response="utter_which_product")


class ActionTellPrice(_AboutProducts):
    def tell(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, product: Product) -> None:
        speech = self.speech(tracker)
        asked = {**{s: v[0] for s in ITEM_SLOTS if (v := just_mentioned(tracker, s))}, PRODUCT: product.id}
        by = "amount" if "amount" in product.options else "size"
        if by in product.options and by not in asked and len(product.options[by]) > 1:
            each = [self._price_of(by, value, asked, speech) for value in product.options[by]]
            dispatcher.utter_message(response="utter_prices", named=speech.named(product.id), prices=speech.join(each))
            return
        dispatcher.utter_message(
            response="utter_price", line=speech.line(asked), price=speech.money(self.catalogue.price(asked))
        )

    def _price_of(self, by: str, value: str, asked: dict[str, Any], speech: Speech) -> str:
        title = speech.title(by, value)
        if by == "amount":
            return title  # A gift card costs what is on it.
        price = speech.money(self.catalogue.price({**asked, by: value}))
        return speech.say("utter_price_of_size", size=title, price=price)


class ActionTellStock(_AboutProducts):
    def tell(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, product: Product) -> None:
        speech = self.speech(tracker)
        modules = _modules_asked_for(self.catalogue, tracker)
        missing = [(slot, v) for slot, v in modules if not _to_be_had(self.catalogue, product, slot, v)]
        if self.catalogue.stock(product.id) == 0:
            near = self.catalogue.nearest({PRODUCT: product.id}, limit=2)
            others = speech.titles(PRODUCT, [option.product for option in near])
            dispatcher.utter_message(response="utter_out_of_stock", named=speech.named(product.id), others=others)
        elif missing:
            without = speech.join([speech.title(slot, value) for slot, value in missing])
            dispatcher.utter_message(response="utter_in_stock_without", named=speech.named(product.id), without=without)
        else:
            dispatcher.utter_message(response="utter_in_stock", product=product.id)

    def tell_without_product(self, dispatcher: CollectingDispatcher, tracker: ShopTracker) -> None:
        speech = self.speech(tracker)
        for slot, value in _modules_asked_for(self.catalogue, tracker):
            module = self.catalogue.slots[slot].modules.get(value)
            name = "utter_module_out_of_stock" if module and module.stock == 0 else "utter_module_in_stock"
            dispatcher.utter_message(response=name, module=speech.title(slot, value))
        if not dispatcher.messages:
            dispatcher.utter_message(response="utter_which_product")


class ActionTellProduct(_AboutProducts):
    """What it is, its allergens with the modules chosen so far, its caffeine, and whether it suits vegans."""

    def tell(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, product: Product) -> None:
        speech = self.speech(tracker)
        chosen = {slot: tracker.slots.get(slot) for slot in product.options if tracker.slots.get(slot) is not None}
        allergens = sorted(self.catalogue.allergens({**chosen, PRODUCT: product.id}))
        dispatcher.utter_message(
            response="utter_product",
            named=speech.named(product.id),
            description=product.description,
            attributes=speech.join(
                [f"{speech.word(n)} {speech.word(value)}" for n, value in product.attributes.items()]
            ),
            caffeine=speech.say(f"utter_caffeine_{product.caffeine}") if product.caffeine else None,
            allergens=speech.say("utter_contains", allergens=speech.words(allergens)) if allergens else None,
            vegan=self._vegan(product, speech),
            advice=speech.say("utter_allergy_advice") if product.category == "drinks" else None,
            buttons=[button(speech.say("utter_choice_order_it"), Choice(flow="order", set={PRODUCT: product.id}))],
        )

    def _vegan(self, product: Product, speech: Speech) -> str | None:
        if product.category not in ("drinks", "beans"):
            return None
        milks = self.catalogue.options(product.id, "milk")
        plants = [milk.id for milk in milks if "vegan" in milk.tags and milk.id != "none"]
        if "milk" in product.allergens:
            return speech.say("utter_not_vegan")
        if milks and plants and not any(milk.id == "none" for milk in milks):
            return speech.say("utter_vegan_with", milks=speech.titles("milk", plants))
        return speech.say("utter_vegan") if "vegan" in product.tags or not milks else None


class ActionShowMenu(ShopAction):
    """The parts of the shop, or what one part holds."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        speech = self.speech(tracker)
        named = just_mentioned(tracker, "category") or [tracker.arguments.get("category")]
        category = named[0] if named[0] in self.catalogue.categories else None
        wanted = unknown_wish(asked_text(tracker), self.catalogue) if category is None else None
        if wanted is not None:
            decline(dispatcher, tracker, wanted)
            return []
        if category is None:
            dispatcher.utter_message(response="utter_menu", buttons=self._parts(speech))
            return []
        products = [p for p in self.catalogue.in_category(category) if self.catalogue.stock(p.id) != 0]
        coming = {product.id: speech.day(product.on_sale) for product in to_come(self, tracker) if product.on_sale}
        listed = [self._priced(product, speech, coming.get(product.id)) for product in products]
        popular = self.catalogue.popular(category)[:MOST_BUTTONS]
        dispatcher.utter_message(
            response="utter_menu_of",
            category=category,
            products="\n".join(f"- {line}" for line in listed),
            buttons=[button(speech.named(p.id), order_choice(p)) for p in popular],
        )
        return [SlotSet("shown", category)]

    def _parts(self, speech: Speech) -> list[dict[str, Any]]:
        return [
            button(opening(speech.title("category", c)), Choice(action=self.name(), args={"category": c}))
            for c in self.catalogue.categories
        ]

    def _priced(self, product: Product, speech: Speech, day: str | None) -> str:
        price, several = lowest_price(self.catalogue, product)
        name = "utter_menu_from" if several else "utter_menu_at"
        line = speech.say(name, product=speech.title(PRODUCT, product.id), price=speech.money(price))
        return speech.say("utter_on_sale_from", product=line, day=day) if day else line


def products_meant(catalogue: Catalogue, tracker: ShopTracker) -> list[Product]:
    """The products named in the question, else the one being chosen."""
    named = just_mentioned(tracker, PRODUCT) or [tracker.arguments.get(PRODUCT) or tracker.slots.get(PRODUCT)]
    return [catalogue.products[str(each)] for each in dict.fromkeys(named) if str(each) in catalogue.products]


def lowest_price(catalogue: Catalogue, product: Product) -> tuple[Any, bool]:
    """The lowest price it can be had for, and whether other sizes or amounts cost more."""
    by = next((slot for slot in ("amount", "size") if slot in product.options), None)
    values = product.options[by] if by else {}
    prices = [catalogue.price({PRODUCT: product.id, by: value}) for value in values if by]
    prices = prices or [catalogue.price({PRODUCT: product.id})]
    return min(prices), len(set(prices)) > 1


def _modules_asked_for(catalogue: Catalogue, tracker: ShopTracker) -> list[tuple[str, str]]:
    return [(slot, str(value)) for slot in catalogue.slots for value in just_mentioned(tracker, slot)]


def _to_be_had(catalogue: Catalogue, product: Product, slot: str, value: str) -> bool:
    return value in {module.id for module in catalogue.options(product.id, slot)}


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None

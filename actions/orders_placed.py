"""What can still be done with an order that was placed: say how far it is, change it, cancel it, order it again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import times
from actions.base import Event, ShopAction, ShopTracker, answer, button, requests, sets
from actions.cart import ITEM_SLOTS, cart, categories, number_in, purchase_lines, slots_of
from actions.checking import just_mentioned
from bot.flows.model import Choice
from memory import Tx, orders, purchases
from memory.orders import Order

CANCELLED = "cancelled"


class _OrderAction(ShopAction):
    """Finds the order that is meant: by the number said, else the newest one that stands."""

    def order(self, tracker: ShopTracker) -> Order | None:
        number = named_number(tracker)
        with self.shop.memory.read() as tx:
            if number is not None:
                return orders.by_number(tx, number, customer=tracker.turn.customer)
            recent = orders.recent(tx, tracker.turn.customer)
        once = [order for order in recent if not every_days(order)]
        return next((order for order in once if order.state != CANCELLED), once[0] if once else None)

    def known(self, tracker: ShopTracker) -> Order | None:
        """The order that an earlier step found."""
        number = tracker.slots.get("order_number")
        with self.shop.memory.read() as tx:
            return orders.by_number(tx, str(number), customer=tracker.turn.customer) if number else None

    def lines(self, order: Order, tracker: ShopTracker) -> str:
        speech = self.speech(tracker)
        return speech.join([speech.some(slots_of(line), line["quantity"]) for line in order.lines])

    def state(self, order: Order, now: datetime) -> str:
        """open (it can be changed), late, or cancelled."""
        if order.state == CANCELLED:
            return CANCELLED
        until = times.changeable_until(self.catalogue.shop, categories(self.catalogue, order.lines), order.placed_at)
        return "open" if until and now < until else "late"


class ActionFindOrder(_OrderAction):
    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        order = self.order(tracker)
        if order is None:
            return sets({"order_state": "none", "order_number": None})
        return sets({"order_state": self.state(order, tracker.turn.now), "order_number": order.number})


class ActionTellOrderStatus(_OrderAction):
    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        order = self.order(tracker)
        if order is None:
            dispatcher.utter_message(response="utter_no_order_found")
            return []
        speech, now = self.speech(tracker), times.local(self.catalogue.shop, tracker.turn.now)
        there = _moment(order.fulfilment.get("at"))
        at = times.local(self.catalogue.shop, there) if there else None
        dispatcher.utter_message(
            response=f"utter_status_{self._status(order, tracker.turn.now, there)}",
            number=order.number,
            lines=self.lines(order, tracker),
            when=speech.when(at, now) if at else None,
            day=speech.day_of(at, now) if at else None,
        )
        return []

    def _status(self, order: Order, now: datetime, there: datetime | None) -> str:
        if order.state == CANCELLED:
            return CANCELLED
        how = order.fulfilment.get("how")
        if how not in ("pickup", "delivery"):
            return "code"
        return f"{how}_{'due' if there and now < there else 'done'}"


class ActionOfferReorder(_OrderAction):
    """Offers the last order again, as one choice among others; nothing is ordered by it."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        order = self.known(tracker)
        if order is None:
            dispatcher.utter_message(response="utter_no_earlier_order")
            return []
        speech = self.speech(tracker)
        *others, last = order.lines
        same = Choice(flow="order", set={**slots_of(last), **({"basket": others} if others else {})})
        dispatcher.utter_message(
            response="utter_offer_reorder",
            lines=self.lines(order, tracker),
            day=speech.day(times.local(self.catalogue.shop, order.placed_at)),
            buttons=[
                button(speech.say("utter_choice_same"), same),
                button(speech.say("utter_choice_something_else"), Choice(flow="order")),
            ],
        )
        return []


class ActionLoadOrder(_OrderAction):
    """Takes up the placed order: what the customer has just said of it stands, the rest is as it was ordered."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        order = self.known(tracker)
        if order is None or not order.lines:
            return [SlotSet("change", None)]
        *others, last = order.lines
        said = {slot for slot in ITEM_SLOTS if just_mentioned(tracker, slot)}
        kept = {slot: value for slot, value in slots_of(last).items() if slot not in said}
        change = next((slot for slot in ITEM_SLOTS if slot in said), None)
        return sets({**kept, "basket": others or None, "change": change, **self._way(order)})

    def _way(self, order: Order) -> dict[str, Any]:
        way = order.fulfilment
        return {"fulfilment": way.get("how"), "address": way.get("address"), "free_shipping": way.get("on_us")}


class ActionAskChangeConfirmed(_OrderAction):
    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        speech, order = self.speech(tracker), cart(self.catalogue, tracker.slots)
        titles = {"yes": "utter_choice_change_it", "no": "utter_choice_keep"}
        dispatcher.utter_message(
            response="utter_ask_change_confirmed",
            number=tracker.slots.get("order_number"),
            lines=speech.join([speech.some(slots_of(line), line["quantity"]) for line in order.lines]),
            total=speech.money(order.total),
            buttons=[button(speech.say(name), answer(tracker, confirmed=value)) for value, name in titles.items()],
        )
        return []


class ActionChangeOrder(_OrderAction):
    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        found, turn = self.known(tracker), tracker.turn
        if found is None or self.state(found, turn.now) != "open":
            dispatcher.utter_message(response="utter_order_too_late")
            return []
        order = cart(self.catalogue, tracker.slots)

        def change(tx: Tx) -> None:
            orders.change(tx, found.number, customer=turn.customer, now=turn.now, lines=order.lines, total=order.total)
            bought = purchase_lines(found.number, order.lines, now=found.placed_at, channel=turn.channel)
            purchases.record_order(tx, turn.customer, order_id=found.number, rows=bought)

        turn.stage(change)
        dispatcher.utter_message(response="utter_order_changed", number=found.number)
        return []


class ActionAskCancelConfirmed(_OrderAction):
    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        order, speech = self.known(tracker), self.speech(tracker)
        titles = {"yes": "utter_choice_cancel_it", "no": "utter_choice_keep"}
        dispatcher.utter_message(
            response="utter_ask_cancel_confirmed",
            number=tracker.slots.get("order_number"),
            lines=self.lines(order, tracker) if order else None,
            buttons=[button(speech.say(name), answer(tracker, confirmed=value)) for value, name in titles.items()],
        )
        return []


class ActionCancelOrder(_OrderAction):
    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        found, turn = self.known(tracker), tracker.turn
        if found is None or self.state(found, turn.now) != "open":
            dispatcher.utter_message(response="utter_order_too_late")
            return []
        turn.stage(lambda tx: _cancel(tx, found.number, turn.customer, turn.now))
        dispatcher.utter_message(response="utter_order_cancelled", number=found.number)
        return []


def every_days(order: Order) -> int | None:
    """The interval of a subscription; None of an order that comes once."""
    return order.fulfilment.get("every_days")


def comes_by_itself(order: Order) -> bool:
    """Whether it is a subscription that stands."""
    return every_days(order) is not None and order.state != CANCELLED


def named_number(tracker: ShopTracker) -> str | None:
    """The order number in the last message; read from the words too, where understanding has missed it."""
    texts: list[Mapping[str, Any]] = [tracker.latest_message or {}, *requests(tracker)]
    read = (number_in(str(part.get("text") or "")) for part in texts)
    said = just_mentioned(tracker, "order_number")
    return next((number for number in read if number), str(said[0]) if said else None)


def _cancel(tx: Tx, number: str, customer: str, now: datetime) -> None:
    orders.cancel(tx, number, customer=customer, now=now)
    purchases.drop_order(tx, customer, order_id=number)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None

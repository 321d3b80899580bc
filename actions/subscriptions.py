"""Starts and ends coffee subscriptions: orders that repeat until they are ended."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rasa_sdk.executor import CollectingDispatcher

from actions import times
from actions.base import Event, ShopAction, ShopTracker, answer, button, sets
from actions.cart import line_of, number_for, price_of, purchase_lines, slots_of
from actions.orders_placed import CANCELLED, every_days
from memory import Tx, orders, purchases


class ActionPlaceSubscription(ShopAction):
    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        turn, shop = tracker.turn, self.catalogue.shop
        line = line_of(self.catalogue, tracker.slots)
        number = number_for("K", conversation=turn.conversation, message=turn.message_id)
        item = self.catalogue.products[line["sku"]]
        fulfilment = {"how": "delivery", "address": tracker.slots.get("address"), "every_days": item.every_days}

        def place(tx: Tx) -> None:
            orders.place(
                tx,
                customer=turn.customer,
                conversation=turn.conversation,
                number=number,
                lines=[line],
                fulfilment=fulfilment,
                total=price_of([line]),
                currency=shop.currency,
                now=turn.now,
            )
            bought = purchase_lines(number, [line], now=turn.now, channel=turn.channel)
            purchases.record_order(tx, turn.customer, order_id=number, rows=bought)

        turn.stage(place)
        dispatcher.utter_message(response="utter_subscription_started", number=number, when=self._first(tracker))
        return sets({"order_number": number})

    def _first(self, tracker: ShopTracker) -> str | None:
        shop, speech = self.catalogue.shop, self.speech(tracker)
        ready = times.ready_at(shop, ["subscriptions"], tracker.turn.now)
        zone = next((zone for zone in shop.zones if zone.days is not None), None)
        if ready is None or zone is None:
            return None
        return speech.day_of(times.arrives_at(ready, zone), times.local(shop, tracker.turn.now))


class ActionFindSubscription(ShopAction):
    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        with self.shop.memory.read() as tx:
            recent = orders.recent(tx, tracker.turn.customer)
        standing = [order for order in recent if every_days(order) and order.state != CANCELLED]
        if not standing:
            return sets({"order_state": "none", "order_number": None})
        return sets({"order_state": "open", "order_number": standing[0].number})


class ActionAskEndConfirmed(ShopAction):
    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        number, speech = str(tracker.slots.get("order_number")), self.speech(tracker)
        with self.shop.memory.read() as tx:
            order = orders.by_number(tx, number, customer=tracker.turn.customer)
        titles = {"yes": "utter_choice_end", "no": "utter_choice_keep_it"}
        dispatcher.utter_message(
            response="utter_ask_end_confirmed",
            line=speech.line(slots_of(order.lines[0])) if order else None,
            buttons=[button(speech.say(name), answer(tracker, confirmed=value)) for value, name in titles.items()],
        )
        return []


class ActionCancelSubscription(ShopAction):
    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        number, turn = str(tracker.slots.get("order_number")), tracker.turn
        turn.stage(lambda tx: _end(tx, number, turn.customer, turn.now))
        dispatcher.utter_message(response="utter_subscription_ended", number=number)
        return []


def _end(tx: Tx, number: str, customer: str, now: datetime) -> None:
    orders.cancel(tx, number, customer=customer, now=now)

"""Places orders. The number comes from the message that confirmed it, so a repeated message places nothing twice."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import times
from actions.base import Event, ShopAction, ShopTracker, mentioned, request_of, sets
from actions.cart import ITEM_SLOTS, Cart, cart, categories, composition, line_of, number_for
from bot.offering.catalogue import PRODUCT
from memory import Tx, orders


class ActionNoteMore(ShopAction):
    """Keeps a further wish for when the product at hand is complete."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        entities = request_of(tracker, "order_another").get("entities", ())
        wish = {slot: values[0] for slot in ITEM_SLOTS if (values := mentioned(entities, slot))}
        dispatcher.utter_message(response="utter_more_noted", product=wish.get(PRODUCT))
        return [SlotSet("more", [*(tracker.slots.get("more") or []), wish])]


class ActionAddLine(ShopAction):
    """Puts the chosen product into the basket and makes room for the next one, noted before or still to be named."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        basket = [*(tracker.slots.get("basket") or []), line_of(self.catalogue, tracker.slots)]
        following, *rest = tracker.slots.get("more") or [{}]
        emptied = dict.fromkeys((*ITEM_SLOTS, "category", "confirmed", "change"))
        return sets({**emptied, **following, "basket": basket, "more": rest or None})


class ActionPlaceOrder(ShopAction):
    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        if self.catalogue.validate(composition(tracker.slots)):
            return [SlotSet("placed", "refused")]
        order = cart(self.catalogue, tracker.slots)
        number = number_for("K", conversation=tracker.turn.conversation, message=tracker.turn.message_id)
        ready = times.ready_at(self.catalogue.shop, categories(self.catalogue, order.lines), tracker.turn.now)
        there = times.arrives_at(ready, order.zone) if ready and order.zone else ready
        self._stage(tracker, number, order, there)
        self._tell(dispatcher, tracker, number=number, order=order, there=there)
        return sets({"placed": "yes", "order_number": number})

    def _stage(self, tracker: ShopTracker, number: str, order: Cart, there: datetime | None) -> None:
        turn, slots, currency = tracker.turn, tracker.slots, self.catalogue.shop.currency
        fulfilment = {
            "how": slots.get("fulfilment") or "code",
            "address": slots.get("address") if order.zone else None,
            "fee": str(order.fee),
            "at": there.isoformat() if there else None,
        }

        def place(tx: Tx) -> None:
            orders.place(
                tx,
                customer=turn.customer,
                conversation=turn.conversation,
                number=number,
                lines=order.lines,
                fulfilment=fulfilment,
                total=order.total,
                currency=currency,
                now=turn.now,
            )

        turn.stage(place)

    def _tell(
        self,
        dispatcher: CollectingDispatcher,
        tracker: ShopTracker,
        *,
        number: str,
        order: Cart,
        there: datetime | None,
    ) -> None:
        speech, shop = self.speech(tracker), self.catalogue.shop
        now = times.local(shop, tracker.turn.now)
        by_day = order.zone is not None and order.zone.days is not None
        when = (speech.day_of if by_day else speech.when)(there, now) if there else None
        dispatcher.utter_message(
            response=f"utter_order_placed_{tracker.slots.get('fulfilment') or 'code'}",
            number=number,
            when=when,
            total=speech.money(Decimal(order.total)),
        )

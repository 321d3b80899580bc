"""Places orders. The number comes from the message that confirmed it, so a repeated message places nothing twice."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import effort, times
from actions.base import Event, ShopAction, ShopTracker, button, mentioned, request_of, sets
from actions.cart import (
    GIFT,
    ITEM_SLOTS,
    Cart,
    cart,
    categories,
    composition,
    line_of,
    number_for,
    purchase_lines,
)
from actions.knowing import know
from actions.needing import decline
from actions.owning import own_of
from actions.wishes import unknown_wish
from bot.flows.model import Choice
from bot.offering.catalogue import PRODUCT
from memory import Tx, orders, purchases

# An order is made within so long; what was asked before belongs to another.
_ONE_ORDER = timedelta(days=1)


class ActionNoteMore(ShopAction):
    """Keeps a further wish for when the product at hand is complete; says so when the shop has nothing of the kind."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        request = request_of(tracker, "order_another")
        entities = request.get("entities", ())
        wish = {slot: values[0] for slot in ITEM_SLOTS if (values := mentioned(entities, slot))}
        unknown = None if wish else unknown_wish(str(request.get("text") or ""), self.catalogue)
        if unknown is not None:
            decline(dispatcher, tracker, unknown)
            return []
        named = self.speech(tracker).named(wish[PRODUCT]) if PRODUCT in wish else None
        dispatcher.utter_message(response="utter_more_noted", named=named)
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
        return sets({"placed": "yes", "order_number": number, "free_shipping": None})

    def _stage(self, tracker: ShopTracker, number: str, order: Cart, there: datetime | None) -> None:
        turn, slots, currency = tracker.turn, tracker.slots, self.catalogue.shop.currency
        fulfilment = {
            "how": slots.get("fulfilment") or "code",
            "address": slots.get("address") if order.zone else None,
            "fee": str(order.fee),
            "at": there.isoformat() if there else None,
            "on_us": order.on_us,
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
            bought = purchase_lines(number, order.lines, now=turn.now, channel=turn.channel)
            purchases.record_order(tx, turn.customer, order_id=number, rows=bought)

        turn.stage(place)
        effort.settle_refill(self, tracker, {line["sku"] for line in order.lines})

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
            effort=self._effort(tracker),
            buttons=self._own(tracker),
        )

    def _effort(self, tracker: ShopTracker) -> str | None:
        """What was asked for this order: since the last one, in this conversation."""
        turn = tracker.turn
        with self.shop.memory.read() as tx:
            last = orders.latest(tx, turn.customer)
        since = max(last.placed_at if last else turn.now - _ONE_ORDER, turn.now - _ONE_ORDER)
        return effort.told(self, tracker, since=since, here=True)

    def _own(self, tracker: ShopTracker) -> list[dict[str, Any]]:
        """What was put together with care can be kept as the customer's own; a gift is nobody's taste."""
        whole = self.catalogue.complete(composition(tracker.slots))
        product = self.catalogue.products[whole.product]
        chosen = {slot for slot in product.options if product.defaults.get(slot) != whole.get(slot)} & {"milk", "syrup"}
        if not chosen or tracker.slots.get(GIFT):
            return []
        with self.shop.memory.read() as tx:
            saved = own_of(know(tx, tracker.turn.customer, catalogue=self.catalogue), whole.product)
        if saved == dict(whole):
            return []
        keep = Choice(action="action_save_own", args={"composition": dict(whole)})
        return [button(self.speech(tracker).say("utter_choice_keep_own", product=whole.product), keep)]

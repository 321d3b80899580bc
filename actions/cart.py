"""Orders as the slots hold them: the product being chosen, the lines beside it, and what it all comes to."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from bot.flows.model import Choice
from bot.offering.catalogue import PRODUCT, Catalogue, Product, Zone
from memory.purchases import Line as Purchased

GIFT = "gift"
ITEM_SLOTS = (PRODUCT, "amount", "size", "milk", "temperature", "syrup", "grind", "quantity", GIFT)
Line = dict[str, Any]
Slots = Mapping[str, Any]

# No vowels and nothing mistaken for something else: no words, no misreadings.
_ALPHABET = "23456789BCDFGHJKMNPQRSTVWXYZ"
# Written with its hyphen, or else with a digit in it: "kettles" is no number.
_NUMBER = re.compile(r"\bK(?:-|[- ]?(?=[A-Z]*\d))([2-9B-Z]{6}|\d{3,6})\b", re.IGNORECASE | re.ASCII)
_POSTCODE = re.compile(r"\b\d{5}\b", re.ASCII)


@dataclass(frozen=True)
class Cart:
    """All lines of an order with what they cost. `zone` is where it is delivered, None when it is picked up; `on_us`
    says why the delivery is a benefit of this customer's, if it is."""

    lines: tuple[Line, ...]
    goods: Decimal
    zone: Zone | None
    on_us: str | None = None

    @property
    def fee(self) -> Decimal:
        """What the delivery costs: nothing when picked up, from a sum on, or as a benefit."""
        if (
            self.on_us is not None
            or self.zone is None
            or (self.zone.free_from is not None and self.goods >= self.zone.free_from)
        ):
            return Decimal(0)
        return self.zone.fee

    @property
    def total(self) -> Decimal:
        """Goods and delivery."""
        return self.goods + self.fee


def composition(slots: Slots) -> dict[str, Any]:
    """The product being chosen, with what was answered so far."""
    return {slot: slots[slot] for slot in ITEM_SLOTS if slots.get(slot) is not None}


def quantity(slots: Slots) -> int:
    """How many of the product at hand; one where nothing was said."""
    return int(slots.get("quantity") or 1)


def line_of(catalogue: Catalogue, slots: Slots) -> Line:
    """The product being chosen as a line of an order, in plain JSON."""
    whole = catalogue.complete(composition(slots))
    item = catalogue.products.get(whole.product)
    return {
        "sku": whole.product,
        "options": {slot: value for slot, value in whole.items() if slot != PRODUCT},
        "quantity": quantity(slots),
        "unit_price": str(catalogue.price(whole)),
        "unit_cost": str(catalogue.unit_cost(whole)),
        **({GIFT: True} if slots.get(GIFT) else {}),
        **({"delivers": item.delivers} if item and item.delivers else {}),
    }


def slots_of(line: Mapping[str, Any]) -> dict[str, Any]:
    """The slots that stand for a line."""
    gift = {GIFT: True} if line.get(GIFT) else {}
    return {PRODUCT: line["sku"], **line.get("options", {}), "quantity": line.get("quantity", 1), **gift}


def price_of(lines: Sequence[Mapping[str, Any]]) -> Decimal:
    """What lines of an order cost, without delivery."""
    return sum((Decimal(line["unit_price"]) * int(line["quantity"]) for line in lines), Decimal(0))


def cart(catalogue: Catalogue, slots: Slots) -> Cart:
    """The whole order as the slots have it now."""
    lines = (*(slots.get("basket") or ()), line_of(catalogue, slots))
    delivered = slots.get("fulfilment") == "delivery"
    zone = zone_of(catalogue, slots.get("address")) if delivered else None
    return Cart(lines, price_of(lines), zone, slots.get("free_shipping") if delivered else None)


def purchase_lines(
    order_id: str, lines: Sequence[Mapping[str, Any]], *, now: datetime, channel: str
) -> list[Purchased]:
    """The lines of an order as purchases."""
    return [
        Purchased(
            order_id=order_id,
            subject="",
            ordered_at=now,
            sku=line["sku"],
            quantity=int(line["quantity"]),
            unit_price=Decimal(line["unit_price"]),
            unit_cost=Decimal(line["unit_cost"]) if line.get("unit_cost") else None,
            gift=bool(line.get(GIFT)),
            channel=channel,
            modules=line.get("options") or None,
        )
        for line in lines
    ]


def categories(catalogue: Catalogue, lines: Sequence[Mapping[str, Any]]) -> list[str]:
    """The category of each piece; of things no longer sold none."""
    known = (line for line in lines if line["sku"] in catalogue.products)
    return [catalogue.products[line["sku"]].category for line in known for _ in range(int(line["quantity"]))]


def zone_of(catalogue: Catalogue, address: str | None) -> Zone | None:
    """Where an address lies, by its postcode."""
    postcode = _POSTCODE.search(address or "")
    return catalogue.shop.zone(postcode.group()) if postcode else None


def number_for(prefix: str, *, conversation: str, message: str) -> str:
    """A number that customers can read out. The same message always gets the same one, so a retry doubles nothing."""
    digest = int.from_bytes(hashlib.sha256(f"{prefix}:{conversation}:{message}".encode()).digest()[:8], "big")
    letters = []
    for _ in range(6):
        digest, place = divmod(digest, len(_ALPHABET))
        letters.append(_ALPHABET[place])
    return f"{prefix}-{''.join(letters)}"


def number_in(text: str) -> str | None:
    """The order number that a text names, as it was given out."""
    found = _NUMBER.search(text)
    return f"K-{found.group(1).upper()}" if found else None


def order_choice(product: Product, answers: Mapping[str, Any] | None = None) -> Choice:
    """The choice that begins an order of it, with what was already said of it."""
    flow = "subscribe" if product.category == "subscriptions" else "order"
    return Choice(flow=flow, set={**(answers or {}), PRODUCT: product.id})

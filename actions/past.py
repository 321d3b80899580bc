"""All orders of a customer that stand: those placed here, and those of the shop's files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from actions.base import ShopAction, ShopTracker
from actions.cart import slots_of
from actions.speech import Speech
from bot.offering.catalogue import PRODUCT
from memory import export, orders


@dataclass(frozen=True)
class PastOrder:
    """An order of the customer's, placed here or imported."""

    at: datetime
    number: str
    lines: str
    skus: tuple[str, ...] = ()


def past_orders(action: ShopAction, tracker: ShopTracker) -> list[PastOrder]:
    """All orders that stand, newest first: those placed here, and those of the shop's files."""
    speech, customer = action.speech(tracker), tracker.turn.customer
    with action.shop.memory.read() as tx:
        placed = orders.recent(tx, customer, limit=500)
        kept = export.access_copy(tx, customer, now=tracker.turn.now)["kept"]
    known = {order.number for order in placed}
    found = [
        _past(speech, order.placed_at, order.number, [(slots_of(line), line["quantity"]) for line in order.lines])
        for order in placed
        if order.state != "cancelled"
    ]
    imported: dict[str, list[Mapping[str, Any]]] = {}
    for row in kept["purchases"]["rows"]:
        if row["order_id"] not in known and row["quantity"] > 0:
            imported.setdefault(row["order_id"], []).append(row)
    for number, rows in imported.items():
        lines = [({PRODUCT: row["sku"], **(row.get("modules") or {})}, row["quantity"]) for row in rows]
        found.append(_past(speech, datetime.fromisoformat(rows[0]["ordered_at"]), number, lines))
    return sorted(found, key=lambda past: past.at, reverse=True)


def _past(speech: Speech, at: datetime, number: str, lines: Sequence[tuple[Mapping[str, Any], int]]) -> PastOrder:
    said = speech.join([speech.some(made, int(quantity)) for made, quantity in lines])
    return PastOrder(at, number, said, tuple(str(made[PRODUCT]) for made, _ in lines))

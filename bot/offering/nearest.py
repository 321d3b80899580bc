"""What comes nearest to a combination that cannot be made: the fewest changes, and those that customers mind least."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product as every_combination
from typing import TYPE_CHECKING

from bot.offering.catalogue_records import PRODUCT, Change, Composition, Product

if TYPE_CHECKING:
    from bot.offering.catalogue import Catalogue

# Changing the product is worse than changing anything about it.
PRODUCT_WEIGHT = 6.0


def nearest(catalogue: Catalogue, wanted: Composition, *, quantity: int, limit: int) -> list[Composition]:
    """At most `limit` combinations that can be made now, closest first; `wanted` is complete, its product known."""
    item = catalogue.products[wanted.product]
    kin = [other for other in catalogue.products.values() if other.taxonomy == item.taxonomy and other.id != item.id]
    in_stock = [other for other in (item, *kin) if catalogue.stock(other.id) != 0]
    ranked = [pair for other in in_stock for pair in _makeable(catalogue, other, wanted, quantity)]
    ranked.sort(key=lambda pair: pair[0])
    return _undominated([candidate for _, candidate in ranked], limit)


def _makeable(
    catalogue: Catalogue, item: Product, wanted: Composition, quantity: int
) -> Iterator[tuple[float, Composition]]:
    """Each makeable combination of `item` with its cost; what was not asked for stays at its default, or open."""
    defaults = {slot: catalogue.default(item, slot) for slot in item.options}
    lists = [
        [m for m in catalogue.options(item.id, slot) if slot in wanted or m.id == default]
        for slot, default in defaults.items()
        if slot in wanted or default
    ]
    base = PRODUCT_WEIGHT * (2 - _likeness(item.tags, catalogue.products[wanted.product].tags))
    start = 0.0 if item.id == wanted.product else base
    for modules in every_combination(*lists):
        slots = {PRODUCT: item.id} | {module.slot: module.id for module in modules}
        if not catalogue.validate({**slots, "quantity": quantity}):
            changes = _changes(wanted, slots)
            yield start + sum(_cost(catalogue, change) for change in changes), Composition(slots, changes)


def _cost(catalogue: Catalogue, change: Change) -> float:
    if change.slot == PRODUCT:
        return 0.0
    slot = catalogue.slots[change.slot]
    was, now = slot.modules.get(change.was or ""), slot.modules.get(change.now)
    if was is None or now is None:
        return slot.weight
    order = list(slot.modules)
    distance = abs(order.index(was.id) - order.index(now.id)) / len(order)
    risk = 1.0 if now.allergens - was.allergens else 0.0
    return slot.weight * (2 - _likeness(was.tags, now.tags) + distance / 4 + risk)


def _likeness(left: frozenset[str], right: frozenset[str]) -> float:
    return len(left & right) / len(left | right) if left or right else 0.0


def _undominated(ranked: Sequence[Composition], limit: int) -> list[Composition]:
    """The first `limit` that change no more than an earlier one of the same product already needed to change."""
    kept: list[Composition] = []
    for candidate in ranked:
        changed = {change.slot for change in candidate.changes}
        needless = (k.product == candidate.product and {c.slot for c in k.changes} < changed for k in kept)
        if len(kept) < limit and not any(needless):
            kept.append(candidate)
    return kept


def _changes(wanted: Mapping[str, str], slots: Mapping[str, str]) -> tuple[Change, ...]:
    differing = (slot for slot in slots if wanted.get(slot) != slots[slot])
    changed = tuple(Change(slot, wanted.get(slot), slots[slot]) for slot in differing if slot in wanted)
    dropped = tuple(
        Change(slot, wanted[slot], "none") for slot in wanted if slot not in slots and wanted[slot] != "none"
    )
    return changed + dropped

"""What the shop sells: products made of modules, which combinations of them can be made now, what they cost.

A catalogue is immutable; the shop's files are read by `catalogue_files`. All money is `Decimal` in the shop's currency.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from rapidfuzz import fuzz, process

from bot.offering.catalogue_records import (
    PRODUCT,
    Category,
    Change,
    Composition,
    Exclusion,
    Hours,
    Module,
    Named,
    Problem,
    Product,
    ShopFacts,
    Slot,
    Term,
    Zone,
)
from bot.offering.nearest import nearest
from bot.offering.phrases import names_of, normal, phrases, plain, singular

__all__ = [
    "CATEGORY",
    "FULFILMENT",
    "PRODUCT",
    "Catalogue",
    "Category",
    "Change",
    "Composition",
    "Exclusion",
    "Hours",
    "Module",
    "Named",
    "Problem",
    "Product",
    "ShopFacts",
    "Slot",
    "Term",
    "Zone",
]

CENT = Decimal("0.01")
# Below this likeness (0-100) a misspelt phrase is taken for something else; measured on the typos in the tests.
LIKENESS = 84.0
FULFILMENT = "fulfilment"
CATEGORY = "category"


@dataclass(frozen=True)
class Catalogue:
    """Everything the shop sells, by id, and the questions the assistant asks of it."""

    products: Mapping[str, Product]
    slots: Mapping[str, Slot]
    categories: Mapping[str, Category]
    fulfilment: Mapping[str, Named]
    never: tuple[Exclusion, ...]
    shop: ShopFacts

    def find(self, phrase: str, *, category: str | None = None) -> Product | None:
        """The product that `phrase` means, whatever its case, plural or a slip of spelling; None when in doubt."""
        names = self._names if category is None else self._names_in(category)
        wanted = plain(phrase)
        exact = names.get(wanted) or names.get(singular(wanted))
        if exact or not wanted:
            return self.products[exact] if exact else None
        best = process.extractOne(singular(wanted), names.keys(), scorer=fuzz.ratio, score_cutoff=LIKENESS)
        return self.products[names[best[0]]] if best else None

    def vocabulary(self) -> Iterable[Term]:
        """Every phrase that names something of the shop, with the entity value it means: for the entity ruler."""
        for item in self.products.values():
            yield Term(PRODUCT, item.id, phrases(item, plurals=True))
        for slot in self.slots.values():
            yield from (Term(m.entity, m.id, phrases(m)) for m in slot.modules.values() if m.entity == slot.id)
        for category in self.categories.values():
            yield Term(CATEGORY, category.id, phrases(category))
        for way in self.fulfilment.values():
            yield Term(FULFILMENT, way.id, phrases(way))

    def options(self, product: str, slot: str) -> tuple[Module, ...]:
        """The modules of `slot` that `product` may have and that are in stock, in the shop's order."""
        item = self.products[product]
        allowed = item.options.get(slot, {})
        modules = (self.slots[slot].modules[value] for value in allowed)
        return tuple(module for module in modules if self._in_stock(item, module))

    def stock(self, product: str, composition: Mapping[str, Any] | None = None) -> int | None:
        """How many are left: of that size where a size is given, None when it is made to order and never runs out."""
        count = self._count(self.products[product])
        if not isinstance(count, Mapping):
            return count
        values = [_key(value) for value in (composition or {}).values()]
        exact = [count[value] for value in values if value in count]
        return exact[0] if exact else sum(count.values())

    def complete(self, composition: Mapping[str, Any]) -> Composition:
        """The composition with only what concerns its product, and what goes without asking filled in."""
        item = self.products.get(str(composition.get(PRODUCT)))
        if item is None:
            return Composition({PRODUCT: str(composition.get(PRODUCT))})
        slots = {PRODUCT: item.id}
        for slot in self.slots:
            given = composition.get(slot)
            value = _key(given) if given is not None else self.default(item, slot)
            if value is not None:
                slots[slot] = value
        return Composition(slots)

    def missing(self, composition: Mapping[str, Any]) -> tuple[str, ...]:
        """The slots that must still be asked for before it can be made."""
        whole = self.complete(composition)
        item = self.products.get(whole.product)
        return tuple(slot for slot in item.options if slot not in whole) if item else (PRODUCT,)

    def validate(self, composition: Mapping[str, Any]) -> list[Problem]:
        """Everything that stands in the way of making this now; slots not yet given are no problem."""
        whole = self.complete(composition)
        item = self.products.get(whole.product)
        if item is None:
            return [Problem("unknown_product", PRODUCT, whole.product)]
        problems = [Problem("product_out_of_stock", PRODUCT, item.id)] if self.stock(item.id) == 0 else []
        for slot, value in whole.items():
            problem = self._module_problem(item, slot, value) if slot != PRODUCT else None
            problems += [problem] if problem else []
        excluded = _excluded(whole, (*self.never, *item.never))
        problems += [Problem("never", _slot_named(ban), whole[_slot_named(ban)], ban.because) for ban in excluded]
        left = self.stock(item.id, whole)
        short = not problems and left is not None and int(composition.get("quantity") or 1) > left
        return [Problem("not_enough", "quantity", str(left))] if short else problems

    def nearest(self, composition: Mapping[str, Any], *, limit: int = 3) -> list[Composition]:
        """The combinations closest to `composition` that can be made now, closest first, each with its changes.

        A change costs the weight of its slot, more the less the new module has in common with the wanted one, and
        more again when it brings an allergen that was not there. Another product of the same kind comes last. When
        the wanted combination is itself possible it is the first answer, without changes.
        """
        wanted, quantity = self.complete(composition), int(composition.get("quantity") or 1)
        return nearest(self, wanted, quantity=quantity, limit=limit) if wanted.product in self.products else []

    def price(self, composition: Mapping[str, Any], quantity: int = 1) -> Decimal:
        """The price of `quantity` of it, without delivery. Raises KeyError for an unknown product."""
        whole = self.complete(composition)
        item = self.products[whole.product]
        extras = (item.options.get(slot, {}).get(value, Decimal(0)) for slot, value in whole.items())
        return ((item.price + sum(extras, Decimal(0))) * quantity).quantize(CENT)

    def unit_cost(self, composition: Mapping[str, Any]) -> Decimal:
        """What one of it costs the shop; by the category's margin where the product states no cost."""
        whole = self.complete(composition)
        item = self.products[whole.product]
        if item.unit_cost is None:
            return (self.price(whole) * (1 - self.categories[item.category].margin)).quantize(CENT)
        modules = (self._module(slot, value) for slot, value in whole.items())
        return (item.unit_cost + sum((m.unit_cost for m in modules if m), Decimal(0))).quantize(CENT)

    def allergens(self, composition: Mapping[str, Any]) -> frozenset[str]:
        """The allergens of the product with the modules chosen so far."""
        whole = self.complete(composition)
        modules = (self._module(slot, value) for slot, value in whole.items())
        own = self.products[whole.product].allergens
        return own.union(*(module.allergens for module in modules if module))

    def knows(self, entity: str, value: Any) -> bool:
        """Whether the catalogue has a title for an entity value."""
        return self._named(entity, _key(value)) is not None

    def title(self, entity: str, value: Any, language: str = "en") -> str:
        """What a customer reads for an entity value; the value itself when the catalogue does not know it."""
        named = self._named(entity, _key(value))
        if named is None:
            return str(value)
        return named.titles.get(language) or named.titles["en"]

    def popular(self, category: str | None = None) -> list[Product]:
        """What the shop marks as popular and has in stock, most popular first."""
        marked = (p for p in self.products.values() if p.popular is not None and category in (None, p.category))
        return sorted((p for p in marked if self.stock(p.id) != 0), key=lambda p: (p.popular or 0, p.id))

    def in_category(self, category: str) -> list[Product]:
        """The products of a category, in the shop's order."""
        return [product for product in self.products.values() if product.category == category]

    @cached_property
    def dated(self) -> tuple[Product, ...]:
        """The products with a day from which on they are on sale."""
        return tuple(product for product in self.products.values() if product.on_sale is not None)

    @cached_property
    def words(self) -> frozenset[str]:
        """Every word that the shop uses of what it sells, singular and lower case."""
        phrases = [phrase for term in self.vocabulary() for phrase in term.phrases]
        phrases += [slot.title for slot in self.slots.values()]
        phrases += [f"{item.kind} {' '.join(item.tags)} {item.description}" for item in self.products.values()]
        return frozenset(word for phrase in phrases for word in normal(phrase.replace("_", " ")).split())

    @cached_property
    def _names(self) -> dict[str, str]:
        return names_of(self.products.values())

    def _names_in(self, category: str) -> dict[str, str]:
        return names_of(self.in_category(category))

    def _named(self, entity: str, value: str) -> Named | None:
        if entity in self.slots:
            return self.slots[entity].modules.get(value)
        places: dict[str, Mapping[str, Named]] = {
            PRODUCT: self.products,
            CATEGORY: self.categories,
            FULFILMENT: self.fulfilment,
        }
        return places.get(entity, {}).get(value)

    def _module(self, slot: str, value: str) -> Module | None:
        return self.slots[slot].modules.get(value) if slot in self.slots else None

    def default(self, item: Product, slot: str) -> str | None:
        """The module that a product has of a slot where none was asked for; None where it is to be asked."""
        allowed = item.options.get(slot, {})
        return next(iter(allowed)) if len(allowed) == 1 else item.defaults.get(slot)

    def _in_stock(self, item: Product, module: Module) -> bool:
        count = self._count(item)
        by_value = count if isinstance(count, Mapping) else {}
        return module.stock != 0 and by_value.get(module.id) != 0

    def _count(self, item: Product) -> int | Mapping[str, int] | None:
        """The count that holds for a product: of a subscription, of what it brings."""
        brought = self.products.get(item.delivers) if item.delivers else None
        return item.stock if brought is None else brought.stock

    def _module_problem(self, item: Product, slot: str, value: str) -> Problem | None:
        module = self._module(slot, value)
        if module is None:
            return Problem("unknown_module", slot, value)
        if value not in item.options.get(slot, {}):
            # "No milk" in a drink that never has any is no reason to refuse it.
            return None if value == "none" and slot not in item.options else Problem("not_offered", slot, value)
        return (
            None if self.stock(item.id) == 0 or self._in_stock(item, module) else Problem("out_of_stock", slot, value)
        )


def _key(value: Any) -> str:
    """Slot values as the catalogue writes them: 25.0 (an amount of money) is "25"."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _excluded(slots: Mapping[str, str], exclusions: Sequence[Exclusion]) -> list[Exclusion]:
    return [ban for ban in exclusions if all(slots.get(slot) == value for slot, value in ban.when.items())]


def _slot_named(ban: Exclusion) -> str:
    return next(iter(ban.when))

"""What may be proposed to this customer: it can be made now, it is theirs to have, and they have not ruled it out.

Allergies, diets and nevers are absolute; where another module makes a thing fit, that module is put in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from bot.offering.history import Kind, Stated
from bot.offering.reasons import Barrier
from bot.offering.rules import OfferRules
from bot.offering.shelf import Part, Shelf, Sold

PRODUCT = "product"
_NAMED = {PRODUCT: attrgetter("id"), "category": attrgetter("category"), "kind": attrgetter("kind")}
_BARRIERS = {Kind.NEVER: Barrier.NEVER, Kind.NOT_AGAIN: Barrier.NOT_AGAIN}


@dataclass(frozen=True)
class Fit:
    """A thing that can be shown, with its modules; `facts` shaped it, `lost` are slots whose usual module is out."""

    modules: Mapping[str, str]
    facts: tuple[Stated, ...] = ()
    lost: tuple[str, ...] = ()


@dataclass(frozen=True)
class Refusal:
    """A thing that cannot be shown: the shop's `problem` code, or the `barrier` that facts, taken together, put up."""

    problem: str | None = None
    barrier: Barrier | None = None
    facts: tuple[Stated, ...] = ()


def matches(fact: Stated, product: Sold) -> bool:
    """Whether a fact about products, categories, kinds or tags speaks of this product."""
    if fact.about == "tag":
        return fact.value in product.tags
    return fact.about in (PRODUCT, "category", "kind") and fact.value == _NAMED[fact.about](product)


def ruled_out(product: Sold, facts: Sequence[Stated]) -> Refusal | None:
    """The first never or not-again that concerns the whole product."""
    for fact in facts:
        if fact.kind in _BARRIERS and matches(fact, product):
            return Refusal(barrier=barrier_of(fact), facts=(fact,))
    return None


def barrier_of(ban: Stated) -> Barrier:
    """What a never or a not-again puts up."""
    return _BARRIERS[ban.kind]


def fit(
    product: Sold, usual: Mapping[str, str], facts: Sequence[Stated], *, shelf: Shelf, rules: OfferRules
) -> Fit | Refusal:
    """The product as this customer can have it now, starting from the `usual` modules; or why not."""
    out = ruled_out(product, facts)
    if out is not None:
        return out
    modules = {slot: module for slot, module in usual.items() if slot in product.options}
    shaped: list[Stated] = []
    for slot in product.options:
        refusal = _settle_slot(product, slot, modules, facts, shaped=shaped, shelf=shelf, rules=rules)
        if refusal is not None:
            return refusal
    modules, lost, problem = _available(product, modules, shelf)
    if problem is not None:
        return Refusal(problem=problem)
    refusal = _harmful(product, modules, facts, shelf=shelf, rules=rules)
    return refusal if refusal is not None else Fit(modules, tuple(shaped), lost)


def _settle_slot(
    product: Sold,
    slot: str,
    modules: dict[str, str],
    facts: Sequence[Stated],
    *,
    shaped: list[Stated],
    shelf: Shelf,
    rules: OfferRules,
) -> Refusal | None:
    """Puts the wished or the first permitted module into the slot where a fact speaks of it; a refusal when none is."""
    wish = next((f for f in reversed(facts) if f.kind is Kind.MODULE and f.about == slot), None)
    concerning = [fact for fact in facts if _concerns(fact, slot, product, rules)]
    if wish is None and not concerning:
        return None
    parts = shelf.options(product.id, slot)
    allowed = [part.id for part in parts if not any(_forbids(fact, slot, part, rules) for fact in concerning)]
    if concerning and parts and not allowed:
        return _as_refusal(*concerning)
    usual = modules.get(slot)
    if wish is not None and wish.value in allowed:
        modules[slot] = wish.value
    elif len(allowed) < len(parts) and usual not in allowed:
        # Left open, the flow would ask with the forbidden module among the answers.
        modules[slot] = allowed[0]
    overruled = wish is not None and wish.value not in allowed
    if modules.get(slot) != usual or overruled:
        shaped.extend(fact for fact in concerning if any(_forbids(fact, slot, part, rules) for part in parts))
        shaped.extend([wish] if wish is not None else [])
    return None


def _concerns(fact: Stated, slot: str, product: Sold, rules: OfferRules) -> bool:
    if fact.kind is Kind.NEVER:
        return fact.about == slot
    if fact.kind is Kind.ALLERGY:
        return True
    diet = rules.diets.get(fact.value) if fact.kind is Kind.DIET else None
    return diet is not None and product.category in rules.diet_applies_to and bool(diet.without)


def _forbids(fact: Stated, slot: str, part: Part, rules: OfferRules) -> bool:
    if fact.kind is Kind.NEVER:
        return fact.value == part.id
    if fact.kind is Kind.ALLERGY:
        return fact.value in part.allergens
    return bool(part.allergens & rules.diets[fact.value].without)


def _available(
    product: Sold, modules: dict[str, str], shelf: Shelf
) -> tuple[dict[str, str], tuple[str, ...], str | None]:
    """The modules that can be had now; a module that is out is left open, to be asked, not swapped in silence."""
    lost: list[str] = []
    while True:
        problems = shelf.validate({PRODUCT: product.id, **modules})
        if not problems:
            return modules, tuple(lost), None
        slot = next((problem.slot for problem in problems if problem.slot in modules), None)
        if slot is None:
            return modules, tuple(lost), problems[0].code
        modules = {name: module for name, module in modules.items() if name != slot}
        lost.append(slot)


def _harmful(
    product: Sold, modules: Mapping[str, str], facts: Sequence[Stated], *, shelf: Shelf, rules: OfferRules
) -> Refusal | None:
    guarded = [fact for fact in facts if fact.kind in (Kind.ALLERGY, Kind.DIET)]
    if not guarded:
        return None
    composition: dict[str, Any] = {PRODUCT: product.id, **modules}
    allergens = shelf.allergens(composition)
    for fact in guarded:
        if fact.kind is Kind.ALLERGY and fact.value in allergens:
            return _as_refusal(fact)
        if fact.kind is Kind.DIET and not _fits_diet(product, modules, fact, allergens, shelf=shelf, rules=rules):
            return _as_refusal(fact)
    return None


def _fits_diet(
    product: Sold,
    modules: Mapping[str, str],
    fact: Stated,
    allergens: frozenset[str],
    *,
    shelf: Shelf,
    rules: OfferRules,
) -> bool:
    """A diet asks for its tag, on the product or on a module chosen; an unknown diet cannot be vouched for."""
    if product.category not in rules.diet_applies_to:
        return True
    diet = rules.diets.get(fact.value)
    if diet is None or allergens & diet.without:
        return False
    return diet.tag in product.tags or any(
        diet.tag in part.tags
        for slot, module in modules.items()
        for part in shelf.options(product.id, slot)
        if part.id == module
    )


def _as_refusal(*facts: Stated) -> Refusal:
    barriers = {Kind.ALLERGY: Barrier.ALLERGY, Kind.DIET: Barrier.DIET}
    return Refusal(barrier=barriers.get(facts[0].kind, Barrier.NEVER), facts=facts)

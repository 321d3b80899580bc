"""What may be known of a customer for the sake of a suggestion, here and now: every part of it under its own grant.

Without the purpose `personalisation` neither purchases nor tier are read; allergies, diets and nevers that were given
to protect still hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import repeat

from bot.offering.benefits import Deeds
from bot.offering.candidates import Person
from bot.offering.catalogue import Catalogue
from bot.offering.history import Bought, Kind, Stated
from bot.offering.orders import OrderLine, settle
from bot.offering.tiers import Tier
from memory import Tx, consent, facts, orders, profiles, purchases, tickets
from memory.consent import ConsentRefused, Grant, Purpose
from memory.facts import Fact
from memory.purchases import Columns

CANCELLED = "cancelled"
BEANS = "beans"
# More orders than this do not get anybody further towards a benefit.
_ORDERS = 500
# More sign-ins of one person than this are not looked at for a tier.
_SIDES = 10
_ABOUT = {"product": "product", "category": "category", "kind": "kind", "roast": "tag", "taste": "tag"}
_ABSOLUTE = (Kind.ALLERGY, Kind.DIET, Kind.NEVER, Kind.NOT_AGAIN)
# Facts say what somebody is allergic to in their words, the catalogue in its own.
_ALLERGENS = {
    "almond": "nuts", "hazelnut": "nuts", "walnut": "nuts", "cashew": "nuts", "peanuts": "nuts", "lactose": "milk",
    "dairy": "milk", "oat": "gluten", "egg": "eggs",
}  # fmt: skip
_DIETS = {"dairy_free": "lactose_free"}
# Nothing that a coffee shop sells offends them, so that there is nothing to vouch for.
_NO_MATTER = frozenset({"vegetarian", "pescatarian"})
OWN = "own_composition"
BENEFIT_TICKET = "benefit"


@dataclass(frozen=True)
class Known:
    """What is known. `may`: whether purchases were allowed to be read at all."""

    may: bool
    person: Person
    # The customer's own compositions: a product's id with its modules.
    own: tuple[dict[str, str], ...] = ()

    @property
    def has_history(self) -> bool:
        """Whether there is anything to choose by; without it nothing is asked, either."""
        return bool(self.person.bought) or any(fact.kind not in _ABSOLUTE for fact in self.person.stated)


def know(tx: Tx, customer: str, *, catalogue: Catalogue, until: datetime | None = None) -> Known:
    """All that the customer's consents open; of what was told and bought `until` then, if given."""
    grant = granted(tx, customer, Purpose.PERSONALISATION)
    told = [fact for fact in facts_of(tx, customer) if until is None or fact.told_at <= until]
    stated = tuple(fact for each in told if (fact := state(each, catalogue)) is not None)
    own = tuple(made for each in told if each.attribute == OWN and (made := composed(each.value)))
    if grant is None:
        return Known(False, Person(stated=tuple(fact for fact in stated if fact.kind in _ABSOLUTE)), own)
    bought = bought_and_kept(purchases.columns(tx, grant), until=until)
    return Known(True, Person(bought, stated), own)


def standing(tx: Tx, customer: str) -> tuple[Tier, datetime | None]:
    """The tier in force, and when it ends if notice of that was given; STANDARD for whoever refuses to have one."""
    grant = granted(tx, customer, Purpose.PERSONALISATION)
    newest = profiles.history(tx, grant, limit=_SIDES) if grant is not None else ()
    if not newest:
        return Tier.STANDARD, None
    # Sides that were just linked were computed together, each for itself: the better one holds until the next time.
    best = max((each for each in newest if each.at == newest[0].at), key=lambda each: Tier(each.tier).rank)
    due = (best.figures.get("held") or {}).get("demotion_due")
    return Tier(best.tier), datetime.fromisoformat(due) if due else None


def granted(tx: Tx, customer: str, purpose: Purpose) -> Grant | None:
    """The grant, or None when the customer refuses."""
    try:
        return consent.require(tx, customer, purpose)
    except ConsentRefused:
        return None


def facts_of(tx: Tx, customer: str) -> tuple[Fact, ...]:
    """The customer's own facts under all grants there are: neither disputed nor of somebody else nor for today only."""
    grants = (granted(tx, customer, purpose) for purpose in (Purpose.PREFERENCES, Purpose.SENSITIVE))
    found = [fact for grant in grants if grant is not None for fact in facts.of(tx, grant)]
    return tuple(fact for fact in found if fact.state == "current" and fact.for_whom == "self" and fact.lasting)


def bought_and_kept(lines: Columns, *, until: datetime | None = None) -> tuple[Bought, ...]:
    """Purchases without what was returned; up to `until`, if given."""
    line, sku, at, quantity, price, gift, modules, confirmed = lines
    bought = tuple(map(Bought, line, sku, at, price, gift, repeat(False), modules, confirmed))
    if min(quantity, default=1) > 0:
        return bought if until is None else tuple(each for each in bought if each.at <= until)
    # Linked customers are one person: what one bought the other may return.
    settled = settle(
        [
            OrderLine("", "", when, what, pieces, Decimal(0), line=place)
            for place, (when, what, pieces) in enumerate(zip(at, sku, quantity, strict=True))
            if until is None or when <= until
        ]
    )
    kept = {each.line for each in settled}
    return tuple(each for place, each in enumerate(bought) if place in kept)


def state(fact: Fact, catalogue: Catalogue) -> Stated | None:
    """A fact as the engine reads it; None where it says nothing about what to offer."""
    found = _meaning(fact, catalogue)
    if found is None:
        return None
    kind, about, value = found
    half_life = None if kind in _ABSOLUTE else fact.half_life_days
    return Stated(fact.id, kind, about, value, fact.confirmed_at, half_life)


def _meaning(fact: Fact, catalogue: Catalogue) -> tuple[Kind, str, str] | None:
    attribute, value = fact.attribute, fact.value
    if attribute in ("allergy", "intolerance"):
        return Kind.ALLERGY, "allergen", _ALLERGENS.get(value, value)
    if attribute == "diet":
        kept = fact.polarity == "must" and value not in _NO_MATTER
        return (Kind.DIET, "diet", _DIETS.get(value, value)) if kept else None
    if attribute in catalogue.slots:
        kinds = {"like": Kind.MODULE, "must": Kind.MODULE, "never": Kind.NEVER, "dislike": Kind.NEVER}
        return (kinds[fact.polarity], attribute, value) if fact.polarity in kinds else None
    if attribute in _ABOUT:
        kinds = {"like": Kind.LIKE, "must": Kind.LIKE, "dislike": Kind.DISLIKE, "never": Kind.NEVER}
        return (kinds[fact.polarity], _ABOUT[attribute], value) if fact.polarity in kinds else None
    return None


def deeds(tx: Tx, customer: str, *, basket: float, catalogue: Catalogue, now: datetime) -> Deeds:
    """What counts towards a benefit. Orders placed here always count, others where they may be used."""
    placed = [order for order in orders.recent(tx, customer, limit=_ORDERS) if order.state != CANCELLED]
    grant = granted(tx, customer, Purpose.PERSONALISATION)
    pieces = [_Pieces(*line) for line in _bought_elsewhere(tx, grant)] if grant is not None else []
    known = {each.order for each in pieces}
    pieces += [
        _Pieces(order.number, order.placed_at, line["sku"], int(line.get("quantity", 1)))
        for order in placed
        if order.number not in known
        for line in order.lines
    ]
    ages = {each.order: (now - each.at) / timedelta(days=1) for each in pieces}
    beans = [ages[each.order] for each in pieces for _ in range(each.quantity) if _is_beans(each.sku, catalogue)]
    subscriptions = sum(bool(order.fulfilment.get("every_days")) for order in placed)
    dated = {"orders": sorted(ages.values()), "beans_bought": sorted(beans)}
    return Deeds(dated, {"basket": basket, "subscription": float(subscriptions)})


def asked_for(tx: Tx, customer: str) -> frozenset[str]:
    """The benefits that the customer has asked for."""
    return frozenset(ticket.text for ticket in tickets.for_customer(tx, customer) if ticket.kind == BENEFIT_TICKET)


def _bought_elsewhere(tx: Tx, grant: Grant) -> Iterator[tuple[str, datetime, str, int]]:
    for line in purchases.of(tx, grant):
        if line.quantity > 0:
            yield line.order_id, line.ordered_at, line.sku, line.quantity


@dataclass(frozen=True)
class _Pieces:
    order: str
    at: datetime
    sku: str
    quantity: int


def _is_beans(sku: str, catalogue: Catalogue) -> bool:
    product = catalogue.products.get(sku)
    return product is not None and product.category == BEANS


def compose(composition: dict[str, str]) -> str:
    """A composition as the value of a fact: "flat_white milk=oat size=large"."""
    modules = sorted((slot, value) for slot, value in composition.items() if slot != "product")
    return " ".join([composition["product"], *(f"{slot}={value}" for slot, value in modules)])


def composed(value: str) -> dict[str, str]:
    """The composition of such a value."""
    product, *modules = value.split()
    return {"product": product, **dict(module.split("=", 1) for module in modules if "=" in module)}

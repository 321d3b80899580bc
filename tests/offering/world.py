"""A small kiosk for the tests: a few composed drinks, beans and durables, and ways to write histories briefly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from bot.offering.candidates import Person
from bot.offering.choices import Engine
from bot.offering.history import Bought, Kind, Stated
from bot.offering.index import build_index
from bot.offering.orders import OrderLine
from bot.offering.rules import OfferRules
from bot.offering.rules_files import load_rules

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
PROJECT = Path(__file__).parents[2]
RULES = load_rules(PROJECT / "data" / "offering")
SHARED = PROJECT.parent / "shared" / "data"


@dataclass(frozen=True)
class Module:
    id: str
    tags: frozenset[str] = frozenset()
    allergens: frozenset[str] = frozenset()
    stock: int | None = None


@dataclass(frozen=True)
class Trouble:
    code: str
    slot: str


@dataclass(frozen=True)
class Thing:
    id: str
    category: str
    kind: str
    price: Decimal = Decimal("3.00")
    tags: frozenset[str] = frozenset()
    options: Mapping[str, Any] = field(default_factory=dict)
    allergens: frozenset[str] = frozenset()
    durable: bool = False
    replacement_months: int | None = None
    popular: int | None = None
    added: date | None = None
    on_sale: date | None = None
    stock: int | None = None


MILK = {
    "whole": Module("whole", frozenset({"dairy"}), frozenset({"milk"})),
    "oat": Module("oat", frozenset({"vegan"}), frozenset({"gluten"})),
    "coconut": Module("coconut", frozenset({"vegan"}), stock=0),
}


@dataclass(frozen=True)
class Kiosk:
    """A catalogue in the shape the offering asks for."""

    products: Mapping[str, Thing]

    def validate(self, composition: Mapping[str, Any]) -> Sequence[Trouble]:
        thing = self.products[composition["product"]]
        if thing.stock == 0:
            return [Trouble("product_out_of_stock", "product")]
        milk = composition.get("milk")
        return [Trouble("out_of_stock", "milk")] if milk and MILK[milk].stock == 0 else []

    def options(self, product: str, slot: str) -> Sequence[Module]:
        return [MILK[name] for name in self.products[product].options.get(slot, ()) if MILK[name].stock != 0]

    def allergens(self, composition: Mapping[str, Any]) -> frozenset[str]:
        milk = composition.get("milk")
        return self.products[composition["product"]].allergens | (MILK[milk].allergens if milk else frozenset())


def _drink(name: str, popular: int | None = None, **more: Any) -> Thing:
    return Thing(name, "drinks", "coffee", popular=popular, options={"milk": ("whole", "oat", "coconut")}, **more)


THINGS = (
    _drink("flat_white", 1),
    _drink("latte", 2),
    _drink("cappuccino", 3),
    Thing("espresso", "drinks", "coffee", popular=4, tags=frozenset({"vegan"})),
    Thing("green_tea", "drinks", "tea", popular=5, tags=frozenset({"vegan"})),
    Thing("mint_tea", "drinks", "tea", tags=frozenset({"vegan"})),
    Thing("pumpkin_latte", "drinks", "coffee", tags=frozenset({"seasonal"})),
    Thing("house", "beans", "blend", Decimal("9.00"), frozenset({"dark", "chocolate", "vegan"}), popular=6),
    Thing("night_owl", "beans", "blend", Decimal("10.00"), frozenset({"dark", "decaf", "vegan"}), popular=8),
    Thing("kenya", "beans", "single", Decimal("12.00"), frozenset({"light", "fruity", "vegan"}), popular=7),
    Thing("grinder", "gear", "grinder", Decimal("80.00"), durable=True, replacement_months=60, popular=9),
    Thing("grinder_pro", "gear", "grinder", Decimal("180.00"), durable=True, replacement_months=60),
    Thing("filters", "gear", "paper", Decimal("4.00"), popular=10),
    Thing("whisky", "spirits", "whisky", Decimal("30.00"), frozenset({"alcohol"}), popular=1),
)


def kiosk(**changes: Any) -> Kiosk:
    """The kiosk, with some things changed: kiosk(latte={"stock": 0})."""
    from dataclasses import replace

    return Kiosk({thing.id: replace(thing, **changes.get(thing.id, {})) for thing in THINGS})


def line(
    customer: str,
    sku: str,
    days_ago: float,
    *,
    order: str | None = None,
    price: str = "3.00",
    quantity: int = 1,
    **more: Any,
) -> OrderLine:
    at = NOW - timedelta(days=days_ago)
    return OrderLine(order or f"{customer}-{days_ago}", customer, at, sku, quantity, Decimal(price), **more)


def crowd() -> list[OrderLine]:
    """Forty people, each three times: who takes house beans also takes filters, who drinks flat white also espresso."""
    lines = []
    for number in range(40):
        who = f"p{number}"
        pair = ("house", "filters") if number % 2 else ("flat_white", "espresso")
        prices = {"house": "9.00", "filters": "4.00"}
        every = 20 if number % 2 else 4
        days = [5 + number % 7 + time * every for time in range(3)]
        lines += [line(who, sku, ago, price=prices.get(sku, "3.00")) for sku in pair for ago in days]
    return lines


def engine(
    shelf: Kiosk | None = None, *, lines: Sequence[OrderLine] | None = None, rules: OfferRules | None = None
) -> Engine:
    shelf, rules = shelf or kiosk(), rules or RULES.offers
    return Engine(shelf, build_index(shelf, crowd() if lines is None else lines, rules=rules, as_of=NOW), rules)


ENGINE = engine()


def bought(sku: str, days_ago: float, *, number: int = 0, **more: Any) -> Bought:
    return Bought(f"{sku}@{days_ago:g}#{number}", sku, NOW - timedelta(days=days_ago), **more)


def said(kind: Kind, about: str, value: str, days_ago: float = 1.0, **more: Any) -> Stated:
    return Stated(f"f:{kind}:{about}:{value}", kind, about, value, NOW - timedelta(days=days_ago), **more)


def regular(*more: Bought, stated: Sequence[Stated] = ()) -> Person:
    """Someone who has had three flat whites with oat milk this week and house beans this month."""
    habit = tuple(bought("flat_white", days, modules=(("milk", "oat"),)) for days in (1, 3, 5))
    return Person((*habit, bought("house", 10), *more), tuple(stated))

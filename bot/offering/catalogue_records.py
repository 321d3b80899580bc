"""What a catalogue is made of: immutable records. Money is `Decimal` in the shop's currency."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from typing import Any

PRODUCT = "product"


@dataclass(frozen=True)
class Term:
    """An entity value with every phrase that means it, lower case."""

    entity: str
    value: str
    phrases: tuple[str, ...]


@dataclass(frozen=True)
class Named:
    """Something with an id, titles by language ("en" always) and further phrases that mean it."""

    id: str
    titles: Mapping[str, str]
    aliases: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The English title, by which other languages find theirs."""
        return self.titles["en"]


@dataclass(frozen=True)
class Module(Named):
    """A value of a slot of composed products: a size, a milk, a grind."""

    slot: str = ""
    entity: str = ""
    price: Decimal = Decimal(0)
    unit_cost: Decimal = Decimal(0)
    stock: int | None = None
    tags: frozenset[str] = frozenset()
    allergens: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Slot(Named):
    """A property of composed products; `weight` is how reluctantly customers change it."""

    weight: float = 1.0
    modules: Mapping[str, Module] = field(default_factory=dict)


@dataclass(frozen=True)
class Category(Named):
    repurchase_days: int = 30
    margin: Decimal = Decimal("0.4")


@dataclass(frozen=True)
class Exclusion:
    """A combination that cannot be made, and the sentence that says why."""

    when: Mapping[str, str]
    because: str


@dataclass(frozen=True)
class Product(Named):
    """One thing of the shop. `options` gives, per slot, the allowed module ids with what each adds to the price."""

    category: str = ""
    kind: str = ""
    price: Decimal = Decimal(0)
    unit_cost: Decimal | None = None
    options: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    never: tuple[Exclusion, ...] = ()
    stock: int | Mapping[str, int] | None = None
    tags: frozenset[str] = frozenset()
    allergens: frozenset[str] = frozenset()
    caffeine: str | None = None
    description: str = ""
    durable: bool = False
    replacement_months: int | None = None
    every_days: int | None = None
    # The product that a subscription brings, and whose stock it takes.
    delivers: str | None = None
    popular: int | None = None
    added: date | None = None
    # Nobody but who has early access can order it before this day.
    on_sale: date | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)

    @property
    def taxonomy(self) -> tuple[str, str]:
        """From the wide to the narrow: ("drinks", "coffee")."""
        return (self.category, self.kind)


@dataclass(frozen=True)
class Problem:
    """Why a combination cannot be had. Codes: unknown_product, product_out_of_stock, unknown_module, not_offered,
    out_of_stock, never (`because` is then the shop's own sentence), not_enough (`value` is how many are left)."""

    code: str
    slot: str
    value: str
    because: str | None = None


@dataclass(frozen=True)
class Change:
    slot: str
    was: str | None
    now: str


@dataclass(frozen=True)
class Composition(Mapping[str, str]):
    """A product with its modules, read like a mapping of slots ("product" among them)."""

    slots: Mapping[str, str]
    changes: tuple[Change, ...] = ()

    @property
    def product(self) -> str:
        """The product's id."""
        return self.slots[PRODUCT]

    def __getitem__(self, slot: str) -> str:
        return self.slots[slot]

    def __iter__(self) -> Iterator[str]:
        return iter(self.slots)

    def __len__(self) -> int:
        return len(self.slots)


@dataclass(frozen=True)
class Hours:
    opens: time
    closes: time


@dataclass(frozen=True)
class Zone:
    """Where the shop delivers: the first zone that an address's postcode falls into holds."""

    name: str
    postcodes: tuple[str, ...]
    categories: frozenset[str]
    fee: Decimal
    free_from: Decimal | None = None
    minutes: int | None = None
    days: int | None = None


@dataclass(frozen=True)
class ShopFacts:
    """What the shop says of itself. Hours are local times by weekday, Monday 0; a missing day is closed.

    `preparation` and `changeable` are minutes by category ("drinks", "other").
    """

    name: str
    currency: str
    timezone: str
    address: str
    directions: str
    phone: str
    email: str
    opening_hours: Mapping[int, Hours]
    answer_hours: Mapping[int, Hours]
    preparation: Mapping[str, int]
    changeable: Mapping[str, int]
    zones: tuple[Zone, ...]
    payment: tuple[str, ...]
    returns: Mapping[str, Any]
    largest_quantity: int

    def zone(self, postcode: str) -> Zone | None:
        """Where that postcode is delivered to; None where it is not."""
        return next((zone for zone in self.zones if postcode.startswith(zone.postcodes)), None)

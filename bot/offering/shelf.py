"""What the offering needs to know of a shop's catalogue: structural types that `bot.offering.catalogue.Catalogue`
satisfies.

The engine never lists what can be made; it asks, for each thing it is about to show, so that stock is judged now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Protocol


class Problem(Protocol):
    """Why a combination cannot be had; `slot` is "product" when it concerns the product itself."""

    @property
    def code(self) -> str: ...
    @property
    def slot(self) -> str: ...


class Part(Protocol):
    """A module: a milk, a size."""

    @property
    def id(self) -> str: ...
    @property
    def tags(self) -> frozenset[str]: ...
    @property
    def allergens(self) -> frozenset[str]: ...


class Sold(Protocol):
    """A product: where it belongs, what it is like, how long it lasts. `popular` 1 is the most popular."""

    @property
    def id(self) -> str: ...
    @property
    def category(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def price(self) -> Decimal: ...
    @property
    def tags(self) -> frozenset[str]: ...
    @property
    def options(self) -> Mapping[str, Any]: ...
    @property
    def durable(self) -> bool: ...
    @property
    def replacement_months(self) -> int | None: ...
    @property
    def popular(self) -> int | None: ...
    @property
    def added(self) -> date | None: ...
    @property
    def on_sale(self) -> date | None: ...


class Shelf(Protocol):
    """A shop's catalogue. A composition is a mapping of slots to module ids, with the product's id under "product"."""

    @property
    def products(self) -> Mapping[str, Sold]: ...

    def validate(self, composition: Mapping[str, Any]) -> Sequence[Problem]:
        """Everything in the way of making this now; empty when it can be had."""
        ...

    def options(self, product: str, slot: str) -> Sequence[Part]:
        """The modules of `slot` that the product may have and that are in stock."""
        ...

    def allergens(self, composition: Mapping[str, Any]) -> frozenset[str]:
        """The allergens of the product with the modules chosen so far."""
        ...

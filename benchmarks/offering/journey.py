"""Complete Journey (CC0) as a shop: its products as a catalogue, its sample of transactions as order lines."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from bot.offering.orders import OrderLine


@dataclass(frozen=True)
class Product:
    """A product of a shop without modules: it can always be had."""

    id: str
    category: str
    kind: str
    price: Decimal = Decimal(0)
    tags: frozenset[str] = frozenset()
    options: Mapping[str, Any] = field(default_factory=dict)
    durable: bool = False
    replacement_months: int | None = None
    popular: int | None = None
    added: date | None = None
    on_sale: date | None = None


@dataclass(frozen=True)
class PlainShelf:
    """A catalogue of plain products."""

    products: Mapping[str, Product]

    def validate(self, composition: Mapping[str, Any]) -> Sequence[Any]:
        return ()

    def options(self, product: str, slot: str) -> Sequence[Any]:
        return ()

    def allergens(self, composition: Mapping[str, Any]) -> frozenset[str]:
        return frozenset()


def read_shelf(folder: Path) -> PlainShelf:
    """Every product of the data set, by its category and type."""
    with gzip.open(folder / "products.csv.gz", "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    products = (Product(row["product_id"], row["product_category"], row["product_type"]) for row in rows)
    return PlainShelf({product.id: product for product in products})


def read_lines(folder: Path) -> list[OrderLine]:
    """The sample of transactions in the order of time; lines without a quantity (weights, refunds) count as one
    piece."""
    lines = []
    with gzip.open(folder / "transactions_sample.csv.gz", "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            quantity = max(int(float(row["quantity"])), 1)
            lines.append(
                OrderLine(
                    order_id=row["basket_id"],
                    customer_id=row["household_id"],
                    ordered_at=datetime.fromisoformat(row["transaction_timestamp"]).replace(tzinfo=UTC),
                    sku=row["product_id"],
                    quantity=quantity,
                    unit_price=Decimal(row["sales_value"]) / quantity,
                )
            )
    return sorted(lines, key=lambda line: line.ordered_at)

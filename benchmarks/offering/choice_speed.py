"""How long a set of choices takes: a customer with 1,000 purchases, a shop of 100,000 products, a million order lines.

Usage: python -m benchmarks.offering.choice_speed [RUNS]
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np

from benchmarks.offering.journey import PlainShelf, Product
from bot.offering.candidates import Person
from bot.offering.choices import Engine
from bot.offering.history import Bought, Kind, Stated
from bot.offering.index import build_index
from bot.offering.orders import OrderLine
from bot.offering.rules import OfferRules

NOW = datetime(2026, 6, 1, tzinfo=UTC)
PRODUCTS, LINES, CUSTOMERS, PURCHASES = 100_000, 1_000_000, 20_000, 1_000


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    dice = random.Random(3)
    shelf = PlainShelf({product.id: product for product in products(dice)})
    sold = list(lines(dice))
    start = time.perf_counter()
    index = build_index(shelf, sold, rules=OfferRules(), as_of=NOW)
    built = time.perf_counter() - start
    engine = Engine(shelf, index, OfferRules())
    regulars = [person(dice) for _ in range(20)]
    for each in regulars:
        engine.choose(each, seed="warm", now=NOW)
    times = []
    for run in range(runs):
        start = time.perf_counter()
        engine.choose(regulars[run % len(regulars)], seed=str(run), now=NOW)
        times.append(1000 * (time.perf_counter() - start))
    p50, p95, p99 = np.percentile(times, [50, 95, 99])
    sizes = {"products": PRODUCTS, "order_lines": LINES, "customers": CUSTOMERS, "purchases_of_the_customer": PURCHASES}
    times_ms = {"p50": round(p50, 2), "p95": round(p95, 2), "p99": round(p99, 2), "max": round(max(times), 2)}
    print(json.dumps({**sizes, "runs": runs, "index_seconds": round(built, 1), "choose_ms": times_ms}))


def products(dice: random.Random) -> Iterator[Product]:
    for number in range(PRODUCTS):
        kind = number % 2_000
        tags = frozenset(f"t{dice.randrange(40)}" for _ in range(3))
        yield Product(f"p{number}", f"c{kind % 100}", f"k{kind}", Decimal(dice.randrange(100, 5000)) / 100, tags)


def pick(dice: random.Random) -> str:
    """Few products sell often, most seldom."""
    return f"p{min(int(dice.paretovariate(0.4)) * 7919 % PRODUCTS, PRODUCTS - 1)}"


def lines(dice: random.Random) -> Iterator[OrderLine]:
    for number in range(LINES):
        at = NOW - timedelta(days=dice.random() * 365)
        price = Decimal(dice.randrange(100, 5000)) / 100
        yield OrderLine(f"o{number // 3}", f"u{dice.randrange(CUSTOMERS)}", at, pick(dice), 1, price)


def person(dice: random.Random) -> Person:
    favourites = [f"p{dice.randrange(PRODUCTS)}" for _ in range(400)]
    bought = tuple(
        Bought(f"b{number}", dice.choice(favourites), NOW - timedelta(days=dice.random() * 300))
        for number in range(PURCHASES)
    )
    said = (
        Stated("f1", Kind.LIKE, "tag", "t1", NOW - timedelta(days=3)),
        Stated("f2", Kind.NEVER, "category", "c7", NOW - timedelta(days=3)),
        Stated("f3", Kind.ALLERGY, "allergen", "nuts", NOW - timedelta(days=3)),
    )
    return Person(bought, said)


if __name__ == "__main__":
    main()

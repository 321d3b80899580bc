"""How long a set of choices takes with all that it reads: consent, facts and 1,000 purchases from the database, a shop
of 100,000 products with modules, an index of many customers' orders.

    python -m benchmarks.offering.choice_through_memory [RUNS] [DATABASE_URL]

Prints milliseconds of wall clock and of processor time, and both as a ratio to the floor of the same run: the bare
driver fetching the same rows and a plain count of them, without gate, weighing, reasons or guards.
"""

from __future__ import annotations

import gc
import json
import random
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from time import perf_counter, process_time

import numpy as np

from actions.knowing import know
from bot.offering import catalogue_files
from bot.offering.catalogue import Catalogue
from bot.offering.choices import Engine, SetKind
from bot.offering.index import build_index
from bot.offering.orders import OrderLine
from bot.offering.rules_files import load_rules
from memory import Memory, consent, facts, identities, purchases
from memory.consent import Evidence, Purpose
from memory.facts import Source
from memory.purchases import Line

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 19, 9, tzinfo=UTC)
PRODUCTS, LINES, CUSTOMERS, PURCHASES, REGULARS = 100_000, 300_000, 20_000, 1_000, 20
TOLD = (("milk", "oat", "like"), ("product", "espresso", "like"), ("syrup", "hazelnut", "never"))


def main(runs: int, url: str | None) -> None:
    """Build the shop, take its orders in, and time sets for some regulars in turn."""
    dice = random.Random(3)
    shelf = large(catalogue_files.load(ROOT / "data" / "catalogue"), PRODUCTS)
    rules = load_rules(ROOT / "data" / "offering").offers
    index = build_index(shelf, crowd(list(shelf.products), dice), rules=rules, as_of=NOW)
    engine = Engine(shelf, index, rules)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "memory.db"
        memory = Memory.open(url or f"sqlite:///{file}", clock=lambda: NOW)
        regulars = [regular(memory, str(number), shelf, dice) for number in range(REGULARS)]
        # As the served process does.
        gc.freeze()
        whole = timed(runs, lambda run: choose(memory, engine, shelf, regulars[run % REGULARS], run))
        print(json.dumps({"products": PRODUCTS, "purchases": PURCHASES, "runs": runs, "set": whole}))
        if url is None:
            with sqlite3.connect(file) as bare:
                floor = timed(runs, lambda run: count(bare, regulars[run % REGULARS]))
            ratio = {name: round(whole[name] / floor[name], 1) for name in ("p50_ms", "p99_ms", "p50_cpu_ms")}
            print(json.dumps({"floor": floor, "set_over_floor": ratio}))
        memory.close()


def large(shop: Catalogue, products: int) -> Catalogue:
    """The demo's catalogue, each product many times under other ids and kinds."""
    made = dict(shop.products)
    originals = list(shop.products.values())
    while len(made) < products:
        like = originals[len(made) % len(originals)]
        number = len(made) // len(originals)
        made[f"{like.id}_{number}"] = replace(like, id=f"{like.id}_{number}", kind=f"{like.kind}{number // 4}")
    return replace(shop, products=made)


def crowd(skus: list[str], dice: random.Random) -> Iterator[OrderLine]:
    """Orders of everybody else: few products sell often, most seldom."""
    for number in range(LINES):
        at = NOW - timedelta(days=dice.random() * 365)
        sku = skus[min(int(dice.paretovariate(0.4)) * 7919 % PRODUCTS, PRODUCTS - 1)]
        yield OrderLine(f"o{number // 3}", f"u{dice.randrange(CUSTOMERS)}", at, sku, 1, Decimal("3.40"))


def regular(memory: Memory, subject: str, shelf: Catalogue, dice: random.Random) -> str:
    """Somebody with 1,000 purchases of 400 different things and a few facts; memory's id of them."""
    skus = list(shelf.products)
    favourites = [dice.choice(skus) for _ in range(400)]
    lines = [
        Line(f"{subject}-{number // 2}", subject, NOW - timedelta(days=dice.random() * 700), sku, 1,
             shelf.products[sku].price, nth=0, modules=modules_of(shelf, sku, dice))
        for number, sku in enumerate(dice.choices(favourites, k=PURCHASES))
    ]  # fmt: skip
    with memory.write() as tx:
        purchases.record_lines(tx, lines)
        customer = identities.sign_in(tx, subject=subject, now=NOW)
        said = Evidence("words", text="yes", text_version="1", language="en", touch_point="web")
        consent.decide(tx, customer, purpose=Purpose.PREFERENCES, decision="granted", evidence=said, now=NOW)
        grant = consent.require(tx, customer, Purpose.PREFERENCES)
        for attribute, value, polarity in TOLD:
            facts.record(tx, grant, attribute=attribute, value=value, polarity=polarity,
                         purpose=Purpose.PREFERENCES, source=Source("web", "chat"), now=NOW)  # fmt: skip
    return customer


def modules_of(shelf: Catalogue, sku: str, dice: random.Random) -> dict[str, str]:
    """Some modules that the product may have."""
    return {slot: dice.choice(list(values)) for slot, values in shelf.products[sku].options.items()}


def choose(memory: Memory, engine: Engine, shelf: Catalogue, customer: str, run: int) -> None:
    """What a suggestion does in a turn: one read of memory under its grants, one decision."""
    with memory.read() as tx:
        known = know(tx, customer, catalogue=shelf)
    made = engine.choose(known.person, seed=str(run), now=NOW)
    assert made.kind is SetKind.PERSONAL
    assert len(known.person.bought) == PURCHASES


def count(bare: sqlite3.Connection, customer: str) -> None:
    """The least that any answer from so many purchases costs: fetch them, and count them."""
    rows = bare.execute(
        "SELECT line, sku, ordered_at, quantity, unit_price, gift, modules FROM purchases WHERE customer = ?",
        (customer,),
    ).fetchall()
    Counter(row[1] for row in rows).most_common(4)


def timed(runs: int, call: Callable[[int], None]) -> dict[str, float]:
    """Milliseconds of `call`, by the clock and by the processor, after a warming round."""
    for run in range(REGULARS):
        call(run)
    wall, cpu = [], []
    for run in range(runs):
        begun, spent = perf_counter(), process_time()
        call(run)
        wall.append(1000 * (perf_counter() - begun))
        cpu.append(1000 * (process_time() - spent))
    named = {"ms": wall, "cpu_ms": cpu}
    return {
        f"p{at}_{name}": round(float(np.percentile(took, at)), 2) for name, took in named.items() for at in (50, 99)
    }


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000, sys.argv[2] if len(sys.argv) > 2 else None)

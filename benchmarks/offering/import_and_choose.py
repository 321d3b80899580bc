"""Measures, through memory as in service: the import of a generated million order lines, tiers, and a choice set.

    python benchmarks/offering/import_and_choose.py [LINES]

Prints seconds, peak memory in MB, and the 50th and 99th percentile of a choice set in milliseconds for a customer with
1,000 purchases, everything read from the database each time.
"""

import random
import resource
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from time import perf_counter
from typing import TypeVar

from actions.knowing import know
from bot.offering import catalogue_files
from bot.offering.choices import Engine
from bot.offering.index import build_index
from bot.offering.rules import load_rules
from bot.offers import orders, tiers
from memory import Memory, identities, purchases
from memory.purchases import Line

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 19, 9, tzinfo=UTC)
HEADER = "order_id,customer_id,ordered_at,sku,quantity,unit_price,unit_cost,gift,channel\n"
REPEATS = 400
Result = TypeVar("Result")


def main(lines: int) -> None:
    """Run all of it in a folder of its own."""
    shelf = catalogue_files.load(ROOT / "data" / "catalogue")
    rules = load_rules(ROOT / "data" / "offering")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "orders.csv"
        generate(file, list(shelf.products), lines)
        memory = Memory.open(f"sqlite:///{folder}/memory.db", clock=lambda: NOW)
        before = peak()
        done, seconds = timed(lambda: orders.import_file(memory, file, now=NOW, on_bad=print))
        size = sum(path.stat().st_size for path in Path(folder).glob("memory.db*")) / 1e6
        print(f"import: {done.new} lines in {seconds:.1f} s; peak {peak():.0f} MB ({before:.0f} before); {size:.0f} MB")
        again, seconds = timed(lambda: orders.import_file(memory, file, now=NOW, on_bad=print))
        print(f"again: {again.known} known in {seconds:.1f} s; peak {peak():.0f} MB")
        found, seconds = timed(lambda: tiers.recompute(memory, shelf, rules.tiers, as_of=NOW))
        print(f"tiers: {len(found)} customers in {seconds:.1f} s; peak {peak():.0f} MB")
        with memory.read() as tx:
            index, seconds = timed(lambda: build_index(shelf, tiers.order_lines(tx), rules=rules.offers, as_of=NOW))
        print(f"index: {seconds:.1f} s; peak {peak():.0f} MB")
        choose(memory, Engine(shelf, index, rules.offers))
        memory.close()


def generate(file: Path, skus: list[str], lines: int) -> None:
    """Lines of orders by 40,000 customers, few of whom buy much: three lines an order, one in fifty a return."""
    chance = random.Random(7)
    start = NOW - timedelta(days=700)
    with file.open("w", encoding="utf-8") as out:
        out.write(HEADER)
        for number in range(lines):
            order = number // 3
            if number % 3 == 0:
                customer = int(40_000 * chance.random() ** 3)
            when = start + timedelta(seconds=order * 60_000_000 // lines * 3)
            quantity = -1 if chance.random() < 0.02 else 1
            sku = chance.choice(skus)
            out.write(f"L{order},c{customer},{when.isoformat()},{sku},{quantity},4.{number % 90 + 10},1.40,,web\n")


def choose(memory: Memory, engine: Engine) -> None:
    """A set for somebody with 1,000 purchases: one read of memory, one decision."""
    chance = random.Random(11)
    skus = list(engine.shelf.products)
    bought = [
        Line(
            f"K{number // 2}",
            "keen",
            NOW - timedelta(days=chance.randrange(700), minutes=number),
            skus[min(int(chance.expovariate(0.15)), len(skus) - 1)],
            1,
            Decimal("4.20"),
            nth=0,
        )
        for number in range(1_000)
    ]
    with memory.write() as tx:
        purchases.record_lines(tx, bought)
        customer = identities.sign_in(tx, subject="keen", now=NOW)
    took = []
    for number in range(REPEATS):
        begun = perf_counter()
        with memory.read() as tx:
            known = know(tx, customer, catalogue=engine.shelf)
        engine.choose(known.person, seed=str(number), now=NOW)
        took.append((perf_counter() - begun) * 1000)
    took.sort()
    print(f"choice set: p50 {took[len(took) // 2]:.1f} ms, p99 {took[int(len(took) * 0.99)]:.1f} ms, n {len(took)}")


def timed(call: Callable[[], Result]) -> tuple[Result, float]:
    """The result of a call and the seconds it took."""
    begun = perf_counter()
    return call(), perf_counter() - begun


def peak() -> float:
    """The most memory this process ever held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)

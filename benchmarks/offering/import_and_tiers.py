"""Measures, through memory as in service: the import of a generated million order lines, and the tiers of all of them.

    python -m benchmarks.offering.import_and_tiers [LINES [alike]]

Prints seconds and peak memory in MB. With `alike` every customer buys at the same pace, which leaves the models least
to go by.
"""

import random
import resource
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import TypeVar

from bot.offering import catalogue_files
from bot.offering.index import build_index
from bot.offering.rules_files import load_rules
from bot.offers import orders, tiers
from memory import Memory

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 19, 9, tzinfo=UTC)
HEADER = "order_id,customer_id,ordered_at,sku,quantity,unit_price,unit_cost,gift,channel\n"
Result = TypeVar("Result")


def main(lines: int, *, alike: bool) -> None:
    """Run all of it in a folder of its own."""
    shelf = catalogue_files.load(ROOT / "data" / "catalogue")
    rules = load_rules(ROOT / "data" / "offering")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "orders.csv"
        generate(file, list(shelf.products), lines, alike=alike)
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
            _, seconds = timed(lambda: build_index(shelf, tiers.order_lines(tx), rules=rules.offers, as_of=NOW))
        print(f"index: {seconds:.1f} s; peak {peak():.0f} MB")
        memory.close()


def generate(file: Path, skus: list[str], lines: int, *, alike: bool) -> None:
    """Lines of 40,000 customers, few of whom buy much, or all alike: three an order, one in fifty a return."""
    chance = random.Random(7)
    start = NOW - timedelta(days=700)
    with file.open("w", encoding="utf-8") as out:
        out.write(HEADER)
        for number in range(lines):
            order = number // 3
            if number % 3 == 0:
                customer = int(40_000 * chance.random() ** (1 if alike else 3))
            when = start + timedelta(seconds=order * 60_000_000 // lines * 3)
            quantity = -1 if chance.random() < 0.02 else 1
            sku = chance.choice(skus)
            out.write(f"L{order},c{customer},{when.isoformat()},{sku},{quantity},4.{number % 90 + 10},1.40,,web\n")


def timed(call: Callable[[], Result]) -> tuple[Result, float]:
    """The result of a call and the seconds it took."""
    begun = perf_counter()
    return call(), perf_counter() - begun


def peak() -> float:
    """The most memory this process ever held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000, alike="alike" in sys.argv)

"""How long a million order rows take through the pure part of the import: reading, keys, accounts, tiers; and in what
memory.

Usage: python -m benchmarks.offering.order_rows [ROWS]
"""

from __future__ import annotations

import json
import random
import resource
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from bot.offering.accounts import Costing, open_accounts
from bot.offering.orders import BadRow, OrderLine, read_orders
from bot.offering.rules import CostRules, TierRules
from bot.offering.tiers import assess

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def rows(count: int) -> Iterator[str]:
    """A file of `count` rows, three to an order; one in a hundred bad, one in thirty a return."""
    dice = random.Random(11)
    yield "order_id,customer_id,ordered_at,sku,quantity,unit_price,unit_cost,gift,channel\n"
    for number in range(count):
        order = number // 3
        customer = f"c{order * 7919 % 50_000}"
        at = (NOW - timedelta(minutes=(order * 7919) % 1_000_000)).isoformat()
        quantity = "many" if number % 100 == 99 else -1 if number % 30 == 29 else 1 + number % 3
        price = f"{3 + number % 900 / 100:.2f}"
        yield f"o{order},{customer},{at},sku{dice.randrange(5000)},{quantity},{price},1.20,false,web\n"


def timed(count: int, use: object) -> tuple[float, int, int]:
    good = bad = 0
    start = time.perf_counter()
    for each in read_orders(rows(count), now=NOW):
        if isinstance(each, BadRow):
            bad += 1
        else:
            good += 1
            if use:
                _ = each.key
    return time.perf_counter() - start, good, bad


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    start = time.perf_counter()
    for _ in rows(count):
        pass
    making = time.perf_counter() - start
    reading, good, bad = timed(count, None)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    with_keys, _, _ = timed(count, "keys")
    lines = (each for each in read_orders(rows(count), now=NOW) if isinstance(each, OrderLine))
    start = time.perf_counter()
    accounts = open_accounts(lines, costing=Costing(CostRules(), lambda _: "drinks"), as_of=NOW)
    accounting = time.perf_counter() - start
    start = time.perf_counter()
    assess(accounts, TierRules(), as_of=NOW)
    tiers = time.perf_counter() - start
    seconds = {
        "read_and_check": round(reading - making, 1),
        "read_check_and_key": round(with_keys - making, 1),
        "read_check_and_account": round(accounting - making, 1),
        "tiers": round(tiers, 1),
    }
    result = {"rows": count, "good": good, "bad": bad, "customers": len(accounts), "seconds": seconds}
    print(json.dumps({**result, "peak_mb_after_reading": memory}))


if __name__ == "__main__":
    main()

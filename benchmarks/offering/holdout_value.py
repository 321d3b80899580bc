"""Who will be worth most: value predicted on Complete Journey until September, judged by the revenue afterwards.

Usage: python -m benchmarks.offering.holdout_value FOLDER
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from benchmarks.offering.journey import read_lines
from bot.offering.accounts import Account
from bot.offering.orders import OrderLine
from bot.offering.rfm import estimate
from bot.offering.value import Counts, Floats, fit_purchases, fit_spend

SPLITS = (datetime(2017, 7, 1, tzinfo=UTC), datetime(2017, 9, 1, tzinfo=UTC), datetime(2017, 10, 1, tzinfo=UTC))
END = datetime(2018, 1, 1, tzinfo=UTC)
_DAY = 86_400


def main() -> None:
    lines = read_lines(Path(sys.argv[1]))
    for split in SPLITS:
        report(lines, split)


def report(lines: Sequence[OrderLine], split: datetime) -> None:
    """The share of revenue after `split` that the top tenth of each ranking brings, over customers seen before it."""
    before: dict[str, list[OrderLine]] = defaultdict(list)
    after: dict[str, float] = defaultdict(float)
    for line in lines:
        if line.ordered_at < split:
            before[line.customer_id].append(line)
        else:
            after[line.customer_id] += float(line.unit_price) * line.quantity
    people = sorted(before)
    truth = np.array([after[who] for who in people])
    accounts = [account(who, before[who]) for who in people]
    today = int(split.timestamp()) // _DAY
    rankings = {
        "MBG/NBD x Gamma-Gamma": predicted(accounts, today, (END - split).days / 7.0),
        "RFM": by_rfm(accounts, today),
        "past spend": np.array([each.margin for each in accounts]),
        "frequency": np.array([float(each.occasions) for each in accounts]),
        "recency": np.array([float(each.days[-1]) for each in accounts]),
        "oracle": truth,
    }
    shares = {name: round(top_share(score, truth), 4) for name, score in rankings.items()}
    print(json.dumps({"split": f"{split:%Y-%m-%d}", "customers": len(people), "revenue share of the top 10 %": shares}))


def account(customer: str, lines: Sequence[OrderLine]) -> Account:
    """An account whose margin is the revenue: the data know no costs."""
    days = sorted({int(line.ordered_at.timestamp()) // _DAY for line in lines})
    revenue = sum(float(line.unit_price) * line.quantity for line in lines)
    return Account(customer, tuple(days), revenue, 0.0, 0.0, len({line.order_id for line in lines}), "")


def predicted(accounts: Sequence[Account], today: int, weeks: float) -> Floats:
    first = np.array([each.days[0] for each in accounts], dtype=float)
    last = np.array([each.days[-1] for each in accounts], dtype=float)
    occasions = np.array([each.occasions for each in accounts], dtype=float)
    mean = np.array([each.margin for each in accounts]) / occasions
    counts = Counts.of(occasions - 1.0, (last - first) / 7.0, (today - first) / 7.0)
    return fit_purchases(counts).expected(weeks, counts) * fit_spend(occasions, mean).expected(occasions, mean)


def by_rfm(accounts: Sequence[Account], today: int) -> Floats:
    rfm = estimate(accounts, today=today)
    return rfm.yearly * rfm.active * rfm.margin


def top_share(score: Floats, truth: Floats, share: float = 0.1) -> float:
    """Ties at the bound are shared out evenly, so that the order of customers does not matter."""
    size = int(len(score) * share)
    bound = np.sort(score)[::-1][size - 1]
    above, at = score > bound, score == bound
    return float((truth[above].sum() + truth[at].mean() * (size - above.sum())) / truth.sum())


if __name__ == "__main__":
    main()

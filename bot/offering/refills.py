"""What may be running out: things bought again and again, when their own cycle says so; always a question, never an
order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from statistics import median

from bot.offering.choices import Engine
from bot.offering.history import Bought, age_days, read_taste
from bot.offering.reasons import Evidence, of_purchases

# Two gaps are the least that make a cycle; the question comes a little before it is over, and not long after.
_OCCASIONS = 3
_EARLY = 0.9
_LATE = 2.0


@dataclass(frozen=True)
class Refill:
    """A thing whose cycle is over: worded by `utter_ask_refill` with product, days since the last one, cycle in
    days."""

    sku: str
    days: float
    cycle: float
    modules: tuple[tuple[str, str], ...]
    evidence: tuple[Evidence, ...]


def due(
    bought: Sequence[Bought], *, engine: Engine, now: datetime, categories: frozenset[str] | None = None
) -> tuple[Refill, ...]:
    """The things due at `now`, the most overdue by its own cycle first; from three occasions on, durables never.

    Asked from nine tenths of the cycle until twice the cycle; later silence means that the habit ended.
    """
    index = engine.index
    taste = read_taste(bought, index, rules=engine.rules.quarantine, now=now)
    found: list[Refill] = []
    for place in taste.place[taste.occasions >= _OCCASIONS].tolist():
        category = index.categories[int(index.category[place])]
        if index.durable[place] or (categories is not None and category not in categories):
            continue
        refill = _refill(index.skus[place], taste.lines(place), now)
        if refill is not None:
            found.append(refill)
    return tuple(sorted(found, key=lambda each: (-each.days / each.cycle, each.sku)))


def _refill(sku: str, lines: Sequence[Bought], now: datetime) -> Refill | None:
    days = sorted({line.at.date() for line in lines})
    if len(days) < _OCCASIONS:
        return None
    cycle = float(median((later - earlier).days for earlier, later in pairwise(days)))
    last = max(lines, key=lambda line: line.at)
    silence = age_days(last.at, now)
    if not _EARLY * cycle <= silence <= _LATE * cycle:
        return None
    return Refill(sku, silence, cycle, last.modules, of_purchases(tuple(lines), now))

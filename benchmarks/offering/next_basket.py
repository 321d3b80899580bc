"""Next basket on Complete Journey, split by time: the choice engine against popularity, personal frequency and both.

Parameters are chosen on the validation period (28 September to 12 November 2017); the test period (13 November to the
end) is looked at with the chosen ones only. Usage: python -m benchmarks.offering.next_basket FOLDER [--tune]
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean

from benchmarks.offering.journey import PlainShelf, read_lines, read_shelf
from bot.offering.candidates import Person, Slot, Weights
from bot.offering.choices import Engine
from bot.offering.history import Bought
from bot.offering.index import build_index
from bot.offering.orders import OrderLine
from bot.offering.rules import OfferRules

VALIDATION = (datetime(2017, 9, 28, tzinfo=UTC), datetime(2017, 11, 13, tzinfo=UTC))
TEST = (datetime(2017, 11, 13, tzinfo=UTC), datetime(2018, 1, 2, tzinfo=UTC))
LIMIT = 10
Rank = Callable[[str], Sequence[str]]


@dataclass(frozen=True)
class Split:
    """Everything before a day, each household's first basket after it, and all its products until the end of the
    period."""

    start: datetime
    before: list[OrderLine]
    past: dict[str, list[OrderLine]]
    basket: dict[str, set[str]]
    period: dict[str, set[str]]


def split(lines: Sequence[OrderLine], period: tuple[datetime, datetime], shelf: PlainShelf) -> Split:
    """Households without a past are left out (nothing personal can be known of them); so are unknown products."""
    start, end = period
    lines = [line for line in lines if line.sku in shelf.products]
    before = [line for line in lines if line.ordered_at < start]
    past: dict[str, list[OrderLine]] = defaultdict(list)
    for line in before:
        past[line.customer_id].append(line)
    first: dict[str, str] = {}
    basket: dict[str, set[str]] = defaultdict(set)
    all_of: dict[str, set[str]] = defaultdict(set)
    for line in lines:
        who = line.customer_id
        if not start <= line.ordered_at < end or who not in past:
            continue
        all_of[who].add(line.sku)
        if first.setdefault(who, line.order_id) == line.order_id:
            basket[who].add(line.sku)
    return Split(start, before, dict(past), dict(basket), dict(all_of))


@dataclass(frozen=True)
class Score:
    """recall@10 and hit rate over households, and recall of repeats and of new products apart."""

    households: int
    recall: float
    hit_rate: float
    recall_repeats: float
    recall_new: float


def measure(rank: Rank, truth: dict[str, set[str]], past: dict[str, list[OrderLine]]) -> tuple[Score, list[float]]:
    """The score of a ranking, and the recall of each household (for paired comparison)."""
    recalls, hits, repeats, new = [], [], [], []
    for who in sorted(truth):
        shown, wanted = set(rank(who)[:LIMIT]), truth[who]
        known = {line.sku for line in past[who]}
        recalls.append(len(shown & wanted) / len(wanted))
        hits.append(bool(shown & wanted))
        for part, into in ((wanted & known, repeats), (wanted - known, new)):
            if part:
                into.append(len(shown & part) / len(part))
    return Score(len(recalls), mean(recalls), mean(hits), mean(repeats), mean(new)), recalls


def baselines(data: Split) -> dict[str, Rank]:
    """Global popularity, personal frequency, both in turn, and the two blended with a weight."""
    sold = Counter(line.sku for line in data.before)
    top = [sku for sku, _ in sold.most_common(100)]
    own = {who: Counter(line.sku for line in lines) for who, lines in data.past.items()}

    def personal(who: str) -> list[str]:
        return sorted(own[who], key=lambda sku: (-own[who][sku], -sold[sku], sku))

    def both(who: str) -> list[str]:
        return personal(who) + [sku for sku in top if sku not in own[who]]

    return {"global popularity": lambda _: top, "personal frequency": personal, "personal, then global": both}


def blended(data: Split, weight: float) -> Rank:
    """Share in the household's purchases times `weight`, plus share in everyone's."""
    sold = Counter(line.sku for line in data.before)
    top = [sku for sku, _ in sold.most_common(100)]
    own = {who: Counter(line.sku for line in lines) for who, lines in data.past.items()}

    def rank(who: str) -> list[str]:
        total = sum(own[who].values())
        score = {sku: weight * own[who][sku] / total + sold[sku] / len(data.before) for sku in {*own[who], *top}}
        return sorted(score, key=lambda sku: (-score[sku], sku))

    return rank


def people(data: Split) -> dict[str, Person]:
    """Each household's past as the engine takes it."""
    return {
        who: Person(
            tuple(
                Bought(f"{line.order_id}/{line.sku}/{n}", line.sku, line.ordered_at, price=float(line.unit_price))
                for n, line in enumerate(lines)
            )
        )
        for who, lines in data.past.items()
    }


def engine_rank(engine: Engine, known: dict[str, Person], now: datetime) -> tuple[Rank, Counter[str]]:
    """The engine's ten for a household, and a count of the slots used."""
    slots: Counter[str] = Counter()

    def rank(who: str) -> list[str]:
        options = engine.rank(known[who], seed=who, now=now, limit=LIMIT).options
        slots.update(option.slot.value for option in options)
        slots["with something new"] += any(option.slot is Slot.NOVEL for option in options)
        return [option.sku for option in options]

    return rank, slots


def bootstrap(differences: Sequence[float], *, draws: int = 2000) -> tuple[float, float]:
    """The central 95 % of the mean difference over resampled households."""
    random_ = random.Random(7)
    means = sorted(mean(random_.choices(differences, k=len(differences))) for _ in range(draws))
    return means[int(0.025 * draws)], means[int(0.975 * draws)]


def tune(shelf: PlainShelf, data: Split, rules: OfferRules) -> Iterator[tuple[Weights, Score]]:
    """One parameter after another on the validation period, keeping what helps recall."""
    index = build_index(shelf, data.before, rules=rules, as_of=data.start)
    known, best, top = people(data), Weights(), -1.0
    grid = {
        "familiar": (0.14, 0.19, 0.25),
        "repeat": (0.6, 0.8, 1.0),
        "often": (0.5, 0.8, 1.2),
        "faded": (0.15, 0.3, 0.5),
        "half": (1.0, 2.0),
        "adjacent": (0.02, 0.05, 0.1, 0.2),
        "popular": (2.0, 2.5, 3.0),
    }
    for name, values in grid.items():
        for value in values:
            weights = replace(best, **{name: value})
            rank, _ = engine_rank(Engine(shelf, index, rules, weights), known, data.start)
            score, _ = measure(rank, data.basket, data.past)
            wide, _ = measure(rank, data.period, data.past)
            yield weights, score
            if score.recall + wide.recall > top:
                top, kept = score.recall + wide.recall, weights
        best = kept


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tune", action="store_true")
    options = parser.parse_args()
    shelf, lines, rules = read_shelf(options.folder), read_lines(options.folder), OfferRules()
    if options.tune:
        for weights, score in tune(shelf, split(lines, VALIDATION, shelf), rules):
            print(json.dumps({**asdict(weights), "recall": score.recall, "hit_rate": score.hit_rate}))
        return
    for name, period in (("validation", VALIDATION), ("test", TEST)):
        report(name, split(lines, period, shelf), shelf, rules)


def report(name: str, data: Split, shelf: PlainShelf, rules: OfferRules) -> None:
    """One JSON line a ranking and kind of truth, and the paired differences to the best simple rankings."""
    index = build_index(shelf, data.before, rules=rules, as_of=data.start)
    rank, slots = engine_rank(Engine(shelf, index, rules), people(data), data.start)
    rankings = {**baselines(data), "blended 0.2": blended(data, 0.2), "choice engine": rank}
    for truth_name, truth in (("next basket", data.basket), ("whole period", data.period)):
        recalls = {}
        for ranking, each in rankings.items():
            score, recalls[ranking] = measure(each, truth, data.past)
            print(json.dumps({"period": name, "truth": truth_name, "ranking": ranking, **asdict(score)}))
        for other in ("personal, then global", "blended 0.2"):
            gain = [a - b for a, b in zip(recalls["choice engine"], recalls[other], strict=True)]
            low, high = bootstrap(gain)
            print(
                json.dumps({"period": name, "truth": truth_name, "over": other, "gain": mean(gain), "95%": [low, high]})
            )
    print(json.dumps({"period": name, "slots": dict(slots)}))


if __name__ == "__main__":
    main()

"""What all customers together tell of the products, worked out once, so that a set of choices takes a millisecond or
two.

An index is immutable and knows no customer: pairs count only when enough different people bought both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from bot.offering.orders import OrderLine
from bot.offering.pairs import Sales, grouped, neighbours
from bot.offering.rules import OfferRules
from bot.offering.shelf import Shelf, Sold
from bot.offering.value import Floats

_DAY = 86_400
_MONTH = 30.44
# Popularity fades with this half-life, so that last year's favourite makes room.
_POPULAR_DAYS = 60.0
_POOL = 300
_INTERVAL_PRIOR = 10.0
_REPEAT_PRIOR = 10.0
_UNKNOWN_INTERVAL = 30.0
_REPLACEMENT_MONTHS = 60


@dataclass(frozen=True)
class Index:
    """Arrays with one row a product. `popular` is the share of recent purchases, `repeat` how often buyers come back
    for it, `half_life` in days; `near` and `strength` the neighbours, `together` whether they are bought with it (else
    alike); `pool` and `pools` the most popular overall, by category and by kind."""

    skus: tuple[str, ...]
    place: Mapping[str, int]
    categories: tuple[str, ...]
    kinds: tuple[tuple[str, str], ...]
    category: np.ndarray
    kind: np.ndarray
    price: Floats
    usual_price: Floats
    added: np.ndarray
    on_sale: np.ndarray
    durable: np.ndarray
    window: Floats
    impulsive: np.ndarray
    on_brand: np.ndarray
    half_life: Floats
    popular: Floats
    repeat: Floats
    near: np.ndarray
    strength: np.ndarray
    together: np.ndarray
    pool: np.ndarray
    pools: Mapping[str, np.ndarray]

    def interval(self, sku: str) -> float:
        """The usual number of days between two purchases of a product's kind: half its half-life."""
        return float(self.half_life[self.place[sku]] / 2.0)


def build_index(shelf: Shelf, lines: Iterable[OrderLine], *, rules: OfferRules, as_of: datetime) -> Index:
    """The index of a shop at `as_of`. Returns and later lines are left out; without lines the catalogue speaks
    alone."""
    products = list(shelf.products.values())
    place = {product.id: number for number, product in enumerate(products)}
    sales = _columns(lines, place, as_of=as_of)
    categories, category = _coded([product.category for product in products])
    kinds, kind = _coded([(product.category, product.kind) for product in products])
    on_brand = np.array([brand_allows(product, rules) for product in products], dtype=bool)
    today = int(as_of.timestamp()) // _DAY
    popular = _popular(sales, products, today=today)
    near, strength, together = neighbours(sales, products, kind, popular=popular)
    pool, pools = _pools(popular, on_brand, categories=categories, category=category, kinds=kinds, kind=kind)
    prices = np.array([float(product.price) for product in products])
    return Index(
        skus=tuple(place),
        place=place,
        categories=categories,
        kinds=kinds,
        category=category,
        kind=kind,
        price=prices,
        usual_price=_usual_prices(sales, prices),
        added=_days([product.added for product in products]),
        on_sale=_days([product.on_sale for product in products]),
        durable=np.array([product.durable for product in products], dtype=bool),
        window=np.array([_MONTH * (product.replacement_months or _REPLACEMENT_MONTHS) for product in products]),
        impulsive=np.array([bool(product.tags & rules.quarantine.impulse_tags) for product in products], dtype=bool),
        on_brand=on_brand,
        half_life=2.0 * _intervals(sales, categories, category, kind, today=today, rules=rules)[kind],
        popular=popular,
        repeat=_repeat_rates(sales, kind, len(products)),
        near=near,
        strength=strength,
        together=together,
        pool=pool,
        pools=pools,
    )


def brand_allows(product: Sold, rules: OfferRules) -> bool:
    """Whether a product is what the brand stands for; one that is not is never suggested and blocks publishing."""
    brand = rules.brand
    return (not brand.categories or product.category in brand.categories) and not product.tags & brand.never_tags


def off_brand(shelf: Shelf, rules: OfferRules) -> tuple[str, ...]:
    """The ids of products outside the brand, for the check before a catalogue or a campaign is published."""
    return tuple(product.id for product in shelf.products.values() if not brand_allows(product, rules))


def new_since(index: Index, day: date) -> np.ndarray:
    """Which products were added on `day` or later."""
    return index.added >= day.toordinal()


def _days(dates: Iterable[date | None]) -> np.ndarray:
    return np.array([day.toordinal() if day else 0 for day in dates], dtype=np.int64)


def _columns(lines: Iterable[OrderLine], place: Mapping[str, int], *, as_of: datetime) -> Sales:
    people: dict[str, int] = {}
    rows: list[tuple[int, int, int, float]] = []
    for line in lines:
        what = place.get(line.sku)
        if what is None or line.quantity <= 0 or line.ordered_at > as_of:
            continue
        who = people.setdefault(line.customer_id, len(people))
        rows.append((who, what, int(line.ordered_at.timestamp()) // _DAY, float(line.unit_price)))
    table = np.array(rows, dtype=float).reshape(-1, 4)
    codes = table[:, :3].astype(np.int64)
    return Sales(codes[:, 0], codes[:, 1], codes[:, 2], table[:, 3])


def _coded(names: Sequence[object]) -> tuple[tuple, np.ndarray]:
    codes: dict[object, int] = {}
    column = np.array([codes.setdefault(name, len(codes)) for name in names], dtype=np.int64)
    return tuple(codes), column


def _popular(sales: Sales, products: Sequence[Sold], *, today: int) -> Floats:
    """The share of recent purchases, each customer's days counted once; the catalogue's own ranks weigh as ten
    sales."""
    told = np.array([1.0 / product.popular if product.popular else 0.0 for product in products])
    told = (told + 1e-4) / (told + 1e-4).sum()
    once = np.unique(np.stack([sales.who, sales.what, sales.day]), axis=1)
    sold = np.bincount(once[1], weights=0.5 ** ((today - once[2]) / _POPULAR_DAYS), minlength=len(products))
    return np.asarray((sold + 10.0 * told) / (sold.sum() + 10.0))


def _usual_prices(sales: Sales, listed: Floats) -> Floats:
    """What is usually paid: the median of the sales, the listed price where nothing was sold."""
    usual = listed.copy()
    order = np.lexsort((sales.price, sales.what))
    what, price = sales.what[order], sales.price[order]
    starts = np.flatnonzero(np.diff(what, prepend=-1))
    ends = np.append(starts[1:], len(what))
    if len(what):
        usual[what[starts]] = price[(starts + ends) // 2]
    return usual


def _intervals(
    sales: Sales, categories: Sequence[str], category: np.ndarray, kind: np.ndarray, *, today: int, rules: OfferRules
) -> Floats:
    """The median days between a customer's purchases in each kind, drawn to the category's while few, that to the
    stated."""
    whole = _gaps(sales.who, np.zeros(len(sales.what), dtype=np.int64), sales.day, today=today)
    overall = float(_medians(whole, np.array([_UNKNOWN_INTERVAL]))[0])
    stated = np.array([rules.intervals[name].days if name in rules.intervals else overall for name in categories])
    of_category = _medians(_gaps(sales.who, category[sales.what], sales.day, today=today), stated)
    parent = np.zeros(int(kind.max(initial=-1)) + 1, dtype=np.int64)
    parent[kind] = category
    of_kind = _medians(_gaps(sales.who, kind[sales.what], sales.day, today=today), of_category[parent])
    return np.maximum(of_kind, 1.0)


@dataclass(frozen=True)
class _Gaps:
    """Days between two successive purchases of one person in one group; `over` is false for the one still running."""

    group: np.ndarray
    days: np.ndarray
    over: np.ndarray


def _gaps(who: np.ndarray, group: np.ndarray, day: np.ndarray, *, today: int) -> _Gaps:
    """All gaps of people who came back in that group, the running one among them."""
    once = np.unique(np.stack([who, group, day]), axis=1)
    same = np.zeros(once.shape[1], dtype=bool)
    same[1:] = (once[0, 1:] == once[0, :-1]) & (once[1, 1:] == once[1, :-1])
    over = np.flatnonzero(same)
    last_of_several = same & ~np.append(same[1:], False)
    running = np.flatnonzero(last_of_several)
    return _Gaps(
        group=np.concatenate([once[1, over], once[1, running]]),
        days=np.concatenate([once[2, over] - once[2, over - 1], np.maximum(today - once[2, running], 0)]),
        over=np.concatenate([np.ones(len(over), dtype=bool), np.zeros(len(running), dtype=bool)]),
    )


def _medians(gaps: _Gaps, prior: Floats) -> Floats:
    """The median gap of each group, weighed against a prior worth ten gaps.

    It is the Kaplan-Meier median: a gap that is still running is at least that long. Leaving those out would make every
    interval of a young shop too short, for the long ones have not ended yet.
    """
    order = np.lexsort((~gaps.over, gaps.days, gaps.group))
    group, days, over = gaps.group[order], gaps.days[order], gaps.over[order]
    if not len(group):
        return prior.copy()
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    sizes = np.diff(np.append(starts, len(group)))
    at_risk = np.repeat(starts + sizes, sizes) - np.arange(len(group))
    steps = np.where(over, np.log(np.maximum(1.0 - 1.0 / at_risk, 1e-12)), 0.0)
    total = np.cumsum(steps)
    survival = np.exp(total - np.repeat(total[starts] - steps[starts], sizes))
    typical, count = prior.copy(), np.zeros(len(prior))
    # The first gap at which half have come back; the longest one where half never did.
    reached = np.where(survival <= 0.5, days, np.iinfo(np.int64).max)
    median = np.minimum(np.minimum.reduceat(reached, starts), np.maximum.reduceat(days, starts))
    typical[group[starts]] = median
    count[group[starts]] = np.add.reduceat(over.astype(float), starts)
    return np.asarray((typical * count + prior * _INTERVAL_PRIOR) / (count + _INTERVAL_PRIOR))


def _repeat_rates(sales: Sales, kind: np.ndarray, products: int) -> Floats:
    """Further purchases a buyer, of each product; few buyers lean on the product's kind, that on the whole shop."""
    once = np.unique(np.stack([sales.who, sales.what, sales.day]), axis=1)
    pairs, days = np.unique(once[:2], axis=1, return_counts=True)
    buyers = np.bincount(pairs[1], minlength=products).astype(float)
    again = np.bincount(pairs[1], weights=days - 1.0, minlength=products)
    shop = (again.sum() + 5.0) / (buyers.sum() + 10.0)
    kind_buyers = np.bincount(kind, weights=buyers)
    kind_rate = (np.bincount(kind, weights=again) + _REPEAT_PRIOR / 2 * shop) / (kind_buyers + _REPEAT_PRIOR / 2)
    return np.asarray((again + _REPEAT_PRIOR * kind_rate[kind]) / (buyers + _REPEAT_PRIOR))


def _pools(
    popular: Floats,
    on_brand: np.ndarray,
    *,
    categories: Sequence[str],
    category: np.ndarray,
    kinds: Sequence[tuple[str, str]],
    kind: np.ndarray,
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The most popular overall, under each category's name and under category/kind, most popular first."""
    order = np.flatnonzero(on_brand)
    order = order[np.argsort(-popular[order], kind="stable")]
    pools = {name: members[:_POOL] for name, members in grouped(order, category[order], list(categories))}
    names = ["/".join(pair) for pair in kinds]
    pools |= {name: members[:_POOL] for name, members in grouped(order, kind[order], names)}
    return order[:_POOL], pools

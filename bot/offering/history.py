"""What a customer bought and said, weighed: old things fade, gifts and bargains wait, what was said for good stays.

A purchase weighs 0.5 ** (age / h), h being twice the category's usual time between purchases. Past one h it is a
question, past two it is no evidence of taste any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import repeat
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bot.offering.rules import Quarantine
from bot.offering.value import Floats

if TYPE_CHECKING:
    from bot.offering.index import Index

_DAY = 86_400.0


class Bought(NamedTuple):
    """One line of an order of this customer. `id` names it for good; `modules` are (slot, module) pairs as ordered.

    `impulse`: taken on the spur of the moment where the shop knows (an extra offered at the till). `confirmed`: the
    customer said that this is to their taste, which ends the quarantine of gifts, bargains and impulse buys.
    """

    # A tuple, for a thousand of them are made and taken apart in a turn.
    id: str
    sku: str
    at: datetime
    price: float = 0.0
    gift: bool = False
    impulse: bool = False
    modules: tuple[tuple[str, str], ...] = ()
    confirmed: bool = False


class Kind(StrEnum):
    """What a stated fact asks for. LIKE, DISLIKE and MODULE shift; the others are absolute."""

    LIKE = "like"
    DISLIKE = "dislike"
    MODULE = "module"
    NEVER = "never"
    NOT_AGAIN = "not_again"
    ALLERGY = "allergy"
    DIET = "diet"


@dataclass(frozen=True, slots=True)
class Stated:
    """Something the customer said: `about` is product, category, kind, tag, allergen, diet or a slot such as milk."""

    id: str
    kind: Kind
    about: str
    value: str
    at: datetime
    half_life_days: float | None = None

    def holds(self, now: datetime) -> bool:
        """Whether it may still be acted on: for good when absolute or without half-life, else for two half-lives."""
        if self.half_life_days is None or self.kind in (Kind.NEVER, Kind.NOT_AGAIN, Kind.ALLERGY, Kind.DIET):
            return True
        return age_days(self.at, now) <= 2.0 * self.half_life_days


def age_days(at: datetime, now: datetime) -> float:
    """Days between two times, never negative."""
    return max((now - at).total_seconds() / _DAY, 0.0)


@dataclass(frozen=True)
class Taste:
    """What the past says, one row for each different thing, in the order of the index: places in it, weight, age of the
    newest, occasions.

    `owned`: durables that need no second one yet, by kind, with the purchase that says so.
    """

    place: np.ndarray
    weight: Floats
    newest: Floats
    occasions: np.ndarray
    owned: Mapping[int, Bought]
    # All lines that count, thing by thing; row n has those from starts[n] to starts[n + 1].
    counted: Sequence[Bought]
    starts: np.ndarray

    def lines(self, where: int) -> tuple[Bought, ...]:
        """The purchases of one product that count, oldest first; none for a product that says nothing."""
        row = int(np.searchsorted(self.place, where))
        if row == len(self.place) or self.place[row] != where:
            return ()
        return tuple(sorted(self.counted[self.starts[row] : self.starts[row + 1]], key=_AGE))

    def fresh(self, index: Index) -> np.ndarray:
        """Which rows may still be asserted: consumables bought within two half-lives."""
        return (self.newest <= 2.0 * index.half_life[self.place]) & ~index.durable[self.place]


_AGE = attrgetter("at", "id")


def read_taste(bought: Sequence[Bought], index: Index, *, rules: Quarantine, now: datetime) -> Taste:
    """The taste that `bought` gives at `now`. Things no longer in the catalogue and things in quarantine say
    nothing."""
    lines = _Lines.of(bought, index, now)
    owned = _owned(lines, bought, index)
    lines = lines.taken(_released(lines, index, rules))
    half_life = index.half_life[lines.place[lines.starts[:-1]]]
    weight = 0.5 ** (lines.age / half_life[lines.row])
    return Taste(
        place=lines.place[lines.starts[:-1]],
        weight=np.bincount(lines.row, weights=weight, minlength=len(half_life)).astype(float),
        newest=np.minimum.reduceat(lines.age, lines.starts[:-1]) if len(half_life) else np.zeros(0),
        occasions=lines.occasions(),
        owned=owned,
        counted=[bought[number] for number in lines.number.tolist()],
        starts=lines.starts,
    )


def in_quarantine(bought: Sequence[Bought], index: Index, *, rules: Quarantine, now: datetime) -> frozenset[str]:
    """The things of which nothing counts as taste yet: bought as gifts, bargains or on impulse only."""
    lines = _Lines.of(bought, index, now)
    counts = _released(lines, index, rules)
    held, free = ({index.skus[place] for place in lines.place[which].tolist()} for which in (~counts, counts))
    return frozenset(held - free)


@dataclass(frozen=True)
class _Lines:
    """Purchases as columns, thing by thing and oldest first: place in the index, age and time in days, number among
    those given, whether in doubt; `row` and `starts` tell the things apart."""

    row: np.ndarray
    starts: np.ndarray
    place: np.ndarray
    age: Floats
    day: Floats
    number: np.ndarray
    doubtful: np.ndarray
    price: Floats

    @classmethod
    def of(cls, bought: Sequence[Bought], index: Index, now: datetime) -> _Lines:
        """Those of things in the catalogue, up to `now`; `doubtful` are gifts and impulse buys, unless confirmed."""
        _, sku, at, price, gift, impulse, _, confirmed = zip(*bought, strict=True) if bought else ((),) * 8
        place = np.fromiter(map(index.place.get, sku, repeat(-1)), np.int64, len(sku))
        time = np.fromiter(map(datetime.timestamp, at), float, len(at))
        number = np.lexsort((time, place))
        number = number[(place[number] >= 0) & (time[number] <= now.timestamp())]
        sure = np.array(confirmed, dtype=bool)
        impulsive = (np.array(impulse, dtype=bool) | index.impulsive[place]) if len(place) else sure
        # A confirmed one is no bargain, either.
        return _grouped(
            place[number],
            (now.timestamp() - time[number]) / _DAY,
            time[number] // _DAY,
            number,
            ((np.array(gift, dtype=bool) | impulsive) & ~sure)[number],
            np.where(sure, 0.0, np.array(price, dtype=float))[number],
        )

    def taken(self, keep: np.ndarray) -> _Lines:
        """Those marked by `keep`."""
        columns = (self.place, self.age, self.day, self.number, self.doubtful, self.price)
        return self if keep.all() else _grouped(*(column[keep] for column in columns))

    def occasions(self) -> np.ndarray:
        """Distinct days of each row: two of the same thing on one day are one occasion."""
        first = np.ones(len(self.row), dtype=bool)
        first[1:] = (self.row[1:] != self.row[:-1]) | (self.day[1:] != self.day[:-1])
        return np.bincount(self.row[first], minlength=len(self.starts) - 1)


def _grouped(place: np.ndarray, *columns: np.ndarray) -> _Lines:
    first = np.ones(len(place), dtype=bool)
    first[1:] = place[1:] != place[:-1]
    starts = np.append(np.flatnonzero(first), len(place))
    return _Lines(np.cumsum(first) - 1, starts, place, *columns)


def _released(lines: _Lines, index: Index, rules: Quarantine) -> np.ndarray:
    """Which lines count. A gift, a bargain, an impulse buy alone says nothing of taste: it is in quarantine until the
    thing was bought on enough days or confirmed."""
    bargain = (lines.price > 0.0) & (lines.price < rules.sale_below * index.usual_price[lines.place])
    settled = lines.occasions() >= rules.occasions
    return np.asarray(~(lines.doubtful | bargain) | settled[lines.row])


def _owned(lines: _Lines, bought: Sequence[Bought], index: Index) -> dict[int, Bought]:
    """Kind of durable -> the newest purchase still within its replacement window. A gift is at somebody else's home."""
    held = np.flatnonzero(index.durable[lines.place] & (lines.age < index.window[lines.place]))
    mine = [bought[number] for number in lines.number[held].tolist()]
    owned: dict[int, Bought] = {}
    for line, kind in sorted(
        zip(mine, index.kind[lines.place[held]].tolist(), strict=True), key=lambda each: each[0].at
    ):
        if not line.gift:
            owned[kind] = line
    return owned

"""What a customer bought and said, weighed: old things fade, gifts and bargains wait, what was said for good stays.

A purchase weighs 0.5 ** (age / h), h being twice the category's usual time between purchases. Past one h it is a
question,
past two it is no evidence of taste any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from bot.offering.rules import Quarantine
from bot.offering.value import Floats

if TYPE_CHECKING:
    from bot.offering.index import Index

_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Bought:
    """One line of an order of this customer. `id` names it for good; `modules` are (slot, module) pairs as ordered.

    `impulse`: taken on the spur of the moment where the shop knows (an extra offered at the till). `confirmed`: the
    customer said that this is to their taste, which ends the quarantine of gifts, bargains and impulse buys.
    """

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
    """What the past says, one row for each different thing: places in the index, weight, age of the newest, occasions.

    `own`: durables that need no second one yet, by kind, with the purchase that says so.
    """

    place: np.ndarray
    weight: Floats
    newest: Floats
    occasions: np.ndarray
    lines: Mapping[int, tuple[Bought, ...]]
    owned: Mapping[int, Bought]

    def fresh(self, index: Index) -> np.ndarray:
        """Which rows may still be asserted: consumables bought within two half-lives."""
        return (self.newest <= 2.0 * index.half_life[self.place]) & ~index.durable[self.place]


def read_taste(bought: Sequence[Bought], index: Index, *, rules: Quarantine, now: datetime) -> Taste:
    """The taste that `bought` gives at `now`. Things no longer in the catalogue and things in quarantine say
    nothing."""
    by_place: dict[int, list[Bought]] = {}
    # In one order, whatever the caller's: sums of floats must come out the same.
    for line in sorted(bought, key=lambda each: (each.at, each.id)):
        place = index.place.get(line.sku)
        if place is not None and line.at <= now:
            by_place.setdefault(place, []).append(line)
    owned = _owned(by_place, index, now)
    counted = {place: kept for place, lines in by_place.items() if (kept := _released(place, lines, index, rules))}
    places = np.fromiter(counted, dtype=np.int64, count=len(counted))
    return Taste(place=places, **_weights(counted, index, now), lines=counted, owned=owned)


def _weights(counted: Mapping[int, tuple[Bought, ...]], index: Index, now: datetime) -> dict[str, np.ndarray]:
    sizes = np.fromiter((len(lines) for lines in counted.values()), dtype=np.int64, count=len(counted))
    if not len(sizes):
        empty = np.zeros(0)
        return {"weight": empty, "newest": empty, "occasions": np.zeros(0, dtype=np.int64)}
    stamp = now.timestamp()
    times = np.array([line.at.timestamp() for lines in counted.values() for line in lines])
    ages = np.maximum(stamp - times, 0.0) / _DAY
    row = np.repeat(np.arange(len(sizes)), sizes)
    half = index.half_life[np.fromiter(counted, dtype=np.int64, count=len(counted))]
    weight = np.bincount(row, weights=0.5 ** (ages / half[row]), minlength=len(sizes))
    newest = np.minimum.reduceat(ages, np.concatenate([[0], np.cumsum(sizes)[:-1]]))
    return {"weight": weight, "newest": newest, "occasions": _occasions(row, times, len(sizes))}


def _occasions(row: np.ndarray, times: Floats, rows: int) -> np.ndarray:
    """Distinct days of each row: two of the same thing on one day are one occasion."""
    days = np.unique(np.stack([row, (times // _DAY).astype(np.int64)]), axis=1)
    return np.bincount(days[0], minlength=rows)


def _released(place: int, lines: Sequence[Bought], index: Index, rules: Quarantine) -> tuple[Bought, ...]:
    """The lines that count: all of them once a quarantined thing was bought on enough days or confirmed."""
    open_lines = tuple(line for line in lines if not in_quarantine(line, place, index, rules))
    if len(open_lines) == len(lines) or len(lines) < 2:
        return open_lines
    days = {int(line.at.timestamp() // _DAY) for line in lines}
    return tuple(lines) if len(days) >= rules.occasions else open_lines


def in_quarantine(line: Bought, place: int, index: Index, rules: Quarantine) -> bool:
    """Whether this purchase alone says nothing of taste: a gift, a bargain, an impulse buy, and not confirmed."""
    if line.confirmed:
        return False
    usual = index.usual_price[place]
    bargain = 0.0 < line.price < rules.sale_below * usual
    return line.gift or line.impulse or bargain or bool(index.impulsive[place])


def _owned(by_place: Mapping[int, Iterable[Bought]], index: Index, now: datetime) -> dict[int, Bought]:
    """Kind of durable -> the newest purchase still within its replacement window. A gift is at somebody else's home."""
    owned: dict[int, Bought] = {}
    for place, lines in by_place.items():
        if not index.durable[place]:
            continue
        for line in lines:
            if line.gift or age_days(line.at, now) >= index.window[place]:
                continue
            kind = int(index.kind[place])
            if kind not in owned or owned[kind].at < line.at:
                owned[kind] = line
    return owned

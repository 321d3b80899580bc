"""Everything that could be shown to a customer with its likelihood, before anything is chosen.

Every score rests on nothing but its own evidence: what is known of one thing never changes the score of another, and no
score is divided by a customer's total. That is what makes reasons exact. All scores estimate one thing, the chance that
it is in the next order, and so can be compared across the three slots.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

import numpy as np

from bot.offering.guards import PRODUCT, barrier_of, matches
from bot.offering.history import Bought, Kind, Stated, Taste, read_taste
from bot.offering.index import Index, new_since
from bot.offering.reasons import Barrier
from bot.offering.rules import OfferRules
from bot.offering.shelf import Shelf
from bot.offering.value import Floats

# Of each slot so many are looked at; a set has four places and a ranking seldom more than twenty.
_KEPT = 120
# Days for which a thing that was added counts as new.
NEW_DAYS = 60


class Slot(StrEnum):
    """Where a choice comes from: bought before, near to that, new to the customer, or plainly popular."""

    FAMILIAR = "familiar"
    ADJACENT = "adjacent"
    NOVEL = "novel"
    POPULAR = "popular"


@dataclass(frozen=True)
class Weights:
    """How likely each slot makes a thing; chosen on a validation period of Complete Journey (benchmarks/offering).

    Familiar: `familiar` * repeat rate ** `repeat` * occasions ** `often` * faded weight ** `faded`: frequency times
    recency. The repeat rate is the product's, worth `others` people, and the customer's own returns to it. Adjacent:
    `adjacent` * the chance given the neighbour * w / (w + `half`), w being the neighbour's weight. Popular: `popular` *
    share of recent purchases; it is part of the other two as well. `liked` and `disliked` multiply. `same_kind` and
    `same_category` are how alike two things are held to be when a set is varied.
    """

    familiar: float = 0.2
    others: float = 5.0
    repeat: float = 0.8
    often: float = 0.5
    faded: float = 0.5
    half: float = 2.0
    adjacent: float = 0.05
    popular: float = 2.5
    liked: float = 4.0
    said: float = 0.75
    disliked: float = 0.25
    same_kind: float = 0.5
    same_category: float = 0.2


@dataclass(frozen=True)
class Wanted:
    """What was asked for. `for_other`: a gift, so the customer's own taste, past and allergies are left aside."""

    category: str | None = None
    kind: str | None = None
    below: Decimal | None = None
    added_since: date | None = None
    for_other: bool = False
    exclude: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Person:
    """What is known of the customer: purchases and facts that may be used now (the caller holds the consent)."""

    bought: tuple[Bought, ...] = ()
    stated: tuple[Stated, ...] = ()

    def facts(self, now: datetime) -> tuple[Stated, ...]:
        """The facts that still hold, oldest first, so that the newest has the last word."""
        return tuple(sorted((fact for fact in self.stated if fact.holds(now)), key=lambda fact: (fact.at, fact.id)))


@dataclass(frozen=True)
class Candidates:
    """Parallel arrays, one entry a thing and slot. `source` is the neighbour an adjacent one comes from (-1: none);
    `blocked` is 0 when free, else 1 + the place in `blocks`."""

    place: np.ndarray
    slot: np.ndarray
    score: Floats
    source: np.ndarray
    blocked: np.ndarray
    blocks: tuple[tuple[Barrier, Bought | Stated | None], ...]
    taste: Taste
    boosts: dict[int, Stated]


SLOTS = (Slot.FAMILIAR, Slot.ADJACENT, Slot.NOVEL, Slot.POPULAR)
_F, _A, _N, _P = range(4)


def gather(
    person: Person,
    *,
    index: Index,
    shelf: Shelf,
    rules: OfferRules,
    weights: Weights,
    wanted: Wanted,
    now: datetime,
) -> Candidates:
    """All candidates for this customer. Blocked ones stay in, so that it can be told what was held back and why."""
    taste = read_taste(person.bought, index, rules=rules.quarantine, now=now)
    facts = person.facts(now)
    fresh = taste.fresh(index)
    strength = taste.weight / (taste.weight + weights.half) if len(taste.weight) else taste.weight
    popular = weights.popular * index.popular
    rows = [
        _familiar(taste, fresh, index=index, popular=popular, weights=weights),
        _adjacent(taste, fresh, strength, index=index, popular=popular, weights=weights),
        _popular(taste, index=index, popular=popular, wanted=wanted),
    ]
    place, slot, score, source = (np.concatenate(column) for column in zip(*rows, strict=True))
    keep = _asked_for(place, index, wanted) & (index.on_sale[place] <= now.date().toordinal())
    place, slot, score, source = place[keep], slot[keep], score[keep], source[keep]
    keep = np.sort(_strongest(slot, score))
    place, slot, score, source = place[keep], slot[keep], score[keep], source[keep]
    opinions = tuple(fact for fact in reversed(facts) if fact.kind in (Kind.LIKE, Kind.DISLIKE))
    bans = tuple(fact for fact in facts if fact.kind in (Kind.NEVER, Kind.NOT_AGAIN))
    barriers = _Barriers(taste, fresh, opinions, bans, index=index, shelf=shelf, weights=weights)
    return barriers.applied(place, slot, score, source)


_Rows = tuple[np.ndarray, np.ndarray, Floats, np.ndarray]


def _familiar(taste: Taste, fresh: np.ndarray, *, index: Index, popular: Floats, weights: Weights) -> _Rows:
    place = taste.place[fresh]
    times = taste.occasions[fresh]
    # Whoever came back for a thing does come back for it, whatever others do.
    rate = (weights.others * index.repeat[place] + times - 1.0) / (weights.others + 1.0)
    habit = times**weights.often * taste.weight[fresh] ** weights.faded
    return _rows(place, _F, weights.familiar * rate**weights.repeat * habit + popular[place])


def _adjacent(
    taste: Taste, fresh: np.ndarray, strength: Floats, *, index: Index, popular: Floats, weights: Weights
) -> _Rows:
    """Neighbours of what is asserted, each by its one best source, so that the reason can name that source alone."""
    owned = np.array([index.place[line.sku] for line in taste.owned.values()], dtype=np.int64)
    sources = np.concatenate([taste.place[fresh], owned])
    pull = np.concatenate([strength[fresh], np.full(len(owned), 0.5)])
    in_order = np.argsort(sources, kind="stable")
    sources, pull = sources[in_order], pull[in_order]
    near = index.near[sources]
    value = (weights.adjacent * pull[:, None] * index.strength[sources]).ravel()
    target, source = near.ravel(), np.repeat(sources, near.shape[1])
    found = (target >= 0) & (value > 0)
    target, value, source = target[found].astype(np.int64), value[found], source[found]
    # Of equally strong sources the first in the index.
    order = np.lexsort((-value, target))
    target, value, source = target[order], value[order], source[order]
    first = np.flatnonzero(np.diff(target, prepend=-1))
    place = target[first]
    return _rows(place, _A, value[first] + popular[place], source[first])


def _popular(taste: Taste, *, index: Index, popular: Floats, wanted: Wanted) -> _Rows:
    """What is popular: novel to a customer who never bought it, plainly popular to one whose purchase has faded."""
    name = f"{wanted.category}/{wanted.kind}" if wanted.kind else wanted.category
    pool = index.pool if name is None else index.pools.get(name, np.zeros(0, dtype=np.int64))
    if wanted.below is not None or wanted.added_since is not None:
        # The most popular things may all be too dear or too old: look at the whole shelf.
        pool = np.flatnonzero(index.on_brand)
    faded = pool[_among(pool, taste.place)]
    both = np.concatenate([pool, faded])
    return _rows(both, np.repeat([_N, _P], [len(pool), len(faded)]), popular[both])


def _rows(place: np.ndarray, slot: int | np.ndarray, score: Floats, source: np.ndarray | None = None) -> _Rows:
    slots = np.full(len(place), slot, dtype=np.int64) if isinstance(slot, int) else slot
    return place.astype(np.int64), slots, score, np.full(len(place), -1) if source is None else source


def _asked_for(place: np.ndarray, index: Index, wanted: Wanted) -> np.ndarray:
    keep = index.on_brand[place]
    if wanted.category is not None:
        code = index.categories.index(wanted.category) if wanted.category in index.categories else -1
        keep &= index.category[place] == code
    if wanted.kind is not None:
        keep &= np.array([index.kinds[kind][1] == wanted.kind for kind in index.kind[place]], dtype=bool)
    if wanted.below is not None:
        keep &= index.price[place] < float(wanted.below)
    if wanted.added_since is not None:
        keep &= new_since(index, wanted.added_since)[place]
    if wanted.exclude:
        out = [index.place[sku] for sku in wanted.exclude if sku in index.place]
        keep &= ~np.isin(place, out)
    return np.asarray(keep)


def _among(place: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Which entries are among `known`, which is in order."""
    if not len(known):
        return np.zeros(len(place), dtype=bool)
    return np.asarray(known[np.minimum(np.searchsorted(known, place), len(known) - 1)] == place)


def _strongest(slot: np.ndarray, score: Floats) -> np.ndarray:
    kept = []
    for code in range(len(SLOTS)):
        mine = np.flatnonzero(slot == code)
        kept.append(mine[np.argsort(-score[mine], kind="stable")[:_KEPT]])
    return np.concatenate(kept)


@dataclass(frozen=True)
class _Barriers:
    """What keeps candidates back, and what facts do to their scores."""

    taste: Taste
    fresh: np.ndarray
    opinions: tuple[Stated, ...]
    bans: tuple[Stated, ...]
    index: Index
    shelf: Shelf
    weights: Weights

    def applied(self, place: np.ndarray, slot: np.ndarray, score: Floats, source: np.ndarray) -> Candidates:
        blocks: list[tuple[Barrier, Bought | Stated | None]] = []
        blocked = np.zeros(len(place), dtype=np.int64)
        opinion = self._first(self.opinions, place)
        liked = np.array([fact.kind is Kind.LIKE for fact in self.opinions] + [False], dtype=bool)[opinion]
        # Also what is held back: it must be noted when it would have been shown.
        score = np.where(liked, self.weights.liked * score + self.weights.said, score)
        boosts = {int(place[at]): self.opinions[opinion[at]] for at in np.flatnonzero(liked)}
        for at, block in self._blocks(place, slot):
            blocks.append(block)
            blocked[at] = len(blocks)
        twins = np.flatnonzero((opinion >= 0) & ~liked & (blocked == 0)).tolist()
        blocks += [(Barrier.DISLIKED, self.opinions[opinion[at]]) for at in twins]
        return self._with_twins(place, slot, score, source, blocked, blocks=blocks, boosts=boosts, twins=twins)

    def _with_twins(
        self,
        place: np.ndarray,
        slot: np.ndarray,
        score: Floats,
        source: np.ndarray,
        blocked: np.ndarray,
        *,
        blocks: list[tuple[Barrier, Bought | Stated | None]],
        boosts: dict[int, Stated],
        twins: list[int],
    ) -> Candidates:
        """A disliked thing is there twice: blocked at its full score (that is what the dislike took), free at a low
        one."""
        if twins:
            marks = [at + 1 for at, (barrier, _) in enumerate(blocks) if barrier is Barrier.DISLIKED]
            place, slot = np.append(place, place[twins]), np.append(slot, slot[twins])
            source, blocked = np.append(source, source[twins]), np.append(blocked, marks)
            full = score[twins]
            score[twins] *= self.weights.disliked
            score = np.append(score, full)
        return Candidates(place, slot, score, source, blocked, tuple(blocks), self.taste, boosts)

    def _blocks(
        self, place: np.ndarray, slot: np.ndarray
    ) -> Iterator[tuple[int, tuple[Barrier, Bought | Stated | None]]]:
        """Each entry that something keeps back, with the first thing that does."""
        index = self.index
        owned = index.durable[place] & np.isin(index.kind[place], list(self.taste.owned))
        banned = self._first(self.bans, place)
        asserted = _among(place, self.taste.place[self.fresh]) & (slot != _F)
        faded = _among(place, self.taste.place) & ((slot == _A) | (slot == _N))
        for at in np.flatnonzero(owned | (banned >= 0) | asserted | faded).tolist():
            if owned[at]:
                yield at, (Barrier.OWNED, self.taste.owned[int(index.kind[place[at]])])
            elif banned[at] >= 0:
                ban = self.bans[banned[at]]
                yield at, (barrier_of(ban), ban)
            else:
                yield at, (Barrier.KNOWN if asserted[at] else Barrier.FADED, None)

    def _first(self, facts: Sequence[Stated], place: np.ndarray) -> np.ndarray:
        """For each entry the first of the facts that concerns the product, by its number; -1 where none does."""
        first = np.full(len(place), -1, dtype=np.int64)
        for number in reversed(range(len(facts))):
            first[self._concerned(facts[number], place)] = number
        return first

    def _concerned(self, fact: Stated, place: np.ndarray) -> np.ndarray:
        index, value = self.index, fact.value
        if fact.about == PRODUCT:
            return np.asarray(place == index.place.get(value, -1))
        if fact.about == "category":
            return np.isin(index.category[place], [n for n, name in enumerate(index.categories) if name == value])
        if fact.about in ("kind", "tag"):
            products = self.shelf.products
            return np.array([matches(fact, products[index.skus[each]]) for each in place.tolist()], dtype=bool)
        return np.zeros(len(place), dtype=bool)


def together(index: Index, source: int, where: int) -> bool:
    """Whether two neighbours are bought by the same people (else they are merely alike)."""
    column = int(np.flatnonzero(index.near[source] == where)[0])
    return bool(index.together[source, column])


def person_without(person: Person, without: Sequence[str]) -> Person:
    """The person as if some purchases and facts had never been."""
    gone = set(without)
    return Person(
        tuple(line for line in person.bought if line.id not in gone),
        tuple(fact for fact in person.stated if fact.id not in gone),
    )

"""One run of the choice: slot by slot the best that can be made, noting what was held back on the way."""

from __future__ import annotations

import math
from collections import Counter
from datetime import datetime
from hashlib import blake2b
from typing import Protocol

import numpy as np

from bot.offering.candidates import NEW_DAYS, SLOTS, Candidates, Person, Slot, Weights, together
from bot.offering.guards import Fit, Refusal, fit
from bot.offering.history import Bought, Kind, Stated, Taste, age_days
from bot.offering.index import Index
from bot.offering.ranking import HeldBack, Option, Ranking, Unavailable
from bot.offering.reasons import Barrier, Code, Evidence, Reason, of_fact, of_purchases
from bot.offering.rules import OfferRules
from bot.offering.shelf import Shelf
from bot.offering.value import Floats

# Scores span about three powers of ten; on this scale a likelihood of a thousandth counts like being wholly alike.
_SPAN = math.log(1000.0)
_F, _A, _N, _P = range(4)
_ALL = {_F, _A, _N, _P}


class Shop(Protocol):
    """The shop's side of a choice; `choices.Engine` is one."""

    @property
    def shelf(self) -> Shelf: ...
    @property
    def index(self) -> Index: ...
    @property
    def rules(self) -> OfferRules: ...
    @property
    def weights(self) -> Weights: ...


class Selection:
    """One run of the choice: greedy by maximal marginal relevance, slot by slot."""

    def __init__(self, shop: Shop, person: Person, found: Candidates, *, seed: str, now: datetime) -> None:
        self.shop, self.found, self.now = shop, found, now
        self.facts = person.facts(now)
        self.worth = np.log(np.maximum(found.score, 1e-12)) / _SPAN
        self.seed = seed
        self.open = np.ones(len(found.place), dtype=bool)
        self.alike: Floats = np.zeros(len(found.place))
        self.picked: list[Option] = []
        self.held: dict[tuple[str, Barrier], HeldBack] = {}
        self.faded: list[HeldBack] = []
        self.out: dict[str, str] = {}

    def run(self, limit: int) -> Ranking:
        """At most `limit` options, the best first, one of them new where there is any; and what was held back."""
        explored = 1 if limit >= 2 and self._has(_N) else 0
        places = limit - explored
        while len(self.picked) < places:
            # A slot kept free may turn out to hold nothing that can be made.
            if not self._pick(self._due(places), noise=None) and not self._pick(_ALL, noise=None):
                break
        if explored and not self._pick({_N}, noise=self._noise()):
            self._pick(_ALL, noise=None)
        shown = {option.sku for option in self.picked}
        # What was disliked and yet is shown is shown further down than it would be.
        held = tuple(h for h in self.held.values() if h.sku not in shown or h.barrier is Barrier.DISLIKED)
        return Ranking(tuple(self.picked), (*held, *self.faded), self._unavailable())

    def _has(self, slot: int) -> bool:
        """Whether a place can be kept for the slot. When all of it is held back, that shapes the set, and is noted."""
        mine = np.flatnonzero(self.open & (self.found.slot == slot))
        if (self.found.blocked[mine] == 0).any():
            return True
        for entry in mine.tolist():
            self._hold(entry)
        return False

    def _due(self, places: int) -> set[int]:
        """The slots that the next place is open to: all, until the places left are needed for slots still empty."""
        filled = {option.slot for option in self.picked}
        due = {slot for slot in (_F, _A) if SLOTS[slot] not in filled and self._has(slot)}
        left = places - len(self.picked)
        if left == 1 and len(due) == 2:
            due = {_F}
        return due if due and left <= len(due) else _ALL

    def _noise(self) -> Floats:
        """A draw for each thing of its own, from seed and name: what else there is does not change it."""
        spread = self.shop.rules.choices.exploration / _SPAN
        if spread == 0:
            return np.zeros(len(self.found.place))
        noise = np.zeros(len(self.found.place))
        for entry in np.flatnonzero(self.found.slot == _N):
            noise[entry] = spread * _gumbel(self.seed, self.shop.index.skus[self.found.place[entry]])
        return noise

    def _pick(self, slots: set[int], *, noise: Floats | None) -> bool:
        """Takes the best open entry of the slots that can be made; False when there is none."""
        # Variety is for what is seen at once; a ranking that is longer than a set goes on by likelihood alone.
        seen_at_once = len(self.picked) < self.shop.rules.choices.options
        relevance = self.shop.rules.choices.relevance if seen_at_once else 1.0
        worth = self.worth if noise is None else self.worth + noise
        value = relevance * worth - (1.0 - relevance) * self.alike
        allowed = self.open & np.array([slot in slots for slot in range(len(SLOTS))])[self.found.slot]
        order = np.flatnonzero(allowed)
        # Equal values go by place, and a blocked entry before a free one: a tie is decided by what blocks it.
        order = order[np.lexsort((self.found.place[order], self.found.blocked[order] == 0, -value[order]))]
        for entry in order.tolist():
            if not self.open[entry]:
                continue
            if self.found.blocked[entry]:
                self._hold(entry)
                continue
            made = self._make(entry)
            if made is not None:
                self._take(entry, made)
                return True
        return False

    def _hold(self, entry: int) -> None:
        barrier, by = self.found.blocks[int(self.found.blocked[entry]) - 1]
        where = int(self.found.place[entry])
        sku = self.shop.index.skus[where]
        if (sku, barrier) in self.held or any(option.sku == sku for option in self.picked):
            return
        if isinstance(by, Stated):
            evidence: tuple[Evidence, ...] = (of_fact(by, self.now),)
        else:
            lines = (by,) if isinstance(by, Bought) else self.found.taste.lines(where)
            evidence = of_purchases(lines, self.now)
        self.held[sku, barrier] = HeldBack(sku, barrier, evidence)

    def _make(self, entry: int) -> Option | None:
        """The entry as an option, or None (and the thing closed) when it cannot be shown to this customer."""
        where = int(self.found.place[entry])
        sku = self.shop.index.skus[where]
        product = self.shop.shelf.products[sku]
        familiar = int(self.found.slot[entry]) == _F
        usual = _usual(self.found.taste, where, self.shop.index, self.now) if familiar else {}
        made = fit(product, usual, self._wishes(where), shelf=self.shop.shelf, rules=self.shop.rules)
        if isinstance(made, Refusal):
            self._refuse(where, made, familiar=familiar)
            return None
        return self._option(entry, made)

    def _wishes(self, where: int) -> tuple[Stated, ...]:
        """The facts, but for a module wish that later orders of this very thing have overtaken."""
        lines = self.found.taste.lines(where)
        newest = max((line.at for line in lines if line.modules), default=None)
        if newest is None:
            return self.facts
        return tuple(fact for fact in self.facts if fact.kind is not Kind.MODULE or fact.at >= newest)

    def _refuse(self, where: int, refusal: Refusal, *, familiar: bool) -> None:
        sku = self.shop.index.skus[where]
        self.open &= self.found.place != where
        if refusal.problem is not None and familiar:
            self.out[sku] = refusal.problem
        if refusal.barrier is not None:
            evidence = tuple(of_fact(fact, self.now) for fact in refusal.facts)
            self.held[sku, refusal.barrier] = HeldBack(sku, refusal.barrier, evidence)

    def _take(self, entry: int, option: Option) -> None:
        found, index, weights = self.found, self.shop.index, self.shop.weights
        where = int(found.place[entry])
        self.picked.append(option)
        if option.slot is Slot.POPULAR:
            evidence = of_purchases(found.taste.lines(where), self.now)
            self.faded.append(HeldBack(option.sku, Barrier.FADED, evidence))
        self.open &= found.place != where
        same_category = index.category[found.place] == index.category[where]
        same_kind = index.kind[found.place] == index.kind[where]
        near = np.where(same_kind, weights.same_kind, np.where(same_category, weights.same_category, 0.0))
        self.alike = np.maximum(self.alike, near)

    def _option(self, entry: int, made: Fit) -> Option:
        where, slot = int(self.found.place[entry]), SLOTS[int(self.found.slot[entry])]
        code, arguments, evidence = self._because(entry, where)
        shaped = tuple(of_fact(fact, self.now) for fact in made.facts)
        newest = min((each.age_days for each in evidence if each.kind == "purchase"), default=0.0)
        aged = slot is Slot.FAMILIAR and newest >= float(self.shop.index.half_life[where])
        arguments = {"product": self.shop.index.skus[where], **arguments}
        return Option(
            sku=self.shop.index.skus[where],
            slot=slot,
            reason=Reason(Code.STILL if aged else code, arguments, evidence + shaped),
            score=float(self.found.score[entry]),
            modules=made.modules,
            ask=aged,
            left_open=made.lost,
        )

    def _because(self, entry: int, where: int) -> tuple[Code, dict[str, object], tuple[Evidence, ...]]:
        taste, slot, source = self.found.taste, int(self.found.slot[entry]), int(self.found.source[entry])
        liked = self.found.boosts.get(where)
        said: tuple[Evidence, ...] = (of_fact(liked, self.now),) if liked else ()
        if slot == _F:
            evidence = of_purchases(taste.lines(where), self.now)
            times = int(taste.occasions[np.flatnonzero(taste.place == where)[0]])
            days = round(evidence[0].age_days)
            return (
                (Code.BOUGHT_OFTEN if times > 1 else Code.BOUGHT_ONCE),
                {"times": times, "days": days},
                evidence + said,
            )
        if slot == _A:
            return self._near(where, source, said)
        if liked is not None:
            days = round(said[0].age_days)
            return Code.YOU_SAID, {"about": liked.about, "value": liked.value, "days": days}, said
        added = int(self.shop.index.added[where])
        fresh = added > 0 and self.now.date().toordinal() - added <= NEW_DAYS
        return (Code.NEW if fresh else Code.POPULAR), {}, ()

    def _near(
        self, where: int, source: int, said: tuple[Evidence, ...]
    ) -> tuple[Code, dict[str, object], tuple[Evidence, ...]]:
        taste, index = self.found.taste, self.shop.index
        owned = taste.owned.get(int(index.kind[source])) if index.durable[source] else None
        evidence = of_purchases((owned,) if owned else taste.lines(source), self.now)
        arguments: dict[str, object] = {"source": index.skus[source], "days": round(evidence[0].age_days)}
        if owned:
            return Code.GOES_WITH, arguments, evidence + said
        return (Code.TOGETHER if together(index, source, where) else Code.ALIKE), arguments, evidence + said

    def _unavailable(self) -> tuple[Unavailable, ...]:
        """Familiar things that are out, each with the first option that is not familiar in its place."""
        others = [option.sku for option in self.picked if option.slot is not Slot.FAMILIAR]
        spare = iter([*others, *(option.sku for option in self.picked if option.slot is Slot.FAMILIAR)])
        return tuple(Unavailable(sku, problem, next(spare, None)) for sku, problem in self.out.items())


def _usual(taste: Taste, where: int, index: Index, now: datetime) -> dict[str, str]:
    """The modules usually taken with a thing, as one combination that was really ordered: the heaviest, then the
    newest."""
    weight: Counter[tuple[tuple[str, str], ...]] = Counter()
    newest: dict[tuple[tuple[str, str], ...], datetime] = {}
    half_life = float(index.half_life[where])
    for line in taste.lines(where):
        weight[line.modules] += 0.5 ** (age_days(line.at, now) / half_life)
        newest[line.modules] = max(line.at, newest.get(line.modules, line.at))
    best = max(weight, key=lambda modules: (weight[modules], newest[modules], modules))
    return dict(best)


def _gumbel(seed: str, sku: str) -> float:
    draw = int.from_bytes(blake2b(f"{seed}\x1f{sku}".encode(), digest_size=7).digest(), "big")
    return -math.log(-math.log((draw + 0.5) / 2.0**56))

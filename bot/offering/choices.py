"""A small, honest set of choices: something familiar, something near it, something new; the same set for the same seed.

Never one thing alone and never the usual as a matter of course: a set has two to four options, "something else" and
"no thanks". Too little known: one question, or popular things that are called popular.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b

import numpy as np

from bot.offering.candidates import (
    NEW_DAYS,
    SLOTS,
    Candidates,
    Person,
    Slot,
    Wanted,
    Weights,
    evidence_for_place,
    gather,
    liked_only,
    together,
)
from bot.offering.guards import Fit, Refusal, fit
from bot.offering.history import Bought, Kind, Stated, Taste, age_days
from bot.offering.index import Index
from bot.offering.reasons import Barrier, Code, Evidence, Reason, of_fact, of_purchases
from bot.offering.rules import OfferRules
from bot.offering.shelf import Shelf
from bot.offering.value import Floats

EXITS = ("something_else", "no_thanks")
# Scores span about three powers of ten; on this scale a likelihood of a thousandth counts like being wholly alike.
_SPAN = math.log(1000.0)
_F, _A, _N, _P = range(4)
_ALL = {_F, _A, _N, _P}


class SetKind(StrEnum):
    """What is shown: a set of one's own, popular things labelled as such, a question first, or nothing at all."""

    PERSONAL = "personal"
    POPULAR = "popular"
    QUESTION = "question"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Option:
    """One option: a product with the modules suggested (others are asked for). `ask`: put it as a question ("still
    oat milk?"), for what it rests on is at least a half-life old. `score`: the estimated chance, never shown."""

    sku: str
    slot: Slot
    reason: Reason
    score: float
    modules: Mapping[str, str] = field(default_factory=dict)
    ask: bool = False
    left_open: tuple[str, ...] = ()


@dataclass(frozen=True)
class HeldBack:
    """A likelier thing that was kept out, by what the customer bought or said."""

    sku: str
    barrier: Barrier
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True)
class Unavailable:
    """A familiar thing that cannot be had now, with the shop's problem code; `by` is what stands in its place."""

    sku: str
    problem: str
    by: str | None = None


@dataclass(frozen=True)
class Ranking:
    """Options, best first, the last one drawn from what is new; and what was kept out, with its evidence."""

    options: tuple[Option, ...]
    held_back: tuple[HeldBack, ...] = ()
    unavailable: tuple[Unavailable, ...] = ()

    def cited(self) -> frozenset[str]:
        """The ids of all purchases and facts that this ranking rests on."""
        parts = [option.reason.evidence for option in self.options] + [held.evidence for held in self.held_back]
        return frozenset(each.id for part in parts for each in part)


@dataclass(frozen=True)
class ChoiceSet:
    """What the assistant shows: options (familiar first, novel last) and the two exits, or a question (`ask_for_whom`,
    `ask_category`) instead."""

    kind: SetKind
    ranking: Ranking
    confidence: float
    question: str | None = None
    exits: tuple[str, ...] = EXITS

    @property
    def options(self) -> tuple[Option, ...]:
        return self.ranking.options


@dataclass(frozen=True)
class Engine:
    """The shop's side of every choice: catalogue, index, rules. Immutable; one serves all customers and threads."""

    shelf: Shelf
    index: Index
    rules: OfferRules
    weights: Weights = field(default_factory=Weights)

    def rank(self, person: Person, *, seed: str, now: datetime, limit: int, wanted: Wanted = Wanted()) -> Ranking:
        """The `limit` best things for this customer, fewer if the shop has fewer; deterministic for its arguments.

        The last one is always new to the customer where there is such a thing, drawn by `seed`. With three or more,
        one is near to what was bought where there is such a thing. What cannot be made, is off brand, or was ruled out
        is never among them.
        """
        if wanted.for_other:
            person = Person()
        found = gather(
            person, index=self.index, shelf=self.shelf, rules=self.rules, weights=self.weights, wanted=wanted, now=now
        )
        return _Selection(self, person, found, seed=seed, now=now).run(limit)

    def choose(
        self,
        person: Person,
        *,
        seed: str,
        now: datetime,
        wanted: Wanted = Wanted(),
        questions_left: int = 0,
        asked: frozenset[str] = frozenset(),
    ) -> ChoiceSet:
        """A set to show. Below the confidence threshold: the next question if `questions_left`, else popular things.

        Call it with an empty Person where personalisation is not granted (keep allergies that were given to protect):
        the set is then the plain, popular one. Confidence counts only what the set itself cites.
        """
        limit = self.rules.choices.options
        ranking = self.rank(person, seed=seed, now=now, limit=limit, wanted=wanted)
        confidence = _confidence(ranking, person, self.index, now)
        if confidence >= self.rules.choices.confidence:
            return _shown(SetKind.PERSONAL, ranking, confidence)
        question = _question(wanted, asked) if questions_left > 0 else None
        if question is not None:
            return ChoiceSet(SetKind.QUESTION, Ranking(()), confidence, question)
        return _shown(SetKind.POPULAR, self.popular(person, seed=seed, now=now, limit=limit, wanted=wanted), confidence)

    def popular(self, person: Person, *, seed: str, now: datetime, limit: int, wanted: Wanted = Wanted()) -> Ranking:
        """What is popular with everyone, whatever this customer bought; allergies, diets and nevers still hold."""
        absolute = (Kind.ALLERGY, Kind.DIET, Kind.NEVER, Kind.NOT_AGAIN)
        plain = Person(stated=tuple(fact for fact in person.stated if fact.kind in absolute))
        ranking = self.rank(plain, seed=seed, now=now, limit=limit, wanted=wanted)
        options = tuple(replace(option, slot=Slot.POPULAR) for option in ranking.options)
        return replace(ranking, options=options)

    def ablate(
        self,
        person: Person,
        option: Option,
        *,
        seed: str,
        now: datetime,
        limit: int,
        wanted: Wanted = Wanted(),
    ) -> Option:
        """The option with `also` filled in: chosen once more as if its evidence had never been, for "why this?"."""
        if not option.reason.evidence:
            return option
        without = liked_only(person, [each.id for each in option.reason.evidence])
        again = self.rank(without, seed=seed, now=now, limit=limit, wanted=wanted)
        also = next((other.reason.code for other in again.options if other.sku == option.sku), None)
        return replace(option, reason=replace(option.reason, also=also))


def _shown(kind: SetKind, ranking: Ranking, confidence: float) -> ChoiceSet:
    if len(ranking.options) < 2:
        return ChoiceSet(SetKind.NOTHING, replace(ranking, options=()), confidence)
    in_order = sorted(ranking.options, key=lambda option: SLOTS.index(option.slot))
    return ChoiceSet(kind, replace(ranking, options=tuple(in_order)), confidence)


def _question(wanted: Wanted, asked: frozenset[str]) -> str | None:
    if "ask_for_whom" not in asked and not wanted.for_other:
        return "ask_for_whom"
    return "ask_category" if "ask_category" not in asked and wanted.category is None else None


def _confidence(ranking: Ranking, person: Person, index: Index, now: datetime) -> float:
    """1 - 0.5 ** w, w being the weight of all that the options cite: one fresh purchase .5, two .75; a fact like
    one."""
    cited = {each.id for option in ranking.options for each in option.reason.evidence}
    half_lives = [
        age_days(line.at, now) / index.half_life[index.place[line.sku]]
        for line in person.bought
        if line.id in cited and line.sku in index.place
    ]
    facts = sum(fact.id in cited for fact in person.stated)
    return 1.0 - 0.5 ** (math.fsum(0.5**age for age in half_lives) + facts)


class _Selection:
    """One run of the choice: greedy by maximal marginal relevance, slot by slot."""

    def __init__(self, engine: Engine, person: Person, found: Candidates, *, seed: str, now: datetime) -> None:
        self.engine, self.found, self.now = engine, found, now
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
        spread = self.engine.rules.choices.exploration / _SPAN
        if spread == 0:
            return np.zeros(len(self.found.place))
        noise = np.zeros(len(self.found.place))
        for entry in np.flatnonzero(self.found.slot == _N):
            noise[entry] = spread * _gumbel(self.seed, self.engine.index.skus[self.found.place[entry]])
        return noise

    def _pick(self, slots: set[int], *, noise: Floats | None) -> bool:
        """Takes the best open entry of the slots that can be made; False when there is none."""
        # Variety is for what is seen at once; a ranking that is longer than a set goes on by likelihood alone.
        seen_at_once = len(self.picked) < self.engine.rules.choices.options
        relevance = self.engine.rules.choices.relevance if seen_at_once else 1.0
        worth = self.worth if noise is None else self.worth + noise
        value = relevance * worth - (1.0 - relevance) * self.alike
        allowed = self.open & np.isin(self.found.slot, list(slots))
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
        sku = self.engine.index.skus[where]
        if (sku, barrier) in self.held or any(option.sku == sku for option in self.picked):
            return
        if isinstance(by, Stated):
            evidence: tuple[Evidence, ...] = (of_fact(by, self.now),)
        else:
            lines = (by,) if isinstance(by, Bought) else evidence_for_place(self.found.taste, where)
            evidence = of_purchases(lines, self.now)
        self.held[sku, barrier] = HeldBack(sku, barrier, evidence)

    def _make(self, entry: int) -> Option | None:
        """The entry as an option, or None (and the thing closed) when it cannot be shown to this customer."""
        where = int(self.found.place[entry])
        sku = self.engine.index.skus[where]
        product = self.engine.shelf.products[sku]
        familiar = int(self.found.slot[entry]) == _F
        usual = _usual(self.found.taste, where, self.engine.index, self.now) if familiar else {}
        made = fit(product, usual, self._wishes(where), shelf=self.engine.shelf, rules=self.engine.rules)
        if isinstance(made, Refusal):
            self._refuse(where, made, familiar=familiar)
            return None
        return self._option(entry, made)

    def _wishes(self, where: int) -> tuple[Stated, ...]:
        """The facts, but for a module wish that later orders of this very thing have overtaken."""
        lines = self.found.taste.lines.get(where, ())
        newest = max((line.at for line in lines if line.modules), default=None)
        if newest is None:
            return self.facts
        return tuple(fact for fact in self.facts if fact.kind is not Kind.MODULE or fact.at >= newest)

    def _refuse(self, where: int, refusal: Refusal, *, familiar: bool) -> None:
        sku = self.engine.index.skus[where]
        self.open &= self.found.place != where
        if refusal.problem is not None and familiar:
            self.out[sku] = refusal.problem
        if refusal.barrier is not None:
            evidence = tuple(of_fact(fact, self.now) for fact in refusal.facts)
            self.held[sku, refusal.barrier] = HeldBack(sku, refusal.barrier, evidence)

    def _take(self, entry: int, option: Option) -> None:
        found, index, weights = self.found, self.engine.index, self.engine.weights
        where = int(found.place[entry])
        self.picked.append(option)
        if option.slot is Slot.POPULAR:
            evidence = of_purchases(evidence_for_place(found.taste, where), self.now)
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
        aged = slot is Slot.FAMILIAR and newest >= float(self.engine.index.half_life[where])
        arguments = {"product": self.engine.index.skus[where], **arguments}
        return Option(
            sku=self.engine.index.skus[where],
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
            evidence = of_purchases(evidence_for_place(taste, where), self.now)
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
        added = int(self.engine.index.added[where])
        fresh = added > 0 and self.now.date().toordinal() - added <= NEW_DAYS
        return (Code.NEW if fresh else Code.POPULAR), {}, ()

    def _near(
        self, where: int, source: int, said: tuple[Evidence, ...]
    ) -> tuple[Code, dict[str, object], tuple[Evidence, ...]]:
        taste, index = self.found.taste, self.engine.index
        owned = taste.owned.get(int(index.kind[source])) if index.durable[source] else None
        evidence = of_purchases((owned,) if owned else evidence_for_place(taste, source), self.now)
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
    for line in taste.lines.get(where, ()):
        weight[line.modules] += 0.5 ** (age_days(line.at, now) / half_life)
        newest[line.modules] = max(line.at, newest.get(line.modules, line.at))
    best = max(weight, key=lambda modules: (weight[modules], newest[modules], modules))
    return dict(best)


def _gumbel(seed: str, sku: str) -> float:
    draw = int.from_bytes(blake2b(f"{seed}\x1f{sku}".encode(), digest_size=7).digest(), "big")
    return -math.log(-math.log((draw + 0.5) / 2.0**56))

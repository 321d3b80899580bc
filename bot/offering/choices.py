"""A small, honest set of choices: something familiar, something near it, something new; the same set for the same seed.

Never one thing alone and never the usual as a matter of course: a set has two to four options, "something else" and
"no thanks". Too little known: one question, or popular things that are called popular.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from bot.offering.candidates import SLOTS, Person, Slot, Wanted, Weights, gather, person_without
from bot.offering.history import Kind, age_days
from bot.offering.index import Index
from bot.offering.ranking import HeldBack, Option, Ranking, Unavailable
from bot.offering.rules import OfferRules
from bot.offering.selection import Selection
from bot.offering.shelf import Shelf

__all__ = ["EXITS", "ChoiceSet", "Engine", "HeldBack", "Option", "Ranking", "SetKind", "Unavailable"]

EXITS = ("something_else", "no_thanks")


class SetKind(StrEnum):
    """What is shown: a set of one's own, popular things labelled as such, a question first, or nothing at all."""

    PERSONAL = "personal"
    POPULAR = "popular"
    QUESTION = "question"
    NOTHING = "nothing"


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
        """What is shown, in order."""
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
        return Selection(self, person, found, seed=seed, now=now).run(limit)

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
        without = person_without(person, [each.id for each in option.reason.evidence])
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

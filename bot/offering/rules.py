"""The rules that marketers edit: what `data/offering/tiers.yml` and `offers.yml` may say, and within which bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

TierName = Literal["MVC", "MGC", "STANDARD", "BZ"]
Percent = Annotated[float, Field(ge=0, le=100)]
Share = Annotated[float, Field(ge=0, le=1)]
Amount = Annotated[float, Field(ge=0)]
Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class _Rule(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class ValueRules(_Rule):
    """Over which horizon value is counted, and from how many customers on a fitted model is trusted."""

    horizon_months: int = Field(12, ge=1, le=120)
    monthly_discount: float = Field(0.01, ge=0, le=0.2)
    model_from_customers: int = Field(200, ge=50)


class CostRules(_Rule):
    """Margin where no unit cost is known (share of the price, by category), and what handling costs the shop."""

    margin_share: dict[str, Share] = Field(default_factory=dict)
    other_margin_share: Share = 0.4
    order: Amount = 0.0
    returned_line: Amount = 0.0
    contact: Amount = 0.0


class SegmentRules(_Rule):
    """With whom a customer's potential is compared. Only behaviour may be named here, never age, region or gender."""

    by_category: bool = True
    min_customers: int = Field(20, ge=2)
    lapsed_below: Share = 0.5


class Band(_Rule):
    """A tier reached at one percentile and kept until below a lower one."""

    promote_at: Percent
    demote_below: Percent

    @model_validator(mode="after")
    def _keeps_its_distance(self) -> Band:
        if self.demote_below >= self.promote_at:
            raise ValueError("demote_below must lie under promote_at, or customers flap between two tiers")
        return self


class BelowZero(_Rule):
    """The evidence needed before anyone is held to be below zero."""

    min_transactions: int = Field(3, ge=3)
    min_cycles: float = Field(1.0, ge=1)


class Demotion(_Rule):
    """How a tier is left: so often in a row below, so many days between two countings, so much notice."""

    times_in_a_row: int = Field(2, ge=2)
    days_between: int = Field(28, ge=1)
    notice_days: int = Field(60, ge=60)


class TierRules(_Rule):
    """Everything in tiers.yml."""

    value: ValueRules = ValueRules()  # type: ignore[call-arg]
    costs: CostRules = CostRules()
    segments: SegmentRules = SegmentRules()  # type: ignore[call-arg]
    most_valuable: Band = Band(promote_at=80, demote_below=70)
    most_growable: Band = Band(promote_at=80, demote_below=70)
    below_zero: BelowZero = BelowZero()  # type: ignore[call-arg]
    demotion: Demotion = Demotion()  # type: ignore[call-arg]
    min_customers: int = Field(5, ge=1)


class Quarantine(_Rule):
    """Which purchases are not taken for taste until repeated or confirmed."""

    occasions: int = Field(2, ge=2)
    sale_below: Share = 0.85
    impulse_tags: frozenset[str] = frozenset()


class ChoiceRules(_Rule):
    """How a set of choices is made. `relevance` is MMR's lambda: 1 is pure ranking, 0 pure variety."""

    options: int = Field(4, ge=2, le=4)
    relevance: Share = 0.7
    confidence: Share = 0.6
    exploration: float = Field(0.25, ge=0, le=5)
    questions: int = Field(2, ge=0, le=5)
    unmet_need_people: int = Field(5, ge=5)
    unused_question_after: int = Field(50, ge=10)


class Brand(_Rule):
    """What the brand stands for. An empty list of categories allows all of them."""

    categories: frozenset[str] = frozenset()
    never_tags: frozenset[str] = frozenset()


class Interval(_Rule):
    """How often a category is bought again, for a shop too young to tell; learnt from orders as soon as it can be."""

    days: float = Field(gt=0, le=3650)


class Diet(_Rule):
    """A way to eat: the tag that marks what fits it, and allergens that rule it out."""

    tag: str
    without: frozenset[str] = frozenset()


class Criterion(_Rule):
    """One way to a benefit that anyone can take: what is counted, how much is needed, within how many days.

    Counts: orders, basket (money of the order at hand), subscription (active ones), beans_bought, asked.
    """

    counts: Literal["orders", "basket", "subscription", "beans_bought", "asked"]
    at_least: float = Field(gt=0)
    within_days: int | None = Field(None, ge=1, le=3650)


class Benefit(_Rule):
    """Something done for some customers. `tiers` get it outright; `paths` are open to all; both told on request.

    Only these kinds exist: a tier cannot refuse a sale, hide help or change the price of a thing, so no kind says so.
    """

    id: Id
    kind: Literal["free_shipping", "early_access", "personal_contact", "gift", "event"]
    tiers: frozenset[TierName] = frozenset()
    paths: tuple[Criterion, ...] = ()
    not_designed_for: str | None = None
    # What whoever has it is told of it: whom to ask for, when and where.
    told: str | None = None
    alternative: Id | None = None
    channels: frozenset[str] = frozenset()

    @model_validator(mode="after")
    def _has_a_way(self) -> Benefit:
        if self.tiers and len(self.tiers) < 4 and not self.paths and not self.not_designed_for:
            raise ValueError(
                "a benefit of some tiers needs paths for the others, or not_designed_for with the honest reason"
            )
        if not self.tiers and not self.paths:
            raise ValueError("a benefit that nobody can have: give it tiers, paths or both")
        return self


class OfferRules(_Rule):
    """Everything in offers.yml."""

    choices: ChoiceRules = ChoiceRules()  # type: ignore[call-arg]
    quarantine: Quarantine = Quarantine()  # type: ignore[call-arg]
    brand: Brand = Brand()
    intervals: dict[str, Interval] = Field(default_factory=dict)
    diets: dict[str, Diet] = Field(default_factory=dict)
    diet_applies_to: frozenset[str] = frozenset()
    benefits: tuple[Benefit, ...] = ()

    @model_validator(mode="after")
    def _benefits_are_told_apart(self) -> OfferRules:
        ids = [benefit.id for benefit in self.benefits]
        twice = sorted({each for each in ids if ids.count(each) > 1})
        if twice:
            raise ValueError(f"the benefit {', '.join(twice)} is there twice")
        return self


@dataclass(frozen=True)
class Rules:
    """Both files, checked."""

    tiers: TierRules
    offers: OfferRules

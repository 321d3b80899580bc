"""Benefits: who has them, by what, and the way there for everyone else.

A benefit is had by tier or by something anyone can do. What a customer hears never names a tier, a sum of value or
other customers: only what can be counted on one's own side.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.offering.rules import Benefit, Criterion, OfferRules
from bot.offering.tiers import Tier


@dataclass(frozen=True)
class Deeds:
    """What the customer did that criteria count: `dated` ages in days by what is counted, `now` counts of the moment.

    `dated` holds orders, beans_bought; `now` holds basket (money), subscription, asked.
    """

    dated: Mapping[str, Sequence[float]]
    now: Mapping[str, float]

    def count(self, criterion: Criterion) -> float:
        """How far the customer is: deeds within the days asked for, or the amount of the moment."""
        if criterion.counts in self.now:
            return self.now[criterion.counts]
        ages = self.dated.get(criterion.counts, ())
        return float(sum(criterion.within_days is None or age <= criterion.within_days for age in ages))


@dataclass(frozen=True)
class Progress:
    """One way to a benefit: how far, how far to go, and the wording that says it (`utter_path_<counts>`)."""

    criterion: Criterion
    reached: float

    @property
    def met(self) -> bool:
        """Whether it has been gone to the end."""
        return self.reached >= self.criterion.at_least

    @property
    def missing(self) -> float:
        """How much is still to go, in what the criterion counts; 0 when it is met."""
        return max(self.criterion.at_least - self.reached, 0.0)

    @property
    def utter(self) -> str:
        """The wording that says it."""
        return f"utter_path_{self.criterion.counts}"

    @property
    def arguments(self) -> dict[str, float | int | None]:
        """What the wording may use: at_least, reached, missing, days."""
        return {
            "at_least": self.criterion.at_least,
            "reached": self.reached,
            "missing": self.missing,
            "days": self.criterion.within_days,
        }


@dataclass(frozen=True)
class Answer:
    """Whether a customer has a benefit, and why: `utter_benefit_<code>` with the paths, nearest first.

    Codes: yours_by_path, yours, open_to_all, not_yet, not_designed (with `because`), other_channel, unknown.
    """

    benefit: str
    has: bool
    code: str
    paths: tuple[Progress, ...] = ()
    because: str | None = None
    alternative: str | None = None
    told: str | None = None

    @property
    def utter(self) -> str:
        """The wording that says it."""
        return f"utter_benefit_{self.code}"


def answer(benefit_id: str, *, tier: Tier, deeds: Deeds, rules: OfferRules, channel: str = "*") -> Answer:
    """Why this customer has, or has not, a benefit, with an attainable path or an honest reason, and an alternative."""
    benefit = next((each for each in rules.benefits if each.id == benefit_id), None)
    if benefit is None:
        return Answer(benefit_id, has=False, code="unknown")
    paths = tuple(sorted((Progress(each, deeds.count(each)) for each in benefit.paths), key=_remaining))
    code = _code(benefit, tier, paths)
    has = code.startswith(("yours", "open"))
    if has and benefit.channels and channel not in ("*", *benefit.channels):
        return Answer(benefit.id, has=False, code="other_channel", because=", ".join(sorted(benefit.channels)))
    because = benefit.not_designed_for if code == "not_designed" else None
    told = benefit.told if has else None
    return Answer(benefit.id, has, code, paths, because, None if has else benefit.alternative, told)


def benefits_of(*, tier: Tier, deeds: Deeds, rules: OfferRules, channel: str = "*") -> tuple[Answer, ...]:
    """The answers for all benefits, in the order of the file."""
    return tuple(answer(each.id, tier=tier, deeds=deeds, rules=rules, channel=channel) for each in rules.benefits)


def _code(benefit: Benefit, tier: Tier, paths: Sequence[Progress]) -> str:
    if len(benefit.tiers) == len(Tier):
        return "open_to_all"
    if any(path.met for path in paths):
        return "yours_by_path"
    if tier.value in benefit.tiers:
        return "yours"
    return "not_yet" if paths else "not_designed"


def _remaining(path: Progress) -> tuple[float, str]:
    return (path.missing / path.criterion.at_least, path.criterion.counts)

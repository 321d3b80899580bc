"""The twin check: the same customer as MVC, STANDARD and BZ; whatever differs needs a reason and a path.

Some things may not differ at all, reason or not: a sale, the way to help, the price of a thing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.offering.benefits import Answer, Deeds, benefits_of
from bot.offering.rules import OfferRules
from bot.offering.tiers import Tier

TWINS = (Tier.MVC, Tier.STANDARD, Tier.BZ)
# Treatment that a tier can never touch: what is sold, for how much, and who helps on which channel.
UNTOUCHABLE = frozenset({"sale", "price", "help", "stock", "rights"})


class Fault(StrEnum):
    """What is wrong with a difference."""

    FORBIDDEN = "forbidden"
    NO_REASON = "no_reason"
    NO_PATH = "no_path"


@dataclass(frozen=True)
class Treatment:
    """One thing done for a customer: `aspect` groups (sale, price, help, benefit, reply...), `name` tells which one.

    `reason` and `path` are wording names or the shop's own words; `path` may also be an honest "not designed for this".
    """

    aspect: str
    name: str
    value: str
    reason: str | None = None
    path: str | None = None


@dataclass(frozen=True)
class Finding:
    """A difference between twins that may not stand, with what each of them got."""

    fault: Fault
    aspect: str
    name: str
    got: tuple[tuple[Tier, str | None], ...]

    def __str__(self) -> str:
        each = ", ".join(f"{tier.value}: {value}" for tier, value in self.got)
        said = {
            Fault.FORBIDDEN: "no tier may change this",
            Fault.NO_REASON: "the difference has no reason to tell",
            Fault.NO_PATH: "whoever goes without has no way to get it",
        }
        return f"{self.aspect} {self.name}: {said[self.fault]} ({each})"


def twin_check(treat: Callable[[Tier], Iterable[Treatment]], *, twins: Sequence[Tier] = TWINS) -> tuple[Finding, ...]:
    """Runs `treat` once for each twin with everything else the same; the differences that may not stand.

    `treat` must be deterministic. A treatment that a twin lacks altogether counts as different, without reason.
    """
    by_twin = {tier: {(each.aspect, each.name): each for each in treat(tier)} for tier in twins}
    names = sorted({name for treatments in by_twin.values() for name in treatments})
    findings = (_finding(name, {tier: by_twin[tier].get(name) for tier in twins}) for name in names)
    return tuple(finding for finding in findings if finding is not None)


def _finding(name: tuple[str, str], got: dict[Tier, Treatment | None]) -> Finding | None:
    values = tuple((tier, each.value if each else None) for tier, each in got.items())
    if len({value for _, value in values}) == 1:
        return None
    fault = _fault(name[0], got)
    return Finding(fault, *name, got=values) if fault else None


def _fault(aspect: str, got: dict[Tier, Treatment | None]) -> Fault | None:
    if aspect in UNTOUCHABLE:
        return Fault.FORBIDDEN
    if any(each is None or not each.reason for each in got.values()):
        return Fault.NO_REASON
    # The best treated twin needs no path; every other one does.
    best = next(iter(got.values()))
    lesser = [each for each in got.values() if each and best and each.value != best.value]
    return Fault.NO_PATH if any(not each.path for each in lesser) else None


def treated(answers: Iterable[Answer]) -> tuple[Treatment, ...]:
    """Answers about benefits as treatments."""
    return tuple(
        Treatment(
            aspect="benefit",
            name=each.benefit,
            value="has" if each.has else "has not",
            reason=each.utter,
            path=each.because or (each.paths[0].utter if each.paths else None),
        )
        for each in answers
    )


def check_benefits(rules: OfferRules) -> tuple[Finding, ...]:
    """The twin check over all benefits of offers.yml, for a customer who has done nothing yet."""
    nothing = Deeds(dated={}, now={})
    return twin_check(lambda tier: treated(benefits_of(tier=tier, deeds=nothing, rules=rules)))

"""Who matters how: a tier for each customer, from margin, cost to serve and expected purchases alone.

Nothing that a customer is (age, region, gender) can be passed in. A tier rises at once and falls slowly, with notice;
it is never shown in chat. Rule: actual value AV = discounted expected margin less cost to serve; unrealised value SV =
P90 of AV in the segment less AV, at least 0. MVC: AV >= P80. BZ: AV + SV < 0 with evidence. MGC: SV >= P80. Else
STANDARD.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import numpy as np

from bot.offering.accounts import Account
from bot.offering.errors import ModelError
from bot.offering.rfm import cycle_of_shop, estimate
from bot.offering.rules import TierRules
from bot.offering.value import Counts, Floats, discounted_purchases, fit_purchases, fit_spend

_DAY = 86_400
_WEEK = 7.0
_YEAR_MONTHS = 12.0
# A handful of repeat customers fits anything; the model needs that many of them besides the number of customers.
_REPEATERS = 50
# One return among few purchases is chance: own handling cost counts like the mean of that many occasions beside it.
_COST_PRIOR = 2.0
_POTENTIAL = 90


class Tier(StrEnum):
    """Value bands, worst first; `rank` orders them."""

    BZ = "BZ"
    STANDARD = "STANDARD"
    MGC = "MGC"
    MVC = "MVC"

    @property
    def rank(self) -> int:
        """The higher the better: 0 is BZ, 3 is MVC."""
        return list(Tier).index(self)


class Standing(StrEnum):
    """How a customer stands with the shop: buying, silent beyond the expected, or costing more than they bring."""

    CURRENT = "current"
    LAPSED = "lapsed"
    COSTLY = "costly"


@dataclass(frozen=True)
class Worth:
    """What is expected of one customer within the horizon; `method` is "mbg" or "rfm"."""

    customer: str
    actual_value: float
    expected_purchases: float
    p_alive: float
    margin_each: float
    cost_each: float
    standing: Standing
    category: str
    transactions: int
    cycles: float
    method: str


@dataclass(frozen=True)
class Cuts:
    """The values at which tiers begin (`up`) and are kept until (`down`), at one computation."""

    value_up: float
    value_down: float
    potential_up: float
    potential_down: float


@dataclass(frozen=True)
class Assessment:
    """The tier that the rule gives now, with all that it rests on. `keeps` says which tiers would be kept if held."""

    worth: Worth
    tier: Tier
    unrealised_value: float
    segment: str
    segment_size: int
    keeps: frozenset[Tier]
    cuts: Cuts | None

    @property
    def customer(self) -> str:
        """Whom it is about."""
        return self.worth.customer

    def record(self, held: Tier | None = None) -> dict[str, str | float]:
        """One line of `rapport tiers --json`: `held` is the tier in force where hysteresis keeps another one."""
        return {
            "customer": self.customer,
            "tier": (held or self.tier).value,
            "actual_value": round(self.worth.actual_value, 2),
            "unrealised_value": round(self.unrealised_value, 2),
            "expected_purchases": round(self.worth.expected_purchases, 3),
            "p_alive": round(self.worth.p_alive, 4),
        }


def assess(accounts: Sequence[Account], rules: TierRules, *, as_of: datetime) -> tuple[Assessment, ...]:
    """Each customer's tier by the rule at `as_of`, in the order of the accounts; history plays no part (see `held`)."""
    return classify(value_customers(accounts, rules, as_of=as_of), rules)


def value_customers(accounts: Sequence[Account], rules: TierRules, *, as_of: datetime) -> tuple[Worth, ...]:
    """What each customer is expected to bring: by MBG/NBD and Gamma-Gamma, or by RFM when the customers are too few.

    The fitted model needs `model_from_customers` customers, 50 of them with a repeat purchase.
    """
    if not accounts:
        return ()
    today = int(as_of.timestamp()) // _DAY
    repeaters = sum(account.occasions > 1 for account in accounts)
    if len(accounts) >= rules.value.model_from_customers and repeaters >= _REPEATERS:
        try:
            return _worths(accounts, _by_model(accounts, rules, today=today), rules, today=today, method="mbg")
        except ModelError:
            pass  # All spend the same, say: RFM says what there is to say.
    return _worths(accounts, _by_rfm(accounts, rules, today=today), rules, today=today, method="rfm")


_Expected = tuple[
    Floats, Floats, Floats, Floats
]  # purchases, discounted purchases, chance to be a customer, margin each


def _by_model(accounts: Sequence[Account], rules: TierRules, *, today: int) -> _Expected:
    first = np.array([account.days[0] for account in accounts], dtype=float)
    last = np.array([account.days[-1] for account in accounts], dtype=float)
    occasions = np.array([account.occasions for account in accounts], dtype=float)
    means = np.array([account.margin for account in accounts]) / occasions
    counts = Counts.of(occasions - 1.0, (last - first) / _WEEK, np.maximum(today - first, last - first) / _WEEK)
    model, spend = fit_purchases(counts), fit_spend(occasions, means)
    months, discount = rules.value.horizon_months, rules.value.monthly_discount
    return (
        model.expected(months * 52.14 / 12, counts),
        discounted_purchases(model, counts, months=months, monthly_discount=discount),
        model.p_alive(counts),
        spend.expected(occasions, means),
    )


def _by_rfm(accounts: Sequence[Account], rules: TierRules, *, today: int) -> _Expected:
    rfm = estimate(accounts, today=today)
    months, discount = rules.value.horizon_months, rules.value.monthly_discount
    expected = rfm.yearly * rfm.active * months / _YEAR_MONTHS
    mean_discount = float(np.mean([(1.0 + discount) ** -number for number in range(1, months + 1)]))
    return expected, expected * mean_discount, rfm.active, rfm.margin


def _worths(
    accounts: Sequence[Account], expected: _Expected, rules: TierRules, *, today: int, method: str
) -> tuple[Worth, ...]:
    purchases, discounted, alive, margin = expected
    costs, shop_cycle = _costs(accounts), cycle_of_shop(accounts)
    return tuple(
        Worth(
            customer=account.customer,
            actual_value=float(discounted[i] * (margin[i] - costs[i])),
            expected_purchases=float(purchases[i]),
            p_alive=float(alive[i]),
            margin_each=float(margin[i]),
            cost_each=float(costs[i]),
            standing=_standing(account, float(alive[i]), rules),
            category=account.category,
            transactions=account.transactions,
            cycles=max(today - account.days[0], 0) / max(account.cycle or shop_cycle, 1.0),
            method=method,
        )
        for i, account in enumerate(accounts)
    )


def _costs(accounts: Sequence[Account]) -> Floats:
    """Cost to serve an occasion: returns and handling, drawn to the shop's mean the fewer the occasions."""
    total = np.array([account.returned + account.handling for account in accounts])
    occasions = np.array([account.occasions for account in accounts], dtype=float)
    mean = total.sum() / occasions.sum()
    return np.asarray((total + _COST_PRIOR * mean) / (occasions + _COST_PRIOR))


def _standing(account: Account, p_alive: float, rules: TierRules) -> Standing:
    if account.contribution < 0:
        return Standing.COSTLY
    return Standing.LAPSED if p_alive < rules.segments.lapsed_below else Standing.CURRENT


def classify(worths: Sequence[Worth], rules: TierRules) -> tuple[Assessment, ...]:
    """The tier of each by the percentiles of all. Raising one customer's value never takes MVC away nor gives BZ."""
    segments = _segments(worths, rules)
    unrealised = [max(segments[w.customer].potential - w.actual_value, 0.0) for w in worths]
    values = [worth.actual_value for worth in worths]
    cuts = _cuts(values, unrealised, rules) if len(worths) >= rules.min_customers else None
    return tuple(
        _assessment(worth, missing, segments[worth.customer], cuts=cuts, rules=rules)
        for worth, missing in zip(worths, unrealised, strict=True)
    )


def _cuts(values: Sequence[float], unrealised: Sequence[float], rules: TierRules) -> Cuts:
    return Cuts(
        value_up=float(np.percentile(values, rules.most_valuable.promote_at)),
        value_down=float(np.percentile(values, rules.most_valuable.demote_below)),
        potential_up=float(np.percentile(unrealised, rules.most_growable.promote_at)),
        potential_down=float(np.percentile(unrealised, rules.most_growable.demote_below)),
    )


@dataclass(frozen=True)
class _Segment:
    """Comparable customers: how many, and from what value on their best tenth begins."""

    name: str
    size: int
    potential: float


def _segments(worths: Sequence[Worth], rules: TierRules) -> dict[str, _Segment]:
    """Customer -> segment. Too small a segment is widened to all of the same standing.

    Standing is never widened away: whoever costs more than they bring is compared with others of whom that is true.
    """
    members: dict[str, list[float]] = {}
    for worth in worths:
        for name in {_segment_name(worth, rules), worth.standing.value}:
            members.setdefault(name, []).append(worth.actual_value)
    segments = {
        name: _Segment(name, len(values), float(np.percentile(values, _POTENTIAL))) for name, values in members.items()
    }

    def of(worth: Worth) -> _Segment:
        narrow = segments[_segment_name(worth, rules)]
        return narrow if narrow.size >= rules.segments.min_customers else segments[worth.standing.value]

    return {worth.customer: of(worth) for worth in worths}


def _segment_name(worth: Worth, rules: TierRules) -> str:
    narrow = rules.segments.by_category and worth.category
    return f"{worth.standing.value}/{worth.category}" if narrow else worth.standing.value


def _assessment(worth: Worth, missing: float, segment: _Segment, *, cuts: Cuts | None, rules: TierRules) -> Assessment:
    below_zero = (
        # AV + SV is the larger of the two; taken as such it cannot be rounded to the wrong side of zero.
        max(worth.actual_value, segment.potential) < 0
        and worth.transactions >= rules.below_zero.min_transactions
        and worth.cycles >= rules.below_zero.min_cycles
    )
    return Assessment(
        worth=worth,
        tier=_tier(worth.actual_value, missing, below_zero=below_zero, cuts=cuts),
        unrealised_value=missing,
        segment=segment.name,
        segment_size=segment.size,
        keeps=_kept(worth.actual_value, missing, below_zero=below_zero, cuts=cuts),
        cuts=cuts,
    )


def _tier(value: float, missing: float, *, below_zero: bool, cuts: Cuts | None) -> Tier:
    if cuts is not None and value > 0 and value >= cuts.value_up:
        return Tier.MVC
    if below_zero:
        return Tier.BZ
    if cuts is not None and missing > 0 and missing >= cuts.potential_up:
        return Tier.MGC
    return Tier.STANDARD


def _kept(value: float, missing: float, *, below_zero: bool, cuts: Cuts | None) -> frozenset[Tier]:
    """The tiers that someone who holds them would keep: down to the lower percentile."""
    kept = {Tier.BZ} if below_zero else {Tier.BZ, Tier.STANDARD}
    if cuts is None:
        return frozenset(Tier)
    if value > 0 and value >= cuts.value_down:
        kept.add(Tier.MVC)
    if not below_zero and missing > 0 and missing >= cuts.potential_down:
        kept.add(Tier.MGC)
    return frozenset(kept)

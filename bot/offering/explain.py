"""A customer's tier in plain words, for staff and for the access copy; never for the chat."""

from __future__ import annotations

from collections.abc import Iterator

from bot.offering.held import Change, Held, Reason
from bot.offering.rules import TierRules
from bot.offering.tiers import Assessment, Standing, Tier

_TITLES = {
    Tier.MVC: "one of the most valuable customers",
    Tier.MGC: "one of the customers with the most room to grow",
    Tier.STANDARD: "in the standard tier",
    Tier.BZ: "below zero: serving this customer costs more than it brings",
}
_STANDINGS = {
    Standing.CURRENT: "customers who are buying",
    Standing.LAPSED: "customers who have gone silent",
    Standing.COSTLY: "customers who so far cost more than they bring",
}


def explain(assessment: Assessment, rules: TierRules, *, held: Held | None = None) -> tuple[str, ...]:
    """Why this tier, one sentence a line: the verdict, what it rests on, the bounds, the history, what plays no
    part."""
    return tuple(_lines(assessment, rules, held))


def _lines(assessment: Assessment, rules: TierRules, held: Held | None) -> Iterator[str]:
    tier = held.tier if held else assessment.tier
    yield f"{assessment.customer} is {_TITLES[tier]} ({tier.value})."
    yield from _value(assessment, rules)
    yield from _verdict(assessment, rules)
    if held is not None:
        yield from _history(held, assessment)
    yield "Age, region, gender, complaints and rights requests play no part in this."


def _value(assessment: Assessment, rules: TierRules) -> Iterator[str]:
    worth, months = assessment.worth, rules.value.horizon_months
    yield (
        f"Within {months} months {worth.expected_purchases:.1f} purchases are expected, at a margin of "
        f"{worth.margin_each:.2f} and a cost to serve of {worth.cost_each:.2f} each; discounted that is a value of "
        f"{worth.actual_value:.2f}."
    )
    yield f"The chance that this is still a customer is put at {worth.p_alive:.0%}."
    how = (
        "a purchase model fitted to all customers (MBG/NBD, with Gamma-Gamma for the margin)"
        if worth.method == "mbg"
        else f"recency, frequency and money, for there are fewer than {rules.value.model_from_customers} customers "
        "or too few who came back"
    )
    yield f"That is estimated by {how}."
    yield (
        f"Compared with {assessment.segment_size} {_STANDINGS[worth.standing]} (group {assessment.segment}), "
        f"whose best tenth begins at {worth.actual_value + assessment.unrealised_value:.2f} or less, the "
        f"unrealised value is {assessment.unrealised_value:.2f}."
    )


def _verdict(assessment: Assessment, rules: TierRules) -> Iterator[str]:
    worth, cuts = assessment.worth, assessment.cuts
    if cuts is None:
        yield f"There are fewer than {rules.min_customers} customers, so that percentiles say nothing yet."
        return
    reached = "reaches" if worth.actual_value >= cuts.value_up else "does not reach"
    yield (
        f"The value {reached} {cuts.value_up:.2f}, where the top {100 - rules.most_valuable.promote_at:.0f} % begin; "
        f"the top {100 - rules.most_growable.promote_at:.0f} % of unrealised value begin at {cuts.potential_up:.2f}."
    )
    if assessment.tier is Tier.BZ:
        yield (
            f"Even at its potential the value is below zero, after {worth.transactions} transactions "
            f"and {worth.cycles:.1f} purchase cycles."
        )
    elif worth.actual_value + assessment.unrealised_value < 0:
        yield (
            f"The value is below zero, but {worth.transactions} transactions and {worth.cycles:.1f} purchase cycles "
            f"are not yet evidence (at least {rules.below_zero.min_transactions} and {rules.below_zero.min_cycles:g})."
        )


def _history(held: Held, assessment: Assessment) -> Iterator[str]:
    if held.tier is not assessment.tier:
        yield f"By today's figures alone it would be {assessment.tier.value}; {held.tier.value} is kept for now."
    if held.demotion_due is not None:
        yield f"Notice was given: the tier changes on {held.demotion_due:%Y-%m-%d} unless the value recovers before."
    for change in held.history:
        yield f"{change.at:%Y-%m-%d}: {_happened(change)}."


def _happened(change: Change) -> str:
    value = f"value {change.actual_value:.2f}, unrealised {change.unrealised_value:.2f}"
    said = {
        Reason.FIRST: f"first assessed as {change.after.value}",
        Reason.PROMOTED: f"rose from {change.before} to {change.after.value}",
        Reason.BELOW: f"below what {change.after.value} needs, for the first time",
        Reason.NOTICE: f"below what {change.after.value} needs again; notice given"
        + (f", due {change.due:%Y-%m-%d}" if change.due else ""),
        Reason.RECOVERED: f"back above what {change.after.value} needs",
        Reason.DEMOTED: f"fell from {change.before} to {change.after.value}",
    }
    return f"{said[change.reason]} ({value})"

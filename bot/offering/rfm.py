"""Recency, frequency, money: the estimate that anyone can check by hand, for shops too young for a fitted model.

A customer is expected to go on at the pace of the past; that expectation halves for each further cycle of silence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from bot.offering.accounts import Account
from bot.offering.value import Floats

# A customer seen once has no cycle of their own, nor has a shop where nobody came back: a month is taken.
_CYCLE_DAYS = 30.0
# Own pace and own spend are believed like that many occasions of everyone else.
_PRIOR = 1.0


@dataclass(frozen=True)
class Rfm:
    """Per customer, in the order of the accounts: scores 1 (lowest fifth) to 5, and the estimates made of the same
    three."""

    recency: Floats
    frequency: Floats
    money: Floats
    active: Floats
    yearly: Floats
    margin: Floats


def cycle_of_shop(accounts: Sequence[Account]) -> float:
    """The median purchase cycle in days of those who came back; a month when nobody did."""
    cycles = [account.cycle for account in accounts if account.cycle]
    return float(median(cycles)) if cycles else _CYCLE_DAYS


def estimate(accounts: Sequence[Account], *, today: int) -> Rfm:
    """Scores and estimates at the day `today` (UTC ordinal). `active` is 1 within a cycle, then halves with each one.

    `yearly` is purchases a year if active; `margin` is the margin of an occasion, drawn towards everyone's mean.
    """
    shop = cycle_of_shop(accounts)
    cycles = np.array([account.cycle or shop for account in accounts])
    silence = np.array([max(today - account.days[-1], 0) for account in accounts], dtype=float)
    age = np.array([max(today - account.days[0], 0) for account in accounts], dtype=float)
    occasions = np.array([account.occasions for account in accounts], dtype=float)
    means = np.array([account.margin / account.occasions for account in accounts])
    return Rfm(
        recency=_fifths(-silence),
        frequency=_fifths(occasions),
        money=_fifths(means),
        active=0.5 ** (np.maximum(silence - cycles, 0.0) / cycles),
        yearly=365.25 * (occasions - 1.0 + _PRIOR) / (age + _PRIOR * shop),
        margin=(means * occasions + _PRIOR * means.mean()) / (occasions + _PRIOR),
    )


def _fifths(values: Floats) -> Floats:
    """1 to 5 by fifths of the customers; equal values get equal scores."""
    below = np.searchsorted(np.sort(values), values, side="left")
    return np.asarray(1.0 + np.floor(5.0 * below / len(values)))

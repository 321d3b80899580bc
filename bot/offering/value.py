"""What a customer's purchases say of the next ones: counts, activity and spend, by published models fitted by maximum
likelihood.

Purchases follow the MBG/NBD model (Batislam, Denizel & Filiztekin 2007; the central variant of Hoppe & Wagner 2007) or
the BG/NBD model (Fader, Hardie & Lee 2005), spend the Gamma-Gamma model (Fader, Hardie & Lee 2005; Fader & Hardie
2013). MBG is the one to use: BG/NBD holds everyone without a repeat purchase to be active for ever.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaln, gammaln, hyp2f1

from bot.offering.errors import ModelError

Floats = NDArray[np.float64]

WEEKS_A_MONTH = 52.14 / 12
_STARTS = ((1.0, 10.0, 1.0, 2.0), (0.3, 5.0, 0.8, 2.5), (2.0, 40.0, 0.5, 5.0), (0.6, 1.0, 1.5, 1.5))
_SPEND_STARTS = ((2.0, 3.0, 1.0), (6.0, 4.0, 1.0), (1.0, 2.0, 2.0))
# Beyond this the shape parameters are no longer told apart by any data; the search is kept where the formulas are
# exact.
_LOG_BOUND = 12.0
# The quadrature leaves out tails of exp(-40) on the right; on the left it ends at the latest where p is exp(-60).
_TAIL = 40.0
_FAR = -60.0
_STEP = 0.1
# Rows of the quadrature at once: some 8 MB an array.
_AT_ONCE = 1000


class Family(StrEnum):
    """Which model of purchases: MBG lets a customer leave right after the first purchase, BG does not."""

    MBG = "mbg"
    BG = "bg"


@dataclass(frozen=True)
class Counts:
    """One row a customer: `x` repeat occasions, `tx` the age at the last one, `T` the age now (all in one unit of
    time)."""

    x: Floats
    tx: Floats
    T: Floats

    @classmethod
    def of(cls, x: ArrayLike, tx: ArrayLike, T: ArrayLike) -> Counts:
        """Counts from any sequences; raises ModelError when they contradict each other (tx beyond T, x without tx)."""
        counts = cls(*(np.atleast_1d(np.asarray(part, dtype=float)) for part in (x, tx, T)))
        if not counts.x.shape == counts.tx.shape == counts.T.shape:
            raise ModelError("x, tx and T must have one value for each customer")
        if not (np.isfinite(counts.x).all() and np.isfinite(counts.tx).all() and np.isfinite(counts.T).all()):
            raise ModelError("x, tx and T must be finite")
        if (counts.x < 0).any() or (counts.tx < 0).any() or (counts.tx > counts.T + 1e-9).any():
            raise ModelError("a last purchase cannot lie before the first one or after the end of the observation")
        return counts

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True)
class PurchaseModel:
    """Fitted parameters of purchase and departure; what it says is vectorised over customers.

    `r`, `alpha`: Gamma mixing of the rate of purchase. `a`, `b`: Beta mixing of the chance to leave after a purchase.
    """

    family: Family
    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float = float("nan")

    def expected_new(self, t: ArrayLike) -> Floats:
        """E[X(t)]: repeat purchases of a customer of whom nothing is known but the first purchase, up to age `t`."""
        t = np.atleast_1d(np.asarray(t, dtype=float))
        zero = np.zeros_like(t)
        return self.expected(t, Counts(zero, zero, zero))

    def p_alive(self, counts: Counts) -> Floats:
        """The probability that each customer is still one, given the silence since the last purchase."""
        x, tx, T = counts.x, counts.tx, counts.T
        silence = (self.r + x) * np.log((self.alpha + T) / (self.alpha + tx))
        if self.family is Family.MBG:
            odds_left = np.log(self.a) - np.log(self.b + x) + silence
            return 1.0 / (1.0 + np.exp(np.minimum(odds_left, 700.0)))
        odds_left = np.log(self.a) - np.log(self.b + np.maximum(x, 1.0) - 1.0) + silence
        return np.where(x > 0, 1.0 / (1.0 + np.exp(np.minimum(odds_left, 700.0))), 1.0)

    def expected(self, t: ArrayLike, counts: Counts) -> Floats:
        """Purchases each customer will make within the next `t`, given the history; never negative, rising with `t`."""
        return self.p_alive(counts) * self.expected_if_alive(t, counts)

    def expected_if_alive(self, t: ArrayLike, counts: Counts) -> Floats:
        """As `expected`, for one known to be still a customer: the mean over the Beta posterior of leaving.

        Given rate l and chance p of leaving, the count in t has mean (1 - exp(-l p t)) / p. Its mean over the
        posteriors is the closed form with 2F1 of the papers. That has no value at a = 1, nor where a is a whole number
        and t large: there the integral is taken by quadrature.
        """
        t = np.broadcast_to(np.asarray(t, dtype=float), counts.x.shape)
        shape_b = self.b + counts.x + (1.0 if self.family is Family.MBG else 0.0)
        rate, scale = self.r + counts.x, self.alpha + counts.T
        ceiling = rate * t / scale
        found = _closed(t, self.a, shape_b, rate=rate, scale=scale)
        near_one = abs(self.a - 1.0) < 1e-3
        doubtful = np.flatnonzero(~((found >= 0) & (found <= ceiling * (1 + 1e-9))) | near_one)
        if len(doubtful):
            # Customers of one count and age have one answer.
            rows = np.stack([t, shape_b, rate, scale], axis=1)[doubtful]
            different, same = np.unique(rows, axis=0, return_inverse=True)
            found[doubtful] = _by_quadrature(different, self.a)[same.ravel()]
        return np.clip(found, 0.0, ceiling)


def _closed(t: Floats, a: float, b: Floats, *, rate: Floats, scale: Floats) -> Floats:
    with np.errstate(all="ignore"):
        head = (a + b - 1.0) / (a - 1.0)
        shrink = np.exp(rate * (np.log(scale) - np.log(scale + t)))
        return np.asarray(head * (1.0 - shrink * hyp2f1(rate, b, a + b - 1.0, t / (scale + t))))


def _by_quadrature(rows: Floats, a: float) -> Floats:
    """The same mean, for rows of (t, b, rate, scale), as an integral over the logit of p by the trapezoid rule, which
    converges fast for smooth tails. The left tail of a small `a` is long: beyond `_FAR` the integrand is
    rate * t / scale times the Beta density alone, and that integral is known.
    """
    lowest = max(-_TAIL / min(a, 1.0), _FAR)
    grid = np.arange(lowest, _TAIL, _STEP)
    log_p, log_rest = -np.logaddexp(0.0, -grid), -np.logaddexp(0.0, grid)
    width = np.full(len(grid), _STEP)
    if lowest == _FAR:
        # There the integrand rises like exp(a * logit): half a step, and the first term of Euler and Maclaurin.
        width[0] = _STEP * (0.5 + a * _STEP / 12.0)
    found = [
        _integral(rows[start : start + _AT_ONCE], a, log_p=log_p, log_rest=log_rest, width=width)
        for start in range(0, len(rows), _AT_ONCE)
    ]
    return np.concatenate(found)


def _integral(rows: Floats, a: float, *, log_p: Floats, log_rest: Floats, width: Floats) -> Floats:
    t, b, rate, scale = (column[:, None] for column in rows.T)
    weight = np.exp(a * log_p + b * log_rest - betaln(a, b)) * width
    left = -np.expm1(-rate * np.log1p(np.exp(log_p) * (t / scale)))
    beyond = np.exp(a * log_p[0] - betaln(a, b)) / a * rate * t / scale
    return np.asarray((weight * left / np.exp(log_p)).sum(axis=1) + beyond[:, 0])


def log_likelihood(family: Family, parameters: tuple[float, float, float, float], counts: Counts) -> float:
    """The log-likelihood of the histories; the same for any order of customers."""
    return math.fsum(_log_likelihoods(family, np.log(parameters), counts))


def _log_likelihoods(family: Family, logs: Floats, counts: Counts) -> Floats:
    r, alpha, a, b = np.exp(logs)
    x, tx, T = counts.x, counts.tx, counts.T
    head = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    active = -(r + x) * np.log(alpha + T)
    left = -(r + x) * np.log(alpha + tx)
    if family is Family.MBG:
        active = active + betaln(a, b + x + 1.0)
        left = left + betaln(a + 1.0, b + x)
    else:
        active = active + betaln(a, b + x)
        left = np.where(x > 0, left + betaln(a + 1.0, b + np.maximum(x, 1.0) - 1.0), -np.inf)
    return np.asarray(head - betaln(a, b) + np.logaddexp(active, left))


def fit_purchases(counts: Counts, *, family: Family = Family.MBG) -> PurchaseModel:
    """The maximum-likelihood model of purchases; raises ModelError when nobody came back or the search finds no finite
    answer.

    Equal histories are counted once with a weight, and time is scaled to a longest age of 10 for the search, so that
    the answer depends neither on the order of customers nor on the unit of time (alpha comes back in the caller's
    unit).
    """
    if len(counts) == 0 or counts.x.sum() == 0 or counts.T.max() <= 0:
        raise ModelError("no repeat purchases: a purchase model cannot be fitted")
    rows, weights = np.unique(np.stack([counts.x, counts.tx, counts.T], axis=1), axis=0, return_counts=True)
    unit = counts.T.max() / 10.0
    scaled = Counts(rows[:, 0], rows[:, 1] / unit, rows[:, 2] / unit)

    def loss(logs: Floats) -> float:
        return -float(weights @ _log_likelihoods(family, logs, scaled)) / len(counts)

    starts = [np.log([r, alpha * 10.0 / 40.0, a, b]) for r, alpha, a, b in _STARTS]
    logs = _search(loss, starts)
    r, alpha, a, b = (float(part) for part in np.exp(logs))
    found = (r, alpha * unit, a, b)
    return PurchaseModel(family, *found, log_likelihood=log_likelihood(family, found, counts))


@dataclass(frozen=True)
class SpendModel:
    """Gamma-Gamma: the spend of an occasion varies about a customer's own mean, and those means vary between
    customers."""

    p: float
    q: float
    v: float
    log_likelihood: float = float("nan")

    def expected(self, occasions: ArrayLike, mean: ArrayLike) -> Floats:
        """Mean spend of the next occasions: the own mean, drawn to everyone's the fewer `occasions` it rests on.

        With no occasion it is the mean over customers, p v / (q - 1); infinite when q <= 1, which a fit here excludes.
        """
        x, m = np.asarray(occasions, dtype=float), np.asarray(mean, dtype=float)
        return np.asarray(self.p * (self.v + x * np.where(x > 0, m, 0.0)) / (self.p * x + self.q - 1.0))


def fit_spend(occasions: ArrayLike, mean: ArrayLike) -> SpendModel:
    """The maximum-likelihood spend model of customers with at least one occasion and a positive mean; else
    ModelError."""
    x, m = np.atleast_1d(np.asarray(occasions, dtype=float)), np.atleast_1d(np.asarray(mean, dtype=float))
    usable = (x > 0) & (m > 0) & np.isfinite(m)
    x, m = x[usable], m[usable]
    if len(x) < 3 or np.ptp(m) == 0:
        raise ModelError("spend cannot be modelled: fewer than three customers, or all of them spend the same")
    unit = float(np.median(m))
    m = m / unit

    def loss(logs: Floats) -> float:
        # The second parameter is q - 1, so that the mean of means, p v / (q - 1), exists.
        p, q, v = np.exp(logs[0]), 1.0 + np.exp(logs[1]), np.exp(logs[2])
        terms = gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * np.log(v) + (p * x - 1.0) * np.log(m)
        terms += p * x * np.log(x) - (p * x + q) * np.log(x * m + v)
        return -float(terms.mean())

    logs = _search(loss, [np.log([p, q - 1.0, v]) for p, q, v in _SPEND_STARTS])
    p, q, v = float(np.exp(logs[0])), 1.0 + float(np.exp(logs[1])), float(np.exp(logs[2])) * unit
    return SpendModel(p, q, v, log_likelihood=-loss(logs) * len(x) - len(x) * float(np.log(unit)))


def _search(loss: Callable[[Floats], float], starts: list[Floats]) -> Floats:
    """The best of two searches in log space, from the likeliest starts: L-BFGS-B, then Nelder-Mead polishes the winner.

    The polish is bounded: where the likelihood is a ridge, it would walk along it for ever without gaining anything.
    """
    from scipy.optimize import minimize  # Only now: it takes 20 MB, and most processes fit nothing.

    bounds = [(-_LOG_BOUND, _LOG_BOUND)] * len(starts[0])
    likeliest = sorted(starts, key=loss)[:2]
    tried = [minimize(loss, start, method="L-BFGS-B", bounds=bounds) for start in likeliest]
    best = min(tried, key=lambda each: each.fun if np.isfinite(each.fun) else np.inf)
    options = {"xatol": 1e-7, "fatol": 1e-12, "maxiter": 600, "maxfev": 600}
    polished = minimize(loss, best.x, method="Nelder-Mead", bounds=bounds, options=options)
    if not np.isfinite(polished.fun):
        raise ModelError("the search for parameters found no finite likelihood")
    return np.asarray(polished.x if polished.fun <= best.fun else best.x)


def discounted_purchases(
    model: PurchaseModel, counts: Counts, *, months: int, monthly_discount: float, month: float = WEEKS_A_MONTH
) -> Floats:
    """Expected purchases of the next `months`, each month's share divided by (1 + monthly_discount) to its number.

    `month` is the length of a month in the unit of `counts` (weeks: 4.345, the default).
    """
    total = np.zeros_like(counts.x)
    before = np.zeros_like(counts.x)
    for number in range(1, months + 1):
        until = model.expected(number * month, counts)
        total += (until - before) / (1.0 + monthly_discount) ** number
        before = until
    return total

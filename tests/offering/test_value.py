"""The value models: the published answers on CDNOW, and what must hold for any parameters."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import beta

from bot.offering.errors import ModelError
from bot.offering.value import (
    Counts,
    Family,
    PurchaseModel,
    SpendModel,
    discounted_purchases,
    fit_purchases,
    fit_spend,
    log_likelihood,
)

from .world import SHARED

PUBLISHED_BG = PurchaseModel(Family.BG, 0.243, 4.414, 0.793, 2.426)
PUBLISHED_MBG = PurchaseModel(Family.MBG, 0.525, 6.183, 0.891, 1.614)
PUBLISHED_SPEND = SpendModel(6.25, 3.74, 15.44)


def _read(path, names):
    with path.open() as file:
        rows = list(csv.DictReader(file))
    return [np.array([float(row[name]) for row in rows]) for name in names]


X, TX, AGE, SPEND = _read(Path(__file__).parent / "data" / "cdnow.csv", ("x", "tx", "T", "spend"))
CDNOW = Counts.of(X, TX, AGE)
BG, MBG, GG = fit_purchases(CDNOW, family=Family.BG), fit_purchases(CDNOW), fit_spend(X, SPEND)


def test_the_committed_counts_are_cdnow():
    """2,357 customers, 946 of them with 2,457 repeat purchases."""
    assert (len(CDNOW), (X > 0).sum(), X.sum()) == (2357, 946, 2457)


def test_the_committed_counts_equal_the_shared_data():
    """Where the original file is at hand, the committed copy is the same."""
    original = SHARED / "cdnow" / "cdnow_customers_summary_with_transactions.csv"
    if not original.exists():
        pytest.skip("the shared data are not here")
    assert all(
        np.array_equal(a, b)
        for a, b in zip(_read(original, ("x", "t_x", "T", "zbar")), (X, TX, AGE, SPEND), strict=True)
    )


def test_bg_parameters_are_the_published_ones():
    """Fader, Hardie & Lee 2005."""
    assert (BG.r, BG.alpha, BG.a, BG.b) == pytest.approx((0.243, 4.414, 0.793, 2.426), abs=0.001)


def test_bg_log_likelihood_is_the_published_one():
    """-9582.4."""
    assert pytest.approx(-9582.4, abs=0.05) == BG.log_likelihood


def test_mbg_parameters_are_the_published_ones():
    """Batislam, Denizel & Filiztekin's model on the same data."""
    assert (MBG.r, MBG.alpha, MBG.a, MBG.b) == pytest.approx((0.525, 6.183, 0.891, 1.614), abs=0.001)


@pytest.mark.parametrize(("x", "tx", "purchases", "alive"), [(2, 30.43, 1.226, 0.7266), (1, 1.71, 0.2032, 0.2121)])
def test_bg_expectation_and_activity_of_known_customers(x, tx, purchases, alive):
    """39 weeks ahead at age 38.86."""
    counts = Counts.of(x, tx, 38.86)
    expected = (float(BG.expected(39, counts)[0]), float(BG.p_alive(counts)[0]))
    assert expected == pytest.approx((purchases, alive), abs=0.0005)


def test_bg_growth_of_a_new_customer():
    """E[X(t)] at six ages."""
    published = (0.0078, 0.0532, 0.1506, 1.0405, 1.0437, 1.8576)
    assert BG.expected_new([0.1429, 1, 3, 31.8571, 32, 78]) == pytest.approx(published, abs=0.003)


def test_bg_never_lets_a_one_time_buyer_go():
    """The trap: without a repeat purchase BG says alive for ever."""
    assert float(PUBLISHED_BG.p_alive(Counts.of(0, 0, 1000))[0]) == 1.0


def test_mbg_lets_a_one_time_buyer_go():
    """.39 at T=38.86, and falling."""
    alive = PUBLISHED_MBG.p_alive(Counts.of([0, 0], [0, 0], [38.86, 200]))
    assert float(alive[0]) == pytest.approx(0.39, abs=0.001)
    assert alive[1] < alive[0]


def test_spend_of_known_customers():
    """Gamma-Gamma at the published parameters."""
    expected = PUBLISHED_SPEND.expected([2, 1, 7, 0], [22.35, 11.77, 73.74, 0])
    assert expected == pytest.approx((24.66, 18.92, 71.47, 35.22), abs=0.005)


def test_spend_parameters_are_the_published_ones():
    """p 6.25, q 3.74, v 15.44."""
    assert (GG.p, GG.q, GG.v) == pytest.approx((6.25, 3.74, 15.44), abs=0.01)


def test_lifetime_value_of_the_first_customers():
    """12 months at 1 % a month, BG and Gamma-Gamma fitted."""
    assert _lifetime_value()[:3] == pytest.approx((36.278, 4.637, 8.344), abs=0.01)


def test_lifetime_value_of_all_and_of_the_top_fifth():
    """71,509.9 together; the top 20 % hold 71.3 %."""
    values = np.sort(_lifetime_value())[::-1]
    assert (values.sum(), values[: len(values) // 5].sum() / values.sum()) == pytest.approx((71509.9, 0.713), rel=1e-3)


def _lifetime_value():
    months = {"months": 12, "monthly_discount": 0.01, "month": 4.345}
    return discounted_purchases(BG, CDNOW, **months) * GG.expected(X, SPEND)


def test_the_unit_of_time_does_not_matter():
    """In days instead of weeks alpha is seven times as large, the rest the same."""
    days = fit_purchases(Counts.of(X, TX * 7, AGE * 7))
    assert (days.r, days.alpha / 7, days.a, days.b) == pytest.approx((MBG.r, MBG.alpha, MBG.a, MBG.b), rel=1e-3)


def test_the_order_of_customers_does_not_matter():
    """A fit is a function of the set of histories."""
    assert fit_purchases(Counts.of(X[::-1], TX[::-1], AGE[::-1])) == MBG


def test_the_currency_does_not_matter():
    """In cents v is a hundred times as large."""
    cents = fit_spend(X, SPEND * 100)
    assert (cents.p, cents.q, cents.v / 100) == pytest.approx((GG.p, GG.q, GG.v), rel=1e-3)


def test_nobody_coming_back_cannot_be_fitted():
    """Without a repeat purchase there is nothing to fit."""
    with pytest.raises(ModelError):
        fit_purchases(Counts.of([0, 0], [0, 0], [10, 20]))


@pytest.mark.parametrize("counts", [([1], [5], [4]), ([-1], [0], [4]), ([1, 2], [1], [4]), ([1], [float("nan")], [4])])
def test_contradictory_counts_are_refused(counts):
    """A last purchase after the end, a negative count, unequal lengths, not a number."""
    with pytest.raises(ModelError):
        Counts.of(*counts)


def test_equal_spend_cannot_be_fitted():
    """Spend that never varies has no model."""
    with pytest.raises(ModelError):
        fit_spend([1, 2, 3, 4], [5, 5, 5, 5])


parameters = st.tuples(*[st.floats(low, high) for low, high in ((0.05, 20), (0.1, 100), (0.02, 30), (0.05, 60))])
histories = st.tuples(st.integers(0, 400), st.floats(0.1, 500), st.floats(0, 1))
models = st.builds(lambda values, family: PurchaseModel(family, *values), parameters, st.sampled_from(Family))


def _counts(history):
    x, age, share = history
    return Counts.of(x, age * share if x else 0.0, age)


@settings(max_examples=200, deadline=None)
@given(models, histories, st.floats(0.1, 300))
def test_expectations_stay_within_bounds(model, history, t):
    """Never negative, never more than the rate times the time, activity a probability."""
    counts = _counts(history)
    expected, alive = float(model.expected(t, counts)[0]), float(model.p_alive(counts)[0])
    assert 0 <= expected <= (model.r + counts.x[0]) * t / (model.alpha + counts.T[0]) * (1 + 1e-9)
    assert 0 <= alive <= 1


@settings(max_examples=200, deadline=None)
@given(models, histories, st.floats(0.1, 300), st.floats(0.1, 300))
def test_a_longer_horizon_never_expects_less(model, history, t, more):
    """Expected purchases rise with time."""
    counts = _counts(history)
    assert float(model.expected(t + more, counts)[0]) >= float(model.expected(t, counts)[0]) * (1 - 1e-6)


@settings(max_examples=60, deadline=None)
@given(models.filter(lambda model: model.family is Family.MBG), histories, st.floats(0.1, 300))
def test_the_closed_form_is_the_integral(model, history, t):
    """Whatever the parameters, the expectation is the mean over the posterior of leaving, taken numerically."""
    counts = _counts(history)
    rate, scale = model.r + counts.x[0], model.alpha + counts.T[0]
    posterior = beta(model.a, model.b + counts.x[0] + 1)

    def each(u):
        p = max(float(posterior.ppf(u)), 1e-300)
        return -np.expm1(-rate * np.log1p(p * t / scale)) / p

    integral = quad(each, 0, 1, limit=400, epsabs=0, epsrel=1e-7)[0]
    assert float(model.expected_if_alive(t, counts)[0]) == pytest.approx(integral, rel=1e-5)


@pytest.mark.parametrize("a", [1e-3, 1e-4, 6e-6])
def test_where_hardly_anybody_leaves_the_pace_goes_on(a):
    """All buying alike, the fit ends there: the expectation is the rate times the time, not a part of it."""
    model = PurchaseModel(Family.MBG, 1000.0, 4000.0, a, 2.0)
    counts = Counts.of([20, 5], [19, 4], [20, 40])
    assert model.expected(52, counts) == pytest.approx(
        (1000 + counts.x) * 52 / (4000 + counts.T) * model.p_alive(counts), rel=5 * a
    )


def test_the_integral_has_no_step_where_its_tail_is_cut():
    """Just above and just below the parameter from which the tail is taken whole, the answers agree."""
    counts = Counts.of([3], [10], [12])
    below, above = (
        PurchaseModel(Family.MBG, 30.0, 1e-3, 2 / 3 + shift, 1e-3).expected_if_alive(400, counts)
        for shift in (-1e-9, 1e-9)
    )
    assert below == pytest.approx(above, rel=1e-8)


def test_equal_customers_have_equal_expectations():
    """However often the same history is there, and whatever stands beside it."""
    model = PurchaseModel(Family.MBG, 0.5, 6.0, 1.0, 1.6)
    one, other = Counts.of([2], [5], [9]), Counts.of([0], [0], [9])
    many = Counts.of([2, 0] * 3, [5, 0] * 3, [9] * 6)
    assert list(model.expected(26, many)) == [*model.expected(26, one), *model.expected(26, other)] * 3


@settings(max_examples=100, deadline=None)
@given(parameters, st.lists(histories, min_size=1, max_size=5))
def test_likelihood_adds_up(values, several):
    """The likelihood of all is the sum over customers."""
    each = [log_likelihood(Family.MBG, values, _counts(history)) for history in several]
    parts = [_counts(history) for history in several]
    whole = Counts.of(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("x", "tx", "T")))
    assert log_likelihood(Family.MBG, values, whole) == pytest.approx(sum(each), rel=1e-9)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 50), st.floats(0.1, 500))
def test_spend_lies_between_own_and_everyone(occasions, mean):
    """The expected spend is between the own mean and the mean of all."""
    everyone = float(PUBLISHED_SPEND.expected(0, 0))
    low, high = sorted((mean, everyone))
    assert low - 1e-9 <= float(PUBLISHED_SPEND.expected(occasions, mean)) <= high + 1e-9


def test_simulated_customers_give_their_parameters_back():
    """Ten thousand customers drawn from an MBG: the fit finds what made them."""
    random = np.random.default_rng(5)
    size, true = 10_000, (0.8, 6.0, 1.2, 4.0)
    rate, leave = random.gamma(true[0], 1 / true[1], size), random.beta(true[2], true[3], size)
    age, x, tx = random.uniform(30, 60, size), np.zeros(size), np.zeros(size)
    active, clock = random.random(size) >= leave, np.zeros(size)
    while active.any():
        clock = clock + random.exponential(1, size) / rate
        bought = active & (clock < age)
        x[bought] += 1
        tx[bought] = clock[bought]
        active = bought & (random.random(size) >= leave)
    found = fit_purchases(Counts.of(x, tx, age))
    assert (found.r, found.alpha) == pytest.approx(true[:2], rel=0.15)
    assert found.a / (found.a + found.b) == pytest.approx(true[2] / (true[2] + true[3]), abs=0.03)

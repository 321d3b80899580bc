"""Tiers: the rule, its evidence, monotony in value, what never enters, hysteresis with notice, plain words."""

import inspect
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.offering.accounts import Account
from bot.offering.explain import explain
from bot.offering.held import Held, Reason, advance
from bot.offering.rfm import estimate
from bot.offering.tiers import Standing, Tier, Worth, assess, classify, value_customers

from .world import NOW, RULES

RULE = RULES.tiers
TODAY = int(NOW.timestamp()) // 86_400


def account(customer, days_ago, *, margin=10.0, returned=0.0, handling=0.0, transactions=None, category="drinks"):
    days = tuple(sorted(TODAY - ago for ago in days_ago))
    return Account(customer, days, margin * len(days), returned, handling, transactions or len(days), category)


def worth(customer, value, *, standing=Standing.CURRENT, transactions=10, cycles=5.0):
    return Worth(customer, value, 3.0, 0.9, 5.0, 1.0, standing, "drinks", transactions, cycles, "mbg")


def tiers(assessments):
    return {each.customer: each.tier for each in assessments}


def crowd(size=30):
    return [account(f"p{n:03}", range(1, 200, 5 + n), margin=5 + n % 7) for n in range(size)]


def costly(customer="costly", **more):
    return account(customer, (1, 20, 40, 60), margin=2.0, returned=30.0, handling=40.0, **more)


def test_the_top_fifth_by_value_is_most_valuable():
    """AV >= P80."""
    found = tiers(classify([worth(f"w{n}", float(n)) for n in range(1, 101)], RULE))
    assert {who for who, tier in found.items() if tier is Tier.MVC} == {f"w{n}" for n in range(81, 101)}


def test_the_top_fifth_by_unrealised_value_is_most_growable():
    """SV >= P80 and not MVC."""
    found = classify([worth(f"w{n}", float(n)) for n in range(1, 101)], RULE)
    cut = np.percentile([each.unrealised_value for each in found], 80)
    assert {each.customer for each in found if each.tier is Tier.MGC} == {
        each.customer for each in found if each.unrealised_value >= cut and each.tier is not Tier.MVC
    }


def test_unrealised_value_is_the_distance_to_the_best_tenth():
    """SV = P90 of the segment less AV, floored at 0."""
    values = [float(n) for n in range(1, 101)]
    found = classify([worth(f"w{n}", value) for n, value in enumerate(values)], RULE)
    best = np.percentile(values, 90)
    assert [each.unrealised_value for each in found] == pytest.approx([max(best - value, 0) for value in values])


def test_costing_more_than_bringing_is_below_zero():
    """Returns beyond the margin, over four transactions and more than a cycle."""
    assert tiers(assess([*crowd(), costly()], RULE, as_of=NOW))["costly"] is Tier.BZ


def test_a_new_customer_is_never_below_zero():
    """One purchase, returned at a loss, is no evidence."""
    new = account("new", (1,), margin=2.0, returned=50.0, handling=50.0)
    assert tiers(assess([*crowd(), new], RULE, as_of=NOW))["new"] is not Tier.BZ


@pytest.mark.parametrize(("transactions", "cycles"), [(2, 5.0), (10, 0.9)])
def test_below_zero_needs_three_transactions_and_a_cycle(transactions, cycles):
    """Either alone is not evidence."""
    poor = worth("poor", -5.0, standing=Standing.COSTLY, transactions=transactions, cycles=cycles)
    assert tiers(classify([poor, *(worth(f"w{n}", float(n)) for n in range(50))], RULE))["poor"] is not Tier.BZ


def test_with_few_customers_all_are_standard():
    """Percentiles of three say nothing."""
    assert set(tiers(assess(crowd(3), RULE, as_of=NOW)).values()) == {Tier.STANDARD}


def test_no_customers_give_no_tiers():
    """An empty shop is not an error."""
    assert assess([], RULE, as_of=NOW) == ()


def test_below_two_hundred_customers_rfm_is_used():
    """The explainable fallback."""
    assert {each.method for each in value_customers(crowd(30), RULE, as_of=NOW)} == {"rfm"}


def test_from_two_hundred_customers_on_the_model_is_used():
    """Enough to fit."""
    assert {each.method for each in value_customers(crowd(200), RULE, as_of=NOW)} == {"mbg"}


def test_model_and_rfm_agree_on_order():
    """Over the same customers both rank value alike."""
    people = crowd(220)
    by_model = [each.actual_value for each in value_customers(people, RULE, as_of=NOW)]
    few = RULE.model_copy(update={"value": RULE.value.model_copy(update={"model_from_customers": 10_000})})
    by_rfm = [each.actual_value for each in value_customers(people, few, as_of=NOW)]
    ranks = [np.argsort(np.argsort(values)) for values in (by_model, by_rfm)]
    assert np.corrcoef(*ranks)[0, 1] > 0.7


def test_age_region_and_gender_cannot_be_passed_in():
    """Nothing that a customer is has a place in what the tier is made of."""
    fields = {*inspect.signature(Account).parameters, *inspect.signature(Worth).parameters}
    assert not fields & {"age", "region", "gender", "sex", "country", "postcode", "birthday", "name", "language"}


def test_the_record_has_the_promised_fields():
    """One line of `rapport tiers --json`."""
    names = ["customer", "tier", "actual_value", "unrealised_value", "expected_purchases", "p_alive"]
    assert list(assess(crowd(), RULE, as_of=NOW)[0].record()) == names


def test_rfm_activity_halves_with_each_cycle_of_silence():
    """A weekly customer after two weeks: one cycle too many, a half."""
    found = estimate([account("weekly", (14, 21, 28))], today=TODAY)
    assert float(found.active[0]) == pytest.approx(0.5)


def test_rfm_scores_are_fifths():
    """Ten customers by recency: two of each score."""
    found = estimate([account(f"c{n}", (n + 1,)) for n in range(10)], today=TODAY)
    assert found.recency.tolist() == [5, 5, 4, 4, 3, 3, 2, 2, 1, 1]


values = st.lists(st.floats(-500, 500), min_size=6, max_size=40)


@settings(max_examples=300, deadline=None)
@given(values, st.data())
def test_more_value_never_costs_the_best_tier_nor_gives_the_worst(several, data):
    """Raising one customer's value, all else the same: MVC stays MVC, and nobody becomes BZ by it."""
    which = data.draw(st.integers(0, len(several) - 1))
    more = data.draw(st.floats(0, 1000))
    standings = data.draw(st.lists(st.sampled_from(Standing), min_size=len(several), max_size=len(several)))
    people = [worth(str(n), value, standing=standings[n]) for n, value in enumerate(several)]
    before = classify(people, RULE)[which].tier
    people[which] = replace(people[which], actual_value=several[which] + more)
    after = classify(people, RULE)[which].tier
    assert after is Tier.MVC if before is Tier.MVC else True
    assert before is Tier.BZ if after is Tier.BZ else True


@settings(max_examples=100, deadline=None)
@given(values)
def test_of_two_alike_the_more_valuable_is_never_below_zero_alone(several):
    """Within a segment BZ and MVC follow value: no one outranked by a poorer twin."""
    people = [worth(str(n), value) for n, value in enumerate(several)]
    found = sorted(classify(people, RULE), key=lambda each: each.worth.actual_value)
    best = [each.tier is Tier.MVC for each in found]
    worst = [each.tier is Tier.BZ for each in found]
    assert best == sorted(best)
    assert worst == sorted(worst, reverse=True)


@settings(max_examples=50, deadline=None)
@given(st.randoms())
def test_the_order_of_customers_does_not_matter(random):
    """Tiers are a function of the set of customers."""
    people = crowd(25)
    turned = people[:]
    random.shuffle(turned)
    assert tiers(assess(people, RULE, as_of=NOW)) == tiers(assess(turned, RULE, as_of=NOW))


# The tier in force.


def at(tier, keeps):
    """An assessment that gives `tier` and would keep `keeps`."""
    base = classify([worth(str(n), float(n)) for n in range(10)], RULE)[0]
    return replace(base, tier=tier, keeps=frozenset(keeps))


HIGH = at(Tier.MVC, Tier)
BETWEEN = at(Tier.STANDARD, {Tier.BZ, Tier.STANDARD, Tier.MGC, Tier.MVC})
LOW = at(Tier.STANDARD, {Tier.BZ, Tier.STANDARD})


def run(*steps):
    """The tier in force after assessments at days: run((0, HIGH), (31, LOW))."""
    held = None
    for day, assessment in steps:
        held = advance(held, assessment, rules=RULE.demotion, now=NOW + timedelta(days=day))
    return held


def test_promotion_is_at_once():
    """The first better assessment is enough."""
    assert run((0, LOW), (1, HIGH)).tier is Tier.MVC


def test_between_the_bounds_a_tier_is_kept():
    """Under P80 but not under P70: nothing happens."""
    assert run((0, HIGH), (31, BETWEEN), (62, BETWEEN), (93, BETWEEN)).missed == 0


def test_once_below_is_not_enough():
    """One bad month keeps the tier and gives no notice."""
    held = run((0, HIGH), (31, LOW))
    assert (held.tier, held.demotion_due) == (Tier.MVC, None)


def test_twice_in_a_row_gives_sixty_days_notice():
    """The tier still holds, and the day is named."""
    held = run((0, HIGH), (31, LOW), (62, LOW))
    assert (held.tier, held.demotion_due) == (Tier.MVC, NOW + timedelta(days=122))


def test_two_assessments_on_one_day_count_once():
    """Recomputing on an event is not another month."""
    assert run((0, HIGH), (31, LOW), (31, LOW), (32, LOW)).demotion_due is None


def test_not_demoted_before_the_notice_is_over():
    """59 days later the tier holds."""
    assert run((0, HIGH), (31, LOW), (62, LOW), (121, LOW)).tier is Tier.MVC


def test_demoted_when_the_notice_is_over():
    """60 days later it falls."""
    assert run((0, HIGH), (31, LOW), (62, LOW), (122, LOW)).tier is Tier.STANDARD


def test_recovery_withdraws_the_notice():
    """Back above P70 within the notice: all is as before."""
    held = run((0, HIGH), (31, LOW), (62, LOW), (93, BETWEEN), (130, LOW))
    assert (held.tier, held.missed, held.demotion_due) == (Tier.MVC, 1, None)


def test_the_history_tells_each_step():
    """First, once below, notice, demoted."""
    held = run((0, HIGH), (31, LOW), (62, LOW), (122, LOW))
    assert [change.reason for change in held.history] == [Reason.FIRST, Reason.BELOW, Reason.NOTICE, Reason.DEMOTED]


def test_a_held_tier_survives_storing():
    """To JSON and back."""
    held = run((0, HIGH), (31, LOW), (62, LOW))
    stored = Held.from_json(held.to_json())
    assert stored.to_json() == held.to_json()
    assert (stored.tier, stored.demotion_due) == (held.tier, held.demotion_due)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 45), st.sampled_from([HIGH, BETWEEN, LOW])), min_size=1, max_size=14))
def test_a_tier_never_falls_without_notice(gaps):
    """Whatever the months bring, between any notice and the fall lie sixty days."""
    day, steps = 0, []
    for gap, assessment in gaps:
        day += gap
        steps.append((day, assessment))
    history = run(*steps).history
    for number, change in enumerate(history):
        if change.reason is Reason.DEMOTED:
            notice = history[number - 1]
            assert notice.reason is Reason.NOTICE
            assert change.at - notice.at >= timedelta(days=60)


# Plain words.


def test_the_explanation_names_the_figures_it_rests_on():
    """Value, expected purchases, chance, comparison and bounds."""
    said = " ".join(explain(assess(crowd(), RULE, as_of=NOW)[3], RULE))
    figures = ("purchases are expected", "chance that this is still", "Compared with", "recency, frequency")
    for words in figures:
        assert words in said


def test_the_explanation_says_what_plays_no_part():
    """Age, region and gender are named as left out."""
    assert "Age, region, gender" in explain(assess(crowd(), RULE, as_of=NOW)[0], RULE)[-1]


def test_a_kept_tier_is_explained():
    """Where hysteresis keeps a tier, both are told, and the day."""
    said = " ".join(explain(LOW, RULE, held=run((0, HIGH), (31, LOW), (62, LOW))))
    assert "By today's figures alone it would be STANDARD; MVC is kept" in said
    assert "2026-10-01" in said


def test_missing_evidence_is_explained():
    """Below zero without evidence is told as such."""
    poor = worth("poor", -5.0, standing=Standing.COSTLY, transactions=1)
    found = classify([poor, *(worth(f"w{n}", float(n)) for n in range(50))], RULE)[0]
    assert "not yet evidence" in " ".join(explain(found, RULE))

"""Benefits, the twin check, unmet needs, the effort ledger, refills: each promise in one test."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.offering.benefits import Deeds, answer, benefits_of
from bot.offering.effort import Asked, changed_outcome, ledger, questions_left, to_retire, told
from bot.offering.fairness import Fault, Treatment, check_benefits, twin_check
from bot.offering.index import off_brand
from bot.offering.needs import Need, unmet_needs
from bot.offering.refills import due
from bot.offering.rules import Benefit, OfferRules
from bot.offering.tiers import Tier

from .world import ENGINE, NOW, RULES, bought, kiosk

OFFERS = RULES.offers
NOTHING = Deeds(dated={}, now={})


def test_a_tier_has_its_benefit_outright():
    """Free shipping for the most valuable."""
    assert answer("free_shipping", tier=Tier.MVC, deeds=NOTHING, rules=OFFERS).code == "yours"


@pytest.mark.parametrize("tier", [Tier.MGC, Tier.STANDARD, Tier.BZ])
def test_whoever_goes_without_is_told_a_path(tier):
    """Each other tier hears what to do, and how far it is."""
    found = answer("free_shipping", tier=tier, deeds=Deeds({"orders": [10.0] * 7}, {"basket": 20.0}), rules=OFFERS)
    assert (found.has, found.code) == (False, "not_yet")
    assert [(path.criterion.counts, path.missing) for path in found.paths] == [
        ("orders", 5),
        ("basket", 25),
        ("subscription", 1),
    ]


@pytest.mark.parametrize("tier", list(Tier))
def test_the_path_leads_to_the_benefit_in_every_tier(tier):
    """A basket of 45 ships free, whoever fills it."""
    assert answer("free_shipping", tier=tier, deeds=Deeds({}, {"basket": 45.0}), rules=OFFERS).has


def test_old_deeds_do_not_count():
    """Orders of more than a year ago are left out."""
    found = answer("free_shipping", tier=Tier.STANDARD, deeds=Deeds({"orders": [400.0] * 20}, {}), rules=OFFERS)
    assert not found.has


def test_an_answer_names_no_tier_and_no_value():
    """What wording may use says nothing of tiers or value."""
    found = benefits_of(tier=Tier.STANDARD, deeds=NOTHING, rules=OFFERS)
    said = repr([(each.code, [path.arguments for path in each.paths], each.because) for each in found])
    assert not any(word in said for word in ("MVC", "MGC", "STANDARD", "BZ", "value", "alive"))


def test_a_benefit_not_meant_for_someone_says_so_honestly():
    """Without a path there is a reason and an alternative."""
    only = Benefit(
        id="tour",
        kind="event",
        tiers={"MVC"},
        not_designed_for="For wholesale partners.",
        alternative="cupping",
    )
    found = answer("tour", tier=Tier.BZ, deeds=NOTHING, rules=OfferRules(benefits=(only,)))
    assert (found.code, found.because, found.alternative) == (
        "not_designed",
        "For wholesale partners.",
        "cupping",
    )


def test_a_benefit_of_one_channel_is_only_there():
    """Elsewhere the channel is named."""
    only = Benefit(id="tasting", kind="event", tiers=set(Tier), channels={"webchat"})
    found = answer("tasting", tier=Tier.BZ, deeds=NOTHING, rules=OfferRules(benefits=(only,)), channel="messaging")
    assert (found.has, found.code, found.because) == (False, "other_channel", "webchat")


def test_an_unknown_benefit_is_not_promised():
    """What the file does not hold nobody has."""
    assert not answer("free_lunch", tier=Tier.MVC, deeds=NOTHING, rules=OFFERS).has


def test_the_shops_benefits_pass_the_twin_check():
    """Every difference between MVC, STANDARD and BZ has a reason and a path."""
    assert check_benefits(OFFERS) == ()


@pytest.mark.parametrize("aspect", ["sale", "price", "help", "stock", "rights"])
def test_no_tier_changes_a_sale_a_price_or_help(aspect):
    """Such a difference is forbidden even with reason and path."""
    found = twin_check(lambda tier: [Treatment(aspect, "latte", tier.value, "because", "do this")])
    assert [each.fault for each in found] == [Fault.FORBIDDEN]


@pytest.mark.parametrize(
    ("reason", "path", "fault"), [(None, "do this", Fault.NO_REASON), ("because", None, Fault.NO_PATH)]
)
def test_a_difference_needs_reason_and_path(reason, path, fault):
    """Either missing is a finding that tells what each twin got."""
    (found,) = twin_check(lambda tier: [Treatment("benefit", "gift", tier.value, reason, path)])
    assert (found.fault, len(found.got)) == (fault, 3)


def test_something_only_one_twin_has_is_a_difference():
    """A treatment that is missing for others counts."""
    found = twin_check(lambda tier: [Treatment("reply", "hello", "hi", "r", "p")] if tier is Tier.MVC else [])
    assert [each.fault for each in found] == [Fault.NO_REASON]


def test_equal_treatment_needs_no_reason():
    """Nothing differs, nothing is found."""
    assert twin_check(lambda tier: [Treatment("price", "latte", "3.40")]) == ()


def needs(people, wanted="a fridge"):
    return [Need(wanted, f"c{number}", NOW - timedelta(days=number)) for number in range(people)]


def test_a_need_is_told_from_five_people_on():
    """Five different people are enough."""
    assert [(each.wanted, each.people) for each in unmet_needs(needs(5))] == [("fridge", 5)]


def test_a_need_of_four_people_stays_hidden():
    """However often they asked."""
    assert unmet_needs(needs(4) * 10) == ()


def test_the_bound_cannot_be_lowered():
    """Asking for one person shows nothing more."""
    assert unmet_needs(needs(4), people=1) == ()


def test_spellings_of_a_need_are_one_need():
    """Articles, case and plural do not matter."""
    mixed = [*needs(3), *[need._replace(customer="d" + need.customer, wanted="Fridges!") for need in needs(2)]]
    assert unmet_needs(mixed)[0].people == 5


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9)), max_size=60))
def test_no_need_is_told_of_fewer_than_five(asks):
    """Whatever the log, each need that is told has five people."""
    found = unmet_needs([Need(wanted, str(who), NOW) for wanted, who in asks])
    assert all(len({who for wanted, who in asks if wanted == each.wanted}) == each.people >= 5 for each in found)


def asked(question, times, *, answered=True, changed=False):
    return [Asked(question, f"v{number}", NOW, answered, changed) for number in range(times)]


def test_a_question_that_never_changed_anything_is_reported():
    """After enough askings it should go."""
    rows = ledger([*asked("size", 60), *asked("milk", 60, changed=True), *asked("sugar", 10)])
    assert [row.question for row in to_retire(rows, after=50)] == ["size"]


def test_the_ledger_counts_skips():
    """Asked, answered, skipped, used."""
    (row,) = ledger([*asked("milk", 3, changed=True), *asked("milk", 2, answered=False)])
    assert (row.asked, row.answered, row.skipped, row.changed) == (5, 3, 2, 3)


def test_a_customer_is_told_what_answers_were_used_for():
    """3 asked, 2 used."""
    assert told([*asked("a", 2, changed=True), *asked("b", 1)]) == (3, 2)


def test_the_budget_of_questions_runs_out():
    """Skipped ones are spent as well, and it never goes below none."""
    assert [questions_left(asked("a", times, answered=False), budget=2) for times in range(4)] == [2, 1, 0, 0]


def test_an_outcome_changed_if_what_is_shown_differs():
    """Content or order."""
    assert [changed_outcome(["a", "b"], other) for other in (["a", "b"], ["b", "a"], ["a"])] == [False, True, True]


def refills(*days, sku="house", **more):
    return due([bought(sku, ago, **more) for ago in days], engine=ENGINE, now=NOW)


def test_a_refill_is_due_when_its_own_cycle_says_so():
    """Every thirty days, the last one thirty days ago."""
    (found,) = refills(30, 60, 90)
    assert (found.sku, round(found.days), found.cycle, len(found.evidence)) == ("house", 30, 30, 3)


@pytest.mark.parametrize("days", [(10, 40, 70), (70, 100, 130), (30, 60)], ids=["too early", "too late", "twice only"])
def test_no_refill_is_asked_without_a_cycle_that_is_over(days):
    """Too early, long lapsed, or too few to tell."""
    assert refills(*days) == ()


def test_durables_are_never_refilled():
    """Three grinders make no habit."""
    assert refills(30, 60, 90, sku="grinder") == ()


def test_off_brand_products_are_named():
    """For the check before publishing."""
    assert off_brand(kiosk(), OFFERS) == ("whisky",)

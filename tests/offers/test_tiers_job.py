"""Tiers over time: computed from memory, up at once, down slowly, explained to staff, kept with their reasons."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from shop_talk import CATALOGUE, RULES

from bot.locks import LocalLocks
from bot.offers import tiers
from bot.offers.market import Market
from bot.offers.schedule import Schedule
from memory import consent, export, identities, profiles, purchases, tickets
from memory.consent import Evidence, Purpose
from memory.purchases import Line

NOW = datetime(2026, 11, 19, 9, tzinfo=UTC)
DAY = timedelta(days=1)


def recompute(memory, at=NOW):
    return {each.subject: each for each in tiers.recompute(memory, CATALOGUE, RULES.tiers, as_of=at)}


def history(memory, subject):
    with memory.write() as tx:
        customer = identities.sign_in(tx, subject=subject, now=NOW)
        return profiles.history(tx, consent.require(tx, customer, Purpose.PERSONALISATION))


def withdraw(memory, subject, clock):
    with memory.write() as tx:
        customer = identities.sign_in(tx, subject=subject, now=NOW)
        evidence = Evidence("button")
        consent.decide(
            tx, customer, purpose=Purpose.PERSONALISATION, decision="withdrawn", evidence=evidence, now=clock()
        )
        return customer


def buy(memory, subject, *days, price="4.00", cost="1.00"):
    lines = [
        Line(f"{subject}-{day:%m%d}", subject, day, "latte", 1, Decimal(price), Decimal(cost), nth=0) for day in days
    ]
    with memory.write() as tx:
        purchases.record_lines(tx, lines)


def test_everybody_of_the_demo_has_a_tier_by_the_shops_id(memory):
    """And it is recorded with its figures and reasons."""
    found = recompute(memory)
    assert set(found) == {"ana", "ben", "chen", "dora", "emil", "fatima", "goran", "hana"}
    assert found["fatima"].held.tier == "MVC"
    (profile,) = history(memory, "fatima")
    assert (profile.at, profile.tier) == (NOW, "MVC")
    assert profile.figures["actual_value"] == found["fatima"].assessment.record()["actual_value"]
    assert "This customer is one of the most valuable customers (MVC)." in profile.reasons


def test_computing_again_records_nothing_new(memory):
    """A profile is written when something changed or its figures are four weeks old."""
    recompute(memory)
    recompute(memory, NOW + DAY)
    assert len(history(memory, "ana")) == 1
    recompute(memory, NOW + 29 * DAY)
    assert len(history(memory, "ana")) == 2


def test_history_is_not_rewritten(memory):
    """As of an earlier time it is computed and shown, not recorded."""
    recompute(memory)
    earlier = recompute(memory, NOW - 200 * DAY)
    assert earlier["ana"].held.since == NOW - 200 * DAY
    assert [profile.at for profile in history(memory, "ana")] == [NOW]


def test_up_at_once_and_down_only_after_two_misses_and_sixty_days_notice(empty):
    """All steps of a fall are in the history, each with its reason."""
    start = NOW - 300 * DAY
    for n in range(10):
        buy(empty, f"c{n}", *(start - 7 * week * DAY for week in range(8)), price="3.00", cost="2.00")
    buy(empty, "star", start - 14 * DAY, start - 7 * DAY, price="1.10")
    assert recompute(empty, start)["star"].held.tier != "MVC"
    buy(empty, "star", *(start + (1 + n) * DAY for n in range(0, 20, 2)), price="90.00", cost="10.00")
    up = start + 21 * DAY
    assert recompute(empty, up)["star"].held.tier == "MVC"
    # Everybody else goes on, the star does not come back.
    for n in range(10):
        buy(empty, f"c{n}", *(start + 7 * week * DAY for week in range(40)), price="30.00", cost="2.00")
    seen = {}
    for days in (100, 110, 130, 160, 191):
        seen[days] = recompute(empty, up + days * DAY)["star"].held
    assert [held.tier == "MVC" for held in seen.values()] == [True, True, True, True, False]
    assert [held.missed for held in seen.values()] == [1, 1, 2, 2, 0]
    assert seen[130].demotion_due == up + 190 * DAY
    reasons = [change.reason.value for change in seen[191].history]
    assert reasons == ["first_assessment", "promoted", "below_once", "demotion_noticed", "demoted"]
    assert history(empty, "star")[0].tier == seen[191].tier


def test_whoever_refuses_and_a_declared_child_have_no_tier(memory, clock):
    """Nothing of theirs is read for it."""
    withdraw(memory, "ana", clock)
    with memory.write() as tx:
        identities.sign_in(tx, subject="ben", child=True, now=NOW)
    assert not {"ana", "ben"} & set(recompute(memory))


def test_a_complaint_costs_nobody_their_tier_and_a_contact_costs(memory):
    """Whoever complains does the shop a service."""
    before = recompute(memory)["hana"].assessment.worth.actual_value

    def contact(kind):
        with memory.write() as tx:
            customer = identities.sign_in(tx, subject="hana", now=NOW)
            for _ in range(5):
                tickets.open(tx, customer=customer, conversation=None, kind=kind, text="x", now=NOW)
        return recompute(memory)["hana"].assessment.worth.actual_value

    assert contact("complaint") == before
    assert contact("contact") < before


def test_it_is_explained_in_plain_words_by_the_shops_id(memory):
    """For staff."""
    found = recompute(memory)["emil"]
    lines = tiers.explained(found, RULES.tiers)
    assert lines[0].startswith("emil is ")
    assert not any("c_" in line for line in lines)
    assert lines[-1] == "Age, region, gender, complaints and rights requests play no part in this."


def test_the_access_copy_holds_the_profile(memory):
    """Whoever asks for their data gets the tier and why, in words one would show."""
    recompute(memory)
    with memory.write() as tx:
        customer = identities.sign_in(tx, subject="fatima", now=NOW)
        copy = export.access_copy(tx, customer, now=NOW)
    (row,) = copy["kept"]["profiles"]["rows"]
    assert row["tier"] == "MVC"
    assert row["reasons"]


# --- By itself, in the served process -------------------------------------------------------------------


@pytest.fixture
def schedule(memory, clock):
    market = Market(memory, files=lambda: CATALOGUE, shelf=lambda: CATALOGUE, rules=lambda: RULES.offers, clock=clock)
    made = {"catalogue": lambda: CATALOGUE, "rules": lambda: RULES.tiers, "clock": clock, "locks": LocalLocks()}
    return Schedule(memory, market, **made)


def test_tiers_are_computed_at_the_start_monthly_and_soon_after_orders(schedule, memory, clock, talk_as):
    """And else left alone."""

    def look():
        return asyncio.run(schedule.look())

    assert [look(), look()] == [True, False]
    clock.forward(minutes=5)
    talk = talk_as("chen")
    talk.say("a double espresso", "order", ("product", "espresso"), ("size", "double"), ("fulfilment", "pickup"))
    talk.tap("Yes, order it")
    assert look() is False
    clock.forward(hours=1)
    assert [look(), look()] == [True, False]
    clock.forward(days=29)
    assert look() is True


def test_edited_rules_of_tiers_take_effect_at_the_next_look(memory, clock):
    """Once, in the served process: with nobody but the very best at the top, somebody is no longer counted there."""
    rules = [RULES.tiers]
    market = Market(memory, files=lambda: CATALOGUE, shelf=lambda: CATALOGUE, rules=lambda: RULES.offers, clock=clock)
    schedule = Schedule(
        memory, market, catalogue=lambda: CATALOGUE, rules=lambda: rules[0], clock=clock, locks=LocalLocks()
    )
    assert [asyncio.run(schedule.look()) for _ in range(2)] == [True, False]
    before = {subject: each.assessment.tier for subject, each in recompute(memory, at=clock()).items()}
    best = RULES.tiers.most_valuable.model_copy(update={"promote_at": 100, "demote_below": 99})
    rules[0] = RULES.tiers.model_copy(update={"most_valuable": best})
    clock.forward(minutes=2)
    assert [asyncio.run(schedule.look()) for _ in range(2)] == [True, False]
    found = tiers.recompute(memory, CATALOGUE, rules[0], as_of=clock())
    after = {each.subject: each.assessment.tier for each in found}
    assert sum(tier == "MVC" for tier in after.values()) < sum(tier == "MVC" for tier in before.values())


def test_the_engine_learns_from_orders_and_never_waits_for_it(memory, clock):
    """Before it has learned it goes by the catalogue."""
    market = Market(memory, files=lambda: CATALOGUE, shelf=lambda: CATALOGUE, rules=lambda: RULES.offers, clock=clock)
    before = market.engine().index
    assert (market.learned, market.engine().index is before) == (False, True)
    market.learn()
    assert market.learned
    where = before.place["night_owl_decaf"]
    assert market.engine().index.popular[where] > before.popular[where]

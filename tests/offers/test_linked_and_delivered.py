"""Linked sign-ins are one customer to tiers and suggestions, and what a subscription brings counts as bought."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from shop_talk import CATALOGUE, RULES

from actions.knowing import know, standing
from bot.locks import LocalLocks
from bot.offering.tiers import Tier
from bot.offers import tiers
from bot.offers.market import Market
from bot.offers.schedule import Schedule
from memory import consent, conversations, deliveries, identities, links, orders, purchases
from memory.consent import Evidence, Purpose
from memory.purchases import Line

NOW = datetime(2026, 11, 19, 9, tzinfo=UTC)
DAY = timedelta(days=1)
PHONE = {"channel": "telegram", "address": "+49 170 5550199"}
PLAN = {"sku": "monthly_explorer", "options": {"size": "250g"}, "quantity": 1}


def sign_in(memory, subject):
    with memory.write() as tx:
        return identities.sign_in(tx, subject=subject, now=NOW)


@pytest.fixture
def apart(memory):
    """Fatima, whom the shop values most, and somebody on a phone who has ordered once."""
    fatima = sign_in(memory, "fatima")
    with memory.write() as tx:
        phone = identities.for_address(tx, now=NOW, **PHONE)
        line = Line("K-PHONE1", "", NOW - DAY, "mocha", 1, Decimal("4.00"), Decimal("1.00"), nth=0)
        purchases.record_order(tx, phone, order_id="K-PHONE1", rows=[line])
    return fatima, phone


def link(memory, sides):
    fatima, phone = sides
    with memory.write() as tx:
        code = links.offer_code(tx, customer=fatima, channel="shop", address="fatima", now=NOW)
        assert links.redeem_code(tx, customer=phone, code=code, now=NOW, **PHONE).outcome == "linked"
    return sides


@pytest.fixture
def linked(memory, apart):
    """Both shown to be one person."""
    return link(memory, apart)


def computed(memory, at=NOW):
    return {each.subject: each for each in tiers.recompute(memory, CATALOGUE, RULES.tiers, as_of=at)}


def test_linked_sign_ins_have_one_account_and_one_tier(memory, linked):
    """The purchases of both count, once, under the id that the shop knows; both sides have the tier."""
    found = computed(memory)
    assert not set(linked) & set(found)
    with memory.read() as tx:
        bought = purchases.of(tx, consent.require(tx, linked[1], Purpose.PERSONALISATION))
        both = {standing(tx, each)[0] for each in linked}
    orders_of_both = {line.order_id for line in bought if line.quantity > 0}
    assert "K-PHONE1" in orders_of_both
    assert found["fatima"].assessment.worth.transactions == len(orders_of_both)
    assert both == {Tier(found["fatima"].held.tier)}


def test_being_linked_takes_no_tier_away(memory, apart):
    """The better one of both sides holds from the moment of the link, and after the next computation."""
    before = computed(memory)
    best = max((before[each].held.tier for each in ("fatima", apart[1])), key=lambda tier: tier.rank)
    link(memory, apart)
    with memory.read() as tx:
        assert {standing(tx, each)[0] for each in apart} == {best}
    computed(memory, NOW + DAY)
    with memory.read() as tx:
        assert all(standing(tx, each)[0].rank >= best.rank for each in apart)


def test_a_suggestion_knows_what_both_sides_bought(memory, linked):
    """Whichever of them asks."""
    with memory.read() as tx:
        known = [{line.sku for line in know(tx, each, catalogue=CATALOGUE).person.bought} for each in linked]
    assert known[0] == known[1] >= {"mocha"}


def subscribed(memory, subject="emil", *, at=NOW):
    """Somebody with a plan that comes every 30 days."""
    customer = sign_in(memory, subject)
    line = Line(
        "", subject, at, "monthly_explorer", 1, Decimal("12.00"), Decimal("6.00"), nth=0, modules={"size": "250g"}
    )
    with memory.write() as tx:
        conversation = conversations.open(tx, customer=customer, channel="web", now=at).id
        way = {"how": "delivery", "every_days": 30}
        placed = {"fulfilment": way, "total": Decimal("12.00"), "currency": "EUR", "now": at}
        orders.place(tx, customer=customer, conversation=conversation, number="K-SUBS01", lines=[PLAN], **placed)
        purchases.record_order(tx, customer, order_id="K-SUBS01", rows=[line_of(line)])
    return customer


def line_of(line):
    return Line("K-SUBS01", line.subject, line.ordered_at, line.sku, 1, line.unit_price, line.unit_cost,
                nth=0, modules=line.modules)  # fmt: skip


def days_of(memory, customer):
    with memory.read() as tx:
        bought = purchases.of(tx, consent.require(tx, customer, Purpose.PERSONALISATION))
    return [(line.ordered_at - NOW).days for line in bought if line.sku == "monthly_explorer"]


def test_every_delivery_that_is_due_is_a_purchase_once(memory, clock):
    """Counted again, nothing is new."""
    customer = subscribed(memory)
    for _ in range(2):
        with memory.write() as tx:
            deliveries.record_due(tx, now=NOW + 95 * DAY)
    assert days_of(memory, customer) == [0, 30, 60, 90]


def test_an_ended_subscription_brings_nothing_any_more(memory, clock):
    """What came before its end stays bought."""
    customer = subscribed(memory)
    with memory.write() as tx:
        orders.cancel(tx, "K-SUBS01", customer=customer, now=NOW + 40 * DAY)
        deliveries.record_due(tx, now=NOW + 95 * DAY)
    assert days_of(memory, customer) == [0, 30]


def test_deliveries_of_whoever_refuses_are_not_recorded(memory, clock):
    """As with every purchase."""
    customer = subscribed(memory)
    refused = {"purpose": Purpose.PERSONALISATION, "decision": "withdrawn", "evidence": Evidence("button")}
    with memory.write() as tx:
        consent.decide(tx, customer, now=NOW, **refused)
        assert deliveries.record_due(tx, now=NOW + 95 * DAY) == 0


def test_the_served_process_records_what_came_due(memory, clock, engine):
    """By itself, in the background."""
    customer = subscribed(memory)
    clock.now = NOW + 65 * DAY
    market = Market(memory, files=lambda: CATALOGUE, shelf=lambda: CATALOGUE, rules=lambda: RULES.offers, clock=clock)
    schedule = Schedule(
        memory, market, catalogue=lambda: CATALOGUE, rules=lambda: RULES.tiers, clock=clock, locks=LocalLocks()
    )
    asyncio.run(schedule.look())
    assert days_of(memory, customer) == [0, 30, 60]


def test_nobody_is_asked_whether_what_comes_by_itself_runs_low(talk_as, memory, clock):
    """A plan that stands needs no reminder."""
    subscribed(memory, at=NOW)
    with memory.write() as tx:
        deliveries.record_due(tx, now=NOW + 118 * DAY)
    clock.now = NOW + 118 * DAY
    talk = talk_as("emil")
    told = talk.say("hello", "greet")
    assert not [m for m in told if m.name == "utter_ask_refill" and "Explorer" in m.text]

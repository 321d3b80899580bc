"""What is remembered of a customer is sourced, purposed, correctable, and believed no longer than its half-life."""

from datetime import timedelta
from typing import Any

import pytest
from memory_people import NOW, somebody

from memory import Memory, Tx, consent, facts
from memory.consent import Evidence, Grant, Purpose
from memory.errors import ConsentRefused, FactRefused, Ungranted
from memory.facts import Source

CHAT = Source(channel="web", touch_point="chat", turn=3)


def _grant(tx: Tx, customer: str, purpose: Purpose = Purpose.PREFERENCES) -> Grant:
    consent.decide(tx, customer, purpose=purpose, decision="granted", evidence=Evidence("button"), now=NOW)
    return consent.require(tx, customer, purpose)


def _tell(tx: Tx, grant: Grant, value: str, polarity: str = "like", **more: Any) -> facts.Fact:
    stated: dict[str, Any] = {"attribute": "milk", "purpose": Purpose(grant.purpose), "source": CHAT, "now": NOW}
    return facts.record(tx, grant, value=value, polarity=polarity, **(stated | more))


def test_a_fact_comes_back_with_its_source_and_date(memory: Memory) -> None:
    """Attribute, value, polarity, for whom, where it was said and when."""
    customer, conversation = somebody(memory)
    source = Source(channel="web", touch_point="chat", conversation=conversation, turn=3)
    with memory.write() as tx:
        told = _tell(tx, _grant(tx, customer), "oat", source=source, for_whom="sister")
    with memory.read() as tx:
        assert facts.of(tx, consent.require(tx, customer, Purpose.PREFERENCES)) == (told,)
    assert (told.attribute, told.value, told.polarity, told.for_whom) == ("milk", "oat", "like", "sister")
    assert (told.conversation, told.turn, told.channel, told.told_at) == (conversation, 3, "web", NOW)


def test_nothing_is_remembered_without_the_grant_for_its_purpose(memory: Memory) -> None:
    """No preferences, no fact; and the wrong purpose is refused."""
    customer, _ = somebody(memory)
    with memory.write() as tx:
        with pytest.raises(ConsentRefused):
            consent.require(tx, customer, Purpose.PREFERENCES)
        other = consent.require(tx, customer, Purpose.PERSONALISATION)
        with pytest.raises(FactRefused):
            _tell(tx, other, "oat")
        with pytest.raises(FactRefused):
            _tell(tx, other, "oat", purpose=Purpose.PREFERENCES)


def test_sensitive_facts_need_their_own_yes_and_lie_apart(memory: Memory) -> None:
    """An allergy under preferences is refused; under sensitive it is kept, unread by a grant for preferences."""
    customer, _ = somebody(memory)
    with memory.write() as tx:
        preferences = _grant(tx, customer)
        with pytest.raises(FactRefused):
            _tell(tx, preferences, "hazelnut", "never", attribute="allergy")
        sensitive = _grant(tx, customer, Purpose.SENSITIVE)
        allergy = _tell(tx, sensitive, "hazelnut", "never", attribute="allergy")
        assert facts.of(tx, consent.require(tx, customer, Purpose.PREFERENCES)) == ()
        assert facts.of(tx, sensitive) == (allergy,)


def test_telling_it_again_confirms_it(memory: Memory) -> None:
    """No second fact, and its half-life begins anew."""
    customer, _ = somebody(memory)
    later = NOW + timedelta(days=200)
    with memory.write() as tx:
        grant = _grant(tx, customer)
        first = _tell(tx, grant, "oat")
        again = _tell(tx, grant, "oat", now=later)
        assert (again.id, again.told_at, again.confirmed_at) == (first.id, NOW, later)
        assert len(facts.of(tx, grant)) == 1


@pytest.mark.parametrize(("days", "freshness"), [(0, "asserted"), (179, "asserted"), (180, "ask"), (360, "silent")])
def test_a_fact_ages_into_a_question_and_then_into_silence(memory: Memory, days: int, freshness: str) -> None:
    """One half-life, then another; what is silent is not usable."""
    customer, _ = somebody(memory)
    now = NOW + timedelta(days=days)
    with memory.write() as tx:
        grant = _grant(tx, customer)
        assert _tell(tx, grant, "oat").freshness(now) == freshness
        assert len(facts.usable(tx, grant, now=now)) == (freshness != "silent")


def test_what_is_meant_for_today_is_silent_tomorrow(memory: Memory) -> None:
    """A fact that does not last has a half-life of half a day."""
    customer, _ = somebody(memory)
    with memory.write() as tx:
        grant = _grant(tx, customer)
        today = _tell(tx, grant, "decaf", lasting=False)
        assert facts.usable(tx, grant, now=NOW + timedelta(hours=2)) == (today,)
        assert facts.usable(tx, grant, now=NOW + timedelta(hours=24)) == ()


def test_a_correction_wins_at_once_and_supersedes_visibly(memory: Memory) -> None:
    """The new fact holds; the old one can still be seen, naming the new one."""
    customer, _ = somebody(memory)
    with memory.write() as tx:
        grant = _grant(tx, customer)
        oat = _tell(tx, grant, "oat")
        soy = facts.correct(tx, grant, oat.id, value="soy", source=CHAT, now=NOW + timedelta(days=1))
        assert facts.usable(tx, grant, now=NOW + timedelta(days=1)) == (soy,)
        assert [(old.id, old.superseded_by) for old in facts.superseded(tx, grant)] == [(oat.id, soy.id)]


def test_one_fact_can_take_the_place_of_another(memory: Memory) -> None:
    """When the customer says which of two that are remembered holds."""
    customer, _ = somebody(memory)
    with memory.write() as tx:
        grant = _grant(tx, customer)
        oat, soy = _tell(tx, grant, "oat"), _tell(tx, grant, "soy")
        facts.supersede(tx, grant, oat.id, by=soy.id)
        assert [fact.id for fact in facts.usable(tx, grant, now=NOW)] == [soy.id]
        assert [fact.id for fact in facts.superseded(tx, grant)] == [oat.id]
        with pytest.raises(FactRefused):
            facts.supersede(tx, grant, "f_unknown", by=soy.id)


def test_a_contradiction_is_kept_until_the_customer_settles_it(memory: Memory) -> None:
    """Neither side is used meanwhile; the one that is kept supersedes the other."""
    customer, _ = somebody(memory)
    with memory.write() as tx:
        grant = _grant(tx, customer)
        liked, disliked = _tell(tx, grant, "oat"), _tell(tx, grant, "oat", "dislike")
        assert {fact.id for fact in facts.disputed(tx, grant)[0]} == {liked.id, disliked.id}
        assert facts.usable(tx, grant, now=NOW) == ()
        facts.settle(tx, grant, disliked.id, now=NOW)
        assert [fact.id for fact in facts.usable(tx, grant, now=NOW)] == [disliked.id]
        assert facts.disputed(tx, grant) == ()


def test_likes_of_different_people_do_not_contradict(memory: Memory) -> None:
    """What the sister dislikes says nothing of the customer."""
    customer, _ = somebody(memory)
    with memory.write() as tx:
        grant = _grant(tx, customer)
        _tell(tx, grant, "oat")
        _tell(tx, grant, "oat", "dislike", for_whom="sister")
        assert len(facts.usable(tx, grant, now=NOW)) == 2


@pytest.mark.parametrize("teller", ["assistant", "recall", ""])
def test_what_was_only_recalled_is_not_stored_again(memory: Memory, teller: str) -> None:
    """A fact needs somebody who told it."""
    customer, _ = somebody(memory)
    with memory.write() as tx, pytest.raises(FactRefused):
        _tell(tx, _grant(tx, customer), "oat", source=Source(channel="web", touch_point="chat", told_by=teller))


def test_forgetting_a_fact_takes_what_it_superseded_along(memory: Memory) -> None:
    """No trace of it is left in the table; nobody else can do it."""
    customer, _ = somebody(memory)
    bob, _ = somebody(memory, "bob")
    with memory.write() as tx:
        grant = _grant(tx, customer)
        oat = _tell(tx, grant, "oat")
        soy = facts.correct(tx, grant, oat.id, value="soy", source=CHAT, now=NOW)
        assert not facts.forget(tx, soy.id, customer=bob)
        assert facts.forget(tx, soy.id, customer=customer)
        assert facts.of(tx, grant) == facts.superseded(tx, grant) == ()


def test_withdrawn_preferences_are_unreadable_and_back_when_granted(memory: Memory) -> None:
    """Nothing is read meanwhile, not even with the old grant; forgetting works all the time."""
    customer, _ = somebody(memory)
    with memory.write() as tx:
        old = _grant(tx, customer)
        oat = _tell(tx, old, "oat")
        refusal = Evidence("words")
        consent.decide(tx, customer, purpose=Purpose.PREFERENCES, decision="withdrawn", evidence=refusal, now=NOW)
        with pytest.raises(Ungranted):
            facts.of(tx, old)
        assert facts.of(tx, _grant(tx, customer)) == (oat,)

"""A decision holds at once, is evidenced, and every doubt is a refusal."""

from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from memory_people import NOW, somebody

from memory import Memory, Tx, consent, identities
from memory.consent import Evidence, Purpose
from memory.errors import ConsentRefused, InvalidDecision, RawStatement
from memory.policies import Policies

BUTTON = Evidence("button", touch_point="web")


def _decide(tx: Tx, customer: str, purpose: Purpose, decision: consent.Decision, **more: Any) -> int:
    stated = {"evidence": BUTTON, "now": NOW, **more}
    return consent.decide(tx, customer, purpose=purpose, decision=decision, **stated)


def _why(tx: Tx, customer: str, purpose: Purpose, channel: str = "*", topic: str = "*") -> str:
    with pytest.raises(ConsentRefused) as refused:
        consent.require(tx, customer, purpose, channel, topic)
    return refused.value.why


def test_in_the_eu_service_resume_and_personalisation_are_on_and_the_rest_is_off(memory: Memory) -> None:
    """Without a decision the profile's defaults hold, and what holds can be listed."""
    customer, _ = somebody(memory)
    with memory.read() as tx:
        granted = {purpose for purpose in Purpose if consent.allows(tx, customer, purpose)}
        listed = {one.purpose for one in consent.current(tx, customer) if one.decision == "granted"}
    assert granted == listed == {Purpose.SERVICE, Purpose.RESUME, Purpose.PERSONALISATION}


def test_what_a_decision_will_bring_is_read_ahead_and_nothing_of_it_stays(memory: Memory) -> None:
    """Inside it holds and nothing more can be written; afterwards it never happened."""
    customer, _ = somebody(memory)
    with memory.ahead(lambda tx: _decide(tx, customer, Purpose.ANALYTICS, "granted") and None) as tx:
        assert consent.allows(tx, customer, Purpose.ANALYTICS)
        with pytest.raises(RawStatement):
            _decide(tx, customer, Purpose.SHARING, "granted")
    with memory.read() as tx:
        assert not consent.allows(tx, customer, Purpose.ANALYTICS)
        assert consent.history(tx, customer) == ()


def test_the_strict_profile_asks_for_everything(url: str, open_memory: Callable[..., Memory]) -> None:
    """The defaults are data: with another profile only the service is on."""
    memory = open_memory(url, profile="strict")
    customer, _ = somebody(memory)
    with memory.read() as tx:
        assert [purpose for purpose in Purpose if consent.allows(tx, customer, purpose)] == [Purpose.SERVICE]


def test_a_withdrawal_and_a_grant_hold_at_once(memory: Memory) -> None:
    """In the same transaction; a grant from before is worth nothing then."""
    customer, _ = somebody(memory)
    with memory.write() as tx:
        assert consent.allows(tx, customer, Purpose.PERSONALISATION)
        _decide(tx, customer, Purpose.PERSONALISATION, "withdrawn")
        assert _why(tx, customer, Purpose.PERSONALISATION) == "withdrawn"
        _decide(tx, customer, Purpose.PERSONALISATION, "granted")
        assert consent.allows(tx, customer, Purpose.PERSONALISATION)


def test_the_ledger_keeps_every_decision_with_its_evidence(memory: Memory) -> None:
    """Entries are appended, name what they supersede, and hold a hash of the text that was shown."""
    customer, _ = somebody(memory)
    asked = "Shall I remember that for next time?"
    shown = Evidence("button", text=asked, text_version="7", language="en", touch_point="web")
    with memory.write() as tx:
        first = _decide(tx, customer, Purpose.PREFERENCES, "granted", evidence=shown)
        _decide(tx, customer, Purpose.PREFERENCES, "withdrawn", evidence=Evidence("words", touch_point="app"))
    with memory.read() as tx:
        entries = consent.history(tx, customer)
    assert [(one.decision, one.method, one.supersedes) for one in entries] == [
        ("granted", "button", None),
        ("withdrawn", "words", first),
    ]
    assert entries[0].text_hash == sha256(asked.encode()).hexdigest()
    assert (entries[0].text_version, entries[0].language, entries[0].received_at) == ("7", "en", NOW)


def test_marketing_is_granted_per_channel_only(memory: Memory) -> None:
    """A grant names its channel and covers no other; a refusal may cover all."""
    customer, _ = somebody(memory)
    with memory.write() as tx:
        with pytest.raises(InvalidDecision):
            _decide(tx, customer, Purpose.MARKETING, "granted")
        _decide(tx, customer, Purpose.MARKETING, "granted", channel="email")
        assert consent.allows(tx, customer, Purpose.MARKETING, "email")
        assert _why(tx, customer, Purpose.MARKETING, "whatsapp") == "never granted"
        assert _why(tx, customer, Purpose.MARKETING) == "never granted"
        _decide(tx, customer, Purpose.MARKETING, "withdrawn")
        assert _why(tx, customer, Purpose.MARKETING, "email") == "withdrawn"


def test_a_refused_topic_stays_refused_when_the_channel_is_granted_later(memory: Memory) -> None:
    """A broader grant does not undo a narrower refusal; the same scope does."""
    customer, _ = somebody(memory)
    later = NOW + timedelta(hours=1)
    with memory.write() as tx:
        _decide(tx, customer, Purpose.MARKETING, "withdrawn", topic="subscriptions")
        _decide(tx, customer, Purpose.MARKETING, "granted", channel="email", now=later)
        assert consent.allows(tx, customer, Purpose.MARKETING, "email", "news")
        assert _why(tx, customer, Purpose.MARKETING, "email", "subscriptions") == "withdrawn"
        _decide(tx, customer, Purpose.MARKETING, "granted", channel="email", topic="subscriptions", now=later)
        assert consent.allows(tx, customer, Purpose.MARKETING, "email", "subscriptions")


def test_a_narrow_grant_after_a_broad_refusal_opens_that_much(memory: Memory) -> None:
    """Opting in again is as easy, and means what was said."""
    customer, _ = somebody(memory)
    with memory.write() as tx:
        _decide(tx, customer, Purpose.MARKETING, "granted", channel="email")
        _decide(tx, customer, Purpose.MARKETING, "withdrawn", now=NOW + timedelta(hours=1))
        _decide(tx, customer, Purpose.MARKETING, "granted", channel="sms", now=NOW + timedelta(hours=2))
        assert consent.allows(tx, customer, Purpose.MARKETING, "sms")
        assert not consent.allows(tx, customer, Purpose.MARKETING, "email")


def test_an_older_decision_that_arrives_late_is_kept_but_does_not_hold(memory: Memory) -> None:
    """An import of last year's opt-in does not override this year's refusal."""
    customer, _ = somebody(memory)
    late = Evidence("import", actor="import", decided_at=NOW - timedelta(days=365))
    with memory.write() as tx:
        _decide(tx, customer, Purpose.MARKETING, "withdrawn", channel="email")
        _decide(tx, customer, Purpose.MARKETING, "granted", channel="email", evidence=late)
        assert _why(tx, customer, Purpose.MARKETING, "email") == "withdrawn"
        assert len(consent.history(tx, customer)) == 2


def test_a_grant_expires(url: str, open_memory: Callable[..., Memory]) -> None:
    """After its time it is as if it had not been given."""
    clock = [NOW]
    memory = open_memory(url, clock=lambda: clock[0])
    customer, _ = somebody(memory)
    until = Evidence("button", expires_at=NOW + timedelta(days=30))
    with memory.write() as tx:
        _decide(tx, customer, Purpose.SENSITIVE, "granted", evidence=until)
        assert consent.allows(tx, customer, Purpose.SENSITIVE)
    clock[0] = NOW + timedelta(days=31)
    with memory.read() as tx:
        assert _why(tx, customer, Purpose.SENSITIVE) == "expired"


@pytest.mark.parametrize("purpose", ["personalisation", "marketing", "sharing", "analytics", "preferences"])
def test_a_declared_child_is_neither_profiled_nor_advertised_to(memory: Memory, purpose: str) -> None:
    """Whatever was decided before or since; the service and resuming stay."""
    customer, _ = somebody(memory)
    with memory.write() as tx:
        _decide(tx, customer, Purpose(purpose), "granted", channel="email")
        identities.sign_in(tx, subject="ann", child=True, now=NOW)
        assert _why(tx, customer, Purpose(purpose), "email") == "a child"
        assert consent.allows(tx, customer, Purpose.RESUME)


def test_a_privacy_signal_objects_to_sharing_once(memory: Memory) -> None:
    """It is recorded with the method signal; repeated on every request it adds nothing."""
    customer, _ = somebody(memory)
    with memory.write() as tx:
        _decide(tx, customer, Purpose.SHARING, "granted")
        assert consent.object_by_signal(tx, customer, touch_point="web", now=NOW + timedelta(seconds=1))
        assert not consent.object_by_signal(tx, customer, touch_point="web", now=NOW + timedelta(seconds=2))
        assert _why(tx, customer, Purpose.SHARING) == "withdrawn"
        assert [one.method for one in consent.history(tx, customer)] == ["button", "signal"]


def test_every_doubt_is_a_refusal(memory: Memory) -> None:
    """An unknown purpose, an unknown customer, and a database that fails."""
    customer, _ = somebody(memory)
    with memory.read() as tx:
        assert _why(tx, "c_nobody", Purpose.SERVICE) == "unknown customer"
        assert _why(tx, customer, "espionage") == "cannot tell: ValueError"  # type: ignore[arg-type]
        with pytest.raises(InvalidDecision):
            _decide(tx, customer, "espionage", "granted")  # type: ignore[arg-type]

    def _broken() -> datetime:
        raise OSError("no clock")

    broken = Memory(memory._engine, policies=memory.policies, clock=_broken)
    with broken.read() as tx:
        assert _why(tx, customer, Purpose.RESUME) == "cannot tell: OSError"


def test_the_service_cannot_be_refused_and_a_method_must_be_known(memory: Memory) -> None:
    """Such decisions are not recorded."""
    customer, _ = somebody(memory)
    with memory.write() as tx:
        with pytest.raises(InvalidDecision):
            _decide(tx, customer, Purpose.SERVICE, "withdrawn")
        with pytest.raises(InvalidDecision):
            _decide(tx, customer, Purpose.SHARING, "granted", evidence=Evidence("telepathy"))
        assert consent.history(tx, customer) == ()


def test_many_are_asked_at_once_as_one_by_one(memory: Memory) -> None:
    """For jobs over many customers the answer is the same as for each."""
    people = [somebody(memory, f"person {number}")[0] for number in range(6)]
    with memory.write() as tx:
        _decide(tx, people[1], Purpose.PERSONALISATION, "withdrawn")
        _decide(tx, people[2], Purpose.PERSONALISATION, "withdrawn", channel="email")
        identities.sign_in(tx, subject="person 3", child=True, now=NOW)
        each = [one for one in people if consent.allows(tx, one, Purpose.PERSONALISATION)]
        assert set(consent.granted_among(tx, people, Purpose.PERSONALISATION)) == set(each)
        assert each == [people[0], people[2], people[4], people[5]]


def test_a_mistake_in_a_profile_names_file_and_cure(tmp_path: Path) -> None:
    """A profile with an unknown purpose, or one that is missing, stops the start."""
    (tmp_path / "eu.yml").write_text("purposes: {telepathy: {default: granted}}")
    with pytest.raises(ValueError, match=r"eu\.yml: 'telepathy'.*purposes are service, resume"):
        Policies.load(tmp_path)
    with pytest.raises(ValueError, match="no such profile"):
        Policies.load(tmp_path, profile="mars")

"""What was said is found again, by its customer alone, the likeliest first, alike on both databases."""

import math
from datetime import datetime, timedelta
from typing import Any

import pytest
from memory_people import NOW, somebody

from memory import Memory, Tx, consent, facts, identities, imports, messages, search
from memory.consent import Evidence, Purpose
from memory.errors import Ungranted
from memory.imports import PastMessage
from memory.messages import Outgoing, Said

TALK = [
    ("What did you recommend for my sister?", "A gift box of Ethiopian beans, perhaps."),
    ("I want a large oat flat white", "One large oat flat white, coming up!"),
    ("Do you have decaf beans?", "Yes: the Sumatra decaf."),
    ("the grinder broke after two weeks", "I am sorry about the grinder."),
    ("咖啡豆有貨嗎", "有的，今天剛烘好。"),
    ("Où sont mes cafés glacés?", "Ils arrivent."),
]


def _say(memory: Memory, customer: str, conversation: str, said: str, answer: str, now: datetime) -> None:
    with memory.write() as tx:
        messages.record_turn(
            tx,
            conversation,
            customer=customer,
            message_id=f"{now.isoformat()}",
            said=Said(said),
            replies=[Outgoing(answer)],
            now=now,
        )


@pytest.fixture
def talked(memory: Memory) -> tuple[Memory, str]:
    """A customer who said all of TALK, an hour apart, and another who said the same."""
    customers = []
    for subject in ("ann", "bob"):
        customer, conversation = somebody(memory, subject)
        customers.append(customer)
        for hour, (said, answer) in enumerate(TALK):
            _say(memory, customer, conversation, said, answer, NOW + timedelta(hours=hour))
    return memory, customers[0]


def _recall(tx: Tx, customer: str, query: str, **more: Any) -> list[str]:
    grant = consent.require(tx, customer, Purpose.RESUME)
    return [one.text for one in search.recall(tx, grant, query, now=NOW + timedelta(days=1), **more)]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("flat white with oat", "I want a large oat flat white"),
        ("what did you RECOMMEND", "What did you recommend for my sister?"),
        ("grinders", "the grinder broke after two weeks"),
        ("咖啡豆", "咖啡豆有貨嗎"),
        ("cafe glace", "Où sont mes cafés glacés?"),
        ("decafs bean", "Do you have decaf beans?"),
    ],
)
def test_the_likeliest_comes_first(talked: tuple[Memory, str], query: str, first: str) -> None:
    """Plurals, accents, case and Chinese do not stand in the way; only the customer's own is found."""
    memory, customer = talked
    with memory.read() as tx:
        found = _recall(tx, customer, query)
    assert found[0] == first
    assert len(found) == len(set(found))


def test_what_says_nothing_finds_nothing(talked: tuple[Memory, str]) -> None:
    """Little words, punctuation and index syntax are no query."""
    memory, customer = talked
    with memory.read() as tx:
        for query in ("", "what did you", "?!", "' OR 1=1 --", '"*"', "NEAR(", "telescope"):
            assert _recall(tx, customer, query) == []


def test_both_databases_rank_alike(talked: tuple[Memory, str]) -> None:
    """One list of expectations holds for both: of equally rare words the shorter text, and the customer first."""
    memory, customer = talked
    with memory.read() as tx:
        found = _recall(tx, customer, "oat beans grinder", limit=4)
    assert found == [
        "Do you have decaf beans?",
        "the grinder broke after two weeks",
        "I want a large oat flat white",
        "I am sorry about the grinder.",
    ]


def test_a_score_is_bm25_times_recency_times_speaker(memory: Memory) -> None:
    """For one text that holds the word once: ln(1 + 0.5 / 1.5), and a year halves what recency adds."""
    customer, conversation = somebody(memory)
    _say(memory, customer, conversation, "mocha", "yes", NOW - timedelta(days=365))
    with memory.read() as tx:
        grant = consent.require(tx, customer, Purpose.RESUME)
        (found,) = search.recall(tx, grant, "mocha", now=NOW)
    assert found.score == pytest.approx(math.log(1 + 0.5 / 1.5) * (0.4 + 0.6 * 0.5), abs=1e-5)


def test_newer_and_ones_own_words_weigh_more(memory: Memory) -> None:
    """Of equal texts the newer wins; of equal age the customer's own."""
    customer, conversation = somebody(memory)
    old, new = NOW - timedelta(days=700), NOW - timedelta(days=1)
    _say(memory, customer, conversation, "lovely mocha", "mocha lovely", old)
    _say(memory, customer, conversation, "lovely mocha", "mocha lovely", new)
    with memory.read() as tx:
        grant = consent.require(tx, customer, Purpose.RESUME)
        found = [(one.sender, one.at) for one in search.recall(tx, grant, "mocha", now=NOW)]
    assert found == [("customer", new), ("assistant", new), ("customer", old), ("assistant", old)]


def test_a_time_can_be_asked_for(talked: tuple[Memory, str]) -> None:
    """``What did you recommend in May`` is a query with bounds."""
    memory, customer = talked
    with memory.read() as tx:
        bounds = {"since": NOW + timedelta(hours=2), "until": NOW + timedelta(hours=3)}
        assert _recall(tx, customer, "beans", **bounds) == ["Do you have decaf beans?"]


def test_facts_are_found_with_their_own_grant_only(talked: tuple[Memory, str]) -> None:
    """Without preferences they are not among the answers."""
    memory, customer = talked
    with memory.write() as tx:
        evidence = Evidence("button")
        consent.decide(tx, customer, purpose=Purpose.PREFERENCES, decision="granted", evidence=evidence, now=NOW)
        known = consent.require(tx, customer, Purpose.PREFERENCES)
        source = facts.Source(channel="web", touch_point="chat")
        stated: dict[str, Any] = {"attribute": "syrup", "value": "hazelnut", "polarity": "like", "source": source}
        facts.record(tx, known, purpose=Purpose.PREFERENCES, now=NOW, **stated)
        assert _recall(tx, customer, "hazelnut") == []
        assert _recall(tx, customer, "hazelnut", known=known) == ["like hazelnut (syrup)"]


def test_another_grant_does_not_open_the_search(talked: tuple[Memory, str]) -> None:
    """It takes the one to resume."""
    memory, customer = talked
    with memory.read() as tx, pytest.raises(Ungranted):
        search.recall(tx, consent.require(tx, customer, Purpose.PERSONALISATION), "oat", now=NOW)


def _past(subject: str, hours: int, sender: str, text: str) -> PastMessage:
    return PastMessage(subject, NOW - timedelta(days=30) + timedelta(hours=hours), sender, text)


def test_transcripts_of_another_tool_are_found_and_imported_once(memory: Memory) -> None:
    """The same lines twice change nothing; equal messages at one time are all kept; order does not matter."""
    lines = [
        _past("ann", 2, "bot", "A subscription is 12 a month."),
        _past("ann", 1, "user", "How much is a subscription?"),
        _past("ann", 1, "user", "How much is a subscription?"),
        _past("bob", 1, "agent", "We close at six."),
    ]
    with memory.write() as tx:
        assert imports.record_transcript(tx, lines) == imports.Imported(4, 0, 0)
    with memory.write() as tx:
        assert imports.record_transcript(tx, lines[::-1]) == imports.Imported(0, 4, 0)
        more = [*lines[:3], _past("ann", 3, "user", "Thanks")]
        assert imports.record_transcript(tx, more) == imports.Imported(1, 3, 0)
        ann = identities.sign_in(tx, subject="ann", now=NOW)
        assert _recall(tx, ann, "subscription cost")[0] == "How much is a subscription?"
        assert _recall(tx, ann, "close") == []


def test_transcripts_of_who_refuses_are_left_out(memory: Memory) -> None:
    """Whoever does not want conversations kept does not want old ones either."""
    customer, _ = somebody(memory)
    with memory.write() as tx:
        refusal = Evidence("words")
        consent.decide(tx, customer, purpose=Purpose.RESUME, decision="withdrawn", evidence=refusal, now=NOW)
        assert imports.record_transcript(tx, [_past("ann", 1, "user", "hello")]) == imports.Imported(0, 0, 1)

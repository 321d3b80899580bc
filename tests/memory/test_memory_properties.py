"""Whatever happens, in whatever order: what was withdrawn is unreadable, and nobody reads anybody else's.

Random histories of three people over every part of memory are checked against a model that knows, for each person,
what they were last asked and what they left. The words of each person name them, so that a single word in the wrong
place is found.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from memory_people import NOW, Half

from memory import (
    Memory,
    Tx,
    choices,
    consent,
    conversations,
    erasure,
    export,
    facts,
    identities,
    links,
    messages,
    purchases,
    search,
    threads,
    transcripts,
)
from memory.consent import Evidence, Purpose
from memory.errors import ConsentRefused, MemoryRefused
from memory.facts import Source
from memory.messages import Option, Outgoing, Said
from memory.purchases import Line

PEOPLE = ("ann", "bob", "eve")
DECIDED = (Purpose.RESUME, Purpose.PREFERENCES, Purpose.PERSONALISATION, Purpose.SENSITIVE)


@dataclass
class World:
    """Three people with a web conversation each, and what is true of them."""

    memory: Memory
    run: int
    customers: dict[str, str] = field(default_factory=dict)
    conversations: dict[str, str] = field(default_factory=dict)
    refused: dict[str, set[Purpose]] = field(default_factory=dict)
    # Who is joined with whom, by link id.
    joined: dict[int, frozenset[str]] = field(default_factory=dict)
    step: int = 0

    def subject(self, who: str) -> str:
        return f"{who}-{self.run}"

    def together(self, who: str) -> set[str]:
        """Everybody who is one person with this one."""
        group = {who}
        while True:
            more = {one for pair in self.joined.values() if pair & group for one in pair}
            if more <= group:
                return group
            group |= more


_RUNS: list[int] = [0]


def _world(memory: Memory) -> World:
    _RUNS[0] += 1
    world = World(memory, _RUNS[0])
    with memory.write() as tx:
        for who in PEOPLE:
            _arrive(world, tx, who)
    return world


def _arrive(world: World, tx: Tx, who: str) -> None:
    customer = identities.sign_in(tx, subject=world.subject(who), now=NOW)
    world.customers[who] = customer
    world.conversations[who] = conversations.open(tx, customer=customer, channel="web", now=NOW).id
    world.refused[who] = {Purpose.PREFERENCES, Purpose.SENSITIVE}


def _say(world: World, tx: Tx, who: str, _: int) -> None:
    customer, conversation = world.customers[who], world.conversations[who]
    event = {"event": "user", "text": f"says{who}"}
    last = transcripts.append(tx, conversation, customer=customer, events=[event], now=NOW)
    if world.step % 3 == 0:
        transcripts.save_checkpoint(tx, conversation, snapshot={"who": f"says{who}"}, upto=last)
    messages.record_turn(
        tx,
        conversation,
        customer=customer,
        message_id=f"k{world.step}",
        said=Said(f"coffee says{who}"),
        replies=[Outgoing("?", (Option("more", {"who": f"says{who}"}),))],
        now=NOW,
    )


def _leave(world: World, tx: Tx, who: str, pick: int) -> None:
    half = Half(f"t_{who}_{pick % 3}_{world.run}", slots={"who": f"says{who}"})
    threads.save(tx, half, customer=world.customers[who], conversation=world.conversations[who], now=NOW)


def _forget_thread(world: World, tx: Tx, who: str, pick: int) -> None:
    other = PEOPLE[pick % 3]
    threads.forget(tx, f"t_{other}_{pick % 2}_{world.run}", customer=world.customers[who], now=NOW)


def _take_thread(world: World, tx: Tx, who: str, pick: int) -> None:
    grant = consent.require(tx, world.customers[who], Purpose.RESUME)
    other = PEOPLE[pick % 3]
    thread = f"t_{other}_{pick % 2}_{world.run}"
    taken = threads.take(tx, grant, thread, conversation=world.conversations[who], now=NOW)
    assert taken is None or other in world.together(who)


def _tell(world: World, tx: Tx, who: str, pick: int) -> None:
    purpose = (Purpose.PREFERENCES, Purpose.SENSITIVE)[pick % 2]
    grant = consent.require(tx, world.customers[who], purpose)
    source = Source(channel="web", touch_point="chat", conversation=world.conversations[who])
    told: dict[str, Any] = {"attribute": f"thing{pick % 3}", "value": f"says{who}", "source": source, "now": NOW}
    facts.record(tx, grant, polarity=("like", "dislike")[pick // 2 % 2], purpose=purpose, **told)


def _buy(world: World, tx: Tx, who: str, pick: int) -> None:
    line = Line(f"o{world.run}-{pick % 4}", world.subject(who), NOW, f"says{who}", 1, Decimal(3))
    purchases.record_lines(tx, [line])


def _decide(world: World, tx: Tx, who: str, pick: int) -> None:
    purpose, granted = DECIDED[pick % 4], pick // 4 % 2 == 0
    decision: consent.Decision = "granted" if granted else "withdrawn"
    now = NOW + timedelta(seconds=world.step)
    consent.decide(tx, world.customers[who], purpose=purpose, decision=decision, evidence=Evidence("button"), now=now)
    for one in world.together(who):
        if not granted:
            world.refused[one].add(purpose)
    if granted:
        world.refused[who].discard(purpose)


def _join(world: World, tx: Tx, who: str, pick: int) -> None:
    other = PEOPLE[pick % 3]
    now = NOW + timedelta(seconds=world.step)
    if other in world.together(who):
        return
    ways = [{"channel": "shop", "address": world.subject(one)} for one in (who, other)]
    code = links.offer_code(tx, customer=world.customers[who], now=now, **ways[0])
    redeemed = links.redeem_code(tx, customer=world.customers[other], code=code, now=now, **ways[1])
    assert redeemed.link is not None
    world.joined[redeemed.link.id] = frozenset((who, other))


def _part(world: World, tx: Tx, who: str, pick: int) -> None:
    mine = sorted(link for link, pair in world.joined.items() if pair & world.together(who))
    if mine:
        link = mine[pick % len(mine)]
        assert links.undo(tx, link, customer=world.customers[who], actor="customer", now=NOW)
        del world.joined[link]


STEPS: tuple[Callable[[World, Tx, str, int], None], ...] = (
    _say, _say, _leave, _tell, _tell, _buy, _decide, _decide, _forget_thread, _take_thread, _join, _part,
)  # fmt: skip
ERASE = len(STEPS)
Step = tuple[int, str, int]
HISTORIES = st.lists(st.tuples(st.integers(0, ERASE), st.sampled_from(PEOPLE), st.integers(0, 11)), max_size=24)


def _take_step(world: World, step: Step) -> None:
    what, who, pick = step
    world.step += 1
    if what == ERASE:
        # Rare enough that histories are not mostly about it.
        if pick == 0:
            _erase(world, who)
        return
    refused = None
    try:
        with world.memory.write() as tx:
            STEPS[what](world, tx, who, pick)
    except ConsentRefused as error:
        refused = Purpose(error.purpose)
    assert refused is None or refused in {one for other in world.together(who) for one in world.refused[other]}


def _erase(world: World, who: str) -> None:
    gone = world.together(who)
    receipt = erasure.erase(world.memory, world.customers[who], now=NOW)
    assert receipt.done_at == NOW
    world.joined = {link: pair for link, pair in world.joined.items() if not pair & gone}
    with world.memory.write() as tx:
        for one in gone:
            _arrive(world, tx, one)


def _check(world: World) -> None:
    for who in PEOPLE:
        with world.memory.read() as tx:
            together = world.together(who)
            strangers = {f"says{one}" for one in PEOPLE if one not in together}
            for purpose, said in _readings(world, tx, who):
                # What one side refused is refused for both, unless the other granted it since: then either may hold.
                everybody = [purpose in world.refused[one] for one in together]
                assert not all(everybody) or said is None, (who, purpose)
                assert any(everybody) or said is not None, (who, purpose)
                assert not [word for word in strangers if word in str(said)], (who, purpose)
            whole = str(export.access_copy(tx, world.customers[who], now=NOW))
            assert not [word for word in strangers if word in whole], who


def _readings(world: World, tx: Tx, who: str) -> Iterator[tuple[Purpose, Any]]:
    customer, conversation = world.customers[who], world.conversations[who]
    reads: dict[Purpose, Callable[[consent.Grant], Any]] = {
        Purpose.RESUME: lambda grant: (
            threads.open_for(tx, grant),
            search.recall(tx, grant, "coffee saysann saysbob sayseve", now=NOW),
            transcripts.load(tx, conversation),
            messages.after(tx, conversation),
        ),
        Purpose.PREFERENCES: lambda grant: (facts.of(tx, grant), facts.superseded(tx, grant)),
        Purpose.SENSITIVE: lambda grant: facts.of(tx, grant),
        Purpose.PERSONALISATION: lambda grant: purchases.of(tx, grant),
    }
    for purpose, read in reads.items():
        try:
            yield purpose, read(consent.require(tx, customer, purpose))
        except ConsentRefused:
            yield purpose, None
    # Another person's conversation is no way in either.
    for other in PEOPLE:
        if other not in world.together(who):
            with pytest.raises(MemoryRefused):
                transcripts.append(tx, world.conversations[other], customer=customer, events=[{}], now=NOW)


def _live_through(memory: Memory, history: list[Step]) -> None:
    world = _world(memory)
    for step in history:
        _take_step(world, step)
    _check(world)


_QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(max_examples=40, deadline=None, suppress_health_check=_QUIET)
@given(history=HISTORIES)
def test_nobody_reads_what_is_refused_or_anothers(memory: Memory, history: list[Step]) -> None:
    """After any history, on both databases, every reading is one's own and granted."""
    _live_through(memory, history)


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_nobody_reads_anothers_in_ten_thousand_histories(tmp_path: Path) -> None:
    """The same, ten thousand times, each on the database that the ones before left behind; a database a processor."""
    count, processors = int(os.environ.get("MEMORY_HISTORIES", "10000")), os.cpu_count() or 1
    shares = [count // processors + (place < count % processors) for place in range(processors)]
    urls = [f"sqlite:///{tmp_path}/memory-{place}.db" for place in range(processors)]
    with ProcessPoolExecutor(processors, mp_context=get_context("spawn")) as pool:
        lived = list(pool.map(_live_through_many, urls, shares))
    assert sum(lived) >= count


def _live_through_many(url: str, count: int) -> int:
    """Live through random histories, one after the other; how many."""
    memory, lived = Memory.open(url, clock=lambda: NOW), [0]

    @settings(max_examples=count, deadline=None, suppress_health_check=_QUIET, database=None)
    @given(history=HISTORIES)
    def _many(history: list[Step]) -> None:
        _live_through(memory, history)
        lived[0] += 1

    _many()
    memory.close()
    return lived[0]


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=60)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=40, deadline=None, suppress_health_check=_QUIET)
@given(events=st.lists(st.dictionaries(TEXT, JSON, max_size=4), max_size=6), said=TEXT, payload=JSON)
def test_what_is_recorded_comes_back_as_it_was(
    memory: Memory, events: list[dict[str, Any]], said: str, payload: Any
) -> None:
    """Any JSON in events and choices, any text in messages, on both databases."""
    world = _world(memory)
    customer, conversation = world.customers["ann"], world.conversations["ann"]
    with memory.write() as tx:
        transcripts.append(tx, conversation, customer=customer, events=events, now=NOW)
        reply = messages.record_turn(
            tx,
            conversation,
            customer=customer,
            message_id=said,
            said=Said(said),
            replies=[Outgoing(said, (Option(said, {"payload": payload}),))],
            now=NOW,
        )
    with memory.read() as tx:
        assert transcripts.load(tx, conversation).events == events
        assert messages.find_reply(tx, conversation, said) == reply
        assert [one.text for one in messages.after(tx, conversation)] == [said, said]
        token = reply.messages[0].choices[0]["choice"]
        assert choices.resolve(tx, conversation, token).payload == {"payload": payload}


@pytest.mark.parametrize("said", ["a\x00b", "half \ud83d", "\udfff", "👩‍🚀 ok"])
def test_text_that_no_database_can_hold_does_no_harm(memory: Memory, said: str) -> None:
    """A client may send it; what can be kept of it is kept."""
    world = _world(memory)
    customer, conversation = world.customers["ann"], world.conversations["ann"]
    with memory.write() as tx:
        transcripts.append(tx, conversation, customer=customer, events=[{"text": said}], now=NOW)
        replies = [Outgoing(said, (Option(said, {"said": said}),))]
        recorded: dict[str, Any] = {"message_id": "k", "said": Said(said), "replies": replies, "now": NOW}
        messages.record_turn(tx, conversation, customer=customer, **recorded)
        threads.save(tx, Half(slots={"note": said}), customer=customer, conversation=conversation, now=NOW)
    with memory.read() as tx:
        kept = messages.after(tx, conversation)[0].text
    assert kept in (said, said.replace("\x00", ""), said.encode("utf-8", "replace").decode())


@settings(max_examples=60, deadline=None, suppress_health_check=_QUIET)
@given(
    decisions=st.lists(
        st.tuples(
            st.sampled_from(["granted", "withdrawn"]),
            st.sampled_from(["*", "email", "sms"]),
            st.sampled_from(["*", "news", "beans"]),
            st.integers(0, 9),
        ),
        max_size=8,
    ),
    asked=st.tuples(st.sampled_from(["*", "email", "sms"]), st.sampled_from(["*", "news", "beans"])),
)
def test_the_last_word_on_exactly_this_question_holds(
    sqlite_memory: Memory, decisions: list[tuple[Any, str, str, int]], asked: tuple[str, str]
) -> None:
    """When the newest decision that covers a question refuses, the answer is no; and yes needs a covering grant."""
    world = _world(sqlite_memory)
    customer = world.customers["ann"]
    covering: list[tuple[int, int, str]] = []
    with sqlite_memory.write() as tx:
        for place, (decision, channel, topic, hours) in enumerate(decisions):
            if decision == "granted" and channel == "*":
                continue
            evidence = Evidence("button", decided_at=NOW + timedelta(hours=hours))
            stated: dict[str, Any] = {"channel": channel, "topic": topic, "evidence": evidence}
            consent.decide(tx, customer, purpose=Purpose.MARKETING, decision=decision, now=NOW, **stated)
            if channel in ("*", asked[0]) and topic in ("*", asked[1]):
                covering.append((hours, place, decision))
        allowed = consent.allows(tx, customer, Purpose.MARKETING, *asked)
    newest = max(covering)[2] if covering else "withdrawn"
    assert not (allowed and newest == "withdrawn")
    assert not allowed or any(decision == "granted" for _, _, decision in covering)

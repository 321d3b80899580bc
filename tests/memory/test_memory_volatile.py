"""Without a grant to resume, a conversation goes on and leaves nothing behind."""

from typing import Any

import pytest
from memory_people import NOW, Half, somebody

from memory import Memory, Tx, choices, consent, erasure, messages, threads, traces, transcripts
from memory.consent import Evidence, Purpose
from memory.errors import ConsentRefused
from memory.messages import Option, Outgoing, Said


def _decide(tx: Tx, customer: str, decision: consent.Decision) -> None:
    stated: dict[str, Any] = {"purpose": Purpose.RESUME, "evidence": Evidence("button"), "now": NOW}
    consent.decide(tx, customer, decision=decision, **stated)


def _turn(tx: Tx, customer: str, conversation: str, number: int) -> messages.Reply:
    event = {"event": "user", "text": f"lapsang {number}"}
    last = transcripts.append(tx, conversation, customer=customer, events=[event], now=NOW)
    if number % 3 == 0:
        transcripts.save_checkpoint(tx, conversation, snapshot={"at": number}, upto=last)
    return messages.record_turn(
        tx,
        conversation,
        customer=customer,
        message_id=f"k{number}",
        said=Said(f"lapsang {number}"),
        replies=[Outgoing("Tea?", (Option("Yes", {"n": number}),))],
        now=NOW,
    )


def _run(memory: Memory, customer: str, conversation: str, *numbers: int) -> list[messages.Reply]:
    replies = []
    for number in numbers:
        with memory.write() as tx:
            replies.append(_turn(tx, customer, conversation, number))
    return replies


def test_the_conversation_goes_on_in_the_process_alone(memory: Memory) -> None:
    """Events, checkpoint, messages, retries and choices work; another process knows nothing of it."""
    customer, conversation = somebody(memory)
    with memory.write() as tx:
        _decide(tx, customer, "withdrawn")
    replies = _run(memory, customer, conversation, 1, 2, 3, 4)
    with memory.read() as tx:
        stored = transcripts.load(tx, conversation)
        assert stored == transcripts.Stored({"at": 3}, [{"event": "user", "text": "lapsang 4"}], 4)
        assert transcripts.read(tx, conversation) == [(4, {"event": "user", "text": "lapsang 4"})]
        assert messages.find_reply(tx, conversation, "k2") == replies[1]
        assert [one.text for one in messages.newest(tx, conversation, limit=2)] == ["lapsang 4", "Tea?"]
        assert [one.id for one in messages.after(tx, conversation, after=6)] == [7, 8]
        token = replies[3].messages[0].choices[0]["choice"]
        assert choices.resolve(tx, conversation, token).payload == {"n": 4}
        assert choices.resolve_typed(tx, conversation, "yes") == {"n": 4}
    other = Memory(memory._engine, policies=memory.policies, clock=lambda: NOW)
    with other.read() as tx:
        assert transcripts.load(tx, conversation) == transcripts.Stored(None, [], 0)
        assert messages.after(tx, conversation) == []
        retried = messages.find_reply(tx, conversation, "k2")
        assert retried is not None
        assert retried.messages == ()


def test_nothing_of_it_reaches_the_file(sqlite_memory: Memory) -> None:
    """Not a byte of what was said."""
    customer, conversation = somebody(sqlite_memory)
    with sqlite_memory.write() as tx:
        _decide(tx, customer, "withdrawn")
    _run(sqlite_memory, customer, conversation, 1, 2, 3)
    assert sqlite_memory.path is not None
    assert not any(b"lapsang" in file.read_bytes() for file in traces.files(sqlite_memory.path))


def test_withdrawing_in_the_middle_keeps_the_task_at_hand(memory: Memory) -> None:
    """What is being talked about goes on where it was; what was kept before is not read any more."""
    customer, conversation = somebody(memory)
    _run(memory, customer, conversation, 1, 2, 3)
    with memory.write() as tx:
        threads.save(tx, Half(), customer=customer, conversation=conversation, now=NOW)
        _decide(tx, customer, "withdrawn")
        _turn(tx, customer, conversation, 4)
    _run(memory, customer, conversation, 5)
    with memory.read() as tx:
        stored = transcripts.load(tx, conversation)
        assert (stored.checkpoint, [event["text"] for event in stored.events], stored.last) == (
            {"at": 3},
            ["lapsang 4", "lapsang 5"],
            5,
        )
        assert messages.newest(tx, conversation, limit=1)[0].id == 10
        with pytest.raises(ConsentRefused):
            consent.require(tx, customer, Purpose.RESUME)


def test_granting_again_keeps_what_is_on_the_screen(memory: Memory) -> None:
    """The conversation at hand is written down, with its numbers, and nothing stays in the process."""
    customer, conversation = somebody(memory)
    _run(memory, customer, conversation, 1)
    with memory.write() as tx:
        _decide(tx, customer, "withdrawn")
    (_, before) = _run(memory, customer, conversation, 2, 3)
    with memory.write() as tx:
        _decide(tx, customer, "granted")
        token = before.messages[0].choices[0]["choice"]
        assert choices.resolve(tx, conversation, token).payload == {"n": 3}
        _turn(tx, customer, conversation, 4)
    other = Memory(memory._engine, policies=memory.policies, clock=lambda: NOW)
    with other.read() as tx:
        assert transcripts.load(tx, conversation) == transcripts.Stored(
            {"at": 3}, [{"event": "user", "text": "lapsang 4"}], 4
        )
        assert [one.id for one in messages.after(tx, conversation)] == [1, 2, 3, 4, 5, 6, 7, 8]
        assert choices.resolve(tx, conversation, token).payload == {"n": 3}
        assert messages.find_reply(tx, conversation, "k3") == before
    assert memory.volatile.find(conversation) is None


def test_a_failed_turn_leaves_the_process_as_it_was(memory: Memory) -> None:
    """What is kept in the process changes with the transaction or not at all."""
    customer, conversation = somebody(memory)
    with memory.write() as tx:
        _decide(tx, customer, "withdrawn")
    _run(memory, customer, conversation, 1)

    def _fail() -> None:
        with memory.write() as tx:
            _turn(tx, customer, conversation, 2)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        _fail()
    with memory.read() as tx:
        assert [event["text"] for event in transcripts.load(tx, conversation).events] == ["lapsang 1"]
        assert messages.find_reply(tx, conversation, "k2") is None


def test_it_is_bounded(memory: Memory) -> None:
    """A long conversation without checkpoint keeps its newest part."""
    customer, conversation = somebody(memory)
    with memory.write() as tx:
        _decide(tx, customer, "withdrawn")
        events = [{"event": "user", "text": str(number)} for number in range(1000)]
        transcripts.append(tx, conversation, customer=customer, events=events, now=NOW)
    with memory.read() as tx:
        stored = transcripts.load(tx, conversation)
    assert (len(stored.events), stored.last) == (400, 1000)


def test_erasure_reaches_it(memory: Memory) -> None:
    """The process forgets with the database, and the receipt says so."""
    customer, conversation = somebody(memory)
    with memory.write() as tx:
        _decide(tx, customer, "withdrawn")
    _run(memory, customer, conversation, 1)
    assert erasure.erase(memory, customer, now=NOW).probes["process"] == 0
    assert memory.volatile.find(conversation) is None


def test_the_turn_that_grants_is_kept_with_the_rest(memory: Memory) -> None:
    """Also what it had recorded before it granted."""
    customer, conversation = somebody(memory)
    with memory.write() as tx:
        _decide(tx, customer, "withdrawn")
    _run(memory, customer, conversation, 1)
    with memory.write() as tx:
        transcripts.append(tx, conversation, customer=customer, events=[{"event": "user", "text": "yes"}], now=NOW)
        _decide(tx, customer, "granted")
        _turn(tx, customer, conversation, 2)
    with memory.read() as tx:
        stored = transcripts.load(tx, conversation)
        assert [event["text"] for event in stored.events] == ["lapsang 1", "yes", "lapsang 2"]
    assert memory.volatile.count(frozenset((customer,))) == 0

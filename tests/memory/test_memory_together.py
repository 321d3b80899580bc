"""Several processes write to one database at a time, and the numbers of a conversation stay whole."""

import multiprocessing
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from memory_people import NOW, Half, somebody

from memory import Memory, consent, conversations, identities, messages, orders, threads, transcripts
from memory.consent import Evidence, Purpose
from memory.errors import AlreadyRecorded
from memory.messages import Said

_TURNS = 25
_WRITERS = 2


def _write_turns(url: str, customer: str, conversation: str, writer: int) -> None:
    memory = Memory.open(url)
    for turn in range(_TURNS):
        events = [{"writer": writer, "turn": turn, "part": part} for part in range(4)]
        with memory.write() as tx:
            transcripts.append(tx, conversation, customer=customer, events=events, now=NOW)
            said = Said(f"{writer} {turn}")
            key = f"{writer}-{turn}"
            messages.record_turn(tx, conversation, customer=customer, message_id=key, said=said, replies=[], now=NOW)
            threads.save(tx, Half(f"t_{writer}"), customer=customer, conversation=conversation, now=NOW)
    memory.close()


def test_turns_of_several_processes_do_not_interleave(memory: Memory, url: str) -> None:
    """Every event is there once, numbered without a gap, and the events of one turn stand together."""
    customer, conversation = somebody(memory)
    spawn = multiprocessing.get_context("spawn")
    writers = [
        spawn.Process(target=_write_turns, args=(url, customer, conversation, writer)) for writer in range(_WRITERS)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0] * _WRITERS
    with memory.read() as tx:
        events = transcripts.read(tx, conversation, limit=10_000)
        shown = messages.after(tx, conversation, limit=10_000)
    assert [number for number, _ in events] == list(range(1, _WRITERS * _TURNS * 4 + 1))
    turns = [(event["writer"], event["turn"]) for _, event in events[::4]]
    assert [(event["writer"], event["turn"]) for _, event in events] == [turn for turn in turns for _ in range(4)]
    assert len(set(turns)) == _WRITERS * _TURNS
    assert [one.id for one in shown] == list(range(1, _WRITERS * _TURNS + 1))


def _at_once(memory: Memory, work: Callable[[Any], Any], times: int = 6) -> list[Any]:
    """What ``work`` gave or raised, run by several threads in a transaction each, at the same moment."""
    start = threading.Barrier(times)
    outcomes: list[Any] = []

    def _run() -> None:
        start.wait(10)
        try:
            with memory.write() as tx:
                made = work(tx)
            outcomes.append(made)
        except Exception as error:
            outcomes.append(error)

    runners = [threading.Thread(target=_run) for _ in range(times)]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join(30)
    return outcomes


def test_a_message_that_arrives_twice_at_once_is_recorded_once(memory: Memory) -> None:
    """One writer records it; the others are told, and find the reply."""
    customer, conversation = somebody(memory)

    def _record(tx: Any) -> messages.Reply:
        return messages.record_turn(
            tx, conversation, customer=customer, message_id="k", said=Said("x"), replies=[], now=NOW
        )

    outcomes = _at_once(memory, _record)
    assert sum(isinstance(one, messages.Reply) for one in outcomes) == 1
    assert sum(isinstance(one, AlreadyRecorded) for one in outcomes) == len(outcomes) - 1
    with memory.read() as tx:
        assert messages.find_reply(tx, conversation, "k") is not None
        assert len(messages.after(tx, conversation)) == 1


def test_a_customer_who_comes_twice_at_once_is_one_customer(memory: Memory) -> None:
    """Two first messages of one address make one customer and one conversation."""

    def _arrive(tx: Any) -> tuple[str, str]:
        customer = identities.for_address(tx, channel="sms", address="+44 7700 900123", now=NOW)
        return customer, conversations.open(tx, customer=customer, channel="sms", now=NOW).id

    outcomes = _at_once(memory, _arrive)
    assert not [one for one in outcomes if isinstance(one, Exception)]
    assert len(set(outcomes)) == 1


def test_decisions_at_once_are_all_kept_and_one_holds(memory: Memory) -> None:
    """None is lost to a race, and the ledger says which superseded which."""
    customer, _ = somebody(memory)

    def _refuse(tx: Any) -> int:
        stated: dict[str, Any] = {"purpose": Purpose.SHARING, "decision": "withdrawn", "evidence": Evidence("button")}
        return consent.decide(tx, customer, now=NOW, **stated)

    outcomes = _at_once(memory, _refuse)
    with memory.read() as tx:
        entries = consent.history(tx, customer)
    assert sorted(outcomes) == [one.id for one in entries]
    assert [one.supersedes for one in entries] == [None, *(one.id for one in entries[:-1])]


def test_an_order_placed_twice_at_once_is_one_order(memory: Memory) -> None:
    """By its number."""
    customer, conversation = somebody(memory)

    def _place(tx: Any) -> str:
        stated: dict[str, Any] = {"lines": [], "fulfilment": "pickup", "total": 3, "currency": "GBP", "now": NOW}
        return orders.place(tx, customer=customer, conversation=conversation, number="K-1", **stated).number

    assert _at_once(memory, _place) == ["K-1"] * 6


@pytest.mark.parametrize("turns", [10, 2000])
def test_loading_costs_what_came_after_the_checkpoint(memory: Memory, turns: int) -> None:
    """However long the conversation, as much is read as was appended since."""
    customer, conversation = somebody(memory)
    with memory.write() as tx:
        events = [{"event": "slot", "value": number} for number in range(turns)]
        last = transcripts.append(tx, conversation, customer=customer, events=events, now=NOW)
        transcripts.save_checkpoint(tx, conversation, snapshot={"slots": {}}, upto=last - 5)
    with memory.read() as tx:
        stored = transcripts.load(tx, conversation)
    assert (len(stored.events), stored.last) == (5, turns)


def test_two_programs_that_start_at_once_migrate_once(bare_url: str, tmp_path: Path) -> None:
    """Both find a database that is up to date."""
    spawn = multiprocessing.get_context("spawn")
    starters = [spawn.Process(target=_open, args=(bare_url,)) for _ in range(2)]
    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join(60)
    assert [starter.exitcode for starter in starters] == [0, 0]


def _open(url: str) -> None:
    memory = Memory.open(url)
    with memory.write() as tx:
        identities.create_visitor(tx, now=NOW)
    memory.close()

"""Erasure leaves nothing: not in a table, not in an index, not in a byte of a file, and not after a restored backup."""

import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from memory_people import NOW, Half, somebody

from memory import (
    Memory,
    backup,
    consent,
    conversations,
    erasure,
    export,
    facts,
    handoffs,
    identities,
    links,
    messages,
    needs,
    orders,
    outbox,
    profiles,
    purchases,
    questions,
    retention,
    search,
    threads,
    tickets,
    traces,
    transcripts,
)
from memory._registry import TABLES
from memory.consent import Evidence, Purpose
from memory.errors import ConsentRefused, UnknownCustomer
from memory.messages import Option, Outgoing, Said

# Words that nobody else uses; each test looks for their bytes.
MARKS = [
    b"zanzibarine",
    b"quixotry",
    b"+44 7700 900777",
    b"Ermintrude",
    b"ermintrude@example.org",
    b"marmoreal",
    b"7f3e-key",
]


def lived_in(memory: Memory, subject: str = "ermintrude@example.org", marks: bool = True) -> tuple[str, str]:
    """A customer with something in every table, and their conversation on the web."""
    word = "zanzibarine" if marks else "ordinary"
    secret = "quixotry" if marks else "plain"
    customer, conversation = somebody(memory, subject)
    with memory.write() as tx:
        identities.sign_in(tx, subject=subject, name="Ermintrude" if marks else "Bob", now=NOW)
        for purpose in (Purpose.PREFERENCES, Purpose.SENSITIVE):
            consent.decide(tx, customer, purpose=purpose, decision="granted", evidence=Evidence("button"), now=NOW)
        marketing: dict[str, Any] = {"purpose": Purpose.MARKETING, "decision": "granted", "channel": "email"}
        consent.decide(tx, customer, evidence=Evidence("button"), now=NOW, **marketing)
        # Long enough for pages of its own.
        events = [{"event": "user", "text": f"{secret} {'x' * 9000} {secret}"}, {"event": "slot", "value": secret}]
        last = transcripts.append(tx, conversation, customer=customer, events=events, now=NOW)
        transcripts.save_checkpoint(tx, conversation, snapshot={"slots": {"note": secret}}, upto=last)
        for turn in range(30):
            messages.record_turn(
                tx,
                conversation,
                customer=customer,
                message_id=f"{'7f3e-key' if marks else 'key'}-{turn}-{customer[-4:]}",
                said=Said(f"a {word} latte number {turn}, please"),
                replies=[Outgoing(f"One {word}!", (Option(f"More {word}", {"set": {"note": secret}}),))],
                now=NOW,
            )
        threads.save(tx, Half(slots={"note": secret}), customer=customer, conversation=conversation, now=NOW)
        source = facts.Source(channel="web", touch_point="chat", conversation=conversation, turn=1)
        told: dict[str, Any] = {"polarity": "like", "source": source, "now": NOW, "value": secret}
        grant = consent.require(tx, customer, Purpose.PREFERENCES)
        facts.record(tx, grant, attribute="milk", purpose=Purpose.PREFERENCES, **told)
        grant = consent.require(tx, customer, Purpose.SENSITIVE)
        facts.record(tx, grant, attribute="allergy", purpose=Purpose.SENSITIVE, **told)
        line = purchases.Line("o1", subject, NOW, "marmoreal" if marks else "mug", 1, Decimal("12.50"))
        purchases.record_lines(tx, [line])
        needs.note(tx, customer, wanted=secret, now=NOW)
        questions.ask(tx, customer, conversation=conversation, question="milk", about=secret, now=NOW)
        grant = consent.require(tx, customer, Purpose.PERSONALISATION)
        profiles.record(tx, grant, tier="STANDARD", figures={"value": 3.5}, reasons=[secret], now=NOW)
        order = {"lines": [{"sku": secret}], "fulfilment": "pickup", "total": 3, "currency": "GBP", "now": NOW}
        orders.place(tx, customer=customer, conversation=conversation, number=f"K-{customer[-6:]}", **order)  # type: ignore[arg-type]
        tickets.open(tx, customer=customer, conversation=conversation, kind="complaint", text=secret, now=NOW)
        handoffs.open(
            tx, customer=customer, conversation=conversation, reason="asked", packet={"goal": secret}, now=NOW
        )
        outbox.put(
            tx,
            customer=customer,
            key=f"news-{customer}",
            purpose=Purpose.MARKETING,
            channel="email",
            body={"text": secret},
            due_at=NOW + timedelta(hours=1),
            now=NOW,
        )
        links.offer_code(tx, customer=customer, channel="shop", address=subject, now=NOW)
        links.redeem_code(tx, customer=customer, channel="shop", address=subject, code="WRONG", now=NOW)
        number = "+44 7700 900777" if marks else "+44 7700 900000"
        phone = identities.for_address(tx, channel="whatsapp", address=number, now=NOW)
        conversations.open(tx, customer=phone, channel="whatsapp", now=NOW)
        code = links.offer_code(tx, customer=customer, channel="shop", address=subject, now=NOW)
        links.redeem_code(tx, customer=phone, channel="whatsapp", address=number, code=code, now=NOW)
    return customer, conversation


def _bytes_left(memory: Memory) -> set[bytes]:
    assert memory.path is not None
    # The list of who was erased lies beside the database and is looked through as well.
    found = [*traces.files(memory.path), *([memory.journal] if memory.journal and memory.journal.exists() else [])]
    contents = [file.read_bytes() for file in found]
    return {mark for mark in MARKS if any(mark in content for content in contents)}


def test_every_table_is_lived_in_and_then_empty(memory: Memory) -> None:
    """The receipt counts what was deleted from each table and found nothing left; somebody else keeps everything."""
    other, _ = lived_in(memory, "bob", marks=False)
    with memory.read() as tx:
        before = export.access_copy(tx, other, now=NOW)
    customer, _ = lived_in(memory)
    receipt = erasure.erase(memory, customer, now=NOW)
    assert [name for name, gone in receipt.deleted.items() if gone == 0] == []
    assert set(receipt.deleted) == {kept.name for kept in TABLES}
    assert (receipt.done_at, sum(receipt.probes.values())) == (NOW, 0)
    with memory.read() as tx:
        assert export.access_copy(tx, other, now=NOW) == before
        assert erasure.receipt(tx, receipt.id) == receipt
        assert erasure.receipt(tx, "r_other") is None
        with pytest.raises(UnknownCustomer):
            export.access_copy(tx, customer, now=NOW)


def test_no_byte_is_left_in_any_file(sqlite_memory: Memory) -> None:
    """All marks are in the files before, none afterwards: tables, indexes, free pages, log."""
    lived_in(sqlite_memory, "bob", marks=False)
    customer, conversation = lived_in(sqlite_memory)
    assert _bytes_left(sqlite_memory) == set(MARKS)
    receipt = erasure.erase(sqlite_memory, customer, now=NOW)
    assert _bytes_left(sqlite_memory) == set()
    assert receipt.probes["files"] == 0
    assert traces.scan(sqlite_memory, [customer, conversation]) == {"files": 0}


def test_the_receipt_holds_nothing_personal(sqlite_memory: Memory) -> None:
    """Neither ids nor words."""
    customer, conversation = lived_in(sqlite_memory)
    said = str(erasure.erase(sqlite_memory, customer, now=NOW))
    assert not [mark for mark in (*[m.decode() for m in MARKS], customer, conversation) if mark in said]


def test_an_open_reader_is_waited_for(sqlite_memory: Memory) -> None:
    """The log cannot be truncated under somebody who reads an old state; when they end, the bytes go."""
    customer, _ = lived_in(sqlite_memory)
    reader = sqlite3.connect(str(sqlite_memory.path), isolation_level=None, check_same_thread=False)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM messages").fetchone()
    threading.Timer(0.6, reader.rollback).start()
    began = time.monotonic()
    receipt = erasure.erase(sqlite_memory, customer, now=NOW)
    assert time.monotonic() - began >= 0.5
    assert receipt.done_at == NOW
    assert _bytes_left(sqlite_memory) == set()
    reader.close()


def test_a_reader_who_stays_keeps_the_receipt_open(sqlite_memory: Memory) -> None:
    """The receipt says so honestly; settling it later finishes it."""
    customer, _ = lived_in(sqlite_memory)
    reader = sqlite3.connect(str(sqlite_memory.path), isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM messages").fetchone()
    receipt = erasure.erase(sqlite_memory, customer, now=NOW, patience=timedelta(seconds=0.3))
    assert receipt.done_at is None
    assert receipt.probes["log waits for a reader"] == 1
    assert erasure.settle(sqlite_memory, now=NOW, patience=timedelta(seconds=0.1)) == ()
    reader.close()
    later = NOW + timedelta(minutes=5)
    assert erasure.settle(sqlite_memory, now=later) == (receipt.id,)
    assert _bytes_left(sqlite_memory) == set()
    with sqlite_memory.read() as tx:
        settled = erasure.receipt(tx, receipt.id)
    assert settled is not None
    assert settled.done_at == later


def test_queued_messages_go_with_their_customer(memory: Memory) -> None:
    """What waited to be sent is sent to the others only."""
    bob, _ = lived_in(memory, "bob", marks=False)
    customer, _ = lived_in(memory)
    erasure.erase(memory, customer, now=NOW)
    with memory.write() as tx:
        due, dropped = outbox.take_due(tx, now=NOW + timedelta(hours=2))
    assert ([one.customer for one in due], dropped) == ([bob], 0)


def test_a_turn_in_flight_writes_nothing_after_the_block(memory: Memory) -> None:
    """It read before, and would commit between block and deletion, or after: both are refused."""
    customer, conversation = lived_in(memory)

    def _commit_late() -> None:
        with memory.write() as tx:
            transcripts.append(tx, conversation, customer=customer, events=[{"text": "late"}], now=NOW)

    with memory.write() as tx:
        receipt = erasure.block(tx, customer, now=NOW)
        with pytest.raises(UnknownCustomer):
            transcripts.load(tx, conversation)
    with pytest.raises(UnknownCustomer):
        _commit_late()
    assert erasure.complete(memory, receipt, now=NOW).done_at == NOW
    with pytest.raises(UnknownCustomer):
        _commit_late()
    with memory.read() as tx, pytest.raises(ConsentRefused):
        consent.require(tx, customer, Purpose.SERVICE)


def test_a_write_that_began_before_the_block_is_erased_with_the_rest(memory: Memory) -> None:
    """A transaction that is open while the customer is being blocked cannot leave a row behind."""
    customer, conversation = lived_in(memory)
    began, go_on = threading.Event(), threading.Event()

    def _slow_turn() -> None:
        with memory.write() as tx:
            transcripts.append(tx, conversation, customer=customer, events=[{"text": "quixotry"}], now=NOW)
            began.set()
            go_on.wait(10)

    turn = threading.Thread(target=_slow_turn)
    turn.start()
    assert began.wait(10)
    threading.Timer(0.3, go_on.set).start()
    receipt = erasure.erase(memory, customer, now=NOW)
    turn.join()
    assert (receipt.done_at, receipt.deleted["events"]) == (NOW, 3)


def test_the_conversations_are_waited_for(memory: Memory) -> None:
    """Whoever holds the locks is given the conversations of the whole person, and the deletion happens inside."""
    customer, conversation = lived_in(memory)
    seen: list[Any] = []

    @contextmanager
    def _hold(held: frozenset[str]) -> Iterator[None]:
        seen.append(held)
        with memory.read() as tx:
            seen.append(len(erasure.unfinished(tx)))
        yield
        with memory.read() as tx:
            seen.append(len(erasure.unfinished(tx)))

    erasure.erase(memory, customer, now=NOW, hold=_hold)
    assert conversation in seen[0]
    assert (len(seen[0]), seen[1:]) == (2, [1, 0])


@dataclass
class Cache:
    """Another store, that may fail to let go."""

    name: str = "cache"
    held: set[str] = field(default_factory=set)
    stubborn: bool = False

    def erase(self, subject: erasure.Subject) -> None:
        if not self.stubborn:
            self.held -= subject.customers

    def probe(self, subject: erasure.Subject) -> int:
        return len(self.held & subject.customers)


@pytest.mark.parametrize("stubborn", [False, True])
def test_other_stores_are_erased_and_probed(memory: Memory, stubborn: bool) -> None:
    """A trace that is left anywhere keeps the receipt from being done."""
    customer, _ = lived_in(memory)
    cache = Cache(held={customer, "c_other"}, stubborn=stubborn)
    receipt = erasure.erase(memory, customer, now=NOW, stores=[cache])
    assert (receipt.probes["cache"], receipt.done_at) == ((1, None) if stubborn else (0, NOW))


def test_a_crash_in_between_is_taken_up_again(memory: Memory, url: str, open_memory: Callable[..., Memory]) -> None:
    """The daily job of the next process finds what was blocked and finishes it."""
    customer, _ = lived_in(memory)
    with memory.write() as tx:
        receipt = erasure.block(tx, customer, now=NOW)
    again = open_memory(url)
    retention.apply(again, now=NOW + timedelta(hours=1))
    with again.read() as tx:
        finished = erasure.receipt(tx, receipt)
        assert erasure.unfinished(tx) == ()
    assert finished is not None
    assert finished.done_at == NOW + timedelta(hours=1)


def test_a_killed_process_leaves_an_erasure_that_can_be_finished(sqlite_memory: Memory, tmp_path: Path) -> None:
    """Killed without warning right after the deletion was begun, the rest is done by whoever comes next."""
    customer, _ = lived_in(sqlite_memory)
    program = (
        "import os, sys\n"
        "from datetime import UTC, datetime\n"
        "from memory import Memory, erasure\n"
        "memory = Memory.open(sys.argv[1])\n"
        "def die(held): os._exit(9)\n"
        "erasure.erase(memory, sys.argv[2], now=datetime.now(UTC), hold=die)\n"
    )
    address = f"sqlite:///{sqlite_memory.path}"
    ran = subprocess.run([sys.executable, "-c", program, address, customer], cwd=Path(__file__).parents[2], check=False)
    assert ran.returncode == 9
    with sqlite_memory.read() as tx:
        (receipt,) = erasure.unfinished(tx)
        with pytest.raises(UnknownCustomer):
            identities.customer(tx, customer)
    assert erasure.complete(sqlite_memory, receipt, now=NOW).done_at == NOW
    assert _bytes_left(sqlite_memory) == set()


def test_erasing_one_side_of_a_link_erases_the_person(memory: Memory) -> None:
    """Forget everything means everything that is known of the person."""
    customer, _ = lived_in(memory)
    with memory.read() as tx:
        everybody = {one.customer for one in identities.of(tx, customer)}
    erasure.erase(memory, customer, now=NOW)
    with memory.read() as tx:
        assert identities.find(tx, channel="whatsapp", address="+44 7700 900777") is None
        for one in everybody:
            with pytest.raises(UnknownCustomer):
                identities.customer(tx, one)


def test_a_restored_backup_does_not_bring_anybody_back(memory: Memory, tmp_path: Path) -> None:
    """Everybody else is back as they were; search works; whoever was erased since is not written at all."""
    bob, conversation = lived_in(memory, "bob", marks=False)
    customer, _ = lived_in(memory)
    copy = tmp_path / "backup.gz"
    backup.backup(memory, copy, now=NOW)
    with memory.read() as tx:
        before = export.access_copy(tx, bob, now=NOW)
    receipt = erasure.erase(memory, customer, now=NOW)
    with memory.write() as tx:
        threads.forget(tx, "t_1", customer=bob, now=NOW)
        new, _ = identities.create_visitor(tx, now=NOW), None
    restored = backup.restore(memory, copy)
    assert restored["left_out"] > 10
    with memory.write() as tx:
        after = export.access_copy(tx, bob, now=NOW)
        for copied in (before, after):
            copied["kept"].pop("search_documents")
        assert after == before
        grant = consent.require(tx, bob, Purpose.RESUME)
        assert search.recall(tx, grant, "ordinary latte number 7", now=NOW, limit=1)[0].text.endswith("7, please")
        assert erasure.receipt(tx, receipt.id) == receipt
        for gone in (customer, new):
            with pytest.raises(UnknownCustomer):
                identities.customer(tx, gone)
        # Numbers go on where they were.
        consent.decide(tx, bob, purpose=Purpose.SHARING, decision="granted", evidence=Evidence("button"), now=NOW)
        messages.record_turn(tx, conversation, customer=bob, message_id="n", said=Said("more"), replies=[], now=NOW)
    if memory.path is not None:
        erasure.settle(memory, now=NOW)
        assert _bytes_left(memory) == set()


def test_a_lost_database_is_restored_without_the_erased(tmp_path: Path, open_memory: Callable[..., Memory]) -> None:
    """The list beside the database is enough, when the database that knew is gone."""
    first = open_memory(f"sqlite:///{tmp_path}/first.db")
    customer, _ = lived_in(first)
    bob, _ = lived_in(first, "bob", marks=False)
    backup.backup(first, tmp_path / "backup.gz", now=NOW)
    erasure.erase(first, customer, now=NOW)
    journal = first.journal
    first.close()
    assert journal is not None
    second = open_memory(f"sqlite:///{tmp_path}/second.db", journal=journal)
    backup.restore(second, tmp_path / "backup.gz")
    with second.read() as tx:
        assert identities.customer(tx, bob).name == "Bob"
        with pytest.raises(UnknownCustomer):
            identities.customer(tx, customer)
    assert _bytes_left(second) == set()


def test_what_is_no_backup_changes_nothing(memory: Memory, tmp_path: Path) -> None:
    """A torn or foreign file is refused and everything stays."""
    customer, _ = lived_in(memory)
    copy = tmp_path / "backup.gz"
    backup.backup(memory, copy, now=NOW)
    torn = tmp_path / "torn.gz"
    torn.write_bytes(copy.read_bytes()[:-400])
    with memory.read() as tx:
        before = export.access_copy(tx, customer, now=NOW)
    for file, content in ((torn, None), (tmp_path / "foreign.gz", b"hello")):
        if content is not None:
            file.write_bytes(content)
        with pytest.raises(ValueError, match="backup"):
            backup.restore(memory, file)
    with memory.read() as tx:
        assert export.access_copy(tx, customer, now=NOW) == before


def test_a_backup_moves_between_the_databases(
    memory: Memory, tmp_path: Path, open_memory: Callable[..., Memory]
) -> None:
    """What was written on either kind is read on SQLite."""
    customer, _ = lived_in(memory)
    backup.backup(memory, tmp_path / "backup.gz", now=NOW)
    other = open_memory(f"sqlite:///{tmp_path}/other.db")
    backup.restore(other, tmp_path / "backup.gz")
    copies = []
    for one in (memory, other):
        with one.read() as tx:
            copies.append(export.access_copy(tx, customer, now=NOW))
            copies[-1]["kept"].pop("search_documents")
    assert copies[0] == copies[1]


def test_an_old_order_file_does_not_bring_the_erased_back(memory: Memory) -> None:
    """Orders from before the erasure are left out; a new order is a new beginning."""
    customer, _ = lived_in(memory)
    erasure.erase(memory, customer, now=NOW)
    line = purchases.Line("o1", "ermintrude@example.org", NOW, "marmoreal", 1, Decimal("12.50"))
    later = purchases.Line("o2", "ermintrude@example.org", NOW + timedelta(days=1), "mug", 1, Decimal("8"))
    with memory.write() as tx:
        assert purchases.record_lines(tx, [line]) == purchases.Recorded(0, 0, 1)
        assert identities.find(tx, channel="shop", address="ermintrude@example.org") is None
        assert purchases.record_lines(tx, [later]) == purchases.Recorded(1, 0, 0)
        anew = identities.find(tx, channel="shop", address="ermintrude@example.org")
    assert anew not in (None, customer)


def test_somebody_erased_may_come_back_as_somebody_new(memory: Memory) -> None:
    """Signing in again gives a new customer of whom nothing is known."""
    customer, _ = lived_in(memory)
    erasure.erase(memory, customer, now=NOW)
    with memory.write() as tx:
        anew = identities.sign_in(tx, subject="ermintrude@example.org", now=NOW)
        assert anew != customer
        rows = export.access_copy(tx, anew, now=NOW)["kept"]
        assert {name for name, kept in rows.items() if kept["rows"]} == {"customers", "identities"}

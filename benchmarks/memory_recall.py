"""What remembering one customer costs, with few and with very many customers in the database.

    python benchmarks/memory_recall.py [--few 1000] [--many 1000000] [--samples 2000] [--folder /tmp/memory-recall]

Two databases are filled with customers of the same shape. Then random customers of each are recalled, one transaction
each, turn by turn between the two so that both see the same weather:

- ``turn``: what every turn reads at its start: who it is, the retry, the state of the conversation, open threads;
- ``recall``: that and facts, purchases, and a full-text search in their past ("what did I order last time").

Times are by the clock, and of the processor alone: on a machine that is shared the two differ where others take turns.
The goals: p50 with many at most 1.2 times that with few, p99 with many under 5 ms.
"""

import argparse
import json
import platform
import random
import sqlite3
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from memory import (
    Memory,
    Tx,
    consent,
    conversations,
    facts,
    identities,
    messages,
    purchases,
    search,
    threads,
    transcripts,
)
from memory.consent import Purpose

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
AT = "2026-05-30 09:00:00.000000"
TURNS = 3
SAID = (
    "a large oat flat white please",
    "do you have decaf beans",
    "my grinder is broken",
    "when do you close on sundays",
    "two bags of the Sumatra for my sister",
    "what did you recommend last month",
    "no sugar, thanks",
    "deliver it on Friday",
)
QUERY = "oat flat white beans"
AT_ONCE = 2_000
COLUMNS = ("p50", "p95", "p99", "cpu p50", "cpu p99")


def fill(path: Path, count: int, *, dice: random.Random) -> None:
    """Customers with three turns, a checkpoint, a thread, two facts and three purchases each, written straight into
    the tables: through the program a million would take hours."""
    began = time.monotonic()
    store = sqlite3.connect(path, isolation_level=None)
    store.executescript("PRAGMA synchronous=OFF; PRAGMA cache_size=-2000000; PRAGMA wal_autocheckpoint=20000")
    # In the order of the ids, which are random: as the tables lie in the end.
    ids = sorted(f"{dice.getrandbits(128):032x}"[:22] for _ in range(count))
    subjects = list(range(count))
    dice.shuffle(subjects)
    document = 0
    for start in range(0, count, AT_ONCE):
        rows: Rows = defaultdict(list)
        for place in range(start, min(start + AT_ONCE, count)):
            document = _customer(rows, ids[place], subjects[place], document, dice)
        store.execute("BEGIN")
        for statement, values in rows.items():
            store.executemany(statement, values)
        store.execute("COMMIT")
        done = min(start + AT_ONCE, count)
        if done % (AT_ONCE * 50) == 0 or done == count:
            print(f"  {done:>9,} customers, {time.monotonic() - began:6.0f} s", file=sys.stderr)
    store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()


Rows = dict[str, list[tuple[Any, ...]]]


def _put(rows: Rows, table: str, **row: Any) -> None:
    marks = ", ".join("?" * len(row))
    rows[f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})"].append(tuple(row.values()))


def _customer(rows: Rows, key: str, number: int, document: int, dice: random.Random) -> int:
    """The rows of one customer; the last id of a search document so far is taken and given back."""
    customer, conversation = f"c_{key}", f"v_{key}"
    here = {"customer": customer, "conversation": conversation}
    _put(rows, "customers", id=customer, child=0, created_at=AT)
    _put(rows, "identities", channel="shop", address=f"s{number}", created_at=AT, verified_at=AT, customer=customer)
    counts = {"events": 24, "messages": TURNS * 2, "turns": TURNS}
    opened = {"channel": "web", "in_charge": "assistant", "opened_at": AT, "last_at": AT}
    _put(rows, "conversations", id=conversation, customer=customer, **opened, **counts)
    decided = {"purpose": "preferences", "channel": "*", "topic": "*", "decision": "granted", "decided_at": AT}
    _put(rows, "consents", customer=customer, **decided, decision_id=number)
    for seq in range(5, 25):
        body = f'{{"event":"slot","name":"size","value":{seq}}}'
        _put(rows, "events", **here, seq=seq, at=AT, body=body)
    _put(rows, "checkpoints", **here, upto=4, snapshot='{"slots":{"size":"large"}}', at=AT)
    for turn in range(1, TURNS + 1):
        document = _spoken(rows, here, key, turn, document, dice)
    _remembered(rows, here, key, number)
    return document


def _spoken(rows: Rows, here: dict[str, str], key: str, turn: int, document: int, dice: random.Random) -> int:
    """One turn, its two messages and a choice; gives back the last id of a search document."""
    said, answered = turn * 2 - 1, turn * 2
    _put(rows, "turns", **here, message_id=str(turn), turn=turn, said=said, first=said, last=answered, at=AT)
    for sender, message, text in (
        ("customer", said, SAID[dice.randrange(len(SAID))]),
        ("assistant", answered, "Which size would you like?"),
    ):
        _put(rows, "messages", **here, id=message, turn=turn, sender=sender, text=text, at=AT)
        index, indexed = search.plan(here["customer"], text)
        document += 1 + dice.randrange(4_000_000)
        _put(rows, "search_documents", id=document, **here, message=message)
        _put(rows, index, rowid=document, words=indexed)
    offered = {"position": 1, "title": "Large", "payload": '{"set":{"size":"large"}}', "at": AT}
    _put(rows, "choices", **here, token=f"{key}{turn}", turn=turn, **offered)
    return document


def _remembered(rows: Rows, here: dict[str, str], key: str, number: int) -> None:
    """A thread, two facts and three purchases."""
    left = {"flow": "order_drink", "step": "milk", "slots": '{"product":"latte"}', "description": "the milk"}
    _put(rows, "threads", **here, id=f"t_{key}", **left, state="open", opened_at=AT, touched_at=AT)
    told = {"polarity": "like", "for_whom": "self", "lasting": 1, "purpose": "preferences", "state": "current"}
    source = {"channel": "web", "touch_point": "chat", "told_by": "customer", "told_at": AT, "confirmed_at": AT}
    rest = {**here, **told, **source, "half_life_days": 180.0, "turn": 1}
    for attribute, value in (("milk", "oat"), ("size", "large")):
        _put(rows, "facts", id=f"f_{key}{attribute}", attribute=attribute, value=value, **rest)
    bought = {"order_id": f"o{number}", "ordered_at": AT, "sku": "beans", "quantity": 1, "unit_price": 99_500}
    for line in range(3):
        _put(rows, "purchases", customer=here["customer"], line=f"{key}-{line}", **bought, gift=0)


def tidy(path: Path) -> None:
    """What the daily job does to the full-text index."""
    memory = Memory.open(f"sqlite:///{path}")
    for bucket in range(search.BUCKETS):
        with memory.write() as tx:
            search.tidy(tx, bucket)
    memory.close()
    store = sqlite3.connect(path)
    store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()


def turn(memory: Memory, subject: str) -> None:
    """What every turn reads at its start."""
    with memory.read() as tx:
        _turn(tx, subject)


def recall(memory: Memory, subject: str) -> None:
    """That, and all that is remembered, and a search."""
    with memory.read() as tx:
        customer, resume = _turn(tx, subject)
        preferences = consent.require(tx, customer, Purpose.PREFERENCES)
        assert len(facts.usable(tx, preferences, now=NOW)) == 2
        assert len(purchases.of(tx, consent.require(tx, customer, Purpose.PERSONALISATION))) == 3
        search.recall(tx, resume, QUERY, now=NOW, known=preferences)


def _turn(tx: Tx, subject: str) -> tuple[str, consent.Grant]:
    customer = identities.signed_in(tx, subject=subject)
    assert customer is not None
    conversation = conversations.find(tx, customer=customer, channel="web")
    assert conversation is not None
    assert messages.find_reply(tx, conversation.id, "new") is None
    assert len(transcripts.load(tx, conversation.id).events) == 20
    grant = consent.require(tx, customer, Purpose.RESUME)
    assert len(threads.open_for(tx, grant)) == 1
    return customer, grant


def measure(
    work: Callable[[Memory, str], None], stores: dict[int, Memory], *, samples: int, dice: random.Random
) -> dict[int, list[tuple[float, float]]]:
    """Milliseconds of each run by the clock and of the processor, for each store in turn."""
    taken: dict[int, list[tuple[float, float]]] = {count: [] for count in stores}
    for number in range(samples + 50):
        for count, memory in stores.items():
            subject = f"s{dice.randrange(count)}"
            began, worked = time.perf_counter(), time.thread_time()
            work(memory, subject)
            if number >= 50:
                taken[count].append(((time.perf_counter() - began) * 1000, (time.thread_time() - worked) * 1000))
    return taken


def main() -> None:
    """Fill, measure, print a table and one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--few", type=int, default=1_000)
    parser.add_argument("--many", type=int, default=1_000_000)
    parser.add_argument("--samples", type=int, default=2_000)
    parser.add_argument("--folder", type=Path, default=Path("/tmp/memory-recall"))
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    stores = {}
    for count in (asked.few, asked.many):
        path = asked.folder / f"{count}.db"
        known = path.exists()
        if not known:
            part = path.with_suffix(".part")
            Memory.open(f"sqlite:///{part}").close()
            fill(part, count, dice=random.Random(count))
            tidy(part)
            part.replace(path)
        stores[count] = Memory.open(f"sqlite:///{path}")
        # Into the system's memory, where a server that has run for a while has it.
        with path.open("rb") as file:
            while file.read(1 << 24):
                pass
        print(f"{count:,} customers: {path.stat().st_size / 1e6:,.0f} MB", file=sys.stderr)
    figures: dict[str, Any] = {"python": platform.python_version(), "samples": asked.samples}
    print(f"{'':8}{'customers':>12}{'p50 ms':>10}{'p95 ms':>10}{'p99 ms':>10}{'cpu p50':>10}{'cpu p99':>10}")
    for work in (turn, recall):
        taken = measure(work, stores, samples=asked.samples, dice=random.Random(7))
        for count, all_taken in taken.items():
            clock, cpu = (statistics.quantiles(column, n=100) for column in zip(*all_taken, strict=True))
            shown = [round(value, 3) for value in (clock[49], clock[94], clock[98], cpu[49], cpu[98])]
            figures[f"{work.__name__} {count}"] = dict(zip(COLUMNS, shown, strict=True))
            print(f"{work.__name__:8}{count:>12,}" + "".join(f"{value:>10.2f}" for value in shown))
        few, many = (figures[f"{work.__name__} {count}"]["p50"] for count in (asked.few, asked.many))
        figures[f"{work.__name__} ratio"] = round(many / few, 3)
        print(f"{work.__name__:8}{'ratio':>12}{many / few:>10.2f}")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()

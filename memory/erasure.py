"""Forget somebody everywhere, in an order that a turn in flight, an open reader or a crash cannot undo, and prove it.

Block (from then on nothing of theirs is read or written) - wait for their conversations - delete everywhere by the
registry of tables - put up tombstones - empty the queues, this process and every other store - truncate the write-ahead
log - probe every store, the bytes of the database's files included - write the receipt. What a crash interrupts,
``unfinished`` finds again.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError, OperationalError

from memory import _registry, _session, _tombstones, search, stock, traces
from memory._ids import new_id
from memory._session import Tx
from memory._tables import (
    ConversationRow,
    CustomerRow,
    DocumentRow,
    IdentityRow,
    MessageRow,
    OrderRow,
    ReceiptRow,
    ThreadRow,
)
from memory.errors import UnknownCustomer

if TYPE_CHECKING:
    from memory.database import Memory

# A late insert may hold up the deletion of the customer's row on PostgreSQL; it is over within a turn.
_TRIES = 20


@dataclass(frozen=True)
class Subject:
    """Whom an erasure is about: every id that points at them. It is not kept."""

    customers: frozenset[str]
    conversations: frozenset[str]
    # (channel, address)
    addresses: frozenset[tuple[str, str]]


class Store(Protocol):
    """Another place that may hold something of a customer: caches, queues, harvested examples, model archives."""

    @property
    def name(self) -> str: ...

    def erase(self, subject: Subject) -> None:
        """Delete whatever is held of the subject."""

    def probe(self, subject: Subject) -> int:
        """How many traces are left; 0 is wanted."""


@dataclass(frozen=True)
class Receipt:
    """What was deleted (rows by table) and what was probed and how many traces were found there; nothing personal.

    ``done_at`` is None while it is under way, or while a trace is left: ``probes`` says where.
    """

    id: str
    asked_at: datetime
    done_at: datetime | None
    deleted: dict[str, int]
    probes: dict[str, int]


# Holds the locks of these conversations while the block runs.
Hold = Callable[[frozenset[str]], AbstractContextManager[Any]]


def block(tx: Tx, customer: str, *, now: datetime) -> str:
    """Begin to forget a person: once committed, nothing of theirs is read or written any more. The receipt's id.

    Raises UnknownCustomer, also for somebody who is being erased already.
    """
    scope = _session.serve(tx, customer).scope
    receipt_ = new_id("r")
    row = {"id": receipt_, "asked_at": now, "done_at": None, "deleted": {}, "probes": {}}
    _session.private(tx, insert(ReceiptRow), [row])
    blocked = {"blocked_at": now, "erasure": receipt_}
    _session.private(tx, update(CustomerRow).where(CustomerRow.id.in_(sorted(scope))).values(**blocked))
    _session.forget_served(tx)
    return receipt_


def complete(
    memory: "Memory",
    receipt_: str,
    *,
    now: datetime,
    stores: Sequence[Store] = (),
    hold: Hold | None = None,
    patience: timedelta = timedelta(seconds=30),
) -> Receipt:
    """Finish what ``block`` began; the receipt. Safe to call again after a crash.

    ``stores`` are erased and probed too. ``hold`` waits for turns in flight. Readers that keep an old state of the
    database open are waited for at most ``patience``; if they stay, the receipt is not done and says so: call
    ``settle`` later. Raises KeyError for an unknown receipt.
    """
    subject = _subject(memory, receipt_)
    with (hold or (lambda _: nullcontext()))(subject.conversations):
        deleted = _delete(memory, subject, now=now)
        memory.volatile.drop_customers(subject.customers)
        for store in stores:
            store.erase(subject)
    probes = {store.name: store.probe(subject) for store in stores}
    probes["process"] = memory.volatile.count(subject.customers)
    probes |= _probe_tables(memory, subject)
    ids = subject.customers | subject.conversations
    probes |= traces.truncate(memory, patience=patience) | traces.scan(memory, ids)
    if probes.get("files") and not probes["log waits for a reader"]:
        traces.rewrite(memory)
        probes |= traces.truncate(memory, patience=patience) | traces.scan(memory, ids)
    return _write_receipt(memory, receipt_, deleted=deleted, probes=probes, now=now)


def erase(
    memory: "Memory",
    customer: str,
    *,
    now: datetime,
    stores: Sequence[Store] = (),
    hold: Hold | None = None,
    patience: timedelta = timedelta(seconds=30),
) -> Receipt:
    """``block`` and ``complete`` in one."""
    with memory.write() as tx:
        receipt_ = block(tx, customer, now=now)
    return complete(memory, receipt_, now=now, stores=stores, hold=hold, patience=patience)


def settle(memory: "Memory", *, now: datetime, patience: timedelta = timedelta(seconds=30)) -> tuple[str, ...]:
    """Truncate the log again for erasures that an open reader kept from being done; those that are done by it."""
    with memory.read() as tx:
        waiting = [one for one in _receipts(tx) if one.done_at is None and one.probes.get("log waits for a reader")]
    if not waiting:
        return ()
    left = traces.truncate(memory, patience=patience)
    if not any(left.values()):
        traces.rewrite(memory)
        left = traces.truncate(memory, patience=patience)
    if any(left.values()):
        return ()
    for one in waiting:
        # Every trace in the files was in the log, which is gone, or in a gap, which was not copied; what else was
        # found stays found.
        probes = {**one.probes, **left, "files": 0}
        _write_receipt(memory, one.id, deleted=one.deleted, probes=probes, now=now)
    return tuple(one.id for one in waiting)


def unfinished(tx: Tx) -> tuple[str, ...]:
    """The receipts of erasures that were begun and whose rows are not deleted yet: complete them."""
    begun = select(CustomerRow.erasure).where(CustomerRow.erasure.is_not(None)).distinct()
    return tuple(sorted(str(one) for one in _session.private(tx, begun).scalars()))


def receipt(tx: Tx, receipt_: str) -> Receipt | None:
    """A receipt by its id; needs nothing else, since it says nothing of anybody."""
    return next((one for one in _receipts(tx, ReceiptRow.id == receipt_)), None)


def _subject(memory: "Memory", receipt_: str) -> Subject:
    with memory.read() as tx:
        if receipt(tx, receipt_) is None:
            raise KeyError(receipt_)
        mine = select(CustomerRow.id).where(CustomerRow.erasure == receipt_)
        customers = frozenset(_session.private(tx, mine).scalars())
        conversations = select(ConversationRow.id).where(ConversationRow.customer.in_(sorted(customers)))
        ways = select(IdentityRow.channel, IdentityRow.address).where(IdentityRow.customer.in_(sorted(customers)))
        return Subject(
            customers,
            frozenset(_session.private(tx, conversations).scalars()),
            frozenset((row.channel, row.address) for row in _session.private(tx, ways)),
        )


def _delete(memory: "Memory", subject: Subject, *, now: datetime) -> dict[str, int]:
    for _ in range(_TRIES - 1):
        try:
            return _delete_once(memory, subject, now=now)
        except (IntegrityError, OperationalError):
            # A write that had begun before the block was committed has added a row, or waits for us: the next try.
            time.sleep(0.05)
    return _delete_once(memory, subject, now=now)


def _delete_once(memory: "Memory", subject: Subject, *, now: datetime) -> dict[str, int]:
    with memory.write() as tx:
        macs = [_tombstones.mac(tx, "customer", customer) for customer in subject.customers]
        macs += [_tombstones.mac(tx, *way) for way in subject.addresses]
        _tombstones.add(tx, macs, at=now)
        # Before the commit: should the process end here, the block stands and the erasure is taken up again.
        if memory.journal is not None:
            _tombstones.write_journal(memory.journal, macs, at=now)
        return delete_customers(tx, subject.customers)


def delete_customers(tx: Tx, customers: frozenset[str]) -> dict[str, int]:
    """Delete all rows about these customers, in the registry's order; how many by table."""
    stock.keep_count(tx, OrderRow.customer.in_(sorted(customers)))
    # A task of somebody else's that was taken up in one of their conversations, while both were one person, stays.
    theirs = select(ConversationRow.id).where(ConversationRow.customer.in_(sorted(customers)))
    _session.private(tx, update(ThreadRow).where(ThreadRow.conversation.in_(theirs)).values(conversation=""))
    deleted = {DocumentRow.__tablename__: search.unindex(tx, MessageRow.customer.in_(sorted(customers)))}
    for kept in _registry.TABLES:
        gone = _session.private(tx, delete(kept.row).where(kept.of(customers))).rowcount
        deleted[kept.name] = deleted.get(kept.name, 0) + gone
    return deleted


def _probe_tables(memory: "Memory", subject: Subject) -> dict[str, int]:
    with memory.read() as tx:
        return {
            f"table {kept.name}": int(
                _session.private(
                    tx, select(func.count()).select_from(kept.row).where(kept.of(subject.customers))
                ).scalar_one()
            )
            for kept in _registry.TABLES
        }


def _write_receipt(
    memory: "Memory", receipt_: str, *, deleted: dict[str, int], probes: dict[str, int], now: datetime
) -> Receipt:
    done = None if any(probes.values()) else now
    with memory.write() as tx:
        values = {"deleted": deleted, "probes": probes, "done_at": done}
        _session.private(tx, update(ReceiptRow).where(ReceiptRow.id == receipt_).values(**values))
        written = receipt(tx, receipt_)
    if written is None:
        raise UnknownCustomer
    return written


def _receipts(tx: Tx, *which: Any) -> list[Receipt]:
    columns = [getattr(ReceiptRow, name) for name in Receipt.__dataclass_fields__]
    return [Receipt(*row) for row in _session.private(tx, select(*columns).where(*which).order_by(ReceiptRow.asked_at))]

"""Tasks left half-done, kept so that they can be taken up on any channel; one that ended or was forgotten never opens
again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from sqlalchemy import bindparam, insert, select, update

from memory import _session, consent
from memory._gate import Prepared
from memory._purposes import Purpose
from memory._session import Grant, Tx
from memory._tables import ThreadRow

_COLUMNS = (
    ThreadRow.id,
    ThreadRow.conversation,
    ThreadRow.flow,
    ThreadRow.step,
    ThreadRow.slots,
    ThreadRow.description,
    ThreadRow.summary_response,
    ThreadRow.progress,
    ThreadRow.opened_at,
    ThreadRow.touched_at,
)
_MINE = ThreadRow.customer.in_(bindparam("scope", expanding=True))
_THIS = ThreadRow.id == bindparam("thread")
_IS_OPEN = ThreadRow.state == "open"
# By a list of ids, which the index gives by itself: asked outright, SQLite reads all threads that ever ended.
_OPEN_IDS = select(ThreadRow.id).where(_MINE, _IS_OPEN)
_OPEN = Prepared(
    select(*_COLUMNS).where(_MINE, ThreadRow.id.in_(_OPEN_IDS)).order_by(ThreadRow.touched_at.desc(), ThreadRow.id)
)
_ONE = Prepared(select(*_COLUMNS).where(_MINE, _THIS))
_KNOWN = Prepared(select(ThreadRow.id).where(_MINE, _THIS))
_KEEP = Prepared(insert(ThreadRow))
_LEFT = ("conversation", "flow", "step", "slots", "description", "summary_response", "progress", "touched_at")
_SAVE = Prepared(update(ThreadRow).where(_MINE, _THIS, _IS_OPEN).values({name: bindparam(name) for name in _LEFT}))
_TAKE = Prepared(
    update(ThreadRow)
    .where(_MINE, _THIS, _IS_OPEN)
    .values(conversation=bindparam("conversation"), touched_at=bindparam("touched_at"))
)
# An ending needs no grant: it is the customer's own word, and leaves nothing of the task.
_EMPTIED = ("slots", "description", "summary_response", "progress")
_END = Prepared(
    update(ThreadRow)
    .where(_MINE, _THIS)
    .values({name: bindparam(name) for name in ("state", "touched_at", *_EMPTIED)}),
    keys=True,
)
_KEEP_OUT = Prepared(insert(ThreadRow), keys=True)

Ending = Literal["completed", "cancelled", "withdrawn", "forgotten"]


class Snapshot(Protocol):
    """A half-done task as the flow engine states it."""

    @property
    def thread(self) -> str: ...
    @property
    def flow(self) -> str: ...
    @property
    def step(self) -> str: ...
    @property
    def slots(self) -> Mapping[str, Any]: ...
    @property
    def description(self) -> str | None: ...
    @property
    def summary_response(self) -> str | None: ...
    @property
    def progress(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Thread:
    """A half-done task as it was left; it has all fields of a Snapshot."""

    thread: str
    conversation: str
    flow: str
    step: str
    slots: Mapping[str, Any]
    description: str | None
    summary_response: str | None
    progress: Mapping[str, Any] | None
    opened_at: datetime
    touched_at: datetime


def save(tx: Tx, snapshot: Snapshot, *, customer: str, conversation: str, now: datetime) -> bool:
    """Keep a half-done task as ``conversation`` holds it now. False, and nothing kept, when the thread had ended.

    Raises ConsentRefused without ``resume``, ForeignRow when the conversation is not the customer's.
    """
    consent.require(tx, customer, Purpose.RESUME)
    owner = _session.hold(tx, conversation, customer=customer).owner
    scope = sorted(consent.require(tx, owner, Purpose.RESUME).scope)
    values = {
        "conversation": conversation,
        "flow": snapshot.flow,
        "step": snapshot.step,
        "slots": dict(snapshot.slots),
        "description": snapshot.description,
        "summary_response": snapshot.summary_response,
        "progress": dict(snapshot.progress),
        "touched_at": now,
    }
    if _SAVE(tx, scope=scope, thread=snapshot.thread, **values).rowcount:
        return True
    if _KNOWN(tx, scope=scope, thread=snapshot.thread).first() is not None:
        return False
    made = {"customer": owner, "id": snapshot.thread, "state": "open", "opened_at": now}
    _KEEP.each(tx, [{**made, **values}])
    return True


def close(tx: Tx, thread: str, how: Ending, *, customer: str, now: datetime) -> None:
    """End a thread. Its answers go; that it ended stays, so that it is not kept again. Needs no grant."""
    scope = sorted(_session.serve(tx, customer).scope)
    ended = {"state": how, "touched_at": now, **dict.fromkeys(_EMPTIED)}
    if _END(tx, scope=scope, thread=thread, **ended).rowcount or how != "forgotten":
        return
    # A thread that was never kept can be forgotten too: then no later turn keeps it.
    row = {"customer": customer, "id": thread, "conversation": "", "flow": "", "step": "", "opened_at": now}
    _KEEP_OUT.each(tx, [{**row, **ended}])


def forget(tx: Tx, thread: str, *, customer: str, now: datetime) -> None:
    """Forget a thread: it is never offered again, and never kept again. Needs no grant."""
    close(tx, thread, "forgotten", customer=customer, now=now)


def open_for(tx: Tx, grant: Grant) -> tuple[Thread, ...]:
    """All open threads of a person, newest first."""
    scope = _session.granted(tx, grant, Purpose.RESUME)
    return tuple(Thread(*row) for row in _OPEN(tx, scope=sorted(scope)))


def take(tx: Tx, grant: Grant, thread: str, *, conversation: str, now: datetime) -> Thread | None:
    """Move an open thread to another conversation of the same person and give it; None when it is not open."""
    scope = _session.granted(tx, grant, Purpose.RESUME)
    _session.hold(tx, conversation, customer=grant.customer)
    moved = {"conversation": conversation, "touched_at": now}
    if not _TAKE(tx, scope=sorted(scope), thread=thread, **moved).rowcount:
        return None
    return Thread(*_ONE(tx, scope=sorted(scope), thread=thread).one())

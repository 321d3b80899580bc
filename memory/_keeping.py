"""Where a conversation is kept: in the database with a grant to resume, in this process without one.

Withdrawing moves the state of what is being talked about into the process, so that the task at hand goes on; granting
moves it back, so that what is on the screen is what is remembered. Numbers of events, messages and turns are given out
by the database in both cases.
"""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, func, insert, select

from memory import _session, search
from memory._gate import Prepared
from memory._session import Held, Tx
from memory._tables import CheckpointRow, ChoiceRow, ConversationRow, EventRow, MessageRow
from memory.volatile import Kept, Row

_KEEP_EVENTS, _KEEP_CHECKPOINT = Prepared(insert(EventRow)), Prepared(insert(CheckpointRow))
_KEEP_MESSAGES, _KEEP_CHOICES = Prepared(insert(MessageRow)), Prepared(insert(ChoiceRow))
_Conversed = CheckpointRow | EventRow | MessageRow | ChoiceRow
# So much of what was shown stays visible after a withdrawal.
_SEEN = 50


def look(tx: Tx, held: Held) -> Kept:
    """What this process holds of a conversation; empty when it holds nothing."""
    return tx._working.get(held.conversation) or tx._volatile.find(held.conversation) or Kept(held.owner, tx.now)


def working(tx: Tx, held: Held) -> Kept:
    """The same, to be changed: the changes hold when ``tx`` is committed."""
    kept = tx._working.get(held.conversation)
    if kept is None:
        kept = tx._working[held.conversation] = look(tx, held).working_copy()
        kept.touched = tx.now
        _session.after_commit(tx, lambda: tx._volatile.put(held.conversation, kept))
    return kept


def bring_back(tx: Tx, held: Held) -> None:
    """Write what this process held of a conversation that may be kept again. Its numbers are still free."""
    if held.conversation in tx._brought_back:
        return
    # What this transaction had added before the grant was given in it comes along.
    kept = tx._working.pop(held.conversation, None) or tx._volatile.find(held.conversation)
    if kept is None:
        return
    tx._brought_back.add(held.conversation)
    if kept.checkpoint is not None:
        _session.private(tx, delete(CheckpointRow).where(_of(CheckpointRow, held)))
        _KEEP_CHECKPOINT.each(tx, [kept.checkpoint])
    # What was moved out when it was withdrawn is still there.
    last_event = _session.private(tx, select(func.max(EventRow.seq)).where(_of(EventRow, held))).scalar() or 0
    last_message = _session.private(tx, select(func.max(MessageRow.id)).where(_of(MessageRow, held))).scalar() or 0
    known = set(_session.private(tx, select(ChoiceRow.token).where(_of(ChoiceRow, held))).scalars())
    _KEEP_EVENTS.each(tx, [row for row in kept.events if row["seq"] > last_event])
    new = [row for row in kept.messages if row["id"] > last_message]
    _KEEP_MESSAGES.each(tx, new)
    search.index(tx, held.owner, held.conversation, [(row["id"], row["text"]) for row in new])
    _KEEP_CHOICES.each(tx, [row for row in kept.choices if row["token"] not in known])
    _session.after_commit(tx, lambda: tx._volatile.drop(held.conversation))


def move_out(tx: Tx, customers: frozenset[str]) -> None:
    """Take the state of all conversations of these customers into this process, when ``tx`` is committed."""
    found = select(ConversationRow.id).where(ConversationRow.customer.in_(sorted(customers)))
    for conversation in list(_session.private(tx, found).scalars()):
        held = _session.hold(tx, conversation)
        kept = working(tx, held)
        checkpoint = _rows(tx, select(CheckpointRow.__table__).where(_of(CheckpointRow, held)))
        kept.checkpoint = checkpoint[0] if checkpoint else None
        upto = kept.checkpoint["upto"] if kept.checkpoint else 0
        events = select(EventRow.__table__).where(_of(EventRow, held), EventRow.seq > upto).order_by(EventRow.seq)
        kept.events = _rows(tx, events)
        seen = select(MessageRow.__table__).where(_of(MessageRow, held)).order_by(MessageRow.id.desc()).limit(_SEEN)
        kept.messages = _rows(tx, seen)[::-1]
        turn = kept.messages[-1]["turn"] if kept.messages else 0
        shown = select(ChoiceRow.__table__).where(_of(ChoiceRow, held), ChoiceRow.turn == turn)
        kept.choices = _rows(tx, shown)


def _of(row: type[_Conversed], held: Held) -> ColumnElement[bool]:
    return and_(row.customer == held.owner, row.conversation == held.conversation)


def _rows(tx: Tx, statement: Select[Any]) -> list[Row]:
    return [dict(row._mapping) for row in _session.private(tx, statement)]

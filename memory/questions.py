"""Which questions were put to customers and what became of the answers: what effort cost, and what it was good for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, insert, select, update

from memory import _session
from memory._gate import Prepared
from memory._session import Tx
from memory._tables import QuestionRow

# Not a question, but kept like one: that purchases shape what is shown has been said.
NOTICE = "notice_personalisation"

_ANY_OPEN = (
    QuestionRow.customer.in_(bindparam("scope", expanding=True)),
    QuestionRow.conversation == bindparam("within"),
    QuestionRow.settled_at.is_(None),
)
_OPEN = (*_ANY_OPEN, QuestionRow.question == bindparam("named"))
_ALL_OPEN = Prepared(select(QuestionRow.question).where(*_ANY_OPEN))
_IS_OPEN = Prepared(select(QuestionRow.id).where(*_OPEN).limit(1))
_SETTLE = Prepared(
    update(QuestionRow).where(*_OPEN).values({name: bindparam(name) for name in ("answered", "changed", "settled_at")})
)
_ASK = Prepared(insert(QuestionRow))


@dataclass(frozen=True)
class Question:
    """One question that was asked. ``changed``: the answer led elsewhere than none would have; open until settled."""

    question: str
    about: str | None
    conversation: str
    at: datetime
    answered: bool
    changed: bool
    settled_at: datetime | None


def ask(tx: Tx, customer: str, *, conversation: str, question: str, now: datetime, about: str | None = None) -> None:
    """Note that a question is put. Asked again before it was settled, it counts once. Needs no grant."""
    scope = sorted(_session.serve(tx, customer).scope)
    if _IS_OPEN(tx, scope=scope, within=conversation, named=question).first() is None:
        row = {"customer": customer, "conversation": conversation, "question": question, "about": about, "at": now}
        _ASK.each(tx, [{**row, "answered": False, "changed": False, "settled_at": None}])


def settle(
    tx: Tx, customer: str, *, conversation: str, answers: Mapping[str, bool], asked: frozenset[str], now: datetime
) -> None:
    """Note what became of the open questions among ``asked``: ``answers`` tells of those that were answered whether
    the answer changed the outcome; the others were skipped."""
    if not asked:
        return
    scope = sorted(_session.serve(tx, customer).scope)
    still = {row.question for row in _ALL_OPEN(tx, scope=scope, within=conversation)}
    for question in sorted(asked & still):
        became = {"answered": question in answers, "changed": answers.get(question, False), "settled_at": now}
        _SETTLE(tx, scope=scope, within=conversation, named=question, **became)


def of(tx: Tx, customer: str, *, since: datetime) -> tuple[Question, ...]:
    """The questions put to a person since then, oldest first."""
    scope = _session.serve(tx, customer).scope
    mine = select(*_COLUMNS).where(QuestionRow.customer.in_(scope), QuestionRow.at >= since)
    return tuple(Question(*row) for row in _session.ask(tx, mine.order_by(QuestionRow.id)))


def everyone(tx: Tx) -> Iterator[Question]:
    """All questions, for the report; whom they were put to is left out."""
    asked = select(*_COLUMNS).where(QuestionRow.question != NOTICE)
    for row in _session.private(tx, asked.order_by(QuestionRow.id)):
        yield Question(*row)


_COLUMNS = tuple(getattr(QuestionRow, name) for name in Question.__dataclass_fields__)

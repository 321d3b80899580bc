"""The ledger of consent, and the one check that makes a grant. Every doubt is a refusal.

Decisions are appended, never changed. Beside them stands one current row per purpose, channel and topic, and these
rules decide a question about (purpose, channel, topic):

- rows that cover the question count: the same channel or ``*``, the same topic or ``*``;
- a withdrawal holds until a later grant of the same or a narrower scope; a broader grant does not undo it;
- of two customers linked into one person, either's withdrawal counts for both until a grant after the link;
- without a withdrawal, a grant in force allows, else the profile's default does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal

from sqlalchemy import ColumnElement, bindparam, delete, insert, select

from memory import _keeping, _session
from memory._gate import Prepared
from memory._purposes import Purpose
from memory._session import Grant, Tx
from memory._tables import ConsentRow, CustomerRow, DecisionRow
from memory.errors import ConsentRefused, InvalidDecision, MemoryRefused

__all__ = [
    "ConsentRefused",
    "Current",
    "Decision",
    "Evidence",
    "Grant",
    "Purpose",
    "allows",
    "current",
    "decide",
    "granted_among",
    "history",
    "object_by_signal",
    "require",
]

_CURRENT = Prepared(
    select(
        ConsentRow.customer,
        ConsentRow.purpose,
        ConsentRow.channel,
        ConsentRow.topic,
        ConsentRow.decision,
        ConsentRow.decided_at,
        ConsentRow.expires_at,
        ConsentRow.decision_id,
    ).where(ConsentRow.customer.in_(bindparam("scope", expanding=True)))
)


def _is_stated(row: type[ConsentRow] | type[DecisionRow]) -> list[ColumnElement[bool]]:
    """That a row of ``:owner``'s is about ``:purpose``, ``:channel`` and ``:topic``."""
    stated = [getattr(row, name) == bindparam(name) for name in ("purpose", "channel", "topic")]
    return [row.customer == bindparam("owner"), *stated]


_STANDING = Prepared(select(ConsentRow.decision_id, ConsentRow.decided_at).where(*_is_stated(ConsentRow)))
_SUPERSEDE, _STAND = Prepared(delete(ConsentRow).where(*_is_stated(ConsentRow))), Prepared(insert(ConsentRow))
_ENTER = Prepared(insert(DecisionRow))
_NEWEST = Prepared(select(DecisionRow.id).where(*_is_stated(DecisionRow)).order_by(DecisionRow.id.desc()).limit(1))
# Two decisions at once are taken one after the other; rows that refer to the customer are not kept waiting.
_ONE_BY_ONE = Prepared(
    select(CustomerRow.id)
    .where(CustomerRow.id.in_(bindparam("scope", expanding=True)))
    .order_by(CustomerRow.id)
    .with_for_update(key_share=True),
    keys=True,
)

Decision = Literal["granted", "withdrawn"]
METHODS = frozenset({"button", "words", "keyword", "signal", "staff", "import", "api"})


@dataclass(frozen=True)
class Evidence:
    """How a decision was made: enough to show it later without keeping what else was said."""

    method: str
    # The exact text the decision answers; its hash is kept.
    text: str | None = None
    text_version: str | None = None
    language: str | None = None
    touch_point: str | None = None
    # "customer", or the operator or job that acted.
    actor: str = "customer"
    # When it happened, where that is not when it was received.
    decided_at: datetime | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True)
class Current:
    """What holds for one purpose, channel and topic, and since when; ``decided_at`` is None for a default."""

    purpose: Purpose
    channel: str
    topic: str
    decision: Decision
    decided_at: datetime | None
    expires_at: datetime | None = None


@dataclass(frozen=True)
class Past:
    """One entry of the ledger."""

    id: int
    purpose: str
    channel: str
    topic: str
    decision: str
    decided_at: datetime
    received_at: datetime
    method: str
    actor: str
    touch_point: str | None
    text_hash: str | None
    text_version: str | None
    language: str | None
    expires_at: datetime | None
    supersedes: int | None


def require(tx: Tx, customer: str, purpose: Purpose, channel: str = "*", topic: str = "*") -> Grant:
    """A grant for this transaction. Raises ConsentRefused for no decision, a refusal, an unknown purpose, an expired
    grant, a child where the profile says so, an unknown or erased customer, or a database that fails."""
    made = tx._grants.get((customer, purpose, channel, topic))
    if made is not None:
        return made
    try:
        why = _refusal(tx, customer, Purpose(purpose), channel, topic)
    except ConsentRefused:
        raise
    except Exception as error:
        raise ConsentRefused(str(purpose), f"cannot tell: {type(error).__name__}") from error
    if why is not None:
        raise ConsentRefused(str(purpose), why)
    return _session.grant(tx, customer, Purpose(purpose), channel, topic)


def allows(tx: Tx, customer: str, purpose: Purpose, channel: str = "*", topic: str = "*") -> bool:
    """Whether ``require`` would give a grant."""
    try:
        require(tx, customer, purpose, channel, topic)
    except ConsentRefused:
        return False
    return True


def decide(
    tx: Tx,
    customer: str,
    *,
    purpose: Purpose,
    decision: Decision,
    evidence: Evidence,
    now: datetime,
    channel: str = "*",
    topic: str = "*",
) -> int:
    """Append a decision to the ledger and make it current; the id of its entry. It holds at once, in ``tx`` too.

    A withdrawal is taken for every purpose that can be decided, and for all sides of a linked person. Raises
    InvalidDecision for a fixed purpose, for a grant that names no channel where one is needed, and for unknown words.
    """
    purpose = _checked(tx, purpose, channel, decision, evidence)
    served = _session.serve(tx, customer)
    _ONE_BY_ONE(tx, scope=sorted(served.scope)).all()
    if (purpose, channel, topic, decision) == (Purpose.RESUME, "*", "*", "withdrawn") and allows(tx, customer, purpose):
        _keeping.move_out(tx, served.scope)
    sides = sorted(served.scope) if decision == "withdrawn" else [customer]
    entries = [
        _append(tx, side, purpose, channel, topic, decision=decision, evidence=evidence, now=now) for side in sides
    ]
    _session.forget_served(tx)
    return entries[sides.index(customer)]


def object_by_signal(tx: Tx, customer: str, *, touch_point: str, now: datetime) -> bool:
    """Take a Global Privacy Control signal as an objection; False when it already stood."""
    objected = False
    for purpose in sorted(tx._policies.gpc):
        standing = _rows(tx, customer, purpose)
        if any(row.decision == "withdrawn" and (row.channel, row.topic) == ("*", "*") for row in standing):
            continue
        evidence = Evidence("signal", touch_point=touch_point, text="Sec-GPC: 1")
        decide(tx, customer, purpose=purpose, decision="withdrawn", evidence=evidence, now=now)
        objected = True
    return objected


def current(tx: Tx, customer: str) -> tuple[Current, ...]:
    """What holds for every purpose: decisions where there are any, before them the profile's default."""
    shown: list[Current] = []
    for purpose in Purpose:
        rows = sorted(_rows(tx, customer, purpose), key=lambda row: (row.channel, row.topic))
        if not any((row.channel, row.topic) == ("*", "*") for row in rows):
            granted = tx._policies.default(purpose).granted and not _kept_from_child(tx, customer, purpose)
            shown.append(Current(purpose, "*", "*", "granted" if granted else "withdrawn", None))
        shown.extend(_shown(row) for row in rows)
    return tuple(shown)


def granted_among(tx: Tx, customers: Sequence[str], purpose: Purpose) -> list[str]:
    """Those of the customers for whom ``purpose`` is granted, without a channel or topic: for jobs over many."""
    columns = (CustomerRow.id, CustomerRow.person, CustomerRow.child)
    able = select(*columns).where(CustomerRow.id.in_(customers), CustomerRow.blocked_at.is_(None))
    people = _session.private(tx, able).all()
    stated = select(ConsentRow).where(ConsentRow.customer.in_(customers), ConsentRow.purpose == purpose.value)
    rows: dict[str, list[ConsentRow]] = {}
    for row in _session.private(tx, stated).scalars():
        rows.setdefault(row.customer, []).append(row)
    default = tx._policies.default(purpose)
    granted = []
    for person in people:
        if person.person is not None:
            # Linked customers answer for each other: the long way, for the few.
            if allows(tx, person.id, purpose):
                granted.append(person.id)
        elif not (person.child and purpose in tx._policies.child):
            covering = [row for row in rows.get(person.id, ()) if (row.channel, row.topic) == ("*", "*")]
            if _verdict(covering, granted_by_default=default.granted, now=tx.now) is None:
                granted.append(person.id)
    return granted


def history(tx: Tx, customer: str) -> tuple[Past, ...]:
    """The ledger of a customer, oldest first."""
    scope = _session.serve(tx, customer).scope
    rows = _session.ask(
        tx, select(DecisionRow).where(DecisionRow.customer.in_(scope)).order_by(DecisionRow.id)
    ).scalars()
    return tuple(Past(**{name: getattr(row, name) for name in Past.__dataclass_fields__}) for row in rows)


def _refusal(tx: Tx, customer: str, purpose: Purpose, channel: str, topic: str) -> str | None:
    """Why the answer is no; None when it is yes."""
    try:
        _session.serve(tx, customer)
    except MemoryRefused:
        return "unknown customer"
    default = tx._policies.default(purpose)
    if default.fixed:
        return None if default.granted else "off"
    if _kept_from_child(tx, customer, purpose):
        return "a child"
    covering = [
        row for row in _rows(tx, customer, purpose) if row.channel in ("*", channel) and row.topic in ("*", topic)
    ]
    linked_at = _session.serve(tx, customer).linked_at
    return _verdict(covering, granted_by_default=default.granted, now=tx.now, linked_at=linked_at)


def _verdict(
    rows: Sequence[Any], *, granted_by_default: bool, now: datetime, linked_at: datetime | None = None
) -> str | None:
    grants = [r for r in rows if r.decision == "granted" and (r.expires_at is None or r.expires_at > now)]
    for refusal in rows:
        if refusal.decision != "granted" and not any(_undoes(given, refusal, linked_at) for given in grants):
            return "withdrawn"
    if grants or granted_by_default:
        return None
    return "expired" if rows else "never granted"


def _undoes(given: Any, refusal: Any, linked_at: datetime | None) -> bool:
    # What one side granted before both were known to be one person does not undo what the other refused.
    if given.customer != refusal.customer and (linked_at is None or given.decided_at <= linked_at):
        return False
    narrower = refusal.channel in ("*", given.channel) and refusal.topic in ("*", given.topic)
    return narrower and (given.decided_at, given.decision_id) > (refusal.decided_at, refusal.decision_id)


def _kept_from_child(tx: Tx, customer: str, purpose: Purpose) -> bool:
    return purpose in tx._policies.child and _session.serve(tx, customer).child


def _rows(tx: Tx, customer: str, purpose: Purpose) -> Sequence[Any]:
    scope = _session.serve(tx, customer).scope
    read = tx._consents.get(customer)
    if read is None:
        read = tx._consents[customer] = tuple(_CURRENT(tx, scope=sorted(scope)))
    return [row for row in read if row.purpose == purpose]


def _shown(row: Any) -> Current:
    decision: Decision = "granted" if row.decision == "granted" else "withdrawn"
    return Current(Purpose(row.purpose), row.channel, row.topic, decision, row.decided_at, row.expires_at)


def _checked(tx: Tx, purpose: Purpose, channel: str, decision: Decision, evidence: Evidence) -> Purpose:
    if purpose not in set(Purpose) or decision not in ("granted", "withdrawn") or evidence.method not in METHODS:
        raise InvalidDecision(str(purpose), "unknown purpose, decision or method")
    default = tx._policies.default(Purpose(purpose))
    if default.fixed:
        raise InvalidDecision(str(purpose), "is part of the service")
    if decision == "granted" and default.per_channel and channel == "*":
        raise InvalidDecision(str(purpose), "is granted per channel")
    return Purpose(purpose)


def _append(
    tx: Tx,
    customer: str,
    purpose: Purpose,
    channel: str,
    topic: str,
    *,
    decision: Decision,
    evidence: Evidence,
    now: datetime,
) -> int:
    stated = {"purpose": purpose.value, "channel": channel, "topic": topic}
    key = {"customer": customer, **stated}
    standing = _STANDING(tx, owner=customer, **stated).first()
    decided_at = evidence.decided_at or now
    entry = {
        **key,
        "decision": decision,
        "decided_at": decided_at,
        "received_at": now,
        "text_hash": None if evidence.text is None else sha256(evidence.text.encode()).hexdigest(),
        "text_version": evidence.text_version,
        "language": evidence.language,
        "method": evidence.method,
        "touch_point": evidence.touch_point,
        "actor": evidence.actor,
        "expires_at": evidence.expires_at,
        "supersedes": None if standing is None else standing.decision_id,
    }
    _ENTER.each(tx, [entry])
    number = int(_NEWEST(tx, owner=customer, **stated).scalar_one())
    # A decision from before the standing one (an import) enters the ledger without becoming current.
    if standing is None or decided_at >= standing.decided_at:
        _SUPERSEDE(tx, owner=customer, **stated)
        row = {"decision": decision, "decided_at": decided_at, "expires_at": evidence.expires_at}
        _STAND.each(tx, [{**key, **row, "decision_id": number}])
    return number

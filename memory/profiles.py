"""What was computed about a customer: tier, figures and reasons, each time with its date; the newest is in force."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, delete, func, insert, select

from memory import _session, consent
from memory._gate import Prepared
from memory._purposes import Purpose
from memory._session import Grant, Tx
from memory._tables import ProfileRow

_AT_ONCE = 500


@dataclass(frozen=True)
class Profile:
    """A computed profile; ``figures`` are numbers by name, ``reasons`` plain words."""

    at: datetime
    tier: str
    figures: dict[str, Any]
    reasons: list[Any]


def record(
    tx: Tx, grant: Grant, *, tier: str, figures: Mapping[str, Any], reasons: Sequence[Any], now: datetime
) -> None:
    """Keep a newly computed profile. For a grant to personalise."""
    _session.granted(tx, grant, Purpose.PERSONALISATION)
    record_many(tx, [(grant.customer, Profile(now, tier, dict(figures), list(reasons)))])


def record_many(tx: Tx, computed: Sequence[tuple[str, Profile]]) -> int:
    """Keep newly computed profiles of many customers: of those who granted to be personalised for; how many those
    are. A profile of the same time is replaced."""
    kept = 0
    for start in range(0, len(computed), _AT_ONCE):
        some = dict(computed[start : start + _AT_ONCE])
        granted = set(consent.granted_among(tx, sorted(some), Purpose.PERSONALISATION))
        rows = [{"customer": customer, **vars(one)} for customer, one in some.items() if customer in granted]
        for at in {row["at"] for row in rows}:
            same = (ProfileRow.customer.in_([row["customer"] for row in rows if row["at"] == at]), ProfileRow.at == at)
            _session.private(tx, delete(ProfileRow).where(*same))
        if rows:
            _session.private(tx, insert(ProfileRow), rows)
        kept += len(rows)
    return kept


def history(tx: Tx, grant: Grant, *, limit: int = 100) -> tuple[Profile, ...]:
    """The profiles of a person, newest first; the first is in force."""
    scope = _session.granted(tx, grant, Purpose.PERSONALISATION)
    return tuple(Profile(*row) for row in _HISTORY(tx, scope=sorted(scope), most=limit))


def newest(tx: Tx, *, as_of: datetime) -> dict[str, Profile]:
    """By customer, the profile in force at that time: for the job that computes the next ones, of those alone who
    granted to be personalised for."""
    last = (
        select(ProfileRow.customer, func.max(ProfileRow.at).label("at"))
        .where(ProfileRow.at <= as_of)
        .group_by(ProfileRow.customer)
        .subquery()
    )
    there = and_(last.c.customer == ProfileRow.customer, last.c.at == ProfileRow.at)
    columns = (ProfileRow.customer, ProfileRow.at, ProfileRow.tier, ProfileRow.figures, ProfileRow.reasons)
    found = {row[0]: Profile(*row[1:]) for row in _session.private(tx, select(*columns).join(last, there))}
    names = sorted(found)
    granted: set[str] = set()
    for start in range(0, len(names), _AT_ONCE):
        granted.update(consent.granted_among(tx, names[start : start + _AT_ONCE], Purpose.PERSONALISATION))
    return {name: found[name] for name in names if name in granted}


def latest_at(tx: Tx) -> datetime | None:
    """When profiles were computed last; None before the first time."""
    at: datetime | None = _session.private(tx, select(func.max(ProfileRow.at))).scalar()
    return at


_HISTORY = Prepared(
    select(ProfileRow.at, ProfileRow.tier, ProfileRow.figures, ProfileRow.reasons)
    .where(ProfileRow.customer.in_(bindparam("scope", expanding=True)))
    .order_by(ProfileRow.at.desc())
    .limit(bindparam("most"))
)

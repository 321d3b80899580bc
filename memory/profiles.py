"""What was computed about a customer: tier, figures and reasons, each time with its date; the newest is in force."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, select

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
        for row in rows:
            same = (ProfileRow.customer == row["customer"], ProfileRow.at == row["at"])
            _session.private(tx, delete(ProfileRow).where(*same))
        if rows:
            _session.private(tx, insert(ProfileRow), rows)
        kept += len(rows)
    return kept


def history(tx: Tx, grant: Grant, *, limit: int = 100) -> tuple[Profile, ...]:
    """The profiles of a person, newest first; the first is in force."""
    scope = _session.granted(tx, grant, Purpose.PERSONALISATION)
    return tuple(Profile(*row) for row in _HISTORY(tx, scope=sorted(scope), most=limit))


_HISTORY = Prepared(
    select(ProfileRow.at, ProfileRow.tier, ProfileRow.figures, ProfileRow.reasons)
    .where(ProfileRow.customer.in_(bindparam("scope", expanding=True)))
    .order_by(ProfileRow.at.desc())
    .limit(bindparam("most"))
)

"""What a customer told of themselves: sourced, dated, purposed, and believed for as long as its half-life allows.

A correction supersedes visibly; a contradiction is kept as one until the customer settles it; what was only recalled
or said by the shop is never stored. Sensitive facts live apart and need the grant for sensitive data.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import bindparam, delete, insert, select, update

from memory import _session
from memory._gate import Prepared
from memory._ids import new_id
from memory._purposes import Purpose
from memory._session import Grant, Tx
from memory._tables import FactRow, SensitiveFactRow
from memory.errors import FactRefused

Freshness = Literal["asserted", "ask", "silent"]
# What was meant for today is believed today: past two half-lives of this it is silent.
_FOR_TODAY = timedelta(hours=12)
_ROWS: dict[Purpose, type[FactRow] | type[SensitiveFactRow]] = {
    Purpose.PREFERENCES: FactRow,
    Purpose.SENSITIVE: SensitiveFactRow,
}
_OPPOSITES = {"like": "dislike", "dislike": "like", "must": "never", "never": "must"}


@dataclass(frozen=True)
class Source:
    """Where a fact was learned; ``told_by`` is customer, staff or import, ``turn`` the number of the turn."""

    channel: str
    touch_point: str
    conversation: str | None = None
    turn: int | None = None
    told_by: str = "customer"


@dataclass(frozen=True)
class Fact:
    """Something remembered; ``state`` is current, disputed or superseded."""

    id: str
    attribute: str
    value: str
    polarity: str
    for_whom: str
    lasting: bool
    purpose: str
    conversation: str | None
    turn: int | None
    channel: str
    touch_point: str
    told_by: str
    told_at: datetime
    confirmed_at: datetime
    half_life_days: float
    state: str
    superseded_by: str | None

    def freshness(self, now: datetime) -> Freshness:
        """Within one half-life it may be asserted, within two it is a question, then it is silent."""
        age = (now - self.confirmed_at) / timedelta(days=self.half_life_days)
        return "asserted" if age < 1 else "ask" if age < 2 else "silent"


def record(
    tx: Tx,
    grant: Grant,
    *,
    attribute: str,
    value: str,
    polarity: str,
    purpose: Purpose,
    source: Source,
    now: datetime,
    for_whom: str = "self",
    lasting: bool = True,
    half_life: timedelta | None = None,
) -> Fact:
    """Remember a fact; the fact as it stands. Telling it again confirms it. The opposite of a current fact is kept
    beside it, both disputed: settle them with ``settle``.

    ``polarity`` is like, dislike, must, never or another word of the caller's. Raises FactRefused without a purpose
    that matches the grant, for a sensitive attribute under any purpose but sensitive, and for what the customer did
    not tell; Ungranted for a grant of another transaction.
    """
    row = _row(tx, grant, attribute=attribute, purpose=purpose, source=source)
    same = [f for f in _standing(tx, grant, row) if (f.attribute, f.value, f.for_whom) == (attribute, value, for_whom)]
    agreeing = [fact for fact in same if fact.polarity == polarity]
    if agreeing:
        return confirm(tx, grant, agreeing[0].id, now=now)
    opposing = [fact for fact in same if _OPPOSITES.get(fact.polarity) == polarity]
    state = "disputed" if opposing else "current"
    believed = half_life or (tx._policies.half_life(attribute) if lasting else _FOR_TODAY)
    made = Fact(
        new_id("f"), attribute, value, polarity, for_whom, lasting, purpose.value, source.conversation, source.turn,
        source.channel, source.touch_point, source.told_by, now, now, believed / timedelta(days=1), state, None,
    )  # fmt: skip
    _insert(tx, grant, row, made)
    for fact in opposing:
        _set(tx, grant, row, fact.id, state="disputed")
    return made


def correct(
    tx: Tx,
    grant: Grant,
    fact: str,
    *,
    source: Source,
    now: datetime,
    value: str | None = None,
    polarity: str | None = None,
) -> Fact:
    """Replace a fact by what the customer says now; the new one wins at once and the old one names it.

    Raises FactRefused when there is no such fact under this grant.
    """
    row, old = _find(tx, grant, fact)
    _row(tx, grant, attribute=old.attribute, purpose=Purpose(old.purpose), source=source)
    made = Fact(
        new_id("f"), old.attribute, value or old.value, polarity or old.polarity, old.for_whom, True, old.purpose,
        source.conversation, source.turn, source.channel, source.touch_point, source.told_by, now, now,
        tx._policies.half_life(old.attribute) / timedelta(days=1), "current", None,
    )  # fmt: skip
    _insert(tx, grant, row, made)
    for fact_ in _standing(tx, grant, row):
        if fact_.id != made.id and _same_matter(fact_, old, made):
            _set(tx, grant, row, fact_.id, state="superseded", superseded_by=made.id)
    return made


def supersede(tx: Tx, grant: Grant, fact: str, *, by: str) -> None:
    """Let a fact that is remembered already take the place of another. Raises FactRefused when either is unknown."""
    row, _ = _find(tx, grant, fact)
    _find(tx, grant, by)
    _set(tx, grant, row, fact, state="superseded", superseded_by=by)
    _set(tx, grant, row, by, state="current", superseded_by=None)


def settle(tx: Tx, grant: Grant, keep: str, *, now: datetime) -> Fact:
    """The customer said which of disputed facts holds: it is current, its opposites are superseded by it."""
    row, kept = _find(tx, grant, keep)
    for fact in _standing(tx, grant, row):
        opposite = (fact.attribute, fact.value, fact.for_whom) == (kept.attribute, kept.value, kept.for_whom)
        if fact.id != keep and opposite:
            _set(tx, grant, row, fact.id, state="superseded", superseded_by=keep)
    return confirm(tx, grant, keep, now=now, state="current")


def confirm(tx: Tx, grant: Grant, fact: str, *, now: datetime, state: str | None = None) -> Fact:
    """The customer said that it is still so: its half-life begins anew."""
    row, _ = _find(tx, grant, fact)
    _set(tx, grant, row, fact, confirmed_at=now, **({} if state is None else {"state": state}))
    return _find(tx, grant, fact)[1]


def of(tx: Tx, grant: Grant) -> tuple[Fact, ...]:
    """All current and disputed facts under a grant for preferences or for sensitive data, newest first."""
    row = _ROWS.get(grant.purpose)
    if row is None:
        raise FactRefused(f"facts are read for preferences or sensitive, not {grant.purpose}")
    return _standing(tx, grant, row)


def usable(tx: Tx, grant: Grant, *, now: datetime) -> tuple[Fact, ...]:
    """The facts that may still be said: neither disputed nor silent. Ask before using one whose freshness is ask."""
    return tuple(fact for fact in of(tx, grant) if fact.state == "current" and fact.freshness(now) != "silent")


def disputed(tx: Tx, grant: Grant) -> tuple[tuple[Fact, ...], ...]:
    """Groups of facts that contradict each other, for the customer to settle."""
    groups: dict[tuple[str, str, str], list[Fact]] = {}
    for fact in of(tx, grant):
        if fact.state == "disputed":
            groups.setdefault((fact.attribute, fact.value, fact.for_whom), []).append(fact)
    return tuple(tuple(group) for group in groups.values())


def superseded(tx: Tx, grant: Grant) -> tuple[Fact, ...]:
    """What was remembered before corrections, newest first."""
    return _all(tx, grant, _ROWS[grant.purpose], ("superseded",))


def forget(tx: Tx, fact: str, *, customer: str) -> bool:
    """Delete a fact, and what it had superseded; False when the customer has none of that id. Needs no grant."""
    scope = _session.serve(tx, customer).scope
    gone = 0
    for row in _ROWS.values():
        mine = row.customer.in_(scope)
        chain = [fact]
        while chain:
            gone += _session.private(tx, delete(row).where(mine, row.id.in_(chain))).rowcount
            chain = list(_session.private(tx, select(row.id).where(mine, row.superseded_by.in_(chain))).scalars())
    return gone > 0


def forget_all(tx: Tx, *, customer: str) -> int:
    """Delete all facts of a person; how many there were. Needs no grant."""
    scope = _session.serve(tx, customer).scope
    return sum(_session.private(tx, delete(row).where(row.customer.in_(scope))).rowcount for row in _ROWS.values())


def _row(
    tx: Tx, grant: Grant, *, attribute: str, purpose: Purpose, source: Source
) -> type[FactRow] | type[SensitiveFactRow]:
    row = _ROWS.get(purpose)
    if row is None or grant.purpose != purpose:
        raise FactRefused("a fact has a purpose, preferences or sensitive, and a grant for it")
    if purpose is not Purpose.SENSITIVE and attribute in tx._policies.sensitive:
        raise FactRefused(f"{attribute} is sensitive")
    if source.told_by not in ("customer", "staff", "import"):
        raise FactRefused("what was only recalled is not a fact")
    if not source.channel or not source.touch_point:
        raise FactRefused("a fact has a source")
    _session.granted(tx, grant, purpose)
    return row


def _same_matter(fact: Fact, old: Fact, new: Fact) -> bool:
    if (fact.attribute, fact.for_whom) != (old.attribute, old.for_whom):
        return False
    return fact.id == old.id or fact.value in (old.value, new.value)


def _insert(tx: Tx, grant: Grant, row: type[FactRow] | type[SensitiveFactRow], fact: Fact) -> None:
    owner = grant.customer if fact.conversation is None else _session.hold(tx, fact.conversation).owner
    values = {name: getattr(fact, name) for name in Fact.__dataclass_fields__}
    _INSERT[row].each(tx, [{"customer": owner, **values}])


def _set(tx: Tx, grant: Grant, row: type[FactRow] | type[SensitiveFactRow], fact: str, **values: object) -> None:
    _session.change(tx, update(row).where(row.customer.in_(grant.scope), row.id == fact).values(**values))


def _find(tx: Tx, grant: Grant, fact: str) -> tuple[type[FactRow] | type[SensitiveFactRow], Fact]:
    row = _ROWS.get(grant.purpose)
    if row is None:
        raise FactRefused(f"no facts under {grant.purpose}")
    found = [one for one in _all(tx, grant, row, ("current", "disputed", "superseded")) if one.id == fact]
    if not found:
        raise FactRefused("no such fact")
    return row, found[0]


def _standing(tx: Tx, grant: Grant, row: type[FactRow] | type[SensitiveFactRow]) -> tuple[Fact, ...]:
    return _all(tx, grant, row, ("current", "disputed"))


def _all(tx: Tx, grant: Grant, row: type[FactRow] | type[SensitiveFactRow], states: Sequence[str]) -> tuple[Fact, ...]:
    scope = sorted(_session.granted(tx, grant, Purpose(grant.purpose)))
    return tuple(Fact(*found) for found in _READ[row](tx, scope=scope) if found.state in states)


def _reads(row: type[FactRow] | type[SensitiveFactRow]) -> Prepared:
    columns = [getattr(row, name) for name in Fact.__dataclass_fields__]
    mine = row.customer.in_(bindparam("scope", expanding=True))
    return Prepared(select(*columns).where(mine).order_by(row.told_at.desc(), row.id))


_READ = {row: _reads(row) for row in _ROWS.values()}
_INSERT = {row: Prepared(insert(row)) for row in _ROWS.values()}

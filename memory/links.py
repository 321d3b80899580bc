"""Two customers shown to be one person: read together while the link stands, each whole again when it is undone.

No row is moved or rewritten by a link. What is said in a conversation belongs to that conversation's owner, so undoing
gives each side exactly its own back. A refusal of either side counts for both.
"""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import choice
from typing import Literal

from sqlalchemy import func, insert, or_, select, update

from memory import _session, _tombstones
from memory._session import Tx
from memory._tables import AttemptRow, CodeRow, CustomerRow, IdentityRow, LinkRow
from memory.errors import LinkRefused

_CODE_LIFE = timedelta(minutes=10)
_CODE_LENGTH = 8
_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
# Wrong codes in an hour before a customer has to wait: with 30^8 codes a guess is hopeless long before.
_ATTEMPTS = 5
_ATTEMPTS_WITHIN = timedelta(hours=1)


@dataclass(frozen=True)
class Link:
    """Who was joined with whom, how it was shown, when it began and, when it was undone, by whom."""

    id: int
    keeper: str
    joined: str
    proof: str
    actor: str
    made_at: datetime
    undone_at: datetime | None
    undone_by: str | None


@dataclass(frozen=True)
class Redeemed:
    """What typing a code led to; ``link`` only when linked."""

    outcome: Literal["linked", "already", "wrong", "wait"]
    link: Link | None = None


def bring_along(tx: Tx, *, visitor: str, customer: str, now: datetime) -> Link:
    """Join a visitor's memory with the customer who signed in while chatting, after they said yes.

    Holding both tokens is the proof. Raises LinkRefused when the visitor is somebody's already, or the customer has no
    verified identity.
    """
    if _verified(tx, visitor):
        raise LinkRefused("the visitor is a verified customer")
    if not _verified(tx, customer):
        raise LinkRefused("an unverified identity is never joined")
    return _join(tx, keeper=customer, joined=visitor, proof="signed_in", now=now)


def offer_code(tx: Tx, *, customer: str, channel: str, address: str, now: datetime) -> str:
    """A one-time code to be sent to an address of the customer's, valid for ten minutes; only its keyed hash is kept.

    Raises LinkRefused when the address is not theirs.
    """
    if not _has(tx, customer, channel=channel, address=address):
        raise LinkRefused("not an address of this customer")
    code = "".join(choice(_LETTERS) for _ in range(_CODE_LENGTH))
    row = {"customer": customer, "channel": channel, "address": address, "hash": _hash(tx, code)}
    times = {"made_at": now, "expires_at": now + _CODE_LIFE, "used_at": None}
    _session.add(tx, insert(CodeRow), [{**row, **times}])
    return code


def redeem_code(tx: Tx, *, customer: str, channel: str, address: str, code: str, now: datetime) -> Redeemed:
    """Somebody who is ``customer`` on this channel and address typed a code that was sent to another.

    Right: both addresses are verified by it and both customers joined. Wrong, used or expired codes are counted; after
    five in an hour the outcome is ``wait`` whatever is typed. Raises LinkRefused when the address is not theirs.
    """
    if not _has(tx, customer, channel=channel, address=address):
        raise LinkRefused("not an address of this customer")
    if _attempts(tx, customer, now=now) >= _ATTEMPTS:
        return Redeemed("wait")
    found = select(CodeRow).where(CodeRow.hash == _hash(tx, code), CodeRow.used_at.is_(None), CodeRow.expires_at > now)
    sent = _session.private(tx, found).scalars().first()
    if sent is None:
        _session.add(tx, insert(AttemptRow), [{"customer": customer, "at": now}])
        return Redeemed("wrong")
    _session.private(tx, update(CodeRow).where(CodeRow.id == sent.id).values(used_at=now))
    for way in ((sent.channel, sent.address), (channel, address)):
        one = (IdentityRow.channel == way[0], IdentityRow.address == way[1], IdentityRow.verified_at.is_(None))
        _session.private(tx, update(IdentityRow).where(*one).values(verified_at=now))
    if sent.customer in _session.serve(tx, customer).scope:
        return Redeemed("already")
    return Redeemed("linked", _join(tx, keeper=sent.customer, joined=customer, proof="code", now=now))


def undo(tx: Tx, link: int, *, customer: str, actor: str, now: datetime) -> bool:
    """Undo a link of the customer's; False when there is none that stands. Both sides are as if it had not been, with
    what each said since."""
    scope = _session.serve(tx, customer).scope
    mine = (LinkRow.id == link, LinkRow.undone_at.is_(None), LinkRow.keeper.in_(scope), LinkRow.joined.in_(scope))
    done = _session.private(tx, update(LinkRow).where(*mine).values(undone_at=now, undone_by=actor)).rowcount
    if done:
        _regroup(tx, scope)
    return bool(done)


def of(tx: Tx, customer: str) -> tuple[Link, ...]:
    """All links of a person, undone ones included, oldest first."""
    scope = _session.serve(tx, customer).scope
    columns = [getattr(LinkRow, name) for name in Link.__dataclass_fields__]
    theirs = or_(LinkRow.keeper.in_(scope), LinkRow.joined.in_(scope))
    return tuple(Link(*row) for row in _session.private(tx, select(*columns).where(theirs).order_by(LinkRow.id)))


def people(tx: Tx) -> dict[str, str]:
    """Of every customer who is linked the one that stands for the person, for jobs; the others are not in it."""
    linked = select(CustomerRow.id, CustomerRow.person).where(
        CustomerRow.person.is_not(None), CustomerRow.blocked_at.is_(None)
    )
    return {row.id: str(row.person) for row in _session.private(tx, linked)}


def _join(tx: Tx, *, keeper: str, joined: str, proof: str, now: datetime) -> Link:
    scope = _session.serve(tx, keeper).scope | _session.serve(tx, joined).scope
    if joined in _session.serve(tx, keeper).scope:
        raise LinkRefused("one person already")
    row = {"keeper": keeper, "joined": joined, "proof": proof, "actor": "customer", "made_at": now}
    _session.private(tx, insert(LinkRow), [{**row, "undone_at": None, "undone_by": None}])
    _regroup(tx, scope)
    return of(tx, keeper)[-1]


def _regroup(tx: Tx, customers: Iterable[str]) -> None:
    """Give all who are joined by standing links the same ``person``, and those who are alone none."""
    members = set(customers)
    standing = select(LinkRow.keeper, LinkRow.joined).where(LinkRow.undone_at.is_(None), LinkRow.keeper.in_(members))
    pairs = [(row.keeper, row.joined) for row in _session.private(tx, standing)]
    groups = {customer: {customer} for customer in members}
    for one, other in pairs:
        together = groups[one] | groups[other]
        for customer in together:
            groups[customer] = together
    for customer, group in groups.items():
        person = min(group) if len(group) > 1 else None
        _session.private(tx, update(CustomerRow).where(CustomerRow.id == customer).values(person=person))
    _session.forget_served(tx)


def _verified(tx: Tx, customer: str) -> bool:
    _session.serve(tx, customer)
    found = select(IdentityRow.channel).where(IdentityRow.customer == customer, IdentityRow.verified_at.is_not(None))
    return _session.private(tx, found.limit(1)).first() is not None


def _has(tx: Tx, customer: str, *, channel: str, address: str) -> bool:
    _session.serve(tx, customer)
    one = (IdentityRow.customer == customer, IdentityRow.channel == channel, IdentityRow.address == address)
    return _session.private(tx, select(IdentityRow.channel).where(*one)).first() is not None


def _attempts(tx: Tx, customer: str, *, now: datetime) -> int:
    recent = (AttemptRow.customer == customer, AttemptRow.at > now - _ATTEMPTS_WITHIN)
    return int(_session.ask(tx, select(func.count(AttemptRow.id)).where(*recent)).scalar_one())


def _hash(tx: Tx, code: str) -> str:
    plain = "".join(code.upper().split()).replace("-", "")
    return hmac.new(_tombstones.key(tx), b"code\x1f" + plain.encode(), sha256).hexdigest()

"""Who is who: visitors, sign-ins and channel addresses; an unverified one is a customer of its own and never merges."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select, update

from memory import _session
from memory._gate import InsertOnce, Prepared
from memory._ids import new_id
from memory._session import Tx
from memory._tables import CustomerRow, IdentityRow
from memory.errors import UnknownCustomer

# The channel of the shop's own sign-in; its address is the shop's customer id.
SHOP = "shop"
VISITOR = "visitor"
# So many customers are looked up at a time.
_AT_ONCE = 500

_ADD = InsertOnce(IdentityRow, keys=True)
_CREATE = Prepared(insert(CustomerRow), keys=True)
_FIND = Prepared(
    select(IdentityRow.customer, CustomerRow.blocked_at, CustomerRow.person, CustomerRow.child)
    .join(CustomerRow, CustomerRow.id == IdentityRow.customer)
    .where(IdentityRow.channel == bindparam("channel"), IdentityRow.address == bindparam("address")),
    keys=True,
)


_LANGUAGE = Prepared(select(CustomerRow.lang).where(CustomerRow.id == bindparam("which")), keys=True)


@dataclass(frozen=True)
class Customer:
    """What is known of a customer besides memory itself."""

    id: str
    name: str | None
    lang: str | None
    tz: str | None
    child: bool
    created_at: datetime


@dataclass(frozen=True)
class Identity:
    """One way in which a customer reaches the shop."""

    customer: str
    channel: str
    address: str
    created_at: datetime
    verified_at: datetime | None


def create_visitor(tx: Tx, *, now: datetime) -> str:
    """A new customer without a verified identity."""
    customer = _create(tx, now=now)
    _add(tx, customer, channel=VISITOR, address=customer, verified_at=None, now=now)
    return customer


def sign_in(
    tx: Tx,
    *,
    subject: str,
    now: datetime,
    name: str | None = None,
    lang: str | None = None,
    tz: str | None = None,
    child: bool | None = None,
) -> str:
    """The customer whom the shop knows as ``subject``, made when new. What the shop states of them replaces what it
    stated before; None leaves it, and ``lang`` counts only until a language is known. Raises UnknownCustomer while they
    are being erased."""
    stated = {"name": name, "lang": lang, "tz": tz, "child": child}
    customer = _find_or_create(tx, channel=SHOP, address=subject, verified_at=now, now=now)
    if changed := _news(tx, customer, stated):
        _session.private(tx, update(CustomerRow).where(CustomerRow.id == customer).values(**changed))
        _session.forget_served(tx)
    return customer


def signed_in(
    tx: Tx,
    *,
    subject: str,
    name: str | None = None,
    lang: str | None = None,
    tz: str | None = None,
    child: bool | None = None,
) -> str | None:
    """The same without a write: the customer when known with exactly these statements, else None (then sign in)."""
    customer = find(tx, channel=SHOP, address=subject)
    stated = {"name": name, "lang": lang, "tz": tz, "child": child}
    return customer if customer is not None and not _news(tx, customer, stated) else None


def language(tx: Tx, customer: str) -> str | None:
    """The language that the customer last wrote in, else what the shop stated at first. Raises UnknownCustomer."""
    _session.serve(tx, customer)
    known: str | None = _LANGUAGE(tx, which=customer).scalar_one()
    return known


def speak(tx: Tx, customer: str, language: str) -> None:
    """Note the language that the customer writes in. Raises UnknownCustomer."""
    _session.serve(tx, customer)
    _session.private(tx, update(CustomerRow).where(CustomerRow.id == customer).values(lang=language))


def for_address(tx: Tx, *, channel: str, address: str, now: datetime) -> str:
    """The customer behind a channel address, made when new. An unverified address is its own customer."""
    return _find_or_create(tx, channel=channel, address=address, verified_at=None, now=now)


def find(tx: Tx, *, channel: str, address: str) -> str | None:
    """The customer behind a channel address or a sign-in, without making one. Raises UnknownCustomer when blocked."""
    row = _FIND(tx, channel=channel, address=address).first()
    if row is None:
        return None
    if row.customer not in tx._customers:
        _session.admit(tx, row.customer, row)
    return str(row.customer)


def verify_address(tx: Tx, *, channel: str, address: str, now: datetime) -> str:
    """Note that the address was shown to be the customer's; the customer. Nothing merges. Raises UnknownCustomer."""
    customer = find(tx, channel=channel, address=address)
    if customer is None:
        raise UnknownCustomer
    one = (IdentityRow.channel == channel, IdentityRow.address == address, IdentityRow.verified_at.is_(None))
    _session.private(tx, update(IdentityRow).where(*one).values(verified_at=now))
    return customer


def vouch(tx: Tx, customer: str, *, channel: str, address: str, now: datetime) -> bool:
    """Note an address that the shop itself knows to be the customer's; False when it is already somebody's."""
    _session.serve(tx, customer)
    taken = select(IdentityRow.customer).where(IdentityRow.channel == channel, IdentityRow.address == address)
    if _session.private(tx, taken).first() is not None:
        return False
    _add(tx, customer, channel=channel, address=address, verified_at=now, now=now)
    return True


def customer(tx: Tx, customer: str) -> Customer:
    """What is known of a customer. Raises UnknownCustomer."""
    _session.serve(tx, customer)
    columns = [getattr(CustomerRow, name) for name in Customer.__dataclass_fields__]
    row = _session.private(tx, select(*columns).where(CustomerRow.id == customer)).one()
    return Customer(*row)


def of(tx: Tx, customer: str) -> tuple[Identity, ...]:
    """All identities of a person, oldest first, those of linked customers among them."""
    scope = _session.serve(tx, customer).scope
    columns = [getattr(IdentityRow, name) for name in Identity.__dataclass_fields__]
    rows = _session.private(
        tx,
        select(*columns)
        .where(IdentityRow.customer.in_(scope))
        .order_by(IdentityRow.created_at, IdentityRow.channel, IdentityRow.address),
    )
    return tuple(Identity(*row) for row in rows)


def subjects(tx: Tx, customers: Sequence[str]) -> dict[str, str]:
    """The shop's own ids of these customers, for jobs; those whom the shop does not know are left out."""
    known: dict[str, str] = {}
    for start in range(0, len(customers), _AT_ONCE):
        some = IdentityRow.customer.in_(customers[start : start + _AT_ONCE])
        rows = select(IdentityRow.customer, IdentityRow.address).where(IdentityRow.channel == SHOP, some)
        newest_first = rows.order_by(IdentityRow.created_at.desc())
        known.update((row.customer, row.address) for row in _session.private(tx, newest_first))
    return known


def _find_or_create(tx: Tx, *, channel: str, address: str, verified_at: datetime | None, now: datetime) -> str:
    customer = find(tx, channel=channel, address=address)
    if customer is not None:
        return customer
    made = _create(tx, now=now)
    if _add(tx, made, channel=channel, address=address, verified_at=verified_at, now=now):
        return made
    # Somebody else made the same a moment ago.
    _session.private(tx, delete(CustomerRow).where(CustomerRow.id == made))
    found = find(tx, channel=channel, address=address)
    if found is None:
        raise UnknownCustomer
    return found


def _create(tx: Tx, *, now: datetime) -> str:
    customer = new_id("c")
    row = {"id": customer, "name": None, "lang": None, "tz": None, "child": False, "created_at": now}
    _CREATE.each(tx, [{**row, "blocked_at": None, "person": None}])
    return customer


def _add(tx: Tx, customer: str, *, channel: str, address: str, verified_at: datetime | None, now: datetime) -> bool:
    row = {"customer": customer, "channel": channel, "address": address, "created_at": now}
    return _ADD.each(tx, [{**row, "verified_at": verified_at}]) == 1


def _news(tx: Tx, customer: str, stated: Mapping[str, object]) -> dict[str, object]:
    """What is stated and was not known so."""
    given = {key: value for key, value in stated.items() if value is not None}
    if not given:
        return {}
    columns = [getattr(CustomerRow, key) for key in given]
    known = _session.private(tx, select(*columns).where(CustomerRow.id == customer)).one()._mapping
    return {key: value for key, value in given.items() if known[key] != value and not (key == "lang" and known[key])}

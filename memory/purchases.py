"""What a customer bought, as the shop's order files tell it: the same file twice changes nothing."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from hashlib import blake2b
from itertools import groupby
from json import loads
from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, insert, select, type_coerce, update
from sqlalchemy.types import NullType

from memory import _session, _tombstones, consent, identities
from memory._gate import InsertOnce, Prepared
from memory._ids import new_id
from memory._purposes import Purpose
from memory._session import Grant, Tx
from memory._tables import CustomerRow, IdentityRow, OrderRow, PurchaseRow

# So many customers are looked up, or read, at a time.
_AT_ONCE = 500


@dataclass(frozen=True)
class Line:
    """One line of an order as imported; ``subject`` is the shop's customer id, a negative quantity is a return."""

    order_id: str
    subject: str
    ordered_at: datetime
    sku: str
    quantity: int
    unit_price: Decimal
    unit_cost: Decimal | None = None
    gift: bool = False
    channel: str | None = None
    # Tells equal lines of one order apart: 0 for the first. None: counted by ``record_lines``.
    nth: int | None = None
    # Slots to modules, for what was composed.
    modules: Mapping[str, str] | None = None


class Purchase(NamedTuple):
    """One line of an order as it is kept; ``line`` names it for good among the customer's."""

    line: str
    customer: str
    order_id: str
    ordered_at: datetime
    sku: str
    quantity: int
    unit_price: Decimal
    unit_cost: Decimal | None
    gift: bool
    channel: str | None
    modules: dict[str, str] | None = None
    confirmed: bool = False


class Columns(NamedTuple):
    """Purchases as a choice of offers looks at them, column by column: a thousand records more would cost more than the
    choice. ``modules`` are (slot, module) pairs in order."""

    line: Sequence[str] = ()
    sku: Sequence[str] = ()
    ordered_at: Sequence[datetime] = ()
    quantity: Sequence[int] = ()
    unit_price: Sequence[float] = ()
    gift: Sequence[bool] = ()
    modules: Sequence[tuple[tuple[str, str], ...]] = ()
    confirmed: Sequence[bool] = ()


@dataclass(frozen=True)
class Recorded:
    """What an import did: lines that were new, known already, and of people erased after they had ordered."""

    new: int
    known: int
    left_out: int


def record_lines(tx: Tx, rows: Sequence[Line], *, seen: Counter[bytes] | None = None) -> Recorded:
    """Record order lines; customers that the shop knows and memory does not are made.

    Equal lines of one order are told apart by their ``nth``; where it is None, by ``seen``: pass the same one for each
    piece of a file. What was ordered in conversation is known already and not recorded twice. Needs no grant: reading
    does.
    """
    seen = Counter() if seen is None else seen
    erased = _tombstones.addresses(tx, channel=identities.SHOP, addresses={row.subject for row in rows})
    kept = [row for row in rows if row.subject not in erased or row.ordered_at > erased[row.subject]]
    placed = _placed_here(tx, {row.order_id for row in kept if row.quantity > 0})
    fresh = [row for row in kept if row.quantity <= 0 or row.order_id not in placed]
    customers = _customers(tx, {row.subject: row.ordered_at for row in fresh})
    values = [_values(row, customers[row.subject], seen) for row in fresh]
    # In the order of the table, so that neighbours are written together.
    new = _INSERT.each(tx, sorted(values, key=lambda row: (row["customer"], row["line"])))
    return Recorded(new, len(kept) - new, len(rows) - len(kept))


def record_order(tx: Tx, customer: str, *, order_id: str, rows: Sequence[Line]) -> bool:
    """Record the lines of an order placed, or changed, in conversation in the place of what was recorded of it; False
    when the customer refuses to have purchases used. ``subject`` of the lines is not looked at."""
    drop_order(tx, customer, order_id=order_id)
    if not consent.allows(tx, customer, Purpose.PERSONALISATION):
        return False
    seen: Counter[bytes] = Counter()
    _INSERT.each(tx, [_values(row, customer, seen) for row in rows])
    return True


def drop_order(tx: Tx, customer: str, *, order_id: str) -> int:
    """Delete what was recorded of an order that was cancelled; how many lines. Needs no grant."""
    scope = _session.serve(tx, customer).scope
    mine = (PurchaseRow.customer.in_(scope), PurchaseRow.order_id == order_id)
    return _session.private(tx, delete(PurchaseRow).where(*mine)).rowcount


def repeat(tx: Tx, rows: Sequence[Mapping[str, Any]], *, every: timedelta, times: int) -> int:
    """Record kept lines again, so often and so far apart, as orders of their own; how many were new."""
    again = [
        {
            **row,
            "line": f"{row['line']}+{number}",
            "order_id": f"{row['order_id']}+{number}",
            "ordered_at": row["ordered_at"] + number * every,
        }
        for row in rows
        for number in range(1, times + 1)
    ]
    return _INSERT.each(tx, again)


def of(tx: Tx, grant: Grant) -> tuple[Purchase, ...]:
    """All purchases of a person, oldest first. For a grant to personalise."""
    scope = _session.granted(tx, grant, Purpose.PERSONALISATION)
    return tuple(map(Purchase._make, _OF(tx, scope=sorted(scope)).all()))


def columns(tx: Tx, grant: Grant) -> Columns:
    """The same in no order, with only what a choice of offers needs: several times as fast, for it runs in a turn."""
    scope = _session.granted(tx, grant, Purpose.PERSONALISATION)
    found = _PIECES(tx, scope=sorted(scope))
    # Straight from the driver: the columns have no types that would have to be converted.
    rows = found.cursor.fetchall() if found.cursor else []
    found.close()
    if not rows:
        return Columns()
    line, sku, at, quantity, price, gift, modules, confirmed = zip(*rows, strict=True)
    return Columns(
        line,
        sku,
        _times(at),
        quantity,
        [each / 10_000 for each in price],
        list(map(bool, gift)),
        [_pairs(each) if each else () for each in modules],
        list(map(bool, confirmed)),
    )


def confirm(tx: Tx, grant: Grant, sku: str) -> int:
    """Note that a thing a person bought is to their taste, be it as a gift or a bargain; how many lines. For a grant to
    personalise."""
    scope = _session.granted(tx, grant, Purpose.PERSONALISATION)
    mine = (PurchaseRow.customer.in_(scope), PurchaseRow.sku == sku)
    return _session.private(tx, update(PurchaseRow).where(*mine).values(confirmed=True)).rowcount


def _times(kept: Sequence[Any]) -> list[datetime]:
    # SQLite keeps text, PostgreSQL times.
    if isinstance(kept[0], str):
        return list(map(datetime.fromisoformat, [each + "+00:00" for each in kept]))
    return [each.astimezone(UTC) for each in kept]


def _pairs(kept: Any) -> tuple[tuple[str, str], ...]:
    return _read_pairs(kept) if isinstance(kept, str) else tuple(sorted(kept.items()))


# The same few compositions come again and again. They name modules of the shop, nobody and nothing of a person.
@lru_cache(maxsize=4096)
def _read_pairs(kept: str) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((loads(kept) or {}).items()))


def all_granted(tx: Tx) -> Iterator[tuple[str, tuple[Purchase, ...]]]:
    """Every customer with purchases whose data may be used to personalise, with these, oldest first: for jobs."""
    after = ""
    while True:
        found = select(PurchaseRow.customer).where(PurchaseRow.customer > after).distinct()
        some = list(_session.private(tx, found.order_by(PurchaseRow.customer).limit(_AT_ONCE)).scalars())
        if not some:
            return
        after = some[-1]
        yield from _granted(tx, consent.granted_among(tx, some, Purpose.PERSONALISATION))


def any_at_all(tx: Tx) -> bool:
    """Whether anybody's purchase is known."""
    return _session.private(tx, select(PurchaseRow.customer).limit(1)).first() is not None


def _granted(tx: Tx, customers: Sequence[str]) -> Iterator[tuple[str, tuple[Purchase, ...]]]:
    mine = PurchaseRow.customer.in_(customers)
    order = (PurchaseRow.customer, PurchaseRow.ordered_at, PurchaseRow.line)
    rows = _session.private(tx, select(*_COLUMNS).where(mine).order_by(*order))
    for customer, lines in groupby(rows, key=lambda row: str(row.customer)):
        yield customer, tuple(Purchase(*line) for line in lines)


def _customers(tx: Tx, subjects: Mapping[str, datetime]) -> dict[str, str]:
    known: dict[str, str] = {}
    names = sorted(subjects)
    for start in range(0, len(names), _AT_ONCE):
        some = names[start : start + _AT_ONCE]
        mine = (IdentityRow.channel == identities.SHOP, IdentityRow.address.in_(some))
        rows = _session.private(tx, select(IdentityRow.address, IdentityRow.customer).where(*mine))
        known.update((row.address, row.customer) for row in rows)
    new = {name: new_id("c") for name in names if name not in known}
    made: list[dict[str, Any]] = []
    ways: list[dict[str, Any]] = []
    for name, customer in new.items():
        at = subjects[name]
        row = {"id": customer, "name": None, "lang": None, "tz": None, "child": False, "created_at": at}
        made.append({**row, "blocked_at": None, "person": None})
        ways.append(
            {"customer": customer, "channel": identities.SHOP, "address": name, "created_at": at, "verified_at": at}
        )
    if made:
        _session.private(tx, insert(CustomerRow), made)
        _session.private(tx, insert(IdentityRow), ways)
    return known | new


def _values(row: Line, customer: str, seen: Counter[bytes]) -> dict[str, Any]:
    said = (row.order_id, row.ordered_at.astimezone(UTC).isoformat(), row.sku, str(row.quantity), str(row.unit_price))
    content = blake2b("\x1f".join((row.subject, *said)).encode(), digest_size=12).digest()
    if row.nth is None:
        seen[content] += 1
    return {
        "customer": customer,
        "line": f"{content.hex()}-{seen[content] if row.nth is None else row.nth + 1}",
        "order_id": row.order_id,
        "ordered_at": row.ordered_at,
        "sku": row.sku,
        "quantity": row.quantity,
        "unit_price": row.unit_price,
        "unit_cost": row.unit_cost,
        "gift": row.gift,
        "channel": row.channel or None,
        "modules": dict(row.modules) if row.modules else None,
        "confirmed": False,
    }


def _placed_here(tx: Tx, orders: set[str]) -> set[str]:
    """Those of the order ids that are numbers given out in conversation."""
    if _session.private(tx, select(OrderRow.number).limit(1)).first() is None:
        return set()
    named, found = sorted(orders), set[str]()
    for start in range(0, len(named), _AT_ONCE):
        some = OrderRow.number.in_(named[start : start + _AT_ONCE])
        found.update(_session.private(tx, select(OrderRow.number).where(some)).scalars())
    return found


_COLUMNS = tuple(getattr(PurchaseRow, name) for name in Purchase._fields)
# Needs no grant, hence past the scoping: that an order was placed is the shop's record; to use it needs one.
_INSERT = InsertOnce(PurchaseRow, keys=True)
# Past the conversion of types: a thousand of each cost more than the choice itself.
_RAW = ("ordered_at", "quantity", "unit_price", "gift", "modules", "confirmed")
_PIECES = Prepared(
    select(PurchaseRow.line, PurchaseRow.sku, *(type_coerce(getattr(PurchaseRow, n), NullType()) for n in _RAW)).where(
        PurchaseRow.customer.in_(bindparam("scope", expanding=True))
    )
)
_OF = Prepared(
    select(*_COLUMNS)
    .where(PurchaseRow.customer.in_(bindparam("scope", expanding=True)))
    .order_by(PurchaseRow.ordered_at, PurchaseRow.line)
)

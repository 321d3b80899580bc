"""Everything that is kept about a person, for that person: written against the registry, so that no table is left out.

The access copy holds all of it with purposes, periods and the logic of the profile (GDPR 15); the portable copy what
the customer gave and what their use left behind (GDPR 20). Both are plain JSON values. Neither needs a grant: a refusal
never hides somebody's own data from them.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from memory import _registry, _session, consent
from memory._gate import Prepared
from memory._registry import Kept
from memory._session import Tx


def _all_of(kept: Kept) -> Prepared:
    table = kept.row.__table__
    columns = [column for column in table.c if column.name not in kept.hidden]
    return Prepared(select(*columns).where(kept.of_scope).order_by(*table.primary_key), keys=True)


_ROWS = {kept.name: _all_of(kept) for kept in _registry.TABLES}


def access_copy(tx: Tx, customer: str, *, now: datetime, logic: str = "") -> dict[str, Any]:
    """All that is kept, table by table, with what holds for each purpose. ``logic`` explains the profile in words.

    Raises UnknownCustomer.
    """
    return {
        "made_at": now.isoformat(),
        "customer": customer,
        "purposes": [_plain(vars(one)) for one in consent.current(tx, customer)],
        "profile_logic": logic,
        "kept": {kept.name: _about(tx, kept) | {"rows": _rows(tx, kept, customer)} for kept in _registry.TABLES},
    }


def portable_copy(tx: Tx, customer: str, *, now: datetime) -> dict[str, Any]:
    """What the customer gave and what their use left behind, table by table, without what was made of it.

    Raises UnknownCustomer.
    """
    portable = [kept for kept in _registry.TABLES if kept.origin in ("given", "observed")]
    return {
        "made_at": now.isoformat(),
        "customer": customer,
        "data": {kept.name: _rows(tx, kept, customer) for kept in portable},
    }


def _about(tx: Tx, kept: Kept) -> dict[str, Any]:
    period = tx._policies.retention.keep.get(kept.name)
    return {
        "origin": kept.origin,
        "purposes": sorted(purpose.value for purpose in kept.purposes) or ["service"],
        "kept_days": None if period is None else period.days,
    }


def _rows(tx: Tx, kept: Kept, customer: str) -> list[dict[str, Any]]:
    scope = sorted(_session.serve(tx, customer).scope)
    return [_plain(dict(row._mapping)) for row in _ROWS[kept.name](tx, scope=scope)]


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: _value(value) for name, value in row.items()}


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value

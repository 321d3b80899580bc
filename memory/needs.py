"""What was asked for and the shop does not have: a word or two each, for counting by people and nothing else."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import delete, insert, select

from memory import _session
from memory._session import Tx
from memory._tables import NeedRow


def note(tx: Tx, customer: str, *, wanted: str, now: datetime) -> None:
    """Keep that somebody wanted this; the same wish again on the same day is kept once. Needs no grant: it is said to
    nobody before enough people wish the same. Raises UnknownCustomer."""
    scope = _session.serve(tx, customer).scope
    mine = select(NeedRow.at).where(NeedRow.customer.in_(scope), NeedRow.wanted == wanted).order_by(NeedRow.at.desc())
    last = _session.ask(tx, mine.limit(1)).scalar()
    if last is None or last.date() != now.date():
        _session.add(tx, insert(NeedRow), [{"customer": customer, "wanted": wanted, "at": now}])


def everyone(tx: Tx, *, since: datetime | None = None) -> Iterator[tuple[str, str, datetime]]:
    """What was wanted, by whom and when: for the job that counts people; never for showing as it is."""
    found = select(NeedRow.wanted, NeedRow.customer, NeedRow.at).order_by(NeedRow.id)
    rows = _session.private(tx, found if since is None else found.where(NeedRow.at >= since))
    for row in rows:
        yield str(row.wanted), str(row.customer), row.at


def forget(tx: Tx, customer: str) -> int:
    """Delete what a person wanted; how much it was. Needs no grant."""
    scope = _session.serve(tx, customer).scope
    return _session.private(tx, delete(NeedRow).where(NeedRow.customer.in_(scope))).rowcount

"""One transaction: whom it serves, what it was granted, and the few ways in which this package runs statements in it.

``ask``, ``change`` and ``add`` go through the gate (see ``_gate``); ``private`` is the explicit way past it, for the
tables that say who is who and for maintenance.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import InitVar, dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, CursorResult, Delete, Engine, Insert, Result, Select, Update, bindparam, func, select
from sqlalchemy.orm import Session

from memory._gate import PRIVATE, GatedSession, Prepared
from memory._purposes import Purpose
from memory._tables import ConversationRow, CustomerRow, LinkRow
from memory.errors import ConsentRefused, ForeignRow, Ungranted, UnknownCustomer

if TYPE_CHECKING:
    from memory.policies import Policies
    from memory.volatile import Kept, Volatile

_MADE_HERE = object()


@dataclass(frozen=True)
class Grant:
    """Proof of a passed check, good for one transaction. Only ``consent.require`` makes one."""

    customer: str
    purpose: Purpose
    # Every customer that is the same person by verified links that can be undone; usually one.
    scope: frozenset[str] = field(repr=False)
    channel: str
    topic: str
    # Not kept: whoever holds a grant cannot make another of it.
    proof: InitVar[object]

    def __post_init__(self, proof: object) -> None:
        if proof is not _MADE_HERE:
            raise ConsentRefused(str(self.purpose), "a grant is made by consent.require alone")


@dataclass(frozen=True)
class Served:
    """A customer whose contract is being served in this transaction."""

    customer: str
    scope: frozenset[str]
    child: bool
    # When the newest of the links that join the scope was made.
    linked_at: datetime | None = None


@dataclass(frozen=True)
class Held:
    """Whose a conversation is."""

    conversation: str
    owner: str
    channel: str
    in_charge: str


class Tx:
    """One transaction on memory. It has no public way to run a statement: the functions of this package do that."""

    __slots__ = (
        "_after_commit",
        "_brought_back",
        "_clock",
        "_consents",
        "_customers",
        "_grants",
        "_held",
        "_made",
        "_now",
        "_policies",
        "_session",
        "_volatile",
        "_working",
        "_writable",
    )

    def __init__(
        self,
        session: Session,
        *,
        writable: bool,
        clock: Callable[[], datetime],
        policies: "Policies",
        volatile: "Volatile",
    ) -> None:
        self._session = session
        self._writable = writable
        self._clock = clock
        self._policies = policies
        self._volatile = volatile
        self._made: Connection | None = None
        self._now: datetime | None = None
        self._customers: dict[str, Served] = {}
        # By customer, purpose, channel and topic.
        self._grants: dict[tuple[str, str, str, str], Grant] = {}
        self._held: dict[str, Held] = {}
        # The current decisions that were read, by customer.
        self._consents: dict[str, tuple[Any, ...]] = {}
        # Volatile conversations as this transaction leaves them, and those that it wrote down.
        self._working: dict[str, Kept] = {}
        self._brought_back: set[str] = set()
        self._after_commit: list[Callable[[], None]] = []
        session.info["tx"] = self

    @property
    def now(self) -> datetime:
        """The time of this transaction, for checks that no ``now`` is passed to; it does not move within it."""
        if self._now is None:
            self._now = self._clock()
        return self._now

    @property
    def _connection(self) -> Connection:
        if self._made is None:
            self._made = self._session.connection()
        return self._made


_SERVE = Prepared(
    select(CustomerRow.blocked_at, CustomerRow.person, CustomerRow.child).where(CustomerRow.id == bindparam("id")),
    keys=True,
)
_HOLD = Prepared(
    select(
        ConversationRow.customer,
        ConversationRow.channel,
        ConversationRow.in_charge,
        CustomerRow.blocked_at,
        CustomerRow.person,
        CustomerRow.child,
    )
    .join(CustomerRow, CustomerRow.id == ConversationRow.customer)
    .where(ConversationRow.id == bindparam("id")),
    keys=True,
)
_MEMBERS = Prepared(
    select(CustomerRow.id, CustomerRow.child).where(
        CustomerRow.person == bindparam("person"), CustomerRow.blocked_at.is_(None)
    ),
    keys=True,
)
_LINKED_AT = Prepared(
    select(func.max(LinkRow.made_at)).where(
        LinkRow.undone_at.is_(None), LinkRow.keeper.in_(bindparam("scope", expanding=True))
    ),
    keys=True,
)


def serve(tx: Tx, customer: str) -> Served:
    """Open the service tables of ``customer`` in ``tx``. Raises UnknownCustomer when erased, blocked or never known."""
    known = tx._customers.get(customer)
    if known is not None:
        return known
    row = _SERVE(tx, id=customer).first()
    if row is None:
        raise UnknownCustomer
    return admit(tx, customer, row)


def admit(tx: Tx, customer: str, row: Any) -> Served:
    """Serve a customer whose ``blocked_at``, ``person`` and ``child`` were just read. Raises UnknownCustomer."""
    if row.blocked_at is not None:
        raise UnknownCustomer
    alone = Served(customer, frozenset((customer,)), row.child)
    tx._customers[customer] = served = alone if row.person is None else _joined(tx, customer, row.person)
    return served


def _joined(tx: Tx, customer: str, person: str) -> Served:
    rows = _MEMBERS(tx, person=person).all()
    scope = frozenset(row.id for row in rows)
    newest = _LINKED_AT(tx, scope=sorted(scope)).scalar()
    return Served(customer, scope, any(row.child for row in rows), newest)


def hold(tx: Tx, conversation: str, *, customer: str | None = None) -> Held:
    """Whose conversation it is, with its owner served. Raises ForeignRow when it is not ``customer``'s."""
    held = tx._held.get(conversation)
    if held is None:
        row = _HOLD(tx, id=conversation).first()
        if row is None:
            raise UnknownCustomer
        if row.customer not in tx._customers:
            admit(tx, row.customer, row)
        held = Held(conversation, row.customer, row.channel, row.in_charge)
        tx._held[conversation] = held
    if customer is not None and customer != held.owner and held.owner not in serve(tx, customer).scope:
        raise ForeignRow
    return held


def forget_served(tx: Tx) -> None:
    """Drop what this transaction knows of who is who and what is granted, after a change to either."""
    tx._customers.clear()
    tx._grants.clear()
    tx._held.clear()
    tx._consents.clear()
    tx._session.expunge_all()


def grant(tx: Tx, customer: str, purpose: Purpose, channel: str, topic: str) -> Grant:
    """Make a grant. For ``consent.require``, after its check."""
    made = Grant(customer, purpose, serve(tx, customer).scope, channel, topic, _MADE_HERE)
    tx._grants[customer, purpose, channel, topic] = made
    return made


def granted(tx: Tx, given: Grant, *purposes: Purpose) -> frozenset[str]:
    """The customers that ``given`` covers. Raises Ungranted for another transaction's grant or another purpose."""
    made = tx._grants.get((given.customer, given.purpose, given.channel, given.topic))
    if made is not given or given.purpose not in purposes:
        raise Ungranted(given.purpose)
    return given.scope


def ask(tx: Tx, statement: Select[Any]) -> Result[Any]:
    """Run a read through the gate."""
    return tx._session.execute(statement)


def change(tx: Tx, statement: Update | Delete) -> CursorResult[Any]:
    """Run a scoped update or delete through the gate."""
    return tx._session.execute(statement, execution_options={"synchronize_session": False})  # type: ignore[return-value]


def add(tx: Tx, statement: Insert, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows through the gate."""
    if rows:
        tx._session.execute(statement, [dict(row) for row in rows], execution_options={"render_nulls": True})


def private(tx: Tx, statement: Any, rows: Sequence[Mapping[str, Any]] | None = None) -> CursorResult[Any]:
    """Run a statement past the gate: for keys, erasure and retention alone."""
    options = {**PRIVATE, "synchronize_session": False, "render_nulls": True}
    if rows is None:
        return tx._session.execute(statement, execution_options=options)  # type: ignore[return-value]
    return tx._session.execute(statement, [dict(row) for row in rows], execution_options=options)  # type: ignore[return-value]


def on_postgres(tx: Tx) -> bool:
    """Whether the database is PostgreSQL."""
    return tx._connection.dialect.name == "postgresql"


def after_commit(tx: Tx, call: Callable[[], None]) -> None:
    """Run ``call`` once the transaction is durable; not at all when it fails."""
    tx._after_commit.append(call)


@contextmanager
def transaction(engine: Engine, make: Callable[[Session], Tx]) -> Iterator[Tx]:
    """A transaction on ``engine``: committed unless the block raises."""
    session = GatedSession(engine, autoflush=False, expire_on_commit=False)
    try:
        tx = make(session)
        yield tx
        if tx._writable:
            session.commit()
    finally:
        session.close()
    for call in tx._after_commit:
        call()


@contextmanager
def rehearsal(engine: Engine, make: Callable[[Session], Tx], write: Callable[[Tx], None]) -> Iterator[Tx]:
    """A transaction in which ``write`` was run, and which is always rolled back."""
    session = GatedSession(engine, autoflush=False, expire_on_commit=False)
    try:
        tx = make(session)
        write(tx)
        tx._writable = False
        yield tx
    finally:
        session.close()

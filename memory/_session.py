"""The gate: in a transaction only rows of customers that it serves or holds a grant for are read, written or deleted.

Three layers, each enough for an honest mistake elsewhere, together meant for a dishonest one:

1. every statement must be an ORM statement on mapped tables; the customers it may reach are added to its criteria
   (``do_orm_execute``), and rows written by it or by a flush must be theirs (``before_flush``);
2. a statement that did not pass there is refused at the cursor, so that text, Core statements, a borrowed connection
   or the engine itself lead nowhere;
3. internal maintenance (erasure, retention, migrations, finding out whose a conversation is) goes by ``PRIVATE``,
   an explicit option that only modules of this package can name; a test holds that nobody else imports them.

When in doubt the gate raises.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, CursorResult, Delete, Engine, Insert, Result, Select, Update, event, inspect, select
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria
from sqlalchemy.sql import visitors

from memory import _registry
from memory._purposes import Purpose
from memory._tables import ConversationRow, CustomerRow
from memory.errors import ConsentRefused, ForeignRow, RawStatement, Ungranted, UnknownCustomer

if TYPE_CHECKING:
    from memory.policies import Policies
    from memory.volatile import Volatile

_PASS = object()
PRIVATE: Mapping[str, Any] = {"memory_private": _PASS}
# For a connection that maintenance opens by itself: every statement on it passes.
MAINTENANCE: Mapping[str, Any] = {"memory_passed": _PASS}


@dataclass(frozen=True)
class Grant:
    """Proof of a passed check, good for one transaction. Only ``consent.require`` makes one."""

    customer: str
    purpose: Purpose
    # Every customer that is the same person by verified, undone-able links; usually one.
    scope: frozenset[str] = field(repr=False)
    proof: object = field(repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.proof is not _PASS:
            raise ConsentRefused(str(self.purpose), "a grant is made by consent.require alone")


@dataclass(frozen=True)
class Served:
    """A customer whose contract is being served in this transaction."""

    customer: str
    scope: frozenset[str]
    child: bool


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
        "_clock",
        "_consents",
        "_customers",
        "_grants",
        "_held",
        "_now",
        "_policies",
        "_session",
        "_volatile",
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
        self._now: datetime | None = None
        self._customers: dict[str, Served] = {}
        self._grants: dict[tuple[Purpose, str], Grant] = {}
        self._held: dict[str, Held] = {}
        # The current decisions that were read, by customer.
        self._consents: dict[str, tuple[Any, ...]] = {}
        self._after_commit: list[Callable[[], None]] = []
        session.info["tx"] = self

    @property
    def now(self) -> datetime:
        """The time of this transaction, for checks that no ``now`` is passed to; it does not move within it."""
        if self._now is None:
            self._now = self._clock()
        return self._now


def serve(tx: Tx, customer: str) -> Served:
    """Open the service tables of ``customer`` in ``tx``. Raises UnknownCustomer when erased, blocked or never known."""
    known = tx._customers.get(customer)
    if known is not None:
        return known
    row = private(
        tx, select(CustomerRow.blocked_at, CustomerRow.person, CustomerRow.child).where(CustomerRow.id == customer)
    ).first()
    if row is None or row.blocked_at is not None:
        raise UnknownCustomer
    scope = frozenset((customer,)) if row.person is None else _members(tx, row.person)
    tx._customers[customer] = served = Served(customer, scope, row.child)
    return served


def _members(tx: Tx, person: str) -> frozenset[str]:
    found = select(CustomerRow.id).where(CustomerRow.person == person, CustomerRow.blocked_at.is_(None))
    return frozenset(private(tx, found).scalars())


def hold(tx: Tx, conversation: str, *, customer: str | None = None) -> Held:
    """Whose conversation it is, with its owner served. Raises ForeignRow when it is not ``customer``'s."""
    held = tx._held.get(conversation)
    if held is None:
        columns = (ConversationRow.customer, ConversationRow.channel, ConversationRow.in_charge)
        row = private(tx, select(*columns).where(ConversationRow.id == conversation)).first()
        if row is None:
            raise UnknownCustomer
        held = Held(conversation, row.customer, row.channel, row.in_charge)
        tx._held[conversation] = held
    serve(tx, held.owner)
    if customer is not None and held.owner not in serve(tx, customer).scope:
        raise ForeignRow
    return held


def forget_served(tx: Tx) -> None:
    """Drop what this transaction knows of who is who and what is granted, after a change to either."""
    tx._customers.clear()
    tx._grants.clear()
    tx._held.clear()
    tx._consents.clear()
    tx._session.expunge_all()


def grant(tx: Tx, customer: str, purpose: Purpose) -> Grant:
    """Make a grant. For ``consent.require``, after its check."""
    made = Grant(customer, purpose, serve(tx, customer).scope, _PASS)
    tx._grants[purpose, customer] = made
    return made


def granted(tx: Tx, given: Grant, *purposes: Purpose) -> frozenset[str]:
    """The customers that ``given`` covers. Raises Ungranted for another transaction's grant or another purpose."""
    if tx._grants.get((given.purpose, given.customer)) is not given or given.purpose not in purposes:
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


def after_commit(tx: Tx, call: Callable[[], None]) -> None:
    """Run ``call`` once the transaction is durable; not at all when it fails."""
    tx._after_commit.append(call)


class GatedSession(Session):
    """A session whose statements pass the gate or fail."""


def _reach(tx: Tx, row: type) -> frozenset[str]:
    """The customers whose rows of this table may be touched in ``tx`` now."""
    kept = _registry.of(row)
    if kept is None or kept.is_key:
        raise Ungranted(row.__name__)
    if not kept.purposes:
        scopes = [served.scope for served in tx._customers.values()]
    else:
        scopes = [given.scope for given in tx._grants.values() if given.purpose in kept.purposes]
    if not scopes:
        raise Ungranted(row.__name__)
    return scopes[0] if len(scopes) == 1 else frozenset().union(*scopes)


@event.listens_for(GatedSession, "do_orm_execute")
def _gate(state: ORMExecuteState) -> None:
    tx: Tx = state.session.info["tx"]
    if not tx._writable and not state.is_select:
        raise RawStatement("this transaction reads")
    if state.execution_options.get("memory_private") is not _PASS:
        if state.is_insert:
            _check_insert(tx, state)
        else:
            _narrow(tx, state)
    state.update_execution_options(memory_passed=_PASS)


def _narrow(tx: Tx, state: ORMExecuteState) -> None:
    statement = state.statement
    if not state.is_orm_statement or not isinstance(statement, Select | Update | Delete):
        raise RawStatement(type(statement).__name__)
    if isinstance(statement, Update) and _sets_customer(statement, state.parameters):
        raise ForeignRow("customer is not reassigned")
    entities = _entities(statement)
    if not entities:
        raise RawStatement("no table of ours")
    criteria = []
    for entity in entities:
        reach = _reach(tx, entity)
        theirs = entity.customer.in_(reach)  # type: ignore[attr-defined]
        criteria.append(with_loader_criteria(entity, theirs, include_aliases=True))
    state.statement = statement.options(*criteria)


def _sets_customer(statement: Update, parameters: Any) -> bool:
    named = {getattr(column, "key", column) for column in (statement._values or {})}
    named |= {getattr(column, "key", column) for column, _ in (statement._ordered_values or ())}
    given = parameters if isinstance(parameters, Sequence) else [parameters or {}]
    return "customer" in named or any("customer" in row for row in given)


def _check_insert(tx: Tx, state: ORMExecuteState) -> None:
    statement = state.statement
    mapper = state.bind_mapper
    plain = isinstance(statement, Insert) and not (
        statement._values or statement._multi_values or statement.select is not None
    )
    if mapper is None or not plain or not isinstance(state.parameters, list):
        raise RawStatement("insert rows as a list of mappings")
    reach = _reach(tx, mapper.class_)
    if any(row.get("customer") not in reach for row in state.parameters):
        raise ForeignRow(mapper.class_.__name__)


def _entities(statement: Any) -> tuple[type, ...]:
    """The mapped classes in a statement. Raises RawStatement for text, literal columns and plain tables in it."""
    found: dict[type, Any] = {}
    tables = []
    element: Any
    for element in visitors.iterate(statement):
        kind = element.__visit_name__
        if kind in ("column", "table"):
            entity = element._annotations.get("parententity")
            if entity is not None:
                found[entity.mapper.class_] = entity.mapper.local_table
            elif kind == "table":
                tables.append(element)
            elif not (element.is_literal and element.name == "*"):
                raise RawStatement("a column of no entity")
        elif kind in _RAW:
            raise RawStatement(kind)
        elif kind == "select":
            _check_sources(element)
    # The tables that a select derives from its columns are listed bare.
    if any(table not in found.values() for table in tables):
        raise RawStatement("a table of no entity")
    return tuple(found)


_RAW = frozenset({"textclause", "text", "textual_select", "table_valued_alias", "values", "from_linter"})


def _check_sources(statement: Any) -> None:
    """An explicit source of rows is an entity or a subquery, else criteria would not reach it."""
    sources = [*statement._from_obj, *(join[0] for join in statement._setup_joins)]
    for source in sources:
        if "parententity" not in source._annotations and source.__visit_name__ not in ("subquery", "cte"):
            raise RawStatement("a source of no entity")


@event.listens_for(GatedSession, "before_flush")
def _check_flush(session: Session, _context: Any, _instances: Any) -> None:
    tx: Tx = session.info["tx"]
    if not tx._writable:
        raise RawStatement("this transaction reads")
    for row in (*session.new, *session.dirty, *session.deleted):
        reach = _reach(tx, type(row))
        before = _customer_before(row)
        if row.customer not in reach or (before is not None and before not in reach):
            raise ForeignRow(type(row).__name__)
    session.connection().info["memory_flushing"] = _PASS


def _customer_before(row: Any) -> str | None:
    history = inspect(row).attrs.customer.history
    return history.deleted[0] if history.deleted else None


@event.listens_for(GatedSession, "after_flush")
def _end_flush(session: Session, _context: Any) -> None:
    session.connection().info.pop("memory_flushing", None)


@event.listens_for(GatedSession, "after_soft_rollback")
def _drop_flush(session: Session, _previous: Any) -> None:
    if session.is_active and session.in_transaction():
        session.connection().info.pop("memory_flushing", None)


def guard(engine: Engine) -> None:
    """Refuse, at the cursor, whatever did not pass the gate."""

    @event.listens_for(engine, "before_cursor_execute")
    def _admit(
        connection: Connection, _cursor: Any, _statement: str, _parameters: Any, context: Any, _many: bool
    ) -> None:
        if context is not None and context.execution_options.get("memory_passed") is _PASS:
            return
        if connection.info.get("memory_flushing") is _PASS:
            return
        raise RawStatement("not by the gate")


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

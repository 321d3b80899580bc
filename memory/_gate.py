"""The gate: in a transaction only rows of customers that it serves or holds a grant for are read, written or deleted.

Three layers, each enough for an honest mistake elsewhere, together meant for a dishonest one:

1. every statement must be an ORM statement on mapped tables; the customers it may reach are added to its criteria
   (``do_orm_execute``), and rows written by it or by a flush must be theirs (``before_flush``). A statement that every
   turn runs is ``Prepared``: checked when it is built, its customers checked against the same reach at each run;
2. a statement that did not pass there is refused at the cursor, so that text, Core statements, a borrowed connection
   or the engine itself lead nowhere;
3. internal maintenance (erasure, retention, migrations, finding out whose a conversation is) goes by ``PRIVATE``,
   an explicit option that only modules of this package can name; a test holds that nobody else imports them.

When in doubt the gate raises.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from sqlalchemy import (
    BindParameter,
    Connection,
    CursorResult,
    Delete,
    Dialect,
    Engine,
    Insert,
    Select,
    TextClause,
    Update,
    event,
    inspect,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Compiled
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria
from sqlalchemy.sql import operators, visitors

from memory import _registry
from memory.errors import ForeignRow, RawStatement, Ungranted

if TYPE_CHECKING:
    from memory._session import Tx

PASS = object()
PRIVATE: Mapping[str, Any] = {"memory_private": PASS}
# For a connection that maintenance opens by itself: every statement on it passes.
MAINTENANCE: Mapping[str, Any] = {"memory_passed": PASS}

# The names of parameters that a prepared statement compares ``customer`` with.
OWNERS = ("owner", "scope")


class GatedSession(Session):
    """A session whose statements pass the gate or fail."""


class Prepared:
    """A statement built and checked once: it names its customers as ``:owner`` or ``:scope`` for each table it reads.

    ``keys`` marks one that is not scoped: on the tables that say who is who, on the full-text index by its ids, or
    where no grant is needed: to end or to show what is the customer's own.
    """

    _entities: tuple[type, ...]

    def __init__(self, statement: Select[Any] | Update | Delete | Insert | TextClause, *, keys: bool = False) -> None:
        self._statement = statement.execution_options(memory_passed=PASS, preserve_rowcount=True)
        self._reads = isinstance(statement, Select) or str(statement).startswith("SELECT")
        self._keys = keys
        if keys:
            self._entities = ()
        elif isinstance(statement, Insert):
            self._entities = (inspect(statement.entity_description["entity"]).class_,)
        else:
            self._entities = _entities(statement)
            _check_scoped(statement, self._entities)
        self._compiled: WeakKeyDictionary[Dialect, Compiled] = WeakKeyDictionary()

    def __call__(self, tx: "Tx", **parameters: Any) -> CursorResult[Any]:
        """Run it once. Raises ForeignRow when a customer is out of this transaction's reach, Ungranted for no grant."""
        self._check(tx, parameters)
        return self._run(tx, parameters)

    def each(self, tx: "Tx", rows: Sequence[Mapping[str, Any]]) -> int:
        """Run it for each of the rows, all with the same columns; how many were written. Every one must name a
        customer within reach."""
        if not rows:
            return 0
        if not tx._writable:
            raise RawStatement("this transaction reads")
        for owner in {row["customer"] for row in rows} if not self._keys else ():
            self._check(tx, {"owner": owner})
        return self._run(tx, rows).rowcount

    def _check(self, tx: "Tx", parameters: Mapping[str, Any]) -> None:
        if not self._reads and not tx._writable:
            raise RawStatement("this transaction reads")
        if self._keys:
            return
        named = {parameters["owner"]} if "owner" in parameters else set(parameters["scope"])
        for entity in self._entities:
            if not named <= reach(tx, entity):
                raise ForeignRow(entity.__name__)

    def _run(self, tx: "Tx", parameters: Any) -> CursorResult[Any]:
        connection = tx._connection
        compiled = self._compiled.get(connection.dialect)
        if compiled is None:
            # The rows of one statement all have the same columns.
            columns = list(parameters[0]) if isinstance(self._statement, Insert) else None
            compiled = self._statement.compile(dialect=connection.dialect, column_keys=columns)
            self._compiled[connection.dialect] = compiled
        return connection.execute(compiled, parameters)  # type: ignore[call-overload]


class InsertOnce:
    """Inserts that leave a row alone which is there already, also one that somebody else is just inserting."""

    def __init__(self, row: type, *, keys: bool = False) -> None:
        self._by_dialect = {
            "sqlite": Prepared(sqlite.insert(row).on_conflict_do_nothing(), keys=keys),
            "postgresql": Prepared(postgresql.insert(row).on_conflict_do_nothing(), keys=keys),
        }

    def each(self, tx: "Tx", rows: Sequence[Mapping[str, Any]]) -> int:
        """Insert rows, all with the same columns; how many were new."""
        return self._by_dialect[tx._connection.dialect.name].each(tx, rows)


def _check_scoped(statement: Any, entities: tuple[type, ...]) -> None:
    scoped = set()
    for clause in statement._where_criteria:
        if getattr(clause, "operator", None) not in (operators.eq, operators.in_op):
            continue
        column, value = clause.left, clause.right
        if column.key == "customer" and isinstance(value, BindParameter) and value.key in OWNERS:
            scoped.add(column._annotations["parententity"].mapper.class_)
    if scoped != set(entities):
        raise RawStatement("a prepared statement names its customers")


def reach(tx: "Tx", row: type) -> frozenset[str]:
    """The customers whose rows of this table may be touched in ``tx`` now. Raises Ungranted when there are none."""
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
    if state.execution_options.get("memory_private") is not PASS:
        if state.is_insert:
            _check_insert(tx, state)
        else:
            _narrow(tx, state)
    state.update_execution_options(memory_passed=PASS)


def _narrow(tx: "Tx", state: ORMExecuteState) -> None:
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
        within = reach(tx, entity)
        theirs = entity.customer.in_(within)  # type: ignore[attr-defined]
        criteria.append(with_loader_criteria(entity, theirs, include_aliases=True))
    state.statement = statement.options(*criteria)


def _sets_customer(statement: Update, parameters: Any) -> bool:
    named = {getattr(column, "key", column) for column in (statement._values or {})}
    named |= {getattr(column, "key", column) for column, _ in (statement._ordered_values or ())}
    given = parameters if isinstance(parameters, Sequence) else [parameters or {}]
    return "customer" in named or any("customer" in row for row in given)


def _check_insert(tx: "Tx", state: ORMExecuteState) -> None:
    statement = state.statement
    mapper = state.bind_mapper
    plain = isinstance(statement, Insert) and not (
        statement._values or statement._multi_values or statement.select is not None
    )
    if mapper is None or not plain or not isinstance(state.parameters, list):
        raise RawStatement("insert rows as a list of mappings")
    within = reach(tx, mapper.class_)
    if any(row.get("customer") not in within for row in state.parameters):
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


_RAW = frozenset({"textclause", "text", "textual_select", "table_valued_alias", "values"})


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
        within = reach(tx, type(row))
        if not {row.customer, *inspect(row).attrs.customer.history.deleted} <= within:
            raise ForeignRow(type(row).__name__)
    session.connection().info["memory_flushing"] = PASS


@event.listens_for(GatedSession, "after_flush")
def _end_flush(session: Session, _context: Any) -> None:
    session.connection().info.pop("memory_flushing", None)


def guard(engine: Engine) -> None:
    """Refuse, at the cursor, whatever did not pass the gate."""

    @event.listens_for(engine, "before_cursor_execute")
    def _admit(
        connection: Connection, _cursor: Any, _statement: str, _parameters: Any, context: Any, _many: bool
    ) -> None:
        if context is not None and context.execution_options.get("memory_passed") is PASS:
            return
        if connection.info.get("memory_flushing") is PASS:
            return
        raise RawStatement("not by the gate")

    @event.listens_for(engine, "reset")
    def _close(_connection: Any, record: Any, _state: Any) -> None:
        # A flush that failed leaves its mark; it must not outlive the transaction.
        record.info.pop("memory_flushing", None)

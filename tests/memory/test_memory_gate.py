"""No statement leads around the gate, whoever makes it and however."""

import ast
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from memory_people import NOW, Half, somebody
from sqlalchemy import delete, exists, func, insert, literal_column, select, table, text, union_all, update
from sqlalchemy.orm import aliased

from memory import Memory, Tx, consent, facts, migrations, threads
from memory import _tables as tables
from memory._gate import Prepared
from memory._registry import TABLES
from memory._session import Grant
from memory.consent import Evidence, Purpose
from memory.errors import ConsentRefused, ForeignRow, GateRefused, RawStatement, Ungranted

ROOT = Path(__file__).resolve().parents[2]
Thread = tables.ThreadRow
TABLE: Any = Thread.__table__


@pytest.fixture
def two(memory: Memory) -> tuple[Memory, str, str]:
    """Ann and Bob, each with a thread of their own."""
    people = []
    for subject in ("ann", "bob"):
        customer, conversation = somebody(memory, subject)
        with memory.write() as tx:
            threads.save(tx, Half(f"t_{subject}"), customer=customer, conversation=conversation, now=NOW)
        people.append(customer)
    return memory, people[0], people[1]


def test_a_grant_is_made_by_the_check_alone(memory: Memory) -> None:
    """Nobody makes one by hand."""
    customer, _ = somebody(memory)
    with pytest.raises(ConsentRefused):
        Grant(customer, Purpose.RESUME, frozenset({customer}), "*", "*", object())
    with memory.read() as tx:
        grant = consent.require(tx, customer, Purpose.RESUME)
    assert not hasattr(grant, "proof")
    with pytest.raises(ValueError, match="proof"):
        replace(grant, customer="c_other")  # type: ignore[call-arg]


def test_a_grant_is_worth_nothing_in_another_transaction(two: tuple[Memory, str, str]) -> None:
    """It proves a check in its own transaction only."""
    memory, ann, _ = two
    with memory.read() as tx:
        old = consent.require(tx, ann, Purpose.RESUME)
    with memory.read() as tx:
        with pytest.raises(Ungranted):
            threads.open_for(tx, old)
        consent.require(tx, ann, Purpose.RESUME)
        with pytest.raises(Ungranted):
            threads.open_for(tx, old)


def test_a_grant_opens_what_its_purpose_opens(two: tuple[Memory, str, str]) -> None:
    """A grant to personalise does not read threads."""
    memory, ann, _ = two
    with memory.read() as tx:
        grant = consent.require(tx, ann, Purpose.PERSONALISATION)
        with pytest.raises(Ungranted):
            threads.open_for(tx, grant)
        with pytest.raises(Ungranted):
            tx._session.execute(select(Thread))


def test_an_ungranted_read_is_refused_and_a_granted_one_sees_its_own_rows(two: tuple[Memory, str, str]) -> None:
    """The same statement, without a criterion: refused, then narrowed to Ann."""
    memory, ann, _ = two
    with memory.read() as tx:
        with pytest.raises(Ungranted):
            tx._session.execute(select(Thread))
        consent.require(tx, ann, Purpose.RESUME)
        assert list(tx._session.execute(select(Thread.id)).scalars()) == ["t_ann"]
        assert [row.id for row in tx._session.execute(select(Thread)).scalars()] == ["t_ann"]


_THREAD = aliased(Thread)
Query = Callable[[str], Any]
NARROWED: dict[str, Query] = {
    "named": lambda other: select(Thread.id).where(Thread.customer == other),
    "aliased": lambda other: select(_THREAD.id).where(_THREAD.customer == other),
    "counted": lambda other: select(func.count()).select_from(Thread).where(Thread.customer == other),
    "in a subquery": lambda other: select(select(Thread.id, Thread.customer).subquery().c.id),
    "existing": lambda other: select(Thread.id).where(exists().where(_THREAD.customer == other)),
    "joined": lambda other: select(_THREAD.id).join(Thread, Thread.customer == other),
    "or all": lambda other: select(Thread.id).where((Thread.customer == other) | (Thread.customer != "")),
}


@pytest.mark.parametrize("name", NARROWED)
def test_no_shape_of_query_reaches_another_customers_rows(two: tuple[Memory, str, str], name: str) -> None:
    """With a grant for Ann, Bob's thread is in no answer; a shape the gate does not know is refused."""
    memory, ann, bob = two
    with memory.read() as tx:
        consent.require(tx, ann, Purpose.RESUME)
        try:
            found = list(tx._session.execute(NARROWED[name](bob)).scalars())
        except GateRefused:
            return
        assert "t_bob" not in found
        assert found in ([], [0], ["t_ann"])


RAW: dict[str, Callable[[Tx], Any]] = {
    "text": lambda tx: tx._session.execute(text("SELECT * FROM threads")),
    "text in a column": lambda tx: tx._session.execute(select(Thread.id, text("(SELECT id FROM threads)"))),
    "text in a criterion": lambda tx: tx._session.execute(select(Thread.id).where(text("1=1"))),
    "text as entity": lambda tx: tx._session.execute(select(Thread).from_statement(text("SELECT * FROM threads"))),
    "literal column": lambda tx: tx._session.execute(select(Thread.id, literal_column("(SELECT id FROM threads)"))),
    "table": lambda tx: tx._session.execute(select(TABLE)),
    "counted table": lambda tx: tx._session.execute(select(func.count()).select_from(TABLE)),
    "table beside": lambda tx: tx._session.execute(
        select(Thread.id, select(func.count()).select_from(TABLE).scalar_subquery())
    ),
    "light table": lambda tx: tx._session.execute(select(literal_column("id")).select_from(table("threads"))),
    "union": lambda tx: tx._session.execute(union_all(select(Thread.id), select(Thread.id))),
    "core insert": lambda tx: tx._session.execute(insert(TABLE), [{"id": "x"}]),
    "core delete": lambda tx: tx._session.execute(delete(TABLE)),
    "insert with values": lambda tx: tx._session.execute(insert(Thread).values(id="x", customer="y")),
    "insert from select": lambda tx: tx._session.execute(insert(Thread).from_select(["id"], select(Thread.id))),
    "connection": lambda tx: tx._session.connection().execute(select(TABLE)),
    "driver": lambda tx: tx._session.connection().exec_driver_sql("SELECT * FROM threads"),
    "option": lambda tx: tx._session.execute(text("SELECT 1"), execution_options={"memory_private": True}),
    "passed": lambda tx: tx._session.execute(text("SELECT 1"), execution_options={"memory_passed": True}),
    "bulk mapping": lambda tx: tx._session.bulk_insert_mappings(Thread, [_row("c_x", "t_x")]),
    "legacy query": lambda tx: tx._session.query(Thread.__table__).all(),
    "prepared": lambda tx: Prepared(select(Thread.id))(tx),
    "keys": lambda tx: tx._session.execute(select(tables.CustomerRow)),
}


@pytest.mark.parametrize("name", RAW)
def test_what_is_not_an_orm_statement_is_refused(two: tuple[Memory, str, str], name: str) -> None:
    """Text, Core, a borrowed connection, the engine itself: also in a transaction with a grant."""
    memory, ann, _ = two
    with memory.write() as tx:
        consent.require(tx, ann, Purpose.RESUME)
        with pytest.raises(GateRefused):
            RAW[name](tx)
        tx._session.rollback()


def test_the_engine_itself_refuses(memory: Memory) -> None:
    """A connection that was opened beside all this runs nothing."""
    with memory._engine.connect() as connection, pytest.raises(RawStatement):
        connection.execute(text("SELECT 1"))


def test_a_read_transaction_writes_nothing(two: tuple[Memory, str, str]) -> None:
    """Neither by statement nor by flush."""
    memory, ann, _ = two
    with memory.read() as tx:
        consent.require(tx, ann, Purpose.RESUME)
        with pytest.raises(RawStatement):
            tx._session.execute(delete(Thread))
        tx._session.add(Thread(**_row(ann, "t_new")))
        with pytest.raises(RawStatement):
            tx._session.flush()


def _row(customer: str, thread: str) -> dict[str, Any]:
    left: dict[str, Any] = {
        "conversation": "v",
        "flow": "f",
        "step": "s",
        "slots": {},
        "description": None,
        "summary_response": None,
    }
    return {"customer": customer, "id": thread, "state": "open", "opened_at": NOW, "touched_at": NOW, **left}


def test_updates_and_deletes_reach_ones_own_rows_only(two: tuple[Memory, str, str]) -> None:
    """A statement without criterion changes Ann's row and leaves Bob's."""
    memory, ann, bob = two
    with memory.write() as tx:
        consent.require(tx, ann, Purpose.RESUME)
        assert tx._session.execute(update(Thread).values(flow="changed")).rowcount == 1  # type: ignore[attr-defined]
        assert tx._session.execute(delete(Thread)).rowcount == 1  # type: ignore[attr-defined]
    with memory.read() as tx:
        (left,) = threads.open_for(tx, consent.require(tx, bob, Purpose.RESUME))
        assert (left.thread, left.flow) == ("t_bob", "order_drink")


def test_a_row_is_not_given_to_another_customer(two: tuple[Memory, str, str]) -> None:
    """Neither by update, nor by insert, nor by changing a loaded row, nor by adding one."""
    memory, ann, bob = two

    def _insert(tx: Tx) -> None:
        tx._session.execute(insert(Thread), [_row(bob, "t_x")])

    def _update(tx: Tx) -> None:
        tx._session.execute(update(Thread).values(customer=bob))

    def _change(tx: Tx) -> None:
        tx._session.execute(select(Thread)).scalars().one().customer = bob
        tx._session.flush()

    def _add(tx: Tx) -> None:
        tx._session.add(Thread(**_row(bob, "t_y")))
        tx._session.flush()

    for attempt in (_insert, _update, _change, _add):
        with memory.write() as tx:
            consent.require(tx, ann, Purpose.RESUME)
            with pytest.raises(ForeignRow):
                attempt(tx)
            tx._session.rollback()


def test_a_flush_within_reach_works_and_passes_nothing_else(two: tuple[Memory, str, str]) -> None:
    """An object of Ann's is written; the connection is as closed as before."""
    memory, ann, _ = two
    with memory.write() as tx:
        grant = consent.require(tx, ann, Purpose.RESUME)
        tx._session.add(Thread(**_row(ann, "t_new")))
        tx._session.flush()
        with pytest.raises(RawStatement):
            tx._session.connection().exec_driver_sql("SELECT 1")
        assert {thread.thread for thread in threads.open_for(tx, grant)} == {"t_ann", "t_new"}


def test_a_loaded_row_is_gone_with_the_grant(two: tuple[Memory, str, str]) -> None:
    """Withdrawing in the same transaction leaves nothing to be read from what was loaded before."""
    memory, ann, _ = two
    with memory.write() as tx:
        consent.require(tx, ann, Purpose.RESUME)
        tx._session.execute(select(Thread)).scalars().all()
        refusal: dict[str, Any] = {
            "purpose": Purpose.RESUME,
            "decision": "withdrawn",
            "evidence": Evidence("words"),
            "now": NOW,
        }
        consent.decide(tx, ann, **refusal)
        for attempt in (lambda: tx._session.get(Thread, (ann, "t_ann")), lambda: tx._session.execute(select(Thread))):
            with pytest.raises(GateRefused):
                attempt()


def test_a_prepared_statement_is_checked_at_each_run(two: tuple[Memory, str, str]) -> None:
    """One that does not name its customers cannot be built; one run for another customer is refused."""
    memory, ann, bob = two
    with pytest.raises(RawStatement):
        Prepared(select(Thread.id).where(Thread.id == "t_bob"))
    with memory.read() as tx:
        consent.require(tx, ann, Purpose.RESUME)
        assert [row.id for row in threads._KNOWN(tx, scope=[ann], thread="t_ann")] == ["t_ann"]
        with pytest.raises(ForeignRow):
            threads._KNOWN(tx, scope=[ann, bob], thread="t_bob")


def test_recording_a_refusal_needs_no_grant(two: tuple[Memory, str, str]) -> None:
    """With everything refused, refusing and forgetting still work."""
    memory, ann, _ = two
    with memory.write() as tx:
        for purpose in set(Purpose) - {Purpose.SERVICE}:
            stated: dict[str, Any] = {
                "purpose": purpose,
                "decision": "withdrawn",
                "evidence": Evidence("keyword"),
                "now": NOW,
            }
            consent.decide(tx, ann, **stated)
        threads.forget(tx, "t_ann", customer=ann, now=NOW)
        assert facts.forget_all(tx, customer=ann) == 0


def test_every_table_about_customers_is_in_the_registry() -> None:
    """A table that refers to customers and is not listed would escape erasure, export and retention."""
    listed = {kept.name for kept in TABLES}
    about = {"customers"}
    for one in tables.Base.metadata.sorted_tables:
        if any(key.column.table.name == "customers" for column in one.c for key in column.foreign_keys):
            about.add(one.name)
    assert about == listed
    assert {one.name for one in tables.Base.metadata.sorted_tables} - listed == {
        "tombstones", "receipts", "keys", "stock_counts",
    }  # fmt: skip


def test_nothing_outside_imports_what_is_private() -> None:
    """Only memory itself and its tests name a module ``memory._*`` or a private member of a transaction."""
    offences = []
    for folder in ("bot", "actions", "tests", "benchmarks"):
        for path in (ROOT / folder).rglob("*.py"):
            if (ROOT / "tests" / "memory") in path.parents:
                continue
            offences += [f"{path.relative_to(ROOT)}: {name}" for name in _private_names(path)]
    assert offences == []


def _private_names(path: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "memory":
            names = [*node.module.split(".")[1:], *(alias.name for alias in node.names)]
            found += [f"{node.module} {name}" for name in names if name.startswith("_")]
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.startswith("memory._")]
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "tx":
            found += [f"tx.{node.attr}"] if node.attr.startswith("_") else []
        if isinstance(node, ast.Constant) and re.match(r"memory\._\w", str(node.value)):
            found.append(str(node.value))
    return found


def test_memory_imports_nothing_of_ours() -> None:
    """Memory stands alone."""
    for path in (ROOT / "memory").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [name for name in names if name.split(".")[0] in ("bot", "actions", "rasa", "rasa_sdk")]


def test_the_head_revision_is_the_newest_script() -> None:
    """What a start compares with is what the scripts lead to."""
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(str(Path(migrations.__file__).parent))
    assert scripts.get_current_head() == migrations.HEAD

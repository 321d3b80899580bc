"""Copy everything to one file and back, without bringing back anybody who was erased in between.

The file is compressed JSON lines, the same for both databases, so that it also moves a shop from one to the other. Who
was erased is taken from the database that is being replaced, from its journal beside it, and from the backup itself.
Nobody erased is ever written, so that there is nothing to erase again.
"""

import gzip
import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Table, func, insert, select, text

from memory import _registry, _session, _tombstones, migrations, search
from memory._session import Tx
from memory._tables import Base, DocumentRow, KeyRow, MessageRow, ReceiptRow, TombstoneRow
from memory._types import Money, UtcTime

if TYPE_CHECKING:
    from memory.database import Memory

_FORMAT = 1
_AT_ONCE = 500


def backup(memory: "Memory", file: Path, *, now: datetime) -> dict[str, int]:
    """Write one consistent state of everything to ``file``; how many rows by table. Others go on meanwhile.

    The file appears under its name when it is whole. It holds personal data: keep it as safe as the database.
    """
    written: dict[str, int] = {}
    part = file.with_name(file.name + ".part")
    with memory.read() as tx, gzip.open(part, "wt", encoding="utf-8", compresslevel=4) as out:
        head = {"format": _FORMAT, "revision": migrations.HEAD, "made_at": now.isoformat()}
        out.write(json.dumps(head) + "\n")
        for table in _tables():
            rows = _session.private(tx, select(table).execution_options(yield_per=1000))
            for row in rows:
                out.write(json.dumps([table.name, _out(dict(row._mapping))], ensure_ascii=False) + "\n")
                written[table.name] = written.get(table.name, 0) + 1
    part.replace(file)
    return written


def restore(memory: "Memory", file: Path) -> dict[str, int]:
    """Replace everything by what a backup holds, in one transaction; how many rows by table, and how many of people
    erased since were ``left_out``. Stop the program before.

    Raises ValueError for a file that is no backup or comes from another schema; then nothing has changed.
    """
    with memory.write() as tx:
        lines = _lines(file)
        _check(next(lines, None), file)
        erased = _erased(tx, memory)
        receipts = [dict(row._mapping) for row in _session.private(tx, select(ReceiptRow.__table__))]
        keys = {row.name: row.value for row in _session.private(tx, select(KeyRow.name, KeyRow.value))}
        _empty(tx)
        restored = _fill(tx, lines, erased=erased, keys=keys)
        _keep_receipts(tx, receipts)
        _index(tx)
        if _session.on_postgres(tx):
            _continue_numbers(tx)
        return restored


def _tables() -> list[Table]:
    # What search knows is made anew from the messages.
    tables = [table for table in Base.metadata.sorted_tables if table is not DocumentRow.__table__]
    # The key and the tombstones come first: what follows is judged by them.
    return sorted(tables, key=lambda table: table.name not in (KeyRow.__tablename__, TombstoneRow.__tablename__))


def _lines(file: Path) -> Iterator[Any]:
    with gzip.open(file, "rt", encoding="utf-8") as opened:
        try:
            for line in opened:
                yield json.loads(line)
        except (OSError, EOFError, ValueError) as error:
            raise ValueError(f"{file}: not a whole backup: {error}") from error


def _check(head: Any, file: Path) -> None:
    if not isinstance(head, dict) or head.get("format") != _FORMAT:
        raise ValueError(f"{file}: not a backup of this program")
    if head.get("revision") != migrations.HEAD:
        raise ValueError(f"{file}: made at schema {head.get('revision')}, this program has {migrations.HEAD}")


def _erased(tx: Tx, memory: "Memory") -> dict[str, datetime]:
    standing = {row.mac: row.at for row in _session.private(tx, select(TombstoneRow.mac, TombstoneRow.at))}
    journal = _tombstones.read_journal(memory.journal) if memory.journal is not None else []
    return standing | dict(journal)


def _empty(tx: Tx) -> None:
    search.forget_all_words(tx)
    for table in reversed(_tables()):
        _session.private(tx, table.delete())


def _fill(tx: Tx, lines: Iterable[Any], *, erased: dict[str, datetime], keys: dict[str, str]) -> dict[str, int]:
    tables = {table.name: table for table in _tables()}
    count: dict[str, int] = {"left_out": 0}
    waiting: list[tuple[str, dict[str, Any]]] = []
    by = [bytes.fromhex(value) for name, value in keys.items() if name == _tombstones.NAME]
    for name, row in lines:
        made = _in(tables[name], row)
        if name == KeyRow.__tablename__ and made["name"] == _tombstones.NAME:
            by.append(bytes.fromhex(made["value"]))
        if name == TombstoneRow.__tablename__:
            erased.setdefault(made["mac"], made["at"])
            continue
        if name == ReceiptRow.__tablename__ or not _is_gone(name, made, erased, by):
            waiting.append((name, made))
        else:
            count["left_out"] += 1
        if len(waiting) >= _AT_ONCE:
            _insert(tx, tables, waiting, count)
    _insert(tx, tables, waiting, count)
    if not count.get(KeyRow.__tablename__):
        _session.private(tx, insert(KeyRow), [{"name": name, "value": value} for name, value in keys.items()])
    _tombstones_back(tx, erased)
    return count


def _is_gone(name: str, row: dict[str, Any], erased: dict[str, datetime], by: list[bytes]) -> bool:
    kept = next((kept for kept in _registry.TABLES if kept.name == name), None)
    if kept is None or not erased:
        return False
    people = [str(row[column]) for column in kept.columns]
    return any(_tombstones.mac_with(key, "customer", one) in erased for key in by for one in people)


def _insert(tx: Tx, tables: dict[str, Table], waiting: list[tuple[str, dict[str, Any]]], count: dict[str, int]) -> None:
    while waiting:
        name = waiting[0][0]
        some = [row for one, row in waiting if one == name]
        waiting[:] = [(one, row) for one, row in waiting if one != name]
        _session.private(tx, insert(tables[name]), some)
        count[name] = count.get(name, 0) + len(some)


def _tombstones_back(tx: Tx, erased: dict[str, datetime]) -> None:
    rows = [{"mac": mac, "at": at} for mac, at in erased.items()]
    if rows:
        _session.private(tx, insert(TombstoneRow), rows)


def _keep_receipts(tx: Tx, receipts: list[dict[str, Any]]) -> None:
    known = set(_session.private(tx, select(ReceiptRow.id)).scalars())
    rows = [row for row in receipts if row["id"] not in known]
    if rows:
        _session.private(tx, insert(ReceiptRow), rows)


def _index(tx: Tx) -> None:
    columns = (MessageRow.customer, MessageRow.conversation, MessageRow.id, MessageRow.text)
    for row in _session.private(tx, select(*columns).execution_options(yield_per=1000)):
        search.index(tx, row.customer, row.conversation, [(row.id, row.text)])


def _continue_numbers(tx: Tx) -> None:
    """PostgreSQL's sequences go on behind the highest number that came back."""
    for table in Base.metadata.sorted_tables:
        column = table.autoincrement_column
        if column is not None and len(table.primary_key.columns) == 1:
            highest = _session.private(tx, select(func.max(column))).scalar() or 0
            move = text("SELECT setval(pg_get_serial_sequence(:name, :key), :next, false)")
            _session.private(tx, move.bindparams(name=table.name, key=column.name, next=highest + 1))


def _out(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else str(value) if isinstance(value, Decimal) else value
        for name, value in row.items()
    }


def _in(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    made = dict(row)
    for name, value in row.items():
        kind = table.c[name].type
        if value is not None and isinstance(kind, UtcTime):
            made[name] = datetime.fromisoformat(value)
        elif value is not None and isinstance(kind, Money):
            made[name] = Decimal(value)
    return made

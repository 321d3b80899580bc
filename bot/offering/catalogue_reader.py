"""Values of a catalogue's YAML with the place they stand at; a wrong one is noted and reading goes on.

Apart from `bot.flows.marked`, which gives dates as texts and stops at the first key that is given twice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import yaml
from rapidfuzz import process

from bot.mistakes import Mistake


@dataclass(frozen=True)
class At:
    """Where something stands in a file."""

    file: str
    line: int


class Table(dict[str, Any]):
    """A YAML mapping that knows where it, and each of its keys, was written."""

    at: At
    key_at: dict[str, At]


@dataclass
class Reader:
    """Turns YAML values into records. What is wrong goes into `mistakes`, and a harmless value takes its place."""

    mistakes: list[Mistake] = field(default_factory=list)

    def wrong(self, at: At, message: str, cure: str) -> None:
        """Note a mistake."""
        self.mistakes.append(Mistake(at.file, at.line, message, cure))

    def table(self, value: Any, at: At, what: str) -> Table:
        """A mapping; an empty one where there is none, or something else."""
        if isinstance(value, Table):
            return value
        if value is not None:
            self.wrong(at, f"{what} should be a mapping.", "Write `key: value` lines below it.")
        empty = Table()
        empty.at, empty.key_at = at, {}
        return empty

    def tables(self, section: Table, what: str) -> Iterator[tuple[str, Table]]:
        """Each key of a section with its mapping."""
        for key, value in section.items():
            yield key, self.table(value, section.key_at.get(key, section.at), f"{what} (`{key}`)")

    def check_keys(self, table: Table, allowed: set[str], what: str) -> None:
        """Note each key that means nothing here."""
        for key in table:
            if key not in allowed:
                self.wrong(table.key_at[key], f"{what} has an unknown key `{key}`.", did_you_mean(key, allowed))

    def money(self, table: Table, key: str, default: Decimal) -> Decimal:
        """An amount from 0 up in the shop's currency."""
        value = table.get(key)
        if value is None:
            return default
        try:
            amount = Decimal(str(value))
        except InvalidOperation:
            amount = Decimal("NaN")
        if amount.is_finite() and amount >= 0 and not isinstance(value, bool):
            return amount
        self.wrong(table.key_at[key], f"`{key}` is {value!r}, not an amount of money.", "Write a number such as 3.40.")
        return default

    def number(self, table: Table, key: str, default: int | None) -> int | None:
        """A whole number from 0 up."""
        value = table.get(key)
        if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
            return default if value is None else value
        self.wrong(table.key_at[key], f"`{key}` is {value!r}.", "Write a whole number from 0 up, or leave it out.")
        return default

    def words(self, table: Table, key: str) -> tuple[str, ...]:
        """A list of texts; empty where there is none."""
        value = table.get(key) or []
        if isinstance(value, list) and all(isinstance(word, str) for word in value):
            return tuple(value)
        self.wrong(table.key_at[key], f"`{key}` should be a list of words.", "Write it as [one, two]; quote numbers.")
        return ()

    def text(self, table: Table, key: str, what: str) -> str:
        """A text that must be there."""
        value = table.get(key)
        if isinstance(value, str) and value.strip():
            return value.strip()
        self.wrong(table.key_at.get(key, table.at), f"{what} has no `{key}`.", f"Add `{key}: ...`.")
        return ""

    def of_type(self, table: Table, key: str, kind: type, *, default: Any) -> Any:
        """A value of one of YAML's own types."""
        value = table.get(key, default)
        if value is default or isinstance(value, kind):
            return value
        self.wrong(table.key_at[key], f"`{key}` is {value!r}.", f"Write a {kind.__name__}, or leave it out.")
        return default

    def one_of(self, table: Table, key: str, allowed: Collection[str]) -> str:
        """A name that must be there and be one of these."""
        value = str(table.get(key, ""))
        self.known(value, allowed, table.key_at.get(key, table.at), key)
        return value

    def known(self, value: str, allowed: Collection[str], at: At, what: str) -> bool:
        """Whether a name is one of these."""
        if value in allowed:
            return True
        self.wrong(at, f"`{value}` is no {what}.", did_you_mean(value, allowed))
        return False


def did_you_mean(word: str, allowed: Collection[str]) -> str:
    """The cure for a name that is none of these."""
    best = process.extractOne(word, sorted(allowed), score_cutoff=60)
    return f"Did you mean `{best[0]}`?" if best else f"Choose of: {', '.join(sorted(allowed))}."


def read_sections(folder: Path, names: Collection[str], reader: Reader) -> dict[str, Table]:
    """The sections of all *.yml files in `folder`, merged, by name; an empty one where no file has it."""
    nowhere = At(folder.name, 1)
    sections = {name: reader.table(None, nowhere, name) for name in names}
    files = sorted(folder.glob("*.yml"))
    if not files:
        reader.wrong(nowhere, "There is no catalogue here.", f"Put .yml files into {folder}.")
    for path in files:
        content = reader.table(_parse(path, reader), At(path.name, 1), "The file")
        reader.check_keys(content, set(names), "The file")
        for name in names:
            if name in content:
                _merge(reader, sections[name], content[name], content.key_at[name])
    return sections


def _merge(reader: Reader, section: Table, more: Any, at: At) -> None:
    if isinstance(more, list):
        for entry in more:
            section[f"{at.file}:{len(section)}"] = reader.table(entry, at, "An entry")
        return
    for key, value in reader.table(more, at, "A section").items():
        if key in section:
            first = section.key_at[key]
            where = f"It is already in {first.file}:{first.line}; rename or remove one."
            reader.wrong(more.key_at[key], f"`{key}` is there twice.", where)
        section[key] = value
        section.key_at[key] = more.key_at[key]


def _parse(path: Path, reader: Reader) -> Any:
    loader = yaml.CSafeLoader(path.read_text("utf-8"))
    try:
        node = loader.get_single_node()
        return _value(loader, node, path.name, reader) if node else None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        reader.wrong(At(path.name, line), f"This is not YAML: {error.problem}.", "Check indentation and quotes here.")
        return None
    finally:
        loader.dispose()


def _value(loader: yaml.CSafeLoader, node: yaml.Node, file: str, reader: Reader) -> Any:
    if isinstance(node, yaml.SequenceNode):
        return [_value(loader, child, file, reader) for child in node.value]
    if not isinstance(node, yaml.MappingNode):
        return loader.construct_object(node)
    table = Table()
    table.at, table.key_at = At(file, node.start_mark.line + 1), {}
    for key_node, value_node in node.value:
        key, at = str(key_node.value), At(file, key_node.start_mark.line + 1)
        if key in table:
            reader.wrong(at, f"`{key}` is there twice.", "Keep one of them.")
        value = _value(loader, value_node, file, reader)
        if isinstance(value, Table):
            value.at = at
        table[key], table.key_at[key] = value, at
    return table

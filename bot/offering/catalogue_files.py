"""Reads the catalogue from YAML and reports every mistake at once, each with file, line and cure (CatalogueErrors)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import yaml
from rapidfuzz import process

from bot.mistakes import Mistake
from bot.offering.catalogue import (
    Catalogue,
    Category,
    Exclusion,
    Hours,
    Module,
    Named,
    Product,
    ShopFacts,
    Slot,
    Zone,
)
from bot.offering.errors import CatalogueErrors

SECTIONS = ("slots", "categories", "fulfilment", "never", "products", "shop")
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
NAMED_KEYS = {"title", "titles", "aliases"}
MODULE_KEYS = NAMED_KEYS | {"entity", "price", "unit_cost", "stock", "tags", "allergens"}
CATEGORY_KEYS = NAMED_KEYS | {"repurchase_days", "margin"}
PRODUCT_KEYS = NAMED_KEYS | {
    "category", "kind", "price", "unit_cost", "options", "defaults", "never", "stock", "tags", "allergens", "caffeine",
    "description", "durable", "replacement_months", "every_days", "delivers", "popular", "added", "on_sale",
    "attributes",
}  # fmt: skip
SHOP_KEYS = {
    "name", "currency", "timezone", "address", "directions", "phone", "email", "opening_hours", "answer_hours",
    "preparation", "changeable", "delivery", "payment", "returns", "largest_quantity",
}  # fmt: skip
CAFFEINE = ("none", "traces", "low", "medium", "high")


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
    """Turns YAML values into records; a wrong one is noted and replaced by a harmless value so that reading goes on."""

    mistakes: list[Mistake] = field(default_factory=list)

    def wrong(self, at: At, message: str, cure: str) -> None:
        self.mistakes.append(Mistake(at.file, at.line, message, cure))

    def table(self, value: Any, at: At, what: str) -> Table:
        if isinstance(value, Table):
            return value
        if value is not None:
            self.wrong(at, f"{what} should be a mapping.", "Write `key: value` lines below it.")
        empty = Table()
        empty.at, empty.key_at = at, {}
        return empty

    def known_keys(self, table: Table, allowed: set[str], what: str) -> None:
        for key in table:
            if key not in allowed:
                self.wrong(table.key_at[key], f"{what} has an unknown key `{key}`.", _did_you_mean(key, allowed))

    def money(self, table: Table, key: str, default: Decimal) -> Decimal:
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
        value = table.get(key)
        if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
            return default if value is None else value
        self.wrong(table.key_at[key], f"`{key}` is {value!r}.", "Write a whole number from 0 up, or leave it out.")
        return default

    def words(self, table: Table, key: str) -> tuple[str, ...]:
        value = table.get(key) or []
        if isinstance(value, list) and all(isinstance(word, str) for word in value):
            return tuple(value)
        self.wrong(table.key_at[key], f"`{key}` should be a list of words.", "Write it as [one, two]; quote numbers.")
        return ()

    def text(self, table: Table, key: str, what: str) -> str:
        value = table.get(key)
        if isinstance(value, str) and value.strip():
            return value.strip()
        self.wrong(table.key_at.get(key, table.at), f"{what} has no `{key}`.", f"Add `{key}: ...`.")
        return ""

    def named(self, table: Table, what: str) -> dict[str, Any]:
        titles = self.table(table.get("titles"), table.at, "`titles`")
        return {
            "titles": {"en": self.text(table, "title", what), **{k: str(v) for k, v in titles.items()}},
            "aliases": self.words(table, "aliases"),
        }


def load(folder: Path) -> Catalogue:
    reader = Reader()
    sections = _read(folder, reader)
    slots = {key: _slot(reader, key, table) for key, table in _tables(reader, sections["slots"], "A slot")}
    never = tuple(_exclusion(reader, table, slots) for table in sections["never"].values())
    categories = {k: _category(reader, k, t) for k, t in _tables(reader, sections["categories"], "A category")}
    ways = {
        k: Named(k, **reader.named(t, f"`{k}`")) for k, t in _tables(reader, sections["fulfilment"], "A fulfilment")
    }
    products = {
        key: _product(reader, key, table, slots=slots, categories=categories)
        for key, table in _tables(reader, sections["products"], "A product")
    }
    shop = _shop(reader, sections["shop"], categories)
    catalogue = Catalogue(products, slots, categories, ways, never, shop)
    _check_phrases(reader, catalogue, sections)
    _check_delivered(reader, catalogue, sections)
    if reader.mistakes:
        raise CatalogueErrors(reader.mistakes)
    return catalogue


def _read(folder: Path, reader: Reader) -> dict[str, Table]:
    nowhere = At(folder.name, 1)
    sections = {name: reader.table(None, nowhere, name) for name in SECTIONS}
    files = sorted(folder.glob("*.yml"))
    if not files:
        reader.wrong(nowhere, "There is no catalogue here.", f"Put .yml files into {folder}.")
    for path in files:
        content = reader.table(_parse(path, reader), At(path.name, 1), "The file")
        reader.known_keys(content, set(SECTIONS), "The file")
        for name in SECTIONS:
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


def _tables(reader: Reader, section: Table, what: str) -> Iterator[tuple[str, Table]]:
    for key, value in section.items():
        yield key, reader.table(value, section.key_at.get(key, section.at), f"{what} (`{key}`)")


def _slot(reader: Reader, key: str, table: Table) -> Slot:
    reader.known_keys(table, NAMED_KEYS | {"weight", "modules"}, f"Slot `{key}`")
    modules = reader.table(table.get("modules"), table.at, f"`modules` of `{key}`")
    return Slot(
        key,
        **reader.named(table, f"Slot `{key}`"),
        weight=float(reader.money(table, "weight", Decimal(1))),
        modules={k: _module(reader, k, t, slot=key) for k, t in _tables(reader, modules, "A module")},
    )


def _module(reader: Reader, key: str, table: Table, *, slot: str) -> Module:
    reader.known_keys(table, MODULE_KEYS, f"Module `{key}`")
    return Module(
        key,
        **reader.named(table, f"Module `{key}`"),
        slot=slot,
        entity=str(table.get("entity", slot)),
        price=reader.money(table, "price", Decimal(0)),
        unit_cost=reader.money(table, "unit_cost", Decimal(0)),
        stock=reader.number(table, "stock", None),
        tags=frozenset(reader.words(table, "tags")),
        allergens=frozenset(reader.words(table, "allergens")),
    )


def _category(reader: Reader, key: str, table: Table) -> Category:
    reader.known_keys(table, CATEGORY_KEYS, f"Category `{key}`")
    return Category(
        key,
        **reader.named(table, f"Category `{key}`"),
        repurchase_days=reader.number(table, "repurchase_days", 30) or 30,
        margin=reader.money(table, "margin", Decimal("0.4")),
    )


def _exclusion(reader: Reader, table: Table, slots: Mapping[str, Slot]) -> Exclusion:
    reader.known_keys(table, {"when", "because"}, "A `never` entry")
    when = reader.table(table.get("when"), table.at, "`when`")
    for slot, value in when.items():
        _known_module(reader, slots, slot, str(value), when.key_at[slot])
    return Exclusion({k: str(v) for k, v in when.items()}, reader.text(table, "because", "A `never` entry"))


def _product(
    reader: Reader, key: str, table: Table, *, slots: Mapping[str, Slot], categories: Mapping[str, Category]
) -> Product:
    what = f"Product `{key}`"
    reader.known_keys(table, PRODUCT_KEYS, what)
    options = _options(reader, table, slots)
    if "price" not in table:
        reader.wrong(table.at, f"{what} has no `price`.", "Add `price: ...`.")
    return Product(
        key,
        **reader.named(table, what),
        category=_one_of(reader, table, "category", categories),
        kind=reader.text(table, "kind", what),
        price=reader.money(table, "price", Decimal(0)),
        unit_cost=reader.money(table, "unit_cost", Decimal(0)) if "unit_cost" in table else None,
        options=options,
        defaults=_defaults(reader, table, options),
        never=tuple(_exclusion(reader, t, slots) for t in table.get("never") or [] if isinstance(t, Table)),
        stock=_stock(reader, table, options),
        tags=frozenset(reader.words(table, "tags")),
        allergens=frozenset(reader.words(table, "allergens")),
        caffeine=_one_of(reader, table, "caffeine", CAFFEINE) if "caffeine" in table else None,
        description=reader.text(table, "description", what),
        durable=_kept(reader, table, "durable", bool, default=False),
        replacement_months=reader.number(table, "replacement_months", None),
        every_days=reader.number(table, "every_days", None),
        delivers=_kept(reader, table, "delivers", str, default=None),
        popular=reader.number(table, "popular", None),
        added=_kept(reader, table, "added", date, default=None),
        on_sale=_kept(reader, table, "on_sale", date, default=None),
        attributes={k: str(v) for k, v in reader.table(table.get("attributes"), table.at, "`attributes`").items()},
    )


def _options(reader: Reader, table: Table, slots: Mapping[str, Slot]) -> dict[str, dict[str, Decimal]]:
    written = reader.table(table.get("options"), table.at, "`options`")
    return {slot: _additions(reader, written, slot, slots) for slot in slots if slot in written} | {
        slot: {} for slot in written if not _known(reader, slot, slots, written.key_at[slot], "slot")
    }


def _additions(reader: Reader, written: Table, slot: str, slots: Mapping[str, Slot]) -> dict[str, Decimal]:
    """What each allowed module adds: as the product says (a mapping), or else the module's own price (a list)."""
    values, at = written[slot], written.key_at[slot]
    if isinstance(values, Table):
        known = [v for v in values if _known_module(reader, slots, slot, v, values.key_at[v])]
        return {value: reader.money(values, value, Decimal(0)) for value in known}
    if not isinstance(values, list) or not values:
        reader.wrong(at, f"`{slot}` allows nothing.", "List the allowed modules: [small, large].")
        return {}
    known = [str(value) for value in values if _known_module(reader, slots, slot, str(value), at)]
    return {value: slots[slot].modules[value].price for value in known}


def _defaults(reader: Reader, table: Table, options: Mapping[str, Mapping[str, Decimal]]) -> dict[str, str]:
    defaults = reader.table(table.get("defaults"), table.at, "`defaults`")
    for slot, value in defaults.items():
        if str(value) not in options.get(slot, {}):
            message = f"The default {slot} `{value}` is not among the product's options."
            reader.wrong(
                defaults.key_at[slot], message, f"Allow it under `options`, or choose of {list(options.get(slot, {}))}."
            )
    return {slot: str(value) for slot, value in defaults.items()}


def _stock(
    reader: Reader, table: Table, options: Mapping[str, Mapping[str, Decimal]]
) -> int | Mapping[str, int] | None:
    written = table.get("stock")
    if not isinstance(written, Table):
        return reader.number(table, "stock", None)
    allowed = {value for values in options.values() for value in values}
    for value in written:
        if value not in allowed:
            reader.wrong(written.key_at[value], f"There is stock of `{value}`.", _did_you_mean(value, allowed))
    return {value: reader.number(written, value, 0) or 0 for value in written}


def _shop(reader: Reader, table: Table, categories: Mapping[str, Category]) -> ShopFacts:
    reader.known_keys(table, SHOP_KEYS, "The shop")
    delivery = reader.table(table.get("delivery"), table.at, "`delivery`")
    zone = _kept(reader, table, "timezone", str, default="UTC")
    if zone not in available_timezones():
        reader.wrong(table.key_at["timezone"], f"`{zone}` is no time zone.", "Write one such as Europe/Berlin.")
    return ShopFacts(
        name=reader.text(table, "name", "The shop"),
        currency=reader.text(table, "currency", "The shop"),
        address=reader.text(table, "address", "The shop"),
        phone=reader.text(table, "phone", "The shop"),
        email=reader.text(table, "email", "The shop"),
        directions=str(table.get("directions", "")),
        timezone=zone,
        opening_hours=_hours(reader, table, "opening_hours"),
        answer_hours=_hours(reader, table, "answer_hours"),
        preparation=_minutes(reader, table, "preparation"),
        changeable=_minutes(reader, table, "changeable"),
        zones=tuple(_zone(reader, entry, delivery.at, categories) for entry in delivery.get("zones") or []),
        payment=reader.words(table, "payment"),
        returns=dict(reader.table(table.get("returns"), table.at, "`returns`")),
        largest_quantity=reader.number(table, "largest_quantity", 20) or 20,
    )


def _minutes(reader: Reader, table: Table, key: str) -> dict[str, int]:
    given = reader.table(table.get(key), table.at, f"`{key}`")
    return {kind: reader.number(given, kind, 0) or 0 for kind in given}


def _zone(reader: Reader, entry: Any, at: At, categories: Mapping[str, Category]) -> Zone:
    table = reader.table(entry, at, "A zone")
    reader.known_keys(table, {"name", "postcodes", "categories", "fee", "free_from", "minutes", "days"}, "A zone")
    served = reader.words(table, "categories")
    for category in served:
        _known(reader, category, categories, table.key_at["categories"], "category")
    return Zone(
        name=reader.text(table, "name", "A zone"),
        postcodes=reader.words(table, "postcodes"),
        categories=frozenset(served),
        fee=reader.money(table, "fee", Decimal(0)),
        free_from=reader.money(table, "free_from", Decimal(0)) if "free_from" in table else None,
        minutes=reader.number(table, "minutes", None),
        days=reader.number(table, "days", None),
    )


def _hours(reader: Reader, table: Table, key: str) -> dict[int, Hours]:
    days = reader.table(table.get(key), table.at, f"`{key}`")
    reader.known_keys(days, set(DAYS), f"`{key}`")
    read = {DAYS.index(day): _span(reader, days, day) for day in days if day in DAYS}
    return {day: hours for day, hours in read.items() if hours}


def _span(reader: Reader, days: Table, day: str) -> Hours | None:
    try:
        opens, closes = (time.fromisoformat(part.strip()) for part in str(days[day]).split("-"))
    except ValueError:
        opens = closes = time(0)
    if opens < closes:
        return Hours(opens, closes)
    reader.wrong(days.key_at[day], f"`{days[day]}` are no hours.", 'Write them as "07:30-18:30".')
    return None


def _check_phrases(reader: Reader, catalogue: Catalogue, sections: Mapping[str, Table]) -> None:
    """A phrase that means two things of one kind would be understood as either, at random."""
    seen: dict[tuple[str, str], str] = {}
    for term in catalogue.vocabulary():
        for phrase in term.phrases:
            other = seen.setdefault((term.entity, phrase), term.value)
            if other != term.value:
                at = sections["products"].key_at.get(term.value, At("modules.yml", 1))
                cure = f"`{other}` has it too; take it off one of them."
                reader.wrong(at, f'`{term.value}`: the phrase "{phrase}" means two things.', cure)


def _check_delivered(reader: Reader, catalogue: Catalogue, sections: Mapping[str, Table]) -> None:
    """What a subscription brings is a product of the shop, and comes in all of the sizes that are counted."""
    for item in catalogue.products.values():
        if item.delivers is None:
            continue
        table = sections["products"][item.id]
        if not _known(reader, item.delivers, catalogue.products, table.key_at["delivers"], "product"):
            continue
        counted = catalogue.products[item.delivers].stock
        offered = {value for values in item.options.values() for value in values}
        if isinstance(counted, Mapping) and not offered & set(counted):
            message = f"`{item.id}` and what it delivers have no size in common."
            reader.wrong(table.key_at["delivers"], message, f"Offer some of {', '.join(counted)} under `options`.")


def _kept(reader: Reader, table: Table, key: str, kind: type, *, default: Any) -> Any:
    value = table.get(key, default)
    if value is default or isinstance(value, kind):
        return value
    reader.wrong(table.key_at[key], f"`{key}` is {value!r}.", f"Write a {kind.__name__}, or leave it out.")
    return default


def _one_of(reader: Reader, table: Table, key: str, allowed: Any) -> str:
    value = str(table.get(key, ""))
    _known(reader, value, allowed, table.key_at.get(key, table.at), key)
    return value


def _known(reader: Reader, value: str, allowed: Any, at: At, what: str) -> bool:
    if value in allowed:
        return True
    reader.wrong(at, f"`{value}` is no {what}.", _did_you_mean(value, set(allowed)))
    return False


def _known_module(reader: Reader, slots: Mapping[str, Slot], slot: str, value: str, at: At) -> bool:
    return _known(reader, slot, slots, at, "slot") and _known(reader, value, slots[slot].modules, at, slot)


def _did_you_mean(word: str, allowed: set[str]) -> str:
    best = process.extractOne(word, sorted(allowed), score_cutoff=60)
    return f"Did you mean `{best[0]}`?" if best else f"Choose of: {', '.join(sorted(allowed))}."

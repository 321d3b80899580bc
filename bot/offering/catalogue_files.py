"""The shop's files under data/catalogue as a Catalogue, or every mistake in them at once (CatalogueErrors)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

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
from bot.offering.catalogue_reader import At, Reader, Table, did_you_mean, read_sections
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


def load(folder: Path) -> Catalogue:
    """The catalogue in *.yml of `folder`. Raises CatalogueErrors with all mistakes; nothing is loaded then."""
    reader = Reader()
    sections = read_sections(folder, SECTIONS, reader)
    slots = {key: _slot(reader, key, table) for key, table in reader.tables(sections["slots"], "A slot")}
    never = tuple(_exclusion(reader, table, slots) for table in sections["never"].values())
    categories = {k: _category(reader, k, t) for k, t in reader.tables(sections["categories"], "A category")}
    ways = {
        k: Named(k, **_named(reader, t, f"`{k}`")) for k, t in reader.tables(sections["fulfilment"], "A fulfilment")
    }
    products = {
        key: _product(reader, key, table, slots=slots, categories=categories)
        for key, table in reader.tables(sections["products"], "A product")
    }
    shop = _shop(reader, sections["shop"], categories)
    catalogue = Catalogue(products, slots, categories, ways, never, shop)
    _check_phrases(reader, catalogue, sections)
    _check_delivered(reader, catalogue, sections)
    if reader.mistakes:
        raise CatalogueErrors(reader.mistakes)
    return catalogue


def _named(reader: Reader, table: Table, what: str) -> dict[str, Any]:
    titles = reader.table(table.get("titles"), table.at, "`titles`")
    return {
        "titles": {"en": reader.text(table, "title", what), **{k: str(v) for k, v in titles.items()}},
        "aliases": reader.words(table, "aliases"),
    }


def _slot(reader: Reader, key: str, table: Table) -> Slot:
    reader.check_keys(table, NAMED_KEYS | {"weight", "modules"}, f"Slot `{key}`")
    modules = reader.table(table.get("modules"), table.at, f"`modules` of `{key}`")
    return Slot(
        key,
        **_named(reader, table, f"Slot `{key}`"),
        weight=float(reader.money(table, "weight", Decimal(1))),
        modules={k: _module(reader, k, t, slot=key) for k, t in reader.tables(modules, "A module")},
    )


def _module(reader: Reader, key: str, table: Table, *, slot: str) -> Module:
    reader.check_keys(table, MODULE_KEYS, f"Module `{key}`")
    return Module(
        key,
        **_named(reader, table, f"Module `{key}`"),
        slot=slot,
        entity=str(table.get("entity", slot)),
        price=reader.money(table, "price", Decimal(0)),
        unit_cost=reader.money(table, "unit_cost", Decimal(0)),
        stock=reader.number(table, "stock", None),
        tags=frozenset(reader.words(table, "tags")),
        allergens=frozenset(reader.words(table, "allergens")),
    )


def _category(reader: Reader, key: str, table: Table) -> Category:
    reader.check_keys(table, CATEGORY_KEYS, f"Category `{key}`")
    return Category(
        key,
        **_named(reader, table, f"Category `{key}`"),
        repurchase_days=reader.number(table, "repurchase_days", 30) or 30,
        margin=reader.money(table, "margin", Decimal("0.4")),
    )


def _exclusion(reader: Reader, table: Table, slots: Mapping[str, Slot]) -> Exclusion:
    reader.check_keys(table, {"when", "because"}, "A `never` entry")
    when = reader.table(table.get("when"), table.at, "`when`")
    for slot, value in when.items():
        _known_module(reader, slots, slot, str(value), when.key_at[slot])
    return Exclusion({k: str(v) for k, v in when.items()}, reader.text(table, "because", "A `never` entry"))


def _product(
    reader: Reader, key: str, table: Table, *, slots: Mapping[str, Slot], categories: Mapping[str, Category]
) -> Product:
    what = f"Product `{key}`"
    reader.check_keys(table, PRODUCT_KEYS, what)
    options = _options(reader, table, slots)
    if "price" not in table:
        reader.wrong(table.at, f"{what} has no `price`.", "Add `price: ...`.")
    return Product(
        key,
        **_named(reader, table, what),
        category=reader.one_of(table, "category", categories),
        kind=reader.text(table, "kind", what),
        price=reader.money(table, "price", Decimal(0)),
        unit_cost=reader.money(table, "unit_cost", Decimal(0)) if "unit_cost" in table else None,
        options=options,
        defaults=_defaults(reader, table, options),
        never=tuple(_exclusion(reader, t, slots) for t in table.get("never") or [] if isinstance(t, Table)),
        stock=_stock(reader, table, options),
        tags=frozenset(reader.words(table, "tags")),
        allergens=frozenset(reader.words(table, "allergens")),
        caffeine=reader.one_of(table, "caffeine", CAFFEINE) if "caffeine" in table else None,
        description=reader.text(table, "description", what),
        durable=reader.of_type(table, "durable", bool, default=False),
        replacement_months=reader.number(table, "replacement_months", None),
        every_days=reader.number(table, "every_days", None),
        delivers=reader.of_type(table, "delivers", str, default=None),
        popular=reader.number(table, "popular", None),
        added=reader.of_type(table, "added", date, default=None),
        on_sale=reader.of_type(table, "on_sale", date, default=None),
        attributes={k: str(v) for k, v in reader.table(table.get("attributes"), table.at, "`attributes`").items()},
    )


def _options(reader: Reader, table: Table, slots: Mapping[str, Slot]) -> dict[str, dict[str, Decimal]]:
    written = reader.table(table.get("options"), table.at, "`options`")
    return {slot: _additions(reader, written, slot, slots) for slot in slots if slot in written} | {
        slot: {} for slot in written if not reader.known(slot, slots, written.key_at[slot], "slot")
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
            reader.wrong(written.key_at[value], f"There is stock of `{value}`.", did_you_mean(value, allowed))
    return {value: reader.number(written, value, 0) or 0 for value in written}


def _shop(reader: Reader, table: Table, categories: Mapping[str, Category]) -> ShopFacts:
    reader.check_keys(table, SHOP_KEYS, "The shop")
    delivery = reader.table(table.get("delivery"), table.at, "`delivery`")
    zone = reader.of_type(table, "timezone", str, default="UTC")
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
    reader.check_keys(table, {"name", "postcodes", "categories", "fee", "free_from", "minutes", "days"}, "A zone")
    served = reader.words(table, "categories")
    for category in served:
        reader.known(category, categories, table.key_at["categories"], "category")
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
    reader.check_keys(days, set(DAYS), f"`{key}`")
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
        if not reader.known(item.delivers, catalogue.products, table.key_at["delivers"], "product"):
            continue
        counted = catalogue.products[item.delivers].stock
        offered = {value for values in item.options.values() for value in values}
        if isinstance(counted, Mapping) and not offered & set(counted):
            message = f"`{item.id}` and what it delivers have no size in common."
            reader.wrong(table.key_at["delivers"], message, f"Offer some of {', '.join(counted)} under `options`.")


def _known_module(reader: Reader, slots: Mapping[str, Slot], slot: str, value: str, at: At) -> bool:
    return reader.known(slot, slots, at, "slot") and reader.known(value, slots[slot].modules, at, slot)

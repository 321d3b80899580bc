"""Takes products into the catalogue's files: all of them or none, checked as a whole before anything is changed.

What a file of the shop already defines is edited there, comments and all; what is new goes into `imported.yml`.
"""

import csv
import io
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from ruamel.yaml import YAML

from bot.offering import catalogue_files
from bot.offering.catalogue import Catalogue
from bot.offering.catalogue_files import SECTIONS
from bot.offering.errors import CatalogueErrors
from bot.offering.index import off_brand
from bot.offering.rules import OfferRules
from bot.offers import OffersError

IMPORTED = "imported.yml"
REQUIRED = ("id", "title", "category", "kind", "price")
_NUMBERS = ("price", "unit_cost", "stock", "popular", "replacement_months", "every_days")
_LISTS = ("tags", "aliases", "allergens")
_COLUMNS = {*REQUIRED, *_NUMBERS, *_LISTS, "description", "durable", "delivers", "added", "on_sale", "caffeine"}
Content = dict[str, Any]


class CatalogueRefused(OffersError):
    """A catalogue that was handed in cannot be published: every reason on a line of its own. Nothing was changed."""


@dataclass(frozen=True)
class Published:
    """What an import did to the products, and the catalogue as it is now."""

    added: int
    changed: int
    same: int
    catalogue: Catalogue


def read(name: str, text: str) -> Content:
    """The sections of a catalogue file, YAML or CSV by its name. Raises CatalogueRefused with file, line and cure."""
    if name.lower().endswith(".csv"):
        return {"products": dict(_products(name, text))}
    try:
        content = yaml.load(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as broken:
        line = broken.problem_mark.line + 1 if broken.problem_mark else 1
        raise CatalogueRefused(f"{name}:{line}: This is not YAML: {broken.problem}. Check it there.") from broken
    unknown = set(content) - set(SECTIONS) if isinstance(content, Mapping) else None
    if unknown is None or unknown:
        raise CatalogueRefused(f"{name}:1: A catalogue has the sections {', '.join(SECTIONS)} and no others.")
    return dict(content)


def publish(folder: Path, content: Content, *, rules: OfferRules) -> Published:
    """Take the sections into the catalogue in `folder`. Raises CatalogueRefused: a broken or off-brand thing stops all.

    A product that is there keeps what the new one does not name. The same content twice changes nothing.
    """
    before = catalogue_files.load(folder)
    with tempfile.TemporaryDirectory(dir=folder.parent) as drafts:
        draft = Path(shutil.copytree(folder, Path(drafts) / "catalogue"))
        touched = _merge(draft, content)
        after = _checked(draft, rules)
        for name in sorted(touched):
            os.replace(draft / name, folder / name)
    named = [key for key in content.get("products") or {} if key in after.products]
    same = sum(before.products.get(key) == after.products[key] for key in named)
    added = sum(key not in before.products for key in named)
    return Published(added, len(named) - added - same, same, after)


def _checked(draft: Path, rules: OfferRules) -> Catalogue:
    try:
        made = catalogue_files.load(draft)
    except CatalogueErrors as errors:
        raise CatalogueRefused(str(errors)) from errors
    outside = off_brand(made, rules)
    if outside:
        raise CatalogueRefused(
            "\n".join(
                f"{sku}: is not what the brand stands for (category {made.products[sku].category}). Leave it out, or "
                "change `brand` in data/offering/offers.yml."
                for sku in outside
            )
        )
    return made


def _merge(draft: Path, content: Content) -> set[str]:
    """Writes the sections into the files of `draft`; the names of those that changed."""
    homes = _homes(draft)
    edits: dict[str, list[tuple[str, str, Any]]] = {}
    for section, entries in content.items():
        for key, value in _entries(entries):
            edits.setdefault(homes.get((section, key), IMPORTED), []).append((section, key, value))
    return {name for name, wanted in edits.items() if _edit(draft / name, wanted)}


def _homes(draft: Path) -> dict[tuple[str, str], str]:
    homes = {}
    for path in draft.glob("*.yml"):
        content = yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader) or {}
        homes.update({(name, str(key)): path.name for name, part in content.items() for key, _ in _entries(part)})
    return homes


def _entries(part: Any) -> Iterable[tuple[str, Any]]:
    # A list (the combinations that cannot be made) is one thing.
    return [(str(key), value) for key, value in part.items()] if isinstance(part, Mapping) else [("", part)]


def _edit(path: Path, wanted: list[tuple[str, str, Any]]) -> bool:
    # Round-tripping keeps comments and is slow; what was only ever written by imports has none.
    slow = YAML() if path.exists() and path.name != IMPORTED else None
    if slow:
        slow.preserve_quotes, slow.width = True, 4096
    text = path.read_text("utf-8") if path.exists() else ""
    content = (slow.load(text) if slow else yaml.load(text, Loader=yaml.CSafeLoader)) or {}
    changed = [_put(content, *each) for each in wanted]
    if not any(changed):
        return False
    if slow:
        written = io.StringIO()
        slow.dump(content, written)
        path.write_text(written.getvalue(), encoding="utf-8")
    else:
        dumped = yaml.dump(content, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False, width=4096)
        path.write_text("# Written by `rapport import catalogue`.\n" + dumped, encoding="utf-8")
    return True


def _put(content: Any, section: str, key: str, value: Any) -> bool:
    if key == "":
        changed = content.get(section) != value
        content[section] = value
        return changed
    part = content.setdefault(section, {})
    if isinstance(value, Mapping) and isinstance(part.get(key), Mapping):
        new = {name: each for name, each in value.items() if part[key].get(name) != each}
        part[key].update(new)
        return bool(new)
    changed = part.get(key) != value
    part[key] = value
    return changed


def _products(name: str, text: str) -> Iterator[tuple[str, Content]]:
    reader = csv.DictReader(io.StringIO(text.lstrip("\ufeff"), newline=""))
    columns = [column.strip() for column in reader.fieldnames or ()]
    missing = [column for column in REQUIRED if column not in columns]
    unknown = [column for column in columns if column not in _COLUMNS]
    if missing or unknown:
        wrong = f"lacks {', '.join(missing)}" if missing else f"has unknown columns {', '.join(unknown)}"
        raise CatalogueRefused(f"{name}:1: The header {wrong}. Columns are {', '.join(sorted(_COLUMNS))}.")
    mistakes: list[str] = []
    rows: dict[str, Content] = {}
    for row in reader:
        made = _product(row, f"{name}:{reader.line_num}", mistakes)
        if made is not None and made.pop("id") in rows:
            mistakes.append(f"{name}:{reader.line_num}: `{row['id']}` is there twice. Keep one of them.")
        elif made is not None:
            rows[str(row["id"]).strip()] = made
    if mistakes:
        raise CatalogueRefused("\n".join(mistakes))
    yield from rows.items()


def _product(row: Mapping[str, Any], where: str, mistakes: list[str]) -> Content | None:
    given = {str(key).strip(): str(value).strip() for key, value in row.items() if key and value and value.strip()}
    short = [column for column in REQUIRED if column not in given]
    if short:
        mistakes.append(f"{where}: {', '.join(short)} is empty. Fill it in.")
        return None
    made: Content = {"description": given["title"], **given}
    try:
        made |= {key: _number(given[key]) for key in _NUMBERS if key in given}
    except ValueError:
        mistakes.append(f"{where}: {', '.join(_NUMBERS)} are numbers. Write them such as 3.40.")
        return None
    made |= {key: [word.strip() for word in given[key].split(";") if word.strip()] for key in _LISTS if key in given}
    if "durable" in given:
        made["durable"] = given["durable"].lower() in ("1", "true", "yes")
    made |= {key: yaml.safe_load(given[key]) for key in ("added", "on_sale") if key in given}
    return made


def _number(text: str) -> int | float:
    return int(text) if text.lstrip("-").isdigit() else float(text)

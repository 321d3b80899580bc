"""`rapport check`: data/ is read as at the start, and every mistake is told with file, line and cure."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from bot import translated, wording
from bot.flows import lint, loader
from bot.mistakes import Mistake, Mistakes
from bot.offering import catalogue_files
from bot.offering.catalogue import Catalogue
from bot.offering.fairness import check_benefits
from bot.offering.index import off_brand
from bot.offering.rules import OfferRules
from bot.offering.rules_files import load_rules
from bot.rasa.nlu import fact_examples
from bot.settings import Settings
from bot.wording import Wording

# What the gateway says by itself; no flow names it. What the engine says by itself, `lint` knows.
SPOKEN_BY_US = frozenset({"utter_too_long"})


def run(settings: Settings) -> list[Mistake]:
    """All that is to mend, errors first, then by file and line. Files are named from the project's root."""
    found = {replace(each, file=_relative(each.file, settings.root)) for each in _all(settings)}
    return sorted(found, key=lambda each: (each.severity, each.file, each.line, each.message))


def _relative(file: str, root: Path) -> str:
    path = Path(file)
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else file


def _all(settings: Settings) -> Iterator[Mistake]:
    domain = yaml.safe_load((settings.root / "domain.yml").read_text(encoding="utf-8"))
    data = settings.data
    shelf, mistakes = _try(catalogue_files.load, data / "catalogue")
    yield from mistakes
    rules, mistakes = _try(load_rules, data / "offering")
    yield from mistakes
    words, mistakes = _try(wording.load, data / "wording")
    yield from mistakes
    yield from _try(fact_examples.check, data / "nlu")[1]
    names = words.names if words else None
    known: dict[str, Any] = {"wording": names, "actions": frozenset(domain["actions"])}
    flows, mistakes = _try(lambda folder: loader.load(folder, **known), data / "flows")
    yield from mistakes
    if flows is not None:
        linted = lint.lint(flows, **known, slots=frozenset(domain["slots"]))
        yield from _placed(linted, data / "flows")
    if rules is not None:
        yield from _unfair(rules.offers, shelf, words)
    if words is not None:
        yield from _unspoken(SPOKEN_BY_US - words.names)
        yield from translated.untold(data, words)


def _unfair(rules: OfferRules, shelf: Catalogue | None, words: Wording | None) -> Iterator[Mistake]:
    """Benefits that cannot be explained or reached, and things that the brand does not stand for."""
    file = "data/offering/offers.yml"
    for found in check_benefits(rules):
        yield Mistake(file, 1, f"{found}.", "Give the benefit `paths`, or `not_designed_for` with the reason.")
    for sku in off_brand(shelf, rules) if shelf else ():
        yield Mistake(file, 1, f"{sku} is outside the brand.", "Take it off the shelf, or change `brand`.")
    for benefit in rules.benefits if words else ():
        for name in (f"utter_benefit_title_{benefit.id}", f"utter_benefit_names_{benefit.id}"):
            if words and name not in words.names:
                yield Mistake(file, 1, f"{name} has no wording.", "Customers ask for benefits by name.")


def _unspoken(missing: Iterable[str]) -> Iterator[Mistake]:
    for name in missing:
        yield Mistake("data/wording/en.yml", 1, f"{name} has no wording.", "The assistant itself says it.")


def _try(load: Callable[[Path], Any], folder: Path) -> tuple[Any, list[Mistake]]:
    """What was loaded, or None with every mistake that its error carries."""
    try:
        return load(folder), []
    except Mistakes as refused:
        return None, _placed(refused.mistakes, folder)


def _placed(mistakes: Iterable[Mistake], folder: Path) -> list[Mistake]:
    """The same with whole paths; some loaders name a file as it is called within its folder."""
    return [replace(each, file=str(folder / each.file)) if (folder / each.file).exists() else each for each in mistakes]

"""`rapport check`: data/ is read as at the start, and every mistake is told with file, line and cure."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from bot import translated, wording
from bot.flows import lint, loader
from bot.flows.model import FlowErrors, FlowSet
from bot.offering import catalogue_files
from bot.offering.catalogue import Catalogue
from bot.offering.errors import RulesError
from bot.offering.fairness import check_benefits
from bot.offering.index import off_brand
from bot.offering.rules import OfferRules, load_rules
from bot.settings import Settings
from bot.wording import Wording, WordingErrors

# What the engine, the gateway and the executor say by themselves; no flow names it.
SPOKEN_BY_US = frozenset(
    {
        "utter_action_failed",
        "utter_choice_expired",
        "utter_flow_back",
        "utter_flow_cancelled",
        "utter_flow_nothing_to_cancel",
        "utter_flow_started_over",
        "utter_not_understood",
        "utter_offer_human",
        "utter_skip_refused",
        "utter_slot_corrected",
        "utter_too_long",
    }
)


@dataclass(frozen=True)
class Finding:
    """One thing to look at. An error stops publishing, a warning does not."""

    severity: Literal["error", "warning"]
    file: str
    line: int
    message: str
    cure: str

    def __str__(self) -> str:
        return f"{self.severity}: {self.file}:{self.line}: {self.message} {self.cure}".rstrip()


def run(settings: Settings) -> list[Finding]:
    """All findings, errors first, then by file and line."""
    findings = [
        Finding(each.severity, _relative(each.file, settings.root), each.line, each.message, each.cure)
        for each in _all(settings)
    ]
    return sorted(set(findings), key=lambda each: (each.severity, each.file, each.line, each.message))


def _relative(file: str, root: Path) -> str:
    path = Path(file)
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else file


def _all(settings: Settings) -> Iterator[Finding]:
    domain = yaml.safe_load((settings.root / "domain.yml").read_text(encoding="utf-8"))
    shelf, mistakes = _try(lambda: catalogue_files.load(settings.data / "catalogue"))
    yield from mistakes
    rules, mistakes = _try(lambda: load_rules(settings.data / "offering"))
    yield from mistakes
    words, mistakes = _try(lambda: wording.load(settings.data / "wording"))
    yield from mistakes
    known_words = words.names if words else None
    actions = frozenset(domain["actions"])
    flows, mistakes = _try(lambda: loader.load(settings.data / "flows", wording=known_words, actions=actions))
    yield from mistakes
    if flows is not None:
        yield from _linted(flows, words, actions, frozenset(domain["slots"]))
    if rules is not None:
        yield from _unfair(rules.offers, shelf, words)
    if words is not None:
        yield from _unspoken(words, SPOKEN_BY_US - words.names)
        for lack in translated.untold(settings.data, words):
            yield Finding(lack.severity, lack.file, lack.line, lack.message, lack.cure)


def _unfair(rules: OfferRules, shelf: Catalogue | None, words: Wording | None) -> Iterator[Finding]:
    """Benefits that cannot be explained or reached, and things that the brand does not stand for."""
    file = "data/offering/offers.yml"
    for found in check_benefits(rules):
        yield Finding("error", file, 1, f"{found}.", "Give the benefit `paths`, or `not_designed_for` with the reason.")
    for sku in off_brand(shelf, rules) if shelf else ():
        yield Finding("error", file, 1, f"{sku} is outside the brand.", "Take it off the shelf, or change `brand`.")
    for benefit in rules.benefits if words else ():
        for name in (f"utter_benefit_title_{benefit.id}", f"utter_benefit_names_{benefit.id}"):
            if words and name not in words.names:
                yield Finding("error", file, 1, f"{name} has no wording.", "Customers ask for benefits by name.")


def _linted(flows: FlowSet, words: Wording | None, actions: frozenset[str], slots: frozenset[str]) -> Iterator[Finding]:
    for found in lint.lint(flows, wording=words.names if words else None, actions=actions, slots=slots):
        severity: Literal["error", "warning"] = "error" if found.severity == "error" else "warning"
        yield Finding(severity, found.file, found.line, found.message, found.cure)


def _unspoken(words: Wording, missing: Iterable[str]) -> Iterator[Finding]:
    for name in missing:
        yield Finding("error", "data/wording/en.yml", 1, f"{name} has no wording.", "The assistant itself says it.")


def _loaded(load: Callable[[], Any]) -> list[Finding]:
    return _try(load)[1]


def _try(load: Callable[[], Any]) -> tuple[Any, list[Finding]]:
    """What was loaded, or None with every mistake that its error carries."""
    try:
        return load(), []
    except (FlowErrors, WordingErrors, RulesError, catalogue_files.CatalogueErrors) as errors:
        mistakes = errors.mistakes if hasattr(errors, "mistakes") else errors.errors
        return None, [Finding("error", each.file, each.line, each.message, each.cure) for each in mistakes]

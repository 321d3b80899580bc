"""Ranks suggestions for one customer outside a conversation, by the same engine, consents and words as in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from actions.knowing import know
from actions.showing import reason_text, seed_of
from actions.speech import Speech
from bot import wording
from bot.offering import catalogue_files
from bot.offering.candidates import Person
from bot.offering.catalogue import Catalogue
from bot.offering.choices import Engine, Option
from bot.offering.index import build_index
from bot.offering.rules_files import load_rules
from bot.offers.tiers import order_lines
from bot.opening import open_memory
from bot.settings import Settings
from memory import Tx, identities
from memory.errors import UnknownCustomer


@dataclass(frozen=True)
class Suggestion:
    """One line of `rapport recommend`: the reason in words, with the age of what it rests on."""

    sku: str
    slot: str
    reason: str


def ranked(settings: Settings, subject: str, *, as_of: datetime, limit: int) -> list[Suggestion]:
    """The best things first; what is popular for somebody unknown, a child, or without leave to use purchases."""
    shelf = catalogue_files.load(settings.data / "catalogue")
    rules = load_rules(settings.data / "offering").offers
    memory = open_memory(settings)
    try:
        with memory.read() as tx:
            index = build_index(shelf, order_lines(tx), rules=rules, as_of=as_of)
            options = list(_options(tx, subject, Engine(shelf, index, rules), shelf, as_of=as_of, limit=limit))
    finally:
        memory.close()
    speech = Speech(shelf, _phrase(settings.data, shelf), "en")
    return [Suggestion(each.sku, each.slot.value, reason_text(each.reason, speech)) for each in options]


def _options(
    tx: Tx, subject: str, engine: Engine, shelf: Catalogue, *, as_of: datetime, limit: int
) -> Iterator[Option]:
    known = None
    customer = _customer(tx, subject)
    if customer is not None:
        known = know(tx, customer, catalogue=shelf, until=as_of)
    person, seed = known.person if known else Person(), seed_of(as_of)
    if known is not None and known.may and known.has_history:
        yield from engine.rank(person, seed=seed, now=as_of, limit=limit).options
    else:
        yield from engine.popular(person, seed=seed, now=as_of, limit=limit).options


def _customer(tx: Tx, subject: str) -> str | None:
    """The customer of the shop's id, or of memory's own."""
    try:
        found = identities.find(tx, channel=identities.SHOP, address=subject)
        if found is None and subject.startswith("c_"):
            return identities.customer(tx, subject).id
        return found
    except UnknownCustomer:
        return None


def _phrase(data: Path, shelf: Catalogue) -> Any:
    words = wording.load(data / "wording")

    def phrase(name: str, variables: dict[str, Any], language: str) -> str:
        rendered = words.render(
            name,
            variables,
            language=language,
            channel="web",
            show=lambda variable, value: shelf.title(variable, value, language),
            seed=name,
        )
        return rendered.text if rendered else ""

    return phrase

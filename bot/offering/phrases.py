"""Names as people write them: one spelling for a thing, whatever its case, its plural or an article before it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.offering.catalogue_records import Named, Product

_ARTICLES = frozenset({"a", "an", "the", "some", "any"})


def plural(phrase: str) -> str:
    """The plural of an English product name: "flat whites", "lattes", "french presses"."""
    if phrase.endswith(("s", "x", "ch", "sh", "milk", "coffee beans")):
        return phrase + "es" if phrase.endswith(("ss", "x", "ch", "sh")) else phrase
    if phrase.endswith("y") and phrase[-2:-1] not in "aeiou":
        return phrase[:-1] + "ies"
    return phrase + "s"


def singular(word: str) -> str:
    """A crude stem that is the same for a noun and its plural."""
    if len(word) <= 3 or word.endswith(("ss", "us", "is")) or not word.endswith("s"):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "xes", "sses")):
        return word[:-2]
    return word[:-1]


def plain(phrase: str) -> str:
    """Lower case, without hyphens and marks at its ends."""
    return " ".join(phrase.casefold().replace("-", " ").replace("_", " ").split()).strip(" .,!?")


def normal(wanted: str) -> str:
    """One spelling for what was wanted: lower case, no articles, no plural, no punctuation."""
    words = re.sub(r"[^\w\s]", " ", wanted.casefold()).split()
    return " ".join(singular(word) for word in words if word not in _ARTICLES)


def phrases(named: Named, *, plurals: bool = False) -> tuple[str, ...]:
    """What is said for it, lower case: titles in all languages and aliases, with English plurals where wanted."""
    singles = [*(title.lower() for title in named.titles.values()), *(alias.lower() for alias in named.aliases)]
    both = [*singles, *(plural(phrase) for phrase in singles if phrase.isascii())] if plurals else singles
    return tuple(dict.fromkeys(both))


def names_of(products: Iterable[Product]) -> dict[str, str]:
    """Product ids by name, in the plain form. Titles win over aliases of others."""
    names: dict[str, str] = {}
    products = list(products)
    for product in products:
        names.setdefault(plain(product.title), product.id)
        names.setdefault(plain(product.id), product.id)
    for product in products:
        for alias in product.aliases:
            names.setdefault(plain(alias), product.id)
    return names

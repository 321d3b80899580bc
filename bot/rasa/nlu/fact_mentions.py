"""What a message names that a fact can be about: the shop's things, allergens, diets, illnesses, gear, days, sums.

Pure: a text and its entities in, mentions in order of place out, none of them overlapping. What is told of a mention is
for others to find out (`fact_model.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from bot.rasa.nlu import fact_values as values
from bot.rasa.nlu.fact import Polarity
from bot.rasa.nlu.typed import number
from bot.rasa.nlu.words import singular

Entity = dict[str, Any]
Value = tuple[str, str | float]
THING, STATE, GEAR, DAY, SUM = "thing", "state", "gear", "day", "sum"
# What can be told of each kind: `has` of a thing is an allergy to it.
WAYS = MappingProxyType(
    {
        THING: ("like", "dislike", "must", "never", "has", "not"),
        STATE: ("has", "not"),
        GEAR: ("has",),
        DAY: ("like", "never", "must"),
        SUM: ("must",),
    }
)
# How memory says that somebody has it.
_HELD: Mapping[str, Polarity] = {"diet": "must", "health": "has", "allergy": "never", "equipment": "has"}
# Catalogue entities that one can have a taste for, and values and words among them that name no particular thing.
TASTED = frozenset({"product", "milk", "syrup", "size", "temperature", "category", "fulfilment", "grind"})
_NO_TASTE = frozenset({"none", "subscriptions", "gift_cards", "gear"})
_GENERIC = re.compile(
    r"little|tiny|regular|drinks?|coffees?|hot drinks|cold drinks|beverages?|cups?|dairy|cow'?s? milk|teas?"
    r"|(?:dark|light|medium) roasts?|roast|home|ice|speaking"
)
_WORD = re.compile(r"\w+(?:'\w+)*")
_LONGEST = 4
_AMOUNT = re.compile(r"[€£$]? ?\b(\d{1,4}(?:[.,]\d{1,2})?) ?(?:€|£|\$|euros?|pounds?|quid|dollars?|bucks?)?(?!\w)")
_SPELT = re.compile(
    r"\b((?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[ -](?:one|two|three|four|five|six|seven"
    r"|eight|nine))?"
    r"|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen)\b"
)


@dataclass(frozen=True)
class Mention:
    """A stretch of the text; `readings`: attribute and value as a `taste`, an `allergy` or whatever `kind` it is."""

    start: int
    end: int
    kind: str
    word: str
    readings: Mapping[str, Value]

    def fact(self, way: str) -> tuple[str, str | float, Polarity] | None:
        """Attribute, value and polarity of what is told in this way, if it can be told of this."""
        reading = self.readings.get(
            ("allergy" if way in ("has", "not") else "taste") if self.kind == THING else self.kind
        )
        if reading is None or way not in WAYS[self.kind]:
            return None
        polarity = _HELD[reading[0]] if way == "has" else way
        return (*reading, polarity)  # type: ignore[return-value]


def find(text: str, entities: Sequence[Entity]) -> list[Mention]:
    """The mentions of `text`, which is in lower case with straight quotes. States and gear go before the shop's
    words, longer ones before shorter; what lies within another only adds a reading to it."""
    found = [*_catalogue(text, entities), *_known(text), *_sums(text, entities)]
    found.sort(key=lambda m: (m.kind not in (STATE, GEAR), m.start - m.end, m.kind != THING))
    kept: list[Mention] = []
    for mention in found:
        place = next(
            (n for n, other in enumerate(kept) if mention.start < other.end and other.start < mention.end), None
        )
        if place is None:
            kept.append(mention)
        elif kept[place].kind == mention.kind == THING and kept[place].start <= mention.start:
            kept[place] = _joined(kept[place], mention)
    return sorted((m for m in kept if m.readings), key=lambda m: m.start)


def _joined(outer: Mention, inner: Mention) -> Mention:
    """The allergen within "soy milk", and of two names for the same stretch both readings."""
    same = (outer.start, outer.end) == (inner.start, inner.end)
    added = {name: value for name, value in inner.readings.items() if same or name == "allergy"}
    return Mention(outer.start, outer.end, outer.kind, outer.word, {**added, **outer.readings})


def _known(text: str) -> Iterator[Mention]:
    """The longest phrases of `fact_values` from left to right; plurals count as what they are plurals of."""
    words = list(_WORD.finditer(text))
    place = 0
    while place < len(words):
        for length in range(min(_LONGEST, len(words) - place), 0, -1):
            *first, last = (word.group().removesuffix("'s") for word in words[place : place + length])
            known = _PHRASES.get(" ".join((*first, last))) or _PHRASES.get(" ".join((*first, singular(last))))
            if known:
                start = words[place].start()
                end = words[place + length - 1].start() + len(words[place + length - 1].group().removesuffix("'s"))
                yield Mention(start, end, known[0], text[start:end], known[1])
                break
        place += length


def _catalogue(text: str, entities: Sequence[Entity]) -> Iterator[Mention]:
    for entity in entities:
        if entity["entity"] in TASTED and entity["value"] not in _NO_TASTE:
            word = text[entity["start"] : entity["end"]]
            reading = {} if _GENERIC.fullmatch(word) else {"taste": (str(entity["entity"]), str(entity["value"]))}
            yield Mention(entity["start"], entity["end"], THING, word, reading)


def _sums(text: str, entities: Sequence[Entity]) -> Iterator[Mention]:
    for entity in entities:
        if entity["entity"] == "money":
            yield _sum(text, entity["start"], entity["end"], float(entity["value"]))
    for found in _AMOUNT.finditer(text):
        yield _sum(text, *found.span(1), float(found.group(1).replace(",", ".")))
    for found in _SPELT.finditer(text):
        yield _sum(text, *found.span(1), float(number(found.group(1)) or 0))


def _sum(text: str, start: int, end: int, amount: float) -> Mention:
    return Mention(start, end, SUM, text[start:end], {SUM: ("budget", amount)})


def _phrases() -> dict[str, tuple[str, dict[str, Value]]]:
    """All phrases with their kind and readings; hyphens count as spaces."""
    made: dict[str, tuple[str, dict[str, Value]]] = {}

    def add(words: Mapping[str, str], kind: str, reading: str, attribute: str) -> None:
        for word, value in words.items():
            known = made.setdefault(word.replace("-", " ").replace("'s", ""), (kind, {}))
            if known[0] == kind:
                named = "temperature" if value in ("hot", "iced", "extra_hot") else attribute
                known[1].setdefault(reading, (named, value))

    add(values.DIETS, STATE, STATE, "diet")
    add(values.HEALTH, STATE, STATE, "health")
    add(values.COELIAC, STATE, STATE, "allergy")
    add(values.GEAR, GEAR, GEAR, "equipment")
    add({day: day for day in values.WEEKDAYS}, DAY, DAY, "delivery_day")
    add(values.FOODS, THING, "taste", "product")
    add(values.TASTES, THING, "taste", "taste")
    add(values.ALLERGENS, THING, "allergy", "allergy")
    return made


_PHRASES = _phrases()

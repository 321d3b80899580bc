"""What customers tell of themselves: tastes, musts and nevers, diet, allergies, gear, budget, delivery day.

A text and its entities in, facts out. Only what is said plainly, of oneself and for good is `lasting`: what is asked,
supposed, quoted, meant for today or as a joke, or said of somebody else never is, and most of it is no fact. How
something is told is learned (`fact_model.py`); Chinese is read by rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from bot.rasa.nlu import fact_clauses, fact_mentions, facts_chinese
from bot.rasa.nlu import fact_words as words
from bot.rasa.nlu.fact import SELF, Fact
from bot.rasa.nlu.fact_clauses import Clause
from bot.rasa.nlu.fact_mentions import Mention
from bot.rasa.nlu.fact_model import FactModel, shared
from bot.rasa.nlu.language import model_of
from bot.rasa.nlu.typed import number

Entity = dict[str, Any]
Told = tuple[Mention, Fact]
# Words that only count where nothing more particular is told of in the same clause.
WEAK = frozenset({"coffee", "coffees", "milk", "tea", "teas", "syrup", "syrups", "sugar", "caffeine", "dark"})


def extract(text: str, *, entities: Sequence[Entity] = ()) -> list[dict[str, Any]]:
    """The facts of `text`, as `rapport parse` shows them: `attribute`, `value`, `polarity`, `for`, `lasting`.

    `entities` are those of the catalogue's words in `text`, with `start` and `end`.
    """
    return [fact.as_json() for fact in find(text, entities=entities)]


def find(text: str, *, entities: Sequence[Entity] = (), model: FactModel | None = None) -> list[Fact]:
    """The same as values; each thing once, in order of place. `model`: the process's own, unless given."""
    if model_of(text) == "zh":
        return facts_chinese.find(text, entities=entities)
    said = fact_clauses.said(text)
    cups = words.CUPS.search(said)
    mentions = [
        mention
        for mention in fact_mentions.find(said, entities)
        if not (cups and cups.start() <= mention.start < cups.end())
    ]
    ways = (model or shared()).ways_of(said, mentions) if mentions else []
    if not cups and not any(ways):
        return []
    found: dict[tuple[str, str], Fact] = {}
    for fact in _facts(said, list(zip(mentions, ways, strict=True)), gift=bool(words.GIFT.search(said))):
        found.setdefault((fact.attribute, str(fact.value)), fact)
    return list(found.values())


def _facts(said: str, told: Sequence[tuple[Mention, str | None]], *, gift: bool) -> Iterator[Fact]:
    """What is told in each clause that states something, and of whom."""
    spoken_of: str | None = None
    for clause in fact_clauses.split(said):
        holder = fact_clauses.holder(clause, spoken_of)
        spoken_of = holder if holder not in (None, SELF) else spoken_of
        if holder is None or not clause.states():
            continue
        lasting = holder == SELF and not gift and not clause.passing()
        inside = [pair for pair in told if pair[1] and clause.start <= pair[0].start < clause.end]
        for mention, way in inside:
            fact = mention.fact(way or "")
            if fact and not (mention.word in WEAK and any(other.word not in WEAK for other, _ in inside)):
                yield Fact(*fact, holder, lasting)
        yield from _cups(clause, holder, lasting=lasting)


def _cups(clause: Clause, holder: str, *, lasting: bool) -> Iterator[Fact]:
    cups = words.CUPS.search(clause.text)
    if cups:
        yield Fact("cups_a_day", float(number(cups.group(1)) or 0), "has", holder, lasting)

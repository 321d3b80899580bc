"""What customers tell of themselves: tastes, musts and nevers, diet, allergies, gear, budget, delivery day.

Pure: a text and its entities in, facts out. Only what is said plainly, of oneself and for good is `lasting`: what is
asked, supposed, quoted, meant for today or as a joke, or said of somebody else never is, and most of it is no fact.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bot.rasa.nlu import fact_words as words
from bot.rasa.nlu import facts_chinese
from bot.rasa.nlu.fact import SELF, Fact, Polarity
from bot.rasa.nlu.language import model_of
from bot.rasa.nlu.typed import number
from bot.rasa.nlu.words import singular, straight

Entity = dict[str, Any]


@dataclass(frozen=True)
class Clause:
    """A stretch that states one thing. `after`: the punctuation that ends its sentence."""

    start: int
    end: int
    text: str
    sentence: str
    asked: bool
    source: str

    def text_of(self, entity: Entity) -> str:
        """How an entity is worded in the message."""
        return self.source[entity["start"] : entity["end"]]


def extract(text: str, *, entities: Sequence[Entity] = ()) -> list[dict[str, Any]]:
    """The facts of `text`, as `rapport parse` shows them: `attribute`, `value`, `polarity`, `for`, `lasting`.

    `entities` are those of the catalogue's words in `text`, with `start` and `end`.
    """
    return [fact.as_json() for fact in find(text, entities=entities)]


def find(text: str, *, entities: Sequence[Entity] = ()) -> list[Fact]:
    """The same as values; each thing once, in order of place."""
    if model_of(text) == "zh":
        return facts_chinese.find(text, entities=entities)
    said = words.QUOTED.sub(lambda quoted: " " * len(quoted.group()), straight(text))
    gift = bool(words.GIFT.search(said.lower()))
    spoken_of: str | None = None
    found: dict[tuple[str, str], Fact] = {}
    for clause in _clauses(said):
        holder = _holder(clause.text, spoken_of)
        spoken_of = holder if holder != SELF else spoken_of
        inside = [e for e in entities if clause.start <= e["start"] and e["end"] <= clause.end]
        for fact in _of_clause(clause, holder, inside, gift=gift):
            found.setdefault((fact.attribute, str(fact.value)), fact)
    return list(found.values())


def _clauses(text: str) -> Iterator[Clause]:
    lower = text.lower()
    start = 0
    for border in [*words.SPLIT.finditer(lower), None]:
        end = border.start() if border else len(lower)
        if re.search(r"\w", lower[start:end]):
            stop = re.search(r"[.!?\n]", lower[end:])
            sentence_end = end + stop.start() if stop else len(lower)
            sentence_start = max(lower.rfind(mark, 0, start) for mark in ".!?\n") + 1
            rest = lower[start : end + 1]
            piece = lower[start:end].strip()
            asked = rest.endswith("?") or bool(words.QUESTION.match(piece))
            yield Clause(start, end, piece, lower[sentence_start:sentence_end].strip(), asked, lower)
        start = border.end() if border else end


def _holder(clause: str, spoken_of: str | None) -> str:
    """Whom the clause is about: its subject, not somebody merely named in it."""
    other = words.OTHER.search(clause)
    first = re.search(r"\b(?:i|i'm|im|i've|i'd|i'll|we|we're)\b", clause)
    if other and (first is None or other.start() < first.start()):
        return other.group(1)
    if first is None and spoken_of and words.PRONOUN.search(clause):
        return spoken_of
    return SELF


def _of_clause(clause: Clause, holder: str, entities: Sequence[Entity], *, gift: bool) -> Iterator[Fact]:
    text = clause.text
    if clause.asked or _supposed(clause) or _joke(clause):
        return
    reported = words.SAID.search(text) and not words.I_SAID.search(text)
    if reported or (holder == SELF and words.PRONOUN.match(text)):
        return
    lasting = (
        holder == SELF
        and not gift
        and not words.NOW.search(text)
        and not words.NOW.search(clause.sentence.split(",")[-1])
    )
    if holder != SELF:
        text = _first_person(text, holder)
    for fact in _told(text, clause, entities):
        yield Fact(fact.attribute, fact.value, fact.polarity, holder, lasting)


def _supposed(clause: Clause) -> bool:
    text = words.WONT.sub("i never", clause.text)
    return bool(
        words.SUPPOSED.search(text)
        or re.match(r"^(?:if|suppose|imagine|what if|unless|when i(?:'m| am) )\b", clause.sentence)
    )


def _joke(clause: Clause) -> bool:
    return bool(
        words.JOKE.search(clause.sentence)
        or (re.search(r"\b(?:love|adore|enjoy)\b", clause.text) and words.COMPLAINED.search(clause.text))
    )


def _first_person(text: str, holder: str) -> str:
    """Somebody's statement in the first person, so that one set of patterns serves: "my wife hates" -> "i hate"."""
    text = re.sub(rf"^.*?\b(?:my|our|the|his|her) (?:\w+ )?{holder}\b(?:'s (?=allerg|favou))?", "i", text, count=1)
    text = re.sub(r"^(?:and |but |because |cos |as |since |so )*(?:she|he|they)\b", "i", text)
    text = re.sub(r"^i(?:'s| is|'re| are)\b", "i am", text)
    text = re.sub(r"\bdoesn't\b", "don't", text)
    text = re.sub(r"\b(?:her|his|their) (?=favou|budget)", "my ", text)
    text = re.sub(r"^i has\b", "i have", text)
    return re.sub(r"^(i (?:(?:really|always|never|only|usually|also|just) )*)(\w+?)s\b", _plain_verb, text)


def _plain_verb(found: re.Match[str]) -> str:
    verb = found.group(2)
    irregular = {"ha": "have", "doe": "do", "hate": "hate", "i": "is", "wa": "was"}
    return found.group(1) + irregular.get(verb, verb)


def _told(text: str, clause: Clause, entities: Sequence[Entity]) -> Iterator[Fact]:
    yield from _diet(text)
    allergies = list(_allergies(text))
    yield from allergies
    yield from _gear(text)
    yield from _numbers(text)
    yield from _days(text)
    if not allergies:
        yield from _tastes(text, clause, entities)


def _about_self(text: str) -> bool:
    return bool(re.search(r"\b(?:i|i'm|im|i've|we|we're|me|my|our)\b", text)) or len(text.split()) <= 3


def _diet(text: str) -> Iterator[Fact]:
    for known, attribute in ((words.DIETS, "diet"), (words.HEALTH, "health")):
        for word, value in known.items():
            place = re.search(rf"\b{re.escape(word)}\b", text)
            if place is None or not _is_diet(text, word, place.start()):
                continue
            if words.NO_LONGER.search(text):
                yield Fact(attribute, value, "not")
            elif not words.NEGATED.search(text):
                yield Fact(attribute, value, "must" if attribute == "diet" else "has")


def _is_diet(text: str, word: str, place: int) -> bool:
    before = text[:place]
    if re.search(r"\b(?:vegan|any|something|anything|the|some|options?) $", before) and not re.search(
        r"\bi(?:'m| am)\b", before
    ):
        return False
    return bool(words.BEING.search(before)) or text.split()[0] == word


def _allergies(text: str) -> Iterator[Fact]:
    if words.NEGATED.search(text) and not words.NO_LONGER.search(text):
        return
    polarity: Polarity = "not" if words.NO_LONGER.search(text) else "never"
    named = words.ALLERGY.search(text)
    if named:
        for part in re.split(r",| and | or |&|\+", text[named.end() :]):
            value = _first(words.ALLERGENS, part)
            if value:
                yield Fact("allergy", value, polarity)
    for found in words.ALLERGY_OF.finditer(text):
        value = words.ALLERGENS.get(found.group(1)) or words.ALLERGENS.get(singular(found.group(1)))
        if value and _about_self(text):
            yield Fact("allergy", value, polarity)
    if re.search(r"\bc(?:o)?eliac\b", text):
        yield Fact("allergy", "gluten", polarity)


def _gear(text: str) -> Iterator[Fact]:
    owns = words.OWNS.search(text)
    if owns is None or re.search(
        r"\b(?:don't|dont|do not|never|no longer|haven't|sold|broke|want|need|looking for|buy|return|order|sent"
        r"|send)\b",
        text,
    ):
        return
    if re.search(r"\b(?:bought|got)\b.*\bfor (?:my|her|his|a) ", text):
        return
    after = text[owns.start() :]
    names = sorted(
        (name for name in words.GEAR if re.search(rf"\b{re.escape(name)}s?\b", after)), key=len, reverse=True
    )
    taken = ""
    for name in names:
        if name not in taken and not re.search(rf"\bfor (?:my |a |the )?{re.escape(name)}\b(?=.*\bplease\b)", text):
            taken += f" {name}"
            yield Fact("equipment", words.GEAR[name], "has")


def _numbers(text: str) -> Iterator[Fact]:
    amount = re.search(r"[€£$]? ?(\d{1,4}(?:[.,]\d{1,2})?) ?(?:€|£|\$|euros?|pounds?|quid|dollars?|bucks?)?\b", text)
    if amount and words.BUDGET.search(text) and not words.CUPS.search(text):
        yield Fact("budget", float(amount.group(1).replace(",", ".")), "must")
    cups = words.CUPS.search(text)
    if cups and _about_self(text):
        yield Fact("cups_a_day", float(number(cups.group(1)) or 0), "has")


def _days(text: str) -> Iterator[Fact]:
    found = words.WEEKDAY.search(text)
    if found and (found.group(2) or "always" in text) and words.DELIVERY.search(text):
        against = re.search(r"\b(?:not|never|don't|no|can't|isn't|aren't|except)\b", text)
        yield Fact("delivery_day", found.group(1), "never" if against else "like")


def _tastes(text: str, clause: Clause, entities: Sequence[Entity]) -> Iterator[Fact]:
    polarity = _polarity(text)
    if polarity is None or (words.ORDERING.match(text) and polarity not in ("must", "never")):
        return
    if re.match(r"^(?:no|without) ", text) and "for me" not in text:
        return
    tastes = list(_taste_words(text))
    generic = "drinks" if tastes or entities else ""
    covered = " ".join(word for word, _ in tastes)
    named = False
    for entity in entities:
        said = clause.text_of(entity)
        if entity["entity"] not in words.TASTED or entity.get("role") == "from" or entity["value"] in ("none", generic):
            continue
        if (
            words.GENERIC.fullmatch(said)
            or re.search(rf"\b{re.escape(said)}\b", covered)
            or re.search(rf"{said} (?:fan|lover)", text)
        ):
            continue
        named = True
        yield Fact(entity["entity"], str(entity["value"]), polarity)
    for word, value in tastes:
        if not (named and word in words.WEAK) and not (len(tastes) > 1 and word in words.WEAK):
            yield Fact("taste", value, polarity)


def _taste_words(text: str) -> Iterator[tuple[str, str]]:
    """Words of taste with their values, the longest first, none inside another."""
    taken = ""
    for word in sorted(words.TASTES, key=len, reverse=True):
        if (
            word not in taken
            and re.search(rf"\b{re.escape(word)}\b", text)
            and not re.search(rf"\b{re.escape(word)} (?:milk|syrup)\b", text)
        ):
            taken += f" {word}"
            yield word, words.TASTES[word]


def _polarity(text: str) -> Polarity | None:
    """The strongest thing that the words say; a negated dislike says nothing."""
    if re.search(
        r"\b(?:don't|dont|do not|didn't) (?:\w+ )?(?:mind|hate|dislike|care|know|remember|forget)\b(?! for)", text
    ):
        return None
    if words.DISLIKE.search(text):
        return "dislike"
    if words.NEVER.search(text):
        return "never"
    if words.MUST.search(text):
        return "must"
    return "like" if words.LIKE.search(text) else None


def _first(known: dict[str, str], text: str) -> str | None:
    """The longest of `known` words in `text`, as its value."""
    for word in sorted(known, key=len, reverse=True):
        if re.search(rf"\b{re.escape(word)}\b", text):
            return known[word]
    return None

"""What customers tell of themselves: tastes, musts and nevers, diet, allergies, gear, budget, delivery day.

Pure: a text and its entities in, facts out. Only what is said plainly, of oneself and for good is `lasting`: what is
asked, supposed, quoted, meant for today or as a joke, or said of somebody else never is, and most of it is no fact.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.rasa.nlu import fact_values as values
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
    said = words.THEN_ASKED.sub(r"\1;", said)
    gift = bool(words.GIFT.search(said.lower()))
    spoken_of: str | None = None
    topic: Clause | None = None
    last: list[Fact] = []
    found: dict[tuple[str, str], Fact] = {}
    for clause in _clauses(said):
        holder = _holder(clause.text, spoken_of)
        spoken_of = holder if holder != SELF else spoken_of
        told = list(_of_clause(clause, holder, _inside(clause, entities), gift=gift))
        if not told and topic and _takes_up(clause):
            link = "is " if words.VERDICT.match(clause.text) else ""
            said_of_it = words.FIRST_LEFT_OUT.sub(r"\1i ", clause.text)
            both = replace(clause, start=topic.start, text=f"{topic.text} {link}{said_of_it}")
            told = list(_of_clause(both, holder, _inside(both, entities), gift=gift))
        if not told and last:
            told = list(_listed(clause, last[-1], _inside(clause, entities)))
        if not words.LEFT_NAMED.fullmatch(clause.text):
            topic, last = (clause if _bare(clause, _inside(clause, entities)) else None), told
        for fact in told:
            found.setdefault((fact.attribute, str(fact.value)), fact)
    return list(found.values())


def _inside(clause: Clause, entities: Sequence[Entity]) -> list[Entity]:
    return [e for e in entities if clause.start <= e["start"] and e["end"] <= clause.end]


def _bare(clause: Clause, entities: Sequence[Entity]) -> bool:
    """Does the clause name something and say nothing of it: "almond milk?", "and sesame"?"""
    rest = f" {clause.text} "
    for word in [clause.text_of(e) for e in entities] or sorted(
        (word for word in {**values.TASTES, **values.ALLERGENS} if word in rest), key=len, reverse=True
    ):
        rest = rest.replace(f" {word} ", "  ").replace(f" {word}s ", "  ")
    return rest.strip() != clause.text and not words.JOINING.sub(" ", rest).strip()


def _takes_up(clause: Clause) -> bool:
    """Is the clause about what was named just before: "can't stand it", "disgusting"?"""
    return not clause.asked and bool(words.TAKEN_UP.search(clause.text))


def _listed(clause: Clause, last: Fact, entities: Sequence[Entity]) -> Iterator[Fact]:
    """What a bare clause adds to the last fact: "allergic to soy, eggs and sesame", "I hate vanilla, caramel ..."."""
    if clause.asked or not _bare(clause, entities):
        return
    if last.attribute == "allergy":
        named = (_first(values.ALLERGENS, part) for part in words.LISTED.split(clause.text))
        yield from (replace(last, value=value) for value in named if value)
    elif last.attribute in words.TASTED and entities and all(e["entity"] == last.attribute for e in entities):
        yield from (replace(last, value=str(e["value"])) for e in entities if e["value"] != "none")


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
            asked = rest.endswith("?") or bool(words.QUESTION.match(piece) and not words.CANNOT.match(piece))
            yield Clause(start, end, piece, lower[sentence_start:sentence_end].strip(), asked, lower)
        start = border.end() if border else end


def _holder(clause: str, spoken_of: str | None) -> str:
    """Whom the clause is about: its subject, not somebody merely named in it."""
    other = words.OTHER.search(clause)
    first = re.search(r"\b(?:i|i'm|im|i've|i'd|i'll|we|we're)\b", clause)
    if other and (first is None or other.start() < first.start()):
        named = next(group for group in other.groups() if group)
        return words.CALLED.get(named, named)
    if first is None and spoken_of and words.PRONOUN.search(clause):
        return spoken_of
    return SELF


def _of_clause(clause: Clause, holder: str, entities: Sequence[Entity], *, gift: bool) -> Iterator[Fact]:
    text = words.FIRST_LEFT_OUT.sub(r"\1i ", clause.text) if holder == SELF else clause.text
    if clause.asked or _supposed(clause) or _joke(clause):
        return
    reported = words.SAID.search(text) and not words.I_SAID.search(text)
    if reported or (holder == SELF and words.PRONOUN.match(text)):
        return
    text = words.CAN_DO_WITHOUT.sub("i like", text)
    lasting = (
        holder == SELF
        and not gift
        and not words.NOW.search(text)
        and not words.NOW.search(clause.sentence.split(",")[-1])
    )
    if holder != SELF:
        text = _first_person(text)
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


def _first_person(text: str) -> str:
    """Somebody's statement in the first person, so that one set of patterns serves: "my wife hates" -> "i hate"."""
    other = words.OTHER.search(text)
    if other:
        rest = words.CALLED_BY_NAME.sub("", text[other.end() :])
        is_of = re.match(r"(?:'s)? (?:\w+ )?(?:allerg(?:y|ies)|favou)", rest)
        belongs = other.group().endswith("'s")
        text = "i" + (re.sub(r"^'s", "", rest) if is_of else f"'s{rest}" if belongs else rest)
    text = re.sub(r"^(?:and |but |because |cos |as |since |so )*(?:she|he|they)\b", "i", text)
    text = re.sub(r"^i(?:'s| is|'re| are)\b", "i am", text)
    text = re.sub(r"\bdoes(n't| not)\b", r"do\1", text)
    text = re.sub(r"\b(?:her|him|them)(?: too)?$", "me", text)
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
    yield from _numbers(text, clause, entities)
    days = list(_days(text))
    yield from days
    if not allergies and not days:
        yield from _tastes(text, clause, entities)


def _about_self(text: str) -> bool:
    return bool(re.search(r"\b(?:i|i'm|im|i've|we|we're|me|my|our)\b", text)) or len(text.split()) <= 3


def _diet(text: str) -> Iterator[Fact]:
    for known, attribute in ((values.DIETS, "diet"), (values.HEALTH, "health")):
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
    after = text[place + len(word) :]
    return bool(
        words.BEING.search(before)
        or words.DIET_OF.match(after)
        or (word in values.HEALTH and re.search(r"\bmy (?:\w+ )?$", before))
        or (not word.endswith(("vegans", "vegetarians")) and words.FIRST_SAID.fullmatch(before))
    )


def _allergies(text: str) -> Iterator[Fact]:
    if words.NEGATED.search(text) and not words.NO_LONGER.search(text):
        return
    polarity: Polarity = "not" if words.NO_LONGER.search(text) else "never"
    named = words.ALLERGY.search(text)
    if named:
        for part in words.LISTED.split(text[named.end() :]):
            value = _first(values.ALLERGENS, part)
            if value:
                yield Fact("allergy", value, polarity)
    for found in words.ALLERGY_OF.finditer(text):
        value = values.ALLERGENS.get(found.group(1)) or values.ALLERGENS.get(singular(found.group(1)))
        value = value or _first(values.ALLERGENS, found.group(1))
        if value and (_about_self(text) or words.ALLERGY_HERE.search(text)):
            yield Fact("allergy", value, polarity)
    if words.HARMS.search(text):
        value = _first(values.ALLERGENS, text)
        if value:
            yield Fact("allergy", value, polarity)
    if re.search(r"\bc(?:o)?eliac(?:s|'s)?\b", text):
        yield Fact("allergy", "gluten", polarity)


def _gear(text: str) -> Iterator[Fact]:
    owns = words.OWNS.search(text)
    if owns is None or words.BUYING.search(text):
        mine = re.search(r"\b(?:need|want|looking for|beans|filters?|grinder)\b.*\bfor (?:my|our) (?=\w)", text)
        if mine is None:
            return
        text = text[mine.end() - 3 :]
        owns = re.match("", text)
    if owns is None or re.search(r"\b(?:bought|got)\b.*\bfor (?:my|her|his|a) ", text):
        return
    after = text[owns.start() :]
    names = sorted(
        (name for name in values.GEAR if re.search(rf"\b{re.escape(name)}s?\b", after)), key=len, reverse=True
    )
    taken = ""
    for name in names:
        if name not in taken and not re.search(rf"\bfor (?:my |a |the )?{re.escape(name)}\b(?=.*\bplease\b)", text):
            taken += f" {name}"
            yield Fact("equipment", values.GEAR[name], "has")


def _numbers(text: str, clause: Clause, entities: Sequence[Entity]) -> Iterator[Fact]:
    amount = _amount(clause, entities)
    if amount and words.BUDGET.search(text) and not words.CUPS.search(text) and not words.SHOW_ME.match(text):
        yield Fact("budget", amount, "must")
    cups = words.CUPS.search(text)
    if cups and _about_self(text):
        yield Fact("cups_a_day", float(number(cups.group(1)) or 0), "has")


def _amount(clause: Clause, entities: Sequence[Entity]) -> float | None:
    """Money that is named, else a number where money is spoken of."""
    money = next((e for e in entities if e["entity"] == "money"), None)
    if money:
        return float(money["value"])
    figure = words.AMOUNT.search(clause.text)
    if figure:
        return float(figure.group(1).replace(",", "."))
    spelt = words.SPELT.search(clause.text)
    said = number(spelt.group(1)) if spelt else None
    return float(said) if said else None


def _days(text: str) -> Iterator[Fact]:
    found = words.WEEKDAY.search(text)
    often = found and (found.group(2) or words.EACH_WEEK.search(text))
    if found and often and words.DELIVERY.search(text) and not words.NO_DELIVERY_DAY.search(text):
        yield Fact("delivery_day", found.group(1), "never" if words.DAY_AGAINST.search(text) else "like")


def _tastes(text: str, clause: Clause, entities: Sequence[Entity]) -> Iterator[Fact]:
    polarity = _polarity(text)
    if polarity is None or (
        words.ORDERING.match(text) and polarity not in ("must", "never") and not words.STATES.search(text)
    ):
        return
    if (
        re.match(r"^(?:no|without) ", text)
        and not re.search(r"\bfor me\b", text)
        and not words.FOR_A_WHILE.search(text)
    ):
        return
    over = words.OVER.search(text)
    tastes = list(_taste_words(re.sub(r"\btoo \w+", "", text) if entities else text[: over.end()] if over else text))
    generic = "drinks" if tastes or entities else ""
    covered = " ".join(word for word, _ in tastes if word != "cinnamon")
    named = False
    cut = words.OVER.search(clause.source, clause.start, clause.end)
    others = {e["entity"] for e in entities} & {"milk", "syrup"}
    said_of = ""
    for entity in entities:
        before = clause.source[clause.start : entity["start"]]
        if entity["entity"] == "fulfilment" and len(entities) > 1:
            continue
        if (cut and entity["start"] >= cut.end()) or (
            others and entity["entity"] == "product" and words.WITHIN.search(before)
        ):
            continue
        said = clause.text_of(entity)
        if (
            entity["entity"] not in words.TASTED
            or entity.get("role") == "from"
            or entity["value"] in words.NO_TASTE | {generic}
        ):
            continue
        if (
            words.GENERIC.fullmatch(said)
            or re.search(rf"\b{re.escape(said)}\b", covered)
            or re.search(rf"{said} (?:fan|lover)", text)
        ):
            continue
        named = True
        said_of += f" {said}"
        yield Fact(entity["entity"], str(entity["value"]), polarity)
    for word, value in tastes:
        if re.search(rf"\b{re.escape(word)}\b", said_of) or (word == "coffee" and "my coffee" in text):
            continue
        if not (named and word in words.WEAK) and not (len(tastes) > 1 and word in words.WEAK):
            yield Fact("temperature" if value in ("hot", "iced") else "taste", value, polarity)


def _taste_words(text: str) -> Iterator[tuple[str, str]]:
    """Words of taste with their values, the longest first, none inside another."""
    taken = ""
    for word in sorted(values.TASTES, key=len, reverse=True):
        if (
            word not in taken
            and re.search(rf"\b{re.escape(word)}\b", text)
            and not re.search(rf"\b{re.escape(word)} (?:milk|syrup)\b", text)
            and (not word.startswith("syrup") or words.PLAIN_SYRUP.search(text))
        ):
            taken += f" {word}"
            yield word, values.TASTES[word]


def _polarity(text: str) -> Polarity | None:
    """The strongest thing that the words say; a negated dislike says nothing."""
    if re.search(
        r"\b(?:don't|dont|do not|didn't) (?:\w+ )?(?:mind|hate|dislike|care|know|remember|forget)\b(?! for)", text
    ):
        return None
    if words.COMPLAINT.search(text) or words.THE_ONE_CUP.search(text) or words.NOT_TASTE.search(text):
        return None
    text = re.sub(r"\balways (?=been|loved|liked|preferred|enjoyed|hated|disliked|had a)", "", text)
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

"""The clauses of a message, and what of each must not be taken for a fact: questions, suppositions, jokes, hearsay.

Pure. These are rules, not learned: a fact wrongly kept of what was only asked or quoted is worse than one missed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.rasa.nlu import fact_words as words
from bot.rasa.nlu import people
from bot.rasa.nlu.fact import SELF
from bot.rasa.nlu.words import straight

_FIRST = re.compile(r"\b(?:i|i'm|im|i've|i'd|i'll|we|we're|my)\b")


@dataclass(frozen=True)
class Clause:
    """A stretch that states one thing, and the sentence that it stands in."""

    start: int
    end: int
    text: str
    sentence: str

    def states(self) -> bool:
        """Is it said as it is: not asked, supposed, joked, or told by others?"""
        asked = words.QUESTION.match(self.text) and not words.CANNOT.match(self.text)
        hearsay = words.SAID.search(self.text) and not words.I_SAID.search(self.text)
        return not (asked or hearsay or words.NOT_MINDED.search(self.text) or self._supposed() or self._joke())

    def passing(self) -> bool:
        """Is it said for today alone, or for one order?"""
        return bool(words.NOW.search(self.text) or words.NOW.search(self.sentence.split(",")[-1]))

    def _supposed(self) -> bool:
        return bool(
            words.SUPPOSED.search(words.WONT.sub("i never", self.text))
            or re.match(r"^(?:if|suppose|imagine|what if|unless|when i(?:'m| am) )\b", self.sentence)
        )

    def _joke(self) -> bool:
        loved = re.search(r"\b(?:love|adore|enjoy)\b", self.text)
        return bool(words.JOKE.search(self.sentence) or (loved and words.COMPLAINED.search(self.text)))


def said(text: str) -> str:
    """The text as facts are looked for in it: in lower case, with what is quoted left blank, and as long as it was."""
    lower = straight(text).lower()
    lower = lower if len(lower) == len(text) else straight(text)
    return words.THEN_ASKED.sub(r"\1;", words.QUOTED.sub(lambda quoted: " " * len(quoted.group()), lower))


def split(text: str) -> Iterator[Clause]:
    """The clauses of a text made by `said`, in order."""
    start = 0
    for border in [*words.SPLIT.finditer(text), None]:
        end = border.start() if border else len(text)
        if re.search(r"\w", text[start:end]):
            stop = re.search(r"[.!?\n]", text[end:])
            sentence_end = end + stop.start() if stop else len(text)
            sentence_start = max(text.rfind(mark, 0, start) for mark in ".!?\n") + 1
            yield Clause(start, end, text[start:end].strip(), text[sentence_start:sentence_end].strip())
        start = border.end() if border else end


def holder(clause: Clause, spoken_of: str | None) -> str | None:
    """Whom the clause is about: its subject, not somebody merely named in it. None: somebody unknown, "she"."""
    other = people.OTHER.search(clause.text)
    first = _FIRST.search(clause.text)
    if other and (first is None or other.start() <= first.start()):
        named = next(group for group in other.groups() if group)
        return people.CALLED.get(named, named)
    if words.PRONOUN.match(clause.text) or (first is None and words.PRONOUN.search(clause.text)):
        return spoken_of
    return SELF

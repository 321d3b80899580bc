"""Facts on LAPS, dialogues of recipes whose preferences people wrote down: a proxy, since the shop sells none of it.

The shop's extractor is given the words of that world: the short values annotated in the training file, as if they were
products. What is measured is what it makes of sentences around them. Gold is what a session's annotation says is liked
or disliked (allergies too), as far as the value is such a word and the customer wrote it in that session.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bot.rasa.nlu import facts
from bot.rasa.nlu.words import plain, singular

LIKED = ("ingredient_like", "cuisine_like", "dish_like")
DISLIKED = ("ingredient_dislike", "cuisine_dislike", "dish_dislike", "allergies")
POLARITY = {"like": "+", "must": "+", "dislike": "-", "never": "-"}
# Values that name no thing.
NOTHING = re.compile(r"\b(?:no|none|not|any|anything|everything|nothing|something|preferences?|allergies|food|foods)\b")
LONGEST_TERM = 2
Told = set[tuple[str, str]]


def measure(data: Path) -> dict[str, Any]:
    """Precision and recall on the validation file with the training file's words, and on the training file itself."""
    train = _sessions(data / "laps" / "recipe_dataset_train.json")
    words = {term for session in train for term in _terms(session["preferences"])}
    unseen = _sessions(data / "laps" / "recipe_dataset_val.json")
    return {"words": len(words), "train": _score(train, words), "validation": _score(unseen, words)}


def _score(sessions: list[dict[str, Any]], words: set[str]) -> dict[str, float | int]:
    pattern = _pattern(words)
    right = found = gold = reversed_ = 0
    for session in sessions:
        said = [turn["message"] for turn in session["dialogue"] if turn["role"] == "User"]
        mentioned = {_key(match.group()) for text in said for match in pattern.finditer(plain(text))}
        wanted = {pair for pair in _gold(session["preferences"]) if pair[0] in mentioned}
        told = {pair for text in said for pair in _told(text, pattern)}
        other = {(term, "-" if sign == "+" else "+") for term, sign in wanted} - wanted
        right, found, gold = right + len(wanted & told), found + len(told), gold + len(wanted)
        reversed_ += len(told & other)
    return {
        "sessions": len(sessions),
        "gold": gold,
        "found": found,
        "precision": round(right / found, 3),
        "recall": round(right / gold, 3),
        "polarity_right": round(right / (right + reversed_), 3),
    }


def _told(text: str, pattern: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    lower = plain(text)
    if len(lower) != len(text):
        text = lower
    entities = [
        {"entity": "product", "value": _key(match.group()), "start": match.start(), "end": match.end()}
        for match in pattern.finditer(lower)
    ]
    for fact in facts.find(text, entities=entities):
        if fact.polarity in POLARITY and fact.holder == facts.SELF:
            yield _key(str(fact.value)), POLARITY[fact.polarity]


def _gold(preferences: Mapping[str, Any]) -> Told:
    signs = [*((name, "+") for name in LIKED), *((name, "-") for name in DISLIKED)]
    return {(term, sign) for name, sign in signs for term in _values(preferences.get(name, ()))}


def _terms(preferences: Mapping[str, Any]) -> set[str]:
    return {term for term, _ in _gold(preferences)}


def _values(values: Any) -> Iterator[str]:
    for value in values:
        term = _key(str(value))
        if 1 <= len(term.split()) <= LONGEST_TERM and not NOTHING.search(term):
            yield term


def _key(text: str) -> str:
    return " ".join(singular(word) for word in re.findall(r"[^\W\d_]+", plain(text)))


def _pattern(words: set[str]) -> re.Pattern[str]:
    alternatives = sorted((re.escape(word) for word in words), key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(alternatives)})(?:e?s)?\b")


def _sessions(path: Path) -> list[dict[str, Any]]:
    return [session for person in json.loads(path.read_text(encoding="utf-8")) for session in person["sessions"]]

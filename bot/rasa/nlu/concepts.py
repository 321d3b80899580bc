"""What the words of a message are about, the same in every language: "no quiero más correos" is neg want more mail.

The words are data (`data/nlu/concepts`, one file a language); slips of spelling are forgiven. A classifier that sees
concepts beside words knows a refusal in Polish by what it learned from one in English. Pure, microseconds a message.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import yaml
from rapidfuzz.distance import OSA

from bot.rasa.nlu.chinese import fold
from bot.rasa.nlu.words import COMMON_WORDS, plain

# Scripts written without spaces are searched for words at each character.
_TOKEN = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff]+|\b(?:qu|[cdjlmnst])'(?=[^\W_]{2})|(?:(?![\u3040-\u30ff\u3400-\u9fff])[^\W_])+"
    r"(?:'[^\W_]+)*|\?"
)
_HYPHENED = re.compile(r"\b(e|opt)-(?=[a-z])")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_ARABIC = re.compile(r"[\u0600-\u06ff]")
_ARABIC_PREFIX = re.compile(r"^(?:[وف])?(?:[بلك])?(?:ال)?")
_LETTERS = str.maketrans({"ł": "l", "ı": "i", "ß": "s", "ø": "o", "æ": "a", "أ": "ا", "إ": "ا", "آ": "ا", "ى": "ي"})
LONGEST_PHRASE = 4
# A slip is forgiven in words of at least this length; shorter ones are too near to each other.
SHORTEST_SLIP = 6
SHORTEST_STEM = 2
REMEMBERED = 20_000


class Concepts:
    """The words of all languages by concept."""

    def __init__(self, words: Mapping[str, Iterable[str]]) -> None:
        """`words`: for each concept its words; `stem*` stands for all that begin so, `*ending` for all that end so."""
        self.words = {concept: list(some) for concept, some in words.items()}
        self._exact: dict[str, list[str]] = {}
        self._stems: dict[str, list[str]] = {}
        self._endings: dict[str, list[str]] = {}
        self._signs: dict[str, list[str]] = {}
        self._seen: dict[str, tuple[str, ...]] = {}
        for concept, some in self.words.items():
            for word in some:
                self._learn(concept, simple(word))
        self._longest_sign = max(map(len, self._signs), default=0)
        self._by_initial: dict[str, list[str]] = {}
        for word in sorted({*self._exact, *self._stems}):
            if len(word) >= SHORTEST_SLIP and word.isascii() and word.isalpha():
                self._by_initial.setdefault(word[0], []).append(word)

    def _learn(self, concept: str, word: str) -> None:
        place = self._exact
        if _UNSPACED.search(word):
            place = self._signs
        elif word.startswith("*"):
            place, word = self._endings, word[1:]
        elif word.endswith("*"):
            place, word = self._stems, word[:-1]
        known = place.setdefault(word, [])
        if concept not in known:
            known.append(concept)

    def only(self, text: str, allowed: frozenset[str]) -> bool:
        """Is every word of `text` about nothing but `allowed`? Never so in scripts without spaces."""
        tokens = _TOKEN.findall(simple(text))
        return bool(tokens) and not _UNSPACED.search(text) and all(allowed & set(self._word(token)) for token in tokens)

    def of(self, text: str) -> list[tuple[str, ...]]:
        """The concepts of `text` in order of place; a word may have several."""
        tokens = _TOKEN.findall(_HYPHENED.sub(_joined, simple(text)))
        found: list[tuple[str, ...]] = []
        place = 0
        while place < len(tokens):
            for length in range(min(LONGEST_PHRASE, len(tokens) - place), 0, -1):
                concepts = self._phrase(tokens[place : place + length])
                if concepts:
                    found += concepts
                    break
            place += length
        return found

    def _phrase(self, tokens: Sequence[str]) -> list[tuple[str, ...]]:
        if len(tokens) > 1:
            known = self._exact.get(" ".join(tokens))
            return [tuple(known)] if known else []
        token = tokens[0]
        if _UNSPACED.match(token):
            return self._scan(token)
        if token == "?":
            return [("q",)]
        if token not in self._seen:
            if len(self._seen) > REMEMBERED:
                self._seen.clear()
            self._seen[token] = self._word(token)
        return [self._seen[token]] if self._seen[token] else []

    def _scan(self, row: str) -> list[tuple[str, ...]]:
        found = []
        place = 0
        while place < len(row):
            for length in range(min(self._longest_sign, len(row) - place), 0, -1):
                known = self._signs.get(row[place : place + length])
                if known:
                    found.append(tuple(known))
                    break
            place += length
        return found

    def _word(self, token: str) -> tuple[str, ...]:
        found = self._exact.get(token) or self._stem(token)
        if not found and _ARABIC.match(token):
            bare = _ARABIC_PREFIX.sub("", token)
            found = self._exact.get(bare) or self._stem(bare)
        ends = [c for size in range(2, 7) for c in self._endings.get(token[-size:], ()) if len(token) > size + 1]
        if not found and not ends:
            found = self._slip(token)
        return tuple(dict.fromkeys([*found, *ends]))

    def _stem(self, token: str) -> list[str]:
        for size in range(len(token), SHORTEST_STEM - 1, -1):
            known = self._stems.get(token[:size])
            if known:
                return known
        return []

    def _slip(self, token: str) -> list[str]:
        if len(token) < SHORTEST_SLIP or not token.isalpha():
            return []
        for word in self._by_initial.get(token[0], ()):
            said = token[: len(word) + 1] if word in self._stems and len(token) > len(word) + 1 else token
            if abs(len(said) - len(word)) <= 1 and OSA.distance(said, word, score_cutoff=1) <= 1:
                return self._exact.get(word) or self._stems[word]
        return []

    def features(self, text: str) -> list[str]:
        """What a classifier sees: each concept, each run of two or three, and each pair in its order."""
        row = ["+".join(concepts) for concepts in self.of(text)]
        row = [one for place, one in enumerate(row) if not place or one != row[place - 1]]
        ends = ["<", *row, ">"]
        runs = [" ".join(ends[i : i + size]) for size in (2, 3) for i in range(len(ends) - size + 1)]
        single = sorted({concept for some in row for concept in some.split("+")})
        flat = [concept for some in row for concept in some.split("+")]
        pairs = {f"{a}~{b}" for i, a in enumerate(flat) for b in flat[i + 1 :] if a != b}
        return [*single, *runs, *sorted(pairs), f"#{min(len(row), 6)}"]


def _joined(found: re.Match[str]) -> str:
    """An e-mail is one word, an opt-out two."""
    return found[1] if found[1] == "e" else f"{found[1]} "


def simple(text: str) -> str:
    """Plain, Traditional characters as Simplified, and letters that some type without their marks as those."""
    return fold(plain(text)).translate(_LETTERS)


def load(folder: Path) -> Concepts:
    """The concepts in `folder`/*.yml: for each concept its words, separated by commas."""
    words: dict[str, list[str]] = {}
    for path in sorted(folder.glob("*.yml")):
        for concept, row in (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).items():
            some = [word.strip() for word in str(row).split(",")]
            # What is an ordinary word in English ("the" is tea in French without its accent) is read as that.
            words.setdefault(str(concept), []).extend(
                word for word in some if word and (path.stem == "en" or plain(word) not in COMMON_WORDS)
            )
    return Concepts(words)

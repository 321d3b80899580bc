"""The spaCy pipeline that finds the shop's own words in a message, built from the catalogue's vocabulary.

A blank tokenizer, `shop_words` (which gives each token the vocabulary's word it stands for: plural, slip of spelling),
and spaCy's entity ruler on those words. It loads in milliseconds, has no statistical part and knows no word that the
catalogue does not have. Rasa's `SpacyNLP` loads it by path.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import spacy
import yaml
from rapidfuzz.distance import OSA
from spacy.language import Language
from spacy.tokens import Doc

from bot.rasa.nlu.chinese import fold
from bot.rasa.nlu.words import COMMON_WORDS, plain, singular

# A slip is looked for in words of at least this length: shorter ones are too near to each other.
SHORTEST_SLIP = 5
# From this length on two slips are forgiven.
TWO_SLIPS = 8


class TermLike(Protocol):
    """An entity value and the phrases that mean it, as the catalogue gives them."""

    @property
    def entity(self) -> str: ...
    @property
    def value(self) -> str: ...
    @property
    def phrases(self) -> tuple[str, ...]: ...


def build(vocabulary: Iterable[TermLike], path: Path, *, language: str = "en") -> Language:
    """Build the pipeline for `vocabulary`, write it to `path` and return it."""
    nlp = assemble(vocabulary, language=language)
    path.mkdir(parents=True, exist_ok=True)
    nlp.to_disk(path)
    return nlp


@dataclass(frozen=True)
class Term:
    """An entity value with phrases of another language."""

    entity: str
    value: str
    phrases: tuple[str, ...]


def terms(folder: Path) -> Iterator[Term]:
    """Words of other languages for catalogue ids, from `folder`/*.yml: entity, value, phrases."""
    for path in sorted(folder.glob("*.yml")):
        for entity, values in yaml.safe_load(path.read_text(encoding="utf-8")).items():
            for value, phrases in values.items():
                yield Term(str(entity), str(value), tuple(str(phrase) for phrase in phrases))


def assemble(vocabulary: Iterable[TermLike], *, language: str = "en") -> Language:
    """The pipeline in memory; the first term that claims a phrase keeps it."""
    terms = list(vocabulary)
    nlp = spacy.blank(language)
    # Chinese has no spaces: each character is a token, and a word of the shop is a row of them.
    infixes = [*(nlp.Defaults.infixes or ()), r"[\u3400-\u9fff]"]
    nlp.tokenizer.infix_finditer = spacy.util.compile_infix_regex(infixes).finditer  # type: ignore[union-attr]
    words = nlp.add_pipe("shop_words")
    assert isinstance(words, ShopWords)
    words.learn(word.text for t in terms for p in t.phrases for word in nlp.tokenizer(p))
    ruler = nlp.add_pipe("entity_ruler", config={"phrase_matcher_attr": "NORM"})
    ruler.add_patterns(_patterns(terms))  # type: ignore[attr-defined]
    return nlp


def _patterns(terms: list[TermLike]) -> list[dict[str, str]]:
    claimed: dict[str, dict[str, str]] = {}
    for term in terms:
        for phrase in term.phrases:
            claimed.setdefault(phrase, {"label": term.entity, "pattern": phrase, "id": term.value})
    return list(claimed.values())


class ShopWords:
    """Sets each token's norm to the word of the shop it stands for, else to its own plain form."""

    def __init__(self) -> None:
        self._words: frozenset[str] = frozenset()
        self._by_initial: dict[str, list[str]] = {}
        self._seen: dict[str, str] = {}

    def __call__(self, doc: Doc) -> Doc:
        for token in doc:
            token.norm_ = self.word(token.text)
        return doc

    def learn(self, words: Iterable[str]) -> None:
        """Take these words as the shop's."""
        self._words = frozenset(singular(fold(plain(word))) for word in words)
        self._by_initial = {}
        for word in sorted(self._words):
            if len(word) >= SHORTEST_SLIP and word.isalpha():
                self._by_initial.setdefault(word[0], []).append(word)
        self._seen = {}

    def word(self, text: str) -> str:
        """The shop's word that `text` means, or its own plain form."""
        lower = fold(plain(text))
        if lower not in self._seen:
            if len(self._seen) > 20_000:
                self._seen.clear()
            self._seen[lower] = self._look_up(lower)
        return self._seen[lower]

    def _look_up(self, lower: str) -> str:
        stem = singular(lower)
        known = stem in self._words or lower in COMMON_WORDS or stem in COMMON_WORDS
        if known or len(stem) < SHORTEST_SLIP or not stem.isalpha():
            return stem
        allowed = 2 if len(stem) >= TWO_SLIPS else 1
        near = [(OSA.distance(stem, word, score_cutoff=allowed), word) for word in self._by_initial.get(stem[0], ())]
        near = [pair for pair in near if pair[0] <= allowed]
        return min(near)[1] if near else stem

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        return json.dumps(sorted(self._words)).encode()

    def from_bytes(self, stored: bytes, *, exclude: Iterable[str] = ()) -> ShopWords:
        self.learn(json.loads(stored))
        return self

    def to_disk(self, path: Path | str, *, exclude: Iterable[str] = ()) -> None:
        Path(path).with_suffix(".json").write_bytes(self.to_bytes())

    def from_disk(self, path: Path | str, *, exclude: Iterable[str] = ()) -> ShopWords:
        return self.from_bytes(Path(path).with_suffix(".json").read_bytes())


def _make_shop_words(nlp: Language, name: str) -> Callable[[Doc], Doc]:
    return ShopWords()


Language.factory("shop_words", func=_make_shop_words)

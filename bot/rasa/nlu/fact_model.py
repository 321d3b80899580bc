"""The trained part of finding facts: how something is told of what a message names, if at all.

A regression on the words around each mention, learned from data/nlu/telling and from what customers say without telling
anything. From which chance on something counts as told is chosen by cross-validation on these alone. Works on words, so
that it costs the same with and without sentence embeddings. Stored as plain arrays and JSON.

`fact_examples.ExamplesError` where there is nothing to learn from.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from bot.offering import catalogue_files
from bot.rasa.nlu import fact_examples, pipeline
from bot.rasa.nlu.entities import extract
from bot.rasa.nlu.fact_examples import NOTHING, Example
from bot.rasa.nlu.fact_features import features, masked
from bot.rasa.nlu.fact_mentions import Mention
from bot.rasa.nlu.grams import Analyse, Grams
from bot.rasa.nlu.model import Sparse
from bot.rasa.nlu.typed import EPOCH

logger = logging.getLogger(__name__)
# What is learned depends on this code beside the examples.
CODE = ("fact*.py", "people.py", "model.py", "grams.py")
# The inverse regularisation; 10 to 60 are within a point of each other.
STRENGTH = 20.0
FOLDS = 5
# How much less it matters to find a fact than to be right about it: the beta of the F-measure that chooses the limit.
BETA = 0.5
LIMITS = np.linspace(0.3, 0.95, 14)
NAME = "facts"


@dataclass(frozen=True)
class FactModel:
    """Tells for mentions in which way something is told of each. `limit`: the least chance that anything is."""

    ways: tuple[str, ...]
    words: Sparse
    limit: float

    @classmethod
    def fit(cls, examples: Sequence[Example]) -> FactModel:
        """Learn from examples, and choose the limit on those left out in turn."""
        analyse = lru_cache(maxsize=None)(features)  # Each text is read once for every fold.
        model = _fit(examples, analyse)
        return cls(model.ways, model.words, _limit(examples, analyse))

    def ways_of(self, text: str, mentions: Sequence[Mention]) -> list[str | None]:
        """The likeliest way in which something is told of each mention, or None. `text`: as `fact_clauses.said`."""
        return [way if chance >= self.limit else None for way, chance in self.likeliest(text, mentions)]

    def likeliest(self, text: str, mentions: Sequence[Mention]) -> list[tuple[str, float]]:
        """For each mention the likeliest way, and the chance that anything is told of it."""
        if not mentions:
            return []
        texts = [masked(text, mentions, place) for place in range(len(mentions))]
        rows = softmax(self.words.logits(texts), axis=1)
        return [self._likeliest(mention, row) for mention, row in zip(mentions, rows, strict=True)]

    def _likeliest(self, mention: Mention, row: NDArray[np.float64]) -> tuple[str, float]:
        shares = dict(zip(self.ways, map(float, row), strict=True))
        told = {way: share for way, share in shares.items() if mention.fact(way)}
        if not told:
            return NOTHING, 0.0
        return max(told, key=lambda way: told[way]), sum(told.values()) / (sum(told.values()) + shares[NOTHING])

    def save(self, folder: Path) -> None:
        """Write plain arrays and JSON into `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(folder / f"{NAME}.npz", **self.words.arrays())
        rest = {"ways": self.ways, "limit": self.limit, "vocabularies": self.words.vocabularies()}
        (folder / f"{NAME}.json").write_text(json.dumps(rest, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> FactModel:
        """What `save` wrote."""
        rest = json.loads((folder / f"{NAME}.json").read_text(encoding="utf-8"))
        with np.load(folder / f"{NAME}.npz", allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        words = Sparse.restore(arrays, rest["vocabularies"], _blocks())
        return cls(tuple(rest["ways"]), words, float(rest["limit"]))


def _blocks(analyse: Analyse = features) -> dict[str, Grams]:
    return {"around": Grams(analyse, least=2)}


def _fit(examples: Sequence[Example], analyse: Analyse) -> FactModel:
    told = [(masked(e.text, e.mentions, n), way) for e in examples for n, way in enumerate(e.ways)]
    ways = tuple(sorted({way for _, way in told}))
    numbers = np.array([ways.index(way) for _, way in told])
    return FactModel(ways, Sparse(_blocks(analyse), strength=STRENGTH).fit([text for text, _ in told], numbers), 0.5)


def _limit(examples: Sequence[Example], analyse: Analyse) -> float:
    """The chance from which on what is found is best, by van Rijsbergen's F, on examples that were not learned from."""
    guesses: list[tuple[str, float]] = []
    ways: list[str] = []
    for fold in range(FOLDS):
        model = _fit([example for n, example in enumerate(examples) if n % FOLDS != fold], analyse)
        for example in examples[fold::FOLDS]:
            guesses += model.likeliest(example.text, example.mentions)
            ways += example.ways
    right = np.array([guess == way for (guess, _), way in zip(guesses, ways, strict=True)])
    found = np.array([chance for _, chance in guesses])[:, None] >= LIMITS
    told = sum(way != NOTHING for way in ways)
    measure = (1 + BETA**2) * (found & right[:, None]).sum(axis=0) / (found.sum(axis=0) + BETA**2 * told)
    return float(LIMITS[measure.argmax()])


def open_model(data: Path, models: Path) -> FactModel:
    """The model for the examples in `data`/nlu and the shop's words, trained now (seconds) unless `models` holds it."""
    folder = _place(data, models)
    if (folder / f"{NAME}.json").exists():
        return FactModel.load(folder)
    words: list[pipeline.TermLike] = [
        *catalogue_files.load(data / "catalogue").vocabulary(),
        *pipeline.terms(data / "nlu" / "terms"),
    ]
    nlp = pipeline.assemble(words)
    examples = fact_examples.load(data / "nlu", entities=lambda text: extract(text, nlp=nlp, now=EPOCH))
    logger.info("Training what finds facts on %s examples ...", len(examples))
    model = FactModel.fit(examples)
    model.save(folder)
    return model


def _place(data: Path, models: Path) -> Path:
    """Where the model for the present examples and code is, or will be."""
    digest = hashlib.sha256()
    code = [path for pattern in CODE for path in sorted(Path(__file__).parent.glob(pattern))]
    for path in [
        *code,
        *fact_examples.files(data / "nlu"),
        *sorted((data / "nlu").glob("*.yml")),
        *sorted((data / "catalogue").glob("*.yml")),
    ]:
        digest.update(path.read_bytes())
    return models / f"facts-{digest.hexdigest()[:16]}"


def is_trained() -> bool:
    """Whether the process's model can be had without training."""
    from bot import settings

    told = settings.load()
    return (_place(told.data, told.models) / f"{NAME}.json").exists()


@lru_cache(maxsize=1)
def shared() -> FactModel:
    """The process's model, as the settings name its places."""
    from bot import settings

    told = settings.load()
    return open_model(told.data, told.models)

"""Linear models on words and letters, and on any other features: as plain arrays, and as fast as a turn needs them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier

from bot.rasa.nlu.chinese import fold
from bot.rasa.nlu.grams import Grams, runs_of_letters, runs_of_words
from bot.rasa.nlu.words import plain

Floats = NDArray[np.float64]
# Cross-validation of whatever is learned: how many folds, and the same ones each time.
FOLDS, SEED = 5, 7

# Scripts without spaces: each character is a word, so that word n-grams are character n-grams.
_IDEOGRAPHS = re.compile(r"([\u3040-\u30ff\u3400-\u9fff])")


def tidy(text: str) -> str:
    """What the sparse features see: plain words, figures told apart only by their length."""
    return re.sub(r"\d", "0", _IDEOGRAPHS.sub(r" \1 ", fold(plain(text))))


def word_grams() -> Grams:
    """Runs of one to three words."""
    return Grams(lambda text: runs_of_words(tidy(text)))


def letter_grams() -> Grams:
    """Runs of two to five letters within words: what slips of spelling leave whole."""
    return Grams(lambda text: runs_of_letters(tidy(text)), least=2)


class Sparse:
    """Blocks of features weighted by TF-IDF, words and letters by default, and a one-against-the-rest regression."""

    def __init__(self, blocks: Mapping[str, Grams] | None = None, *, strength: float = 10.0) -> None:
        """`strength`: the inverse regularisation."""
        self.blocks = dict(blocks or {"words": word_grams(), "letters": letter_grams()})
        self.strength = strength
        self.linear = Linear(np.zeros((0, 0)), np.zeros(0))

    def fit(self, texts: Sequence[str], labels: NDArray[np.int64]) -> Sparse:
        """Train on texts and the numbers of their classes, from 0 without gaps; itself."""
        features = csr_matrix(hstack([block.fit_transform(texts) for block in self.blocks.values()]))
        balance = "balanced" if labels.max() == 1 else None
        rest = OneVsRestClassifier(
            LogisticRegression(C=self.strength, solver="liblinear", tol=1e-2, class_weight=balance)
        )
        rest.fit(features, labels)
        self.linear = Linear(
            np.vstack([one.coef_ for one in rest.estimators_]),
            np.concatenate([one.intercept_ for one in rest.estimators_]),
        )
        return self

    def logits(self, texts: Sequence[str]) -> Floats:
        """One row a text. The same numbers as scikit-learn's own way, at a tenth of its cost for a short text."""
        return np.array([self._logits(text) for text in texts], dtype=np.float64)

    def _logits(self, text: str) -> NDArray[Any]:
        rows, weights, offset = [], [], 0
        for block in self.blocks.values():
            places, weight = block.places(text)
            rows.append(places + offset)
            weights.append(weight)
            offset += len(block)
        return np.concatenate(weights) @ self._by_feature[np.concatenate(rows)] + self.linear.bias

    @cached_property
    def _by_feature(self) -> NDArray[Any]:
        return np.ascontiguousarray(self.linear.weights.T, dtype=np.float32)

    def arrays(self) -> dict[str, Any]:
        """What `restore` takes, but for the vocabularies: weights and bias by class, and each block's weights."""
        stored = {"weights": self.linear.weights.astype(np.float32), "bias": self.linear.bias}
        return stored | {f"{name}_idf": block.idf for name, block in self.blocks.items()}

    def vocabularies(self) -> dict[str, list[str]]:
        """The features of each block, in the order of their weights."""
        return {name: block.features for name, block in self.blocks.items()}

    @classmethod
    def restore(
        cls,
        arrays: dict[str, Any],
        vocabularies: dict[str, list[str]],
        blocks: Mapping[str, Grams] | None = None,
    ) -> Sparse:
        """What `arrays` and `vocabularies` gave, with blocks of the same names as then."""
        model = cls(blocks)
        for name, block in model.blocks.items():
            block.restore(vocabularies[name], arrays[f"{name}_idf"])
        # Laid out by feature, as it is read: so `_by_feature` is no second copy.
        model.linear = Linear(np.ascontiguousarray(arrays["weights"].T).T, arrays["bias"])
        return model


@dataclass(frozen=True)
class Linear:
    """Weights and bias of a linear model, one row a class."""

    weights: NDArray[Any]
    bias: NDArray[Any]

    def logits(self, features: Any) -> Floats:
        """One row a text, one column a class (one column for two classes)."""
        return np.asarray(features @ self.weights.T) + self.bias


def wide(logits: Floats) -> Floats:
    """One column a class, also where a model of two classes gives one."""
    return np.hstack([-logits, logits]) if logits.shape[1] == 1 else logits

"""The intent model: calibrated logistic regressions on sparse and on dense features, and when to say "I don't know".

Pure scikit-learn and numpy, no Rasa. It is stored as one `.npz` of plain arrays beside one `.json`: nothing in it is
executed when it is read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix, hstack
from scipy.special import log_softmax, softmax
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.multiclass import OneVsRestClassifier

from bot.rasa.nlu.words import plain

Floats = NDArray[np.float64]
FOLDS = 5
SEED = 7


def tidy(text: str) -> str:
    """What the sparse features see: plain words, figures told apart only by their length."""
    return re.sub(r"\d", "0", plain(text))


class Sparse:
    """Word and character n-grams, weighted by TF-IDF, and a one-against-the-rest regression on them."""

    STRENGTH = 10.0

    def __init__(self) -> None:
        self.words = TfidfVectorizer(
            preprocessor=tidy, token_pattern=r"(?u)\w+|[^\w\s]", ngram_range=(1, 2), sublinear_tf=True
        )
        self.letters = TfidfVectorizer(
            preprocessor=tidy, analyzer="char_wb", ngram_range=(2, 5), min_df=2, sublinear_tf=True
        )
        self.linear = Linear(np.zeros((0, 0)), np.zeros(0))

    def fit(self, texts: Sequence[str], labels: NDArray[np.int64]) -> Sparse:
        features = csr_matrix(hstack([self.words.fit_transform(texts), self.letters.fit_transform(texts)]))
        rest = OneVsRestClassifier(LogisticRegression(C=self.STRENGTH, solver="liblinear", tol=1e-2))
        rest.fit(features, labels)
        self.linear = Linear(
            np.vstack([one.coef_ for one in rest.estimators_]), np.concatenate([one.intercept_ for one in rest.estimators_])
        )
        return self

    def logits(self, texts: Sequence[str]) -> Floats:
        return self.linear.logits(csr_matrix(hstack([self.words.transform(texts), self.letters.transform(texts)])))

    def arrays(self) -> dict[str, Any]:
        return {
            "weights": self.linear.weights.astype(np.float32),
            "bias": self.linear.bias,
            "words_idf": self.words.idf_,
            "letters_idf": self.letters.idf_,
        }

    def vocabularies(self) -> dict[str, list[str]]:
        return {"words": list(self.words.get_feature_names_out()), "letters": list(self.letters.get_feature_names_out())}

    @classmethod
    def restore(cls, arrays: dict[str, Any], vocabularies: dict[str, list[str]]) -> Sparse:
        model = cls()
        for name, vectorizer in (("words", model.words), ("letters", model.letters)):
            vectorizer.vocabulary = {gram: index for index, gram in enumerate(vocabularies[name])}
            vectorizer.idf_ = arrays[f"{name}_idf"]
        model.linear = Linear(arrays["weights"], arrays["bias"])
        return model


@dataclass(frozen=True)
class Linear:
    """Weights and bias of a linear model, one row a class."""

    weights: NDArray[Any]
    bias: NDArray[Any]

    def logits(self, features: Any) -> Floats:
        return np.asarray(features @ self.weights.T) + self.bias

    @classmethod
    def fit(cls, vectors: Floats, labels: NDArray[np.int64], *, strength: float) -> Linear:
        fitted = LogisticRegression(C=strength, max_iter=300, tol=1e-3).fit(vectors, labels)
        return cls(fitted.coef_, fitted.intercept_)


@dataclass(frozen=True)
class IntentModel:
    """Ranks intents for texts. `mix` weighs the sparse and the dense logits; it was chosen on held-out folds, so that
    the confidence is the share of times the model is right."""

    labels: tuple[str, ...]
    sparse: Sparse
    dense: Linear | None
    mix: tuple[float, float]

    DENSE_STRENGTH = 20.0

    @classmethod
    def fit(cls, texts: Sequence[str], labels: Sequence[str], vectors: Floats | None = None) -> IntentModel:
        """Train on labelled texts; `vectors` are their sentence embeddings, one row a text, where there is a model."""
        names = tuple(sorted(set(labels)))
        numbers = np.array([names.index(label) for label in labels])
        mix = cls._choose_mix(list(texts), numbers, vectors)
        dense = None if vectors is None else Linear.fit(vectors, numbers, strength=cls.DENSE_STRENGTH)
        return cls(names, Sparse().fit(texts, numbers), dense, mix)

    @classmethod
    def held_out(cls, texts: Sequence[str], numbers: NDArray[np.int64], vectors: Floats | None) -> tuple[Floats, Floats]:
        """Sparse and dense logits of each text from models that have not seen it."""
        count = int(numbers.max()) + 1
        sparse, dense = np.zeros((len(texts), count)), np.zeros((len(texts), count))
        folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
        for seen, unseen in folds.split(np.zeros(len(texts)), numbers):
            sparse[unseen] = Sparse().fit([texts[i] for i in seen], numbers[seen]).logits([texts[i] for i in unseen])
            if vectors is not None:
                linear = Linear.fit(vectors[seen], numbers[seen], strength=cls.DENSE_STRENGTH)
                dense[unseen] = linear.logits(vectors[unseen])
        return sparse, dense

    @classmethod
    def _choose_mix(cls, texts: Sequence[str], numbers: NDArray[np.int64], vectors: Floats | None) -> tuple[float, float]:
        sparse, dense = cls.held_out(texts, numbers, vectors)
        return choose_mix(sparse, dense if vectors is not None else None, numbers)

    def probabilities(self, texts: Sequence[str], vectors: Floats | None = None) -> Floats:
        """One row a text, one column a label, each row summing to 1."""
        logits = self.mix[0] * self.sparse.logits(texts)
        if self.dense is not None:
            if vectors is None:
                raise ValueError("This model was trained with sentence embeddings and needs them.")
            logits = logits + self.mix[1] * self.dense.logits(vectors)
        return np.asarray(softmax(logits, axis=1))

    def save(self, folder: Path) -> None:
        arrays = self.sparse.arrays()
        if self.dense is not None:
            arrays |= {"dense_weights": self.dense.weights.astype(np.float32), "dense_bias": self.dense.bias}
        np.savez_compressed(folder / "intents.npz", **arrays)
        rest = {"labels": self.labels, "mix": self.mix, "vocabularies": self.sparse.vocabularies()}
        (folder / "intents.json").write_text(json.dumps(rest, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> IntentModel:
        rest = json.loads((folder / "intents.json").read_text(encoding="utf-8"))
        with np.load(folder / "intents.npz", allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        dense = Linear(arrays["dense_weights"], arrays["dense_bias"]) if "dense_weights" in arrays else None
        return cls(tuple(rest["labels"]), Sparse.restore(arrays, rest["vocabularies"]), dense, tuple(rest["mix"]))


def choose_mix(sparse: Floats, dense: Floats | None, numbers: NDArray[np.int64]) -> tuple[float, float]:
    """The weights of the two kinds of logits under which held-out texts are most likely: scale is calibration."""
    rows = np.arange(len(numbers))

    def loss(weights: Floats) -> float:
        logits = weights[0] * sparse + (weights[1] * dense if dense is not None else 0.0)
        return float(-log_softmax(logits, axis=1)[rows, numbers].mean())

    start = np.array([1.0, 0.5 if dense is not None else 0.0])
    best = minimize(loss, start, method="Nelder-Mead", options={"xatol": 0.01, "fatol": 1e-4}).x
    return float(best[0]), float(best[1]) if dense is not None else 0.0

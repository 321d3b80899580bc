"""The trained part of hearing refusals: how likely a text refuses something, and what.

Four views of a text are weighed together: its words and letters, what the words are about (`concepts`: the same in
every language), its sentence embedding, and the examples whose embeddings are nearest. Weights and limits are chosen by
cross-validation on the training data alone. Stored as plain arrays and JSON; nothing in it is executed when it is read.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from bot.rasa.nlu import embeddings
from bot.rasa.nlu.concepts import Concepts
from bot.rasa.nlu.grams import Grams
from bot.rasa.nlu.language import detect
from bot.rasa.nlu.linear import FOLDS, SEED, Floats, Linear, Sparse

Whole = NDArray[np.int64]
# What a plain "no, nothing else, thanks" is made of.
NO_MORE = frozenset({"neg", "all", "more", "want", "pls"})
SCOPES = ("all", "marketing", "memory", "profiling")
# Everyday talk. Near misses ("stop the order"), written to be mistaken, have labels of their own and are rarer in life.
ORDINARY = "ordinary"
NEAR_MISSES = 0.1
# Share of what customers say without refusing anything that may be heard as a sure refusal, or as any.
SURE_ALARMS, ALARMS = 0.006, 0.016
DENSE_STRENGTH = 20.0
CONCEPT_STRENGTH = 2.0
# How much more a near example counts than one less near, and the closeness that counts for nothing.
SHARPNESS, FAR = 30.0, 1e-9
# What the nearest examples say at most: a refusal word for word, and nothing else at all like it.
TWIN = 12.0
# How much the nearest examples say of what is refused, beside the other views.
SCOPE_BY_NEAREST = 0.5


@dataclass(frozen=True)
class Rule:
    """How the views' log-odds add up to those of a refusal, and from where on one is heard.

    The first half of `weights` is for English, the second, with `foreign` added, for other languages: sentence
    embeddings serve English alone.
    """

    weights: tuple[float, ...]
    foreign: float
    bias: float
    doubtful: float = 0.0
    sure: float = 0.0

    def score(self, views: Floats, english: NDArray[np.bool_]) -> Floats:
        """Log-odds of a refusal, one a text."""
        return np.asarray(_columns(views, english) @ np.array([*self.weights, self.foreign]) + self.bias)


@dataclass(frozen=True)
class Nearest:
    """The embeddings of the examples in order of their class, and the class of each: those nearest judge a text."""

    vectors: NDArray[Any]
    numbers: Whole

    @classmethod
    def of(cls, vectors: Floats, numbers: Whole) -> Nearest:
        """From embeddings in any order, one row an example; every class must have one."""
        order = np.argsort(numbers, kind="stable")
        return cls(vectors[order].astype(np.float32), numbers[order])

    def logits(self, vectors: Floats) -> Floats:
        """One row a text, one column a class: how near the class's examples are, the nearest counting by far most."""
        closeness = np.exp(SHARPNESS * (vectors.astype(np.float32) @ self.vectors.T - 1.0))
        starts = np.searchsorted(self.numbers, np.arange(int(self.numbers[-1]) + 1))
        logs = np.log(np.add.reduceat(closeness, starts, axis=1) + FAR)
        return np.asarray(logs[:, 1:] - logs[:, :1] if logs.shape[1] == 2 else logs, dtype=np.float64)


@dataclass(frozen=True)
class Views:
    """The same question answered by words, by concepts and, where there is a model, by sentence embeddings."""

    words: Sparse
    concepts: Sparse
    dense: Linear | None
    near: Nearest | None

    @classmethod
    def fit(cls, texts: Sequence[str], numbers: Whole, vectors: Floats | None, concepts: Concepts) -> Views:
        """Train on texts and class numbers; `vectors` are their embeddings, one row a text."""
        about = Sparse({"concepts": _about(concepts)}, strength=CONCEPT_STRENGTH)
        dense = near = None
        if vectors is not None:
            balance = "balanced" if numbers.max() == 1 else None
            fitted = LogisticRegression(C=DENSE_STRENGTH, max_iter=500, tol=1e-3, class_weight=balance)
            fitted.fit(vectors, numbers)
            dense = Linear(fitted.coef_, fitted.intercept_)
            known = english(texts)
            if set(numbers[known]) != set(numbers):
                known[:] = True
            near = Nearest.of(vectors[known], numbers[known])
        return cls(Sparse().fit(texts, numbers), about.fit(texts, numbers), dense, near)

    def logits(self, texts: Sequence[str], vectors: Floats | None) -> list[Floats]:
        """One table a view: one row a text, one column a class (one column for two classes)."""
        found = self.quick_logits(texts, vectors)
        return found if self.near is None or vectors is None else [*found, self.near.logits(vectors)]

    def quick_logits(self, texts: Sequence[str], vectors: Floats | None) -> list[Floats]:
        """The same without the nearest examples, which cost as much as all others together."""
        found = [self.words.logits(texts), self.concepts.logits(texts)]
        return found if self.dense is None or vectors is None else [*found, self.dense.logits(vectors)]

    def arrays(self) -> dict[str, Any]:
        stored = {f"words_{key}": value for key, value in self.words.arrays().items()}
        stored |= {f"concepts_{key}": value for key, value in self.concepts.arrays().items()}
        if self.dense is not None and self.near is not None:
            stored |= {"dense_weights": self.dense.weights, "dense_bias": self.dense.bias}
            stored |= {"near_vectors": self.near.vectors.astype(np.float16), "near_numbers": self.near.numbers}
        return stored

    def vocabularies(self) -> dict[str, dict[str, list[str]]]:
        return {"words": self.words.vocabularies(), "concepts": self.concepts.vocabularies()}

    @classmethod
    def restore(cls, arrays: dict[str, Any], vocabularies: dict[str, Any], concepts: Concepts) -> Views:
        """What `arrays` and `vocabularies` gave."""
        words = Sparse.restore(_part(arrays, "words_"), vocabularies["words"])
        about = {"concepts": _about(concepts)}
        dense = near = None
        if "dense_weights" in arrays:
            dense = Linear(arrays["dense_weights"], arrays["dense_bias"])
            near = Nearest(arrays["near_vectors"].astype(np.float32), arrays["near_numbers"])
        return cls(words, Sparse.restore(_part(arrays, "concepts_"), vocabularies["concepts"], about), dense, near)


@dataclass(frozen=True)
class RefusalModel:
    """Scores texts. `with_vectors` is None where it was trained without sentence embeddings."""

    concepts: Concepts
    refuses: Views
    scopes: Views
    with_vectors: Rule | None
    without_vectors: Rule

    def rule(self, *, vectors: bool) -> Rule:
        """The rule that holds with or without sentence embeddings."""
        return self.with_vectors if vectors and self.with_vectors else self.without_vectors

    def score(self, texts: Sequence[str], vectors: Floats | None) -> Floats:
        """Log-odds of a refusal for each text; at most that where even a twin among the refusals would not suffice."""
        rule, speaks = self.rule(vectors=vectors is not None), english(texts)
        views = np.hstack(self.refuses.quick_logits(texts, vectors))
        near = self.refuses.near
        if near is None or vectors is None:
            return rule.score(views, speaks)
        views = np.hstack([views, np.full((len(texts), 1), TWIN)])
        scores = rule.score(views, speaks)
        open_ = np.flatnonzero((scores >= rule.doubtful) | ~speaks)
        if len(open_):
            views[open_, -1:] = near.logits(vectors[open_])
            scores[open_] = rule.score(views[open_], speaks[open_])
        return scores

    def says_no_more(self, text: str) -> bool:
        """Is it "no, nothing else, thanks" in another language than English, which the examples cover?"""
        return detect(text) != "en" and self.concepts.only(text, NO_MORE)

    def scope(self, texts: Sequence[str], vectors: Floats | None) -> list[str]:
        """What each text refuses, supposing that it refuses something."""
        shares = [log_softmax(logits, axis=1) for logits in self.scopes.logits(texts, vectors)]
        speaks = english(texts).astype(float)
        weigh = np.column_stack([np.ones((len(texts), 2)), speaks, SCOPE_BY_NEAREST * speaks])
        total = sum(weigh[:, [view]] * share for view, share in enumerate(shares))
        return [SCOPES[number] for number in np.asarray(total).argmax(axis=1)]

    @classmethod
    def fit(
        cls, texts: Sequence[str], labels: Sequence[str], *, encoder: embeddings.Encoder | None, concepts: Concepts
    ) -> RefusalModel:
        """Train on texts labelled by scope, `ordinary`, or anything else for near misses."""
        vectors = encoder.encode(texts).astype(np.float64) if encoder else None
        texts, ordinary = list(texts), np.array(labels) == ORDINARY
        refused = np.isin(labels, SCOPES).astype(np.int64)
        some = np.flatnonzero(refused)
        numbers = np.array([SCOPES.index(labels[i]) for i in some])
        views = _unseen(texts, refused, vectors, concepts)
        speaks = english(texts)
        return cls(
            concepts,
            Views.fit(texts, refused, vectors, concepts),
            Views.fit([texts[i] for i in some], numbers, None if vectors is None else vectors[some], concepts),
            None if vectors is None else _rule(views, speaks, refused, ordinary),
            _rule(views[:, :2], speaks, refused, ordinary),
        )

    def save(self, folder: Path) -> None:
        """Write plain arrays and JSON into `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        parts = {"refuses": self.refuses, "scopes": self.scopes}
        arrays = {f"{name}_{key}": value for name, views in parts.items() for key, value in views.arrays().items()}
        np.savez_compressed(folder / "refusals.npz", **arrays)
        rest = {
            "with_vectors": asdict(self.with_vectors) if self.with_vectors else None,
            "without_vectors": asdict(self.without_vectors),
            "concepts": self.concepts.words,
            "vocabularies": {name: views.vocabularies() for name, views in parts.items()},
        }
        (folder / "refusals.json").write_text(json.dumps(rest, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> RefusalModel:
        """What `save` wrote."""
        rest = json.loads((folder / "refusals.json").read_text(encoding="utf-8"))
        with np.load(folder / "refusals.npz", allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        concepts = Concepts(rest["concepts"])
        refuses, scopes = (
            Views.restore(_part(arrays, f"{name}_"), rest["vocabularies"][name], concepts)
            for name in ("refuses", "scopes")
        )
        with_vectors = _restored(rest["with_vectors"]) if rest["with_vectors"] else None
        return cls(concepts, refuses, scopes, with_vectors, _restored(rest["without_vectors"]))


def english(texts: Sequence[str]) -> NDArray[np.bool_]:
    """Which of the texts are in English."""
    return np.array([detect(text) == "en" for text in texts])


def _about(concepts: Concepts) -> Grams:
    return Grams(concepts.features, least=2)


def _part(arrays: dict[str, Any], prefix: str) -> dict[str, Any]:
    return {key.removeprefix(prefix): value for key, value in arrays.items() if key.startswith(prefix)}


def _restored(stored: dict[str, Any]) -> Rule:
    return Rule(**{**stored, "weights": tuple(stored["weights"])})


def _columns(views: Floats, speaks: NDArray[np.bool_]) -> Floats:
    own = speaks.astype(np.float64)[:, None]
    return np.hstack([views * own, views * (1 - own), 1 - own])


def _unseen(texts: list[str], refused: Whole, vectors: Floats | None, concepts: Concepts) -> Floats:
    """One column a view: each text as judged by models trained on the other folds."""
    views = np.zeros((len(texts), 2 if vectors is None else 4))
    for seen, unseen in StratifiedKFold(FOLDS, shuffle=True, random_state=SEED).split(views, refused):
        some, others = (None if vectors is None else vectors[rows] for rows in (seen, unseen))
        fitted = Views.fit([texts[i] for i in seen], refused[seen], some, concepts)
        views[unseen] = np.hstack(fitted.logits([texts[i] for i in unseen], others))
    return views


def _rule(views: Floats, speaks: NDArray[np.bool_], refused: Whole, ordinary: NDArray[np.bool_]) -> Rule:
    judge = LogisticRegression(C=10.0, max_iter=1000).fit(_columns(views, speaks), refused)
    *weights, foreign = (float(weight) for weight in judge.coef_[0])
    rule = Rule(tuple(weights), foreign, float(judge.intercept_[0]))
    talk = refused == 0
    near = talk & ~ordinary
    if not ordinary.any() or not near.any():
        ordinary = near = talk
    scores = rule.score(views, speaks)
    doubtful, sure = (_limit(scores[ordinary], scores[near], share) for share in (ALARMS, SURE_ALARMS))
    return replace(rule, doubtful=doubtful, sure=sure)


def _limit(ordinary: Floats, near: Floats, share: float) -> float:
    """The lowest score that at most `share` of talk reaches, `NEAR_MISSES` of it being near misses."""
    levels = np.quantile(np.concatenate([ordinary, near]), np.linspace(0.5, 1.0, 1001))
    alarms = [(1 - NEAR_MISSES) * (ordinary >= x).mean() + NEAR_MISSES * (near >= x).mean() for x in levels]
    return next((float(x) for x, alarm in zip(levels, alarms, strict=True) if alarm <= share), float(levels[-1]))

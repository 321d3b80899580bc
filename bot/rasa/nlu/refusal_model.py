"""The trained part of hearing refusals: how likely a text refuses something, and what.

Four views of a text are weighed together: its words and letters, what the words are about (`concepts`: the same in
every language), and for English, the language of the sentence encoder, what a small network makes of what the encoder
sees, and the examples nearest to it. Weights and limits are chosen by cross-validation on the training data alone,
apart for English and for the rest. Stored as plain arrays and JSON; nothing in it is executed when it is read.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from bot.rasa.nlu.concepts import Concepts
from bot.rasa.nlu.embeddings import Embedded, Encoder
from bot.rasa.nlu.grams import Grams
from bot.rasa.nlu.language import detect
from bot.rasa.nlu.linear import SEED, Floats, Sparse
from bot.rasa.nlu.network import Network

Whole = NDArray[np.int64]
# What a plain "no, nothing else, thanks" is made of.
NO_MORE = frozenset({"neg", "all", "more", "want", "pls"})
# Words and concepts; with them, what the encoder sees by a network and by the nearest examples.
WORD_VIEWS, ALL_VIEWS = 2, 4
# `once`: that one thing is not to be kept ("this stays between us"), where `memory` is all that a customer tells.
ONCE = "once"
SCOPES = ("all", "marketing", "memory", ONCE, "profiling")
# Everyday talk. Near misses ("stop the order"), written to be mistaken, have labels of their own and are rarer in life.
ORDINARY = "ordinary"
NEAR_MISSES = 0.1
# Share of what customers say without refusing anything that may be heard as a sure refusal, or as any: in English, and
# in the languages that the encoder does not know, where as few refusals may be missed at the price of more questions.
SURE_ALARMS, ALARMS, FOREIGN_ALARMS = 0.004, 0.018, 0.02
FOLDS = 3
# How often the network sees each example.
ROUNDS = 4
CONCEPT_STRENGTH = 2.0
# How much more a near example counts than one less near, and the closeness that counts for nothing.
SHARPNESS, FAR = 30.0, 1e-9
# Of the 384 axes of the embeddings.
AXES = 160
# What the nearest examples say at most: a refusal word for word, and nothing else at all like it.
TWIN = 12.0
# How much the nearest examples say of what is refused, beside the other views.
SCOPE_BY_NEAREST = 0.5


@dataclass(frozen=True)
class Rule:
    """How the views' log-odds add up to those of a refusal, and from where on one is heard."""

    weights: tuple[float, ...]
    bias: float
    doubtful: float = 0.0
    sure: float = 0.0

    def score(self, views: Floats) -> Floats:
        """Log-odds of a refusal, one a text."""
        return np.asarray(views @ np.array(self.weights) + self.bias)


class Heard(NamedTuple):
    """What was made of one text; the likelier refusal is the greater."""

    sure: bool
    doubtful: bool
    score: float


@dataclass(frozen=True)
class Nearest:
    """The embeddings of the examples in order of their class, and the class of each: those nearest judge a text. They
    are held along the `axes` in which they differ most, which takes less room and time."""

    axes: NDArray[Any]
    vectors: NDArray[Any]
    numbers: Whole

    @classmethod
    def of(cls, vectors: NDArray[Any], numbers: Whole) -> Nearest:
        """From embeddings in any order, one row an example; every class must have one."""
        order = np.argsort(numbers, kind="stable")
        axes = np.linalg.eigh(vectors.T.astype(np.float64) @ vectors)[1][:, -AXES:].astype(np.float32)
        return cls(axes, _of_length_one(vectors[order] @ axes), numbers[order])

    def logits(self, vectors: NDArray[Any]) -> Floats:
        """One row a text, one column a class: how near the class's examples are, the nearest counting by far most."""
        closeness = np.exp(SHARPNESS * (_of_length_one(vectors @ self.axes) @ self.vectors.T - 1.0))
        starts = np.searchsorted(self.numbers, np.arange(int(self.numbers[-1]) + 1))
        logs = np.log(np.add.reduceat(closeness, starts, axis=1) + FAR)
        return np.asarray(logs[:, 1:] - logs[:, :1] if logs.shape[1] == 2 else logs, dtype=np.float64)


@dataclass(frozen=True)
class Views:
    """The same question answered by words, by concepts and, for English where there is a model, by what the sentence
    encoder sees. It knows no other language, so nothing of the kind is asked there."""

    words: Sparse
    concepts: Sparse
    net: Network | None
    near: Nearest | None

    @classmethod
    def fit(cls, texts: Sequence[str], numbers: Whole, seen: Embedded | None, concepts: Concepts) -> Views:
        """Train on texts and class numbers; `seen`: the texts as the encoder sees them."""
        about = Sparse({"concepts": _about(concepts)}, strength=CONCEPT_STRENGTH)
        net = near = None
        if seen is not None:
            known = english(texts)
            if set(numbers[known]) != set(numbers):
                known[:] = True
            net = Network.fit(seen.inner[known], numbers[known], rounds=ROUNDS)
            near = Nearest.of(seen.vectors[known], numbers[known])
        return cls(Sparse().fit(texts, numbers), about.fit(texts, numbers), net, near)

    def logits(self, texts: Sequence[str], seen: Embedded | None) -> list[Floats]:
        """One table a view: one row a text, one column a class (one column for two classes)."""
        found = self.quick_logits(texts, seen)
        return found if self.near is None or seen is None else [*found, self.near.logits(seen.vectors)]

    def quick_logits(self, texts: Sequence[str], seen: Embedded | None) -> list[Floats]:
        """The same without the nearest examples, which cost as much as all others together."""
        found = [self.words.logits(texts), self.concepts.logits(texts)]
        return found if self.net is None or seen is None else [*found, self.net.logits(seen.inner)]

    def arrays(self) -> dict[str, Any]:
        stored = {f"words_{key}": value for key, value in self.words.arrays().items()}
        stored |= {f"concepts_{key}": value for key, value in self.concepts.arrays().items()}
        if self.net is not None and self.near is not None:
            stored |= self.net.arrays()
            stored |= {"near_vectors": self.near.vectors.astype(np.float16), "near_numbers": self.near.numbers}
            stored |= {"near_axes": self.near.axes}
        return stored

    def vocabularies(self) -> dict[str, dict[str, list[str]]]:
        return {"words": self.words.vocabularies(), "concepts": self.concepts.vocabularies()}

    @classmethod
    def restore(cls, arrays: dict[str, Any], vocabularies: dict[str, Any], concepts: Concepts) -> Views:
        """What `arrays` and `vocabularies` gave."""
        words = Sparse.restore(_part(arrays, "words_"), vocabularies["words"])
        about = {"concepts": _about(concepts)}
        net = near = None
        if "near_vectors" in arrays:
            net = Network.restore(arrays)
            near = Nearest(arrays["near_axes"], arrays["near_vectors"].astype(np.float32), arrays["near_numbers"])
        return cls(words, Sparse.restore(_part(arrays, "concepts_"), vocabularies["concepts"], about), net, near)


@dataclass(frozen=True)
class RefusalModel:
    """Judges texts. `seeing`: the rule for English with sentence embeddings, None where it was trained without them;
    `reading`: for English by words alone; `foreign`: for all other languages, by words alone."""

    concepts: Concepts
    refuses: Views
    scopes: Views
    seeing: Rule | None
    reading: Rule
    foreign: Rule

    def hear(self, texts: Sequence[str], encoder: Encoder | None) -> list[Heard]:
        """What is made of each text."""
        found = [Heard(False, False, 0.0)] * len(texts)
        speaks = english(texts)
        for rows, rule, sees in (
            (np.flatnonzero(~speaks), self.foreign, None),
            (np.flatnonzero(speaks), self.seeing if encoder and self.seeing else self.reading, encoder),
        ):
            some = [texts[row] for row in rows]
            for row, score in zip(rows, self._scores(some, rule, sees) if some else (), strict=True):
                found[row] = Heard(bool(score >= rule.sure), bool(score >= rule.doubtful), float(score))
        return found

    def _scores(self, texts: Sequence[str], rule: Rule, encoder: Encoder | None) -> Floats:
        """Log-odds of a refusal; at most that, where even a twin among the refusals would not suffice."""
        near = self.refuses.near
        if encoder is None or near is None:
            return rule.score(np.hstack(self.refuses.quick_logits(texts, None)))
        seen = encoder.embed(texts)
        views = np.hstack([*self.refuses.quick_logits(texts, seen), np.full((len(texts), 1), TWIN)])
        scores = rule.score(views)
        open_ = np.flatnonzero(scores >= rule.doubtful)
        if len(open_):
            views[open_, -1:] = near.logits(seen.vectors[open_])
            scores[open_] = rule.score(views[open_])
        return scores

    def says_no_more(self, text: str) -> bool:
        """Is it "no, nothing else, thanks" in another language than English, which the examples cover?"""
        return detect(text) != "en" and self.concepts.only(text, NO_MORE)

    def scope(self, text: str, encoder: Encoder | None) -> str:
        """What a text refuses, supposing that it refuses something."""
        seen = encoder.embed([text]) if encoder and detect(text) == "en" else None
        shares = [log_softmax(logits[0]) for logits in self.scopes.logits([text], seen)]
        weights = (1.0, 1.0, 1.0, SCOPE_BY_NEAREST)
        return SCOPES[int(np.argmax(sum(weight * share for weight, share in zip(weights, shares, strict=False))))]

    @classmethod
    def fit(
        cls, texts: Sequence[str], labels: Sequence[str], *, encoder: Encoder | None, concepts: Concepts
    ) -> RefusalModel:
        """Train on texts labelled by scope, `ordinary`, or anything else for near misses."""
        texts, ordinary, speaks = list(texts), np.array(labels) == ORDINARY, english(texts)
        seen = _seen(texts, speaks, encoder) if encoder else None
        refused = np.isin(labels, SCOPES).astype(np.int64)
        some = np.flatnonzero(refused)
        numbers = np.array([SCOPES.index(labels[i]) for i in some])
        views = _unseen(texts, refused, speaks, seen, concepts)

        def rule(rows: NDArray[np.bool_], width: int, *, alarms: float = ALARMS) -> Rule:
            rows = rows if len(set(refused[rows])) == 2 else np.ones(len(texts), dtype=np.bool_)
            return _rule(views[rows, :width], refused[rows], ordinary[rows], alarms=alarms)

        return cls(
            concepts,
            Views.fit(texts, refused, seen, concepts),
            Views.fit([texts[i] for i in some], numbers, None if seen is None else seen[some], concepts),
            None if seen is None else rule(speaks, ALL_VIEWS),
            rule(speaks, WORD_VIEWS),
            rule(~speaks, WORD_VIEWS, alarms=FOREIGN_ALARMS),
        )

    def save(self, folder: Path) -> None:
        """Write plain arrays and JSON into `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        parts = {"refuses": self.refuses, "scopes": self.scopes}
        arrays = {f"{name}_{key}": value for name, views in parts.items() for key, value in views.arrays().items()}
        np.savez_compressed(folder / "refusals.npz", **arrays)
        rest = {
            "seeing": asdict(self.seeing) if self.seeing else None,
            "reading": asdict(self.reading),
            "foreign": asdict(self.foreign),
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
        seeing, reading, foreign = (rest[name] and _restored(rest[name]) for name in ("seeing", "reading", "foreign"))
        return cls(concepts, refuses, scopes, seeing, reading, foreign)


def english(texts: Sequence[str]) -> NDArray[np.bool_]:
    """Which of the texts are in English."""
    return np.array([detect(text) == "en" for text in texts])


def _of_length_one(vectors: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), FAR))


def _about(concepts: Concepts) -> Grams:
    return Grams(concepts.features, least=2)


def _part(arrays: dict[str, Any], prefix: str) -> dict[str, Any]:
    return {key.removeprefix(prefix): value for key, value in arrays.items() if key.startswith(prefix)}


def _restored(stored: dict[str, Any]) -> Rule:
    return Rule(**{**stored, "weights": tuple(stored["weights"])})


def _seen(texts: Sequence[str], speaks: NDArray[np.bool_], encoder: Encoder) -> Embedded:
    """The texts as the encoder sees them; nothing but zeros for other languages than its own."""
    rows = np.flatnonzero(speaks)
    some = encoder.embed([texts[row] for row in rows])
    blank = [np.zeros((len(texts), part.shape[1]), dtype=np.float32) for part in (some.vectors, some.inner)]
    for part, whole in zip((some.vectors, some.inner), blank, strict=True):
        whole[rows] = part
    return Embedded(*blank)


def _unseen(
    texts: list[str], refused: Whole, speaks: NDArray[np.bool_], seen: Embedded | None, concepts: Concepts
) -> Floats:
    """One column a view: each text as judged by models trained on the other folds."""
    views = np.zeros((len(texts), WORD_VIEWS if seen is None else ALL_VIEWS))
    for known, unseen in StratifiedKFold(FOLDS, shuffle=True, random_state=SEED).split(views, refused):
        fitted = Views.fit([texts[i] for i in known], refused[known], None if seen is None else seen[known], concepts)
        for rows, sees in ((unseen[speaks[unseen]], seen), (unseen[~speaks[unseen]], None)):
            if len(rows):
                found = fitted.logits([texts[i] for i in rows], None if sees is None else sees[rows])
                views[rows, : len(found)] = np.hstack(found)
    return views


def _rule(views: Floats, refused: Whole, ordinary: NDArray[np.bool_], *, alarms: float) -> Rule:
    judge = LogisticRegression(C=10.0, max_iter=1000).fit(views, refused)
    rule = Rule(tuple(float(weight) for weight in judge.coef_[0]), float(judge.intercept_[0]))
    talk = refused == 0
    near = talk & ~ordinary
    if not ordinary.any() or not near.any():
        ordinary = near = talk
    scores = rule.score(views)
    doubtful, sure = (_limit(scores[ordinary], scores[near], share) for share in (alarms, SURE_ALARMS))
    return replace(rule, doubtful=doubtful, sure=sure)


def _limit(ordinary: Floats, near: Floats, share: float) -> float:
    """The lowest score that at most `share` of talk reaches, `NEAR_MISSES` of it being near misses."""
    levels = np.quantile(np.concatenate([ordinary, near]), np.linspace(0.5, 1.0, 1001))
    alarms = [(1 - NEAR_MISSES) * (ordinary >= x).mean() + NEAR_MISSES * (near >= x).mean() for x in levels]
    return next((float(x) for x, alarm in zip(levels, alarms, strict=True) if alarm <= share), float(levels[-1]))

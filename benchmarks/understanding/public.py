"""The intent model on public sets, each with its thresholds chosen on the training part alone."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import matthews_corrcoef

from benchmarks.understanding.stock.sets import OUTSIDE, SEED, Pairs, draw, rows, share
from bot.rasa.nlu.embeddings import Encoder
from bot.rasa.nlu.model import IntentModel


@dataclass(frozen=True)
class Trained:
    """A model with the encoder it was trained with."""

    model: IntentModel
    encoder: Encoder

    @classmethod
    def on(cls, pairs: Pairs, encoder: Encoder, *, folds: int) -> Trained:
        texts, labels = zip(*pairs, strict=True)
        return cls(IntentModel.fit(texts, labels, encoder.embed(texts), folds=folds), encoder)

    def judge(self, texts: Sequence[str], *, words_only: bool) -> tuple[float, list[str], np.ndarray]:
        """The threshold, and for each text the best label and its confidence."""
        embedded = None if words_only else self.encoder.embed(texts)
        rule, rows = self.model.rank(texts, embedded)
        return rule.floor, [self.model.labels[i] for i in rows.argmax(axis=1)], rows.max(axis=1)


def hint3(data: Path, encoder: Encoder) -> dict[str, Any]:
    """Real queries to a live shop; about two in five are out of scope. Protocol of HINT3, v1, full training set."""
    folder = data / "hint3-sofmattress" / "dataset" / "v1"
    trained = Trained.on(rows(folder / "train" / "sofmattress_train.csv", "sentence", "label"), encoder, folds=5)
    test = rows(folder / "test" / "sofmattress_test.csv", "sentence", "label")
    texts, gold = [text for text, _ in test], np.array([label for _, label in test])
    inside = gold != OUTSIDE
    told: dict[str, Any] = {"test": len(test), "in_scope": int(inside.sum())}
    for name, words_only in (("words", True), ("words and embeddings", False)):
        floor, labels, sure = trained.judge(texts, words_only=words_only)
        found = np.where(sure >= floor, labels, OUTSIDE)
        told[name] = {
            "in_scope_accuracy_without_threshold": share(np.array(labels)[inside] == gold[inside]),
            "threshold": round(floor, 2),
            "in_scope_accuracy": share(found[inside] == gold[inside]),
            "out_of_scope_recall": share(found[~inside] == OUTSIDE),
            "mcc": round(float(matthews_corrcoef(gold, found)), 3),
        }
    told["confusions"] = confusions(gold.tolist(), found.tolist())
    return told


def banking77(data: Path, encoder: Encoder) -> dict[str, Any]:
    """10-shot: ten of each intent, tested on the rest of the training file, three draws. Full: four fifths for one."""
    pairs = rows(data / "banking77" / "banking_data" / "train.csv", "text", "category")
    shots = [_accuracy(*draw(pairs, 10, seed), encoder, folds=5) for seed in (SEED, SEED + 1, SEED + 2)]
    order = np.random.default_rng(SEED).permutation(len(pairs))
    cut = len(pairs) // 5
    full = _accuracy([pairs[i] for i in order[cut:]], [pairs[i] for i in order[:cut]], encoder, folds=2)
    names = shots[0].keys()
    return {"10-shot": {name: round(float(np.mean([s[name] for s in shots])), 4) for name in names}, "full": full}


def clinc150(data: Path, encoder: Encoder, *, shots: int) -> dict[str, Any]:
    """Trained on the training file without its out-of-scope questions, tested on validation and all of those."""
    content = json.loads((data / "clinc150" / "data" / "data_train.json").read_text())
    train, _ = draw([tuple(pair) for pair in content["train"]], shots, SEED)
    trained = Trained.on(train, encoder, folds=2)
    inside, outside = content["val"], content["oos_train"] + content["oos_val"]
    told: dict[str, Any] = {"examples_per_intent": shots, "in_scope": len(inside), "out_of_scope": len(outside)}
    for name, words_only in (("words", True), ("words and embeddings", False)):
        floor, labels, sure = trained.judge([text for text, _ in inside], words_only=words_only)
        right = np.array(labels) == np.array([label for _, label in inside])
        _, _, strange = trained.judge([text for text, _ in outside], words_only=words_only)
        told[name] = {
            "in_scope_accuracy_without_threshold": share(right),
            "threshold": round(floor, 2),
            "in_scope_accuracy": share(right & (sure >= floor)),
            "out_of_scope_recall": share(strange < floor),
        }
    return told


def _accuracy(train: Pairs, test: Pairs, encoder: Encoder, *, folds: int) -> dict[str, float]:
    trained = Trained.on(train, encoder, folds=folds)
    texts, gold = [text for text, _ in test], np.array([label for _, label in test])
    return {
        name: share(np.array(trained.judge(texts, words_only=words_only)[1]) == gold)
        for name, words_only in (("words", True), ("words and embeddings", False))
    }


def confusions(gold: Sequence[str], found: Sequence[str], count: int = 10) -> list[tuple[str, str, int]]:
    """The commonest mistakes: what it was, what it was taken for, how often."""
    pairs = Counter((g, f) for g, f in zip(gold, found, strict=True) if g != f)
    return [(g, f, n) for (g, f), n in pairs.most_common(count)]

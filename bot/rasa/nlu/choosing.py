"""Chooses, by cross-validation on the training texts alone, how much each model counts and when it is believed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_softmax
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from bot.rasa.nlu.embeddings import Embedded
from bot.rasa.nlu.judging import Logits, Rule, kinship, weigh
from bot.rasa.nlu.linear import FOLDS, SEED, Floats, Sparse, wide
from bot.rasa.nlu.network import Network

# What share of messages to expect that no intent covers, and how many of those acted on may be misunderstood: with
# sentence embeddings, and on words alone, whose doubts are less well founded, so that too much would be asked.
STRANGERS = 0.2
MOST_WRONG, MOST_WRONG_ON_WORDS = 0.11, 0.15
# From so many examples of such messages on they are taken for what they are; with fewer, intents play their part.
ENOUGH_STRANGERS = 100
# How often the network sees each example.
ROUNDS = 8
# The logit of a class that a model was not trained on.
UNKNOWN = -30.0


def unseen_texts(
    texts: Sequence[str], numbers: NDArray[np.int64], embedded: Embedded | None, *, folds: int = FOLDS
) -> Logits:
    """Cross-validation over texts: each text is judged by models trained on the other folds."""
    splits = StratifiedKFold(folds, shuffle=True, random_state=SEED)
    return _judge(texts, numbers, embedded, list(splits.split(np.zeros(len(texts)), numbers)))


def strangers(
    texts: Sequence[str],
    numbers: NDArray[np.int64],
    embedded: Embedded | None,
    *,
    outside: int | None,
    folds: int = FOLDS,
) -> Logits:
    """Messages that no intent covers, as judged by models that never met their like.

    Where the training data has enough of them, they are those, judged without that class. Otherwise every class in
    turn plays the stranger: cross-validation over classes.
    """
    if outside is not None and (numbers == outside).sum() >= ENOUGH_STRANGERS:
        splits = [(np.flatnonzero(numbers != outside), np.flatnonzero(numbers == outside))]
    else:
        groups = np.random.default_rng(SEED).permutation(int(numbers.max()) + 1) % folds
        hidden = [groups[numbers] == group for group in range(folds)]
        splits = [(np.flatnonzero(~some), np.flatnonzero(some)) for some in hidden if some.any() and not some.all()]
    judged = np.concatenate([unseen for _, unseen in splits])
    return _judge(texts, numbers, embedded, splits).only(judged)


def _judge(
    texts: Sequence[str],
    numbers: NDArray[np.int64],
    embedded: Embedded | None,
    splits: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]],
) -> Logits:
    shape = (len(texts), int(numbers.max()) + 1)
    sparse, dense, kin = np.full(shape, UNKNOWN), np.full(shape, UNKNOWN), np.full(shape, UNKNOWN)
    own, nearest = np.full(shape, -1.0), np.zeros(len(texts))
    for seen, unseen in splits:
        known, local = np.unique(numbers[seen], return_inverse=True)
        block = np.ix_(unseen, known)
        sparse[block] = wide(Sparse().fit([texts[i] for i in seen], local).logits([texts[i] for i in unseen]))
        if embedded is not None:
            met, new = embedded[seen], embedded[unseen]
            dense[block] = wide(Network.fit(met.inner, local, rounds=ROUNDS).logits(new.inner))
            cosines = new.vectors @ met.vectors.T
            order = np.argsort(local, kind="stable")
            kin[block] = kinship(cosines[:, order], local[order])
            nearest[unseen] = cosines.max(axis=1)
            for number in known:
                own[unseen, number] = cosines[:, numbers[seen] == number].max(axis=1)
    if embedded is None:
        return Logits(sparse)

    def near(chosen: NDArray[np.int64], rows: NDArray[np.int64] | None = None) -> Floats:
        rows = np.arange(len(texts)) if rows is None else rows
        return np.column_stack([nearest[rows], own[rows, chosen]])

    return Logits(sparse, dense, kin, near)


def choose_rule(seen: Logits, strange: Logits, numbers: NDArray[np.int64], *, outside: int | None) -> Rule:
    """The rule under which unseen texts fare best, `STRANGERS` of all messages being out of scope."""
    mix = choose_mix(seen, numbers)
    known, foreign = Rule(mix).probabilities(seen), Rule(mix).probabilities(strange)
    right = np.concatenate([known.argmax(axis=1) == numbers, np.zeros(len(foreign), dtype=bool)])
    acted = np.concatenate([known.argmax(axis=1), foreign.argmax(axis=1)]) != outside
    weights = np.concatenate(
        [np.full(len(known), (1 - STRANGERS) / len(known)), np.full(len(foreign), STRANGERS / len(foreign))]
    )
    told = np.vstack([weigh(seen, known), weigh(strange, foreign)])
    judge = LogisticRegression(C=1.0, max_iter=500).fit(told, right, sample_weight=weights * len(told))
    rule = Rule(mix, tuple(float(w) for w in judge.coef_[0]), float(judge.intercept_[0]))
    confidence = expit(told @ judge.coef_[0] + judge.intercept_[0])
    stranger = np.arange(len(told)) >= len(known)
    most_wrong = MOST_WRONG_ON_WORDS if seen.dense is None else MOST_WRONG
    floor, sure = _thresholds(confidence, right & acted, acted, stranger, weights, most_wrong=most_wrong)
    return replace(rule, floor=floor, sure=sure)


def _thresholds(
    confidence: Floats,
    right: NDArray[np.bool_],
    acted: NDArray[np.bool_],
    stranger: NDArray[np.bool_],
    weights: Floats,
    *,
    most_wrong: float,
) -> tuple[float, float]:
    """`floor`: the most messages are dealt with as they should be. `sure`: at most `most_wrong` of those acted on are
    misunderstood."""
    steps = np.arange(0.02, 0.96, 0.01)
    scores, wrong = [], []
    for step in steps:
        taken = acted & (confidence >= step)
        good = weights[taken & right].sum()
        scores.append(good + weights[stranger & ~taken].sum())
        wrong.append(1 - good / max(weights[taken].sum(), 1e-9))
    floor = float(steps[int(np.argmax(scores))])
    precise = [float(step) for step, share in zip(steps, wrong, strict=True) if share <= most_wrong]
    return floor, max(floor, min(precise, default=floor))


def choose_mix(seen: Logits, numbers: NDArray[np.int64]) -> tuple[float, float, float]:
    """The weights under which unseen texts are most likely: their scale is calibration."""
    rows = np.arange(len(numbers))

    def loss(weights: Floats) -> float:
        return float(-log_softmax(seen.mixed(np.abs(weights)), axis=1)[rows, numbers].mean())

    from scipy.optimize import minimize  # Only now: it takes 20 MB, and serving chooses nothing.

    start = np.array([1.0] if seen.dense is None else [0.4, 1.2, 0.3])
    best = np.abs(minimize(loss, start, method="Nelder-Mead", options={"xatol": 0.01, "fatol": 1e-4}).x)
    return (float(best[0]), 0.0, 0.0) if seen.dense is None else (float(best[0]), float(best[1]), float(best[2]))

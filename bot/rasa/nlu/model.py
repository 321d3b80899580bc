"""The intent model: calibrated logistic regressions on sparse and on dense features, and when to say "I don't know".

Pure scikit-learn and numpy, no Rasa. It is stored as one `.npz` of plain arrays beside one `.json`: nothing in it is
executed when it is read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from scipy.special import expit, log_softmax, softmax
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.multiclass import OneVsRestClassifier

from bot.rasa.nlu.chinese import fold
from bot.rasa.nlu.grams import Grams, runs_of_letters, runs_of_words
from bot.rasa.nlu.words import plain

Floats = NDArray[np.float64]
OUT_OF_SCOPE = "out_of_scope"
FOLDS = 5
SEED = 7
# The inverse regularisation of the regression on sentence embeddings; 5 to 60 are within half a point of each other.
DENSE_STRENGTH = 20.0
# What share of messages to expect that no intent covers, and how many of those acted on may be misunderstood.
STRANGERS = 0.2
MOST_WRONG = 0.15
ENOUGH_STRANGERS = 100
UNKNOWN = -30.0
# How much more a near example counts than one less near, and the closeness that counts for nothing.
SHARPNESS, FAR = 20.0, 1e-9


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
        stored = {"weights": self.linear.weights.astype(np.float32), "bias": self.linear.bias}
        return stored | {f"{name}_idf": block.idf for name, block in self.blocks.items()}

    def vocabularies(self) -> dict[str, list[str]]:
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
class Bank:
    """The sentence embeddings of the training texts in order of their class: what the model has met."""

    vectors: NDArray[Any]
    numbers: NDArray[np.int64]

    @classmethod
    def of(cls, vectors: Floats, numbers: NDArray[np.int64]) -> Bank:
        """From embeddings in any order, one row a text."""
        order = np.argsort(numbers, kind="stable")
        return cls(vectors[order].astype(np.float32), numbers[order])

    def meet(self, vectors: NDArray[Any]) -> tuple[Floats, Callable[[NDArray[np.int64]], Floats]]:
        """How near each text is to each class, and a function for how near it is to chosen classes."""
        cosines = vectors.astype(self.vectors.dtype) @ self.vectors.T
        return kinship(cosines, self.numbers), partial(nearness, cosines, self.numbers)


def kinship(cosines: NDArray[Any], numbers: NDArray[np.int64]) -> Floats:
    """From the cosines of texts (rows) to examples (columns, in order of their classes `numbers`): one column a class,
    how near its examples are, the nearest counting most."""
    starts = np.searchsorted(numbers, np.arange(int(numbers[-1]) + 1))
    closeness = np.exp(SHARPNESS * (cosines - 1.0))
    return np.asarray(np.log(np.add.reduceat(closeness, starts, axis=1) + FAR), dtype=np.float64)


def nearness(cosines: NDArray[Any], numbers: NDArray[np.int64], chosen: NDArray[np.int64]) -> Floats:
    """Two columns: cosine to the nearest text of all, and to the nearest text of the chosen class."""
    own = np.where(numbers[None, :] == chosen[:, None], cosines, -1.0)
    return np.column_stack([cosines.max(axis=1), own.max(axis=1)])


@dataclass(frozen=True)
class Rule:
    """How logits become a decision. Everything in it was chosen on texts that the models in question had not seen.

    `mix` weighs the sparse logits, the dense ones and the kinship (zero without embeddings). `evidence` and `prior`
    turn what speaks for the best intent (how far ahead it is, how near the text is to ones met before) into the chance
    that it is right, out-of-scope messages included. At `sure` and above the best intent holds; from `floor` on the two
    best are worth asking about.
    """

    mix: tuple[float, float, float]
    evidence: tuple[float, ...] = ()
    prior: float = 0.0
    sure: float = 0.0
    floor: float = 0.0

    def probabilities(self, logits: Logits) -> Floats:
        """Among the intents, supposing that it is one of them."""
        return np.asarray(softmax(logits.mixed(self.mix), axis=1))

    def confidence(self, logits: Logits) -> Floats:
        """The chance that the best intent is right."""
        return np.asarray(expit(weigh(logits, self.probabilities(logits)) @ np.array(self.evidence) + self.prior))


@dataclass(frozen=True)
class Logits:
    """What the models say of texts, and how near they are to known ones: `kin` by class, `near` for chosen classes."""

    sparse: Floats
    dense: Floats | None = None
    kin: Floats | None = None
    near: Callable[..., Floats] | None = None

    def mixed(self, mix: Sequence[float] | NDArray[Any]) -> Floats:
        """The weighed sum of what there is."""
        total = mix[0] * self.sparse
        if self.dense is not None and self.kin is not None:
            total = total + mix[1] * self.dense + mix[2] * self.kin
        return np.asarray(total)

    def words_only(self) -> Logits:
        return Logits(self.sparse)

    def only(self, rows: NDArray[np.int64]) -> Logits:
        """The logits of some texts."""
        near = self.near
        if self.dense is None or self.kin is None or near is None:
            return Logits(self.sparse[rows])
        return Logits(self.sparse[rows], self.dense[rows], self.kin[rows], lambda chosen: near(chosen, rows))


def weigh(logits: Logits, probabilities: Floats) -> Floats:
    """What speaks for the best intent of each text, one row a text."""
    best = probabilities.argmax(axis=1)
    top = np.partition(probabilities, -2, axis=1)[:, -2:]
    columns = [
        np.log(np.clip(top[:, 1], 1e-6, 1 - 1e-6)) - np.log(np.clip(1 - top[:, 1], 1e-6, 1)),
        np.log(np.clip(top[:, 1], 1e-6, 1)) - np.log(np.clip(top[:, 0], 1e-6, 1)),
        logits.sparse.max(axis=1),
    ]
    if logits.dense is not None and logits.near is not None:
        columns += [logits.dense.max(axis=1), *logits.near(best).T]
    return np.column_stack(columns)


@dataclass(frozen=True)
class IntentModel:
    """Ranks intents for texts. `with_vectors` is None where it was trained without sentence embeddings; `vectors_of`
    names the embeddings it was trained with; `examples` are the training texts, tidied, that mean one intent alone."""

    labels: tuple[str, ...]
    sparse: Sparse
    dense: Linear | None
    bank: Bank | None
    with_vectors: Rule | None
    without_vectors: Rule
    vectors_of: str | None = None
    examples: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def fit(
        cls,
        texts: Sequence[str],
        labels: Sequence[str],
        vectors: Floats | None = None,
        *,
        vectors_of: str | None = None,
        folds: int = FOLDS,
    ) -> IntentModel:
        """Train on labelled texts; `vectors` are their sentence embeddings, one row a text, where there is a model.

        Raises ValueError for fewer than three labels. `folds`: more are slower and choose the rule better.
        """
        names = tuple(sorted(set(labels)))
        numbers = np.array([names.index(label) for label in labels])
        if len(names) < 3:
            raise ValueError(
                f"An intent model needs at least three intents, not {len(names)}: add examples to data/nlu."
            )
        outside = names.index(OUT_OF_SCOPE) if OUT_OF_SCOPE in names else None
        seen = unseen_texts(texts, numbers, vectors, folds=folds)
        strange = strangers(texts, numbers, vectors, outside=outside, folds=folds)
        return cls(
            names,
            Sparse().fit(texts, numbers),
            None if vectors is None else Linear.fit(vectors, numbers, strength=DENSE_STRENGTH),
            None if vectors is None else Bank.of(vectors, numbers),
            None if vectors is None else choose_rule(seen, strange, numbers, outside=outside),
            choose_rule(seen.words_only(), strange.words_only(), numbers, outside=outside),
            vectors_of,
            _examples(texts, labels),
        )

    def example(self, text: str) -> str | None:
        """The intent of which the text is an example, word for word."""
        return self.examples.get(_bare(text))

    def knows(self, text: str) -> bool:
        """Whether any word of the text stands in the training data."""
        return len(self.sparse.blocks["words"].places(text)[0]) > 0

    def rule(self, *, vectors: bool) -> Rule:
        """The rule that holds with or without sentence embeddings."""
        return self.with_vectors if vectors and self.with_vectors else self.without_vectors

    def rank(self, texts: Sequence[str], vectors: Floats | None = None) -> tuple[Rule, Floats]:
        """The rule that holds and one row a text, one column a label: the chance that this is what is meant.

        A row sums to less than 1: the rest is the chance that no label is. Works without vectors too, less exactly.
        """
        logits = Logits(_wide(self.sparse.logits(texts)))
        rule = self.without_vectors
        if self.dense is not None and self.bank is not None and self.with_vectors is not None and vectors is not None:
            kin, near = self.bank.meet(vectors)
            logits = Logits(logits.sparse, _wide(self.dense.logits(vectors)), kin, near)
            rule = self.with_vectors
        shares = rule.probabilities(logits)
        confidence = rule.confidence(logits)
        return rule, shares * (confidence / shares.max(axis=1))[:, None]

    def save(self, folder: Path, name: str = "intents") -> None:
        """Write `<name>.npz` and `<name>.json` into `folder`; the bank takes 2 bytes a number."""
        arrays = self.sparse.arrays()
        if self.dense is not None and self.bank is not None:
            arrays |= {"dense_weights": self.dense.weights.astype(np.float32), "dense_bias": self.dense.bias}
            arrays |= {"bank_vectors": self.bank.vectors.astype(np.float16), "bank_numbers": self.bank.numbers}
        np.savez_compressed(folder / f"{name}.npz", **arrays)
        rest = {
            "labels": self.labels,
            "with_vectors": asdict(self.with_vectors) if self.with_vectors else None,
            "without_vectors": asdict(self.without_vectors),
            "vectors_of": self.vectors_of,
            "examples": self.examples,
            "vocabularies": self.sparse.vocabularies(),
        }
        (folder / f"{name}.json").write_text(json.dumps(rest, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, name: str = "intents") -> IntentModel:
        rest = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        with np.load(folder / f"{name}.npz", allow_pickle=False) as stored:
            arrays = {key: stored[key] for key in stored.files}
        dense = bank = None
        if "dense_weights" in arrays:
            dense = Linear(arrays["dense_weights"], arrays["dense_bias"])
            bank = Bank(arrays["bank_vectors"].astype(np.float32), arrays["bank_numbers"])
        return cls(
            tuple(rest["labels"]),
            Sparse.restore(arrays, rest["vocabularies"]),
            dense,
            bank,
            _rule(rest["with_vectors"]) if rest["with_vectors"] else None,
            _rule(rest["without_vectors"]),
            rest["vectors_of"],
            rest.get("examples", {}),
        )


def _examples(texts: Sequence[str], labels: Sequence[str]) -> dict[str, str]:
    meant: dict[str, set[str]] = {}
    for text, label in zip(texts, labels, strict=True):
        meant.setdefault(_bare(text), set()).add(label)
    return {text: next(iter(intents)) for text, intents in meant.items() if text and len(intents) == 1}


def _bare(text: str) -> str:
    """The words alone."""
    return " ".join(re.findall(r"\w+", tidy(text)))


def _wide(logits: Floats) -> Floats:
    """One column a class, also where a model of two classes gives one."""
    return np.hstack([-logits, logits]) if logits.shape[1] == 1 else logits


def _rule(stored: dict[str, Any]) -> Rule:
    return Rule(tuple(stored["mix"]), tuple(stored["evidence"]), stored["prior"], stored["sure"], stored["floor"])


def unseen_texts(
    texts: Sequence[str], numbers: NDArray[np.int64], vectors: Floats | None, *, folds: int = FOLDS
) -> Logits:
    """Cross-validation over texts: each text is judged by models trained on the other folds."""
    splits = StratifiedKFold(folds, shuffle=True, random_state=SEED)
    return _judge(texts, numbers, vectors, list(splits.split(np.zeros(len(texts)), numbers)))


def strangers(
    texts: Sequence[str], numbers: NDArray[np.int64], vectors: Floats | None, *, outside: int | None, folds: int = FOLDS
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
    return _judge(texts, numbers, vectors, splits).only(judged)


def _judge(
    texts: Sequence[str],
    numbers: NDArray[np.int64],
    vectors: Floats | None,
    splits: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]],
) -> Logits:
    shape = (len(texts), int(numbers.max()) + 1)
    sparse, dense, kin = np.full(shape, UNKNOWN), np.full(shape, UNKNOWN), np.full(shape, UNKNOWN)
    own, nearest = np.full(shape, -1.0), np.zeros(len(texts))
    for seen, unseen in splits:
        known, local = np.unique(numbers[seen], return_inverse=True)
        block = np.ix_(unseen, known)
        sparse[block] = _wide(Sparse().fit([texts[i] for i in seen], local).logits([texts[i] for i in unseen]))
        if vectors is not None:
            dense[block] = _wide(Linear.fit(vectors[seen], local, strength=DENSE_STRENGTH).logits(vectors[unseen]))
            cosines = vectors[unseen] @ vectors[seen].T
            order = np.argsort(local, kind="stable")
            kin[block] = kinship(cosines[:, order], local[order])
            nearest[unseen] = cosines.max(axis=1)
            for number in known:
                own[unseen, number] = cosines[:, numbers[seen] == number].max(axis=1)
    if vectors is None:
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
    floor, sure = _thresholds(confidence, right & acted, acted, stranger, weights)
    return replace(rule, floor=floor, sure=sure)


def _thresholds(
    confidence: Floats, right: NDArray[np.bool_], acted: NDArray[np.bool_], stranger: NDArray[np.bool_], weights: Floats
) -> tuple[float, float]:
    """`floor`: the most messages are dealt with as they should be. `sure`: few of those acted on are misunderstood."""
    steps = np.arange(0.02, 0.96, 0.01)
    scores, wrong = [], []
    for step in steps:
        taken = acted & (confidence >= step)
        good = weights[taken & right].sum()
        scores.append(good + weights[stranger & ~taken].sum())
        wrong.append(1 - good / max(weights[taken].sum(), 1e-9))
    floor = float(steps[int(np.argmax(scores))])
    precise = [float(step) for step, share in zip(steps, wrong, strict=True) if share <= MOST_WRONG]
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

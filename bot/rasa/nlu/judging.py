"""From what the models say of a text, and how near it is to known ones, to the chance that its best intent is right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_softmax, softmax

from bot.rasa.nlu.linear import Floats

# How much more a near example counts than one less near, and the closeness that counts for nothing.
SHARPNESS, FAR = 20.0, 1e-9
# Below this logarithm of a share one view's doubt weighs no more.
LEAST_SHARE = -8.0


@dataclass(frozen=True)
class Bank:
    """The sentence embeddings of the training texts in order of their class: what the model has met."""

    vectors: NDArray[Any]
    numbers: NDArray[np.int64]

    @classmethod
    def of(cls, vectors: NDArray[Any], numbers: NDArray[np.int64]) -> Bank:
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
        """As if there were no sentence embeddings."""
        return Logits(self.sparse)

    def only(self, rows: NDArray[np.int64]) -> Logits:
        """The logits of some texts."""
        near = self.near
        if self.dense is None or self.kin is None or near is None:
            return Logits(self.sparse[rows])
        return Logits(self.sparse[rows], self.dense[rows], self.kin[rows], lambda chosen: near(chosen, rows))


def weigh(logits: Logits, probabilities: Floats) -> Floats:
    """What speaks for the best intent of each text, one row a text: its lead, what each view says of it, whether it is
    that view's own best, and how near the text is to ones met before."""
    best = probabilities.argmax(axis=1)
    top = np.partition(probabilities, -2, axis=1)[:, -2:]
    columns = [
        np.log(np.clip(top[:, 1], 1e-6, 1 - 1e-6)) - np.log(np.clip(1 - top[:, 1], 1e-6, 1)),
        np.log(np.clip(top[:, 1], 1e-6, 1)) - np.log(np.clip(top[:, 0], 1e-6, 1)),
    ]
    rows = np.arange(len(best))
    for view in (logits.sparse, logits.dense, logits.kin):
        if view is not None:
            shares = np.maximum(log_softmax(view, axis=1)[rows, best], LEAST_SHARE)
            columns += [view.max(axis=1), shares, view.argmax(axis=1) == best]
    if logits.near is not None:
        columns += list(logits.near(best).T)
    return np.column_stack(columns)

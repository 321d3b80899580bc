"""Small neural networks over what an encoder sees in a text: learned by scikit-learn, read without it.

One hidden layer is enough to tell "don't stop the emails" from "stop the emails", which no straight line through the
same numbers does. Training is seeded: the same examples give the same weights.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Several small networks that began differently and are asked together err less than a large one.
TOGETHER = 3
HIDDEN = 64
ROUNDS = 5
BATCH = 128
# How strongly large weights are held back.
RESTRAINT = 0.1


@dataclass(frozen=True)
class Net:
    """Weights by place: what is taken off each number and what it is divided by, then into and out of the hidden
    layer."""

    middle: NDArray[Any]
    spread: NDArray[Any]
    inward: NDArray[Any]
    inward_bias: NDArray[Any]
    outward: NDArray[Any]
    outward_bias: NDArray[Any]

    @classmethod
    def fit(cls, rows: NDArray[Any], numbers: NDArray[np.int64]) -> Net:
        """Learn classes 0 .. n-1 (`numbers`) from `rows`, one text each."""
        # Only now: serving does not learn.
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.neural_network import MLPClassifier

        middle, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-6
        scaled = (rows - middle) / spread
        learners = [
            MLPClassifier((HIDDEN,), alpha=RESTRAINT, max_iter=ROUNDS, batch_size=BATCH, random_state=seed)
            for seed in range(TOGETHER)
        ]
        with warnings.catch_warnings():
            # To stop early is the point: what more rounds learn are the examples by heart.
            warnings.simplefilter("ignore", ConvergenceWarning)
            for learner in learners:
                learner.fit(scaled, numbers)
        inward, outward = zip(*(learner.coefs_ for learner in learners), strict=True)
        inward_bias, outward_bias = zip(*(learner.intercepts_ for learner in learners), strict=True)
        # Beside each other in one hidden layer, their answers averaged.
        return cls(
            middle,
            spread,
            np.hstack(inward),
            np.concatenate(inward_bias),
            np.vstack(outward) / TOGETHER,
            np.mean(outward_bias, axis=0),
        )

    def logits(self, rows: NDArray[Any]) -> NDArray[np.float64]:
        """One row a text, one column a class (one column for two classes)."""
        hidden = np.maximum((rows - self.middle) / self.spread @ self.inward + self.inward_bias, 0.0)
        return np.asarray(hidden @ self.outward + self.outward_bias, dtype=np.float64)

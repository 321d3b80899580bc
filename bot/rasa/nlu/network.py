"""Small networks over what an encoder sees in a text: learned by scikit-learn, read as plain arrays without it.

One hidden layer is enough to tell "don't stop the emails" from "stop the emails", which no straight line through the
same numbers does.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.rasa.nlu.linear import Floats, Linear

# Several small networks that began differently and are asked together err less than a large one.
TOGETHER, WIDTH, DECAY = 3, 64, 0.1
# How fast they learn, from how many texts at a time, and in how many steps at least.
RATE, BATCH, STEPS = 2e-3, 128, 300


@dataclass(frozen=True)
class Network:
    """What is taken off each number and what it is divided by, and the layers from there to the classes."""

    middle: NDArray[Any]
    spread: NDArray[Any]
    hidden: Linear
    out: Linear

    def logits(self, rows: NDArray[Any]) -> Floats:
        """One row a text, one column a class (one column for two classes)."""
        return self.out.logits(np.maximum(self.hidden.logits((rows - self.middle) / self.spread), 0.0))

    @classmethod
    def fit(cls, rows: NDArray[Any], numbers: NDArray[np.int64], *, rounds: int) -> Network:
        """Learn class `numbers` from `rows`, one text each, all texts `rounds` times: more is by heart. The same each
        time for the same texts in order."""
        from sklearn.exceptions import ConvergenceWarning  # Only now: serving does not learn.
        from sklearn.neural_network import MLPClassifier

        middle, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-6
        scaled = ((rows - middle) / spread).astype(np.float32)
        batch = min(BATCH, len(rows))
        learners = [
            MLPClassifier(
                (WIDTH,),
                alpha=DECAY,
                learning_rate_init=RATE,
                batch_size=batch,
                max_iter=max(rounds, STEPS * batch // len(rows)),
                random_state=seed,
            )
            for seed in range(TOGETHER)
        ]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # They stop early on purpose.
            for learner in learners:
                learner.fit(scaled, numbers)
        inward, outward = zip(*(learner.coefs_ for learner in learners), strict=True)
        inward_bias, outward_bias = zip(*(learner.intercepts_ for learner in learners), strict=True)
        # Beside each other they are one network, whose answer is the mean of theirs.
        hidden = Linear(np.hstack(inward).T, np.concatenate(inward_bias))
        return cls(middle, spread, hidden, Linear(np.vstack(outward).T / TOGETHER, np.mean(outward_bias, axis=0)))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What `restore` takes."""
        layers = (("hidden", self.hidden), ("out", self.out))
        stored = {f"net_{name}_weights": layer.weights for name, layer in layers}
        stored |= {f"net_{name}_bias": layer.bias for name, layer in layers}
        stored |= {"net_middle": self.middle, "net_spread": self.spread}
        return {name: array.astype(np.float32) for name, array in stored.items()}

    @classmethod
    def restore(cls, arrays: dict[str, Any]) -> Network:
        """What `arrays` gave, among others."""
        hidden, out = (Linear(arrays[f"net_{name}_weights"], arrays[f"net_{name}_bias"]) for name in ("hidden", "out"))
        return cls(arrays["net_middle"], arrays["net_spread"], hidden, out)

"""A network of one hidden layer on sentence embeddings: learned by scikit-learn, read as plain arrays without it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from bot.rasa.nlu.linear import SEED, Floats, Linear

# What embeddings of length 1 are multiplied by; the width and the regularisation of the hidden layer.
SCALE, WIDTH, DECAY = 8.0, 192, 0.01
# How long it learns: so often all texts, in batches, and so many batches at least.
RATE, BATCH, ROUNDS, STEPS = 2e-3, 128, 20, 800


@dataclass(frozen=True)
class Network:
    """The layers between sentence embeddings and classes."""

    hidden: Linear
    out: Linear

    def logits(self, vectors: NDArray[Any]) -> Floats:
        """One row a text, one column a class (one column for two classes)."""
        return self.out.logits(np.maximum(self.hidden.logits(vectors * SCALE), 0.0))

    @classmethod
    def fit(cls, vectors: Floats, labels: NDArray[np.int64]) -> Network:
        """Train on one embedding a text; `labels`: class numbers. The same each time for the same texts in order."""
        batch = min(BATCH, len(vectors))
        learner = MLPClassifier(
            (WIDTH,),
            alpha=DECAY,
            learning_rate_init=RATE,
            batch_size=batch,
            max_iter=max(ROUNDS, STEPS * batch // len(vectors)),
            random_state=SEED,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # It stops early on purpose.
            learner.fit((vectors * SCALE).astype(np.float32), labels)
        hidden, out = (Linear(w.T, bias) for w, bias in zip(learner.coefs_, learner.intercepts_, strict=True))
        return cls(hidden, out)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What `restore` takes."""
        layers = (("hidden", self.hidden), ("dense", self.out))
        weights = {f"{name}_weights": layer.weights.astype(np.float32) for name, layer in layers}
        return weights | {f"{name}_bias": layer.bias.astype(np.float32) for name, layer in layers}

    @classmethod
    def restore(cls, arrays: dict[str, Any]) -> Network:
        """What `arrays` gave."""
        hidden, out = (Linear(arrays[f"{name}_weights"], arrays[f"{name}_bias"]) for name in ("hidden", "dense"))
        return cls(hidden, out)

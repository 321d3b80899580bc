"""Features of texts by TF-IDF: learned by scikit-learn, read without it, so that serving need not load it.

What is read is the same as scikit-learn's `TfidfVectorizer` reads; a test holds the two together.
"""

from __future__ import annotations

import json
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Analyse = Callable[[str], Iterable[str]]
_TOKENS = re.compile(r"\w+|[^\w\s]")
_LONGEST_RUN = 3
_LETTERS = range(2, 6)


class Grams:
    """The features that `analyse` gives of a text, weighted: rarer ones more, repeated ones a little more.

    A number is held for each feature, and their words packed: a hundred thousand of them as strings would take 15 MB.
    """

    def __init__(self, analyse: Analyse, *, least: int = 1) -> None:
        """`least`: in how many texts a feature must stand to be learned."""
        self.analyse, self.least = analyse, least
        self._packed = _pack(())
        self.idf: NDArray[np.float64] = np.zeros(0)
        self._keys: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self._places: NDArray[np.int32] = np.zeros(0, dtype=np.int32)

    def __len__(self) -> int:
        """How many features were learned."""
        return len(self._keys)

    @property
    def features(self) -> list[str]:
        """What was learned, in the order of the places."""
        return list(json.loads(zlib.decompress(self._packed)))

    def fit_transform(self, texts: Sequence[str]) -> Any:
        """Learn the features and their weights; the texts as a sparse matrix, one row a text."""
        from sklearn.feature_extraction.text import TfidfVectorizer  # Only now: serving does not learn.

        learner = TfidfVectorizer(analyzer=self.analyse, min_df=self.least, sublinear_tf=True)
        matrix = learner.fit_transform(texts)
        self.restore(list(learner.get_feature_names_out()), learner.idf_)
        return matrix

    def restore(self, features: Sequence[str], idf: NDArray[np.float64]) -> None:
        """Take what was learned: the features in the order of their places, and the weight of each."""
        keys = np.fromiter(map(hash, features), np.int64, len(features))
        order = np.argsort(keys)
        self._keys, self._places, self.idf = keys[order], order.astype(np.int32), idf
        self._packed = _pack(features)

    def places(self, text: str) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        """The places of the known features of a text, and their weights, of length 1 together; empty for none."""
        counts = Counter(self.analyse(text))
        keys = np.fromiter(map(hash, counts), np.int64, len(counts))
        found = np.searchsorted(self._keys, keys)
        known = np.flatnonzero(self._keys[np.minimum(found, len(self) - 1)] == keys) if len(self) else found[:0]
        places = self._places[found[known]]
        if not len(places):
            return places, np.zeros(0)
        numbers = np.fromiter(counts.values(), np.float64, len(counts))[known]
        weights = (1 + np.log(numbers)) * self.idf[places]
        return places, weights / np.linalg.norm(weights)


def _pack(features: Sequence[str]) -> bytes:
    return zlib.compress(json.dumps(features, ensure_ascii=False).encode(), level=1)


def runs_of_words(text: str) -> list[str]:
    """Runs of one to three words or signs, joined by spaces."""
    words = _TOKENS.findall(text)
    lengths = range(1, min(_LONGEST_RUN, len(words)) + 1)
    return [" ".join(words[start : start + n]) for n in lengths for start in range(len(words) - n + 1)]


def runs_of_letters(text: str) -> list[str]:
    """Runs of two to five letters within each word, which has a space at either end; a shorter word counts once."""
    found: list[str] = []
    for word in text.split():
        padded = f" {word} "
        for n in _LETTERS:
            found += [padded[start : start + n] for start in range(max(1, len(padded) - n + 1))]
            if len(padded) <= n:
                break
    return found

"""The public sets as this assistant and stock Rasa are asked them: the same rows, the same draws.

Numpy alone and Python 3.10: `diet.py` runs beside it in an environment that has nothing of this project.
"""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import numpy as np

Pairs = list[tuple[str, str]]
# What HINT3 calls a question that no intent covers.
OUTSIDE = "NO_NODES_DETECTED"
SEED = 7


def rows(path: Path, text: str, label: str) -> Pairs:
    """(text, label) of each line of a CSV file with such columns."""
    with path.open(encoding="utf-8", newline="") as stream:
        return [(row[text], row[label]) for row in csv.DictReader(stream)]


def draw(pairs: Pairs, shots: int, seed: int) -> tuple[Pairs, Pairs]:
    """`shots` pairs of each label, and the rest; the same seed gives the same draw."""
    taken: Counter[str] = Counter()
    chosen: Pairs = []
    rest: Pairs = []
    for i in np.random.default_rng(seed).permutation(len(pairs)):
        pair = pairs[int(i)]
        taken[pair[1]] += 1
        (chosen if taken[pair[1]] <= shots else rest).append(pair)
    return chosen, rest


def share(hits: np.ndarray) -> float:
    """How many are right, from 0 to 1."""
    return round(float(np.mean(hits)), 4)

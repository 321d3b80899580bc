"""The intent model: words, sentence embeddings and near examples weighed together; and when to say "I don't know".

Pure scikit-learn and numpy, no Rasa. It is stored as one `.npz` of plain arrays beside one `.json`: nothing in it is
executed when it is read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bot.rasa.nlu.choosing import ROUNDS, choose_rule, strangers, unseen_texts
from bot.rasa.nlu.embeddings import Embedded
from bot.rasa.nlu.judging import Bank, Logits, Rule
from bot.rasa.nlu.linear import FOLDS, Floats, Sparse, tidy, wide
from bot.rasa.nlu.network import Network

OUT_OF_SCOPE = "out_of_scope"


@dataclass(frozen=True)
class IntentModel:
    """Ranks intents for texts. `with_vectors` is None where it was trained without sentence embeddings; `vectors_of`
    names the embeddings it was trained with; `examples` are the training texts, tidied, that mean one intent alone."""

    labels: tuple[str, ...]
    sparse: Sparse
    dense: Network | None
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
        embedded: Embedded | None = None,
        *,
        vectors_of: str | None = None,
        folds: int = FOLDS,
    ) -> IntentModel:
        """Train on labelled texts; `embedded`: the texts as the encoder sees them, one row each, where there is one.

        Raises ValueError for fewer than three labels. `folds`: more are slower and choose the rule better.
        """
        names = tuple(sorted(set(labels)))
        numbers = np.array([names.index(label) for label in labels])
        if len(names) < 3:
            raise ValueError(
                f"An intent model needs at least three intents, not {len(names)}: add examples to data/nlu."
            )
        outside = names.index(OUT_OF_SCOPE) if OUT_OF_SCOPE in names else None
        seen = unseen_texts(texts, numbers, embedded, folds=folds)
        strange = strangers(texts, numbers, embedded, outside=outside, folds=folds)
        return cls(
            names,
            Sparse().fit(texts, numbers),
            None if embedded is None else Network.fit(embedded.inner, numbers, rounds=ROUNDS),
            None if embedded is None else Bank.of(embedded.vectors, numbers),
            None if embedded is None else choose_rule(seen, strange, numbers, outside=outside),
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

    def rank(self, texts: Sequence[str], embedded: Embedded | None = None) -> tuple[Rule, Floats]:
        """The rule that holds and one row a text, one column a label: the chance that this is what is meant.

        A row sums to less than 1: the rest is the chance that no label is. Works without embeddings too, less exactly.
        """
        logits = Logits(wide(self.sparse.logits(texts)))
        rule = self.without_vectors
        if self.dense is not None and self.bank is not None and self.with_vectors is not None and embedded is not None:
            kin, near = self.bank.meet(embedded.vectors)
            logits = Logits(logits.sparse, wide(self.dense.logits(embedded.inner)), kin, near)
            rule = self.with_vectors
        shares = rule.probabilities(logits)
        confidence = rule.confidence(logits)
        return rule, shares * (confidence / shares.max(axis=1))[:, None]

    def save(self, folder: Path, name: str = "intents") -> None:
        """Write `<name>.npz` and `<name>.json` into `folder`; the bank takes 2 bytes a number."""
        arrays = self.sparse.arrays()
        if self.dense is not None and self.bank is not None:
            arrays |= self.dense.arrays()
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
        """What `save` wrote."""
        rest = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        with np.load(folder / f"{name}.npz", allow_pickle=False) as stored:
            arrays = {key: stored[key] for key in stored.files}
        dense = bank = None
        if "bank_vectors" in arrays:
            dense = Network.restore(arrays)
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


def _rule(stored: dict[str, Any]) -> Rule:
    return Rule(tuple(stored["mix"]), tuple(stored["evidence"]), stored["prior"], stored["sure"], stored["floor"])

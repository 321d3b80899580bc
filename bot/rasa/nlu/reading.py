"""What a text asks for, by the intent model, the refusal detector and the entities together. Pure: no Rasa.

Never shows a guess as an intent: a text below the threshold is `out_of_scope`, and where two readings are worth asking
about, `clarify` names them.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language

from bot.rasa.nlu import embeddings, requests
from bot.rasa.nlu.entities import extract, marked
from bot.rasa.nlu.language import model_of
from bot.rasa.nlu.model import OUT_OF_SCOPE, IntentModel, Rule
from bot.rasa.nlu.refusals import NEIGHBOURS, RefusalDetector
from bot.rasa.nlu.typed import EPOCH

logger = logging.getLogger(__name__)

LANGUAGES = ("en", "zh")
PREFIX = "intents-"
Models = Mapping[str, IntentModel]
RANKING_LENGTH = 10
# How sure an answer is that consists of entities and fillers.
TOLD = 0.95
_FILLER = re.compile(
    r"\b(?:please|pls|plz|thanks|thank you|thx|ta|cheers|the|a|an|of|at|on|in|for|with|and|to|my|one|ones|it"
    r"|it's|its|make"
    r"|that|be|will|would|i'd|i'll|i|like|want|take|have|go|just|maybe|um|uh|erm|hmm|ok|okay|yes|yeah|then"
    r"|around|about|by"
    r"|from|milk|size|bag|bags|ground|grind|syrup|o'clock|sharp|next|this|is|fine|good|us|under|over|below|less"
    r"|than|up|max"
    r"|maximum|euros?)\b|\d+(?:st|nd|rd|th)\b|\W|\d"
    r"|[我要想请請来來给給一个個杯份包袋的了吧就好呢啊麻烦煩谢謝里用加和跟还還是也再那这這]"
)
# One more of the shop's things, said in Chinese with fillers alone.
_MORE = re.compile(r"再[来來加要]|[还還]要|也[要来來]|加[一二两兩三\d]")
# Readings of one message that lead to the same place: together they are as sure as their sum.
FAMILY = frozenset({"order", "order_another", "inform", "change_order"})
# Taking these wrongly costs the customer nothing, so they need not be sure.
HARMLESS = frozenset({"greet", "thank", "goodbye", "smalltalk", "insult", "bot_challenge", "help", "human"})


@dataclass(frozen=True)
class Reading:
    """What one stretch of text was understood as."""

    intent: str
    confidence: float
    ranking: tuple[tuple[str, float], ...]
    clarify: tuple[str, ...] = ()


class Reader:
    """The intent models by language, and the encoder they were trained with: texts and entities in, readings out.

    Three kinds of text are not left to the model: what `refusals` is sure to be a refusal is one, a text that is
    nothing but entities is an answer, or an order where it names a product, and an example means what it was given for.
    """

    def __init__(
        self, models: Models, encoder: embeddings.Encoder | None, refusals: RefusalDetector | None = None
    ) -> None:
        trained_with = models["en"].vectors_of
        if encoder is not None and trained_with not in (None, encoder.fingerprint):
            logger.warning(
                "The model was trained with other sentence embeddings: it works on words alone until `rapport train`."
            )
            encoder = None
        self._models = models
        self._refusals = refusals
        self._encoder = encoder if models["en"].dense is not None else None

    def read(self, texts: Sequence[str], entities: Sequence[Sequence[dict[str, Any]]]) -> list[Reading]:
        """One reading a text, each by the model of its language."""
        seen = [marked(text, found) for text, found in zip(texts, entities, strict=True)]
        language = [self._language(text) for text in texts]
        readings: dict[int, Reading] = {}
        for name in dict.fromkeys(language):
            rows = [row for row, spoken in enumerate(language) if spoken == name]
            rule, ranked = self._rank(name, [texts[row] for row in rows], [seen[row] for row in rows])
            for row, scores in zip(rows, ranked, strict=True):
                readings[row] = self._read(texts[row], seen[row], entities[row], name, rule, scores)
        return [readings[row] for row in range(len(texts))]

    def _language(self, text: str) -> str:
        name = model_of(text)
        return name if name in self._models else "en"

    def _rank(self, name: str, texts: Sequence[str], seen: Sequence[str]) -> tuple[Rule, NDArray[np.float64]]:
        model = self._models[name]
        vectors = None
        if self._encoder is not None and model.dense is not None:
            vectors = self._encoder.encode(texts).astype(np.float64)
        return model.rank(seen, vectors)

    def _read(
        self,
        text: str,
        seen: str,
        entities: Sequence[dict[str, Any]],
        name: str,
        rule: Rule,
        scores: NDArray[np.float64],
    ) -> Reading:
        labels = self._models[name].labels
        decided = self._decide(rule, labels, scores)
        if decided.intent in NEIGHBOURS:
            return decided  # "Forget me entirely" asks for more than a refusal does.
        return self._refused(text) or self._told(text, entities, labels, scores) or self._taught(seen, name) or decided

    def _enough(self, text: str) -> float:
        """The confidence from which a part of a message counts as a request of its own."""
        return self._models[self._language(text)].rule(vectors=self._encoder is not None).floor

    def several(self, text: str, entities: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """The requests in `text` as Rasa's parse data, in order; empty where it is one request."""
        spans = requests.pieces(text)
        if len(spans) < 2:
            return []
        parts = [within(entities, start, end) for start, end in spans]
        readings = self.read([text[start:end] for start, end in spans], parts)
        found = [
            requests.Piece(start, end, r.intent, r.confidence, sum(e["entity"] == "product" for e in part))
            for (start, end), r, part in zip(spans, readings, parts, strict=True)
        ]
        gathered = requests.gather(found, enough=self._enough(text))
        return [
            {
                "text": text[piece.start : piece.end],
                "intent": {"name": piece.intent, "confidence": piece.confidence},
                "entities": within(entities, piece.start, piece.end),
            }
            for piece in gathered
            if len(gathered) > 1
        ]

    def _refused(self, text: str) -> Reading | None:
        heard = self._refusals.hear(text, whole=True) if self._refusals else None
        if heard is None or not heard.sure:
            return None
        name = f"opt_out_{heard.scope}"
        return Reading(name, heard.confidence, ((name, heard.confidence),))

    def _taught(self, seen: str, name: str) -> Reading | None:
        """An example of the training data, word for word, means what it was given for."""
        intent = self._models[name].example(seen)
        return Reading(intent, TOLD, ((intent, TOLD),)) if intent is not None else None

    def _told(
        self, text: str, entities: Sequence[dict[str, Any]], labels: Sequence[str], row: NDArray[np.float64]
    ) -> Reading | None:
        if not entities or not bare_answer(text, entities):
            return None
        kinds = {entity["entity"] for entity in entities}
        swapped = any(entity.get("role") in ("to", "from") for entity in entities)
        name = "change_order" if swapped else "order" if kinds & {"product", "category"} else "inform"
        if name == "order" and _MORE.search(text):
            name = "order_another"
        ranking = [(label, float(score)) for label, score in zip(labels, row, strict=True) if label != name]
        ranking.sort(key=lambda pair: -pair[1])
        return Reading(name, TOLD, ((name, TOLD), *((label, score * (1 - TOLD)) for label, score in ranking[:2])))

    def _decide(self, rule: Rule, labels: Sequence[str], row: NDArray[np.float64]) -> Reading:
        order = row.argsort()[::-1][:RANKING_LENGTH]
        ranking = tuple((labels[i], float(row[i])) for i in order)
        name, confidence = ranking[0]
        if name in FAMILY:
            confidence = min(1.0, sum(score for other, score in ranking if other in FAMILY))
        if name == OUT_OF_SCOPE or confidence >= (rule.floor if name in HARMLESS else rule.sure):
            return Reading(name, confidence, ranking)
        likely = tuple(other for other, _ in ranking if other != OUT_OF_SCOPE)[:2] if confidence >= rule.floor else ()
        return Reading(OUT_OF_SCOPE, 1.0 - confidence, ranking, likely)


def fit(
    texts: Sequence[str], labels: Sequence[str], *, nlp: Language, encoder: embeddings.Encoder | None
) -> dict[str, IntentModel]:
    """Train a model for each language on texts as they would be read: their entities found and marked.

    Sentence embeddings serve English only; a language with fewer than three intents gets no model of its own.
    """
    models = {}
    for name in LANGUAGES:
        own = [(text, label) for text, label in zip(texts, labels, strict=True) if model_of(text) == name]
        if name != "en" and len({label for _, label in own}) < 3:
            continue
        said = [text for text, _ in own]
        seen = [marked(text, extract(text, nlp=nlp, now=EPOCH)) for text in said]
        vectors = encoder.encode(said).astype(np.float64) if encoder and name == "en" else None
        with_vectors = encoder.fingerprint if encoder and name == "en" else None
        models[name] = IntentModel.fit(seen, [label for _, label in own], vectors, vectors_of=with_vectors)
    return models


def save(models: Models, folder: Path) -> None:
    """Write each model into `folder` under the name of its language."""
    for name, model in models.items():
        model.save(folder, f"{PREFIX}{name}")


def load(folder: Path) -> dict[str, IntentModel]:
    """The models in `folder` by language."""
    names = [path.stem.removeprefix(PREFIX) for path in folder.glob(f"{PREFIX}*.json")]
    return {name: IntentModel.load(folder, f"{PREFIX}{name}") for name in names}


def bare_answer(text: str, entities: Sequence[dict[str, Any]]) -> bool:
    """Is there nothing in `text` but entities, fillers and no question: "large oat please"?"""
    if "?" in text or re.search(r"[？吗嗎]|什么|什麼|多少|哪|几点|幾點", text):
        return False
    for entity in sorted(entities, key=lambda e: -int(e["start"])):
        text = text[: entity["start"]] + " " + text[entity["end"] :]
    return not _FILLER.sub("", text.lower())


def within(entities: Sequence[dict[str, Any]], start: int, end: int) -> list[dict[str, Any]]:
    """The entities of a stretch, their offsets counted from its beginning."""
    return [
        {**entity, "start": entity["start"] - start, "end": entity["end"] - start}
        for entity in entities
        if start <= entity["start"] and entity["end"] <= end
    ]

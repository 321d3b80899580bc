"""What a text asks for, by the intent model, the refusal detector and the entities together. Pure: no Rasa.

Never shows a guess as an intent: a text below the threshold is `out_of_scope`, and where two readings are worth asking
about, `clarify` names them.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language

from bot.rasa.nlu import embeddings, requests
from bot.rasa.nlu.entities import extract, marked
from bot.rasa.nlu.model import OUT_OF_SCOPE, IntentModel, Rule
from bot.rasa.nlu.refusals import RefusalDetector
from bot.rasa.nlu.typed import EPOCH

logger = logging.getLogger(__name__)

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
)
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
    """An `IntentModel` with the encoder it was trained with: texts and their entities in, readings out.

    Two kinds of text are not left to the model: what `refusals` is sure to be a refusal is one, and a text that is
    nothing but entities is an answer, or an order where it names a product.
    """

    def __init__(
        self, model: IntentModel, encoder: embeddings.Encoder | None, refusals: RefusalDetector | None = None
    ) -> None:
        if encoder is not None and model.vectors_of not in (None, encoder.fingerprint):
            logger.warning(
                "The model was trained with other sentence embeddings: it works on words alone until `rapport train`."
            )
            encoder = None
        self._model = model
        self._refusals = refusals
        self._encoder = encoder if model.dense is not None else None

    def read(self, texts: Sequence[str], entities: Sequence[Sequence[dict[str, Any]]]) -> list[Reading]:
        seen = [marked(text, found) for text, found in zip(texts, entities, strict=True)]
        vectors = self._encoder.encode(texts).astype(np.float64) if self._encoder else None
        rule, rows = self._model.rank(seen, vectors)
        return [
            self._refused(text) or self._told(text, found, row) or self._decide(rule, row)
            for text, found, row in zip(texts, entities, rows, strict=True)
        ]

    @property
    def _enough(self) -> float:
        """The confidence from which a part of a message counts as a request of its own."""
        return self._model.rule(vectors=self._encoder is not None).floor

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
        gathered = requests.gather(found, enough=self._enough)
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

    def _told(self, text: str, entities: Sequence[dict[str, Any]], row: NDArray[np.float64]) -> Reading | None:
        if not entities or not bare_answer(text, entities):
            return None
        kinds = {entity["entity"] for entity in entities}
        swapped = any(entity.get("role") in ("to", "from") for entity in entities)
        name = "change_order" if swapped else "order" if kinds & {"product", "category"} else "inform"
        ranking = [(label, float(score)) for label, score in zip(self._model.labels, row, strict=True) if label != name]
        ranking.sort(key=lambda pair: -pair[1])
        return Reading(name, TOLD, ((name, TOLD), *((label, score * (1 - TOLD)) for label, score in ranking[:2])))

    def _decide(self, rule: Rule, row: NDArray[np.float64]) -> Reading:
        order = row.argsort()[::-1][:RANKING_LENGTH]
        ranking = tuple((self._model.labels[i], float(row[i])) for i in order)
        name, confidence = ranking[0]
        if name in FAMILY:
            confidence = min(1.0, sum(score for other, score in ranking if other in FAMILY))
        if name == OUT_OF_SCOPE or confidence >= (rule.floor if name in HARMLESS else rule.sure):
            return Reading(name, confidence, ranking)
        likely = tuple(other for other, _ in ranking if other != OUT_OF_SCOPE)[:2] if confidence >= rule.floor else ()
        return Reading(OUT_OF_SCOPE, 1.0 - confidence, ranking, likely)


def fit(
    texts: Sequence[str], labels: Sequence[str], *, nlp: Language, encoder: embeddings.Encoder | None
) -> IntentModel:
    """Train the intent model on texts as they would be read: their entities found and marked."""
    seen = [marked(text, extract(text, nlp=nlp, now=EPOCH)) for text in texts]
    vectors = encoder.encode(texts).astype(np.float64) if encoder else None
    return IntentModel.fit(seen, labels, vectors, vectors_of=encoder.fingerprint if encoder else None)


def bare_answer(text: str, entities: Sequence[dict[str, Any]]) -> bool:
    """Is there nothing in `text` but entities, fillers and no question: "large oat please"?"""
    if "?" in text:
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

"""The Rasa component that says what a message asks for: `intent`, `intent_ranking`, `requests`, `clarify`.

It trains in seconds, stores plain arrays, and never shows a guess as an intent: a message below the threshold is
`out_of_scope`, and where two readings are worth asking about, `clarify` names them.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.utils.spacy_utils import SpacyModel, SpacyNLP
from rasa.shared.nlu.constants import ENTITIES, INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.rasa.nlu import embeddings, refusals, requests
from bot.rasa.nlu.entities import extract, marked
from bot.rasa.nlu.model import OUT_OF_SCOPE, IntentModel, Rule
from bot.rasa.nlu.refusals import RefusalDetector
from bot.rasa.nlu.typed import EPOCH

logger = logging.getLogger(__name__)

# Changes when the code trains differently, so that Rasa does not take an old model from its cache.
REVISION = "6"
RANKING_LENGTH = 10
# How sure an answer is that consists of entities and fillers.
TOLD = 0.95
_FILLER = re.compile(
    r"\b(?:please|pls|plz|thanks|thank you|thx|ta|cheers|the|a|an|of|at|on|in|for|with|and|to|my|one|ones|it|it's|its|"
    r"make|that|be|will|would|i'd|i'll|i|like|want|take|have|go|just|maybe|um|uh|erm|hmm|ok|okay|yes|yeah|then|around|about|by|"
    r"from|milk|size|bag|bags|ground|grind|syrup|o'clock|sharp|next|this|is|fine|good|us)\b|\W|\d"
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
            logger.warning("The model was trained with other sentence embeddings: it works on words alone until `rapport train`.")
            encoder = None
        self._model = model
        self._refusals = refusals
        self._encoder = encoder if model.dense is not None else None

    def read(self, texts: Sequence[str], entities: Sequence[Sequence[dict[str, Any]]]) -> list[Reading]:
        seen = [marked(text, found) for text, found in zip(texts, entities, strict=True)]
        vectors = self._encoder.encode(texts) if self._encoder else None
        rule, rows = self._model.rank(seen, vectors)
        return [
            self._refused(text) or self._told(text, found, row) or self._decide(rule, row)
            for text, found, row in zip(texts, entities, rows, strict=True)
        ]

    @property
    def enough(self) -> float:
        """The confidence from which a part of a message counts as a request of its own."""
        return self._model.rule(vectors=self._encoder is not None).floor

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


@DefaultV1Recipe.register(
    DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True, model_from="SpacyNLP"
)
class ShopIntents(IntentClassifier, GraphComponent):
    """Reads each message as a whole and, where it seems to ask for several things, in parts."""

    def __init__(
        self, config: dict[str, Any], storage: ModelStorage, resource: Resource, reader: Reader | None = None
    ) -> None:
        self._config = config
        self._storage = storage
        self._resource = resource
        self._reader = reader

    @classmethod
    def required_components(cls) -> list[type]:
        return [SpacyNLP]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> ShopIntents:
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> ShopIntents:
        with model_storage.read_from(resource) as folder:
            reader = Reader(IntentModel.load(folder), embeddings.shared(), refusals.shared())
        return cls(config, model_storage, resource, reader)

    @staticmethod
    def fingerprint_addon(config: dict[str, Any]) -> str | None:
        """Other embeddings or other code: another model."""
        encoder = embeddings.shared()
        return f"{REVISION} {encoder.fingerprint if encoder else 'words alone'}"

    def train(self, training_data: TrainingData, model: SpacyModel) -> Resource:
        examples = [e for e in training_data.intent_examples if e.get(TEXT)]
        encoder = embeddings.shared()
        fitted = fit(
            [e.get(TEXT) for e in examples], [e.get(INTENT) for e in examples], spacy_model=model, encoder=encoder
        )
        with self._storage.write_to(self._resource) as folder:
            fitted.save(folder)
        self._reader = Reader(fitted, encoder, refusals.shared())
        return self._resource

    def process(self, messages: list[Message], model: SpacyModel) -> list[Message]:
        spoken = [message for message in messages if message.get(TEXT)]
        if self._reader is None or not spoken:
            return messages
        texts, found = [m.get(TEXT) for m in spoken], [m.get(ENTITIES, []) for m in spoken]
        for message, reading in zip(spoken, self._reader.read(texts, found), strict=True):
            self._tell(message, reading, self._several(message.get(TEXT), message.get(ENTITIES, [])))
        return messages

    def _tell(self, message: Message, reading: Reading, several: list[dict[str, Any]]) -> None:
        message.set(INTENT, {"name": reading.intent, "confidence": reading.confidence}, add_to_output=True)
        ranking = [{"name": name, "confidence": score} for name, score in reading.ranking]
        message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)
        if len(several) > 1:
            message.set("requests", several, add_to_output=True)
            message.set(INTENT, several[0]["intent"], add_to_output=True)
        elif reading.clarify:
            message.set("clarify", list(reading.clarify), add_to_output=True)

    def _several(self, text: str, entities: list[dict[str, Any]]) -> list[dict[str, Any]]:
        assert self._reader is not None
        spans = requests.pieces(text)
        if len(spans) < 2:
            return []
        parts = [within(entities, start, end) for start, end in spans]
        readings = self._reader.read([text[start:end] for start, end in spans], parts)
        found = [
            requests.Piece(start, end, r.intent, r.confidence, sum(e["entity"] == "product" for e in part))
            for (start, end), r, part in zip(spans, readings, parts, strict=True)
        ]
        return [
            {
                "text": text[piece.start : piece.end],
                "intent": {"name": piece.intent, "confidence": piece.confidence},
                "entities": within(entities, piece.start, piece.end),
            }
            for piece in requests.gather(found, enough=self._reader.enough)
        ]


def fit(
    texts: Sequence[str], labels: Sequence[str], *, spacy_model: SpacyModel, encoder: embeddings.Encoder | None
) -> IntentModel:
    """Train the intent model on texts as they would be read: their entities found and marked."""
    seen = [marked(text, extract(text, nlp=spacy_model.model, now=EPOCH)) for text in texts]
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

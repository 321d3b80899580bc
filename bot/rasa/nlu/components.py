"""Rasa's side of the understanding: the components that config.yml names. What they do is in the pure modules beside.

Rasa checks the annotations of `train`, `process` and `provide`; `fingerprint_addon` decides what is trained again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.constants import FEATURIZER_CLASS_ALIAS, SPACY_DOCS
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.nlu.utils.spacy_utils import SpacyModel, SpacyNLP
from rasa.shared.nlu.constants import (
    ENTITIES,
    FEATURE_TYPE_SENTENCE,
    INTENT,
    INTENT_RANKING_KEY,
    METADATA,
    TEXT,
)
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.rasa.nlu import embeddings, fact_model, reading, refusals
from bot.rasa.nlu.entities import extract
from bot.rasa.nlu.language import detect
from bot.rasa.nlu.reading import Reader, Reading

# Changes when the code trains differently, so that Rasa does not take an old model from its cache.
REVISION = "12"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False, model_from="SpacyNLP")
class ShopEntities(GraphComponent, EntityExtractorMixin):
    """Adds entities to each message; "now" is the message's own (metadata), else the wall clock of the shop."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._zone = ZoneInfo(config["timezone"])

    @classmethod
    def required_components(cls) -> list[type]:
        return [SpacyNLP]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"timezone": "UTC"}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> ShopEntities:
        return cls(config)

    def process(self, messages: list[Message], model: SpacyModel) -> list[Message]:
        for message in messages:
            text = message.get(TEXT)
            if text:
                found = extract(text, nlp=model.model, now=self._now(message), doc=message.get(SPACY_DOCS[TEXT]))
                known = message.get(ENTITIES, [])
                message.set(ENTITIES, known + self.add_extractor_name(found), add_to_output=True)
        return messages

    def _now(self, message: Message) -> datetime:
        said_at = (message.get(METADATA) or {}).get("now")
        moment = datetime.fromisoformat(said_at) if said_at else datetime.now(tz=self._zone)
        return moment.astimezone(self._zone)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class SentenceEmbeddings(DenseFeaturizer, GraphComponent):
    """Gives each message its sentence embedding as a dense feature; does nothing where there is no model.

    `ShopIntents` does not need it (it embeds parts of messages too); it is for pipelines with other classifiers.
    """

    def __init__(self, config: dict[str, Any], name: str) -> None:
        super().__init__(name, config)
        self._encoder = embeddings.shared()

    @classmethod
    def required_components(cls) -> list[type]:
        return []

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SentenceEmbeddings:
        return cls(config, execution_context.node_name)

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Nothing to check: the model is named by the settings."""

    @staticmethod
    def fingerprint_addon(config: dict[str, Any]) -> str | None:
        encoder = embeddings.shared()
        return encoder.fingerprint if encoder else None

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        self.process(training_data.training_examples)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        spoken = [message for message in messages if message.get(TEXT)]
        if self._encoder is None or not spoken:
            return messages
        vectors = self._encoder.encode([message.get(TEXT) for message in spoken])
        for message, vector in zip(spoken, vectors, strict=True):
            row = np.asarray(vector)[None, :]
            message.add_features(Features(row, FEATURE_TYPE_SENTENCE, TEXT, self._config[FEATURIZER_CLASS_ALIAS]))
        return messages


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True, model_from="SpacyNLP")
class ShopIntents(IntentClassifier, GraphComponent):
    """Sets `intent`, `intent_ranking`, `language`; `requests` for several requests; `clarify` when unsure; `illegible`
    when no word is known."""

    def __init__(self, storage: ModelStorage, resource: Resource, reader: Reader | None = None) -> None:
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
        return cls(model_storage, resource)

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
            fact_model.shared()  # Now, not at the first message that names a thing.
            reader = Reader(reading.load(folder), embeddings.shared(), refusals.shared())
        return cls(model_storage, resource, reader)

    @staticmethod
    def fingerprint_addon(config: dict[str, Any]) -> str | None:
        """Other embeddings or other code: another model."""
        encoder = embeddings.shared()
        return f"{REVISION} {encoder.fingerprint if encoder else 'words alone'}"

    def train(self, training_data: TrainingData, model: SpacyModel) -> Resource:
        examples = [example for example in training_data.intent_examples if example.get(TEXT)]
        encoder = embeddings.shared()
        texts, intents = [e.get(TEXT) for e in examples], [e.get(INTENT) for e in examples]
        fitted = reading.fit(texts, intents, nlp=model.model, encoder=encoder)
        with self._storage.write_to(self._resource) as folder:
            reading.save(fitted, folder)
        self._reader = Reader(fitted, encoder, refusals.shared())
        return self._resource

    def process(self, messages: list[Message], model: SpacyModel) -> list[Message]:
        spoken = [message for message in messages if message.get(TEXT)]
        if self._reader is None or not spoken:
            return messages
        texts, found = [m.get(TEXT) for m in spoken], [m.get(ENTITIES, []) for m in spoken]
        for message, read in zip(spoken, self._reader.read(texts, found), strict=True):
            _tell(message, read, self._reader.several(message.get(TEXT), message.get(ENTITIES, []), read))
        return messages


def _tell(message: Message, read: Reading, several: list[dict[str, Any]]) -> None:
    ranking = [{"name": name, "confidence": score} for name, score in read.ranking]
    message.set(INTENT, {"name": read.intent, "confidence": read.confidence}, add_to_output=True)
    message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)
    message.set("language", detect(message.get(TEXT)), add_to_output=True)
    if several:
        message.set("requests", several, add_to_output=True)
        message.set(INTENT, several[0]["intent"], add_to_output=True)
    elif read.illegible:
        message.set("illegible", True, add_to_output=True)
    elif read.clarify:
        message.set("clarify", list(read.clarify), add_to_output=True)

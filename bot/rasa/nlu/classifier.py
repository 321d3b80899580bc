"""The Rasa component that gives each message its intent, from `IntentModel`, and says when it does not know.

It trains in seconds, stores plain arrays and never shows a guess below the threshold as an intent: such a message is
`out_of_scope`, and `clarify` in the parse names what it may have meant.
"""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.rasa.nlu.model import IntentModel

OUT_OF_SCOPE = "out_of_scope"
# Changes when the code below trains differently, so that Rasa does not take an old model from its cache.
REVISION = "1"
RANKING_LENGTH = 10


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class ShopIntents(IntentClassifier, GraphComponent):
    """Sets `intent`, `intent_ranking` and, when unsure, `clarify`."""

    def __init__(
        self, config: dict[str, Any], storage: ModelStorage, resource: Resource, model: IntentModel | None = None
    ) -> None:
        self._config = config
        self._storage = storage
        self._resource = resource
        self._model = model

    @classmethod
    def required_components(cls) -> list[type]:
        return []

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"threshold": 0.3}

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
            return cls(config, model_storage, resource, IntentModel.load(folder))

    @staticmethod
    def fingerprint_addon(config: dict[str, Any]) -> str | None:
        return REVISION

    def train(self, training_data: TrainingData) -> Resource:
        examples = [e for e in training_data.intent_examples if e.get(TEXT)]
        self._model = IntentModel.fit([e.get(TEXT) for e in examples], [e.get(INTENT) for e in examples])
        with self._storage.write_to(self._resource) as folder:
            self._model.save(folder)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        spoken = [message for message in messages if message.get(TEXT)]
        if self._model is None or not spoken:
            return messages
        rows = self._model.probabilities([message.get(TEXT) for message in spoken])
        for message, row in zip(spoken, rows, strict=True):
            ranking = [{"name": self._model.labels[i], "confidence": float(row[i])} for i in row.argsort()[::-1]]
            self._decide(message, ranking[:RANKING_LENGTH])
        return messages

    def _decide(self, message: Message, ranking: list[dict[str, Any]]) -> None:
        intent = ranking[0]
        if intent["confidence"] < self._config["threshold"]:
            likely = [entry["name"] for entry in ranking if entry["name"] != OUT_OF_SCOPE][:2]
            message.set("clarify", likely, add_to_output=True)
            intent = {"name": OUT_OF_SCOPE, "confidence": 1.0 - intent["confidence"]}
        message.set(INTENT, intent, add_to_output=True)
        message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)

"""A Rasa component that gives the shop's entities: the catalogue's words from spaCy, typed ones, and their roles."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.nlu.utils.spacy_utils import SpacyModel, SpacyNLP
from rasa.shared.nlu.constants import ENTITIES, METADATA, TEXT
from rasa.shared.nlu.training_data.message import Message
from spacy.language import Language

from bot.rasa.nlu import pipeline, roles, typed
from bot.rasa.nlu.words import straight


# Importing `pipeline` is what makes spaCy know its own part of the stored pipeline.
assert pipeline.Language


def extract(text: str, *, nlp: Language, now: datetime) -> list[dict[str, Any]]:
    """The entities of `text` in order of place; where two overlap the catalogue's words win."""
    text = straight(text)
    doc = nlp(text)
    found = [
        {"entity": ent.label_, "value": ent.ent_id_, "start": ent.start_char, "end": ent.end_char} for ent in doc.ents
    ]
    for entity in typed.find(text, now=now):
        if not any(entity["start"] < other["end"] and other["start"] < entity["end"] for other in found):
            found.append(entity)
    return roles.assign(text, found)


def marked(text: str, entities: Sequence[dict[str, Any]]) -> str:
    """`text` with each entity replaced by its kind and role, so that one product teaches about all products."""
    for entity in sorted(entities, key=lambda e: -int(e["start"])):
        mark = f" e{entity['entity'].replace('_', '')}{entity.get('role') or ''} "
        text = text[: entity["start"]] + mark + text[entity["end"] :]
    return text


@DefaultV1Recipe.register(
    DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False, model_from="SpacyNLP"
)
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
                found = extract(text, nlp=model.model, now=self._now(message))
                known = message.get(ENTITIES, [])
                message.set(ENTITIES, known + self.add_extractor_name(found), add_to_output=True)
        return messages

    def _now(self, message: Message) -> datetime:
        said_at = (message.get(METADATA) or {}).get("now")
        moment = datetime.fromisoformat(said_at) if said_at else datetime.now(tz=self._zone)
        return moment.astimezone(self._zone)

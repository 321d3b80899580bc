"""One message as `rapport parse` shows it: intent, entities, refusal and facts in one JSON object.

`Understanding` reads a trained model archive without starting Rasa, so that a line can be tried in a second.

ParseError: there is no trained model to read.
"""

from __future__ import annotations

import tarfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import spacy
from spacy.language import Language

from bot.rasa.nlu import embeddings, facts, reading, refusals
from bot.rasa.nlu.entities import extract
from bot.rasa.nlu.model import IntentModel
from bot.rasa.nlu.reading import Reader
from bot.rasa.nlu.refusals import Context, RefusalDetector

COMPONENT = "ShopIntents"


class ParseError(Exception):
    """No model has been trained yet."""


class Understanding:
    """The whole understanding without Rasa: the same pipeline, model and detector as the assistant's."""

    def __init__(self, nlp: Language, reader: Reader, detector: RefusalDetector) -> None:
        self._nlp, self._reader, self._detector = nlp, reader, detector

    @classmethod
    def load(
        cls, archive: Path, pipeline: Path, *, encoder: embeddings.Encoder | None, detector: RefusalDetector
    ) -> Understanding:
        """From Rasa's model archive and the spaCy pipeline of the catalogue."""
        return cls(spacy.load(pipeline), Reader(_models(archive), encoder, detector), detector)

    def parse(self, text: str, *, now: datetime | None = None, context: Context | None = None) -> dict[str, Any]:
        """`text`, `intent`, `confidence`, `entities`, `refusal`, `facts`; `requests` where there are several."""
        found = extract(text, nlp=self._nlp, now=now or datetime.now(tz=UTC))
        read = self._reader.read([text], [found])[0] if text.strip() else None
        parsed: dict[str, Any] = {
            "text": text,
            "intent": {"name": read.intent, "confidence": read.confidence} if read else {},
            "entities": found,
            "requests": self._reader.several(text, found, read) if read else [],
            "clarify": list(read.clarify) if read else [],
        }
        return describe(parsed, refusal=self._detector.detect(text, context=context or Context()))


def describe(parsed: Mapping[str, Any], *, refusal: refusals.Refusal | None) -> dict[str, Any]:
    """Rasa's parse data and what the refusal detector heard, in the form of `rapport parse`."""
    text, entities = str(parsed["text"]), parsed.get("entities", [])
    several = parsed.get("requests") or []
    intent = several[0]["intent"] if several else parsed.get("intent") or {}
    told: dict[str, Any] = {
        "text": text,
        "intent": intent.get("name"),
        "confidence": round(float(intent.get("confidence") or 0.0), 4),
        "entities": by_name(entities),
        "refusal": {"scope": refusal.scope, "channel": refusal.channel, "topic": refusal.topic} if refusal else None,
        "facts": facts.extract(text, entities=entities),
    }
    if several:
        told["requests"] = [
            {"text": r["text"], "intent": r["intent"]["name"], "entities": by_name(r["entities"])} for r in several
        ]
    if parsed.get("clarify"):
        told["clarify"] = list(parsed["clarify"])
    return told


def by_name(entities: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Entity values by name, a list where there are several; what is not wanted goes by `name_from` and `name_not`."""
    named: dict[str, Any] = {}
    for entity in entities:
        role = entity.get("role")
        name = entity["entity"] if role in (None, "to") else f"{entity['entity']}_{role}"
        if name not in named:
            named[name] = entity["value"]
        elif entity["value"] not in (old := named[name] if isinstance(named[name], list) else [named[name]]):
            named[name] = [*old, entity["value"]]
    return named


def _models(archive: Path) -> dict[str, IntentModel]:
    with tarfile.open(archive) as stored, TemporaryDirectory() as scratch:
        for member in stored:
            name = Path(member.name).name
            if COMPONENT in member.name and name.startswith(reading.PREFIX) and (source := stored.extractfile(member)):
                (Path(scratch) / name).write_bytes(source.read())
        return reading.load(Path(scratch))


@lru_cache(maxsize=1)
def shared() -> Understanding:
    """The understanding of the newest trained model, as the settings name its place. Raises ParseError."""
    from bot import settings

    models = settings.load().models
    archives = sorted(models.glob("nlu-*.tar.gz"), key=lambda path: path.stat().st_mtime)
    if not archives or not (models / "spacy").exists():
        raise ParseError(f"There is no trained model in {models}: run `rapport train`.")
    return Understanding.load(archives[-1], models / "spacy", encoder=embeddings.shared(), detector=refusals.shared())


def parse(text: str) -> dict[str, Any]:
    """What the newest trained model makes of `text`. Raises ParseError."""
    return shared().parse(text)

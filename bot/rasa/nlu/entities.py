"""The shop's entities in a text: the catalogue's words from spaCy, typed ones, and their roles. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc

from bot.rasa.nlu import pipeline, roles, typed
from bot.rasa.nlu.words import straight

# spaCy can read a stored pipeline only when the module that made it has been imported.
PIPELINE_PARTS = pipeline.ShopWords


def extract(text: str, *, nlp: Language, now: datetime, doc: Doc | None = None) -> list[dict[str, Any]]:
    """The entities of `text` in order of place; where two overlap the catalogue's words win.

    `doc` is what `nlp` made of this very text, where that has been done already.
    """
    plain_text = straight(text)
    if doc is None or plain_text != text:
        doc = nlp(plain_text)
    text = plain_text
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

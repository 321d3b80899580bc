"""What a customer sent, as the engine sees it: immutable records made from Rasa's parse data or a tapped button.

Exception
  ChoiceError   a payload is no choice
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

CHOOSE = "choose"
"""The intent of a tapped button; it is never predicted."""

COMMANDS = ("cancel", "start_over", "skip", "continue")


class ChoiceError(ValueError):
    """A payload that is no choice."""


@dataclass(frozen=True)
class Choice:
    """What a button does; one of four things.

    `set` (with `flow` and `step`, and `option` for an offer): answers that step; also works when the question is older
    than the current one. `flow` without `step`: starts that flow, `set` giving its first answers. `action`: runs it
    with `args`. `command`: cancel, start_over, skip or continue.
    """

    set: Mapping[str, Any] | None = None
    flow: str | None = None
    step: str | None = None
    option: str | None = None
    action: str | None = None
    args: Mapping[str, Any] | None = None
    command: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The fields that are given, as in `choice: {command: skip}` of the wording files."""
        return {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) is not None}

    @classmethod
    def from_json(cls, given: Any) -> Choice:
        """The choice that these fields state; unknown ones are ignored. Raises ChoiceError when they state none."""
        if not isinstance(given, Mapping):
            raise ChoiceError("a choice is a mapping such as {command: skip}")
        texts = {name: given[name] for name in ("flow", "step", "option", "action", "command") if given.get(name)}
        if not all(isinstance(text, str) for text in texts.values()):
            raise ChoiceError("flow, step, option, action and command of a choice are texts")
        maps = {name: dict(given[name]) for name in ("set", "args") if isinstance(given.get(name), Mapping)}
        if texts.get("command", "skip") not in COMMANDS:
            raise ChoiceError(f"the command of a choice is one of {', '.join(COMMANDS)}")
        if not ({"flow", "action", "command"} & set(texts) or "set" in maps):
            raise ChoiceError("a choice needs one of set, flow, action, command")
        return cls(set=maps.get("set"), args=maps.get("args"), **texts)

    def payload(self) -> str:
        """The text Rasa reads as this choice: `/choose{json}`."""
        return f"/{CHOOSE}{json.dumps(self.to_json(), ensure_ascii=False, sort_keys=True)}"

    @classmethod
    def parse(cls, payload: str) -> Choice:
        """The choice of such a text. Raises ChoiceError."""
        if not payload.startswith(f"/{CHOOSE}"):
            raise ChoiceError(f"a payload starts with /{CHOOSE}")
        try:
            return cls.from_json(json.loads(payload[len(CHOOSE) + 1 :]))
        except json.JSONDecodeError as error:
            raise ChoiceError(f"the payload is no JSON: {error.msg}") from error

    @classmethod
    def from_entities(cls, entities: Iterable[Mapping[str, Any]]) -> Choice:
        """The choice of Rasa's parse of a payload, where each field has become an entity. Raises ChoiceError."""
        return cls.from_json({entity["entity"]: entity.get("value") for entity in entities if "entity" in entity})


@dataclass(frozen=True)
class Entity:
    """Something said, by its catalogue id or normalised. Role: `to`, `from`, `not` or None."""

    name: str
    value: Any
    role: str | None = None


@dataclass(frozen=True)
class Message:
    """One request of a customer's message (usually the whole of it). Intent None: not understood."""

    text: str
    intent: str | None = None
    confidence: float = 1.0
    entities: tuple[Entity, ...] = ()
    choice: Choice | None = None

    @classmethod
    def from_rasa(cls, parse: Mapping[str, Any]) -> tuple[Message, ...]:
        """The messages of Rasa's parse data: one for each of its `requests`, else one for the whole.

        What is `illegible` there has no intent: the engine asks for other words, and offers a person the second time.
        """
        requests = parse.get("requests") or ()
        if len(requests) > 1:
            return tuple(cls._one(request) for request in requests)
        return (cls._one(parse),)

    @classmethod
    def _one(cls, parse: Mapping[str, Any]) -> Message:
        intent = parse.get("intent") or {}
        name = intent.get("name")
        entities = parse.get("entities") or ()
        text = parse.get("text") or ""
        if name == CHOOSE:
            return cls(text=text, intent=CHOOSE, choice=_choice_or_none(entities))
        return cls(
            text=text,
            intent=None if name in (None, "nlu_fallback") or parse.get("illegible") else name,
            confidence=float(intent.get("confidence") or 0.0),
            entities=tuple(Entity(e["entity"], e.get("value"), e.get("role")) for e in entities if e.get("entity")),
        )


def _choice_or_none(entities: Iterable[Mapping[str, Any]]) -> Choice | None:
    try:
        return Choice.from_entities(entities)
    except ChoiceError:
        return None  # The engine answers a tapped button without a choice by utter_choice_expired.

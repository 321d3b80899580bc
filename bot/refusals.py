"""Hears refusals before anything else, on every channel and whoever is in charge, and has them recorded.

The decision is staged on the turn before the assistant looks at the message, so that no mistake elsewhere can lose it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from actions import consents
from actions.consents import Refusal
from bot.rasa.nlg import WordingGenerator
from bot.rasa.nlu import refusals as spoken
from bot.rasa.nlu.refusal_model import ONCE
from bot.rasa.nlu.refusals import Context
from memory import Memory, Turn
from memory.consent import Purpose
from memory.messages import Outgoing

Detect = Callable[..., spoken.Refusal | None]
# A reading of a doubtful refusal as something else that is worth an answer too.
_LIKELY = 0.6
# "This stays between us": nothing more is kept at once, and how far that goes is asked.
_ONCE = spoken.ONCE_INTENT
_KEEPING = frozenset({"preferences", "memory", "all"})


@dataclass(frozen=True)
class Heard:
    """What a message decides: a refusal, or (None) a keyword that takes the customer back in."""

    text: str
    refusal: Refusal | None

    @property
    def intent(self) -> dict[str, Any]:
        """The intent that stands for it in Rasa's parse data."""
        if self.refusal is None:
            return {"name": "opt_in", "confidence": 1.0}
        scope = self.refusal.scope
        return {"name": _ONCE if scope == consents.ONCE else f"opt_out_{scope}", "confidence": 1.0}

    def parse(self) -> dict[str, Any]:
        """The request that stands for it in Rasa's parse data."""
        return {"text": self.text, "intent": self.intent, "entities": []}

    def to_json(self) -> dict[str, Any]:
        """What the actions need to confirm it."""
        return {"returned": True} if self.refusal is None else {"refusal": self.refusal.to_json()}


class Refusals:
    """Hears, records and, where nobody else does, confirms."""

    def __init__(self, memory: Memory, wording: WordingGenerator, *, detect: Detect = spoken.detect) -> None:
        """`detect` is given a text and its context; its keywords must need no model."""
        self._memory, self.wording, self._detect = memory, wording, detect

    def hear(self, text: str, *, turn: Turn, is_busy: Callable[[], bool], answers_choice: bool = False) -> Heard | None:
        """What the words decide. `is_busy`: is a task open? `answers_choice`: they are the title of a choice shown."""
        keyword = _is_keyword(text)
        if answers_choice and (turn.channel == spoken.WEB or not keyword):
            return None
        if keyword:
            found = spoken.keyword(text, context=Context(turn.channel, task_open=is_busy()))
        else:
            found = self._detect(text, context=Context(turn.channel))
        if found is not None:
            refusal = _refusal(found, method="keyword" if keyword else "words")
            return Heard(text, replace(refusal, sure=refusal.sure and not answers_choice))
        return Heard(text, None) if spoken.opts_in(text) and self._has_left(turn.customer) else None

    def record(self, tx: Any, turn: Turn, heard: Heard) -> None:
        """Write the decision with its evidence."""
        if heard.refusal is not None:
            consents.refuse(tx, turn, heard.refusal, said=heard.text)
            return
        said = consents.evidence(turn, "keyword", heard.text)
        if consents.may_grant(self._memory, tx, turn.customer, Purpose.MARKETING):
            consents.decide(tx, turn, (Purpose.MARKETING,), "granted", said=said, channel=turn.channel)

    def confirmation(self, turn: Turn, heard: Heard) -> Outgoing:
        """The confirmation as a message, for when the assistant itself does not speak."""
        refusal = heard.refusal
        name = "utter_allowed_marketing" if refusal is None else f"utter_refused_{refusal.scope}"

        def say(phrase: str, **variables: Any) -> str:
            return self.wording.phrase(phrase, variables, turn.language)

        about = consents.about(refusal, say) if refusal else {"where": consents.where(turn.channel, say)}
        return self.wording.message(name, about, language=turn.language, channel=turn.channel)

    def _has_left(self, customer: str) -> bool:
        with self._memory.read() as tx:
            return consents.has_left(tx, customer)


def _is_keyword(text: str) -> bool:
    return spoken.keyword(text, context=Context(channel="")) is not None


def _refusal(found: spoken.Refusal, *, method: str) -> Refusal:
    channel, topic = found.channel or consents.ANYWHERE, found.topic or consents.ANYWHERE
    scope = consents.ONCE if found.scope == ONCE else found.scope
    return Refusal(scope, channel, topic, found.sure, method)


def woven(parsed: Mapping[str, Any], heard: Heard) -> dict[str, Any]:
    """Rasa's parse data of a message with the decision that was heard in it, in the place of what understanding made of
    the same words."""
    requests = list(parsed.get("requests") or ())
    others = [request for request in requests or [parsed] if _stands_beside(request, heard, alone=len(requests) < 2)]
    whole = [*others, heard.parse()]
    only = heard.parse() if len(whole) == 1 else {}
    return {**parsed, **only, "requests": whole if others else [], **heard.to_json()}


def _stands_beside(request: Mapping[str, Any], heard: Heard, *, alone: bool) -> bool:
    """Whether a request is another one than the decision. Of a message that could not be told apart, what is surely
    something else, or may be when the refusal is in doubt."""
    intent = request.get("intent") or {}
    name, confidence = str(intent.get("name")), float(intent.get("confidence") or 0)
    if name in (consents.OPT_OUTS if heard.refusal else ("opt_in",)):
        return False
    if name == _ONCE and heard.refusal and heard.refusal.scope in _KEEPING:
        return False
    if not alone or name == "choose":
        return True
    doubtful = heard.refusal is not None and not heard.refusal.sure
    return (doubtful and confidence >= _LIKELY) or (bool(request.get("entities")) and confidence >= consents.SURE)

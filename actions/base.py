"""What every custom action is given: the shop it works for, and a tracker that knows the turn it is in.

An action reads slots, asks memory or the catalogue once, decides, utters, and returns events. What it wants written it
stages on the turn; the reply and the writes are committed together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet

from actions.speech import Speech
from bot.flows.model import CHOOSE, Choice, FlowSet, State
from bot.offering.catalogue import Catalogue
from bot.offering.choices import Engine
from memory import Memory, Turn

Event = dict[str, Any]
Phrase = Callable[[str, Mapping[str, Any], str], str]
"""The text of a wording: its name, its variables, the language."""
Word = Callable[[str, str], str]
"""What stands in English in the shop's files, in a language."""

DIALOGUE = "dialogue"
_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


@dataclass(frozen=True)
class Shop:
    """What actions work with. `catalogue`, `flows` and `engine` give what is in force now; `clock` aware UTC."""

    catalogue: Callable[[], Catalogue]
    flows: Callable[[], FlowSet]
    memory: Memory
    clock: Callable[[], datetime]
    phrase: Phrase
    engine: Callable[[], Engine]
    # The link to a customer's access copy, good for a short while.
    export_link: Callable[[str], str] = str
    word: Word = lambda text, language: text


class ShopTracker(Tracker):
    """A conversation as an action sees it, with its turn and the arguments of the flow step or the tapped choice."""

    turn: Turn
    arguments: dict[str, Any]


class ShopAction(Action):
    """A custom action named after its class: ActionAskMilk is action_ask_milk."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    def name(self) -> str:
        """The name by which flows, choices and domain.yml call it."""
        return _CAPITAL.sub("_", type(self).__name__).lower()

    @property
    def catalogue(self) -> Catalogue:
        """What can be had now, less what is ordered."""
        return self.shop.catalogue()

    @property
    def engine(self) -> Engine:
        """What makes sets of choices, on the catalogue of now."""
        return self.shop.engine()

    def speech(self, tracker: ShopTracker) -> Speech:
        """How to say things to this customer."""
        return Speech(self.catalogue, self.shop.phrase, tracker.turn.language, self.shop.word)


def button(title: str, choice: Choice) -> dict[str, Any]:
    """A choice with the title that is read for it, as messages and cards take it."""
    return {"title": title, "choice": choice}


def sets(values: Mapping[str, Any]) -> list[Event]:
    """The events that set these slots."""
    return [SlotSet(name, value) for name, value in values.items()]


def asked_by(tracker: ShopTracker) -> str | None:
    """The flow whose step is being run."""
    state = State.from_json(tracker.slots.get(DIALOGUE))
    return state.stack[-1].flow if state.stack else None


def answer(tracker: ShopTracker, **values: Any) -> Choice:
    """The choice that answers the step being run by setting these slots."""
    state = State.from_json(tracker.slots.get(DIALOGUE))
    top = state.stack[-1] if state.stack else None
    return Choice(set=values, flow=top.flow if top else None, step=top.step if top else None)


def requests(tracker: ShopTracker) -> list[Mapping[str, Any]]:
    """What the customer asked for in the last message, request by request."""
    message = tracker.latest_message or {}
    several = message.get("requests") or []
    return list(several) if len(several) > 1 else [message]


def request_of(tracker: ShopTracker, *intents: str) -> Mapping[str, Any]:
    """The request with one of these intents, else the whole message."""
    asked = (r for r in requests(tracker) if (r.get("intent") or {}).get("name") in intents)
    return next(asked, tracker.latest_message or {})


def words_of(tracker: ShopTracker) -> str:
    """The words of the last message; of a tapped choice its title."""
    return str((tracker.latest_message or {}).get("text") or "")


def asked_text(tracker: ShopTracker) -> str:
    """What was typed; a tapped choice says nothing of its own."""
    tapped = ((tracker.latest_message or {}).get("intent") or {}).get("name") == CHOOSE
    return "" if tapped else words_of(tracker)


def answered_by(tracker: ShopTracker) -> str:
    """How the choice at hand was made, as evidence of consent names it: its button was tapped, or its words typed."""
    return "words" if (tracker.latest_message or {}).get("typed") else "button"


def mentioned(entities: Iterable[Mapping[str, Any]], name: str) -> list[Any]:
    """The values of an entity in the order they were said, without what was said not to be wanted."""
    return [e.get("value") for e in entities if e.get("entity") == name and e.get("role") not in ("from", "not")]

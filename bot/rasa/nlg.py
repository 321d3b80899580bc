"""Rasa's generator over the shop's wording: names to texts, live from disk, in the customer's language."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rasa.core.nlg.generator import NaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from bot import wording
from bot.flows.model import Choice
from bot.live import Live
from bot.offering import catalogue_files
from bot.offering.catalogue import Catalogue
from bot.wording import Wording
from memory.messages import Option, Outgoing

logger = logging.getLogger(__name__)
_DATA = Path("data")


class WordingGenerator(NaturalLanguageGenerator):
    """Says things by name. A name without wording is logged and nothing is said (`rapport check` finds it first)."""

    def __init__(
        self,
        endpoint_config: EndpointConfig | None = None,
        domain: Domain | None = None,
        *,
        words: Live[Wording] | None = None,
        products: Live[Catalogue] | None = None,
    ) -> None:
        """Rasa gives the first two (`endpoints.yml`), the assistant the last two."""
        self._words = words or Live(_DATA / "wording", "*.yml", wording.load)
        self._products = products or Live(_DATA / "catalogue", "*.yml", catalogue_files.load)

    async def generate(
        self, utter_action: str, tracker: DialogueStateTracker, output_channel: str, **kwargs: Any
    ) -> dict[str, Any] | None:
        """Text and buttons of one utterance; arguments win over slots."""
        slots = tracker.current_slot_values()
        changed = self._changed(kwargs, _language(slots))
        said = self.say(
            utter_action,
            {**slots, **kwargs, **changed},
            slots={**slots, **changed},
            channel=output_channel,
            seed=f"{tracker.sender_id}:{_user_turns(tracker)}:{utter_action}",
        )
        if said is None:
            logger.error("There is no wording %s; add it to data/wording/en.yml.", utter_action)
            return None
        text, buttons = said
        offered = [self._offered(button, _language(slots)) for button in kwargs.get("buttons") or ()]
        return {"text": text, "buttons": [*offered, *buttons], "utter_action": utter_action}

    def say(
        self, name: str, variables: Mapping[str, Any], *, slots: Mapping[str, Any], channel: str, seed: str
    ) -> tuple[str, list[dict[str, str]]] | None:
        """The text of `name` with its buttons as {title, payload}; None when there is no such wording."""
        language = _language(slots)
        rendered = self._words.current().render(
            name,
            variables,
            language=language,
            channel=channel,
            show=lambda variable, value: self._shown(variable, value, language),
            seed=seed,
            slots=slots,
        )
        if rendered is None:
            return None
        return rendered.text, [{"title": title, "payload": choice.payload()} for title, choice in rendered.buttons]

    def phrase(self, name: str, variables: Mapping[str, Any], language: str) -> str:
        """A phrase for use inside other texts; empty when there is no such wording."""
        said = self.say(name, variables, slots={**variables, "language": language}, channel="", seed=name)
        return said[0] if said else ""

    def message(self, name: str, variables: Mapping[str, Any], *, language: str, channel: str) -> Outgoing:
        """A whole message with its choices, for whoever speaks outside a dialogue; empty without such a wording."""
        said = self.say(name, variables, slots={"language": language}, channel=channel, seed=name)
        text, buttons = said or ("", [])
        return Outgoing(text, tuple(Option(b["title"], Choice.parse(b["payload"]).to_json()) for b in buttons))

    def word(self, text: str, language: str) -> str:
        """What stands in English in the shop's files, in the customer's language."""
        return self._words.current().word(text, language)

    def best_language(self, wanted: str) -> str:
        """The language there is for a language tag or an Accept-Language header."""
        return self._words.current().best(wanted)

    def has_language(self, language: str) -> bool:
        """Whether there is wording in this language."""
        return language in self._words.current().languages

    def _shown(self, variable: str, value: Any, language: str) -> str:
        if isinstance(value, (list, tuple)):
            return self.phrase("utter_comma", {}, language).join(
                self._shown(variable, each, language) for each in value
            )
        if isinstance(value, str):
            return self.word(self._products.current().title(variable, value, language), language)
        return str(value)

    def _changed(self, given: Mapping[str, Any], language: str) -> dict[str, str]:
        """The words for what an answer is now (`value`) and `was`, for wording and its conditions; none where the shop
        has no words for either, as for a day or a yes."""
        if given.get("slot") is None or given.get("was") is None:
            return {}
        value, was = (self._title(given["slot"], given[name], language) for name in ("value", "was"))
        return {"value": value, "was": was} if value and was else {}

    def _title(self, slot: str, value: Any, language: str) -> str | None:
        """The shop's words for one value or several; None where it has none."""
        if isinstance(value, (list, tuple)):
            titles = [self._title(slot, each, language) for each in value]
            return self._shown(slot, value, language) if titles and all(titles) else None
        known = isinstance(value, str) and self._products.current().knows(slot, value)
        return self._shown(slot, value, language) if known else None

    def _offered(self, option: Mapping[str, Any], language: str) -> dict[str, str]:
        """An option of a flow's step as a button."""
        return {
            "title": self.word(option["title"], language),
            "payload": Choice.from_json(option["choice"]).payload(),
        }


def _language(slots: Mapping[str, Any]) -> str:
    return str(slots.get("language") or wording.FALLBACK_LANGUAGE)


def _user_turns(tracker: DialogueStateTracker) -> float:
    said = tracker.latest_message
    return said.timestamp if said else 0.0

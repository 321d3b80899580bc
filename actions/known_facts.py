"""The facts of a customer as their access copy holds them, with their source in words: the base of what shows them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from actions import consents, times
from actions.base import ShopAction, ShopTracker
from actions.facts_said import sentence
from actions.facts_said import title as titled
from actions.speech import Speech
from memory import export

Fact = Mapping[str, Any]


class Knowing(ShopAction):
    def facts(self, tracker: ShopTracker) -> list[Fact]:
        """All facts that stand, newest first, whatever is granted."""
        with self.shop.memory.read() as tx:
            kept = export.access_copy(tx, tracker.turn.customer, now=tracker.turn.now)["kept"]
        rows = [*kept["facts"]["rows"], *kept["sensitive_facts"]["rows"]]
        standing = [row for row in rows if row["state"] != "superseded"]
        return sorted(standing, key=lambda row: str(row["told_at"]), reverse=True)

    def fact(self, tracker: ShopTracker) -> Fact | None:
        """The fact of the tapped choice, if it is still there."""
        wanted = tracker.arguments.get("fact")
        return next((fact for fact in self.facts(tracker) if fact["id"] == wanted), None)

    def day(self, speech: Speech, moment: datetime) -> str:
        """The day by the shop's own clock, in words."""
        return speech.day(times.local(self.catalogue.shop, moment))

    def source(self, speech: Speech, fact: Fact) -> str:
        """Who told it, when and where."""
        name = "utter_source_customer" if fact["told_by"] == "customer" else "utter_source_shop"
        day = self.day(speech, datetime.fromisoformat(fact["told_at"]))
        return speech.say(name, day=day, where=consents.where(fact["channel"], speech.say))


def said(speech: Speech, fact: Fact) -> str:
    """The fact in words."""
    return sentence(speech, attribute=fact["attribute"], value=fact["value"], polarity=fact["polarity"])


def is_named(speech: Speech, fact: Fact, text: str) -> bool:
    """Whether a text speaks of the fact: by its value, or by what it is about ("forget my allergy")."""
    words = {str(fact["value"]).lower(), titled(speech, fact["attribute"], fact["value"]).lower()}
    words.add(fact["attribute"].replace("_", " "))
    return any(word in text for word in words if len(word) > 2 or not word.isascii())

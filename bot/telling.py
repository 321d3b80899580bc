"""Finds in a message what the customer tells of themselves, so that it is heard beside what they ask for."""

from collections.abc import Mapping
from typing import Any

from bot.rasa.nlu import facts

TELL = "state_preference"
# Who forgets, refuses or asks about what is known is not telling anything new by it.
_NOT_TELLING = frozenset(
    {"forget_that", "forget_everything", "dont_remember", "why_do_you_say_that", "what_do_you_know", "not_that_again"}
)


def with_facts(parsed: Mapping[str, Any]) -> dict[str, Any]:
    """Rasa's parse data with the facts in it, and a request to hear them where the message asks for something else."""
    requests = list(parsed.get("requests") or [parsed])
    intents = {(request.get("intent") or {}).get("name") for request in requests}
    found = facts.extract(parsed["text"], entities=parsed.get("entities") or ())
    told = [fact for fact in found if fact["lasting"] and fact["for"] == facts.SELF]
    if intents & _NOT_TELLING or not (told or TELL in intents):
        return dict(parsed)
    made = {**parsed, "facts": found}
    if TELL in intents:
        return made
    hearing = {"text": parsed["text"], "intent": {"name": TELL, "confidence": 1.0}, "entities": []}
    return {**made, "requests": [*requests, hearing]}

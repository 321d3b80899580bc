"""Facts in words: "you like oat milk". What is said of a fact is said the same way everywhere."""

from __future__ import annotations

from typing import Any

from actions.knowing import OWN, composed
from actions.speech import Speech

# Attributes that are put in words of their own; everything else goes by its polarity.
_OWN_WORDS = frozenset({"diet", "health", "allergy", "intolerance", "equipment", "budget", "cups_a_day", OWN})
_POLARITIES = frozenset({"like", "dislike", "must", "never", "has"})


def sentence(speech: Speech, *, attribute: str, value: Any, polarity: str) -> str:
    """What is known, as part of a sentence: "you never have sugar"."""
    if attribute in _OWN_WORDS:
        name = f"utter_fact_{attribute}"
    elif attribute == "delivery_day":
        name = "utter_fact_no_delivery_day" if polarity == "never" else "utter_fact_delivery_day"
    else:
        name = f"utter_fact_{polarity if polarity in _POLARITIES else 'other'}"
    return speech.say(name, what=title(speech, attribute, value), about=speech.word(attribute.replace("_", " ")))


def title(speech: Speech, attribute: str, value: Any) -> str:
    """The value as the shop calls it."""
    if attribute == OWN:
        return speech.line(composed(str(value)))
    return speech.word(speech.title(attribute, value).replace("_", " "))

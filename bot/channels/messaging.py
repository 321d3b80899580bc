"""Messaging apps without buttons: choices become numbered lines, cards become a few lines of text."""

from collections.abc import Iterable
from typing import Any

from memory.messages import Shown

MESSAGING = "messaging"
CONSOLE = "console"
# Channels without buttons: a number is an answer there.
TEXT_ONLY = frozenset({MESSAGING, CONSOLE})


def as_texts(messages: Iterable[Shown]) -> list[str]:
    """Messages as plain texts, in order. A choice can be answered by its number or its words; numbers run on through
    all that was said since the customer's last message, as the gateway counts them."""
    texts, number = [], 0
    for shown in messages:
        number = 0 if shown.sender == "customer" else number
        numbered = [f"{number + place}. {choice['title']}" for place, choice in enumerate(shown.choices, start=1)]
        number += len(numbered)
        texts.append("\n".join(part for part in (shown.text, *map(_card, shown.cards), *numbered) if part))
    return texts


def _card(card: dict[str, Any]) -> str:
    heading = " - ".join(str(card[key]) for key in ("title", "price") if card.get(key))
    return "\n".join(line for line in (heading, card.get("subtitle") or "") if line)

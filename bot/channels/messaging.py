"""Messaging apps without buttons: choices become numbered lines, cards become a few lines of text."""

from collections.abc import Sequence
from typing import Any

from memory.messages import Shown

MESSAGING = "messaging"


def as_text(shown: Shown) -> str:
    """One message as plain text; a choice can be answered by its number or its words."""
    parts = [
        shown.text,
        *(_card(card) for card in shown.cards),
        _numbered([choice["title"] for choice in shown.choices]),
    ]
    return "\n".join(part for part in parts if part)


def _card(card: dict[str, Any]) -> str:
    heading = " - ".join(str(card[key]) for key in ("title", "price") if card.get(key))
    return "\n".join(line for line in (heading, card.get("subtitle") or "") if line)


def _numbered(titles: Sequence[str]) -> str:
    return "\n".join(f"{number}. {title}" for number, title in enumerate(titles, start=1))

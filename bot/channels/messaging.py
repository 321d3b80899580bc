"""Messaging apps without buttons: choices become numbered lines, cards become a few lines of text."""

from collections.abc import Iterable, Iterator
from itertools import count
from typing import Any

from memory.messages import Shown

MESSAGING = "messaging"
CONSOLE = "console"
# Channels without buttons: a number is an answer there.
TEXT_ONLY = frozenset({MESSAGING, CONSOLE})


def as_texts(messages: Iterable[Shown]) -> list[str]:
    """Messages as plain texts, in order. A choice can be answered by its number or its words; numbers run on through
    all that was said since the customer's last message, as the gateway counts them."""
    texts, numbers = [], count(1)
    for shown in messages:
        numbers = count(1) if shown.sender == "customer" else numbers
        # Choices are counted before those on the cards; a card without choices may stand before either.
        plain = [_card(card, numbers) for card in shown.cards if not card.get("choices")]
        numbered = [*_lines(shown.choices, numbers)]
        tappable = [_card(card, numbers) for card in shown.cards if card.get("choices")]
        texts.append("\n".join(part for part in (shown.text, *plain, *numbered, *tappable) if part))
    return texts


def _card(card: dict[str, Any], numbers: Iterator[int]) -> str:
    heading = " - ".join(str(card[key]) for key in ("title", "price") if card.get(key))
    lines = (heading, card.get("subtitle") or "", *_lines(card.get("choices") or (), numbers))
    return "\n".join(line for line in lines if line)


def _lines(choices: Iterable[dict[str, Any]], numbers: Iterator[int]) -> list[str]:
    return [f"{number}. {choice['title']}" for choice, number in zip(choices, numbers, strict=False)]

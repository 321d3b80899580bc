"""Customers and half-done tasks to test with, and the time at which everything happens."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from memory import Memory, conversations, identities

NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Half:
    """A half-done task."""

    thread: str = "t_1"
    flow: str = "order_drink"
    step: str = "milk"
    slots: dict[str, Any] = field(default_factory=lambda: {"product": "latte", "size": "large"})
    description: str | None = "the milk"
    summary_response: str | None = "utter_summary_order_drink"
    progress: dict[str, Any] = field(default_factory=lambda: {"passed": ["product", "size"]})


def somebody(memory: Memory, subject: str = "ann", channel: str = "web") -> tuple[str, str]:
    """A signed-in customer and their conversation on a channel."""
    with memory.write() as tx:
        customer = identities.sign_in(tx, subject=subject, now=NOW)
        return customer, conversations.open(tx, customer=customer, channel=channel, now=NOW).id

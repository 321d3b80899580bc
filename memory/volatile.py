"""Conversations of customers who do not want them kept: they live in this process alone, bounded, and end with it."""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

# A visitor who refused memory still has a conversation for an afternoon; then it is gone.
_LIFE = timedelta(hours=4)
_MOST_CONVERSATIONS = 5_000
_MOST_EVENTS = 400
_MOST_MESSAGES = 200


@dataclass
class Kept:
    """What this process knows of one volatile conversation."""

    customer: str
    touched: datetime
    events: list[dict[str, Any]] = field(default_factory=list)
    # The number of the newest event, counted from the first one ever, dropped ones included.
    last: int = 0
    checkpoint: dict[str, Any] | None = None
    upto: int = 0
    messages: list[dict[str, Any]] = field(default_factory=list)


class Volatile:
    """The volatile conversations of one process, the longest untouched dropped first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._lock = Lock()

    def find(self, conversation: str) -> Kept | None:
        """What is kept of a conversation, or None."""
        with self._lock:
            return self._kept.get(conversation)

    def touch(self, conversation: str, *, customer: str, now: datetime) -> Kept:
        """What is kept of a conversation, made when there was none; others that are old are dropped."""
        with self._lock:
            kept = self._kept.setdefault(conversation, Kept(customer, now))
            kept.touched = now
            self._kept.move_to_end(conversation)
            while len(self._kept) > _MOST_CONVERSATIONS or next(iter(self._kept.values())).touched < now - _LIFE:
                self._kept.popitem(last=False)
            return kept

    def drop(self, conversation: str) -> None:
        """Forget a conversation."""
        with self._lock:
            self._kept.pop(conversation, None)

    def drop_customers(self, customers: frozenset[str]) -> int:
        """Forget all conversations of these customers; how many there were."""
        with self._lock:
            gone = [key for key, kept in self._kept.items() if kept.customer in customers]
            for key in gone:
                del self._kept[key]
            return len(gone)

    def holds(self, customers: frozenset[str]) -> bool:
        """Whether anything of these customers is kept here."""
        with self._lock:
            return any(kept.customer in customers for kept in self._kept.values())


def trim(kept: Kept) -> None:
    """Keep the newest events and messages only."""
    del kept.events[:-_MOST_EVENTS]
    del kept.messages[:-_MOST_MESSAGES]

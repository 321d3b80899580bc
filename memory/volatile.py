"""Conversations of customers who do not want them kept: they live in this process alone, bounded, and end with it.

What is held here are the rows that would have been written, so that nothing else needs to know the difference. Several
processes do not share it: a balancer must be sticky for such a conversation to go on.
"""

from collections import OrderedDict
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

# Somebody who refused memory still has a conversation for an afternoon; then it is gone.
_LIFE = timedelta(hours=4)
_MOST_CONVERSATIONS = 5_000
_MOST_EVENTS = 400
_MOST_MESSAGES = 200

Row = dict[str, Any]


@dataclass
class Kept:
    """The rows of one volatile conversation, oldest first."""

    customer: str
    touched: datetime
    checkpoint: Row | None = None
    events: list[Row] = field(default_factory=list)
    messages: list[Row] = field(default_factory=list)
    choices: list[Row] = field(default_factory=list)

    def working_copy(self) -> "Kept":
        """A copy to change in a transaction that may fail."""
        made = copy(self)
        made.events, made.messages, made.choices = list(self.events), list(self.messages), list(self.choices)
        return made

    def trim(self) -> None:
        """Drop events that the checkpoint stands for, and the oldest of everything beyond its bound."""
        if self.checkpoint is not None:
            upto = self.checkpoint["upto"]
            self.events = [row for row in self.events if row["seq"] > upto]
        del self.events[:-_MOST_EVENTS]
        del self.messages[:-_MOST_MESSAGES]
        del self.choices[:-_MOST_MESSAGES]


class Volatile:
    """The volatile conversations of one process; the longest untouched are dropped first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._lock = Lock()

    def find(self, conversation: str) -> Kept | None:
        """What is held of a conversation, or None."""
        with self._lock:
            return self._kept.get(conversation)

    def put(self, conversation: str, kept: Kept) -> None:
        """Hold this of a conversation from now on."""
        kept.trim()
        with self._lock:
            self._kept[conversation] = kept
            self._kept.move_to_end(conversation)
            while len(self._kept) > _MOST_CONVERSATIONS or self._oldest().touched < kept.touched - _LIFE:
                self._kept.popitem(last=False)

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

    def customers(self) -> frozenset[str]:
        """Of whom conversations are held here."""
        with self._lock:
            return frozenset(kept.customer for kept in self._kept.values())

    def count(self, customers: frozenset[str]) -> int:
        """How many conversations of these customers are held here."""
        with self._lock:
            return sum(kept.customer in customers for kept in self._kept.values())

    def _oldest(self) -> Kept:
        return next(iter(self._kept.values()))

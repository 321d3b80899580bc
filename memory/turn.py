"""One incoming message as an action sees it; what the action wants written waits here until the reply is committed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from memory._session import Tx

Write = Callable[[Tx], None]


@dataclass(frozen=True)
class Turn:
    """Who says something, where and when. ``writes`` are run, in order, in the turn's one write transaction."""

    customer: str
    conversation: str
    channel: str
    language: str
    now: datetime
    message_id: str
    writes: list[Write] = field(default_factory=list, compare=False)

    def stage(self, write: Write) -> None:
        """Run ``write(tx)`` in the transaction that commits this turn's reply; not at all when the turn fails."""
        self.writes.append(write)

    def write(self, tx: Tx) -> None:
        """Run what was staged."""
        for staged in self.writes:
            staged(tx)

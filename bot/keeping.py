"""Keeps the promises about time in the served process: what is too old is deleted daily, what was erased elsewhere
leaves this process within a minute.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.locks import Locks
from memory import Memory, identities, retention
from memory.errors import UnknownCustomer

_LOOK_SECONDS = 60.0
_EVERY = timedelta(days=1)
logger = logging.getLogger(__name__)


class Keeping:
    """`run` until cancelled. Of several processes one at a time deletes; doing it twice does no harm."""

    def __init__(self, memory: Memory, *, locks: Locks, clock: Callable[[], datetime]) -> None:
        """`locks` are shared between processes where there are several."""
        self._memory, self._locks, self._clock = memory, locks, clock
        self._applied_at: datetime | None = None

    async def run(self) -> None:
        """Look, do what is due, wait, for ever. A failure is logged and tried again at the next look."""
        while True:
            try:
                await self.look()
            except Exception:  # The edge of a background task: the next look tries again.
                logger.exception("Retention could not be applied")
            await asyncio.sleep(_LOOK_SECONDS)

    async def look(self) -> None:
        """Do what is due now."""
        self.drop_strangers()
        now = self._clock()
        if self._applied_at is not None and now - self._applied_at < _EVERY:
            return
        async with self._locks.lock("retention"):
            deleted = await asyncio.to_thread(retention.apply, self._memory, now=now)
        self._applied_at = now
        logger.info("Retention deleted %s rows.", sum(deleted.values()))

    def drop_strangers(self) -> None:
        """Forget conversations held in this process of people whom another process has erased."""
        strangers = frozenset(each for each in self._memory.volatile.customers() if not self._is_known(each))
        self._memory.volatile.drop_customers(strangers)

    def _is_known(self, customer: str) -> bool:
        with self._memory.read() as tx:
            try:
                identities.customer(tx, customer)
            except UnknownCustomer:
                return False
        return True

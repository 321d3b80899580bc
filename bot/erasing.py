"""Forgets customers while everything else goes on: blocked at once, then deleted when their last turn is over.

What a crash or a shutdown interrupts is finished at the next start.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import datetime

from bot.hub import Hub
from bot.locks import Locks
from memory import Memory, conversations, erasure
from memory.erasure import Store

logger = logging.getLogger(__name__)
_CHANNELS = ("web", "messaging")


class Erasures:
    """Begins erasures and finishes them in the background; `stores` are other places that may hold something."""

    def __init__(self, memory: Memory, locks: Locks, hub: Hub, clock: Callable[[], datetime]) -> None:
        """All parts are shared with the rest of the process."""
        self._memory, self._locks, self._hub, self._clock = memory, locks, hub, clock
        self.stores: list[Store] = []
        self._running: set[asyncio.Task[None]] = set()

    async def begin(self, customer: str) -> str:
        """The receipt's id. From now on nobody is this customer any more. Raises UnknownCustomer."""
        with self._memory.write() as tx:
            found = [conversations.find(tx, customer=customer, channel=channel) for channel in _CHANNELS]
            receipt = erasure.block(tx, customer, now=self._clock())
        self._finish_later(receipt)
        for conversation in filter(None, found):
            await self._hub.publish(conversation.id, {"type": "message"})  # Open sockets look, and are closed.
        return receipt

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Takes up what was left unfinished; at the end waits for what is under way."""
        with self._memory.read() as tx:
            left = erasure.unfinished(tx)
        for receipt in left:
            self._finish_later(receipt)
        try:
            yield
        finally:
            await self.settled()

    async def settled(self) -> None:
        """Waits until every erasure that was begun here has been tried."""
        await asyncio.gather(*self._running)

    def _finish_later(self, receipt: str) -> None:
        task = asyncio.create_task(self._finish(receipt))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _finish(self, receipt: str) -> None:
        hold = self._hold(asyncio.get_running_loop())
        try:
            await asyncio.to_thread(
                erasure.complete, self._memory, receipt, now=self._clock(), stores=tuple(self.stores), hold=hold
            )
        except Exception:  # The edge of a background task: the block stands, and the next start tries again.
            logger.exception("Erasure %s is not finished; it is taken up again at the next start", receipt)

    def _hold(self, loop: asyncio.AbstractEventLoop) -> erasure.Hold:
        """Holds the locks of conversations from the thread that deletes: their turns are over by then."""

        @contextmanager
        def hold(conversations: frozenset[str]) -> Iterator[None]:
            held = AsyncExitStack()

            async def take() -> None:
                for each in sorted(conversations):
                    await held.enter_async_context(self._locks.lock(each))

            asyncio.run_coroutine_threadsafe(take(), loop).result()
            try:
                yield
            finally:
                asyncio.run_coroutine_threadsafe(held.aclose(), loop).result()

        return hold

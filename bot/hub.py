"""Tells open sockets that a conversation has something new. Only a nudge travels: the database is what is read.

A nudge that is lost costs a little delay, never a message: every reader asks the database for what it has not seen.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:  # As in `bot.locks`.
    from redis.asyncio import Redis

Nudge = dict[str, Any]


class Hub(Protocol):
    """Publishes nudges by conversation."""

    async def publish(self, conversation: str, nudge: Nudge) -> None:
        """Reach everyone who listens to the conversation, in any process."""

    def listen(self, conversation: str) -> Any:
        """Async context manager giving an `asyncio.Queue` of nudges."""


class LocalHub:
    """Nudges within one process."""

    def __init__(self) -> None:
        """Nobody listens yet."""
        self._queues: dict[str, set[asyncio.Queue[Nudge]]] = defaultdict(set)

    async def publish(self, conversation: str, nudge: Nudge) -> None:
        """Never waits: a listener that does not keep up reads the database anyway."""
        for queue in self._queues.get(conversation, ()):
            queue.put_nowait(nudge)

    @asynccontextmanager
    async def listen(self, conversation: str) -> AsyncIterator[asyncio.Queue[Nudge]]:
        """A queue of this conversation's nudges for as long as the context lasts."""
        queue: asyncio.Queue[Nudge] = asyncio.Queue()
        self._queues[conversation].add(queue)
        try:
            yield queue
        finally:
            self._queues[conversation].discard(queue)
            if not self._queues[conversation]:
                del self._queues[conversation]


class RedisHub:
    """Nudges between processes, by one subscription a process."""

    _CHANNEL = "rapport:nudges"

    def __init__(self, redis: "Redis") -> None:
        """`run` must be running for nudges to arrive."""
        self._redis, self._local = redis, LocalHub()

    async def publish(self, conversation: str, nudge: Nudge) -> None:
        """Goes through Redis to every process, this one included."""
        await self._redis.publish(self._CHANNEL, json.dumps([conversation, nudge]))

    def listen(self, conversation: str) -> Any:
        """See `Hub.listen`."""
        return self._local.listen(conversation)

    async def run(self) -> None:
        """Hand on what Redis brings, until cancelled."""
        async with self._redis.pubsub() as subscription:
            await subscription.subscribe(self._CHANNEL)
            async for message in subscription.listen():
                if message["type"] == "message":
                    await self._local.publish(*json.loads(message["data"]))

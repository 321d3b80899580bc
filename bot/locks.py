"""One conversation, one turn at a time, in the order of arrival: within a process, or across processes by Redis."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # Its kit takes 13 MB, and most shops run one process.
    from redis.asyncio import Redis

# Far longer than any turn takes; a process that died holding the lock frees it by then.
_LOCK_SECONDS = 30.0


class Locks(Protocol):
    """Hands out one lock a name."""

    def lock(self, name: str) -> AbstractAsyncContextManager[None]:
        """Waits until nobody else holds `name`."""


class LocalLocks:
    """Locks for one process; asyncio's locks are first come, first served."""

    def __init__(self) -> None:
        """No lock exists until someone asks for it, and none outlives its last holder."""
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def lock(self, name: str) -> AsyncIterator[None]:
        """Waits until nobody else in this process holds `name`."""
        held, waiting = self._locks.get(name, (asyncio.Lock(), 0))
        self._locks[name] = (held, waiting + 1)
        try:
            async with held:
                yield
        finally:
            held, waiting = self._locks.pop(name)
            if waiting > 1:
                self._locks[name] = (held, waiting - 1)


class RedisLocks:
    """Locks for several processes. Within each process callers queue locally, so that their order holds."""

    def __init__(self, redis: "Redis") -> None:
        """`redis` is shared with the rest of the process."""
        self._redis, self._local = redis, LocalLocks()

    @asynccontextmanager
    async def lock(self, name: str) -> AsyncIterator[None]:
        """Waits until nobody else in any process holds `name`; raises redis' LockError when that takes too long."""
        async with self._local.lock(name):
            shared = self._redis.lock(
                f"rapport:lock:{name}", timeout=_LOCK_SECONDS, sleep=0.02, blocking_timeout=_LOCK_SECONDS
            )
            async with shared:
                yield

"""Keeps tiers and the engine up to date in the served process, in a thread beside the event loop.

At the start when tiers are stale, every 28 days, when their rules are edited, and soon after orders: for those at most
once an hour, and so seldom that a hundredth of the time is spent on it.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from time import monotonic

from bot.locks import Locks
from bot.offering.catalogue import Catalogue
from bot.offering.rules import TierRules
from bot.offers import tiers
from bot.offers.market import Market
from memory import Memory, deliveries, profiles, stock

# How often it is looked whether there is something to do; looking costs two small reads.
_LOOK_SECONDS = 60.0
# New orders change tiers and what is popular: not sooner after the last time than this.
_AFTER_ORDERS = timedelta(hours=1)
# How often it is looked which deliveries of subscriptions have come due.
_DELIVERIES = timedelta(hours=1)
logger = logging.getLogger(__name__)


class Schedule:
    """`run` until cancelled. Several processes may run it: one at a time computes, the others find nothing to do."""

    def __init__(
        self,
        memory: Memory,
        market: Market,
        *,
        catalogue: Callable[[], Catalogue],
        rules: Callable[[], TierRules],
        clock: Callable[[], datetime],
        locks: Locks,
    ) -> None:
        """`locks` are shared between processes where there are several."""
        self._memory, self._market = memory, market
        self._catalogue, self._rules, self._clock, self._locks = catalogue, rules, clock, locks
        self._computed_at: datetime | None = None
        # The rules by which tiers are: an edit of them makes them due.
        self._by: TierRules | None = None
        self._seen: datetime | None = None
        self._delivered_at: datetime | None = None
        self._took = timedelta()

    async def run(self) -> None:
        """Look, do what is due, wait, for ever. A failure is logged and tried again at the next look."""
        while True:
            try:
                await self.look()
            except Exception:  # The edge of a background task: the shop goes on without it.
                logger.exception("Tiers could not be computed")
            await asyncio.sleep(_LOOK_SECONDS)

    async def look(self) -> bool:
        """Do what is due now; whether anything was."""
        await asyncio.to_thread(self._deliver)
        if not self._market.learned:
            await asyncio.to_thread(self._market.learn)
        if not await asyncio.to_thread(self._is_due):
            return False
        async with self._locks.lock("tiers"):
            if not await asyncio.to_thread(self._is_due):
                return False
            await asyncio.to_thread(self._compute)
        return True

    def _deliver(self) -> None:
        """Deliveries of subscriptions are purchases from the day they are due."""
        now = self._clock()
        if self._delivered_at is not None and now - self._delivered_at < _DELIVERIES:
            return
        with self._memory.write() as tx:
            deliveries.record_due(tx, now=now)
        self._delivered_at = now

    def _is_due(self) -> bool:
        now, rules = self._clock(), self._rules()
        self._by = self._by or rules
        if self._by != rules:
            return True
        with self._memory.read() as tx:
            if self._computed_at is None:
                self._computed_at = profiles.latest_at(tx)
            newest = stock.version(tx)
        if self._computed_at is None or now - self._computed_at >= tiers.FRESH:
            return tiers.is_stale(self._memory, now=now)
        return newest is not None and newest != self._seen and now - self._computed_at >= self._pause()

    def _pause(self) -> timedelta:
        return max(_AFTER_ORDERS, 100 * self._took)

    def _compute(self) -> None:
        now, begun = self._clock(), monotonic()
        self._by = self._rules()
        with self._memory.read() as tx:
            self._seen = stock.version(tx)
        standings = tiers.recompute(self._memory, self._catalogue(), self._by, as_of=now)
        self._market.learn()
        self._computed_at, self._took = now, timedelta(seconds=monotonic() - begun)
        logger.info("Tiers of %s customers were computed.", len(standings))

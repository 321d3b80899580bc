"""Nobody can flood the shop: a token bucket for each caller, in memory."""

import math
from collections import OrderedDict
from collections.abc import Callable

from memory.erasure import Subject

# Callers remembered at most; the one that has been quiet longest is forgotten first.
_MOST_CALLERS = 50_000


class TooMany(Exception):
    """The caller must wait `retry_after` whole seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Too many requests; try again in {retry_after} s.")
        self.retry_after = retry_after


class Limit:
    """Allows `burst` calls at once and `per_second` on average, for each caller."""

    def __init__(self, name: str = "callers", *, burst: int, per_second: float, clock: Callable[[], float]) -> None:
        """`clock` gives seconds that never go back. As a store that erasure reaches it goes by its name."""
        self.name = f"limit of {name}"
        self._burst, self._rate, self._clock = burst, per_second, clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str) -> None:
        """Count one call. Raises TooMany."""
        now = self._clock()
        left, since = self._buckets.pop(caller, (float(self._burst), now))
        left = min(self._burst, left + (now - since) * self._rate)
        if left < 1:
            self._buckets[caller] = (left, now)
            raise TooMany(math.ceil((1 - left) / self._rate))
        self._buckets[caller] = (left - 1, now)
        if len(self._buckets) > _MOST_CALLERS:
            self._buckets.popitem(last=False)

    def erase(self, subject: Subject) -> None:
        """Forget that these customers ever called."""
        for customer in subject.customers:
            self._buckets.pop(customer, None)

    def probe(self, subject: Subject) -> int:
        """How many of these customers are remembered as callers."""
        return sum(customer in self._buckets for customer in subject.customers)

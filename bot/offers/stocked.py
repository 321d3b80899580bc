"""The catalogue with what is left: stock falls with every order placed in conversation and every delivery of a
subscription, in every process."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from time import monotonic

from bot.offering.catalogue import Catalogue, Product
from memory import Memory, deliveries, stock
from memory.stock import Piece

# Within a turn the catalogue is asked some fifty times; orders of other people are looked up this often, in seconds.
_LOOK_AGAIN = 0.05


class Stocked:
    """`current()` is the shop's catalogue less what stands ordered since its counts were stated."""

    def __init__(self, memory: Memory, catalogue: Callable[[], Catalogue], clock: Callable[[], datetime]) -> None:
        """`catalogue` gives the files as they are now."""
        self._memory, self._catalogue, self._clock = memory, catalogue, clock
        self._looked = float("-inf")
        self._files: Catalogue | None = None
        self._newest: datetime | None = None
        # When the next delivery of a subscription takes something from stock.
        self._good_until: datetime | None = None
        self._left = catalogue()

    def current(self) -> Catalogue:
        """What can be had now."""
        files = self._catalogue()
        if self._files is not files or monotonic() - self._looked > _LOOK_AGAIN:
            self._look(files)
        return self._left

    def _look(self, files: Catalogue) -> None:
        if self._files is not files:
            state_counts(self._memory, files, now=self._clock())
        now = self._clock()
        with self._memory.read() as tx:
            newest = stock.version(tx)
            delivered = self._good_until is not None and now >= self._good_until
            if self._files is not files or self._newest != newest or delivered:
                self._left = less(files, stock.ordered(tx, now=now))
                self._good_until = deliveries.next_due(tx, now=now)
        self._files, self._newest, self._looked = files, newest, monotonic()


def state_counts(memory: Memory, files: Catalogue, *, now: datetime) -> None:
    """Note the counts that the catalogue states, where they are new."""
    counts = counts_of(files)
    with memory.read() as tx:
        if not stock.changed(tx, counts):
            return
    with memory.write() as tx:
        stock.state(tx, counts, now=now)


def counts_of(catalogue: Catalogue) -> dict[Piece, int]:
    """Everything that is counted, by size where sizes are."""
    counts: dict[Piece, int] = {}
    for product in catalogue.products.values():
        if isinstance(product.stock, Mapping):
            counts.update({(product.id, module): count for module, count in product.stock.items()})
        elif product.stock is not None:
            counts[product.id, ""] = product.stock
    return counts


def less(catalogue: Catalogue, ordered: Mapping[Piece, int]) -> Catalogue:
    """The catalogue without these pieces."""
    taken: dict[str, dict[str, int]] = {}
    for (sku, module), pieces in ordered.items():
        taken.setdefault(sku, {})[module] = pieces
    left = {sku: _without(catalogue.products[sku], gone) for sku, gone in taken.items() if sku in catalogue.products}
    return replace(catalogue, products={**catalogue.products, **left}) if left else catalogue


def _without(product: Product, gone: Mapping[str, int]) -> Product:
    if isinstance(product.stock, Mapping):
        return replace(product, stock={size: max(n - gone.get(size, 0), 0) for size, n in product.stock.items()})
    return product if product.stock is None else replace(product, stock=max(product.stock - gone.get("", 0), 0))

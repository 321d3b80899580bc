"""Takes order lines into memory piece by piece: bounded in memory, in short transactions, the same lines only once."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

from bot.offering.orders import BadRow, OrderLine, read_orders
from memory import Memory, purchases

# Lines a transaction: long enough to be fast, short enough that a served turn waits for a fraction of a second.
_PIECE = 10_000


@dataclass(frozen=True)
class Imported:
    """What became of the lines. `left_out` are of people who were erased after they had ordered."""

    new: int = 0
    known: int = 0
    left_out: int = 0
    bad: int = 0

    @property
    def lines(self) -> int:
        """All lines that were read."""
        return self.new + self.known + self.left_out + self.bad


def import_file(
    memory: Memory,
    file: Path,
    *,
    now: datetime,
    on_bad: Callable[[BadRow], None],
    on_bytes: Callable[[int], None] = lambda _: None,
) -> Imported:
    """Take in a CSV file; `on_bytes` is told how far into the file it is. Raises OrdersError for an unusable header."""
    # What is not UTF-8 becomes a row that cannot be printed, and so a bad one.
    with file.open("rb") as raw:
        lines = (line.decode("utf-8", errors="surrogateescape") for line in raw)
        return import_lines(memory, lines, now=now, on_bad=on_bad, on_piece=lambda: on_bytes(raw.tell()))


def import_lines(
    memory: Memory,
    lines: Iterable[str],
    *,
    now: datetime,
    on_bad: Callable[[BadRow], None],
    on_piece: Callable[[], None] = lambda: None,
) -> Imported:
    """Take in the lines of a CSV file, its header first. Raises OrdersError for a header that cannot be used."""
    total = Imported()
    rows = read_orders(lines, now=now)
    while piece := list(islice(rows, _PIECE)):
        bad = [row for row in piece if isinstance(row, BadRow)]
        for row in bad:
            on_bad(row)
        with memory.write() as tx:
            recorded = purchases.record_lines(tx, list(_lines(piece)))
        total = Imported(
            total.new + recorded.new,
            total.known + recorded.known,
            total.left_out + recorded.left_out,
            total.bad + len(bad),
        )
        on_piece()
    return total


def _lines(rows: Iterable[OrderLine | BadRow]) -> Iterator[purchases.Line]:
    for row in rows:
        if isinstance(row, OrderLine):
            yield purchases.Line(
                order_id=row.order_id,
                subject=row.customer_id,
                ordered_at=row.ordered_at,
                sku=row.sku,
                quantity=row.quantity,
                unit_price=row.unit_price,
                unit_cost=row.unit_cost,
                gift=row.gift,
                channel=row.channel or None,
                nth=row.nth,
            )

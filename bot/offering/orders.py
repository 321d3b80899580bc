"""A file of orders becomes validated lines and bad rows with their line numbers, one at a time and in constant memory.

The same file gives the same keys each time, so whoever stores lines by key may import it twice.
"""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from bot.offering.errors import OrdersError

REQUIRED = ("order_id", "customer_id", "ordered_at", "sku", "quantity", "unit_price")
OPTIONAL = ("unit_cost", "gift", "channel")

_LONGEST_NAME = 200
_MOST_PIECES = 100_000
_HIGHEST_PRICE = Decimal(10_000_000)
# Shop clocks run ahead and time zones are forgotten; more than a day ahead is a mistake.
_AHEAD = timedelta(days=1)
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_YES_NO = {
    "": False,
    "0": False,
    "false": False,
    "no": False,
    "n": False,
    "1": True,
    "true": True,
    "yes": True,
    "y": True,
}


class OrderLine(NamedTuple):
    """One line of an order; a negative quantity is a return. Times are aware UTC, `unit_cost` None when not told."""

    order_id: str
    customer_id: str
    ordered_at: datetime
    sku: str
    quantity: int
    unit_price: Decimal
    unit_cost: Decimal | None = None
    gift: bool = False
    channel: str = ""
    nth: int = 0
    line: int = 0

    @property
    def key(self) -> str:
        """What makes this line itself, wherever it stands in a file: equal lines of one order are told apart by their
        count."""
        parts = (
            self.order_id,
            self.sku,
            self.ordered_at.isoformat(),
            str(self.quantity),
            str(self.unit_price),
            str(self.nth),
        )
        return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()


class BadRow(NamedTuple):
    """A row that is left out: the line of the file it starts on and every reason against it."""

    line: int
    reasons: tuple[str, ...]


def read_orders(lines: Iterable[str], *, now: datetime) -> Iterator[OrderLine | BadRow]:
    """Each row of a CSV file as a line or a bad row, in order; raises OrdersError for a header that cannot be used.

    `lines` is any source of text lines (an open file); nothing but the current order is held in memory. Times without
    an offset are read as UTC. Columns that are not known are ignored. Rows that are blank are skipped.
    """
    reader = csv.reader(lines, strict=True)
    columns = _columns(reader)
    latest = now + _AHEAD
    order, customer, seen = "", "", Counter[tuple[object, ...]]()
    line = reader.line_num + 1
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield BadRow(line, (f"not readable as CSV: {error}",))
            line = reader.line_num + 1
            continue
        starts_on, line = line, reader.line_num + 1
        if not any(row):
            continue
        found = _line(row, columns, latest=latest, line=starts_on)
        if isinstance(found, BadRow):
            yield found
            continue
        if found.order_id != order:
            order, customer = found.order_id, found.customer_id
            seen.clear()
        elif found.customer_id != customer:
            yield BadRow(starts_on, (f"order {order} already belongs to another customer",))
            continue
        same = (found.sku, found.ordered_at, found.quantity, found.unit_price)
        nth = seen[same]
        seen[same] += 1
        yield found._replace(nth=nth) if nth else found


def _columns(reader: Iterator[list[str]]) -> dict[str, int]:
    try:
        header = [name.strip().lstrip("\ufeff").lower() for name in next(reader)]
    except StopIteration:
        raise OrdersError("the file is empty; its first line names the columns: " + ",".join(REQUIRED)) from None
    except csv.Error as error:
        raise OrdersError(f"the first line is not readable as CSV: {error}") from error
    missing = [name for name in REQUIRED if name not in header]
    if missing:
        hint = " (columns are separated by commas)" if len(header) == 1 else ""
        raise OrdersError(f"line 1 lacks {', '.join(missing)}{hint}; it needs {','.join(REQUIRED)}")
    twice = [name for name, times in Counter(header).items() if times > 1 and name in REQUIRED + OPTIONAL]
    if twice:
        raise OrdersError(f"line 1 names {', '.join(twice)} more than once")
    return {name: header.index(name) for name in REQUIRED + OPTIONAL if name in header}


def _line(row: Sequence[str], columns: dict[str, int], *, latest: datetime, line: int) -> OrderLine | BadRow:
    """The row as a line if all is well on the short way; else the long way round, which names every fault."""
    try:
        take = {name: row[place].strip() for name, place in columns.items()}
        ordered_at = _time(take["ordered_at"])
        quantity = int(take["quantity"])
        price = Decimal(take["unit_price"])
        cost_text = take.get("unit_cost", "")
        cost = Decimal(cost_text) if cost_text else None
        gift = _YES_NO[take.get("gift", "").lower()]
    except (ValueError, IndexError, KeyError, InvalidOperation, OverflowError):
        return BadRow(line, tuple(_faults(row, columns, latest=latest)))
    found = OrderLine(
        take["order_id"], take["customer_id"], ordered_at, take["sku"], quantity, price, cost, gift,
        take.get("channel", ""),
        line=line,
    )  # fmt: skip
    return found if _sound(found, latest) else BadRow(line, tuple(_faults(row, columns, latest=latest)))


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _sound(line: OrderLine, latest: datetime) -> bool:
    return (
        all(
            0 < len(name) <= _LONGEST_NAME and name.isprintable()
            for name in (line.order_id, line.customer_id, line.sku)
        )
        and len(line.channel) <= _LONGEST_NAME
        and _EARLIEST <= line.ordered_at <= latest
        and 0 < abs(line.quantity) <= _MOST_PIECES
        and _is_price(line.unit_price)
        and (line.unit_cost is None or _is_price(line.unit_cost))
    )


def _is_price(amount: Decimal) -> bool:
    return amount.is_finite() and 0 <= amount <= _HIGHEST_PRICE


def _faults(row: Sequence[str], columns: dict[str, int], *, latest: datetime) -> Iterator[str]:
    short = [name for name, place in columns.items() if place >= len(row)]
    if short:
        yield f"the row ends before {', '.join(short)}"
        return
    take = {name: row[place].strip() for name, place in columns.items()}
    for name in ("order_id", "customer_id", "sku"):
        if not take[name]:
            yield f"{name} is empty"
        elif len(take[name]) > _LONGEST_NAME or not take[name].isprintable():
            yield f"{name} is longer than {_LONGEST_NAME} characters or holds control characters"
    if len(take.get("channel", "")) > _LONGEST_NAME:
        yield f"channel is longer than {_LONGEST_NAME} characters"
    yield from _time_faults(take["ordered_at"], latest)
    yield from _quantity_faults(take["quantity"])
    yield from _price_faults("unit_price", take["unit_price"])
    if take.get("unit_cost"):
        yield from _price_faults("unit_cost", take["unit_cost"])
    if take.get("gift", "").lower() not in _YES_NO:
        yield f"gift is {take['gift']!r}, not true or false"


def _time_faults(text: str, latest: datetime) -> Iterator[str]:
    try:
        time = _time(text)
    except (ValueError, OverflowError):
        yield f"ordered_at is {text!r}, not a time such as 2026-03-14T09:30:00Z"
        return
    if time > latest:
        yield f"ordered_at {text} lies in the future"
    if time < _EARLIEST:
        yield f"ordered_at {text} lies before 1970"


def _quantity_faults(text: str) -> Iterator[str]:
    try:
        quantity = int(text)
    except ValueError:
        yield f"quantity is {text!r}, not a whole number"
        return
    if quantity == 0:
        yield "quantity is 0"
    if abs(quantity) > _MOST_PIECES:
        yield f"quantity {quantity} is beyond {_MOST_PIECES}"


def _price_faults(name: str, text: str) -> Iterator[str]:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        yield f"{name} is {text!r}, not an amount such as 3.40"
        return
    if not amount.is_finite() or amount < 0:
        yield f"{name} is {text}, not an amount of 0 or more (a return has a negative quantity, not a negative price)"
    elif amount > _HIGHEST_PRICE:
        yield f"{name} {text} is beyond {_HIGHEST_PRICE}"


def settle(lines: Sequence[OrderLine]) -> tuple[OrderLine, ...]:
    """What was bought and kept: returns are taken off the newest earlier purchases of the same thing by the same
    customer.

    Lines wholly returned are gone, partly returned ones have a smaller quantity; a return without a purchase changes
    nothing here (its cost is counted by `accounts`). In the order of time.
    """
    kept: list[OrderLine] = []
    open_lines: dict[tuple[str, str], list[int]] = {}
    for line in sorted(lines, key=lambda each: each.ordered_at):
        mine = open_lines.setdefault((line.customer_id, line.sku), [])
        if line.quantity > 0:
            mine.append(len(kept))
            kept.append(line)
            continue
        left = -line.quantity
        while left and mine:
            place = mine[-1]
            taken = min(left, kept[place].quantity)
            left -= taken
            kept[place] = kept[place]._replace(quantity=kept[place].quantity - taken)
            if kept[place].quantity == 0:
                mine.pop()
    return tuple(line for line in kept if line.quantity)

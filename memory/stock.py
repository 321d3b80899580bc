"""How much is left: what the catalogue stated, less what stands ordered since it stated that.

Nothing is counted down. A cancelled order gives its pieces back by being cancelled, a subscription takes its pieces
delivery by delivery, and a new count by the shop replaces the old one together with everything taken before it. Of
orders that are deleted the number of pieces stays, and nothing else.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, insert, select, true, update

from memory import _session, deliveries
from memory._session import Tx
from memory._tables import OrderRow, StockRow

# A thing, and the size that is counted (empty where sizes are not told apart).
Piece = tuple[str, str]


def changed(tx: Tx, counts: Mapping[Piece, int]) -> bool:
    """Whether the catalogue states other counts than those that are noted."""
    return dict(counts) != {piece: stated for piece, (stated, _) in _noted(tx).items()}


def state(tx: Tx, counts: Mapping[Piece, int], *, now: datetime) -> None:
    """Note the counts of the catalogue. One that is as it was keeps its time, so that an edit elsewhere in the
    catalogue restocks nothing."""
    noted = _noted(tx)
    for piece in noted.keys() - counts.keys() | {p for p in noted.keys() & counts if noted[p][0] != counts[p]}:
        _session.private(tx, delete(StockRow).where(StockRow.sku == piece[0], StockRow.module == piece[1]))
    rows = [
        {"sku": sku, "module": module, "stated": stated, "stated_at": now}
        for (sku, module), stated in counts.items()
        if noted.get((sku, module), (None,))[0] != stated
    ]
    if rows:
        _session.private(tx, insert(StockRow), rows)


def version(tx: Tx) -> datetime | None:
    """Something that differs whenever an order was placed, changed or cancelled; cheap."""
    newest: datetime | None = _session.private(tx, select(func.max(OrderRow.changed_at))).scalar()
    return newest


def ordered(tx: Tx, *, now: datetime | None = None) -> dict[Piece, int]:
    """How many pieces of each thing that is counted stand ordered since its count was stated, the deliveries of
    subscriptions that were due until ``now`` among them."""
    noted = _noted(tx)
    taken = _taken(tx, noted, true(), now=now or tx.now)
    gone = select(StockRow.sku, StockRow.module, StockRow.gone).where(StockRow.gone > 0)
    for sku, module, pieces in _session.private(tx, gone):
        taken[sku, module] = taken.get((sku, module), 0) + pieces
    return taken


def keep_count(tx: Tx, which: ColumnElement[bool]) -> None:
    """Before these orders are deleted: keep the number of pieces in them that are gone from stock."""
    for (sku, module), pieces in _taken(tx, _noted(tx), which, now=tx.now).items():
        counted = update(StockRow).where(StockRow.sku == sku, StockRow.module == module)
        _session.private(tx, counted.values(gone=StockRow.gone + pieces))


def _taken(
    tx: Tx, noted: Mapping[Piece, tuple[int, datetime]], which: ColumnElement[bool], *, now: datetime
) -> dict[Piece, int]:
    if not noted:
        return {}
    since = min(at for _, at in noted.values())
    # What was placed since then was changed no earlier; a subscription of before still delivers.
    once = (OrderRow.changed_at >= since) & (OrderRow.state != deliveries.CANCELLED)
    placed = select(OrderRow.lines, *deliveries.SCHEDULE).where(once | OrderRow.every_days.is_not(None), which)
    taken: dict[Piece, int] = {}
    for order in _session.private(tx, placed):
        for line in order.lines:
            piece = _piece(line, noted)
            times = 0 if piece is None else deliveries.count(order, since=noted[piece][1], until=now)
            if piece is not None and times:
                taken[piece] = taken.get(piece, 0) + times * int(line.get("quantity", 1))
    return taken


def _noted(tx: Tx) -> dict[Piece, tuple[int, datetime]]:
    rows = _session.private(tx, select(StockRow.sku, StockRow.module, StockRow.stated, StockRow.stated_at))
    return {(row.sku, row.module): (row.stated, row.stated_at) for row in rows}


def _piece(line: Mapping[str, object], noted: Mapping[Piece, object]) -> Piece | None:
    sku, options = str(line.get("delivers") or line.get("sku")), line.get("options")
    modules = [str(value) for value in options.values()] if isinstance(options, Mapping) else []
    return next(((sku, module) for module in (*modules, "") if (sku, module) in noted), None)

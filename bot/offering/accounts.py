"""What each customer brought and cost so far, from order lines and contacts; nothing about who the customer is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from statistics import median

from bot.offering.orders import OrderLine
from bot.offering.rules import CostRules

# Whoever complains or asks for a right does the shop a service, or what the law says: it never counts against them.
NEVER_COSTED = frozenset({"complaint", "rights_request"})
_DAY = 86_400


@dataclass(frozen=True)
class Account:
    """One customer's past: money in the shop's currency, `days` the distinct UTC days (ordinals) with a purchase,
    rising.

    `margin`: of what was bought. `returned`: margin taken back by returns. `handling`: cost of orders, returns,
    contacts.
    """

    customer: str
    days: tuple[int, ...]
    margin: float
    returned: float
    handling: float
    transactions: int
    category: str

    @property
    def occasions(self) -> int:
        """On how many days something was bought."""
        return len(self.days)

    @property
    def contribution(self) -> float:
        """What is left after returns and handling."""
        return self.margin - self.returned - self.handling

    @property
    def cycle(self) -> float | None:
        """The median number of days between two purchases; None before the second."""
        gaps = [later - earlier for earlier, later in pairwise(self.days)]
        return float(median(gaps)) if gaps else None


@dataclass(frozen=True)
class Costing:
    """How a line becomes margin: its unit cost, else the rules' share for the category, else the catalogue's, else
    other."""

    rules: CostRules
    category_of: Callable[[str], str | None]
    catalogue_share: Mapping[str, float] = field(default_factory=dict)

    def margin(self, line: OrderLine) -> float:
        """The margin of a line, negative for a return; in the currency of the file."""
        if line.unit_cost is not None:
            return line.quantity * float(line.unit_price - line.unit_cost)
        category = self.category_of(line.sku) or ""
        share = self.rules.margin_share.get(category, self.catalogue_share.get(category, self.rules.other_margin_share))
        return line.quantity * float(line.unit_price) * share


@dataclass
class _Tally:
    days: set[int] = field(default_factory=set)
    orders: set[str] = field(default_factory=set)
    categories: Counter[str] = field(default_factory=Counter)
    margin: float = 0.0
    returned: float = 0.0
    returned_lines: int = 0


def open_accounts(
    lines: Iterable[OrderLine],
    *,
    costing: Costing,
    as_of: datetime,
    contacts: Mapping[str, Mapping[str, int]] | None = None,
) -> tuple[Account, ...]:
    """One account for every customer with a purchase until `as_of`, by customer id; later lines are not looked at.

    `contacts` counts, by customer, how often each kind of contact happened; complaints and rights requests cost
    nothing.
    """
    tallies: dict[str, _Tally] = {}
    for line in lines:
        if line.ordered_at <= as_of:
            _add(tallies.setdefault(line.customer_id, _Tally()), line, costing)
    known = contacts or {}
    rules = costing.rules
    accounts = (_account(who, tally, rules, known.get(who, {})) for who, tally in sorted(tallies.items()) if tally.days)
    return tuple(accounts)


def _add(tally: _Tally, line: OrderLine, costing: Costing) -> None:
    margin = costing.margin(line)
    if line.quantity < 0:
        tally.returned -= margin
        tally.returned_lines += 1
        return
    tally.days.add(int(line.ordered_at.timestamp()) // _DAY)
    tally.orders.add(line.order_id)
    tally.categories[costing.category_of(line.sku) or ""] += 1
    tally.margin += margin


def _account(customer: str, tally: _Tally, rules: CostRules, contacts: Mapping[str, int]) -> Account:
    talks = sum(times for kind, times in contacts.items() if kind not in NEVER_COSTED)
    handling = (
        rules.order * len(tally.orders) + rules.returned_line * tally.returned_lines + rules.contact * max(talks, 0)
    )
    category = min(tally.categories, key=lambda each: (-tally.categories[each], each))
    return Account(
        customer=customer,
        days=tuple(sorted(tally.days)),
        margin=tally.margin,
        returned=tally.returned,
        handling=handling,
        transactions=len(tally.orders),
        category=category,
    )

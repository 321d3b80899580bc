"""Needs that the shop could not meet: counted by people, and told to staff only from five people on.

Below that a wish could be traced to a customer, so that not even its existence is told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from bot.offering.phrases import normal

FEWEST_PEOPLE = 5


class Need(NamedTuple):
    """One declined request: what was wanted in a word or two, by whom, when."""

    wanted: str
    customer: str
    at: datetime


@dataclass(frozen=True)
class UnmetNeed:
    """A need that enough different people had."""

    wanted: str
    people: int
    times: int
    first: datetime
    last: datetime


def unmet_needs(
    needs: Iterable[Need], *, people: int = FEWEST_PEOPLE, since: datetime | None = None
) -> tuple[UnmetNeed, ...]:
    """The needs of at least `people` different customers since then, most wanted first; never fewer than five
    people."""
    groups: dict[str, list[Need]] = defaultdict(list)
    for need in needs:
        if since is None or need.at >= since:
            groups[normal(need.wanted)].append(need)
    found = (_summed(wanted, group) for wanted, group in groups.items() if wanted)
    enough = [each for each in found if each.people >= max(people, FEWEST_PEOPLE)]
    return tuple(sorted(enough, key=lambda each: (-each.people, -each.times, each.wanted)))


def _summed(wanted: str, group: list[Need]) -> UnmetNeed:
    times = [need.at for need in group]
    return UnmetNeed(wanted, len({need.customer for need in group}), len(group), min(times), max(times))

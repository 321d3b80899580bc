"""A ranking as plain values: options with their reasons, what was held back, what could not be had."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.offering.candidates import Slot
from bot.offering.reasons import Barrier, Evidence, Reason


@dataclass(frozen=True)
class Option:
    """One option: a product with the modules suggested (others are asked for). `ask`: put it as a question ("still
    oat milk?"), for what it rests on is at least a half-life old. `score`: the estimated chance, never shown."""

    sku: str
    slot: Slot
    reason: Reason
    score: float
    modules: Mapping[str, str] = field(default_factory=dict)
    ask: bool = False
    left_open: tuple[str, ...] = ()


@dataclass(frozen=True)
class HeldBack:
    """A likelier thing that was kept out, by what the customer bought or said."""

    sku: str
    barrier: Barrier
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True)
class Unavailable:
    """A familiar thing that cannot be had now, with the shop's problem code; `by` is what stands in its place."""

    sku: str
    problem: str
    by: str | None = None


@dataclass(frozen=True)
class Ranking:
    """Options, best first, the last one drawn from what is new; and what was kept out, with its evidence."""

    options: tuple[Option, ...]
    held_back: tuple[HeldBack, ...] = ()
    unavailable: tuple[Unavailable, ...] = ()

    def cited(self) -> frozenset[str]:
        """The ids of all purchases and facts that this ranking rests on."""
        parts = [option.reason.evidence for option in self.options] + [held.evidence for held in self.held_back]
        return frozenset(each.id for part in parts for each in part)

"""The tier in force: it rises at once, and falls only after being too low twice in a row and sixty days' notice.

Each change is kept with its reason, so that "why?" has an answer later too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from bot.offering.rules import Demotion
from bot.offering.tiers import Assessment, Tier


class Reason(StrEnum):
    """Why the history has an entry."""

    FIRST = "first_assessment"
    PROMOTED = "promoted"
    BELOW = "below_once"
    NOTICE = "demotion_noticed"
    RECOVERED = "recovered"
    DEMOTED = "demoted"


@dataclass(frozen=True)
class Change:
    """One entry of a customer's tier history: what held before and after, why, and the values it rested on."""

    at: datetime
    before: Tier | None
    after: Tier
    reason: Reason
    actual_value: float
    unrealised_value: float
    due: datetime | None = None


@dataclass(frozen=True)
class Held:
    """The tier in force for a customer, how often in a row it was missed, the notice given, and everything before."""

    customer: str
    tier: Tier
    since: datetime
    missed: int = 0
    last_missed: datetime | None = None
    demotion_due: datetime | None = None
    history: tuple[Change, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain values for storing and for the customer's access copy; `from_json` is the way back."""
        return {
            "customer": self.customer,
            "tier": self.tier.value,
            "since": self.since.isoformat(),
            "missed": self.missed,
            "last_missed": _iso(self.last_missed),
            "demotion_due": _iso(self.demotion_due),
            "history": [_change_json(change) for change in self.history],
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Held:
        """What `to_json` gave, again; unknown keys are ignored. Raises KeyError or ValueError for anything else."""
        return cls(
            customer=stored["customer"],
            tier=Tier(stored["tier"]),
            since=datetime.fromisoformat(stored["since"]),
            missed=int(stored["missed"]),
            last_missed=_time(stored["last_missed"]),
            demotion_due=_time(stored["demotion_due"]),
            history=tuple(_change(each) for each in stored["history"]),
        )


def advance(held: Held | None, assessment: Assessment, *, rules: Demotion, now: datetime) -> Held:
    """The tier in force after one more assessment; the same object when nothing changes.

    Up at once. Down when the tier's lower bound is missed `times_in_a_row` times, counted at most once in
    `days_between` days, and `notice_days` after that notice, unless the bound is met again before.
    """
    if held is None:
        first = Held(assessment.customer, assessment.tier, now)
        return replace(first, history=(_entry(None, assessment, Reason.FIRST, tier=assessment.tier, at=now),))
    if assessment.tier.rank > held.tier.rank:
        return _moved(held, assessment, Reason.PROMOTED, now)
    if held.tier in assessment.keeps:
        return _kept(held, assessment, now)
    if held.demotion_due is not None:
        return _moved(held, assessment, Reason.DEMOTED, now) if now >= held.demotion_due else held
    return _missed(held, assessment, rules, now)


def _moved(held: Held, assessment: Assessment, reason: Reason, now: datetime) -> Held:
    entry = _entry(held.tier, assessment, reason, tier=assessment.tier, at=now)
    return Held(held.customer, assessment.tier, now, history=(*held.history, entry))


def _kept(held: Held, assessment: Assessment, now: datetime) -> Held:
    if not held.missed:
        return held
    entry = _entry(held.tier, assessment, Reason.RECOVERED, tier=held.tier, at=now)
    return replace(held, missed=0, last_missed=None, demotion_due=None, history=(*held.history, entry))


def _missed(held: Held, assessment: Assessment, rules: Demotion, now: datetime) -> Held:
    if held.last_missed is not None and now - held.last_missed < timedelta(days=rules.days_between):
        return held
    missed = held.missed + 1
    if missed < rules.times_in_a_row:
        entry = _entry(held.tier, assessment, Reason.BELOW, tier=held.tier, at=now)
        return replace(held, missed=missed, last_missed=now, history=(*held.history, entry))
    due = now + timedelta(days=rules.notice_days)
    entry = replace(_entry(held.tier, assessment, Reason.NOTICE, tier=held.tier, at=now), due=due)
    return replace(held, missed=missed, last_missed=now, demotion_due=due, history=(*held.history, entry))


def _entry(before: Tier | None, assessment: Assessment, reason: Reason, *, tier: Tier, at: datetime) -> Change:
    return Change(at, before, tier, reason, assessment.worth.actual_value, assessment.unrealised_value)


def _change_json(change: Change) -> dict[str, Any]:
    return {
        "at": change.at.isoformat(),
        "before": change.before.value if change.before else None,
        "after": change.after.value,
        "reason": change.reason.value,
        "actual_value": round(change.actual_value, 2),
        "unrealised_value": round(change.unrealised_value, 2),
        "due": _iso(change.due),
    }


def _change(stored: Mapping[str, Any]) -> Change:
    return Change(
        at=datetime.fromisoformat(stored["at"]),
        before=Tier(stored["before"]) if stored["before"] else None,
        after=Tier(stored["after"]),
        reason=Reason(stored["reason"]),
        actual_value=float(stored["actual_value"]),
        unrealised_value=float(stored["unrealised_value"]),
        due=_time(stored["due"]),
    )


def _iso(time: datetime | None) -> str | None:
    return time.isoformat() if time else None


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None

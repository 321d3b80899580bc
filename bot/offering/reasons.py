"""Why a choice is shown: a code for the wording, its arguments, and the exact purchases or facts it rests on, with age.

The promise: without what is cited, the choice would not be there, or `also` says under which reason it would still be;
without what is not cited, by a choice or by what was held back, nothing would change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from bot.offering.history import Bought, Stated, age_days


class Code(StrEnum):
    """The reasons a choice can have; each is worded by `utter_reason_<value>`."""

    BOUGHT_OFTEN = "bought_often"
    BOUGHT_ONCE = "bought_once"
    STILL = "still"
    TOGETHER = "bought_together"
    ALIKE = "alike"
    GOES_WITH = "goes_with"
    YOU_SAID = "you_said"
    POPULAR = "popular"
    NEW = "new"


class Barrier(StrEnum):
    """Why a likely thing is not shown; each is worded by `utter_held_back_<value>`.

    KNOWN: not novel, for it was bought. FADED: shown as popular only, neither as novel nor as a habit, for it was
    bought too long ago.
    """

    KNOWN = "known"
    FADED = "faded"
    OWNED = "owned"
    NOT_AGAIN = "not_again"
    NEVER = "never"
    DISLIKED = "disliked"
    ALLERGY = "allergy"
    DIET = "diet"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One purchase (`kind` "purchase", the line's id) or fact ("fact") with its time and its age in days."""

    kind: str
    id: str
    at: datetime
    age_days: float


@dataclass(frozen=True)
class Reason:
    """A code, what the wording needs, and the evidence. `also`: the reason it would still be shown without the
    evidence, None when it would be gone or has not been asked (see `choices.ablate`)."""

    code: Code
    arguments: Mapping[str, Any]
    evidence: tuple[Evidence, ...] = ()
    also: Code | None = None

    @property
    def utter(self) -> str:
        """The wording that says it."""
        return f"utter_reason_{self.code.value}"


def of_purchases(lines: tuple[Bought, ...], now: datetime) -> tuple[Evidence, ...]:
    """The purchases as evidence, newest first."""
    newest_first = sorted(lines, key=lambda line: (line.at, line.id), reverse=True)
    return tuple(Evidence("purchase", line.id, line.at, age_days(line.at, now)) for line in newest_first)


def of_fact(fact: Stated, now: datetime) -> Evidence:
    """A stated fact as evidence."""
    return Evidence("fact", fact.id, fact.at, age_days(fact.at, now))

"""What questions cost customers and what they were good for: a question whose answers never change anything should
go."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


class Asked(NamedTuple):
    """One question put to one customer. `changed`: the answer led to another outcome than a skip would have."""

    question: str
    conversation: str
    at: datetime
    answered: bool
    changed: bool


@dataclass(frozen=True)
class Effort:
    """How often a question was asked, answered, skipped, and how many answers changed an outcome."""

    question: str
    asked: int
    answered: int
    changed: int

    @property
    def skipped(self) -> int:
        """Askings that got no answer."""
        return self.asked - self.answered


def ledger(asked: Iterable[Asked]) -> tuple[Effort, ...]:
    """One row for each question, the least useful first (lowest share of askings that changed an outcome)."""
    groups: dict[str, list[Asked]] = defaultdict(list)
    for each in asked:
        groups[each.question].append(each)
    rows = [
        Effort(
            question,
            len(group),
            sum(each.answered for each in group),
            sum(each.answered and each.changed for each in group),
        )
        for question, group in groups.items()
    ]
    return tuple(sorted(rows, key=lambda row: (row.changed / row.asked, -row.asked, row.question)))


def to_retire(efforts: Iterable[Effort], *, after: int) -> tuple[Effort, ...]:
    """The questions that were asked at least `after` times and never changed an outcome, most often asked first."""
    useless = [row for row in efforts if row.asked >= after and row.changed == 0]
    return tuple(sorted(useless, key=lambda row: (-row.asked, row.question)))


def told(asked: Sequence[Asked]) -> tuple[int, int]:
    """For a customer: how many questions were asked, how many answers were used ("3 asked, 3 used")."""
    return len(asked), sum(each.answered and each.changed for each in asked)


def questions_left(asked: Sequence[Asked], *, budget: int) -> int:
    """How many more questions this conversation may ask for the sake of a suggestion; a skipped one is spent as
    well."""
    return max(budget - len(asked), 0)


def changed_outcome(with_answer: Sequence[str], without_answer: Sequence[str]) -> bool:
    """Whether an answer changed what was shown: the two lists of products differ in content or order."""
    return list(with_answer) != list(without_answer)

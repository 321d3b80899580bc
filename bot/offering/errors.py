"""The one tree of refusals of this package, so that a caller can catch them all or one.

OfferingError
  ModelError     histories cannot carry a fit (value)
  OrdersError    a file of orders has no usable header (orders)
  RulesError     data/offering/*.yml hold mistakes, all of them listed (rules)
"""

from __future__ import annotations

from dataclasses import dataclass


class OfferingError(Exception):
    """Anything this package refuses."""


class ModelError(OfferingError):
    """The histories given cannot carry a fit."""


class OrdersError(OfferingError):
    """A file of orders cannot be read at all; single bad rows are reported instead, never raised."""


@dataclass(frozen=True)
class Mistake:
    """One mistake in a file of rules: where it is, what is wrong, what to do about it."""

    file: str
    line: int
    message: str
    cure: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message} {self.cure}"


class RulesError(OfferingError):
    """Files of rules hold mistakes; `mistakes` lists every one, in the order of file and line."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__("\n".join(str(each) for each in mistakes))
        self.mistakes = mistakes

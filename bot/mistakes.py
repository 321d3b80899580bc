"""A mistake in a file that people edit is told alike wherever it is found: file, line, what is wrong, what to do.

Mistakes
  flows.model.FlowErrors                a folder of flows cannot be used
  wording.WordingErrors                 a folder of wording cannot be used
  offering.errors.CatalogueErrors       the files of a catalogue cannot be used
  offering.errors.RulesError            data/offering/*.yml cannot be used
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Mistake:
    """One thing to mend, and how. Lines count from 1. An error stops publishing, a warning does not."""

    file: str
    line: int
    message: str
    cure: str
    severity: Severity = "error"

    def __str__(self) -> str:
        # After a whole sentence the cure is one as well.
        cure = self.cure if self.message.endswith(".") else f"({self.cure})"
        return f"{self.file}:{self.line}: {self.message} {cure}"


class Mistakes(Exception):
    """Files that cannot be used. `mistakes` holds all that is wrong with them, by file and line."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(sorted(mistakes, key=lambda mistake: (mistake.file, mistake.line)))
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))

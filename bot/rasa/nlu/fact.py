"""One thing that a customer tells of themselves, whatever the language."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Polarity = Literal["like", "dislike", "must", "never", "has", "not"]
SELF = "self"


@dataclass(frozen=True)
class Fact:
    """One thing told. `holder` is `self` or who it is of ("wife"); `not` as polarity takes an earlier fact back."""

    attribute: str
    value: str | float
    polarity: Polarity
    holder: str = SELF
    lasting: bool = True

    def as_json(self) -> dict[str, Any]:
        """The shape of `rapport parse` and of memory: `for` is a keyword in Python."""
        told = asdict(self)
        told["for"] = told.pop("holder")
        return told

"""What the linter finds in a flow: a mistake, with the flow and the step that it is about."""

from __future__ import annotations

from dataclasses import dataclass

from bot.flows.model import Flow, Step
from bot.mistakes import Mistake, Severity


@dataclass(frozen=True)
class Finding(Mistake):
    """Something to mend in a flow. Flow and step are empty where it concerns all of them."""

    flow: str = ""
    step: str = ""


def finding(flow: Flow, step: Step | None, message: str, cure: str, *, severity: Severity = "error") -> Finding:
    """One at a step, or at the flow as a whole where the step is None."""
    line = step.line if step else flow.line
    return Finding(flow.file, line, message, cure, severity, flow.id, step.id if step else "")

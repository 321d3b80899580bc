"""Fits a state to flows that were edited while it waited, so that no edit under a running conversation can break it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.flows.engine.work import Work
from bot.flows.model import Act, Call, Collect, Flow, Frame, Offer, Phase


def repair(work: Work) -> None:
    """Drops flows that are gone (with their callers and what they called; the thread ends as withdrawn). Moves a frame
    whose step is gone to the step that carries its name as an alias, else to the first question without an answer."""
    if all(_fits(work, frame) for frame in work.stack):
        return
    kept: list[Frame] = []
    for chain in _chains(work.stack):
        if all(frame.flow in work.flows.flows for frame in chain):
            kept.extend(_fitted(work, frame, known=chain[-1].slots) for frame in chain)
        else:
            work.end_thread(chain[0], "withdrawn")
    work.stack = kept


def settle(work: Work) -> None:
    """What is on top although it was interrupted (what interrupted it is gone) waits to be continued."""
    top = work.top
    if top and top.slots is not None and top.phase != "offered":
        work.change(phase="offered")


def _fits(work: Work, frame: Frame) -> bool:
    flow = work.flows.get(frame.flow)
    return flow is not None and frame.step in flow.steps and _phase(flow, frame) == frame.phase


def _chains(stack: list[Frame]) -> list[list[Frame]]:
    chains: list[list[Frame]] = []
    for frame in stack:
        if frame.called and chains:
            chains[-1].append(frame)
        else:
            chains.append([replace(frame, called=False)])
    return chains


def _fitted(work: Work, frame: Frame, *, known: Mapping[str, Any] | None) -> Frame:
    flow = work.flows.flows[frame.flow]
    passed = tuple(step for each in frame.passed if (step := flow.aliases.get(each, each)) in flow.steps)
    skipped = tuple(step for each in frame.skipped if (step := flow.aliases.get(each, each)) in flow.steps)
    step = flow.aliases.get(frame.step, frame.step)
    fitted = replace(frame, step=step, passed=passed, skipped=skipped)
    if step not in flow.steps:
        step = _first_unanswered(work, flow, fitted, known=known)
        fitted = replace(fitted, step=step, phase="offered" if frame.phase == "offered" else "ready")
    return replace(fitted, phase=_phase(flow, fitted))


def _first_unanswered(work: Work, flow: Flow, frame: Frame, *, known: Mapping[str, Any] | None) -> str:
    """A flow that had all its answers begins anew and finds them; one that has committed is over."""
    slots = work.slots if known is None else known
    for collect in flow.collects:
        if slots.get(collect.slot) is None and collect.id not in frame.skipped and _applies(work, collect, slots):
            return collect.id
    return "" if frame.committed else flow.first


def _applies(work: Work, collect: Collect, slots: Mapping[str, Any]) -> bool:
    return collect.condition is None or collect.condition.holds(slots, work.context)


def _phase(flow: Flow, frame: Frame) -> Phase:
    step = flow.steps.get(frame.step)
    fits = {
        "ran": isinstance(step, Act | Call),
        "asked": isinstance(step, Collect | Offer),
        "answered": isinstance(step, Collect),
    }
    return frame.phase if fits.get(frame.phase, True) else "ready"

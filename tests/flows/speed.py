"""Measures the engine on 500 flows: python -m tests.flows.speed prints microseconds a call, median of many."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

from bot.flows import engine, loader
from bot.flows.model import Entity, FlowSet, Message, State

FLOWS = 500
ROUNDS = 2000


def many_flows(count: int = FLOWS) -> FlowSet:
    """Flows of nine steps each, every one with a trigger of its own."""
    flow = """
  flow_{n}:
    nlu_trigger: [{{intent: order_{n}}}]
    steps:
      - {{id: a, collect: a_{n}}}
      - {{id: b, collect: b_{n}}}
      - {{id: c, collect: c_{n}, if: 'slots.a_{n} = "x" or slots.b_{n} is not null'}}
      - {{id: d, collect: d_{n}, rejections: [{{if: slots.d_{n} > 9, utter: utter_no}}]}}
      - {{id: check, action: action_check, next: [{{if: slots.ok, then: e}}, {{else: near}}]}}
      - {{id: near, offer: utter_near, options: [{{title: X, set: {{a_{n}: x}}}}, {{title: Y, set: {{a_{n}: y}}}}]}}
      - {{id: e, collect: e_{n}}}
      - {{id: f, collect: f_{n}, from: bool}}
      - {{id: end, action: utter_done}}
"""
    return loader.parse({"many.yml": "flows:" + "".join(flow.format(n=n) for n in range(count))})


def measure(work: Callable[[], Any]) -> float:
    """Median microseconds of a call."""
    times = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return statistics.median(times) * 1e6


def main() -> None:
    begun = time.perf_counter()
    flows = many_flows()
    print(f"load {FLOWS} flows from YAML: {(time.perf_counter() - begun) * 1e3:.0f} ms")
    slots: dict[str, Any] = {f"slot_{n}": None for n in range(80)}
    start = Message("a x", "order_250", 0.9, (Entity("a_250", "x"), Entity("b_250", "y")))
    given = {"slots": slots, "context": {"channel": "web"}, "new_id": lambda: "t_1"}
    started = engine.receive(flows, State(), [start], **given)
    listening = engine.proceed(flows, started.state, **given)
    known = {**slots, **started.slots}
    correction = Message("b z", "change_order", 0.9, (Entity("b_250", "z", "to"),))
    state = listening.state.to_json()
    cases: dict[str, Callable[[], Any]] = {
        "receive: start": lambda: engine.receive(flows, State(), [start], **given),
        "receive: correct": lambda: engine.receive(flows, listening.state, [correction], **{**given, "slots": known}),
        "proceed": lambda: engine.proceed(flows, started.state, **{**given, "slots": known}),
        "state to JSON": listening.state.to_json,
        "state from JSON": lambda: State.from_json(state),
    }
    for name, work in cases.items():
        print(f"{name}: {measure(work):.0f} us")


if __name__ == "__main__":
    main()

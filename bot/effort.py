"""Keeps the ledger of effort: every question that a flow puts to a customer, and what became of the answer."""

from collections.abc import Mapping
from typing import Any

from actions.effort import ASKED_OF_ITEMS
from bot.flows.model import Collect, FlowSet, State
from memory import Turn, Tx, questions


def keep(tx: Tx, turn: Turn, flows: FlowSet, dialogue: Mapping[str, Any]) -> None:
    """Note the question that the turn ends with, and settle those that were gone past in it.

    What is asked of a product is settled by `action_check_combination`: what a skip means there, the catalogue says.
    """
    mine: dict[str, Any] = {"conversation": turn.conversation, "now": turn.now}
    passed = {each["slot"]: each for each in dialogue.get("settled", ()) if each["slot"] not in ASKED_OF_ITEMS}
    answers = {slot: each["changed"] for slot, each in passed.items() if each["answered"]}
    questions.settle(tx, turn.customer, answers=answers, asked=frozenset(passed), **mine)
    question = _open(flows, State.from_json(dialogue))
    if question is not None:
        questions.ask(tx, turn.customer, question=question, **mine)


def _open(flows: FlowSet, state: State) -> str | None:
    top = state.stack[-1] if state.stack else None
    flow = flows.get(top.flow) if top is not None and top.phase == "asked" else None
    step = flow.steps.get(top.step) if flow is not None and top is not None else None
    return step.slot if isinstance(step, Collect) and step.asks_to_know else None

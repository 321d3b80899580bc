"""What questions cost a customer and what the answers were good for: noted for the shop's report, told to the customer.

What a flow collects is noted by `bot.effort`; here is what actions ask, and what only the catalogue can settle.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from actions.base import ShopAction, ShopTracker
from bot.offering.catalogue import PRODUCT, Catalogue
from memory import questions

REFILL = "refill"
_ONE_VISIT = timedelta(days=1)
# What is asked of a product; whether the answers mattered is known when all of it is.
ASKED_OF_ITEMS = frozenset({"amount", "size", "milk", "temperature", "syrup", "grind"})
# What a skip stands for in data/flows/ordering.yml, where it does not mean the first that can be had.
_SKIPPED = {"temperature": "hot", "syrup": "none", "grind": "whole_bean"}


def note_question(tracker: ShopTracker, question: str, *, about: str | None = None) -> None:
    """Put a question that no flow collects down in the ledger."""
    turn = tracker.turn
    put: dict[str, Any] = {"conversation": turn.conversation, "question": question, "about": about, "now": turn.now}
    turn.stage(lambda tx: questions.ask(tx, turn.customer, **put))


def settle_question(tracker: ShopTracker, question: str, *, changed: bool | None) -> None:
    """Note what became of such a question: whether the answer changed something; None for a skip."""
    _settle(tracker, {} if changed is None else {question: changed}, frozenset({question}))


def settle_answers(tracker: ShopTracker, catalogue: Catalogue) -> None:
    """Note what became of everything that was asked of the product at hand."""
    _settle(tracker, answers_settled(catalogue, tracker.slots), ASKED_OF_ITEMS)


def settle_refill(action: ShopAction, tracker: ShopTracker, ordered: Collection[str]) -> None:
    """An offered refill that was ordered was worth the question."""
    turn = tracker.turn
    with action.shop.memory.read() as tx:
        found = questions.of(tx, turn.customer, since=turn.now - _ONE_VISIT)
    mine = [each for each in found if each.question == REFILL and each.conversation == turn.conversation]
    if any(each.about in ordered and each.settled_at is None for each in mine):
        settle_question(tracker, REFILL, changed=True)


def told(action: ShopAction, tracker: ShopTracker, *, since: datetime, here: bool = False) -> str | None:
    """How many questions were put since then (`here`: in this conversation) and how many answers made a difference;
    None where nothing was asked."""
    turn = tracker.turn
    with action.shop.memory.read() as tx:
        found = questions.of(tx, turn.customer, since=since)
    asked = [
        each
        for each in found
        if each.question != questions.NOTICE and (not here or each.conversation == turn.conversation)
    ]
    if not asked:
        return None
    used = sum(each.answered and each.changed for each in asked)
    return action.speech(tracker).say("utter_effort", asked=len(asked), used=str(used))


def answers_settled(catalogue: Catalogue, slots: Mapping[str, Any]) -> dict[str, bool]:
    """Of what was answered, whether it led to another thing than a skip would have."""
    item = catalogue.products.get(str(slots.get(PRODUCT)))
    given = {slot: slots.get(slot) for slot in (item.options if item else ()) if slots.get(slot) is not None}
    return {slot: str(value) != _left_to_us(catalogue, slots, slot) for slot, value in given.items()}


def _left_to_us(catalogue: Catalogue, slots: Mapping[str, Any], slot: str) -> str | None:
    """What it would have been without the answer."""
    item = catalogue.products[str(slots[PRODUCT])]
    modules = catalogue.options(item.id, slot)
    return item.defaults.get(slot) or _SKIPPED.get(slot) or (modules[0].id if modules else None)


def _settle(tracker: ShopTracker, answers: Mapping[str, bool], asked: frozenset[str]) -> None:
    turn = tracker.turn
    turn.stage(
        lambda tx: questions.settle(
            tx, turn.customer, conversation=turn.conversation, answers=answers, asked=asked, now=turn.now
        )
    )

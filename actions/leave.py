"""Sees to it that nobody's purchases shape a suggestion unasked or untold, as the shop's privacy profile wants it.

Where the profile leaves it off (`asked: first_use`), it is asked for before the first suggestion that would go by them;
where it is on (`told: first_use`), it is told at that one, with one tap to switch it off. Both once in half a year.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from rasa_sdk.executor import CollectingDispatcher

from actions import consents
from actions.base import Event, ShopAction, ShopTracker, button
from actions.citing import switch, yes_no
from actions.effort import note_question, settle_question
from bot.flows.model import Choice
from bot.offering.choices import ChoiceSet, SetKind
from memory import Tx, identities, orders, questions
from memory.consent import Purpose

# The question, as the ledger of effort names it.
LEAVE = "use_purchases"
_FIRST_USE = "first_use"
_AGAIN_AFTER = timedelta(days=180)


def must_ask(action: ShopAction, tracker: ShopTracker) -> bool:
    """Whether the customer is to be asked now. Not who has answered, or was asked lately and did not care to answer;
    nor a visitor without an order, of whom there is nothing to go by."""
    memory, turn = action.shop.memory, tracker.turn
    if memory.policies.default(Purpose.PERSONALISATION).asked != _FIRST_USE:
        return False
    with memory.read() as tx:
        return (
            consents.undecided(tx, turn.customer, Purpose.PERSONALISATION)
            and consents.may_grant(memory, tx, turn.customer, Purpose.PERSONALISATION)
            and _may_have_bought(tx, turn.customer)
            and not _was_put(tx, tracker, LEAVE)
        )


def ask(
    action: ShopAction, dispatcher: CollectingDispatcher, tracker: ShopTracker, *, category: str | None = None
) -> list[Event]:
    """Ask, with a choice for either answer. Whichever it is, suggestions follow: from `category`, if given."""
    speech, name = action.speech(tracker), "utter_ask_use_purchases"
    titles = {"granted": "utter_choice_use_my_purchases", "withdrawn": "utter_choice_not_my_purchases"}
    args = {"asked": speech.say(name), "category": category}
    ways = {
        title: Choice(action="action_use_purchases", args={**args, "decision": decision})
        for decision, title in titles.items()
    }
    note_question(tracker, LEAVE)
    dispatcher.utter_message(response=name, buttons=[button(speech.say(title), way) for title, way in ways.items()])
    return yes_no(*ways.values())


def settle(tracker: ShopTracker, made: ChoiceSet) -> None:
    """Note what the answer was good for."""
    settle_question(tracker, LEAVE, changed=made.kind is SetKind.PERSONAL)


def tell_once(action: ShopAction, dispatcher: CollectingDispatcher, tracker: ShopTracker, made: ChoiceSet) -> None:
    """At the first set that goes by purchases say so."""
    turn = tracker.turn
    if action.shop.memory.policies.default(Purpose.PERSONALISATION).told != _FIRST_USE:
        return
    cited = {each.kind for option in made.options for each in option.reason.evidence}
    if made.kind is not SetKind.PERSONAL or "purchase" not in cited:
        return
    with action.shop.memory.read() as tx:
        if _was_put(tx, tracker, questions.NOTICE):
            return
    put: dict[str, Any] = {"conversation": turn.conversation, "question": questions.NOTICE, "now": turn.now}
    turn.stage(lambda tx: questions.ask(tx, turn.customer, **put))
    title = action.speech(tracker).say("utter_choice_not_my_purchases")
    off = switch(title, Purpose.PERSONALISATION.value, "withdrawn")
    dispatcher.utter_message(response="utter_personal_told", buttons=[off])


def _may_have_bought(tx: Tx, customer: str) -> bool:
    """Whether there may be purchases; they themselves are not looked at without leave."""
    known_to_shop = any(each.channel == identities.SHOP for each in identities.of(tx, customer))
    return known_to_shop or orders.latest(tx, customer) is not None


def _was_put(tx: Tx, tracker: ShopTracker, question: str) -> bool:
    turn = tracker.turn
    return any(each.question == question for each in questions.of(tx, turn.customer, since=turn.now - _AGAIN_AFTER))

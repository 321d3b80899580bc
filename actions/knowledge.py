"""What is known of the customer: shown with its source and date, corrected, and forgotten at their word."""

from __future__ import annotations

from typing import Any

from rasa_sdk.executor import CollectingDispatcher

from actions.base import DIALOGUE, Event, ShopAction, ShopTracker, sets
from actions.threads import WAITING
from memory import forgetting

# The slot that says what is to be erased when the turn is over.
ERASE = "erasing"
EVERYTHING = "everything"


class ActionErase(ShopAction):
    """Does what was chosen. Everything is erased once the turn is over, since its own reply is written in it."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        chosen, turn = tracker.slots.get("erase"), tracker.turn
        if chosen == EVERYTHING:
            return sets({ERASE: EVERYTHING})
        if chosen == "conversation":
            turn.stage(lambda tx: _forget(tx, turn.conversation, turn.customer))
            dispatcher.utter_message(response="utter_conversation_forgotten")
            return sets({DIALOGUE: {}, WAITING: 0})
        dispatcher.utter_message(response="utter_nothing_erased")
        return []


def _forget(tx: Any, conversation: str, customer: str) -> None:
    forgetting.conversation(tx, conversation, customer=customer)

"""Stops remembering, forgets a conversation, or has everything erased, as far as the customer says."""

from __future__ import annotations

from typing import Any

from rasa_sdk.executor import CollectingDispatcher

from actions import consents
from actions.base import DIALOGUE, Event, ShopAction, ShopTracker, button, sets, words_of
from actions.citing import FACT, cited, switch
from actions.threads import WAITING
from bot.flows.model import Choice
from memory import Turn, Tx, facts, forgetting

# The slot that says what is to be erased when the turn is over.
ERASE = "erasing"
EVERYTHING, CONVERSATION, NOTHING = "everything", "conversation", "nothing"


class ActionKeepNothing(ShopAction):
    """ "Don't remember that": stops remembering first, forgets what was just noted, and asks how far it goes."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        turn, refusal = tracker.turn, consents.Refusal("preferences")
        text = words_of(tracker)
        just_noted = cited(tracker, FACT)
        with self.shop.memory.read() as tx:
            before = consents.restorable(tx, turn.customer, refusal)

        def write(tx: Tx) -> None:
            for fact in just_noted:
                facts.forget(tx, fact, customer=turn.customer)
            consents.refuse(tx, turn, refusal, said=text)

        turn.stage(write)
        speech = self.speech(tracker)
        restoring = {"meant": "nothing", "restore": [list(each) for each in before]}
        dispatcher.utter_message(
            response="utter_refused_preferences",
            doubt=speech.say("utter_refusal_how_far"),
            buttons=[
                button(
                    speech.say("utter_choice_refuse_all"), Choice(action="action_settle_refusal", args={"meant": "all"})
                ),
                switch(speech.say("utter_choice_refuse_conversation"), "resume", "withdrawn"),
                button(
                    speech.say("utter_choice_refuse_only_that"), Choice(action="action_settle_refusal", args=restoring)
                ),
            ],
        )
        return []


class ActionErase(ShopAction):
    """Does what was chosen. Everything is erased once the turn is over, since its own reply is written in it."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        chosen, turn = tracker.slots.get("erase"), tracker.turn
        if chosen == EVERYTHING:
            return sets({ERASE: EVERYTHING})
        dispatcher.utter_message(response=erase_less(chosen, turn))
        return sets({DIALOGUE: {}, WAITING: 0}) if chosen == CONVERSATION else []


def erase_less(chosen: str | None, turn: Turn) -> str:
    """Stages what was chosen short of everything; the wording that says so."""
    if chosen != CONVERSATION:
        return "utter_nothing_erased"

    def forget(tx: Tx) -> None:
        forgetting.conversation(tx, turn.conversation, customer=turn.customer)

    turn.stage(forget)
    return "utter_conversation_forgotten"

"""Corrects a fact by taps: the other things of its kind, the opposite, or no longer so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rasa_sdk.executor import CollectingDispatcher

from actions.base import Event, ShopAction, ShopTracker, button
from actions.citing import FACT, cites
from actions.facts_said import sentence
from actions.facts_told import OPPOSITES, Told
from actions.knowing import granted
from actions.known_facts import Fact, Knowing, said
from actions.speech import Speech, opening
from bot.flows.model import Choice
from memory import Turn, Tx, facts
from memory.consent import Purpose


class ActionOfferCorrection(Knowing):
    """What else it may be: the other things of its kind, the opposite, or no longer so."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        fact, speech = self.fact(tracker), self.speech(tracker)
        if fact is None:
            dispatcher.utter_message(response="utter_choice_expired")
            return []
        dispatcher.utter_message(
            response="utter_ask_correction",
            fact=said(speech, fact),
            buttons=[
                *(button(opening(title), _correcting(fact, told)) for title, told in self._ways(speech, fact).items()),
                button(
                    speech.say("utter_choice_no_longer"), Choice(action="action_forget_fact", args={"fact": fact["id"]})
                ),
                button(speech.say("utter_choice_leave_fact"), Choice(action="action_leave_fact")),
            ],
        )
        return cites(FACT, fact["id"])

    def _ways(self, speech: Speech, fact: Fact) -> dict[str, dict[str, str]]:
        attribute, value, polarity = str(fact["attribute"]), str(fact["value"]), str(fact["polarity"])
        slot = self.catalogue.slots.get(attribute)
        others = [each for each in (slot.modules if slot else ()) if each not in (value, "none")]
        told = [{"value": each, "polarity": polarity} for each in others[:5]]
        told += [{"value": value, "polarity": OPPOSITES[polarity]}] if polarity in OPPOSITES else []
        return {sentence(speech, attribute=attribute, **each): each for each in told}


def _correcting(fact: Fact, told: Mapping[str, str]) -> Choice:
    return Choice(action="action_correct_fact", args={"fact": fact["id"], **told})


class ActionCorrectFact(Knowing):
    """What the customer says now wins at once; what it replaces is kept as replaced."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        fact, turn, args = self.fact(tracker), tracker.turn, tracker.arguments
        if fact is None:
            dispatcher.utter_message(response="utter_choice_expired")
            return []
        now = Told(str(fact["attribute"]), str(args.get("value")), str(args.get("polarity")))
        turn.stage(lambda tx: _correct(tx, turn, str(fact["id"]), Purpose(str(fact["purpose"])), now))
        speech = self.speech(tracker)
        dispatcher.utter_message(response="utter_fact_noted", fact=now.in_words(speech), before=said(speech, fact))
        return []


class ActionLeaveFact(ShopAction):
    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        dispatcher.utter_message(response="utter_nothing_erased")
        return []


def _correct(tx: Tx, turn: Turn, fact: str, purpose: Purpose, now: Told) -> None:
    grant = granted(tx, turn.customer, purpose)
    if grant is None or not any(each.id == fact for each in facts.of(tx, grant)):
        return
    source = facts.Source(turn.channel, "correction", turn.conversation)
    facts.correct(tx, grant, fact, source=source, now=turn.now, value=now.value, polarity=now.polarity)

"""Says why somebody has, or has not, a benefit and how to get it: reason, criteria, a path, and what there is instead.

A benefit never touches the price of a thing, whether it is sold, or who helps. What is said names no label, no sum of
value and nobody else.
"""

from __future__ import annotations

from typing import Any

from rasa_sdk.executor import CollectingDispatcher

from actions.base import Event, ShopTracker, button
from actions.cart import number_for
from actions.citing import BENEFIT, cites
from actions.knowing import BENEFIT_TICKET
from actions.standing import ASKED_FOR, AboutBenefits
from bot.flows.model import Choice
from memory import Tx, tickets


class ActionExplainBenefit(AboutBenefits):
    """ "Why didn't I get free shipping?" """

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        speech, meant = self.speech(tracker), self.named(tracker)
        if not meant:
            titles = [speech.say(f"utter_benefit_title_{benefit.id}") for benefit in self.rules.benefits]
            how = button(speech.say("utter_choice_how_to_qualify"), Choice(flow="how_to_qualify"))
            dispatcher.utter_message(response="utter_benefit_unknown", benefits=speech.join(titles), buttons=[how])
            return []
        found = self.answers(tracker, meant)
        lines = speech.sentences(self.line(each, tracker) for each in found)
        dispatcher.utter_message(response="utter_benefit_told", told=lines, buttons=self.ask_buttons(found, speech))
        return cites(BENEFIT, *(each.benefit for each in found))


class ActionTellPaths(AboutBenefits):
    """ "How do I get there?": the benefit that is named, else all of them."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        speech = self.speech(tracker)
        found = self.answers(tracker, self.named(tracker) or self.rules.benefits)
        lines = [self.line(each, tracker) for each in found]
        buttons = self.ask_buttons(found, speech)
        if len(lines) == 1:
            dispatcher.utter_message(response="utter_benefit_told", told=lines[0], buttons=buttons)
        else:
            listed = "\n".join(f"- {line}" for line in lines)
            dispatcher.utter_message(response="utter_benefits", benefits=listed, buttons=buttons)
        return []


class ActionAskForBenefit(AboutBenefits):
    """Asking is enough for some benefits; it is noted where people of the shop see it."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        turn, wanted = tracker.turn, str(tracker.arguments.get("benefit"))
        benefit = next((each for each in self.rules.benefits if each.id == wanted), None)
        if benefit is None or not any(path.counts == ASKED_FOR for path in benefit.paths):
            dispatcher.utter_message(response="utter_choice_expired")
            return []
        number = number_for("T", conversation=turn.conversation, message=turn.message_id)
        turn.stage(lambda tx: _ask_for(tx, tracker, wanted, number))
        title = self.speech(tracker).say(f"utter_benefit_title_{wanted}")
        dispatcher.utter_message(response="utter_benefit_asked", benefit=title, number=number)
        return []


def _ask_for(tx: Tx, tracker: ShopTracker, benefit: str, number: str) -> None:
    turn = tracker.turn
    tickets.open(
        tx,
        customer=turn.customer,
        conversation=turn.conversation,
        kind=BENEFIT_TICKET,
        text=benefit,
        now=turn.now,
        number=number,
    )

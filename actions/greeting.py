"""Says hello: to somebody new that this is a machine, to a regular with the usual as one of several choices.

Nothing is ordered by it. What may be running out is asked about, once in its cycle.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import leave
from actions.base import DIALOGUE, Event, ShopTracker, button
from actions.effort import REFILL, note_question
from actions.knowing import BEANS, Known
from actions.orders_placed import comes_by_itself
from actions.showing import ASKED, Asked, Showing
from actions.speech import opening
from bot.flows.model import Choice, State
from bot.offering.candidates import Slot
from bot.offering.catalogue import PRODUCT
from bot.offering.choices import ChoiceSet, Option, SetKind
from bot.offering.refills import Refill, due
from memory import consent, orders, questions
from memory.consent import Purpose

# Things bought more often than this, in days, nobody needs to be reminded of.
_REFILL_CYCLE = 10
SUBSCRIPTIONS = "subscriptions"
# From so many times on a thing may be called a habit to somebody's face.
_OFTEN = 5


class ActionGreet(Showing):
    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        met = bool(tracker.slots.get("met_before"))
        if met and _something_waits(tracker):
            # What was left half-done is offered next; two sets of choices are one too many.
            dispatcher.utter_message(response="utter_greet_waiting")
            return []
        if met and leave.must_ask(self, tracker):
            dispatcher.utter_message(response="utter_greet_waiting")
            return leave.ask(self, dispatcher, tracker)
        known = self.known(tracker)
        made = self.set_for(known, Asked(), tracker) if known.person.bought else None
        usual = usual_of(made) if made else None
        first = not met
        if made is None or usual is None or (first and not often(usual)):
            return self._plainly(dispatcher, tracker, first=first)
        speech = self.speech(tracker)
        events = self.show(
            dispatcher,
            tracker,
            made,
            Asked(),
            response=_greeting(usual, first=first),
            usual=self.title(usual, speech) if usual.ask else opening(self.title(usual, speech)),
            shop=self.catalogue.shop.name,
        )
        return [*events, *self._ask_refill(dispatcher, tracker, known)]

    def _plainly(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, *, first: bool) -> list[Event]:
        again = "utter_greet_regular" if self._ordered_before(tracker) else "utter_greet_again"
        name = "utter_greet_first" if first else again
        choices = {"utter_choice_start_order": "order", "utter_choice_again": "reorder", "utter_choice_menu": "menu"}
        speech = self.speech(tracker)
        offered = {title: flow for title, flow in choices.items() if flow != "reorder" or name == "utter_greet_regular"}
        buttons = [button(speech.say(title), Choice(flow=flow)) for title, flow in offered.items()]
        dispatcher.utter_message(response=name, shop=self.catalogue.shop.name, buttons=buttons)
        return []

    def _ordered_before(self, tracker: ShopTracker) -> bool:
        """Whether there are orders before this, and they may shape what is offered."""
        with self.shop.memory.read() as tx:
            if not consent.allows(tx, tracker.turn.customer, Purpose.PERSONALISATION):
                return False
            return orders.latest(tx, tracker.turn.customer) is not None

    def _ask_refill(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, known: Known) -> list[Event]:
        """One question about what may be running low, if one is left and was not asked in this cycle."""
        before = tracker.slots.get(ASKED) or []
        if len(before) >= self.engine.rules.choices.questions:
            return []
        refill = next(iter(self._due(tracker, known)), None)
        if refill is None:
            return []
        speech = self.speech(tracker)
        note_question(tracker, REFILL, about=refill.sku)
        dispatcher.utter_message(
            response="utter_ask_refill",
            product=refill.sku,
            ago=speech.ago(refill.days),
            cycle=str(round(refill.cycle)),
            buttons=self._refill_buttons(refill, tracker),
        )
        return [SlotSet(ASKED, [*before, REFILL])]

    def _refill_buttons(self, refill: Refill, tracker: ShopTracker) -> list[dict[str, Any]]:
        speech = self.speech(tracker)
        category = self.catalogue.products[refill.sku].category
        flow = "subscribe" if category == SUBSCRIPTIONS else "order"
        more = Choice(flow=flow, set={**dict(refill.modules), PRODUCT: refill.sku})
        other = Choice(action="action_recommend", args={"category": category})
        by_itself = [button(speech.say("utter_choice_subscribe_to_it"), Choice(flow="subscribe"))]
        return [
            button(speech.say("utter_choice_some_more"), more),
            button(speech.say("utter_choice_something_else"), other),
            *(by_itself if category == BEANS else []),
            button(speech.say("utter_choice_no_thanks"), Choice(action="action_decline")),
        ]

    def _due(self, tracker: ShopTracker, known: Known) -> list[Refill]:
        slow = frozenset(c.id for c in self.catalogue.categories.values() if c.repurchase_days >= _REFILL_CYCLE)
        now, ruled_out = tracker.turn.now, self.ruled_out(tracker)
        found = due(known.person.bought, engine=self.engine, now=now, categories=slow)
        if not found:
            return []
        with self.shop.memory.read() as tx:
            asked = questions.of(tx, tracker.turn.customer, since=now - timedelta(days=max(r.cycle for r in found)))
            standing = orders.recent(tx, tracker.turn.customer)
        already = {each.about for each in asked if each.question == REFILL}
        # What comes by itself does not run out.
        lines = [line for each in standing if comes_by_itself(each) for line in each.lines]
        already |= {line["sku"] for line in lines} | {line.get("delivers") for line in lines}
        return [each for each in found if each.sku not in already and each.sku not in ruled_out]


class ActionOfferUsual(Showing):
    """The usual, asked for: offered beside other things, by what was bought anywhere; nothing is ordered by it."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        if leave.must_ask(self, tracker):
            return [*leave.ask(self, dispatcher, tracker), SlotSet("order_state", "usual")]
        known = self.known(tracker)
        made = self.set_for(known, Asked(), tracker) if known.person.bought else None
        if made is None or usual_of(made) is None:
            return [SlotSet("order_state", "none")]
        events = self.show(dispatcher, tracker, made, Asked(), response="utter_offer_usual")
        return [*events, SlotSet("order_state", "usual")]


def usual_of(made: ChoiceSet) -> Option | None:
    """What the customer has so often that it may be called the usual; None where nothing is."""
    if made.kind is not SetKind.PERSONAL:
        return None
    return next((option for option in made.options if option.slot is Slot.FAMILIAR), None)


def often(usual: Option) -> bool:
    """Whether it was bought so often, and lately, that it can be called so."""
    return not usual.ask and int(usual.reason.arguments.get("times") or 1) >= _OFTEN


def _greeting(usual: Option, *, first: bool) -> str:
    if usual.ask:
        return "utter_greet_still"
    if not often(usual):
        return "utter_greet_before"
    return "utter_greet_first_usual" if first else "utter_greet_usual"


def _something_waits(tracker: ShopTracker) -> bool:
    """Whether something half-done is about to be offered."""
    state = State.from_json(tracker.slots.get(DIALOGUE))
    waiting = bool(tracker.slots.get("threads_waiting")) and not state.threads_offered
    return waiting or any(frame.thread for frame in state.stack)

"""Keeps a composition as the customer's own ("my flat white"), with consent; it shortens an order, no more."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from rasa_sdk.executor import CollectingDispatcher

from actions import consents
from actions.base import Event, ShopAction, ShopTracker, button, requests
from actions.knowing import OWN, Known, compose, granted
from bot.flows.model import Choice
from bot.offering.catalogue import PRODUCT
from memory import Tx, facts
from memory.consent import Purpose

_MY = re.compile(r"\b(?:my|the usual)\b|我的|老样子|老樣子", re.IGNORECASE)


class ActionSaveOwn(ShopAction):
    """Saves the tapped composition; asks for leave first where there is none yet."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        made = {str(slot): str(value) for slot, value in (tracker.arguments.get("composition") or {}).items()}
        speech = self.speech(tracker)
        if made.get(PRODUCT) not in self.catalogue.products:
            dispatcher.utter_message(response="utter_choice_expired")
            return []
        agreed = tracker.arguments.get("agreed") is True
        if not agreed and not self._may(tracker):
            self._ask_leave(dispatcher, tracker, made)
            return []
        text = speech.say("utter_own_needs_leave") if agreed else None
        tracker.turn.stage(lambda tx: _save(tx, tracker, made, agreed_to=text))
        dispatcher.utter_message(response="utter_own_saved", product=made[PRODUCT], line=speech.line(made))
        return []

    def _may(self, tracker: ShopTracker) -> bool:
        with self.shop.memory.read() as tx:
            return granted(tx, tracker.turn.customer, Purpose.PREFERENCES) is not None

    def _ask_leave(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, made: Mapping[str, str]) -> None:
        speech = self.speech(tracker)
        yes = Choice(action=self.name(), args={"composition": dict(made), "agreed": True})
        dispatcher.utter_message(
            response="utter_own_needs_leave",
            buttons=[
                button(speech.say("utter_choice_remember"), yes),
                button(speech.say("utter_choice_just_once"), Choice(action="action_decline")),
            ],
        )


def says_my(tracker: ShopTracker) -> bool:
    """Whether the customer speaks of something of their own."""
    return any(_MY.search(str(request.get("text") or "")) for request in requests(tracker))


def own_of(known: Known, product: str) -> dict[str, str] | None:
    """What the customer saved as their own of this product; the newest."""
    return next((made for made in known.own if made[PRODUCT] == product), None)


def _save(tx: Tx, tracker: ShopTracker, made: Mapping[str, str], *, agreed_to: str | None) -> None:
    turn = tracker.turn
    if agreed_to is not None:
        said = consents.evidence(turn, "button", agreed_to, version="utter_own_needs_leave")
        consents.decide(tx, turn, [Purpose.PREFERENCES], "granted", said=said)
    grant = granted(tx, turn.customer, Purpose.PREFERENCES)
    if grant is None:
        return
    source = facts.Source(turn.channel, "order", turn.conversation)
    before = [fact for fact in facts.of(tx, grant) if fact.attribute == OWN and fact.value.split()[0] == made[PRODUCT]]
    value = compose(dict(made))
    if before:
        facts.correct(tx, grant, before[0].id, source=source, now=turn.now, value=value)
        return
    facts.record(
        tx,
        grant,
        attribute=OWN,
        value=value,
        polarity="like",
        purpose=Purpose.PREFERENCES,
        source=source,
        now=turn.now,
    )

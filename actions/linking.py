"""Joins the channels of one person: by a one-time code shown on one and typed on the other, or on signing in.

A link is made at once and not with the reply, since the reply says what came of it and offers what it opens. Whoever
sees the reply too late finds it made; a code that was shown and not used is worth nothing after ten minutes.
"""

from __future__ import annotations

import re
from typing import Any

from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Event, ShopAction, ShopTracker, button, request_of, sets
from actions.knowing import granted
from actions.threads import WAITING
from bot.flows.model import Choice
from memory import identities, links, threads
from memory.consent import Purpose
from memory.errors import LinkRefused, UnknownCustomer

# Codes have eight of these letters; people write them in any case, in two halves or with hyphens.
# A code may stand right beside characters of another script.
_CODE = re.compile(
    r"(?<![A-Z0-9])([2-9A-HJ-NP-TV-Z]{4})[ -]?([2-9A-HJ-NP-TV-Z]{4})(?![A-Z0-9])", re.IGNORECASE | re.ASCII
)
_UNDOING = re.compile(
    r"\b(unlink|disconnect|separate|split|undo|remove)\b|取消|解除|撤销|撤銷|断开|斷開|分开|分開", re.IGNORECASE
)


def code_in(text: str) -> str | None:
    """The code that a text holds. Within a sentence it has a digit, a hyphen or capitals, so that no word is one."""
    alone = _CODE.fullmatch(text.strip(" .!。！"))
    within = (f for f in _CODE.finditer(text) if f.group().isupper() or re.search(r"[\d-]", f.group()))
    found = alone or next(within, None)
    return (found.group(1) + found.group(2)).upper() if found else None


class _Linking(ShopAction):
    def way(self, tracker: ShopTracker) -> identities.Identity | None:
        """The customer's own address on this channel: their sign-in, or what they write from."""
        turn = tracker.turn
        with self.shop.memory.read() as tx:
            mine = [one for one in identities.of(tx, turn.customer) if one.customer == turn.customer]
        wanted = (turn.channel, identities.SHOP, identities.VISITOR)
        return min((one for one in mine if one.channel in wanted), key=lambda o: wanted.index(o.channel), default=None)

    def redeem(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, code: str) -> list[Event]:
        way, turn = self.way(tracker), tracker.turn
        if way is None:
            dispatcher.utter_message(response="utter_code_wrong")
            return []
        with self.shop.memory.write() as tx:
            made = links.redeem_code(
                tx, customer=turn.customer, channel=way.channel, address=way.address, code=code, now=turn.now
            )
        undo = [self.undo_button(tracker, made.link.id)] if made.link else []
        dispatcher.utter_message(response=f"utter_code_{made.outcome}", buttons=undo)
        return self.opened(tracker)

    def undo_button(self, tracker: ShopTracker, link: int) -> dict[str, Any]:
        title = self.speech(tracker).say("utter_choice_undo_link")
        return button(title, Choice(action="action_undo_link", args={"link": link}))

    def opened(self, tracker: ShopTracker) -> list[Event]:
        """What waits half-done now that both are one."""
        with self.shop.memory.read() as tx:
            grant = granted(tx, tracker.turn.customer, Purpose.RESUME)
            waiting = len(threads.open_for(tx, grant)) if grant is not None else 0
        return sets({WAITING: waiting})


class ActionLinkIdentity(_Linking):
    """Takes a code that is in the message, shows what is linked to whoever wants to undo it, or offers both ways."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        text = str(request_of(tracker, "link_identity").get("text") or "")
        code = code_in(text)
        if code is not None:
            return self.redeem(dispatcher, tracker, code)
        if _UNDOING.search(text):
            self._show_links(dispatcher, tracker)
            return []
        speech = self.speech(tracker)
        dispatcher.utter_message(
            response="utter_link_how",
            buttons=[
                button(speech.say("utter_choice_give_code"), Choice(action="action_give_code")),
                button(speech.say("utter_choice_have_code"), Choice(flow="enter_code")),
            ],
        )
        return []

    def _show_links(self, dispatcher: CollectingDispatcher, tracker: ShopTracker) -> None:
        with self.shop.memory.read() as tx:
            standing = [link for link in links.of(tx, tracker.turn.customer) if link.undone_at is None]
        name = "utter_links" if standing else "utter_no_links"
        dispatcher.utter_message(response=name, buttons=[self.undo_button(tracker, link.id) for link in standing])


class ActionGiveCode(_Linking):
    """Shows a one-time code on this channel, to be typed on the other."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        way, turn = self.way(tracker), tracker.turn
        if way is None:
            dispatcher.utter_message(response="utter_no_links")
            return []
        with self.shop.memory.write() as tx:
            code = links.offer_code(tx, customer=turn.customer, channel=way.channel, address=way.address, now=turn.now)
        dispatcher.utter_message(response="utter_code", code=f"{code[:4]}-{code[4:]}")
        return []


class ActionRedeemCode(_Linking):
    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        code = code_in(str(tracker.slots.get("code") or ""))
        if code is None:
            dispatcher.utter_message(response="utter_code_wrong")
            return []
        return self.redeem(dispatcher, tracker, code)


class ActionUndoLink(_Linking):
    """Both sides have their own back."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        turn, link = tracker.turn, int(tracker.arguments.get("link") or 0)
        turn.stage(lambda tx: _undo(tx, link, turn.customer, turn.now))
        dispatcher.utter_message(response="utter_link_undone")
        return []


class ActionBringAlong(_Linking):
    """The visitor's conversation comes along, or stays where it is, as the customer said."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        turn, visitor = tracker.turn, str(tracker.slots.get("visitor") or "")
        if tracker.slots.get("bring") != "yes":
            dispatcher.utter_message(response="utter_not_brought_along")
            return [SlotSet("visitor", None)]
        try:
            with self.shop.memory.write() as tx:
                link = links.bring_along(tx, visitor=visitor, customer=turn.customer, now=turn.now)
        except (LinkRefused, UnknownCustomer):
            dispatcher.utter_message(response="utter_nothing_to_bring")
            return [SlotSet("visitor", None)]
        dispatcher.utter_message(response="utter_brought_along", buttons=[self.undo_button(tracker, link.id)])
        return [SlotSet("visitor", None), *self.opened(tracker)]


def _undo(tx: Any, link: int, customer: str, now: Any) -> None:
    links.undo(tx, link, customer=customer, actor="customer", now=now)

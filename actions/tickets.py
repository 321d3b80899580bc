"""Takes complaints, returns and messages for people of the shop: each gets a number and an honest time."""

from __future__ import annotations

import re
from typing import Any

from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import times
from actions.base import Event, ShopAction, ShopTracker, request_of
from actions.cart import number_for
from memory import Tx, tickets

# A complaint this long says what is wrong; asking again would be asking twice.
ENOUGH_WORDS = 6
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")


class ActionHearComplaint(ShopAction):
    """Says sorry, and takes what was said as the complaint where it says enough."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        text = str(request_of(tracker, "complaint").get("text") or "")
        dispatcher.utter_message(response="utter_sorry")
        return [SlotSet("message", text if _words(text) >= ENOUGH_WORDS else None)]


def _words(text: str) -> int:
    """How many words a text has; in a script without spaces two characters are about one."""
    return len(text.split()) + len(_UNSPACED.findall(text)) // 2


class _OpenTicket(ShopAction):
    """Opens a ticket with what the customer said and tells its number and when somebody reads it."""

    kind = ""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        turn, shop = tracker.turn, self.catalogue.shop
        number = number_for("T", conversation=turn.conversation, message=turn.message_id)
        text = str(tracker.slots.get("message") or "")

        def open_ticket(tx: Tx) -> None:
            tickets.open(
                tx,
                customer=turn.customer,
                conversation=turn.conversation,
                kind=self.kind,
                text=text,
                now=turn.now,
                number=number,
            )

        turn.stage(open_ticket)
        now = times.local(shop, turn.now)
        start = times.next_start(shop.answer_hours, now)
        dispatcher.utter_message(
            response=f"utter_ticket_{self.kind}",
            number=number,
            when=self.speech(tracker).day_of(start, now) if start else None,
        )
        return []


class ActionOpenComplaint(_OpenTicket):
    kind = "complaint"


class ActionOpenReturn(_OpenTicket):
    kind = "return"


class ActionOpenContact(_OpenTicket):
    kind = "contact"

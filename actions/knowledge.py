"""What is known of the customer: shown with its source and date, corrected, and forgotten at their word.

It is read as the access copy reads it, so that a refusal hides nobody's own data from them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from rasa_sdk.executor import CollectingDispatcher

from actions import consents
from actions.base import Event, ShopAction, ShopTracker, button, request_of, words_of
from actions.citing import FACT, SET, THREAD, cited, cites, switch
from actions.effort import told
from actions.explaining import ActionExplainChoice
from actions.known_facts import Fact, Knowing, is_named, said
from actions.past import past_orders
from actions.quarantine import held_back, taking
from actions.speech import Speech, opening
from actions.threads import ActionForgetThread, ActionOfferThreads
from bot.flows.model import Choice, ThreadSnapshot
from bot.offering.catalogue import PRODUCT
from memory import Tx, consent, facts
from memory.consent import Purpose

# So many cards of one kind are read; the rest comes on demand.
PAGE = 4
_A_YEAR = timedelta(days=365)
SECTIONS = ("facts", "threads", "purchases", "consents")


class ActionTellKnown(Knowing):
    """Facts, things left half-done, purchases and consents, each with a tap to correct or forget; more on demand."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        section, page = tracker.arguments.get("section"), int(tracker.arguments.get("page") or 0)
        asked = [section] if section in SECTIONS else SECTIONS
        events: list[Event] = []
        for each in asked:
            cards, shown = getattr(self, f"_{each}")(tracker)
            events += self._show(dispatcher, tracker, each, cards=cards, page=page, shown=shown)
        if section is None and (effort := told(self, tracker, since=tracker.turn.now - _A_YEAR)):
            dispatcher.utter_message(response="utter_known_effort", effort=effort)
        return events

    def _show(
        self,
        dispatcher: CollectingDispatcher,
        tracker: ShopTracker,
        section: str,
        *,
        cards: Sequence[Mapping[str, Any]],
        page: int,
        shown: Sequence[str],
    ) -> list[Event]:
        speech, first = self.speech(tracker), page * PAGE
        some = list(cards if section == "consents" else cards[first : first + PAGE])
        more = section != "consents" and len(cards) > first + PAGE
        dispatcher.utter_message(
            response=f"utter_known_{section}" if some else f"utter_known_no_{section}",
            json_message={"cards": some},
            buttons=[button(speech.say("utter_choice_more_of_it"), self._next(section, page))] if more else [],
        )
        return cites(FACT, *shown[first : first + PAGE]) if section == "facts" and some else []

    def _next(self, section: str, page: int) -> Choice:
        return Choice(action=self.name(), args={"section": section, "page": page + 1})

    def _facts(self, tracker: ShopTracker) -> tuple[list[dict[str, Any]], list[str]]:
        speech, found = self.speech(tracker), self.facts(tracker)
        cards = [self._fact_card(speech, fact) for fact in found]
        return cards, [fact["id"] for fact in found]

    def _fact_card(self, speech: Speech, fact: Fact) -> dict[str, Any]:
        about = {"fact": fact["id"]}
        ways = {"utter_choice_correct": "action_offer_correction", "utter_choice_forget": "action_forget_fact"}
        return {
            "title": opening(said(speech, fact)),
            "subtitle": self.source(speech, fact),
            "choices": [button(speech.say(name), Choice(action=action, args=about)) for name, action in ways.items()],
        }

    def _threads(self, tracker: ShopTracker) -> tuple[list[dict[str, Any]], list[str]]:
        speech, offering = self.speech(tracker), ActionOfferThreads(self.shop)
        waiting: list[ThreadSnapshot] = offering.waiting(tracker)
        ways = {"utter_choice_continue": "action_resume_thread", "utter_choice_forget": "action_forget_thread"}
        cards = [
            {
                "title": opening(offering.summary(each, tracker)),
                "subtitle": speech.say("utter_source_thread", step=each.description),
                "choices": [
                    button(speech.say(name), Choice(action=action, args={"thread": each.thread}))
                    for name, action in ways.items()
                ],
            }
            for each in waiting
        ]
        return cards, []

    def _purchases(self, tracker: ShopTracker) -> tuple[list[dict[str, Any]], list[str]]:
        speech = self.speech(tracker)
        wrong = button(speech.say("utter_choice_purchase_wrong"), Choice(flow="human"))
        held = held_back(self, tracker)
        cards = [
            {
                "title": opening(past.lines),
                "subtitle": speech.say(
                    "utter_source_purchase",
                    day=self.day(speech, past.at),
                    number=past.number,
                    held=speech.join([speech.title(PRODUCT, sku) for sku in dict.fromkeys(past.skus) if sku in held]),
                ),
                "choices": [wrong, *taking(speech, [sku for sku in past.skus if sku in held])],
            }
            for past in past_orders(self, tracker)
        ]
        return cards, []

    def _consents(self, tracker: ShopTracker) -> tuple[list[dict[str, Any]], list[str]]:
        speech, turn = self.speech(tracker), tracker.turn
        with self.shop.memory.read() as tx:
            held = [one for one in consent.current(tx, turn.customer) if one.purpose is not Purpose.SERVICE]
            on = {one: consent.allows(tx, turn.customer, one.purpose, one.channel, one.topic) for one in held}
            may = {one: consents.may_grant(self.shop.memory, tx, turn.customer, one.purpose) for one in held}
        cards = []
        for one in held:
            decided = self.day(speech, one.decided_at) if one.decided_at else None
            state = "on" if on[one] else "off"
            card = {
                "title": speech.say(f"utter_purpose_{one.purpose.value}"),
                "subtitle": speech.say(
                    f"utter_consent_{state}",
                    day=decided,
                    where=consents.where(one.channel, speech.say),
                    topic=_topic(one.topic),
                ),
                "choices": self._switches(speech, one, is_on=on[one]) if may[one] else [],
            }
            cards.append(card)
        return cards, []

    def _switches(self, speech: Speech, one: consent.Current, *, is_on: bool) -> list[Mapping[str, Any]]:
        args = {} if one.channel == consents.ANYWHERE else {"channel": one.channel}
        if is_on:
            return [switch(speech.say("utter_choice_switch_off"), one.purpose.value, "withdrawn", **args)]
        # What is sensitive is asked for each time it is told.
        if one.purpose is Purpose.SENSITIVE:
            return []
        return [switch(speech.say("utter_choice_switch_on"), one.purpose.value, "granted", **args)]


def _topic(scope: str) -> str | None:
    return None if scope == consents.ANYWHERE else scope


class ActionExplainClaim(Knowing):
    """Names the fact behind what was just said, or says that there is none."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        if cited(tracker, SET):
            told = await ActionExplainChoice(self.shop).run(dispatcher, tracker, domain)
            return [*told, *cites(SET, "shown")]
        speech = self.speech(tracker)
        known, text = self.facts(tracker), words_of(tracker).lower()
        shown = [fact for fact in known if fact["id"] in cited(tracker, FACT)]
        behind = shown or [fact for fact in known if is_named(speech, fact, text)]
        if not behind:
            dispatcher.utter_message(response="utter_nothing_behind")
            return []
        for fact in behind:
            about = {"fact": fact["id"]}
            dispatcher.utter_message(
                response="utter_fact_behind",
                fact=said(speech, fact),
                source=self.source(speech, fact),
                buttons=[
                    button(speech.say("utter_choice_correct"), Choice(action="action_offer_correction", args=about)),
                    button(speech.say("utter_choice_forget"), Choice(action="action_forget_fact", args=about)),
                ],
            )
        return cites(FACT, *(fact["id"] for fact in behind))


class ActionForgetThat(Knowing):
    """What was named, else what was just shown or said; when that could be several things, asks which."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        meant = self._meant(tracker)
        if len(meant) == 1:
            return await self._forget(dispatcher, tracker, meant[0])
        speech = self.speech(tracker)
        buttons = [button(title, choice) for title, choice in meant]
        buttons.append(button(speech.say("utter_choice_show_known"), Choice(flow="what_do_you_know")))
        dispatcher.utter_message(response="utter_forget_which" if meant else "utter_forget_what", buttons=buttons)
        return []

    async def _forget(
        self, dispatcher: CollectingDispatcher, tracker: ShopTracker, meant: tuple[str, Choice]
    ) -> list[Event]:
        choice = meant[1]
        tracker.arguments = dict(choice.args or {})
        kind = ActionForgetThread if choice.action == "action_forget_thread" else ActionForgetFact
        return await kind(self.shop).run(dispatcher, tracker, {})

    def _meant(self, tracker: ShopTracker) -> list[tuple[str, Choice]]:
        speech, known = self.speech(tracker), self.facts(tracker)
        text = str(request_of(tracker, "forget_that").get("text") or "").lower()
        named = [fact for fact in known if is_named(speech, fact, text)]
        shown = [fact for fact in known if fact["id"] in cited(tracker, FACT)]
        if found := named or shown:
            return [(opening(said(speech, f)), _of("action_forget_fact", fact=f["id"])) for f in found]
        offering = ActionOfferThreads(self.shop)
        waiting = offering.waiting(tracker)
        offered = [each for each in waiting if each.thread in cited(tracker, THREAD)] or waiting[:1]
        return [(opening(offering.summary(t, tracker)), _of("action_forget_thread", thread=t.thread)) for t in offered]


def _of(action: str, **args: str) -> Choice:
    return Choice(action=action, args=args)


class ActionForgetFact(Knowing):
    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        fact, turn = self.fact(tracker), tracker.turn
        if fact is None:
            dispatcher.utter_message(response="utter_choice_expired")
            return []
        turn.stage(lambda tx: _forget_fact(tx, str(fact["id"]), turn.customer))
        dispatcher.utter_message(response="utter_fact_forgotten", fact=said(self.speech(tracker), fact))
        return []


class ActionExportData(ShopAction):
    """A link to the access copy; it works for a short while."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        dispatcher.utter_message(response="utter_export", link=self.shop.export_link(tracker.turn.customer))
        return []


def _forget_fact(tx: Tx, fact: str, customer: str) -> None:
    facts.forget(tx, fact, customer=customer)

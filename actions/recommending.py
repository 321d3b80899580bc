"""Suggests: things of one's own, gifts, something new, something cheaper, something else; each set can be declined."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import consents, leave, times
from actions.base import Event, ShopAction, ShopTracker, answered_by, button
from actions.checking import just_mentioned
from actions.early import EarlyAccess, to_come
from actions.effort import note_question, settle_question
from actions.knowing import Known, know
from actions.shop_questions import lowest_price, products_meant
from actions.showing import ASKED, FIRST_CATEGORY, SHOWN, Asked, Showing, Shown, seed_of
from bot.flows.model import Choice
from bot.offering.candidates import NEW_DAYS
from bot.offering.catalogue import Product
from bot.offering.choices import ChoiceSet, Option, SetKind
from bot.offering.effort import changed_outcome
from memory import Tx
from memory.consent import Decision, Purpose

FOR_WHOM = "ask_for_whom"
_DECIDED = {"granted": "utter_allowed_personalisation", "withdrawn": "utter_refused_personalisation"}
_RESPONSES = {SetKind.PERSONAL: "utter_choices_personal", SetKind.POPULAR: "utter_choices_popular"}


class _Suggest(Showing):
    """Shows the set for what was asked; the base of all suggestions."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        asked = self.asked(tracker)
        made = self.set_for(self.known(tracker), asked, tracker)
        return self.show(dispatcher, tracker, made, asked, response=self.response(made.kind))

    def asked(self, tracker: ShopTracker) -> Asked:
        """What the set is to be made of."""
        raise NotImplementedError

    def response(self, kind: SetKind) -> str:
        return _RESPONSES.get(kind, "utter_choices_popular")

    def category(self, tracker: ShopTracker) -> str | None:
        """The part of the shop that was asked about, or that the product at hand belongs to."""
        named = just_mentioned(tracker, "category") or [tracker.arguments.get("category")]
        if named[0] in self.catalogue.categories:
            return str(named[0])
        meant = products_meant(self.catalogue, tracker)
        return meant[0].category if meant else None


class ActionRecommend(_Suggest):
    """Something for this customer. Where little is known and a question is left: one question first."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        asked, answered = self.asked(tracker), "answer" in tracker.arguments
        if leave.must_ask(self, tracker):
            return leave.ask(self, dispatcher, tracker, category=asked.category)
        known = self.known(tracker)
        made = self.set_for(known, asked, tracker, questions_left=0 if answered else self._left(tracker))
        if made.kind is SetKind.QUESTION:
            return self._ask(dispatcher, tracker, asked)
        if answered:
            # "For me" shows what a skip would have shown: the answer was not needed.
            settle_question(tracker, FOR_WHOM, changed=False if tracker.arguments["answer"] == "me" else None)
        return self.show(dispatcher, tracker, made, asked, response=self.response(made.kind))

    def asked(self, tracker: ShopTracker) -> Asked:
        return Asked(category=self.category(tracker))

    def _left(self, tracker: ShopTracker) -> int:
        """At most one question a suggestion, and never the same twice in a conversation."""
        before = tracker.slots.get(ASKED) or []
        return int(FOR_WHOM not in before and len(before) < self.engine.rules.choices.questions)

    def _ask(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, asked: Asked) -> list[Event]:
        speech = self.speech(tracker)
        note_question(tracker, FOR_WHOM)
        dispatcher.utter_message(
            response="utter_ask_for_whom",
            buttons=[
                button(speech.say("utter_choice_for_me"), self._again("me", asked)),
                button(
                    speech.say("utter_choice_gift"), Choice(action="action_recommend_gift", args={"answer": "gift"})
                ),
                button(speech.say("utter_choice_either"), self._again("skip", asked)),
            ],
        )
        return [SlotSet(ASKED, [*(tracker.slots.get(ASKED) or []), FOR_WHOM])]

    def _again(self, answer: str, asked: Asked) -> Choice:
        return Choice(action=self.name(), args={"answer": answer, "category": asked.category})


class ActionUsePurchases(_Suggest):
    """Takes the answer to whether purchases may shape what is suggested; suggestions follow either way."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        turn, args, asked = tracker.turn, tracker.arguments, self.asked(tracker)
        decision: Decision = "granted" if args.get("decision") == "granted" else "withdrawn"
        method = answered_by(tracker)
        said = consents.evidence(turn, method, str(args.get("asked")), version=self.name())

        def decide(tx: Tx) -> None:
            consents.decide(tx, turn, (Purpose.PERSONALISATION,), decision, said=said)

        with self.shop.memory.ahead(decide) as tx:
            known = know(tx, turn.customer, catalogue=self.catalogue)
        turn.stage(decide)
        made = self.set_for(known, asked, tracker)
        leave.settle(tracker, made)
        dispatcher.utter_message(response=_DECIDED[decision])
        return self.show(dispatcher, tracker, made, asked, response=self.response(made.kind))

    def asked(self, tracker: ShopTracker) -> Asked:
        return Asked(category=self.category(tracker))


class ActionRecommendGift(_Suggest):
    """Something to give. Nothing of the customer's own taste goes into it, and nothing of it comes back."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        asked, known = self.asked(tracker), self.known(tracker)
        made = self.set_for(known, asked, tracker)
        if FOR_WHOM in (tracker.slots.get(ASKED) or []):
            own = self.set_for(known, Asked(), tracker)
            changed = changed_outcome([o.sku for o in made.options], [o.sku for o in own.options])
            settle_question(tracker, FOR_WHOM, changed=changed)
        return self.show(dispatcher, tracker, made, asked, response="utter_choices_gift")

    def asked(self, tracker: ShopTracker) -> Asked:
        named = just_mentioned(tracker, "category")
        category = str(named[0]) if named and named[0] in self.catalogue.categories else None
        return Asked(category=category, gift=True)


class ActionRecommendOther(_Suggest):
    """Something else than what was shown: the next set of the same kind, else the menu."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        before = Shown.from_slot(tracker.slots.get(SHOWN))
        if before is None:
            return self._nothing_more(dispatcher, tracker)
        earlier = (*before.earlier, *before.skus)
        made = self.set_for(self.known(tracker), before.asked, tracker, without=earlier)
        if made.kind is SetKind.NOTHING:
            return self._nothing_more(dispatcher, tracker)
        response = "utter_choices_gift" if before.asked.gift else self.response(made.kind)
        return self.show(dispatcher, tracker, made, before.asked, response=response, earlier=earlier)

    def _nothing_more(self, dispatcher: CollectingDispatcher, tracker: ShopTracker) -> list[Event]:
        menu = button(self.speech(tracker).say("utter_choice_menu"), Choice(flow="menu"))
        no = self.ways_out(self.speech(tracker))[1]
        dispatcher.utter_message(response="utter_nothing_to_suggest", buttons=[menu, no])
        return []


class ActionOfferCheaper(_Suggest):
    """What costs less than the product at hand, like it first; or less than the dearest thing shown last."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        asked, known = self.asked(tracker), self.known(tracker)
        made = self.set_for(known, asked, tracker)
        meant = products_meant(self.catalogue, tracker)
        if meant:
            made = self._like_first(made, self._like(meant[0], asked, known, tracker))
        return self.show(dispatcher, tracker, made, asked, response="utter_offer_cheaper")

    def asked(self, tracker: ShopTracker) -> Asked:
        meant = products_meant(self.catalogue, tracker)
        before = Shown.from_slot(tracker.slots.get(SHOWN))
        if before and before.asked.gift and (not meant or meant[0].id in before.skus):
            dearest = max(self._price(each) for each in meant[:1] or self._products(before))
            return replace(before.asked, below=str(dearest))
        if meant:
            return Asked(category=meant[0].category, below=str(self._price(meant[0])))
        category = self.category(tracker) or tracker.slots.get("shown") or FIRST_CATEGORY
        same = [self._price(product) for product in self._products(before) if product.category == category]
        return Asked(category=category, below=str(max(same)) if same else None)

    def _products(self, shown: Shown | None) -> list[Product]:
        there = self.catalogue.products
        return [there[sku] for sku in (shown.skus if shown else ()) if sku in there]

    def _like(self, product: Product, asked: Asked, known: Known, tracker: ShopTracker) -> tuple[Option, ...]:
        """What is of the same kind, be it one thing alone."""
        wanted = replace(asked, kind=product.kind).wanted((*self.ruled_out(tracker), product.id))
        seed, limit = seed_of(tracker.turn.now), self.engine.rules.choices.options
        return self.engine.popular(known.person, seed=seed, now=tracker.turn.now, limit=limit, wanted=wanted).options

    def _like_first(self, made: ChoiceSet, like: tuple[Option, ...]) -> ChoiceSet:
        skus = {option.sku for option in like}
        both = (*like, *(option for option in made.options if option.sku not in skus))
        options = both[: self.engine.rules.choices.options]
        kind = made.kind if made.kind is not SetKind.NOTHING or len(options) < 2 else SetKind.POPULAR
        return replace(made, kind=kind, ranking=replace(made.ranking, options=options))

    def _price(self, product: Product) -> Any:
        return lowest_price(self.catalogue, product)[0]


class ActionTellWhatsNew(_Suggest):
    """What came in lately: the same for everybody."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        asked, coming = self.asked(tracker), self._coming(tracker)
        made = self.set_for(self.known(tracker), asked, tracker)
        events: list[Event] = []
        if made.kind is not SetKind.NOTHING:
            events = self.show(dispatcher, tracker, made, asked, response="utter_whats_new")
        elif not coming:
            dispatcher.utter_message(response="utter_nothing_new")
        if coming:
            EarlyAccess(self.shop).tell(dispatcher, tracker, coming)
        return events

    def _coming(self, tracker: ShopTracker) -> list[Product]:
        """What is to come, in the part of the shop that was asked about."""
        category = self.category(tracker)
        return [product for product in to_come(self, tracker) if category in (None, product.category)]

    def asked(self, tracker: ShopTracker) -> Asked:
        since = times.local(self.catalogue.shop, tracker.turn.now).date() - timedelta(days=NEW_DAYS)
        return Asked(category=self.category(tracker), since=since.isoformat())


class ActionDecline(ShopAction):
    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        dispatcher.utter_message(response="utter_declined")
        return []

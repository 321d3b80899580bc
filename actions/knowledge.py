"""What is known of the customer: shown with its source and date, corrected, and forgotten at their word.

It is read as the access copy reads it, so that a refusal hides nobody's own data from them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rasa_sdk.executor import CollectingDispatcher

from actions import consents, times
from actions.base import DIALOGUE, Event, ShopAction, ShopTracker, button, request_of, sets
from actions.cart import composition, slots_of
from actions.citing import FACT, SET, THREAD, cited, cites, switch
from actions.explaining import ActionExplainChoice
from actions.facts_said import sentence
from actions.facts_said import title as titled
from actions.knowing import granted, state
from actions.speech import Speech, opening
from actions.telling import SELF, Told
from actions.threads import WAITING, ActionForgetThread, ActionOfferThreads
from bot.flows.model import Choice, ThreadSnapshot
from bot.offering.catalogue import PRODUCT
from bot.offering.history import Kind
from memory import Turn, Tx, consent, export, facts, forgetting, orders
from memory.consent import Purpose

# The slot that says what is to be erased when the turn is over.
ERASE = "erasing"
EVERYTHING = "everything"
# So many cards of one kind are read; the rest comes on demand.
PAGE = 4
SECTIONS = ("facts", "threads", "purchases", "consents")
_OPPOSITES = {"like": "dislike", "dislike": "like", "must": "never", "never": "must"}
Fact = Mapping[str, Any]


class _Knowing(ShopAction):
    def facts(self, tracker: ShopTracker) -> list[Fact]:
        """All facts that stand, newest first, whatever is granted."""
        with self.shop.memory.read() as tx:
            kept = export.access_copy(tx, tracker.turn.customer, now=tracker.turn.now)["kept"]
        rows = [*kept["facts"]["rows"], *kept["sensitive_facts"]["rows"]]
        standing = [row for row in rows if row["state"] != "superseded"]
        return sorted(standing, key=lambda row: str(row["told_at"]), reverse=True)

    def fact(self, tracker: ShopTracker) -> Fact | None:
        """The fact of the tapped choice, if it is still there."""
        wanted = tracker.arguments.get("fact")
        return next((fact for fact in self.facts(tracker) if fact["id"] == wanted), None)

    def day(self, speech: Speech, moment: datetime) -> str:
        return speech.day(times.local(self.catalogue.shop, moment))

    def source(self, speech: Speech, fact: Fact) -> str:
        """Who told it, when and where."""
        name = "utter_source_customer" if fact["told_by"] == "customer" else "utter_source_shop"
        day = self.day(speech, datetime.fromisoformat(fact["told_at"]))
        return speech.say(name, day=day, channel=speech.say("utter_channel", channel=fact["channel"]))


def said(speech: Speech, fact: Fact) -> str:
    """The fact in words."""
    return sentence(speech, attribute=fact["attribute"], value=fact["value"], polarity=fact["polarity"])


class ActionTellKnown(_Knowing):
    """Facts, things left half-done, purchases and consents, each with a tap to correct or forget; more on demand."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        section, page = tracker.arguments.get("section"), int(tracker.arguments.get("page") or 0)
        asked = [section] if section in SECTIONS else SECTIONS
        events: list[Event] = []
        for each in asked:
            cards, shown = getattr(self, f"_{each}")(tracker)
            events += self._show(dispatcher, tracker, each, cards=cards, page=page, shown=shown)
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
        cards = [
            {
                "title": opening(past.lines),
                "subtitle": speech.say("utter_source_purchase", day=self.day(speech, past.at), number=past.number),
                "choices": [wrong],
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
                "subtitle": speech.say(f"utter_consent_{state}", day=decided, channel=_word(one.channel),
                                       topic=_word(one.topic)),
                "choices": self._switches(speech, one, is_on=on[one]) if may[one] else [],
            }  # fmt: skip
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


def _word(scope: str) -> str | None:
    return None if scope == consents.ANYWHERE else scope


@dataclass(frozen=True)
class PastOrder:
    """An order of the customer's, placed here or imported."""

    at: datetime
    number: str
    lines: str


def past_orders(action: ShopAction, tracker: ShopTracker) -> list[PastOrder]:
    """All orders that stand, newest first: those placed here, and those of the shop's files."""
    speech, customer = action.speech(tracker), tracker.turn.customer
    with action.shop.memory.read() as tx:
        placed = orders.recent(tx, customer, limit=500)
        kept = export.access_copy(tx, customer, now=tracker.turn.now)["kept"]
    known = {order.number for order in placed}
    found = [
        PastOrder(order.placed_at, order.number, _lines(speech, [(slots_of(li), li["quantity"]) for li in order.lines]))
        for order in placed
        if order.state != "cancelled"
    ]
    imported: dict[str, list[Mapping[str, Any]]] = {}
    for row in kept["purchases"]["rows"]:
        if row["order_id"] not in known and row["quantity"] > 0:
            imported.setdefault(row["order_id"], []).append(row)
    for number, rows in imported.items():
        lines = [({PRODUCT: row["sku"], **(row.get("modules") or {})}, row["quantity"]) for row in rows]
        found.append(PastOrder(datetime.fromisoformat(rows[0]["ordered_at"]), number, _lines(speech, lines)))
    return sorted(found, key=lambda past: past.at, reverse=True)


def _lines(speech: Speech, lines: Sequence[tuple[Mapping[str, Any], int]]) -> str:
    return speech.join([speech.some(made, int(quantity)) for made, quantity in lines])


class ActionExplainClaim(_Knowing):
    """Names the fact behind what was just said, or says that there is none."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        if cited(tracker, SET):
            told = await ActionExplainChoice(self.shop).run(dispatcher, tracker, domain)
            return [*told, *cites(SET, "shown")]
        speech = self.speech(tracker)
        behind = [fact for fact in self.facts(tracker) if fact["id"] in cited(tracker, FACT)]
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


class ActionForgetThat(_Knowing):
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
        named = [fact for fact in known if _is_named(speech, fact, text)]
        shown = [fact for fact in known if fact["id"] in cited(tracker, FACT)]
        if found := named or shown:
            return [(opening(said(speech, f)), _of("action_forget_fact", fact=f["id"])) for f in found]
        offering = ActionOfferThreads(self.shop)
        waiting = offering.waiting(tracker)
        offered = [each for each in waiting if each.thread in cited(tracker, THREAD)] or waiting[:1]
        return [(opening(offering.summary(t, tracker)), _of("action_forget_thread", thread=t.thread)) for t in offered]


def _of(action: str, **args: str) -> Choice:
    return Choice(action=action, args=args)


def _is_named(speech: Speech, fact: Fact, text: str) -> bool:
    """Whether a text speaks of the fact: by its value, or by what it is about ("forget my allergy")."""
    words = {str(fact["value"]).lower(), titled(speech, fact["attribute"], fact["value"]).lower()}
    words.add(fact["attribute"].replace("_", " "))
    return any(word in text for word in words if len(word) > 2)


class ActionForgetFact(_Knowing):
    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        fact, turn = self.fact(tracker), tracker.turn
        if fact is None:
            dispatcher.utter_message(response="utter_choice_expired")
            return []
        turn.stage(lambda tx: _forget_fact(tx, str(fact["id"]), turn.customer))
        dispatcher.utter_message(response="utter_fact_forgotten", fact=said(self.speech(tracker), fact))
        return []


class ActionOfferCorrection(_Knowing):
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
                button(speech.say("utter_choice_no_longer"), _of("action_forget_fact", fact=fact["id"])),
                button(speech.say("utter_choice_leave_fact"), Choice(action="action_leave_fact")),
            ],
        )
        return cites(FACT, fact["id"])

    def _ways(self, speech: Speech, fact: Fact) -> dict[str, dict[str, str]]:
        attribute, value, polarity = str(fact["attribute"]), str(fact["value"]), str(fact["polarity"])
        slot = self.catalogue.slots.get(attribute)
        others = [each for each in (slot.modules if slot else ()) if each not in (value, "none")]
        told = [{"value": each, "polarity": polarity} for each in others[:5]]
        told += [{"value": value, "polarity": _OPPOSITES[polarity]}] if polarity in _OPPOSITES else []
        return {sentence(speech, attribute=attribute, **each): each for each in told}


def _correcting(fact: Fact, told: Mapping[str, str]) -> Choice:
    return Choice(action="action_correct_fact", args={"fact": fact["id"], **told})


class ActionCorrectFact(_Knowing):
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


class ActionKeepNothing(_Knowing):
    """ "Don't remember that": stops remembering first, forgets what was just noted, and asks how far it goes."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        turn, refusal = tracker.turn, consents.Refusal("preferences")
        text = str((tracker.latest_message or {}).get("text") or "")
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
                button(speech.say("utter_choice_refuse_all"), _of("action_settle_refusal", meant="all")),
                switch(speech.say("utter_choice_refuse_conversation"), "resume", "withdrawn"),
                button(
                    speech.say("utter_choice_refuse_only_that"), Choice(action="action_settle_refusal", args=restoring)
                ),
            ],
        )
        return []


class ActionExportData(ShopAction):
    """A link to the access copy; it works for a short while."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        dispatcher.utter_message(response="utter_export", link=self.shop.export_link(tracker.turn.customer))
        return []


class ActionErase(ShopAction):
    """Does what was chosen. Everything is erased once the turn is over, since its own reply is written in it."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        chosen, turn = tracker.slots.get("erase"), tracker.turn
        if chosen == EVERYTHING:
            return sets({ERASE: EVERYTHING})
        if chosen == "conversation":
            turn.stage(lambda tx: _forget_conversation(tx, turn))
            dispatcher.utter_message(response="utter_conversation_forgotten")
            return sets({DIALOGUE: {}, WAITING: 0})
        dispatcher.utter_message(response="utter_nothing_erased")
        return []


class ActionWarnOfAllergens(ShopAction):
    """An allergy protects: what is in the drink and does not suit the customer is said before it is ordered."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        with self.shop.memory.read() as tx:
            grant = granted(tx, tracker.turn.customer, Purpose.SENSITIVE)
            known = facts.of(tx, grant) if grant is not None else ()
        inside = self.catalogue.allergens(composition(tracker.slots))
        meant = {fact: found for fact in known if (found := state(fact, self.catalogue)) and found.kind is Kind.ALLERGY}
        hit = [fact for fact, found in meant.items() if fact.for_whom == SELF and found.value in inside]
        if not hit:
            return []
        speech = self.speech(tracker)
        dispatcher.utter_message(
            response="utter_allergy_warning",
            product=tracker.slots.get("product"),
            allergens=speech.join(sorted({meant[fact].value for fact in hit})),
            told=speech.join(
                [sentence(speech, attribute=f.attribute, value=f.value, polarity=f.polarity) for f in hit]
            ),
        )
        return cites(FACT, *(fact.id for fact in hit))


def _forget_fact(tx: Tx, fact: str, customer: str) -> None:
    facts.forget(tx, fact, customer=customer)


def _correct(tx: Tx, turn: Turn, fact: str, purpose: Purpose, now: Told) -> None:
    grant = granted(tx, turn.customer, purpose)
    if grant is None or not any(each.id == fact for each in facts.of(tx, grant)):
        return
    source = facts.Source(turn.channel, "correction", turn.conversation)
    facts.correct(tx, grant, fact, source=source, now=turn.now, value=now.value, polarity=now.polarity)


def _forget_conversation(tx: Tx, turn: Turn) -> None:
    forgetting.conversation(tx, turn.conversation, customer=turn.customer)

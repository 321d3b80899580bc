"""Hears what customers tell of themselves, asks before it remembers, and remembers what they agreed to.

Nothing is written without a yes: the first lasting fact asks for it, and what is sensitive asks each time, in the
customer's own words. A correction wins at once; what contradicts is asked about, not guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import consents
from actions.base import Event, ShopAction, ShopTracker, answered_by, button, words_of
from actions.citing import FACT, cites, yes_no
from actions.effort import note_question, settle_question
from actions.facts_said import sentence
from actions.facts_told import SELF, Change, Told, plan, remember
from actions.knowing import granted
from actions.speech import Speech, opening
from bot.flows.model import Choice
from memory import Turn, Tx, facts
from memory.consent import Evidence, Purpose
from memory.facts import Fact

_CORRECTING = re.compile(
    r"\b(now|any ?more|no longer|actually|instead|changed|switched|these days|meanwhile|rather|gone off|from now on)\b"
    r"|现在|現在|不再|其实|其實|改成|改喝|换成|換成|以后|以後",
    re.IGNORECASE,
)
# The questions of this topic, as the ledger of effort names them.
REMEMBER, WHICH = "remember", "which_holds"


class _Telling(ShopAction):
    def standing(self, tracker: ShopTracker, purpose: Purpose) -> tuple[Fact, ...] | None:
        """What is remembered for this purpose; None without leave."""
        with self.shop.memory.read() as tx:
            grant = granted(tx, tracker.turn.customer, purpose)
            return None if grant is None else facts.of(tx, grant)

    def note(
        self, dispatcher: CollectingDispatcher, tracker: ShopTracker, changes: Sequence[Change], purpose: Purpose
    ) -> list[Event]:
        """Says what is remembered from now on, with one tap to take it back; asks about contradictions."""
        speech = self.speech(tracker)
        for change in changes:
            if change.how == "dispute":
                self._ask_which(dispatcher, speech, change, purpose)
                note_question(tracker, WHICH)
            elif change.how == "take_back":
                known = change.old and speech.join([_said(speech, fact) for fact in change.old])
                dispatcher.utter_message(
                    response="utter_fact_taken_back" if known else "utter_fact_unknown", fact=known
                )
        new = [change for change in changes if change.how in ("record", "replace")]
        if new:
            old = [_said(speech, fact) for change in new for fact in change.old]
            dispatcher.utter_message(
                response="utter_fact_noted",
                fact=speech.join([change.told.in_words(speech) for change in new]),
                before=speech.join(old),
                buttons=[button(speech.say("utter_choice_forget"), _forgetting(new, purpose))],
            )
        return []

    def _ask_which(self, dispatcher: CollectingDispatcher, speech: Speech, change: Change, purpose: Purpose) -> None:
        old, new = change.old[0], change.told
        kept = {**new.to_json(), "polarity": old.polarity}
        ways = {new.in_words(speech): new.to_json(), _said(speech, old): kept}
        args = {"purpose": purpose.value}
        dispatcher.utter_message(
            response="utter_ask_settle",
            old=_said(speech, old),
            new=new.in_words(speech),
            buttons=[
                *(
                    button(opening(words), Choice(action="action_settle_fact", args={**args, "keep": told}))
                    for words, told in ways.items()
                ),
                button(speech.say("utter_choice_neither"), _forgetting([change], purpose)),
            ],
        )


class ActionHearPreference(_Telling):
    """What was told in this message: remembered, asked about, or used for today and let go."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        message = tracker.latest_message or {}
        told = [Told.of(found) for found in message.get("facts") or ()]
        lasting = [one for one in told if one.lasting and one.for_whom == SELF]
        sensitive = self.shop.memory.policies.sensitive
        health = [one for one in lasting if one.attribute in sensitive]
        tastes = [one for one in lasting if one.attribute not in sensitive]
        if "facts" not in message:
            dispatcher.utter_message(response="utter_not_kept")
            return []
        if not lasting:
            dispatcher.utter_message(response="utter_noted_for_today" if told else "utter_nothing_told")
            return []
        new_health = [one for one in health if one.polarity != "not"]
        if tastes and len(new_health) == len(health) > 0 and self._may_ask(tracker):
            return self._ask_both(dispatcher, tracker, tastes, health)
        events: list[Event] = []
        if tastes:
            events += self._tastes(dispatcher, tracker, tastes)
        if health:
            events += self._health(dispatcher, tracker, health)
        return events

    def _may_ask(self, tracker: ShopTracker) -> bool:
        """Whether it is still open if tastes may be remembered, and may be asked."""
        customer = tracker.turn.customer
        with self.shop.memory.read() as tx:
            return consents.undecided(tx, customer, Purpose.PREFERENCES) and consents.may_grant(
                self.shop.memory, tx, customer, Purpose.PREFERENCES
            )

    def _tastes(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, told: list[Told]) -> list[Event]:
        turn, standing = tracker.turn, self.standing(tracker, Purpose.PREFERENCES)
        corrects = _corrects(tracker)
        if standing is not None:
            turn.stage(lambda tx: remember(tx, turn, told, Purpose.PREFERENCES, corrects=corrects))
            return self.note(dispatcher, tracker, plan(told, standing, corrects=corrects), Purpose.PREFERENCES)
        if not self._may_ask(tracker):
            dispatcher.utter_message(response="utter_not_kept")
            return []
        return self._ask(dispatcher, tracker, told, Purpose.PREFERENCES)

    def _health(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, told: list[Told]) -> list[Event]:
        back = [one for one in told if one.polarity == "not"]
        standing = self.standing(tracker, Purpose.SENSITIVE)
        turn = tracker.turn
        events: list[Event] = []
        if back and standing is not None:
            turn.stage(lambda tx: remember(tx, turn, back, Purpose.SENSITIVE, corrects=True))
            events += self.note(dispatcher, tracker, plan(back, standing, corrects=True), Purpose.SENSITIVE)
        new = [one for one in told if one not in back]
        return events + (self._ask(dispatcher, tracker, new, Purpose.SENSITIVE) if new else [])

    def _ask_both(
        self, dispatcher: CollectingDispatcher, tracker: ShopTracker, tastes: list[Told], health: list[Told]
    ) -> list[Event]:
        """One question for what is sensitive and what is not; the other can be kept alone."""
        speech, name = self.speech(tracker), "utter_ask_remember_both"
        words = words_of(tracker)
        kept = {"facts": [one.to_json() for one in health], "also": [one.to_json() for one in tastes]}
        args = {"purpose": Purpose.SENSITIVE.value, **kept, "corrects": False, "asked": speech.say(name, words=words)}
        yes, no = (
            Choice(action="action_remember", args={**args, "answer": each}) for each in _ANSWERS[Purpose.SENSITIVE]
        )
        alone = {**args, "purpose": Purpose.PREFERENCES.value, "facts": kept["also"], "also": []}
        one = Choice(action="action_remember", args={**alone, "answer": "remember_such"})
        only = speech.say("utter_choice_only", fact=speech.join([told.in_words(speech) for told in tastes]))
        titles = (speech.say("utter_choice_remember_this"), only, speech.say("utter_choice_remember_this_not"))
        buttons = [button(title, choice) for title, choice in zip(titles, (yes, one, no), strict=True)]
        dispatcher.utter_message(response=name, words=words, buttons=buttons)
        note_question(tracker, REMEMBER)
        return yes_no(yes, no)

    def _ask(
        self, dispatcher: CollectingDispatcher, tracker: ShopTracker, told: list[Told], purpose: Purpose
    ) -> list[Event]:
        speech = self.speech(tracker)
        words = words_of(tracker)
        name = "utter_ask_remember_sensitive" if purpose is Purpose.SENSITIVE else "utter_ask_remember"
        args = {
            "purpose": purpose.value,
            "facts": [one.to_json() for one in told],
            "corrects": _corrects(tracker),
            "asked": speech.say(name, words=words, fact=speech.join([one.in_words(speech) for one in told])),
        }
        ways = {
            answer: Choice(action="action_remember", args={**args, "answer": answer}) for answer in _ANSWERS[purpose]
        }
        dispatcher.utter_message(
            response=name,
            words=words,
            fact=speech.join([one.in_words(speech) for one in told]),
            buttons=[button(speech.say(f"utter_choice_{answer}"), choice) for answer, choice in ways.items()],
        )
        note_question(tracker, REMEMBER)
        yes, no, *_ = ways.values()
        return yes_no(yes, no)


_ANSWERS = {
    Purpose.PREFERENCES: ("remember_such", "just_this_once", "remember_never"),
    Purpose.SENSITIVE: ("remember_this", "remember_this_not"),
}


class ActionRemember(_Telling):
    """What the customer answered: from now on, just this once, or never."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        args, turn = tracker.arguments, tracker.turn
        purpose, answer = Purpose(str(args.get("purpose"))), args.get("answer")
        told = [Told.of(found) for found in args.get("facts") or ()]
        said = self._evidence(tracker)
        # Without an answer nothing is kept, either.
        settle_question(tracker, REMEMBER, changed=answer not in ("just_this_once", "remember_this_not"))
        if answer in ("just_this_once", "remember_this_not"):
            dispatcher.utter_message(response="utter_noted_for_today")
            return []
        if answer == "remember_never":
            scope = consents.SCOPES["preferences"]
            turn.stage(lambda tx: consents.decide(tx, turn, scope, "withdrawn", said=said))
            dispatcher.utter_message(response="utter_refused_preferences")
            return []
        corrects = bool(args.get("corrects"))
        also = [Told.of(found) for found in args.get("also") or ()]
        kept = {purpose: told} | ({Purpose.PREFERENCES: also} if also else {})

        def write(tx: Tx) -> None:
            for each, facts_told in kept.items():
                consents.decide(tx, turn, (each,), "granted", said=said)
                remember(tx, turn, facts_told, each, corrects=corrects)

        turn.stage(write)
        for each, facts_told in kept.items():
            self.note(dispatcher, tracker, [Change("record", one) for one in facts_told], each)
        return []

    def _evidence(self, tracker: ShopTracker) -> Evidence:
        method = answered_by(tracker)
        return consents.evidence(tracker.turn, method, str(tracker.arguments.get("asked")), version=self.name())


class ActionSettleFact(_Telling):
    """Which of two facts that contradict each other holds."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        turn, args = tracker.turn, tracker.arguments
        purpose, kept = Purpose(str(args.get("purpose"))), Told.of(args["keep"])
        turn.stage(lambda tx: _settle(tx, turn, kept, purpose))
        settle_question(tracker, WHICH, changed=True)
        dispatcher.utter_message(response="utter_fact_noted", fact=kept.in_words(self.speech(tracker)))
        return []


class ActionForgetTold(ShopAction):
    """Takes back what was just told, by what it says: it may be too new to have an id."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        turn, purpose = tracker.turn, Purpose(str(tracker.arguments.get("purpose")))
        told = [Told.of(found) for found in tracker.arguments.get("facts") or ()]
        turn.stage(lambda tx: _forget(tx, turn, told, purpose))
        dispatcher.utter_message(response="utter_fact_forgotten")
        return []


class ActionTakeUsual(ShopAction):
    """The customer takes what they are remembered to take: that confirms it, and the question is answered."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        turn, args = tracker.turn, tracker.arguments
        fact = str(args.get("fact"))
        turn.stage(lambda tx: _confirm(tx, turn, fact))
        return [SlotSet(str(args.get("slot")), args.get("value")), *cites(FACT, fact)]


def _corrects(tracker: ShopTracker) -> bool:
    return bool(_CORRECTING.search(words_of(tracker)))


def _forgetting(changes: Iterable[Change], purpose: Purpose) -> Choice:
    told = [change.told for change in changes]
    old = [replace(change.told, polarity=fact.polarity) for change in changes for fact in change.old]
    both = [one.to_json() for one in dict.fromkeys([*told, *old])]
    return Choice(action="action_forget_told", args={"purpose": purpose.value, "facts": both})


def _said(speech: Speech, fact: Fact) -> str:
    return sentence(speech, attribute=fact.attribute, value=fact.value, polarity=fact.polarity)


def _matching(tx: Tx, turn: Turn, told: Iterable[Told], purpose: Purpose) -> list[Fact]:
    grant = granted(tx, turn.customer, purpose)
    wanted = {(one.attribute, one.value, one.polarity) for one in told}
    known = facts.of(tx, grant) if grant is not None else ()
    return [fact for fact in known if (fact.attribute, fact.value, fact.polarity) in wanted]


def _settle(tx: Tx, turn: Turn, kept: Told, purpose: Purpose) -> None:
    grant = granted(tx, turn.customer, purpose)
    for fact in _matching(tx, turn, [kept], purpose)[:1]:
        if grant is not None:
            facts.settle(tx, grant, fact.id, now=turn.now)


def _forget(tx: Tx, turn: Turn, told: Sequence[Told], purpose: Purpose) -> None:
    for fact in _matching(tx, turn, told, purpose):
        facts.forget(tx, fact.id, customer=turn.customer)


def _confirm(tx: Tx, turn: Turn, fact: str) -> None:
    grant = granted(tx, turn.customer, Purpose.PREFERENCES)
    if grant is not None and any(each.id == fact for each in facts.of(tx, grant)):
        facts.confirm(tx, grant, fact, now=turn.now)

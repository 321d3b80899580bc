"""Says why something is suggested, and takes it back for good: the exact fact with its age, or that there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import Event, ShopTracker, button, requests
from actions.knowing import Known, granted
from actions.showing import RULED_OUT, SHOWN, Showing, Shown, evidence_of, reason_text
from actions.speech import Speech
from bot.flows.model import Choice
from bot.offering.candidates import Slot
from bot.offering.catalogue import PRODUCT
from bot.offering.choices import Option, SetKind
from bot.offering.history import Kind, Stated
from bot.offering.reasons import Code, Reason
from memory import Tx, facts
from memory.consent import Purpose

# The polarity of a fact that keeps a thing out of suggestions for good.
NEVER = "never"
CORRECTION = "correction"


class ActionExplainChoice(Showing):
    """Why this: each thing of the last set, or the one that is asked about."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        shown = Shown.from_slot(tracker.slots.get(SHOWN))
        if shown is None or not shown.options:
            dispatcher.utter_message(response="utter_why_nothing_shown")
            return []
        about = named(tracker, PRODUCT) or [tracker.slots.get(PRODUCT)]
        meant = [option for option in shown.options if option["sku"] in about] or list(shown.options)
        known = self.known(tracker)
        lines = [self._line(option, shown, known, tracker) for option in meant]
        dispatcher.utter_message(
            response="utter_why_chosen",
            reasons="\n".join(f"- {line}" for line in lines) if len(lines) > 1 else lines[0],
            buttons=self._buttons(meant, tracker),
        )
        return []

    def _line(self, stored: Mapping[str, Any], shown: Shown, known: Known, tracker: ShopTracker) -> str:
        """One option: what it rests on and how old that is, and whether it would be here without it."""
        speech = self.speech(tracker)
        if not self._still_known(stored, known):
            return speech.say("utter_why_gone", named=speech.named(stored["sku"]))
        option = self._with_also(stored, shown, known, tracker)
        told = {fact.id: fact for fact in known.person.stated}
        said = [self._fact(told[each.id], each.age_days, speech) for each in option.reason.evidence if each.id in told]
        # A fact that is the reason itself is not said twice.
        extra = speech.join(said) if option.reason.code is not Code.YOU_SAID else None
        return speech.say(
            "utter_why_option",
            named=speech.named(option.sku),
            reason=reason_text(option.reason, speech),
            said=extra,
            also=speech.say(f"utter_also_{option.reason.also.value}") if option.reason.also else None,
        )

    def _still_known(self, stored: Mapping[str, Any], known: Known) -> bool:
        """What was forgotten or forbidden since is not said, not even as a reason."""
        ids = {line.id for line in known.person.bought} | {fact.id for fact in known.person.stated}
        return all(name in ids for _, name, _ in stored["evidence"])

    def _with_also(self, stored: Mapping[str, Any], shown: Shown, known: Known, tracker: ShopTracker) -> Option:
        now, evidence = tracker.turn.now, evidence_of(stored, tracker.turn.now)
        days = min((each.age_days for each in evidence if each.kind == "purchase"), default=None)
        aged = {} if days is None else {"days": days}
        reason = Reason(Code(stored["code"]), {**stored["arguments"], **aged}, evidence)
        option = Option(stored["sku"], Slot(stored["slot"]), reason, 0.0, stored["modules"])
        if shown.kind != SetKind.PERSONAL.value:
            return option
        wanted = shown.asked.wanted((*self.ruled_out(tracker), *shown.earlier))
        limit = self.engine.rules.choices.options
        return self.engine.ablate(known.person, option, seed=shown.seed, now=now, limit=limit, wanted=wanted)

    def _fact(self, fact: Stated, age_days: float, speech: Speech) -> str:
        polarity = "no" if fact.kind in (Kind.NEVER, Kind.ALLERGY, Kind.DISLIKE, Kind.NOT_AGAIN) else "yes"
        value = speech.title(fact.about, fact.value)
        return speech.say(f"utter_told_{polarity}", value=value, ago=speech.ago(age_days))

    def _buttons(self, meant: Sequence[Mapping[str, Any]], tracker: ShopTracker) -> list[dict[str, Any]]:
        speech = self.speech(tracker)
        if len(meant) != 1:
            return self.ways_out(speech)
        not_again = Choice(action="action_rule_out", args={"products": [meant[0]["sku"]]})
        return [button(speech.say("utter_choice_not_again"), not_again), *self.ways_out(speech)]


class ActionRuleOut(Showing):
    """Not that again: from this moment on, and for good where the customer lets us remember."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        shown = Shown.from_slot(tracker.slots.get(SHOWN))
        products, categories = self._meant(tracker, shown)
        if not products and not categories:
            return self._ask_which(dispatcher, tracker, shown)
        gone = [*products, *(p.id for c in categories for p in self.catalogue.in_category(c))]
        ruled_out = list(dict.fromkeys([*self.ruled_out(tracker), *gone]))
        tracker.slots[RULED_OUT] = ruled_out
        self._remember(tracker, products, categories)
        speech = self.speech(tracker)
        titles = [*(speech.title(PRODUCT, p) for p in products), *(speech.title("category", c) for c in categories)]
        dispatcher.utter_message(
            response="utter_ruled_out" if self._may_remember(tracker) else "utter_ruled_out_for_now",
            products=speech.join(titles),
        )
        return [SlotSet(RULED_OUT, ruled_out), *self._show_again(dispatcher, tracker, shown)]

    def _meant(self, tracker: ShopTracker, shown: Shown | None) -> tuple[list[str], list[str]]:
        """The products and categories that are named or were tapped, else the one thing at hand."""
        tapped = [str(sku) for sku in tracker.arguments.get("products") or ()]
        products = tapped or [str(value) for value in named(tracker, PRODUCT)]
        categories = [str(value) for value in named(tracker, "category")]
        if not products and not categories:
            at_hand = tracker.slots.get(PRODUCT)
            products = [str(at_hand)] if shown and at_hand in shown.skus else []
            products = products or (list(shown.skus) if shown and len(shown.skus) == 1 else [])
        return (
            [sku for sku in dict.fromkeys(products) if sku in self.catalogue.products],
            [category for category in dict.fromkeys(categories) if category in self.catalogue.categories],
        )

    def _ask_which(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, shown: Shown | None) -> list[Event]:
        speech = self.speech(tracker)
        if shown is None or not shown.options:
            dispatcher.utter_message(response="utter_rule_out_what")
            return []
        known = [sku for sku in shown.skus if sku in self.catalogue.products]
        each = [button(speech.named(s), Choice(action=self.name(), args={"products": [s]})) for s in known]
        every = button(speech.say("utter_choice_all_of_these"), Choice(action=self.name(), args={"products": known}))
        none = button(speech.say("utter_choice_none_of_these"), Choice(action="action_decline"))
        dispatcher.utter_message(response="utter_rule_out_which", buttons=[*each, every, none])
        return []

    def _may_remember(self, tracker: ShopTracker) -> bool:
        with self.shop.memory.read() as tx:
            return granted(tx, tracker.turn.customer, Purpose.PREFERENCES) is not None

    def _remember(self, tracker: ShopTracker, products: Sequence[str], categories: Sequence[str]) -> None:
        matters = [*((PRODUCT, sku) for sku in products), *(("category", category) for category in categories)]
        tracker.turn.stage(lambda tx: remember_never(tx, tracker, matters))

    def _show_again(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, shown: Shown | None) -> list[Event]:
        """What was on show is shown again without it."""
        if shown is None:
            return []
        made = self.set_for(self.known(tracker), shown.asked, tracker, without=shown.earlier)
        if made.kind is SetKind.NOTHING:
            return []
        response = "utter_choices_instead" if made.kind is SetKind.PERSONAL else "utter_choices_popular"
        return self.show(dispatcher, tracker, made, shown.asked, response=response, earlier=shown.earlier)


def remember_never(tx: Tx, tracker: ShopTracker, matters: Sequence[tuple[str, str]]) -> None:
    """Keep as a correction what is not to be suggested again: it takes the place of a liking. Only with consent."""
    turn = tracker.turn
    grant = granted(tx, turn.customer, Purpose.PREFERENCES)
    if grant is None:
        return
    source = facts.Source(turn.channel, CORRECTION, turn.conversation)
    for attribute, value in matters:
        standing = [f for f in facts.of(tx, grant) if (f.attribute, f.value, f.for_whom) == (attribute, value, "self")]
        other = next((fact for fact in standing if fact.polarity != NEVER), None)
        if other is not None:
            facts.correct(tx, grant, other.id, source=source, now=turn.now, polarity=NEVER)
        else:
            told: dict[str, Any] = {"purpose": Purpose.PREFERENCES, "source": source, "now": turn.now}
            facts.record(tx, grant, attribute=attribute, value=value, polarity=NEVER, **told)


def named(tracker: ShopTracker, entity: str) -> list[Any]:
    """The values of an entity in the last message, also of what is said not to be wanted."""
    found = [each for request in requests(tracker) for each in request.get("entities", ())]
    return [each.get("value") for each in found if each.get("entity") == entity]

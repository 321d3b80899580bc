"""Checks what was chosen against what can be made now; refuses with the reason, and offers what comes closest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.base import (
    Event,
    ShopAction,
    ShopTracker,
    answer,
    asked_by,
    asked_text,
    button,
    mentioned,
    requests,
    sets,
)
from actions.cart import ITEM_SLOTS, cart, categories, composition, zone_of
from actions.early import EarlyAccess, to_come
from actions.effort import settle_answers
from actions.knowing import know
from actions.needing import decline
from actions.owning import own_of, says_my
from actions.speech import opening
from actions.standing import AboutBenefits, paths_text, reached_text
from actions.wishes import unknown_module
from bot.flows.model import Choice
from bot.offering.benefits import Progress
from bot.offering.catalogue import PRODUCT, Composition, Problem, Product, Zone

SUBSCRIPTIONS = "subscriptions"
NEAREST = 3


class ActionCheckProduct(ShopAction):
    """Finds out what of the product must be asked for (`asks`), and whether it can be had at all (`product_state`)."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        item = self.catalogue.products.get(str(tracker.slots.get(PRODUCT)))
        if item is None:
            return sets({PRODUCT: None, "product_state": "missing"})
        wants_plan = tracker.slots.get("category") == SUBSCRIPTIONS
        if wants_plan and item.category != SUBSCRIPTIONS:
            dispatcher.utter_message(response="utter_not_a_subscription", named=self.speech(tracker).named(item.id))
            return sets({PRODUCT: None, "product_state": "missing"})
        if item in to_come(self, tracker) and not EarlyAccess(self.shop).tell(dispatcher, tracker, [item]):
            return sets({PRODUCT: None, "product_state": "missing"})
        state = "subscription" if item.category == SUBSCRIPTIONS and not wants_plan else "ok"
        # What rules the wish out whatever else is chosen is said before anything else is asked.
        never = any(problem.code == "never" for problem in self.catalogue.validate(composition(tracker.slots)))
        state = "refused" if never or self.catalogue.stock(item.id) == 0 else state
        unknown = unknown_module(asked_text(tracker), self.catalogue)
        if unknown is not None:
            decline(dispatcher, tracker, unknown)
        own = self._own(item, tracker)
        if own:
            line = self.speech(tracker).line({**composition(tracker.slots), **own})
            dispatcher.utter_message(response="utter_own_taken", product=item.id, line=line)
        tracker.slots.update(own)
        return sets({**self._left_over(item, tracker), **own, "product_state": state,
                     "asks": self._asks(item, tracker)})  # fmt: skip

    def _own(self, item: Product, tracker: ShopTracker) -> dict[str, str]:
        """What the customer saved as their own and now asks for by that; what is said besides goes before it."""
        if not says_my(tracker):
            return {}
        with self.shop.memory.read() as tx:
            saved = own_of(know(tx, tracker.turn.customer, catalogue=self.catalogue), item.id) or {}
        return {slot: value for slot, value in saved.items()
                if slot in item.options and tracker.slots.get(slot) is None}  # fmt: skip

    def _asks(self, item: Product, tracker: ShopTracker) -> list[str]:
        missing = list(self.catalogue.missing(composition(tracker.slots)))
        change = tracker.slots.get("change")
        wanted = [change] if change in (*item.options, "quantity") and tracker.slots.get(change) is None else []
        return list(dict.fromkeys([*missing, *wanted, *([] if "digital" in item.tags else ["fulfilment"])]))

    def _left_over(self, item: Product, tracker: ShopTracker) -> dict[str, None]:
        """Answers that belonged to another product and that the customer has not just repeated for this one."""
        said = {entity.get("entity") for request in requests(tracker) for entity in request.get("entities", ())}
        given = (slot for slot in self.catalogue.slots if tracker.slots.get(slot) is not None)
        return {slot: None for slot in given if slot not in item.options and slot not in said}


class ActionCheckCombination(ShopAction):
    """Whether it can be made now; what the customer left to us is decided here, and shown before it is ordered."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        wanted = composition(tracker.slots)
        chosen: dict[str, str] = {}
        for slot in self.catalogue.missing(wanted):
            options = self.catalogue.options(wanted[PRODUCT], slot)
            fitting = [m.id for m in options if not self.catalogue.validate({**wanted, **chosen, slot: m.id})]
            chosen |= {slot: fitting[0]} if fitting else {}
        problems = self.catalogue.validate({**wanted, **chosen})
        if not problems:
            settle_answers(tracker, self.catalogue)
        return sets({**chosen, "combination": "refused" if problems else "valid"})


class ActionOfferNearest(ShopAction):
    """Says why the wish cannot be met, and offers what comes closest to it; never a single way out."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        wanted = composition(tracker.slots)
        problems, speech = self.catalogue.validate(wanted), self.speech(tracker)
        reasons = speech.sentences(dict.fromkeys(self._reason(problem, wanted, tracker) for problem in problems))
        buttons = [*self._fewer(problems, tracker), *self._nearest(wanted, tracker)]
        other = answer(tracker, **dict.fromkeys(ITEM_SLOTS))
        dispatcher.utter_message(
            response="utter_offer_nearest" if buttons else "utter_offer_none_near",
            reasons=reasons,
            buttons=[*buttons, button(speech.say("utter_choice_something_else"), other)],
        )
        return []

    def _reason(self, problem: Problem, wanted: Mapping[str, Any], tracker: ShopTracker) -> str:
        speech = self.speech(tracker)
        return speech.say(
            f"utter_problem_{problem.code}",
            product=speech.title(PRODUCT, wanted.get(PRODUCT)),
            named=speech.named(str(wanted.get(PRODUCT))),
            module=speech.title(problem.slot, problem.value),
            left=problem.value,
            because=problem.because,
        )

    def _fewer(self, problems: list[Problem], tracker: ShopTracker) -> list[dict[str, Any]]:
        left = [int(problem.value) for problem in problems if problem.code == "not_enough"]
        title = self.speech(tracker).say
        return [button(title("utter_choice_fewer", left=n), answer(tracker, quantity=n)) for n in left if n > 0]

    def _nearest(self, wanted: Mapping[str, Any], tracker: ShopTracker) -> list[dict[str, Any]]:
        near = self.catalogue.nearest(wanted, limit=NEAREST)
        return [button(self._title(option, tracker), self._choice(option, wanted, tracker)) for option in near]

    def _title(self, option: Composition, tracker: ShopTracker) -> str:
        speech = self.speech(tracker)
        if any(change.slot == PRODUCT for change in option.changes):
            return opening(speech.line(option))
        titles = [speech.title(change.slot, change.now) for change in option.changes if change.now != "none"]
        return opening(speech.join(titles) or speech.line(option))

    def _choice(self, option: Composition, wanted: Mapping[str, Any], tracker: ShopTracker) -> Choice:
        dropped = {slot: None for slot in wanted if slot not in option and slot != "quantity"}
        return answer(tracker, **dropped, **{change.slot: option[change.slot] for change in option.changes
                                             if change.slot in option})  # fmt: skip


class ActionCompleteAddress(ShopAction):
    """Adds to the address the postcode that was missing in it; an answer that is a whole address takes its place."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        address, postcode = tracker.slots.get("address"), tracker.slots.get("postcode")
        if not postcode:
            return []
        whole = f"{address}, {postcode}" if str(postcode).strip()[:5].isdigit() else postcode
        return sets({"address": whole, "postcode": None})


class ActionCheckDelivery(AboutBenefits):
    """Whether everything in the order can be brought to the address; what is picked up always can."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        if tracker.slots.get("fulfilment") != "delivery":
            return sets({"delivery": "ok", "free_shipping": None, "delivery_hint": None})
        zone = zone_of(self.catalogue, tracker.slots.get("address"))
        wanted = set(categories(self.catalogue, cart(self.catalogue, tracker.slots).lines))
        if zone is None:
            return [SlotSet("delivery", "not_there")]
        if not wanted <= zone.categories:
            return [SlotSet("delivery", "not_these_there")]
        return sets({"delivery": "ok", **self._benefit(tracker, zone)})

    def _benefit(self, tracker: ShopTracker, zone: Zone) -> dict[str, str | None]:
        """Why the delivery is on the house, or what would make it so: whoever pays is told the way."""
        free = self.answer_for(tracker, float(cart(self.catalogue, {**tracker.slots, "free_shipping": None}).goods))
        if free is None:
            return {"free_shipping": None, "delivery_hint": None}
        speech = self.speech(tracker)
        if not free.has:
            # The nearest way is told here; all of them whenever somebody asks.
            nearest = paths_text(_in_zone(free.paths[:1], zone), speech)
            hint = speech.say("utter_delivery_would_be_free", paths=nearest)
            return {"free_shipping": None, "delivery_hint": hint if free.paths else None}
        met = next((path for path in free.paths if path.met), None)
        reason = reached_text(met, speech) if met else speech.say("utter_delivery_free_over_time")
        return {"free_shipping": speech.say("utter_delivery_on_us", reason=reason), "delivery_hint": None}


def _in_zone(paths: Iterable[Progress], zone: Zone) -> list[Progress]:
    """The same paths, where near the shop a smaller order is enough for everybody."""
    enough = float(zone.free_from) if zone.free_from is not None else float("inf")
    return [
        replace(path, criterion=path.criterion.model_copy(update={"at_least": min(path.criterion.at_least, enough)}))
        if path.criterion.counts == "basket"
        else path
        for path in paths
    ]


class ActionOfferChanges(ShopAction):
    """Offers to change each thing that the product leaves open."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        item = self.catalogue.products.get(str(tracker.slots.get(PRODUCT)))
        open_slots = [slot for slot, allowed in item.options.items() if len(allowed) > 1] if item else []
        names = [*open_slots, "quantity", *(["product", "fulfilment"] if asked_by(tracker) == "order" else [])]
        speech = self.speech(tracker)
        buttons = [button(speech.say(f"utter_choice_{name}"), self._choice(name, tracker)) for name in names]
        dispatcher.utter_message(response="utter_offer_changes", buttons=buttons)
        return []

    def _choice(self, name: str, tracker: ShopTracker) -> Choice:
        emptied = {"product": ITEM_SLOTS, "fulfilment": ("fulfilment", "address")}.get(name, (name,))
        return answer(tracker, **dict.fromkeys(emptied), change=name)


def just_mentioned(tracker: ShopTracker, name: str) -> list[Any]:
    """The values of an entity anywhere in the last message."""
    return [value for request in requests(tracker) for value in mentioned(request.get("entities", ()), name)]

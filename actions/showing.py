"""Shows a set of choices: two to four things with their reasons, something else, and no thanks; never one thing alone.

What was shown is kept in the slot `choices_shown`, so that "why this?", "cheaper" and "not that again" know what they
are about.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import leave
from actions.base import Event, ShopAction, ShopTracker, button
from actions.cart import order_choice
from actions.citing import SET, cites
from actions.knowing import Known, know
from actions.shop_questions import lowest_price
from actions.speech import Speech, opening
from bot.flows.model import Choice
from bot.offering.candidates import SLOTS, Person, Slot, Wanted
from bot.offering.catalogue import PRODUCT
from bot.offering.choices import ChoiceSet, Engine, Option, SetKind
from bot.offering.reasons import Evidence, Reason

SHOWN, RULED_OUT, ASKED = "choices_shown", "ruled_out", "questions_asked"
# The part of the shop in which somebody new is shown what is popular.
FIRST_CATEGORY = "drinks"
GIFT_TAG = "gift"


@dataclass(frozen=True)
class Asked:
    """What was asked for, in plain values, so that the same set can be made again."""

    category: str | None = None
    kind: str | None = None
    below: str | None = None
    since: str | None = None
    gift: bool = False

    @property
    def for_anybody(self) -> bool:
        """A gift, or what is new to everybody: one's own past plays no part."""
        return self.gift or self.since is not None

    def wanted(self, without: Iterable[str]) -> Wanted:
        """The same for the engine."""
        return Wanted(
            category=self.category,
            kind=self.kind,
            below=Decimal(self.below) if self.below is not None else None,
            added_since=date.fromisoformat(self.since) if self.since is not None else None,
            for_other=self.for_anybody,
            exclude=frozenset(without),
        )


@dataclass(frozen=True)
class Shown:
    """A set as it was shown. `options` are (sku, slot, reason code, arguments, evidence) in plain values."""

    kind: str
    seed: str
    asked: Asked = field(default_factory=Asked)
    options: tuple[dict[str, Any], ...] = ()
    earlier: tuple[str, ...] = ()

    @property
    def skus(self) -> tuple[str, ...]:
        """The products of the set, in order."""
        return tuple(option["sku"] for option in self.options)

    def to_slot(self) -> dict[str, Any]:
        """Plain JSON, to be kept in a slot."""
        return asdict(self)

    @classmethod
    def from_slot(cls, stored: Any) -> Shown | None:
        """What `to_slot` gave; None when nothing was shown yet."""
        if not isinstance(stored, Mapping):
            return None
        asked = Asked(**stored["asked"])
        return cls(stored["kind"], stored["seed"], asked, tuple(stored["options"]), tuple(stored["earlier"]))


class Showing(ShopAction):
    """The base of all actions that make or explain a set."""

    def known(self, tracker: ShopTracker) -> Known:
        """All of the customer that their consents open."""
        with self.shop.memory.read() as tx:
            return know(tx, tracker.turn.customer, catalogue=self.catalogue)

    def ruled_out(self, tracker: ShopTracker) -> tuple[str, ...]:
        """Products that the customer does not want to see again in this conversation."""
        return tuple(tracker.slots.get(RULED_OUT) or ())

    def set_for(
        self,
        known: Known,
        asked: Asked,
        tracker: ShopTracker,
        *,
        questions_left: int = 0,
        without: Sequence[str] = (),
    ) -> ChoiceSet:
        """The set for this customer; the plain, popular one without history or without leave to use it."""
        seed, now = seed_of(tracker.turn.now), tracker.turn.now
        wanted = asked.wanted((*without, *self.ruled_out(tracker), *(self._no_gifts() if asked.gift else ())))
        if known.may and known.has_history and not asked.for_anybody:
            made = self.engine.choose(known.person, seed=seed, now=now, wanted=wanted, questions_left=questions_left)
            if made.kind is SetKind.PERSONAL:
                return made
            said = self._by_what_was_said(known.person, seed=seed, now=now, wanted=wanted)
            if said is not None or made.kind is SetKind.QUESTION:
                return said or made
        return popular_set(self.engine, known.person, seed=seed, now=now, wanted=self._narrowed(wanted))

    def _by_what_was_said(self, person: Person, *, seed: str, now: datetime, wanted: Wanted) -> ChoiceSet | None:
        """A set that rests on what the customer told, however little was bought: a word is no guess."""
        limit = self.engine.rules.choices.options
        ranking = self.engine.rank(person, seed=seed, now=now, limit=limit, wanted=wanted)
        cited = (each.kind for option in ranking.options for each in option.reason.evidence)
        if "fact" not in cited or len(ranking.options) < 2:
            return None
        in_order = sorted(ranking.options, key=lambda option: SLOTS.index(option.slot))
        return ChoiceSet(SetKind.PERSONAL, replace(ranking, options=tuple(in_order)), 0.0)

    def _no_gifts(self) -> tuple[str, ...]:
        """What the shop did not mark as a gift, where it marked enough."""
        others = tuple(p.id for p in self.catalogue.products.values() if GIFT_TAG not in p.tags)
        return others if len(self.catalogue.products) - len(others) > 1 else ()

    def _narrowed(self, wanted: Wanted) -> Wanted:
        """What is popular is shown by parts of the shop: a mug says nothing to somebody who wants a coffee."""
        plain = wanted.category is None and not wanted.for_other and FIRST_CATEGORY in self.catalogue.categories
        return replace(wanted, category=FIRST_CATEGORY) if plain else wanted

    def show(
        self,
        dispatcher: CollectingDispatcher,
        tracker: ShopTracker,
        made: ChoiceSet,
        asked: Asked,
        *,
        response: str,
        earlier: Sequence[str] = (),
        **variables: Any,
    ) -> list[Event]:
        """Say the set, with buttons and cards, and keep what was shown."""
        speech = self.speech(tracker)
        if made.kind is SetKind.NOTHING:
            dispatcher.utter_message(response="utter_nothing_to_suggest", buttons=self.ways_out(speech))
            return []
        dispatcher.utter_message(
            response=response,
            out=self.replaced(made, speech),
            buttons=[
                *(self.button(option, speech, gift=asked.gift) for option in made.options),
                *self.ways_out(speech),
            ],
            json_message={"cards": [self.card(option, speech) for option in made.options]},
            **variables,
        )
        leave.tell_once(self, dispatcher, tracker, made)
        shown = Shown(made.kind.value, seed_of(tracker.turn.now), asked, tuple(map(_plain, made.options)), (*earlier,))
        category = self.catalogue.products[made.options[0].sku].category
        return [SlotSet(SHOWN, shown.to_slot()), SlotSet("shown", category), *cites(SET, "shown")]

    def button(self, option: Option, speech: Speech, *, gift: bool) -> dict[str, Any]:
        """The option as a button: it begins an order, which still asks what is open and for a yes."""
        product = self.catalogue.products[option.sku]
        given: dict[str, Any] = {**option.modules, **({"gift": True} if gift else {})}
        return button(opening(self.title(option, speech)), order_choice(product, given))

    def title(self, option: Option, speech: Speech) -> str:
        """The option as a line of an order would name it."""
        return speech.line({PRODUCT: option.sku, **option.modules})

    def price(self, option: Option) -> tuple[Decimal, bool]:
        """What one costs, and whether that depends on what is still open."""
        product = self.catalogue.products[option.sku]
        if option.modules:
            wanted = {PRODUCT: option.sku, **option.modules}
            return self.catalogue.price(wanted), bool(self.catalogue.missing(wanted))
        return lowest_price(self.catalogue, product)

    def card(self, option: Option, speech: Speech) -> dict[str, Any]:
        """The option as a card, with its reason and, where something is still open, the price it begins at."""
        price, several = self.price(option)
        said = speech.money(price)
        return {
            "title": opening(self.title(option, speech)),
            "subtitle": opening(reason_text(option.reason, speech)),
            "price": speech.say("utter_price_from", price=said) if several else said,
        }

    def replaced(self, made: ChoiceSet, speech: Speech) -> str | None:
        """What would be there and cannot be had now is said, not passed over."""
        out = [speech.title(PRODUCT, each.sku) for each in made.ranking.unavailable]
        return speech.say("utter_choices_out", products=speech.join(out)) if out else None

    def ways_out(self, speech: Speech) -> list[dict[str, Any]]:
        """Something else, and no thanks: under every set."""
        return [
            button(speech.say("utter_choice_something_else"), Choice(action="action_recommend_other")),
            button(speech.say("utter_choice_no_thanks"), Choice(action="action_decline")),
        ]


def popular_set(engine: Engine, person: Person, *, seed: str, now: datetime, wanted: Wanted) -> ChoiceSet:
    """What is popular with everyone, labelled so."""
    ranking = engine.popular(person, seed=seed, now=now, limit=engine.rules.choices.options, wanted=wanted)
    return ChoiceSet(SetKind.POPULAR if len(ranking.options) > 1 else SetKind.NOTHING, ranking, 0.0)


def seed_of(now: datetime) -> str:
    """The seed of a day's sets: whoever knows the same of two customers shows them the same."""
    return now.date().isoformat()


def reason_text(reason: Reason, speech: Speech) -> str:
    """The reason in words, with the age of what it rests on."""
    arguments = dict(reason.arguments)
    days = float(arguments.pop("days", 0.0) or 0.0)
    source, about = arguments.get("source"), str(arguments.get("about"))
    return speech.say(
        f"utter_reason_{reason.code.value}",
        **{name: value for name, value in arguments.items() if name in ("times",)},
        ago=speech.ago(days),
        source=speech.title(PRODUCT, source) if source else None,
        value=speech.title(about, arguments["value"]) if "value" in arguments else None,
    )


def _plain(option: Option) -> dict[str, Any]:
    return {
        "sku": option.sku,
        "slot": Slot(option.slot).value,
        "code": option.reason.code.value,
        "arguments": dict(option.reason.arguments),
        "evidence": [[each.kind, each.id, each.at.isoformat()] for each in option.reason.evidence],
        "modules": dict(option.modules),
    }


def evidence_of(stored: Mapping[str, Any], now: datetime) -> tuple[Evidence, ...]:
    """What a shown option rests on, with its age now."""
    found = []
    for kind, name, at in stored["evidence"]:
        when = datetime.fromisoformat(at)
        found.append(Evidence(kind, name, when, max((now - when).total_seconds() / 86_400, 0.0)))
    return tuple(found)

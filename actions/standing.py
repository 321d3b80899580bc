"""How a customer stands to the shop's benefits, and how that is put: by what can be counted on one's own side."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from rapidfuzz import fuzz

from actions.base import ShopAction, ShopTracker, button, words_of
from actions.cart import price_of
from actions.knowing import asked_for, deeds, standing
from actions.speech import Speech, opening
from bot.flows.model import Choice
from bot.offering.benefits import Answer, Deeds, Progress, answer
from bot.offering.rules import Benefit, OfferRules

FREE_SHIPPING = "free_shipping"
ASKED_FOR = "asked"
# How alike (0-100) words must be to the name of a benefit.
_ALIKE = 85.0


class AboutBenefits(ShopAction):
    """The base of all that looks at benefits."""

    @property
    def rules(self) -> OfferRules:
        """The rules in force."""
        return self.engine.rules

    def answers(self, tracker: ShopTracker, wanted: Iterable[Benefit]) -> list[Answer]:
        """How this customer stands to these benefits, with the order at hand counted."""
        return self.answers_with(tracker, wanted, basket=float(price_of(tracker.slots.get("basket") or ())))

    def answer_for(self, tracker: ShopTracker, basket: float) -> Answer | None:
        """How this customer stands to free delivery of goods for so much; None where the shop has no such benefit."""
        free = [benefit for benefit in self.rules.benefits if benefit.kind == FREE_SHIPPING]
        return next(iter(self.answers_with(tracker, free, basket=basket)), None)

    def answers_with(self, tracker: ShopTracker, wanted: Iterable[Benefit], *, basket: float) -> list[Answer]:
        """The same for goods of a given worth."""
        turn = tracker.turn
        with self.shop.memory.read() as tx:
            tier, _ = standing(tx, turn.customer)
            done = deeds(tx, turn.customer, basket=basket, catalogue=self.catalogue, now=turn.now)
            asked = asked_for(tx, turn.customer)
        return [
            answer(each.id, tier=tier, deeds=_with(done, each, asked), rules=self.rules, channel=turn.channel)
            for each in wanted
        ]

    def named(self, tracker: ShopTracker) -> list[Benefit]:
        """The benefits that the message speaks of."""
        text, speech = words_of(tracker).lower(), self.speech(tracker)
        tapped = tracker.arguments.get("benefit")
        return [each for each in self.rules.benefits if each.id == tapped or _spoken_of(each, text, speech)]

    def ends(self, tracker: ShopTracker) -> datetime | None:
        """When what comes with having bought a good deal ends, where notice of that was given."""
        with self.shop.memory.read() as tx:
            return standing(tx, tracker.turn.customer)[1]

    def line(self, each: Answer, tracker: ShopTracker) -> str:
        """One benefit: whether the customer has it, by what and until when, or the ways to it."""
        speech, ends = self.speech(tracker), self.ends(tracker) if each.code == "yours" else None
        title = speech.say(f"utter_benefit_title_{each.benefit}")
        alternative = speech.say(f"utter_benefit_title_{each.alternative}") if each.alternative else None
        met = next((path for path in each.paths if path.met), None)
        return speech.say(
            f"utter_benefit_{each.code}",
            benefit=title,
            named=opening(title),
            paths=paths_text(each.paths, speech),
            reached=reached_text(met, speech) if met else None,
            because=each.because,
            alternative=alternative,
            until=speech.day(ends) if ends else None,
            told=speech.word(each.told) if each.told else None,
        )

    def ask_buttons(self, answers: Iterable[Answer], speech: Speech) -> list[dict[str, Any]]:
        """What can be had by asking for it can be asked for at once."""
        askable = (a for a in answers if not a.has and any(p.criterion.counts == ASKED_FOR for p in a.paths))
        return [
            button(
                speech.say("utter_choice_ask_for_benefit", benefit=speech.say(f"utter_benefit_title_{each.benefit}")),
                Choice(action="action_ask_for_benefit", args={"benefit": each.benefit}),
            )
            for each in askable
        ]


def _with(done: Deeds, benefit: Benefit, asked: frozenset[str]) -> Deeds:
    return replace(done, now={**done.now, ASKED_FOR: float(benefit.id in asked)})


def paths_text(paths: Iterable[Progress], speech: Speech) -> str:
    """The ways to a benefit, nearest first, with what is still to go."""
    return speech.either([_path(path, speech) for path in paths])


def reached_text(path: Progress, speech: Speech) -> str:
    """By what a benefit was reached."""
    return speech.say(
        f"utter_reached_{path.criterion.counts}",
        reached=_amount(path, path.reached, speech),
        days=path.criterion.within_days,
    )


def _path(path: Progress, speech: Speech) -> str:
    begun = 0 < path.reached < path.criterion.at_least
    return speech.say(
        f"utter_path_{path.criterion.counts}",
        at_least=_amount(path, path.criterion.at_least, speech),
        missing=_amount(path, path.missing, speech) if begun else None,
        days=path.criterion.within_days,
    )


def _amount(path: Progress, value: float, speech: Speech) -> str:
    return speech.money(Decimal(str(value))) if path.criterion.counts == "basket" else f"{value:g}"


def _spoken_of(benefit: Benefit, text: str, speech: Speech) -> bool:
    names = speech.say(f"utter_benefit_names_{benefit.id}").split("|")
    return any(_named(name, text) for name in names)


def _named(name: str, text: str) -> bool:
    """A short name says nothing when it is only alike; where words are short by nature it stands there as it is."""
    if not name.isascii():
        return name in text
    return 3 < len(name) <= len(text) and fuzz.partial_ratio(name, text) >= _ALIKE

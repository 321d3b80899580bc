"""Puts things of the shop into words: compositions, money, times. The words themselves come from the wording."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from bot.offering.catalogue import PRODUCT, Catalogue, Hours

_VOWELS = frozenset("aeiou")
# What an age is told in: the unit, its days, and the days from which the next one is used.
_AGES = (("days", 1, 14), ("weeks", 7, 60), ("months", 30, 730), ("years", 365, 1_000_000))


@dataclass(frozen=True)
class Speech:
    """How to say things in one language."""

    catalogue: Catalogue
    phrase: Any
    language: str
    translate: Callable[[str, str], str] = lambda text, language: text

    def say(self, name: str, **variables: Any) -> str:
        """The wording of that name; empty where there is none."""
        return str(self.phrase(name, variables, self.language))

    def title(self, entity: str, value: Any) -> str:
        """What a value of an entity is called; the value itself where the shop has no words for it."""
        return self.word(self.catalogue.title(entity, value, self.language))

    def word(self, text: str) -> str:
        """What stands in English in the shop's files, in this language."""
        return self.translate(text, self.language)

    def words(self, texts: Iterable[str]) -> str:
        """Several of them as a list."""
        return self.join([self.word(text) for text in texts])

    def titles(self, entity: str, values: Sequence[Any]) -> str:
        """Several of them as a list."""
        return self.join([self.title(entity, value) for value in values])

    def join(self, parts: Sequence[str]) -> str:
        """One, two and three."""
        if len(parts) < 2:
            return "".join(parts)
        return self.say("utter_and", first=self._listed(parts[:-1]), last=parts[-1])

    def either(self, parts: Sequence[str]) -> str:
        """One, two or three."""
        if len(parts) < 2:
            return "".join(parts)
        return self.say("utter_or", first=self._listed(parts[:-1]), last=parts[-1])

    def sentences(self, parts: Iterable[str]) -> str:
        """Sentences one after the other."""
        return self.say("utter_space").join(parts)

    def _listed(self, parts: Sequence[str]) -> str:
        return self.say("utter_comma").join(parts)

    def line(self, composition: Mapping[str, Any], quantity: int = 1) -> str:
        """One line of an order: "2 × large flat white with oat milk". What goes without saying is not said."""
        whole = self.catalogue.complete(composition)
        said = {slot: self.title(slot, value) for slot, value in whole.items() if self._worth_saying(whole, slot)}
        milk, syrup = said.get("milk"), said.get("syrup")
        return self.say(
            "utter_line",
            count=quantity if quantity > 1 else None,
            size=said.get("size"),
            temperature=said.get("temperature"),
            product=self.title(PRODUCT, whole.product),
            milk=milk,
            syrup=None if milk else syrup,
            more=syrup if milk else None,
            grind=said.get("grind"),
            amount=said.get("amount"),
        )

    def some(self, composition: Mapping[str, Any], quantity: int = 1) -> str:
        """The line as it stands in a sentence: "a large flat white", "2 × latte", "250 g House Espresso beans"."""
        line = self.line(composition, quantity)
        item = self.catalogue.products.get(str(composition.get(PRODUCT)))
        counted = quantity > 1 or item is None or item.category not in ("drinks", "gift_cards")
        if counted:
            return line
        return self.say("utter_one_before_vowel" if line[:1].lower() in _VOWELS else "utter_one", line=line)

    def named(self, product: str) -> str:
        """The title of a product at the beginning of a sentence or on a button."""
        return opening(self.title(PRODUCT, product))

    def money(self, amount: Decimal) -> str:
        """An amount in the shop's currency."""
        return self.say("utter_money", amount=f"{amount:.2f}")

    def clock(self, moment: datetime) -> str:
        """14:35."""
        return moment.strftime("%H:%M")

    def weekday(self, day: date) -> str:
        """Monday."""
        return self.say("utter_weekdays").split("|")[day.weekday()]

    def day(self, day: date) -> str:
        """3 November 2026."""
        month = self.say("utter_months").split("|")[day.month - 1]
        return self.say("utter_date", day=str(day.day), month=month, year=str(day.year))

    def when(self, moment: datetime, now: datetime) -> str:
        """The moment as one would say it now (both local): "at 14:35", "tomorrow at 09:00", "on Monday at 07:30"."""
        days = (moment.date() - now.date()).days
        name = {0: "utter_when_today", 1: "utter_when_tomorrow"}.get(days, "utter_when_weekday")
        name = name if days < 7 else "utter_when_date"
        return self.say(name, clock=self.clock(moment), weekday=self.weekday(moment), date=self.day(moment))

    def day_of(self, moment: datetime, now: datetime) -> str:
        """The day alone: "today", "tomorrow", "on Monday"."""
        days = (moment.date() - now.date()).days
        name = {0: "utter_day_today", 1: "utter_day_tomorrow"}.get(days, "utter_day_weekday")
        name = name if days < 7 else "utter_day_date"
        return self.say(name, weekday=self.weekday(moment), date=self.day(moment))

    def ago(self, days: float) -> str:
        """How long ago: "today", "3 days ago", "5 weeks ago", "2 years ago"."""
        whole = int(days)
        if whole < 2:
            return self.say("utter_ago_yesterday" if whole else "utter_ago_today")
        unit, each = next((unit, each) for unit, each, upto in _AGES if whole < upto)
        return self.say(f"utter_ago_{unit}", count=str(whole // each))

    def week(self, hours: Mapping[int, Hours]) -> str:
        """The opening hours of a week, equal neighbours drawn together."""
        monday = date(2024, 1, 1)
        parts: list[tuple[str, str, Hours | None]] = []
        for offset in range(7):
            name, span = self.weekday(monday + timedelta(days=offset)), hours.get(offset)
            if parts and parts[-1][2] == span:
                parts[-1] = (parts[-1][0], name, span)
            else:
                parts.append((name, name, span))
        return self._listed([self._days(first, last, span) for first, last, span in parts])

    def _days(self, first: str, last: str, span: Hours | None) -> str:
        days = first if first == last else self.say("utter_from_to", first=first, last=last)
        if span is None:
            return self.say("utter_days_closed", days=days)
        return self.say("utter_days_open", days=days, opens=f"{span.opens:%H:%M}", closes=f"{span.closes:%H:%M}")

    def _worth_saying(self, whole: Mapping[str, str], slot: str) -> bool:
        item = self.catalogue.products.get(whole[PRODUCT])
        if item is None or slot == PRODUCT:
            return False
        return slot == "amount" or (len(item.options.get(slot, {})) > 1 and whole[slot] != item.defaults.get(slot))


def opening(text: str) -> str:
    """The text with a capital letter first, the rest as it is."""
    return text[:1].upper() + text[1:]

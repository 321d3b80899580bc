"""What to do about a thing told, given what is remembered; and the writing of it.

A correction wins at once, and so does a new number; what contradicts is kept as a contradiction, for the customer to
settle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from actions.facts_said import sentence
from actions.knowing import granted
from actions.speech import Speech
from memory import Turn, Tx, facts, messages
from memory.consent import Purpose
from memory.facts import Fact

SELF = "self"
OPPOSITES = {"like": "dislike", "dislike": "like", "must": "never", "never": "must"}
_WANTED = frozenset({"like", "must"})
# Of these somebody has one at a time; a new number simply replaces the old one.
_SINGLE = frozenset({"milk", "size", "temperature", "grind", "budget", "delivery_day", "cups_a_day"})
_NUMBERS = frozenset({"budget", "cups_a_day"})


@dataclass(frozen=True)
class Told:
    """One thing a customer told; `polarity` "not" takes an earlier fact back."""

    attribute: str
    value: str
    polarity: str
    for_whom: str = SELF
    lasting: bool = True

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> Told:
        """What understanding found, or what `to_json` gave."""
        value = found["value"]
        said = f"{value:g}" if isinstance(value, float) else str(value)
        for_whom = str(found.get("for") or found.get("for_whom") or SELF)
        return cls(found["attribute"], said, found["polarity"], for_whom, bool(found.get("lasting", True)))

    def to_json(self) -> dict[str, Any]:
        """Its fields."""
        return asdict(self)

    def in_words(self, speech: Speech) -> str:
        """ "you like oat milk"."""
        return sentence(speech, attribute=self.attribute, value=self.value, polarity=self.polarity)


@dataclass(frozen=True)
class Change:
    """What a thing told does to what is remembered; `old` are the facts it concerns."""

    how: Literal["record", "replace", "dispute", "take_back"]
    told: Told
    old: tuple[Fact, ...] = ()


def plan(told: Sequence[Told], standing: Sequence[Fact], *, corrects: bool) -> list[Change]:
    """What is to be done about each thing told. `corrects`: the customer says that something has changed."""
    return [_change(one, [fact for fact in standing if fact.for_whom == one.for_whom], corrects) for one in told]


def _change(told: Told, standing: Sequence[Fact], corrects: bool) -> Change:
    same = tuple(fact for fact in standing if (fact.attribute, fact.value) == (told.attribute, told.value))
    if told.polarity == "not":
        return Change("take_back", told, same)
    opposite = tuple(fact for fact in same if OPPOSITES.get(fact.polarity) == told.polarity)
    if opposite:
        return Change("replace" if corrects else "dispute", told, opposite)
    if any(fact.polarity == told.polarity for fact in same):
        return Change("record", told)
    rivals = tuple(
        fact for fact in standing if fact.attribute == told.attribute and {fact.polarity, told.polarity} <= _WANTED
    )
    if told.attribute in _NUMBERS:
        rivals = tuple(fact for fact in standing if fact.attribute == told.attribute)
    replaces = told.attribute in _SINGLE and rivals and (corrects or told.attribute in _NUMBERS)
    return Change("replace", told, rivals[:1]) if replaces else Change("record", told)


def remember(
    tx: Tx, turn: Turn, told: Sequence[Told], purpose: Purpose, *, corrects: bool, touch: str = "chat"
) -> None:
    """Write what was told, as it stands to what is remembered when it is written; nothing without a grant."""
    grant = granted(tx, turn.customer, purpose)
    if grant is None:
        return
    number = messages.next_turn(tx, turn.conversation)
    source = facts.Source(turn.channel, "chat", turn.conversation, number)
    for change in plan(told, facts.of(tx, grant), corrects=corrects):
        one = change.told
        if change.how == "take_back":
            for fact in change.old:
                facts.forget(tx, fact.id, customer=turn.customer)
        elif change.how == "replace":
            old = change.old[0].id
            facts.correct(tx, grant, old, source=source, now=turn.now, value=one.value, polarity=one.polarity)
        else:
            facts.record(
                tx,
                grant,
                attribute=one.attribute,
                value=one.value,
                polarity=one.polarity,
                purpose=purpose,
                source=source,
                now=turn.now,
                for_whom=one.for_whom,
            )

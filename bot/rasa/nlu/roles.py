"""Which entity is wanted and which is not: "oat instead of soy", "large, not small", "without vanilla".

Pure: entities in, the same entities with a `role` of `to`, `from` or `not` where the words between them say so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

Entity = dict[str, Any]

_WANTED_FIRST = re.compile(
    r"^\W*(?:\w+ ){0,2}?(?:instead of|rather than|in place of|and not|but not|not) (?:the |a |an |any )?$"
    r"|^[,， ]*(?:而不是|不要|不是|代替)$"
)
_WANTED_LAST = re.compile(
    r"^\W*(?:\w+ )?(?:to|for|with|into|by|but|->|=>) (?:a |an |the |some )?$|^(?:换成|換成|换|換|改成|改为|改為)$"
)
_SWAP = re.compile(r"\b(?:swap|change|replace|switch|exchange|trade|substitute|from)\b[^.!?;]*$")
_NOT = re.compile(
    r"(?:\b(?:no|not|without|w/o|minus|hold|except|remove|drop|lose|ditch|never|skip|nix|zero|leave out"
    r"|leave off|take off|"
    r"take out|hold on|get rid of|don't want|dont want|do not want|don't like|didn't want|not want)\b)"
    r" (?:the |a |an |any |that |my |to have |have )?(?:extra )?$"
    r"|(?:不要|不加|不想要|别加|別加|别放|別放|去掉|拿掉|不是)$"
)
_JOIN = re.compile(r"^\W*(?:or|and|nor|no)?\W*$")
_NOT_BUT = re.compile(
    r"^[\s,;-]*(?:but|rather|instead|make it|i said|i want(?:ed)?|i meant)?[\s,:;-]*(?:a |an |the )?$"
    r"|^[,， ]*(?:我?要|是|换|換|换成|換成|改成)+$"
)
# "Iced, no, actually hot": what is said last is meant.
_CORRECTED = re.compile(
    r"^\W*(?:please\W+)?(?:no|nah|nope|wait|sorry|oops|scratch that|hang on|or rather|rather|actually|i mean|i meant"
    r"|make (?:it|that)|better)\b"
    r"(?:\W*(?:no|wait|sorry|actually|i mean|i meant|make (?:it|that)|let'?s (?:do|say)|rather|then|a|an|the))*\W*$"
)
_INSTEAD_BEFORE = re.compile(r"\binstead of (?:the |a |an )?$")


def assign(text: str, entities: Sequence[Entity]) -> list[Entity]:
    """The entities, in order of place, with roles. `text` is what their offsets refer to."""
    ordered = sorted((dict(entity) for entity in entities), key=lambda e: (e["start"], -e["end"]))
    lower = text.lower()
    for here, entity in enumerate(ordered):
        before = lower[: entity["start"]]
        if entity["value"] != "none" and _NOT.search(before):
            entity["role"] = "not"
        if here:
            _pair(lower, ordered[here - 1], entity)
    return ordered


def _pair(lower: str, first: Entity, second: Entity) -> None:
    if first["entity"] != second["entity"]:
        return
    between = lower[first["end"] : second["start"]]
    before = lower[: first["start"]]
    if _WANTED_FIRST.match(between):
        first["role"], second["role"] = "to", "from"
    elif (
        (_WANTED_LAST.match(between) and (_SWAP.search(before) or not between.isascii()))
        or _INSTEAD_BEFORE.search(before)
        or _CORRECTED.match(between)
        or (first.get("role") == "not" and _NOT_BUT.match(between) and between.strip())
    ):
        first["role"], second["role"] = "from", "to"
    elif first.get("role") == "not" and _JOIN.match(between) and ("or" in between or "nor" in between):
        second["role"] = "not"

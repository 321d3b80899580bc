"""Finds in a message the thing that the shop does not have: a word or two of it, never a whole sentence."""

from __future__ import annotations

import re

from bot.offering.catalogue import Catalogue
from bot.offering.phrases import normal

# A wish is a thing in a few words; a whole sentence is a story of somebody's, and stays unwritten.
_MOST_WORDS = 3
_ASKING = (
    r"do you (?:guys )?(?:sell|have|stock|do|offer|make|carry|serve)|have you got|"
    r"(?:can|could) (?:i|we) (?:get|buy|order|have)|(?:can|could|would) you (?:do|make|get|sell|offer)(?: me)?|"
    r"i(?:'d| would) like|(?:i|we) (?:want|need)|i(?:'m| am) looking for|looking for|any chance of|where are your|"
    r"got any|sell me|how much (?:is|are)|what does"
)
_WISH = re.compile(
    rf"(?:\b(?:{_ASKING})\b\s+(?:to (?:buy|order|get|have)\s+)?(?:(?:an?|some|any|the|your)\b)?"
    r"|^(?:(?:and|also|plus|oh|ok|then|maybe)\W+)*(?:an?|some|any)\b)"
    r"\s*(?P<wanted>[\w' -]+)"
)
_END = re.compile(
    r"\b(?:from|for|with|in|on|at|to|by|please|here|too|as|that|which|and|or|but|so|today|now|my|me|cost|costs)\b"
)
_WISH_IN_CHINESE = re.compile(
    r"(?:有没有|有沒有|卖不卖|賣不賣|(?:你们|你們|这里|這裡|店里|店裡)(?:卖|賣|有))(?P<wanted>[\u4e00-\u9fff]{1,6}?)(?:[吗嗎呢么麼?？]|$)"
)
# What stands before the name of a module that is asked for: "with goat milk", "can you do rose syrup".
_BEFORE_MODULE = (
    "with|a|an|have|do|got|any|some|of|sell|offer|serve|use|using|there|want|like|get|make|it|to|or|and|in|need|try"
)
# Words that say nothing of what is wanted.
_VAGUE = frozenset(
    """
    anything something everything nothing one ones it them this that these those stuff thing things some any no not more
    less extra little much many other another different same usual normal kind kinds type types sort which what your my
    our the a an is are there do you have want like please other steamed frothed foamed fresh plant based free skip add
    change swap drop use put help question order offer discount deal new good best nice cheap cheaper special option
    choice refund receipt invoice person human job
    """.split()  # noqa: SIM905 - sixty words are read as a text, not as a list
)


def wish_in(text: str) -> str | None:
    """The thing that a text asks for ("do you sell fridges?": fridge); None when it names none."""
    found = _WISH.search(text.lower())
    if found is None:
        found = _WISH_IN_CHINESE.search(text)
        return found["wanted"] if found else None
    words = _END.split(found["wanted"])[0].split()
    kept = normal(" ".join(words))
    sayable = len(words) <= _MOST_WORDS and not any(mark.isdigit() for mark in kept)
    return kept if kept and sayable and kept.split()[-1] not in _VAGUE else None


def unknown_wish(text: str, catalogue: Catalogue) -> str | None:
    """The thing that a text asks for, when the shop has nothing of that name."""
    wanted = wish_in(text)
    if wanted is None or catalogue.find(wanted) is not None:
        return None
    last = wanted.split()[-1]
    return wanted if last.isascii() and last not in catalogue.words else None


def unknown_module(text: str, catalogue: Catalogue) -> str | None:
    """The module that a text asks for ("a latte with goat milk": goat milk), when the shop has none of that name."""
    for slot in catalogue.slots.values():
        noun = slot.title.lower()
        asked = rf"(?:^|\b(?:{_BEFORE_MODULE})\s+)(?P<named>(?:[a-z'-]+\s+){{1,2}}){noun}s?\b"
        for found in re.finditer(asked, text.lower()):
            words = [word for word in found["named"].split() if word not in _VAGUE and word not in catalogue.words]
            named = f"{' '.join(words)} {noun}"
            if words and catalogue.find(named) is None:
                return normal(named)
    return None

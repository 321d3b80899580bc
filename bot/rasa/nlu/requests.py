"""Tells several requests in one message apart, and leaves one request whole.

`pieces` proposes where one request may end and the next begin; `gather` keeps a border only where both sides, read on
their own, clearly ask for different things: "a latte and a croissant, no, make it two" stays one order.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# Words that open a request of its own after "and", a comma, or nothing at all.
_OPENERS = (
    r"(?:what(?:'s| is| are| time| do| does|s)?|when(?:'s)?|where(?:'s)?|how (?:much|many|long|late|do|does|can"
    r"|far|about)|who|why|which"
    r"|(?:do|does|did|are|is|was|have|has|can|could|would|will|may|should) (?:you|u|i|we|it|they|the|there|your"
    r"|my|any|anyone|somebody|someone)"
    r"|(?:please )?(?:stop|unsubscribe|take (?:me|us|my)|delete|erase|remove|forget|cancel|tell|send|show|give|get"
    r"|order|add"
    r"|remember|track|don'?t|do not|never|opt)"
    r"|no more|i(?:'d| would| want| need|'ll| will|'m| am| also|m| have|'ve| never| always| don'?t| do not| hate"
    r"| love| like| prefer)\b|let me|talk to|speak to)"
)
_LINKS = (
    r"(?:oh,? (?:and |also )?(?:btw,? |by the way,? )?|and also,? |also,? |and (?:then |btw |please |pls "
    r"|by the way )?|plus |btw,? |by the way,? |but |then |another thing,? |one more thing,? |ps:? |p\.s\.? )"
)
_BORDER = re.compile(
    rf"(?:[.!;\n…]+|\?+)\s*(?:{_LINKS})?(?=\S)"
    r"|[。！？；，、]+\s*(?:还有|還有|另外|对了|對了|顺便|順便|然后|然後|而且)?(?=\S)"
    rf"|\s*[,–—-]+\s+(?:{_LINKS})(?=\S)"
    rf"|\s*,\s*(?={_OPENERS}\b)"
    rf"|\s+(?:oh,? (?:and|also) |and also |btw,? |by the way,? |another thing,? |one more thing,? )(?=\S)"
    rf"|\s+(?:and |plus |but |then )(?:please |pls )?(?={_OPENERS}\b)"
    # Said or dictated without a stop: "small americano no sugar what time do you open".
    r"|(?<!\boh)(?<!\bknow)(?<!\bme)(?<!\bask)(?<!\band)(?<!\btill)(?<!\bsince)(?<!\bby)"
    r"\s+(?=(?:what time|when (?:do|are|does|is)|where (?:are|is|do)|how (?:much|late|long) (?:is|are|do|does))\b)"
    r"|(?<!what)(?<!when)(?<!where)(?<!how)(?<!why)(?<!which)(?<!time)(?<!much)(?<!long)(?<!late)(?<!\band)(?<!\bso)"
    r"(?<!\bor)(?<!\bif)\s+(?=do (?:you|u) (?:have|sell|deliver|take|open|close)\b)",
    re.I,
)
_DECIMAL = re.compile(r"\d[.,]\d")
_SHORT = re.compile(r"\b(?:no|mr|mrs|ms|dr|st|a\.m|p\.m|approx|e\.g|i\.e)\.$", re.I)

COURTESY = frozenset({"greet", "thank", "goodbye", "smalltalk", "insult", "out_of_scope"})
ANSWERS = frozenset({"affirm", "deny"})
DETAILS = frozenset({"inform", "change_order", "skip", "affirm", "deny", "order", "order_another"})
ORDERS = frozenset({"order", "order_another", "reorder"})
# What is told on the way to any request, to one that undoes something ("it arrived dented, I'd like to exchange it"),
# and to a question for advice ("I can't decide, what's good?").
TOLD = frozenset({"state_preference", "help", "recall_orders"})
UNDOING = frozenset(
    {
        "cancel", "cancel_order", "cancel_subscription", "return_product", "not_that_again", "forget_that",
        "forget_everything", "dont_remember", "start_over",
    }
)  # fmt: skip
REASONS = TOLD | {
    "affirm", "ask_stock", "cheaper", "complaint", "deny", "order_status", "recommend_gift", "subscribe",
    "why_not_benefit", "opt_in",
}  # fmt: skip
LEADS = {"recommend": TOLD | {"skip"}} | dict.fromkeys(UNDOING, REASONS)
# Words that ask or bid; what has none of them only tells something.
_ASKING = re.compile(
    r"\?|^(?:yes|yeah|yep|ok|okay|sure)\b|^(?:please |pls |just )?(?:what|when|where|how|who|why|which|can|could|would"
    r"|will|do|does|did|is|are|may|stop|send|give|show|tell|add|make|cancel|order|get|remember|recommend|suggest|let)\b"
    r"|\b(?:please|pls|want|need|would like|i'd like|i'll have|remember)\b",
    re.I,
)


@dataclass(frozen=True)
class Piece:
    """A stretch of the message as read on its own. `products` counts the products it names."""

    start: int
    end: int
    intent: str = ""
    confidence: float = 0.0
    products: int = 0


def pieces(text: str) -> list[tuple[int, int]]:
    """Stretches that may be requests of their own, in order; one stretch where nothing speaks for more."""
    borders: list[tuple[int, int]] = []
    for match in _BORDER.finditer(text):
        around = text[max(0, match.start() - 1) : match.end() + 1]
        if match.start() and not _DECIMAL.search(around) and not _SHORT.search(text[: match.end()].rstrip()):
            mark = re.match(r"[.!?…。！？]*", match.group())
            borders.append((match.start() + (mark.end() if mark else 0), match.end()))
    starts = [0, *(end for _, end in borders)]
    ends = [*(start for start, _ in borders), len(text)]
    spans = [_trim(text, start, end) for start, end in zip(starts, ends, strict=True)]
    return [span for span in spans if re.search(r"\w", text[span[0] : span[1]])]


def gather(found: Sequence[Piece], *, enough: float) -> list[Piece]:
    """The requests among `found`; pieces that are no request of their own join their neighbour. `enough`: the
    confidence from which a piece counts as a request."""
    kept: list[Piece] = []
    for place, piece in enumerate(found):
        if piece.intent in COURTESY or (piece.confidence < enough and not kept):
            continue
        if kept and _joins(kept[-1], piece, enough=enough):
            last = kept[-1]
            intent = piece.intent if last.intent == "inform" and piece.intent in ORDERS else last.intent
            confidence = max(last.confidence, piece.confidence if piece.intent == intent else 0.0)
            kept[-1] = Piece(last.start, piece.end, intent, confidence, last.products + piece.products)
        elif piece.confidence >= enough and (piece.intent not in ANSWERS or place == 0):
            kept.append(piece)
    return kept


def led_up_to(text: str, gathered: Sequence[Piece], whole: str) -> bool:
    """Do all parts of a message but the last only lead up to its one request? `whole`: the intent of the message read
    as one, empty where that is unsure; it must not speak against the last part."""
    *before, last = gathered
    reasons = LEADS.get(last.intent, TOLD)
    if any(one.intent not in reasons or _ASKING.search(text[one.start : one.end]) for one in before):
        return False
    return whole == last.intent or (last.intent in UNDOING and whole in UNDOING | {""})


_ITEM_BORDER = re.compile(
    r"\s*(?:[,;&+、，]|\b(?:and|plus|also|then|as well as|along with|with also|und|et|y|e)\b|和|还有|還有|跟)+\s*", re.I
)


# "two cookies": a thing, counted, that the shop has no word for.
_THING = re.compile(
    r"(?:an?|one|two|three|four|five|six|\d{1,2}) (?!more\b|extra|half|bit|shot|pump|splash|dash|little|lot|few|minute"
    r"|hour|day|week|month|friend|gift|present|please|of\b|to\b|for\b)[^\W\d_]{3,}"
    r"(?: (?:please|too|as well|to go))?\W*$",
    re.I,
)


def items(text: str, entities: Sequence[Mapping[str, Any]]) -> list[tuple[int, int]]:
    """The stretches of one order, one for each thing wanted: "a large latte and two cookies to go". Fewer than two: it
    is one item. A product said to be taken for another ("a mocha instead of the latte") is no item of its own."""
    products = [e for e in entities if e["entity"] == "product"]
    if not products or any(e.get("role") in ("from", "not") for e in products):
        return []
    cuts: list[tuple[int, int]] = []
    for one, other in itertools.pairwise(products):
        borders = list(_ITEM_BORDER.finditer(text, one["end"], other["start"]))
        if not borders:
            return []  # "a latte or a mocha" chooses.
        cuts.append(borders[-1].span())
    for border in _ITEM_BORDER.finditer(text, products[-1]["end"]):
        kinds = {e["entity"] for e in entities if border.end() <= e["start"]}
        if _THING.match(text, border.end()) and kinds <= {"quantity", "fulfilment"}:
            cuts.append(border.span())
            break
    starts, ends = [0, *(end for _, end in cuts)], [*(start for start, _ in cuts), len(text)]
    return list(zip(starts, ends, strict=True)) if cuts else []


def _joins(last: Piece, piece: Piece, *, enough: float) -> bool:
    """Does `piece` belong to the request before it?"""
    if piece.confidence < enough or piece.intent == last.intent:
        return True
    if last.intent in ORDERS | {"inform", "change_order"} and piece.intent in DETAILS:
        return not (piece.intent in ORDERS and piece.products and last.products)
    return piece.intent in ANSWERS | {"skip", "inform"}


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1] in " \t\n,;，；、":
        end -= 1
    return start, end

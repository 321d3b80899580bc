"""Entities that have a type instead of a list of words: quantity, money, order number, time, date.

Pure: text and the moment it was said in, entities out, with normalised values. Dates that need a calendar go to
`dateparser`, only when a word in the text calls for it: it is a thousand times dearer than the patterns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bot.rasa.nlu import typed_chinese

Entity = dict[str, Any]
_HAN = re.compile(r"[\u4e00-\u9fff]")
# Training needs a moment, and the same one each time.
EPOCH = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)

_UNITS = [
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
]  # fmt: skip
_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fourty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
    "ninety": 90,
}  # fmt: skip
_SO_MANY = {
    "a couple of": 2, "a couple": 2, "couple of": 2, "couple": 2, "a pair of": 2, "half a dozen": 6, "a dozen": 12,
    "dozen": 12, "a hundred": 100, "hundred": 100, "too": 2, "tree": 3,
}  # fmt: skip
NUMBERS = {word: value for value, word in enumerate(_UNITS, start=1)} | _TENS | _SO_MANY
_SLIPS = {"too", "tree"}
_WORD = "|".join(sorted((re.escape(word) for word in NUMBERS if word not in _SLIPS), key=len, reverse=True))
_TEEN = r"(?:" + "|".join(_TENS) + r")[ -](?:" + "|".join(_UNITS[:9]) + r")"
_NUMBER = rf"(?:{_TEEN}|{_WORD}|\d{{1,4}})"
_SMALL = rf"(?:{'|'.join(_UNITS[:12])}|\d{{1,2}})"

ORDER_NUMBER = re.compile(r"\b(?:k[- ]?(\d{3,6})|(?:order|number|no\.?|#) ?#?(\d{4,6}))\b|#(\d{3,6})\b", re.I | re.A)
_CURRENCY = r"(?:€|£|\$|eur(?:os?)?\b|euros?\b|pounds?\b|quid\b|dollars?\b|bucks?\b|usd\b|gbp\b|p\b)"
MONEY = re.compile(
    rf"(?:[€£$] ?(\d{{1,5}}(?:[.,]\d{{1,2}})?)|\b(\d{{1,5}}(?:[.,]\d{{1,2}})?|{_TEEN}|{_WORD}) ?{_CURRENCY})", re.I
)
BUDGET = re.compile(
    r"\b(?:under|below|less than|at most|up to|max(?:imum)?|budget(?: of| is)?|over|around|about|worth"
    r"|voucher (?:of|for)|card (?:of|for|worth)) (\d{1,4}(?:[.,]\d{1,2})?)\b"
    r"(?! ?(?:g\b|gr|kg|kilo|min|hour|am|pm|o'clock|:|%|bags?|cups?|people|days?|weeks?|months?))",
    re.I,
)
_DAYPART = (
    r"(?:in the morning|in the afternoon|in the evening|tonight|this morning|this afternoon|this evening|am\b|a\.m\."
    r"|pm\b|p\.m\.|o'?clock(?: in the (?:morning|afternoon|evening))?)"
)
TIME = re.compile(
    rf"\b(?P<words>(?:half past|half|quarter past|quarter to|(?:five|ten|twenty|twenty[- ]five|5|10|20"
    rf"|25)(?: minutes?)? (?:past|to)) {_SMALL})\b(?: ?{_DAYPART})?"
    rf"|\b(?P<clock>[01]?\d|2[0-3])[:.h](?P<minutes>[0-5]\d)(?: ?(?P<half1>{_DAYPART}))?"
    rf"|\b(?P<hour>{_SMALL})(?: (?P<word_minutes>fifteen|thirty|forty[- ]five|oh five|twenty"
    rf"|ten))? ?(?P<half2>{_DAYPART})"
    rf"|\b(?:at|by|before|after|till|until|around|from) (?P<at>{_SMALL})(?: (?P<at_minutes>fifteen|thirty"
    rf"|forty[- ]five|twenty|ten))?(?= *(?:$|[,.!?;]|and\b|or\b|please|pls|plz|instead|today|tomorrow|on\b|thanks"
    rf"|thx|to\b|for pick|mon|tue|wed|thu|fri|sat|sun))"
    rf"|\b(?P<noon>noon|midday|midnight|lunchtime)\b"
    rf"|\bin (?P<in>half an|an|a|{_NUMBER})(?: a)? ?(?P<unit>minutes?|mins?|min|hours?|hrs?|h)\b",
    re.I,
)
_WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_WEEKDAY = (
    r"(?:mon(?:day)?|tues?(?:day)?|wed(?:s|nesday)?|weds|thu(?:rs?)?(?:day)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?)"
)
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
DAY = re.compile(
    rf"\b(?P<relative>day after tomorrow|day before yesterday|today|tonight|tomorrow|tomorow|tommorow|tmrw|tmr"
    rf"|yesterday)\b"
    rf"|\b(?P<which>next |this |last |on |by |for |coming )?(?P<weekday>{_WEEKDAY})s?\b(?! (?:sale|special|blend"
    rf"|drink))"
    rf"|\bin (?P<count>{_NUMBER}|a) (?P<span>days?|weeks?)\b"
    rf"|\b(?P<calendar>(?:\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH}|{_MONTH} (?:the )?\d{{1,2}}(?:st|nd|rd"
    rf"|th)?\b)(?:,? \d{{4}})?|\d{{4}}-\d{{2}}-\d{{2}}|\d{{1,2}}[/.]\d{{1,2}}[/.]\d{{2,4}}"
    rf"|\d{{1,2}}/\d{{1,2}})(?!\w)",
    re.I,
)
QUANTITY = re.compile(
    rf"(?<![\w.,:/€£$-])(?:x ?(\d{{1,3}})|(\d{{1,3}}) ?x|({_NUMBER}))(?![\w%°]|[.,:/-]\d| ?(?:g|gr|gram|grams|kg"
    rf"|kilos?|ml|oz|l|percent|am|pm|o'?clock|min|mins|minutes?|hours?|days?|weeks?|months?|years?|st|nd|rd"
    rf"|th)\b)",
    re.I,
)
# A house and its street, the English way round or the German, with what often follows.
ADDRESS = re.compile(
    r"\b(?:\d{1,4}[a-z]? (?:[^\W\d_][\w.'’-]* ){0,3}(?:street|st|road|rd|avenue|ave|lane|ln|drive|way|hill|close|court"
    r"|square|sq|place|terrace|row|gardens|crescent|park|mews|boulevard|blvd|walk|quay|view|broadway)\b\.?"
    r"|[^\W\d_][\w-]*(?:stra(?:ß|ss)e|str\.|weg|platz|allee|gasse|damm|ufer|hof) \d{1,4} ?[a-z]?\b)"
    r"(?:,? (?:flat|apt\.?|apartment|floor|unit|no\.?) ?\w{1,5}\b)?(?:,? (?:in )?\d{5}(?: [^\W\d_][\w-]+)?\b)?",
    re.I,
)
# Words after which a bare number is no amount of things.
_NOT_COUNTED = re.compile(
    r"(?:\b(?:flat|street|st|road|house|number|no|code|code is|room|floor|apt|postcode|zip|at|under|than|which"
    r"|this|that|the|any|every|each|not that|no|some|last|other|which|someone|another|only|second|third|last"
    r"|next|good|wrong|right|cheaper|cheapest|bigger|smaller|first|new|old|same|different|big|small|large|medium"
    r"|black|white|blue) )$",
    re.I,
)
_ONE_AFTER = re.compile(r"^ (?:of (?:these|those|your|them)|day|time|thing|more thing|question|second)\b", re.I)


def find(text: str, *, now: datetime) -> list[Entity]:
    """All typed entities of `text`, none overlapping another; the more specific type wins."""
    lower = text.lower()
    found: list[Entity] = typed_chinese.find(lower, now=now) if _HAN.search(lower) else []
    for finder in (_addresses, _order_numbers, _money, _times, _dates, _quantities):
        for entity in finder(text if finder is _addresses else lower, now):
            if not any(_overlap(entity, other) for other in found):
                found.append(entity)
    return sorted(found, key=lambda entity: entity["start"])


def number(word: str) -> int | None:
    """The whole number that `word` says, in figures or in English words."""
    word = word.strip().lower()
    if word.isdigit():
        return int(word)
    if word in NUMBERS:
        return NUMBERS[word]
    parts = re.split(r"[ -]", word)
    if len(parts) == 2 and parts[0] in _TENS and parts[1] in NUMBERS:
        return _TENS[parts[0]] + NUMBERS[parts[1]]
    return None


def _overlap(one: Entity, other: Entity) -> bool:
    return bool(one["start"] < other["end"] and other["start"] < one["end"])


def _entity(kind: str, value: Any, start: int, end: int) -> Entity:
    return {"entity": kind, "value": value, "start": start, "end": end}


def _addresses(text: str, now: datetime) -> Iterator[Entity]:
    for match in ADDRESS.finditer(text):
        yield _entity("address", match.group().strip(), match.start(), match.end())


def _order_numbers(text: str, now: datetime) -> Iterator[Entity]:
    for match in ORDER_NUMBER.finditer(text):
        digits = next(group for group in match.groups() if group)
        yield _entity("order_number", f"K-{digits}", match.start(), match.end())


def _money(text: str, now: datetime) -> Iterator[Entity]:
    for match in MONEY.finditer(text):
        amount = match.group(1) or match.group(2)
        value = number(amount)
        yield _entity(
            "money", float(value if value is not None else amount.replace(",", ".")), match.start(), match.end()
        )
    for match in BUDGET.finditer(text):
        yield _entity("money", float(match.group(1).replace(",", ".")), match.start(1), match.end(1))


def _times(text: str, now: datetime) -> Iterator[Entity]:
    for match in TIME.finditer(text):
        value = _clock(match, now)
        if value:
            yield _entity("time", value, match.start(), match.end())


def _clock(match: re.Match[str], now: datetime) -> str | None:
    said = match.groupdict()
    if said["words"]:
        return _said_clock(said["words"], match.group(), now)
    if said["noon"]:
        return "00:00" if said["noon"] == "midnight" else "12:00"
    if said["in"]:
        return _later(said["in"], said["unit"], now)
    if said["clock"]:
        return _hhmm(int(said["clock"]), int(said["minutes"]), said["half1"] or "", now)
    hour = said["hour"] or said["at"]
    minutes = _minutes(said["word_minutes"] or said["at_minutes"])
    value = number(hour) if hour else None
    return None if value is None else _hhmm(value, minutes, said["half2"] or "", now)


def _minutes(word: str | None) -> int:
    return number(word.replace("oh ", "")) or 0 if word else 0


def _later(count: str, unit: str, now: datetime) -> str:
    amount = 0.5 if count == "half an" else float(number(count) or 1)
    span = timedelta(hours=amount) if unit.startswith("h") else timedelta(minutes=amount)
    return f"{now + span:%H:%M}"


def _said_clock(words: str, whole: str, now: datetime) -> str | None:
    lead, _, hour_word = words.rpartition(" ")
    hour = number(hour_word)
    if hour is None:
        return None
    part = whole[len(words) :]
    if lead.startswith("half"):
        return _hhmm(hour, 30, part, now)
    amount = 15 if lead.startswith("quarter") else number(re.split(r" (?:minutes? )?(?:past|to)", lead)[0]) or 0
    if lead.endswith("to"):
        return _hhmm(hour - 1 or 12, 60 - amount, part, now)
    return _hhmm(hour, amount, part, now)


def _hhmm(hour: int, minute: int, part: str, now: datetime) -> str | None:
    """A bare hour is the next one in waking hours: "at 3" is 15:00, "at 8" is 08:00 unless it is past eight."""
    if hour > 24 or minute > 59:
        return None
    part = part.strip()
    if part.startswith("p") or "afternoon" in part or "evening" in part or part == "tonight":
        hour = hour if hour >= 12 else hour + 12
    elif part.startswith("a") or "morning" in part:
        hour %= 12
    elif 1 <= hour <= 6:
        hour += 12
    return f"{hour % 24:02d}:{minute:02d}"


def _dates(text: str, now: datetime) -> Iterator[Entity]:
    for match in DAY.finditer(text):
        value = _day(match, now.date())
        if value:
            yield _entity("date", value.isoformat(), match.start(), match.end())


def _day(match: re.Match[str], today: date) -> date | None:
    said = match.groupdict()
    if said["relative"]:
        return today + timedelta(days=_offset(said["relative"]))
    if said["weekday"]:
        return _next_weekday(said["weekday"], (said["which"] or "").strip(), today)
    if said["count"]:
        amount = number(said["count"]) or 1
        return today + timedelta(days=amount * (7 if said["span"].startswith("week") else 1))
    return _calendar(said["calendar"], today)


def _offset(word: str) -> int:
    if word.startswith("day after"):
        return 2
    if word.startswith("day before"):
        return -2
    return {"today": 0, "tonight": 0, "yesterday": -1}.get(word, 1)


def _next_weekday(word: str, which: str, today: date) -> date:
    index = next(i for i, name in enumerate(_WEEKDAYS) if name.startswith(word[:3]))
    ahead = (index - today.weekday()) % 7
    if which == "last":
        return today - timedelta(days=(today.weekday() - index) % 7 or 7)
    if which == "next" and ahead == 0:
        ahead = 7
    return today + timedelta(days=ahead)


def _calendar(words: str, today: date) -> date | None:
    import dateparser

    order = "YMD" if re.match(r"\d{4}-", words) else "DMY"
    parsed = dateparser.parse(
        re.sub(r"\b(?:of|the)\b ?", "", words),
        languages=["en"],
        settings={
            "DATE_ORDER": order,
            "PREFER_DATES_FROM": "future",
            "RELATIVE_BASE": datetime.combine(today, datetime.min.time()),
        },
    )
    return parsed.date() if parsed else None


def _quantities(text: str, now: datetime) -> Iterator[Entity]:
    for match in QUANTITY.finditer(text):
        word = match.group(1) or match.group(2) or match.group(3)
        value = number(word)
        if value is None or value > 999 or _idle(text, match, word):
            continue
        yield _entity("quantity", value, match.start(), match.end())


def _idle(text: str, match: re.Match[str], word: str) -> bool:
    """Is this "one" or this figure no count of things: "the second one", "flat 3"?"""
    before, after = text[: match.start()], text[match.end() :]
    if word == "one":
        return bool(_NOT_COUNTED.search(before) or _ONE_AFTER.match(after) or before.endswith(("no ", "n't like ")))
    return bool(
        re.search(r"\b(?:flat|street|st|road|house|number|no|code|code is|room|floor|apt|postcode|zip|at) $", before)
    )

"""Quantities, times, dates and money in Chinese, either script. Pure; `typed.find` calls it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from bot.rasa.nlu.chinese import fold

Entity = dict[str, Any]
_DIGITS = {character: value for value, character in enumerate("零一二三四五六七八九")} | {"两": 2, "俩": 2, "半": 0}
_NUMBER = r"(?:\d{1,4}|[零一二两俩三四五六七八九十百]+)"
_MONEY = re.compile(rf"({_NUMBER}(?:\.\d{{1,2}})?) ?(?:块钱?|元|欧元|欧|镑)")
_QUANTITY = re.compile(rf"({_NUMBER}) ?(?:杯|份|个|包|袋|瓶|台|张|只|件|盒|罐)")
_TIME = re.compile(rf"(早上|上午|中午|下午|晚上|今晚)?({_NUMBER}) ?(?:点钟?|:|：)(半|一刻|三刻|{_NUMBER}分?)?")
_LATER = re.compile(rf"(半个?|{_NUMBER}个?) ?(分钟|小时|钟头)(?:以?后|之后|内)")
_PLACE = re.compile(
    rf"(?:就|我|要|选|想)*(?:第({_NUMBER})(?:个|项|种|款|号|条)?|({_NUMBER})号?)(?:吧|谢谢|好了|就好|。|，)*"
)
_ALONE = re.compile(rf"({_NUMBER})[。，吧]*")
_DAY = re.compile(r"(今天|今晚|明天|明早|后天|昨天)|(下个?)?(?:星期|周|礼拜)([一二三四五六日天])")
_AHEAD = {"今天": 0, "今晚": 0, "明天": 1, "明早": 1, "后天": 2, "昨天": -1}
_WEEK = "一二三四五六日"


def find(text: str, *, now: datetime) -> list[Entity]:
    """The typed entities of `text`, none overlapping another."""
    folded = fold(text)
    found: list[Entity] = []
    for finder in (_money, _later, _times, _dates, _quantities):
        for entity in finder(folded, now):
            if not any(entity["start"] < other["end"] and other["start"] < entity["end"] for other in found):
                found.append(entity)
    return sorted(found, key=lambda entity: int(entity["start"]))


def number(word: str) -> int | None:
    """The whole number of a numeral: 12, 十二, 二十, 两百五十."""
    if word.isdigit():
        return int(word)
    total, digit = 0, 0
    for character in word:
        if character in "十百":
            total += (digit or 1) * (10 if character == "十" else 100)
            digit = 0
        elif character in _DIGITS:
            digit = _DIGITS[character]
        else:
            return None
    return total + digit


def place(text: str) -> int | None:
    """Which of the things listed a short answer names: 二, 第二个, 选第二项吧, 3号; None for anything else."""
    found = _PLACE.fullmatch(fold(text.strip()))
    return number(found.group(1) or found.group(2)) if found else None


def _entity(kind: str, value: Any, match: re.Match[str]) -> Entity:
    return {"entity": kind, "value": value, "start": match.start(), "end": match.end()}


def _money(text: str, now: datetime) -> Iterator[Entity]:
    for match in _MONEY.finditer(text):
        word = match.group(1)
        value = number(word)
        yield _entity("money", float(word) if value is None else float(value), match)


def _later(text: str, now: datetime) -> Iterator[Entity]:
    for match in _LATER.finditer(text):
        amount = 0.5 if match.group(1).startswith("半") else float(number(match.group(1).rstrip("个")) or 0)
        span = timedelta(minutes=amount) if match.group(2) == "分钟" else timedelta(hours=amount)
        yield _entity("time", f"{now + span:%H:%M}", match)


def _times(text: str, now: datetime) -> Iterator[Entity]:
    for match in _TIME.finditer(text):
        part, hour_word, rest = match.groups()
        hour, minute = number(hour_word), _minute(rest)
        if hour is None or hour > 24 or minute > 59:
            continue
        late = part in ("下午", "晚上", "今晚") or (part is None and 1 <= hour <= 6)
        yield _entity("time", f"{(hour + 12 if late and hour < 12 else hour) % 24:02d}:{minute:02d}", match)


def _minute(rest: str | None) -> int:
    if not rest:
        return 0
    return {"半": 30, "一刻": 15, "三刻": 45}.get(rest) or number(rest.rstrip("分")) or 0


def _dates(text: str, now: datetime) -> Iterator[Entity]:
    for match in _DAY.finditer(text):
        yield _entity("date", _day(match, now.date()).isoformat(), match)


def _day(match: re.Match[str], today: date) -> date:
    near, after, weekday = match.groups()
    if near:
        return today + timedelta(days=_AHEAD[near])
    index = _WEEK.index("日" if weekday == "天" else weekday)
    monday = today - timedelta(days=today.weekday())
    day = monday + timedelta(days=index + (7 if after else 0))
    return day if day >= today else day + timedelta(days=7)


def _quantities(text: str, now: datetime) -> Iterator[Entity]:
    if (alone := _ALONE.fullmatch(text)) and (value := number(alone.group(1))):
        yield {**_entity("quantity", value, alone), "end": alone.end(1)}
    for match in _QUANTITY.finditer(text):
        value = number(match.group(1))
        if value and not re.search(r"[第这那哪每]$", text[: match.start()]):
            yield {**_entity("quantity", value, match), "end": match.end(1)}

"""Answers what was ordered, and what was said, when: from the customer's own past, with dates, and nothing else."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

from rasa_sdk.executor import CollectingDispatcher

from actions import times
from actions.base import Event, ShopAction, ShopTracker, button, mentioned, request_of
from actions.knowing import granted
from actions.past import PastOrder, past_orders
from actions.speech import Speech
from bot.flows.model import Choice
from memory import search
from memory.consent import Purpose

Span = tuple[datetime, datetime]
MOST = 5
_SAID_BY_US = re.compile(
    r"\b(recommend\w*|suggest\w*|advi[sc]e\w*|you (?:say|said|tell|told))\b|推荐|推薦|建议|建議|你[说說讲講]",
    re.IGNORECASE,
)
_SAID_AT_ALL = re.compile(
    r"\b(talk\w*|spoke|speak|chat\w*|convers\w*|mention\w*|discuss\w*|i (?:say|said|tell|told))\b"
    r"|聊|[说說讲講提][过過]|我[说說讲講]",
    re.IGNORECASE,
)
_YESTERDAY = re.compile(r"\byesterday\b|昨天|昨日")
_LAST_WEEK = re.compile(r"\blast week\b|上个?星期|上個星期|上周|上週|上个?礼拜|上個?禮拜")
_LAST_MONTH = re.compile(r"\blast month\b|上个?月|上個月")
_MONTH = re.compile(r"(?<!上)(?<!个)(?<!個)(\d{1,2}|[一二三四五六七八九十]+)月")
_MONTHS = {
    name: month
    for month, chinese in enumerate(
        ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二"], start=1
    )
    for name in (chinese, str(month))
}
_YEAR = re.compile(r"\b(20\d\d)\b", re.ASCII)
# Said of what is looked for, not of where it is.
_ASKING = re.compile(
    r"\b(what|which|did|do|you|your|me|i|my|recommend\w*|suggest\w*|order\w*|last|time|in|when|was|the|have|had|tell|told"
    r"|say|said|about|we|talk\w*|spoke)\b"
    r"|上次|之前|以前|什么|什麼|哪个|哪個|哪款|推荐|推薦|建议|建議|[你您我们們说說讲講聊过過的了吗嗎是给給]",
    re.IGNORECASE,
)


class ActionRecallOrders(ShopAction):
    """The last order, those of a time that is named, or what was said then."""

    async def run(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, domain: Any) -> list[Event]:
        request = request_of(tracker, "recall_orders")
        text, speech = str(request.get("text") or ""), self.speech(tracker)
        days = [value for value in mentioned(request.get("entities", ()), "date") if value]
        span = span_in(text, days, speech=speech, now=times.local(self.catalogue.shop, tracker.turn.now))
        if _SAID_BY_US.search(text) or _SAID_AT_ALL.search(text):
            self._tell_said(dispatcher, tracker, text, span)
            return []
        self._tell_orders(dispatcher, tracker, span)
        return []

    def _tell_orders(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, span: Span | None) -> None:
        speech = self.speech(tracker)
        found = past_orders(self, tracker)
        if span is None and found:
            self._tell_last(dispatcher, speech, found[0])
            return
        within = [past for past in found if span and span[0] <= past.at < span[1]]
        if not within:
            dispatcher.utter_message(response="utter_no_order_then" if found else "utter_no_order_found")
            return
        lines = [
            speech.say("utter_past_order", day=self._day(speech, past.at), lines=past.lines, number=past.number)
            for past in within[:MOST]
        ]
        dispatcher.utter_message(response="utter_past_orders", orders="\n".join(lines), count=len(within))

    def _tell_last(self, dispatcher: CollectingDispatcher, speech: Speech, last: PastOrder) -> None:
        dispatcher.utter_message(
            response="utter_last_order",
            number=last.number,
            lines=last.lines,
            day=self._day(speech, last.at),
            buttons=[button(speech.say("utter_choice_again"), Choice(flow="reorder"))],
        )

    def _tell_said(self, dispatcher: CollectingDispatcher, tracker: ShopTracker, text: str, span: Span | None) -> None:
        turn, speech = tracker.turn, self.speech(tracker)
        by_us = bool(_SAID_BY_US.search(text))
        with self.shop.memory.read() as tx:
            grant = granted(tx, turn.customer, Purpose.RESUME)
            if grant is None:
                dispatcher.utter_message(response="utter_nothing_kept_to_recall")
                return
            about = _ASKING.sub(" ", text) if _ASKING.sub(" ", text).strip(" ?!.") else text
            query = f"{about} {text}" if by_us else about
            since, until = span or (None, None)
            found = search.recall(tx, grant, query, now=turn.now, limit=50, since=since, until=until)
        sender = ("assistant", "operator") if by_us else ("customer", "assistant", "operator")
        # This very question is no answer to itself.
        said = [each for each in found if each.sender in sender and each.text != text][:MOST]
        if not said:
            dispatcher.utter_message(response="utter_nothing_recalled")
            return
        lines = [
            speech.say(
                "utter_recalled_customer" if each.sender == "customer" else "utter_recalled_shop",
                day=self._day(speech, each.at),
                words=each.text,
            )
            for each in sorted(said, key=lambda each: each.at)
        ]
        dispatcher.utter_message(response="utter_recalled", lines="\n".join(lines))

    def _day(self, speech: Speech, moment: datetime) -> str:
        return speech.day(times.local(self.catalogue.shop, moment))


def span_in(text: str, days: list[Any], *, speech: Speech, now: datetime) -> Span | None:
    """The time that a text names: a month ("in May"), a day, last week, last month, a year; the latest that is past."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    lower = text.lower()
    months = [name.lower() for name in speech.say("utter_months").split("|")]
    year = _YEAR.search(text)
    for number, name in enumerate(months, start=1):
        # "May" is a month after a preposition only.
        before = r"(?:in|last|of|this|since) " if name == "may" else ""
        if re.search(rf"\b{before}{name}\b", lower):
            return _month(number, int(year.group(1)) if year else None, today)
    if (named := _MONTH.search(text)) and (written := _MONTHS.get(named.group(1))):
        return _month(written, int(year.group(1)) if year else None, today)
    if _YESTERDAY.search(lower):
        return today - timedelta(days=1), today
    if _LAST_WEEK.search(lower):
        monday = today - timedelta(days=today.weekday())
        return monday - timedelta(days=7), monday
    if _LAST_MONTH.search(lower):
        return _month((today.month - 2) % 12 + 1, None, today)
    if year:
        first = today.replace(year=int(year.group(1)), month=1, day=1)
        return first, first.replace(year=first.year + 1)
    return _day_span(days, today)


def _month(number: int, year: int | None, today: datetime) -> Span:
    first = today.replace(year=year or today.year, month=number, day=1)
    if year is None and first > today:
        first = first.replace(year=first.year - 1)
    after = first.replace(year=first.year + (number == 12), month=number % 12 + 1)
    return first, after


def _day_span(days: list[Any], today: datetime) -> Span | None:
    for value in days:
        try:
            day = date.fromisoformat(str(value)[:10])
        except ValueError:
            continue
        start = datetime.combine(day, datetime.min.time(), tzinfo=today.tzinfo or UTC)
        if start <= today:
            return start, start + timedelta(days=1)
    return None

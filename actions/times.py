"""When the shop is open, when an order is ready, when a person answers: pure questions about its hours.

All times in and out are aware; those going out are local to the shop.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.offering.catalogue import Hours, ShopFacts, Zone

# Two weeks hold every weekday twice; a shop without any opening in them has no hours at all.
_DAYS_AHEAD = 14


def local(shop: ShopFacts, moment: datetime) -> datetime:
    """The moment by the shop's own clock."""
    return moment.astimezone(ZoneInfo(shop.timezone))


def open_until(hours: Mapping[int, Hours], now: datetime) -> datetime | None:
    """When the span that `now` (local) is in ends; None outside the hours."""
    return next((end for start, end in _spans(hours, now) if start <= now < end), None)


def next_start(hours: Mapping[int, Hours], now: datetime) -> datetime | None:
    """`now` itself within the hours, else when they next begin."""
    return next((max(start, now) for start, end in _spans(hours, now) if now < end), None)


def ready_at(shop: ShopFacts, categories: list[str], now: datetime) -> datetime | None:
    """When an order of things of these categories (one entry a piece) stands on the counter."""
    start = next_start(shop.opening_hours, local(shop, now))
    if start is None:
        return None
    drinks = categories.count("drinks")
    brewing = shop.preparation.get("drinks", 0) + max(0, drinks - 1) * shop.preparation.get("each_further_drink", 0)
    packing = shop.preparation.get("other", 0) if len(categories) > drinks else 0
    return start + timedelta(minutes=max(brewing if drinks else 0, packing))


def arrives_at(ready: datetime, zone: Zone) -> datetime:
    """When a courier or the post brings it: minutes after it is ready, or on a later day."""
    return ready + timedelta(minutes=zone.minutes or 0, days=zone.days or 0)


def changeable_until(shop: ShopFacts, categories: list[str], placed: datetime) -> datetime | None:
    """Until when an order can be changed or cancelled."""
    start = next_start(shop.opening_hours, local(shop, placed))
    if start is None:
        return None
    kind = "drinks" if "drinks" in categories else "other"
    return start + timedelta(minutes=shop.changeable.get(kind, 0))


def hours_on(hours: Mapping[int, Hours], day: date) -> Hours | None:
    """The hours of a day; None where it is closed."""
    return hours.get(day.weekday())


def _spans(hours: Mapping[int, Hours], now: datetime) -> Iterator[tuple[datetime, datetime]]:
    for ahead in range(_DAYS_AHEAD):
        day = now.date() + timedelta(days=ahead)
        span = hours.get(day.weekday())
        if span:
            yield (
                datetime.combine(day, span.opens, tzinfo=now.tzinfo),
                datetime.combine(day, span.closes, tzinfo=now.tzinfo),
            )

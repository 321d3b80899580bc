"""Column types that mean the same on SQLite and PostgreSQL: aware UTC times, exact money."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, String, Text
from sqlalchemy.types import TypeDecorator


def storable(text: str) -> str:
    """A text as both databases can hold it: without NUL, and without halves of characters."""
    if text.isascii():
        return text.replace("\x00", "") if "\x00" in text else text
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


_UNITS = 10_000  # Money is kept in ten-thousandths, so that sums in SQL are exact on both databases.


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC time; a naive one is refused rather than guessed."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("times are aware UTC")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class PlainString(TypeDecorator[str]):
    """A word, as far as a database can hold it."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else storable(value)


class PlainText(PlainString):
    """What people wrote, as far as a database can hold it."""

    impl = Text
    cache_ok = True


class Money(TypeDecorator[Decimal]):
    """An exact amount with up to four decimals."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> int | None:
        return None if value is None else int((Decimal(str(value)) * _UNITS).to_integral_value())

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        if value is None:
            return None
        exact = Decimal(value) / _UNITS
        return exact.quantize(Decimal("0.01")) if value % 100 == 0 else exact.normalize()

"""Who a request comes from: a signed token and nothing else."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

_ALGORITHM = "HS256"
# The claim that marks a token as made here for an anonymous visitor; a shop's own tokens never carry it.
_VISITOR = "rapport_visitor"
VISITOR_DAYS = 90
# A link to a download: long enough to tap it, useless when it is found later.
_TICKET_MINUTES = 15
_TICKET = "download"
# When it was signed is asked only of somebody who was erased; a shop's clock may be ahead of ours.
_WANTED: Any = {"require": ["exp", "sub"], "verify_iat": False}


class InvalidToken(Exception):
    """The token is missing, forged, expired, unsigned or incomplete; the message says which and is fit to be shown."""


@dataclass(frozen=True)
class Claim:
    """What a valid token says. `subject` is the shop's customer id, or the visitor's own id when `visitor`."""

    subject: str
    visitor: bool
    expires_at: datetime
    issued_at: datetime | None = None
    name: str | None = None
    lang: str | None = None
    tz: str | None = None
    child: bool = False


def sign(
    subject: str, *, secret: str, now: datetime, ttl: timedelta, visitor: bool = False, **optional: str | bool | None
) -> str:
    """A token for `subject`; `optional` may hold name, lang, tz and child."""
    claims: dict[str, Any] = {"sub": subject, "iat": now, "exp": now + ttl}
    claims |= {key: value for key, value in optional.items() if value}
    if visitor:
        claims[_VISITOR] = True
    return jwt.encode(claims, secret, algorithm=_ALGORITHM)


def ticket(customer: str, *, secret: str, now: datetime) -> str:
    """A ticket for one download of a customer's data. It is no token: nothing else accepts it."""
    claims = {"sub": customer, "aud": _TICKET, "exp": now + timedelta(minutes=_TICKET_MINUTES)}
    return jwt.encode(claims, secret, algorithm=_ALGORITHM)


def read_ticket(given: str, *, secret: str) -> str:
    """The customer of a ticket. Raises InvalidToken."""
    try:
        return str(jwt.decode(given, secret, algorithms=[_ALGORITHM], audience=_TICKET)["sub"])
    except (jwt.InvalidTokenError, KeyError) as invalid:
        raise InvalidToken("The link has expired; ask the chat for a new one.") from invalid


def read(token: str | None, *, secret: str) -> Claim:
    """The claim of a token. Raises InvalidToken."""
    if not token:
        raise InvalidToken("Send a token: 'Authorization: Bearer ...'.")
    try:
        claims = jwt.decode(token, secret, algorithms=[_ALGORITHM], options=_WANTED)
    except jwt.ExpiredSignatureError as expired:
        raise InvalidToken("The token has expired; ask the shop for a new one.") from expired
    except jwt.MissingRequiredClaimError as missing:
        raise InvalidToken(f"The token lacks the claim {missing.claim!r}.") from missing
    except jwt.InvalidTokenError as invalid:
        raise InvalidToken("The token is not valid.") from invalid
    if not claims["sub"]:
        raise InvalidToken("The token names nobody.")
    return Claim(
        subject=claims["sub"],
        visitor=claims.get(_VISITOR) is True,
        expires_at=datetime.fromtimestamp(claims["exp"], UTC),
        issued_at=_time(claims.get("iat")),
        name=_text(claims.get("name")),
        lang=_text(claims.get("lang")),
        tz=_text(claims.get("tz")),
        child=claims.get("child") is True,
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= 200 else None


def _time(value: Any) -> datetime | None:
    return datetime.fromtimestamp(value, UTC) if isinstance(value, int | float) else None

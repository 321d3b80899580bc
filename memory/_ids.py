"""Opaque ids: a prefix that says what it names, and 22 url-safe random characters that say nothing."""

import secrets

# Letters and digits that are not mistaken for one another when read aloud.
_SPOKEN = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_id(prefix: str) -> str:
    """A new id, for example ``c_`` and 22 characters (132 random bits)."""
    return f"{prefix}_{secrets.token_urlsafe(17)[:22]}"


def new_token() -> str:
    """A choice token: opaque, short enough for every channel's payload limit."""
    return secrets.token_urlsafe(12)


def spoken_number(prefix: str) -> str:
    """A number that people read out, for example ``T-7KQ2MX``."""
    return prefix + "-" + "".join(secrets.choice(_SPOKEN) for _ in range(6))

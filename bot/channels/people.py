"""From a token to a customer: the only way in which a web request says who it is about."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import Header

from bot import tokens
from bot.tokens import Claim, InvalidToken
from memory import Memory, consent, forgetting, identities
from memory.errors import UnknownCustomer


@dataclass(frozen=True)
class Person:
    """Who is asking."""

    customer: str
    claim: Claim
    # The browser's Accept-Language header.
    browser: str = ""

    @property
    def language(self) -> str:
        """A first guess at their language: the token's, else the browser's."""
        return self.claim.lang or self.browser


class People:
    """Reads tokens and finds, or first makes, the customers they name."""

    def __init__(self, memory: Memory, *, secret: str, clock: Callable[[], datetime]) -> None:
        """`secret` is IDENTITY_SECRET."""
        self._memory, self._secret, self._clock = memory, secret, clock

    def of_token(self, token: str | None) -> Person:
        """The person of a bearer token. Raises InvalidToken, also for somebody who was erased since."""
        claim = tokens.read(token, secret=self._secret)
        try:
            customer = self._visitor(claim) if claim.visitor else self._signed_in(claim)
        except UnknownCustomer as unknown:
            raise InvalidToken("The token is of somebody who is no longer known here.") from unknown
        return Person(customer, claim)

    def of_ticket(self, customer: str) -> str:
        """The customer of a ticket, as long as they are known. Raises InvalidToken."""
        with self._memory.read() as tx:
            try:
                return identities.customer(tx, customer).id
            except UnknownCustomer as unknown:
                raise InvalidToken("The link is of somebody who is no longer known here.") from unknown

    def heed(self, customer: str, signal: str | None) -> None:
        """Take Global Privacy Control (exactly `1`) as an objection, once: a later yes to a direct question stands."""
        if signal != "1":
            return
        with self._memory.read() as tx:
            objecting = self._memory.policies.gpc
            if any(entry.method == "signal" and entry.purpose in objecting for entry in consent.history(tx, customer)):
                return
        with self._memory.write() as tx:
            consent.object_by_signal(tx, customer, touch_point="web", now=self._clock())

    def new_visitor(self, *, now: datetime) -> tuple[str, str]:
        """(customer, token) of a new anonymous visitor; `now` is real time, which the token's expiry counts from."""
        with self._memory.write() as tx:
            customer = identities.create_visitor(tx, now=self._clock())
        ttl = timedelta(days=tokens.VISITOR_DAYS)
        return customer, tokens.sign(customer, secret=self._secret, now=now, ttl=ttl, visitor=True)

    def _visitor(self, claim: Claim) -> str:
        with self._memory.read() as tx:
            identities.customer(tx, claim.subject)
        return claim.subject

    def _signed_in(self, claim: Claim) -> str:
        """A read in the usual case; a write at first sight, or when the shop says something new of them."""
        with self._memory.read() as tx:
            found = identities.signed_in(
                tx, subject=claim.subject, name=claim.name, lang=claim.lang, tz=claim.tz, child=claim.child
            )
            gone = None if found else forgetting.forgotten_at(tx, channel=identities.SHOP, address=claim.subject)
        if found is not None:
            return found
        if gone and (claim.issued_at is None or claim.issued_at <= gone):
            raise InvalidToken("The token is from before its customer was forgotten; sign in anew (with iat).")
        with self._memory.write() as tx:
            return identities.sign_in(
                tx,
                subject=claim.subject,
                name=claim.name,
                lang=claim.lang,
                tz=claim.tz,
                child=claim.child,
                now=self._clock(),
            )


def dependency(people: People) -> Callable[..., Person]:
    """What a route asks to know who is calling; the browser's privacy signal is heeded on every call."""

    def asking(
        authorization: Annotated[str | None, Header()] = None,
        sec_gpc: Annotated[str | None, Header()] = None,
        accept_language: Annotated[str, Header()] = "",
    ) -> Person:
        scheme, _, token = (authorization or "").partition(" ")
        person = people.of_token(token.strip() if scheme.lower() == "bearer" else None)
        people.heed(person.customer, sec_gpc)
        return replace(person, browser=accept_language)

    return asking

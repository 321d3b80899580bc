"""What a newcomer tries things out with: demo customers, a simulated messaging app and a clock that can be moved."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import yaml
from fastapi import APIRouter
from pydantic import BaseModel, Field

from bot import tokens
from bot.channels import messaging
from bot.clock import Clock
from bot.gateway import Gateway, Incoming, Rejected
from bot.offering.orders import BadRow
from bot.offers import orders
from bot.settings import Settings
from memory import Memory, identities, messages
from memory.messages import Shown

_TOKEN_TTL = timedelta(days=7)


@dataclass(frozen=True)
class DemoCustomer:
    """Somebody to be while trying things out. `address` is theirs on the simulated messaging app."""

    customer: str
    name: str
    about: str
    address: str
    verified: bool


def customers(folder: Path) -> tuple[DemoCustomer, ...]:
    """The demo's customers, from customers.yml."""
    listed = yaml.safe_load((folder / "customers.yml").read_text(encoding="utf-8"))["customers"]
    return tuple(
        DemoCustomer(
            each["customer"], each["name"], each["about"], each["address"], bool(each.get("address_verified", False))
        )
        for each in listed
    )


def seed(memory: Memory, folder: Path, *, now: datetime) -> None:
    """Make the demo's customers known, with their verified addresses and past orders. Again it changes nothing."""
    for each in customers(folder):
        with memory.write() as tx:
            known = identities.sign_in(tx, subject=each.customer, name=each.name, now=now)
            if each.verified:
                identities.vouch(tx, known, channel=messaging.MESSAGING, address=each.address, now=now)
    orders.import_file(memory, folder / "orders.csv", now=now, on_bad=_refuse)


def _refuse(row: BadRow) -> None:
    raise ValueError(f"data/demo/orders.csv:{row.line}: {'; '.join(row.reasons)}")


class TokenFor(BaseModel):
    """Which demo customer to be."""

    customer: str


class MessagingSay(BaseModel):
    """A message typed in the simulated messaging app."""

    address: str = Field(min_length=1, max_length=200)
    text: str
    key: str | None = None


class Forward(BaseModel):
    """How far to move the clock."""

    hours: float = Field(gt=0, le=24 * 365)


def router(settings: Settings, gateway: Gateway, clock: Clock) -> APIRouter:
    """The routes under /demo; only mounted in demo mode."""
    api = APIRouter(prefix="/demo", tags=["demo"])
    _add_customers(api, settings, clock)
    _add_messaging(api, gateway, clock)

    @api.post("/clock")
    def forward(by: Forward) -> dict[str, str]:
        """Move the clock forward: "come back in two days"."""
        clock.advance(timedelta(hours=by.hours))
        return {"now": clock().isoformat(timespec="seconds")}

    return api


def _add_customers(api: APIRouter, settings: Settings, clock: Clock) -> None:
    listed = customers(settings.data / "demo")

    @api.get("/customers")
    def list_customers() -> list[dict[str, str]]:
        """Who one can be."""
        return [
            {"customer": each.customer, "name": each.name, "about": each.about, "address": each.address}
            for each in listed
        ]

    @api.post("/token")
    def token(wanted: TokenFor) -> dict[str, str]:
        """A token of a demo customer, as the shop's own server would sign it."""
        found = next((each for each in listed if each.customer == wanted.customer), None)
        if found is None:
            raise Rejected("unknown_customer", "There is no such demo customer.", status=404)
        signed = tokens.sign(
            found.customer, secret=settings.identity_secret, now=clock(), ttl=_TOKEN_TTL, name=found.name
        )
        return {"token": signed}


def _add_messaging(api: APIRouter, gateway: Gateway, clock: Clock) -> None:
    @api.post("/messaging")
    async def say(said: MessagingSay) -> dict[str, list[dict[str, str]]]:
        """Say something in the messaging app; the replies come as text."""
        customer = _of_address(gateway, said.address, clock())
        incoming = Incoming(customer, messaging.MESSAGING, text=said.text, message_id=said.key)
        handled = await gateway.handle(incoming)
        return {"messages": _texts(handled.reply.messages)}

    @api.get("/messaging")
    def history(address: str) -> dict[str, list[dict[str, str]]]:
        """All that was said in the messaging app under an address."""
        conversation = gateway.conversation(_of_address(gateway, address, clock()), messaging.MESSAGING)
        with gateway.memory.read() as tx:
            shown = messages.after(tx, conversation.id, after=0, limit=500)
        return {"messages": _texts(shown)}


def _of_address(gateway: Gateway, address: str, now: datetime) -> str:
    with gateway.memory.write() as tx:
        return identities.for_address(tx, channel=messaging.MESSAGING, address=address, now=now)


def _texts(shown: Sequence[Shown]) -> list[dict[str, str]]:
    texts = messaging.as_texts(shown)
    return [{"from": each.sender, "text": text} for each, text in zip(shown, texts, strict=True)]

"""What customers may see, decide and end by themselves over HTTP; nothing here needs the assistant or a person.

Errors: Rejected and InvalidToken, as for the chat.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from bot import tokens
from bot.channels.people import People, Person, dependency
from bot.channels.records import Consent, Decision, Me, archive_of, copy_of
from bot.channels.webchat import WEB
from bot.channels.wire import WireError
from bot.erasing import Erasures
from bot.gateway import Gateway, Rejected
from bot.limits import Limit
from bot.tokens import InvalidToken
from memory import Memory, Tx, consent, erasure, facts, identities, links
from memory.consent import Evidence, InvalidDecision
from memory.errors import LinkRefused

# What the shop has to say about how a profile is made, by language.
Logic = Callable[[str], str]
ZIP = "application/zip"
_Errors: dict[int | str, dict[str, Any]] = {code: {"model": WireError} for code in (401, 404, 409, 422, 429)}


class Erasing(BaseModel):
    """The erasure has begun; `GET /api/receipts/{receipt}` shows how it went."""

    receipt: str


class Receipt(BaseModel):
    """What was deleted, rows by table, and what was probed afterwards, traces found by place. Nothing personal."""

    receipt: str
    state: Literal["under_way", "done"]
    asked_at: datetime
    done_at: datetime | None
    deleted: dict[str, int]
    probes: dict[str, int]


class Visitor(BaseModel):
    """The token of the visitor that the signed-in customer was before. Unless `confirmed`, the chat asks them first."""

    visitor_token: str
    confirmed: bool = False


class Linked(BaseModel):
    """The link that was made, or (null) that the customer is being asked in the chat."""

    link: int | None


def router(
    gateway: Gateway, people: People, erasures: Erasures, *, limit: Limit, secret: str, logic: Logic
) -> APIRouter:
    """The routes under /api/me, and the receipts. `secret` signs the links to downloads."""

    def asking(person: Annotated[Person, Depends(dependency(people))]) -> Person:
        limit.take(person.customer)
        return person

    api = APIRouter(prefix="/api", tags=["self-service"])
    api.include_router(_copies(gateway, people, asking, secret=secret, logic=logic))
    api.include_router(_decisions(gateway, asking))
    api.include_router(_forgetting(gateway.memory, erasures, asking))
    api.include_router(_linking(gateway, people, asking))
    return api


Asking = Callable[..., Person]


def _copies(gateway: Gateway, people: People, asking: Asking, *, secret: str, logic: Logic) -> APIRouter:
    api, memory, clock = APIRouter(), gateway.memory, gateway.clock

    @api.get("/me", response_model=None, responses={200: {"model": Me, "content": {ZIP: {}}}, **_Errors})
    def me(
        person: Annotated[Person, Depends(asking)],
        form: Literal["access", "portable"] = "access",
        format: Literal["json", "csv"] = "json",
    ) -> Response:
        """Everything that is kept about the caller. `form=portable`: what they gave and what their use left behind,
        without what the shop made of it (GDPR 20). `format=csv`: that as a zip archive, one CSV file a table."""
        if format == "csv":
            named = {"Content-Disposition": 'attachment; filename="my-data.zip"'}
            return Response(archive_of(memory, person.customer, now=clock()), media_type=ZIP, headers=named)
        spoken = gateway.language(person.customer, person.language)
        return JSONResponse(copy_of(memory, person.customer, form=form, now=clock(), logic=logic(spoken)))

    @api.get("/export/{ticket}", response_model=None, responses={200: {"model": Me}, **_Errors})
    def download(ticket: str) -> JSONResponse:
        """The access copy as a file, by the link that the chat gave out; it works for a quarter of an hour."""
        customer = people.of_ticket(tokens.read_ticket(ticket, secret=secret))
        copy = copy_of(memory, customer, form="access", now=clock(), logic=logic(gateway.language(customer, "")))
        return JSONResponse(copy, headers={"Content-Disposition": 'attachment; filename="my-data.json"'})

    return api


def _decisions(gateway: Gateway, asking: Asking) -> APIRouter:
    api, memory, clock = APIRouter(), gateway.memory, gateway.clock

    @api.get("/me/consents", response_model=list[Consent], responses=_Errors)
    def consents(person: Annotated[Person, Depends(asking)]) -> list[dict[str, Any]]:
        """What holds for each purpose, decided or by default."""
        with memory.read() as tx:
            return _consents(tx, person.customer)

    @api.put("/me/consents", response_model=list[Consent], responses=_Errors)
    def decide(
        decisions: Annotated[list[Decision], Field(min_length=1)], person: Annotated[Person, Depends(asking)]
    ) -> list[dict[str, Any]]:
        """New decisions, all of them or none; each is kept with its evidence. What holds afterwards."""
        spoken = gateway.language(person.customer, person.language)
        with memory.write() as tx:
            for each in decisions:
                _decide(memory, tx, person.customer, each, language=spoken, now=clock())
            return _consents(tx, person.customer)

    return api


def _forgetting(memory: Memory, erasures: Erasures, asking: Asking) -> APIRouter:
    api = APIRouter()

    @api.delete("/me/facts/{fact}", status_code=204, response_class=Response, responses=_Errors)
    def forget(fact: str, person: Annotated[Person, Depends(asking)]) -> None:
        """Forget one fact, and what it had taken the place of."""
        with memory.write() as tx:
            if not facts.forget(tx, fact, customer=person.customer):
                raise Rejected("unknown_fact", "There is no such fact.", status=404)

    @api.delete("/me", status_code=202, response_model=Erasing, responses=_Errors)
    async def erase(person: Annotated[Person, Depends(asking)]) -> dict[str, str]:
        """Forget the caller everywhere. Their tokens are refused from now on."""
        return {"receipt": await erasures.begin(person.customer)}

    @api.get("/receipts/{receipt}", response_model=Receipt, responses={404: {"model": WireError}})
    def receipt(receipt: str) -> dict[str, Any]:
        """How an erasure went. Needs no token: it says nothing of anybody."""
        with memory.read() as tx:
            found = erasure.receipt(tx, receipt)
        if found is None:
            raise Rejected("unknown_receipt", "There is no such receipt.", status=404)
        return {"receipt": found.id, "state": "done" if found.done_at else "under_way", **vars(found)}

    return api


def _linking(gateway: Gateway, people: People, asking: Asking) -> APIRouter:
    api, memory, clock = APIRouter(), gateway.memory, gateway.clock

    @api.post("/me/link", status_code=201, response_model=Linked, responses=_Errors)
    async def link(
        visitor: Visitor, person: Annotated[Person, Depends(asking)], response: Response
    ) -> dict[str, int | None]:
        """Bring along what was said as a visitor before signing in. 201: done; 202: the chat asks."""
        before = _visitor(people, visitor.visitor_token)
        if visitor.confirmed:
            return {"link": _bring_along(memory, before, person.customer, now=clock())}
        await gateway.prompt(person.customer, WEB, _asking_to_bring_along(before), language=person.language)
        response.status_code = 202
        return {"link": None}

    @api.delete("/me/link/{link}", status_code=204, response_class=Response, responses=_Errors)
    def unlink(link: int, person: Annotated[Person, Depends(asking)]) -> None:
        """Undo a link: both sides have their own back."""
        with memory.write() as tx:
            if not links.undo(tx, link, customer=person.customer, actor="customer", now=clock()):
                raise Rejected("unknown_link", "There is no such link.", status=404)

    return api


def _asking_to_bring_along(visitor: str) -> dict[str, Any]:
    return {"flow": "bring_along", "set": {"visitor": visitor}}


def _consents(tx: Tx, customer: str) -> list[dict[str, Any]]:
    return [vars(one) for one in consent.current(tx, customer)]


def _decide(memory: Memory, tx: Tx, customer: str, wanted: Decision, *, language: str, now: datetime) -> None:
    child = identities.customer(tx, customer).child
    if wanted.decision == "granted" and child and wanted.purpose in memory.policies.child:
        raise Rejected("child", f"{wanted.purpose}: is not granted by somebody who is under age.", status=422)
    said = Evidence("api", touch_point="api", language=language)
    try:
        consent.decide(tx, customer, evidence=said, now=now, **wanted.model_dump())
    except InvalidDecision as invalid:
        raise Rejected("not_decidable", f"{invalid.purpose}: {invalid.why}.", status=422) from invalid


def _visitor(people: People, token: str) -> str:
    try:
        before = people.of_token(token)
    except InvalidToken as invalid:
        raise Rejected("invalid_visitor", f"visitor_token: {invalid}", status=422) from invalid
    if not before.claim.visitor:
        raise Rejected("invalid_visitor", "visitor_token: is not the token of a visitor.", status=422)
    return before.customer


def _bring_along(memory: Memory, visitor: str, customer: str, *, now: datetime) -> int:
    with memory.write() as tx:
        try:
            return links.bring_along(tx, visitor=visitor, customer=customer, now=now).id
        except LinkRefused as refused:
            raise Rejected("not_linked", f"{refused}.", status=409) from refused


def ticket_link(public_url: str, *, secret: str) -> Callable[[str], str]:
    """Makes the link to a customer's access copy."""
    return lambda customer: f"{public_url}/api/export/{tokens.ticket(customer, secret=secret, now=datetime.now(UTC))}"

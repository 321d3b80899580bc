"""What customers may see, decide and end by themselves over HTTP; nothing here needs the assistant or a person.

Errors: Rejected and InvalidToken, as for the chat.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from bot import tokens
from bot.channels.people import People, Person, dependency
from bot.channels.webchat import WEB
from bot.channels.wire import WireError
from bot.erasing import Erasures
from bot.gateway import Gateway, Rejected
from bot.limits import Limit
from bot.tokens import InvalidToken
from memory import Memory, Tx, consent, erasure, export, facts, identities, links, messages
from memory.consent import Evidence, InvalidDecision, Purpose
from memory.errors import LinkRefused

# What the shop has to say about how a profile is made, by language.
Logic = Callable[[str], str]
_Errors: dict[int | str, dict[str, Any]] = {code: {"model": WireError} for code in (401, 404, 409, 422, 429)}
_Word = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^(\*|[\w.:-]+)$")]
# Tables of the access copy that have a name of their own in it.
_NAMED = {
    "identities": "identities",
    "threads": "threads",
    "purchases": "purchases",
    "orders": "orders",
    "tickets": "tickets",
    "consent_history": "consent_decisions",
}


class Decision(BaseModel):
    """One decision: `*` stands for every channel, or every topic. Marketing is granted channel by channel."""

    model_config = ConfigDict(extra="forbid")

    purpose: Purpose
    channel: _Word = "*"
    topic: _Word = "*"
    decision: Literal["granted", "withdrawn"]


class Consent(Decision):
    """What holds now; `decided_at` is null for what holds by default."""

    decided_at: datetime | None
    expires_at: datetime | None = None


class Source(BaseModel):
    """Where a fact was learned."""

    channel: str
    touch_point: str
    told_by: str
    conversation: str | None
    turn: int | None


class Remembered(BaseModel):
    """A fact. It is asserted for one half-life, asked about for another, and not used after that."""

    model_config = ConfigDict(populate_by_name=True)

    id: str
    attribute: str
    value: str
    polarity: str
    for_whom: str = Field(alias="for")
    lasting: bool
    purpose: str
    state: str
    source: Source
    told_at: datetime
    confirmed_at: datetime
    half_life_days: float


class Line(BaseModel):
    """One message of a transcript."""

    model_config = ConfigDict(populate_by_name=True)

    conversation: str
    id: int
    sender: str = Field(alias="from")
    text: str
    at: datetime


class Profile(BaseModel):
    """What was computed, newest first, and by which logic."""

    logic: str
    computed: list[dict[str, Any]]


class Me(BaseModel):
    """The access copy (GDPR 15): everything that is kept. `about` says of each table where it comes from, what it is
    for and for how many days it is kept; `other` holds the rows of all tables without a name of their own here."""

    made_at: datetime
    customer: str
    identities: list[dict[str, Any]]
    consents: list[Consent]
    consent_history: list[dict[str, Any]]
    facts: list[Remembered]
    threads: list[dict[str, Any]]
    purchases: list[dict[str, Any]]
    orders: list[dict[str, Any]]
    tickets: list[dict[str, Any]]
    profile: Profile
    transcript: list[Line]
    about: dict[str, dict[str, Any]]
    other: dict[str, list[dict[str, Any]]]


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
    api = APIRouter(prefix="/api", tags=["self-service"])
    memory, clock = gateway.memory, gateway.clock

    def asking(person: Annotated[Person, Depends(dependency(people))]) -> Person:
        limit.take(person.customer)
        return person

    Asking = Annotated[Person, Depends(asking)]

    @api.get("/me", response_model=None, responses={200: {"model": Me}, **_Errors})
    def me(person: Asking, form: Literal["access", "portable"] = "access") -> JSONResponse:
        """Everything that is kept about the caller. `form=portable`: what they gave and what their use left behind,
        without what the shop made of it (GDPR 20)."""
        spoken = gateway.language(person.customer, person.language)
        return JSONResponse(copy_of(memory, person.customer, form=form, now=clock(), logic=logic(spoken)))

    @api.get("/export/{ticket}", response_model=None, responses={200: {"model": Me}, **_Errors})
    def download(ticket: str) -> JSONResponse:
        """The access copy as a file, by the link that the chat gave out; it works for a quarter of an hour."""
        customer = people.of_ticket(tokens.read_ticket(ticket, secret=secret))
        copy = copy_of(memory, customer, form="access", now=clock(), logic=logic(gateway.language(customer, "")))
        return JSONResponse(copy, headers={"Content-Disposition": 'attachment; filename="my-data.json"'})

    @api.get("/me/consents", response_model=list[Consent], responses=_Errors)
    def consents(person: Asking) -> list[dict[str, Any]]:
        """What holds for each purpose, decided or by default."""
        with memory.read() as tx:
            return _consents(tx, person.customer)

    @api.put("/me/consents", response_model=list[Consent], responses=_Errors)
    def decide(decisions: Annotated[list[Decision], Field(min_length=1)], person: Asking) -> list[dict[str, Any]]:
        """New decisions, all of them or none; each is kept with its evidence. What holds afterwards."""
        spoken = gateway.language(person.customer, person.language)
        with memory.write() as tx:
            for each in decisions:
                _decide(memory, tx, person.customer, each, language=spoken, now=clock())
            return _consents(tx, person.customer)

    @api.delete("/me/facts/{fact}", status_code=204, response_class=Response, responses=_Errors)
    def forget(fact: str, person: Asking) -> None:
        """Forget one fact, and what it had taken the place of."""
        with memory.write() as tx:
            if not facts.forget(tx, fact, customer=person.customer):
                raise Rejected("unknown_fact", "There is no such fact.", status=404)

    @api.delete("/me", status_code=202, response_model=Erasing, responses=_Errors)
    async def erase(person: Asking) -> dict[str, str]:
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

    @api.post("/me/link", status_code=201, response_model=Linked, responses=_Errors)
    async def link(visitor: Visitor, person: Asking, response: Response) -> dict[str, int | None]:
        """Bring along what was said as a visitor before signing in. 201: done; 202: the chat asks."""
        before = _visitor(people, visitor.visitor_token)
        if visitor.confirmed:
            return {"link": _bring_along(memory, before, person.customer, now=clock())}
        await gateway.prompt(person.customer, WEB, _asking_to_bring_along(before), language=person.language)
        response.status_code = 202
        return {"link": None}

    @api.delete("/me/link/{link}", status_code=204, response_class=Response, responses=_Errors)
    def unlink(link: int, person: Asking) -> None:
        """Undo a link: both sides have their own back."""
        with memory.write() as tx:
            if not links.undo(tx, link, customer=person.customer, actor="customer", now=clock()):
                raise Rejected("unknown_link", "There is no such link.", status=404)

    return api


def _asking_to_bring_along(visitor: str) -> dict[str, Any]:
    return {"flow": "bring_along", "set": {"visitor": visitor}}


def copy_of(memory: Memory, customer: str, *, form: str, now: datetime, logic: str) -> dict[str, Any]:
    """The access copy or the portable copy, as plain JSON. Raises UnknownCustomer."""
    with memory.read() as tx:
        if form == "portable":
            return export.portable_copy(tx, customer, now=now)
        whole = export.access_copy(tx, customer, now=now, logic=logic)
        said = _transcript(tx, whole["kept"])
    kept = whole["kept"]
    rows = {table: entry.pop("rows") for table, entry in kept.items()}
    taken = {*_NAMED.values(), "facts", "sensitive_facts", "profiles", "messages", "consents"}
    made = Me.model_validate(
        {
            **{name: rows[table] for name, table in _NAMED.items()},
            "made_at": whole["made_at"],
            "customer": customer,
            "consents": whole["purposes"],
            "facts": [_fact(row) for row in (*rows["facts"], *rows["sensitive_facts"])],
            "profile": {"logic": whole["profile_logic"], "computed": rows["profiles"][::-1]},
            "transcript": said,
            "about": kept,
            "other": {table: some for table, some in rows.items() if table not in taken},
        }
    )
    return made.model_dump(mode="json", by_alias=True)


def _transcript(tx: Tx, kept: dict[str, Any]) -> list[dict[str, Any]]:
    """Every message in the database, and what this process holds of conversations that are not kept there."""
    said = [{**row, "from": row["sender"]} for row in kept["messages"]["rows"]]
    known = {(row["conversation"], row["id"]) for row in said}
    for conversation in kept["conversations"]["rows"]:
        held = messages.newest(tx, conversation["id"], limit=1000)
        fresh = [one for one in held if (conversation["id"], one.id) not in known]
        said += [{"conversation": conversation["id"], "at": one.at.isoformat(), **vars(one), "from": one.sender}
                 for one in fresh]  # fmt: skip
    return said


def _fact(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "for": row["for_whom"], "source": {name: row[name] for name in Source.model_fields}}


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

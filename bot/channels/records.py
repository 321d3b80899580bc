"""What is kept of a customer, in the shape of the contract: the access copy, and what holds for each purpose."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from bot.tables import zipped
from memory import Memory, Tx, export, messages
from memory.consent import Purpose

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


def archive_of(memory: Memory, customer: str, *, now: datetime) -> bytes:
    """The portable copy (GDPR 20) as a zip archive of CSV files, one a table. Raises UnknownCustomer."""
    with memory.read() as tx:
        return zipped(export.portable_copy(tx, customer, now=now)["data"], now=now)


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

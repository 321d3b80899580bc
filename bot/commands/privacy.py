"""`rapport export`, `forget`, `recall`, `backup`, `restore`, `retention`: what an operator owes to customers' data.

CUSTOMER is the shop's own customer id.

CommandFailed: what was asked for cannot be done; the message says why.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from bot import settings
from bot.opening import open_memory
from memory import Memory

commands = typer.Typer()
_Customer = Annotated[str, typer.Argument(help="The shop's id of the customer.")]


class Format(StrEnum):
    """How a copy is written."""

    JSON = "json"
    CSV = "csv"


class CommandFailed(Exception):
    """The command cannot do what was asked."""


@commands.command()
def export(
    customer: _Customer,
    portable: Annotated[bool, typer.Option(help="Only what they gave and what their use left behind.")] = False,
    form: Annotated[
        Format, typer.Option("--format", help="csv: the portable copy, a zip archive of one CSV file a table.")
    ] = Format.JSON,
) -> None:
    """Print everything that is kept about a customer, as JSON (GDPR 15; --portable: GDPR 20)."""
    from bot import wording
    from bot.channels.records import archive_of, copy_of

    told, now = settings.load(), datetime.now(UTC)
    words = wording.load(told.data / "wording")
    said = words.render("utter_profile_logic", {}, language="en", channel="", show=lambda _, value: str(value), seed="")
    with _memory() as memory:
        known = _known(memory, customer)
        if form is Format.CSV:
            typer.echo(archive_of(memory, known, now=now), nl=False)
            return
        which = "portable" if portable else "access"
        copy = copy_of(memory, known, form=which, now=now, logic=said.text if said else "")
    _print(copy)


@commands.command()
def forget(customer: _Customer) -> None:
    """Erase a customer everywhere, and print the receipt. A server that is running refuses them from this moment on."""
    from memory import erasure

    with _memory() as memory:
        receipt = erasure.erase(memory, _known(memory, customer), now=datetime.now(UTC))
    _print({"receipt": receipt.id, "state": "done" if receipt.done_at else "under_way", **vars(receipt)})
    if receipt.done_at is None:
        typer.echo("Somebody reads the database; `rapport retention` finishes it.", err=True)


@commands.command()
def recall(
    customer: _Customer,
    query: Annotated[str, typer.Argument(help="What is looked for.")],
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line each.")] = False,
) -> None:
    """Find what fits in a customer's past turns and facts, the likeliest first."""
    from memory import consent, search
    from memory.consent import ConsentRefused, Purpose

    with _memory() as memory, memory.read() as tx:
        known = _known(memory, customer)
        try:
            grant = consent.require(tx, known, Purpose.RESUME)
        except ConsentRefused as refused:
            raise CommandFailed(f"{customer}: their conversations may not be read ({refused}).") from refused
        may = consent.allows(tx, known, Purpose.PREFERENCES)
        told = consent.require(tx, known, Purpose.PREFERENCES) if may else None
        found = search.recall(tx, grant, query, now=datetime.now(UTC), limit=limit, known=told)
    for one in found:
        line = {"kind": one.kind, "at": one.at.isoformat(), "from": one.sender, "channel": one.channel}
        if as_json:
            typer.echo(json.dumps({**line, "text": one.text, "score": one.score}, ensure_ascii=False))
        else:
            typer.echo(f"{one.at:%Y-%m-%d %H:%M} {one.sender} ({one.channel}): {one.text}")


@commands.command()
def backup(file: Annotated[Path, typer.Argument(dir_okay=False, help="Where to write it.")]) -> None:
    """Write everything to one compressed file, while the server goes on. It holds personal data."""
    from memory import backup as keeping

    with _memory() as memory:
        written = keeping.backup(memory, file, now=datetime.now(UTC))
    typer.echo(f"{sum(written.values())} rows of {len(written)} tables are in {file}.")


@commands.command()
def restore(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A file that backup wrote.")],
) -> None:
    """Replace everything by a backup; whoever was erased since stays erased. Stop the server before."""
    from memory import backup as keeping

    with _memory() as memory:
        try:
            restored = keeping.restore(memory, file)
        except (ValueError, OSError) as broken:
            raise CommandFailed(f"{broken}. Nothing was changed.") from broken
    left_out = restored.pop("left_out", 0)
    typer.echo(f"{sum(restored.values())} rows are back; {left_out} rows of people who were erased were left out.")


@commands.command()
def retention() -> None:
    """Delete what is older than data/privacy/retention.yml allows, and finish erasures; the server does it daily."""
    from memory import retention as keeping

    with _memory() as memory:
        deleted = keeping.apply(memory, now=datetime.now(UTC))
    for table, rows in deleted.items():
        typer.echo(f"{table}: {rows}")


@contextmanager
def _memory() -> Iterator[Memory]:
    memory = open_memory(settings.load())
    try:
        yield memory
    finally:
        memory.close()


def _known(memory: Memory, subject: str) -> str:
    """The customer whom the shop knows by this id."""
    from memory import identities
    from memory.errors import UnknownCustomer

    with memory.read() as tx:
        try:
            found = identities.find(tx, channel=identities.SHOP, address=subject)
        except UnknownCustomer as blocked:
            raise CommandFailed(f"{subject}: is being erased.") from blocked
    if found is None:
        raise CommandFailed(f"{subject}: there is no such customer.")
    return found


def _print(value: Any) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))

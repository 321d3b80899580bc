"""`rapport import ...`: what the shop's other systems know, taken in from files."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from bot import settings
from bot.opening import open_memory

commands = typer.Typer(help="Take in orders, a catalogue or past conversations from files.", no_args_is_help=True)
_File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)]


@commands.command("orders")
def import_orders(file: _File) -> None:
    """Take in a CSV of orders: order_id,customer_id,ordered_at,sku,quantity,unit_price[,unit_cost,gift,channel].

    Negative quantities are returns. Bad rows are reported by line and left out. The same file twice changes nothing.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    from bot.offering.orders import BadRow
    from bot.offers import orders

    console = Console(stderr=True)

    def report(row: BadRow) -> None:
        # Written past the bar, or a million of them would be wrapped and styled.
        sys.stderr.write(f"{file.name}:{row.line}: {'; '.join(row.reasons)}\n")

    memory = open_memory(settings.load())
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    try:
        with Progress(*columns, console=console) as progress:
            bar = progress.add_task(file.name, total=max(file.stat().st_size, 1))
            done = orders.import_file(
                memory,
                file,
                now=datetime.now(UTC),
                on_bad=report,
                on_bytes=lambda read: progress.update(bar, completed=read),
            )
    finally:
        memory.close()
    left_out = f", {done.left_out} of people who were erased" if done.left_out else ""
    typer.echo(f"{done.lines} lines: {done.new} new, {done.known} known already, {done.bad} bad{left_out}.")


@commands.command("catalogue")
def import_catalogue(file: _File) -> None:
    """Take products into data/catalogue: YAML with its sections, or a CSV with id,title,category,kind,price[,...].

    All of it or nothing: what is broken or off brand is told with its cure, and nothing is changed.
    """
    from bot.offering.rules_files import load_rules
    from bot.offers import catalogue, stocked

    given = settings.load()
    content = catalogue.read(file.name, file.read_text("utf-8-sig"))
    done = catalogue.publish(given.data / "catalogue", content, rules=load_rules(given.data / "offering").offers)
    memory = open_memory(given)
    stocked.state_counts(memory, done.catalogue, now=datetime.now(UTC))
    memory.close()
    typer.echo(f"{done.added} products added, {done.changed} changed, {done.same} as they were.")
    if done.added or done.changed:
        typer.echo("Run `rapport train`, so that the assistant understands new names; a restart does it too.", err=True)


@commands.command("transcripts")
def import_transcripts(file: _File) -> None:
    """Take in past conversations: JSON lines {"customer","at","from","text"[,"channel"]}.

    `from` is customer, assistant or operator. Bad lines are reported and left out. The same file twice changes nothing.
    """
    from rich.console import Console
    from rich.progress import Progress

    from bot import past_chats

    def report(line: int, why: str) -> None:
        sys.stderr.write(f"{file.name}:{line}: {why}\n")

    memory = open_memory(settings.load())
    try:
        with Progress(console=Console(stderr=True)) as progress:
            bar = progress.add_task(file.name, total=None)
            done = past_chats.import_file(
                memory,
                file,
                on_bad=report,
                on_done=lambda count: progress.advance(bar, count),
            )
    finally:
        memory.close()
    left_out = f", {done.left_out} of people who were erased or refuse it" if done.left_out else ""
    typer.echo(f"{done.new} messages new, {done.known} known already, {done.bad} bad lines{left_out}.")

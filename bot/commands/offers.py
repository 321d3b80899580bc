"""`rapport tiers`, `recommend`, `effort` and `needs`: what the shop knows of value and choice, for staff."""

import csv
import json
import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from bot import settings
from bot.opening import open_memory

commands = typer.Typer()
_AsOf = Annotated[str | None, typer.Option("--as-of", help="A day or time (ISO 8601, UTC); default: now.")]
_Json = Annotated[bool, typer.Option("--json", help="One JSON line each.")]


@commands.command()
def tiers(
    as_of: _AsOf = None,
    explain: Annotated[str | None, typer.Option(help="The shop's id of a customer: why this tier, in words.")] = None,
    as_json: _Json = False,
) -> None:
    """Compute everybody's tier anew and print it. A time before the last computation changes nothing."""
    from bot.offering import catalogue_files
    from bot.offering.rules_files import load_rules
    from bot.offers import NoSuchCustomer
    from bot.offers import tiers as job

    given = settings.load()
    rules = load_rules(given.data / "offering").tiers
    memory = open_memory(given)
    try:
        shelf = catalogue_files.load(given.data / "catalogue")
        standings = job.recompute(memory, shelf, rules, as_of=_time(as_of))
    finally:
        memory.close()
    if explain is not None:
        found = next((each for each in standings if explain in (each.subject, *each.also)), None)
        if found is None:
            raise NoSuchCustomer(
                f"{explain}: nothing is known that a tier could rest on: no purchases, or they may not be used."
            )
        for line in job.explained(found, rules):
            typer.echo(line)
        return
    for each in standings:
        record = {**each.assessment.record(each.held.tier), "customer": each.subject}
        typer.echo(json.dumps(record) if as_json else _row(record))


def _row(record: dict[str, str | float]) -> str:
    return (
        f"{record['customer']}: {record['tier']}, value {record['actual_value']:.2f}, unrealised "
        f"{record['unrealised_value']:.2f}, {record['expected_purchases']:.1f} purchases expected, still a customer "
        f"with {record['p_alive']:.0%}"
    )


@commands.command()
def recommend(
    customer: Annotated[str, typer.Argument(help="The shop's id of the customer.")],
    as_of: _AsOf = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 10,
    as_json: _Json = False,
) -> None:
    """Rank what to suggest: sku,slot,reason, best first. For somebody unknown it is what is popular."""
    from bot.offers import suggest

    given = settings.load()
    written = csv.writer(sys.stdout, lineterminator="\n")
    for each in suggest.ranked(given, customer, as_of=_time(as_of), limit=limit):
        line = {"sku": each.sku, "slot": each.slot, "reason": each.reason}
        if as_json:
            typer.echo(json.dumps(line, ensure_ascii=False))
        else:
            written.writerow(line.values())


@commands.command()
def effort(as_json: _Json = False) -> None:
    """What questions cost customers and what the answers changed; those that never changed anything come first."""
    from bot.offering.effort import Asked, ledger, to_retire
    from bot.offering.rules_files import load_rules
    from memory import questions

    given = settings.load()
    after = load_rules(given.data / "offering").offers.choices.unused_question_after
    memory = open_memory(given)
    with memory.read() as tx:
        rows = ledger(
            Asked(each.question, each.conversation, each.at, each.answered, each.changed)
            for each in questions.everyone(tx)
        )
    memory.close()
    useless = {row.question for row in to_retire(rows, after=after)}
    for row in rows:
        retire = row.question in useless
        counted = {"question": row.question, "asked": row.asked, "answered": row.answered, "used": row.changed}
        if as_json:
            typer.echo(json.dumps({**counted, "retire": retire}))
        else:
            advice = "; never of use, take it out" if retire else ""
            typer.echo(f"{row.question}: {row.asked} asked, {row.answered} answered, {row.changed} used{advice}")


@commands.command()
def needs(as_json: _Json = False) -> None:
    """What people asked for and the shop does not have; only what at least five different people wanted."""
    from bot.offering.needs import Need, unmet_needs
    from bot.offering.rules_files import load_rules
    from memory import needs as noted

    given = settings.load()
    people = load_rules(given.data / "offering").offers.choices.unmet_need_people
    memory = open_memory(given)
    with memory.read() as tx:
        found = unmet_needs((Need(*each) for each in noted.everyone(tx)), people=people)
    memory.close()
    for each in found:
        told = {"wanted": each.wanted, "people": each.people, "times": each.times, "last": each.last.date().isoformat()}
        typer.echo(
            json.dumps(told)
            if as_json
            else f"{each.wanted}: {each.people} people, {each.times} times, last {told['last']}"
        )


def _time(text: str | None) -> datetime:
    if text is None:
        return datetime.now(UTC)
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no time; write it such as 2026-03-14 or 2026-03-14T09:30:00Z.") from None
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)

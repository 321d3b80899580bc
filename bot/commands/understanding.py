"""`rapport parse`: what is understood of a message, for anyone to try."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

commands = typer.Typer()


@commands.command()
def parse(
    file: Annotated[
        Path | None, typer.Argument(exists=True, dir_okay=False, help="One message a line; default: standard input.")
    ] = None,
) -> None:
    """Print what is understood of each line as one JSON line: intent, entities, refusal, facts."""
    from bot import settings, training
    from bot.rasa.nlu import parse as parsing

    training.ensure_model(settings.load(), tell=lambda line: typer.echo(line, err=True))
    with file.open(encoding="utf-8") if file else sys.stdin as lines:
        for line in lines:
            if line.strip():
                typer.echo(json.dumps(parsing.parse(line.strip()), ensure_ascii=False))

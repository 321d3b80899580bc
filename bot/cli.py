"""The command `rapport`: every operation of the assistant that is not a conversation."""

import sys
from dataclasses import replace
from datetime import timedelta
from typing import Annotated

import typer

from bot import logs, settings
from bot.commands import imports, offers, privacy, understanding
from bot.rasa import without_tensorflow

app = typer.Typer(
    name="rapport",
    help="A shop assistant that treats each customer as a person.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run the command line; mistakes of configuration and data end in one clear line each, not in a stack trace."""
    without_tensorflow.install(serving=sys.argv[1:2] == ["serve"])
    logs.hush()
    if sys.argv[1:2] == ["rasa"]:
        _rasa(sys.argv[2:])
        return
    logs.configure()
    try:
        app()
    except Exception as mistake:  # The edge of the process.
        if not _is_mistake_of_data(mistake):
            raise
        typer.echo(f"rapport: {mistake}", err=True)
        sys.exit(1)


def _is_mistake_of_data(mistake: Exception) -> bool:
    """Errors of ours say what to do about them; anything else is a bug and shows where it comes from."""
    return type(mistake).__module__.split(".")[0] in {"bot", "memory", "actions"}


app.add_typer(imports.commands, name="import")
app.add_typer(offers.commands)
app.add_typer(privacy.commands)
app.add_typer(understanding.commands)


@app.command()
def serve(
    port: Annotated[int | None, typer.Option(help="Default: PORT, else 5005.")] = None,
    verbose: Annotated[bool, typer.Option(help="Log more; still no message, address or token.")] = False,
) -> None:
    """Train when something changed, then serve the assistant."""
    from bot import serving

    logs.configure(verbose=verbose)
    serving.serve(settings.load(), port=port, tell=_tell)


@app.command()
def train(force: Annotated[bool, typer.Option(help="Also when nothing changed.")] = False) -> None:
    """Build the spaCy pipeline and train the understanding; skipped when nothing changed."""
    from bot import training

    given = settings.load()
    _tell(f"The model is {training.ensure_model(given, tell=_tell, force=force).relative_to(given.root)}.")


@app.command()
def token(
    customer: Annotated[str, typer.Argument(help="The shop's customer id.")],
    name: Annotated[str | None, typer.Option(help="How to address them.")] = None,
    ttl: Annotated[int, typer.Option(help="Seconds until it expires.")] = 86_400,
) -> None:
    """Print an identity token, for development; in production the shop's server signs them."""
    from datetime import UTC, datetime

    from bot import tokens

    secret = settings.load().identity_secret
    typer.echo(tokens.sign(customer, secret=secret, now=datetime.now(UTC), ttl=timedelta(seconds=ttl), name=name))


@app.command()
def check() -> None:
    """Validate all of data/: catalogue, flows, wording, domain; prints each mistake with file, line and cure."""
    from bot import checks

    findings = checks.run(settings.load())
    for finding in findings:
        typer.echo(f"{finding.severity}: {finding}")
    errors = sum(finding.severity == "error" for finding in findings)
    typer.echo(f"{errors} errors, {len(findings) - errors} warnings.")
    raise typer.Exit(1 if errors else 0)


@app.command("rasa", add_help_option=False)
def rasa_command() -> None:
    """Pass through to Rasa: rapport rasa shell, rapport rasa test, rapport rasa data validate ..."""
    # main() takes this command before Typer sees it; it stands here to be listed in the help.


def _rasa(arguments: list[str]) -> None:
    from bot import training

    given = settings.load()
    if arguments[:1] and arguments[0] in {"shell", "test", "train", "run"}:
        training.ensure_vocabulary(given)
    import rasa.__main__

    if arguments[:1] and arguments[0] in {"shell", "run"}:
        import rasa.core.agent

        from bot.rasa import stock

        console = replace(given, database_url=f"sqlite:///{given.root / 'var' / 'console.db'}")
        rasa.core.agent.MessageProcessor = stock.processor_class(console)
    sys.argv = ["rasa", *arguments]
    rasa.__main__.main()


def _tell(line: str) -> None:
    typer.echo(line, err=True)

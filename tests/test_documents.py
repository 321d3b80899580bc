"""Documents and code say the same: commands, files and calls that are named exist, and the reverse."""

import re
from pathlib import Path

import pytest
import typer
import yaml

from bot import cli, settings, training

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def _commands() -> set[str]:
    group = typer.main.get_command(cli.app)
    names = set()
    for name, command in group.commands.items():
        inner = getattr(command, "commands", None)
        names |= {f"{name} {each}" for each in inner} if inner else {name}
    return names


def test_every_command_is_documented():
    """docs/commands.md has each with what it does."""
    documented = set(
        re.findall(r"^\| `rapport ([a-z]+(?: (?:orders|catalogue|transcripts))?)", _page("commands"), re.MULTILINE)
    )
    assert documented == _commands()


def _page(name: str) -> str:
    return (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_what_the_readme_links_to_exists(link):
    """No dead links."""
    assert (ROOT / link).exists()


@pytest.mark.parametrize("folder", re.findall(r"^      (\w+)/", README, re.MULTILINE))
def test_what_the_layout_names_exists(folder):
    """Folders below bot/."""
    assert (ROOT / "bot" / folder).is_dir()


def test_every_setting_is_in_the_example():
    """.env.example names what settings.py reads."""
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    named = {
        "PORT",
        "DATABASE_URL",
        "REDIS_URL",
        "IDENTITY_SECRET",
        "SESSION_SECRET",
        "SHOP_API_KEY",
        "DEMO",
        "EMBEDDINGS_DIR",
        "PUBLIC_URL",
        "PRIVACY_PROFILE",
    }
    assert named == set(re.findall(r"^(?:# )?([A-Z_]+)=", example, re.MULTILINE))


def test_every_intent_of_the_domain_has_training_examples():
    """And the other way round; `choose` is a tapped button and never predicted."""
    domain = yaml.safe_load((ROOT / "domain.yml").read_text(encoding="utf-8"))
    trained = set()
    for path in (ROOT / "data" / "nlu").glob("*.yml"):
        found = yaml.safe_load(path.read_text(encoding="utf-8")).get("nlu") or []
        trained |= {entry["intent"] for entry in found if "intent" in entry}
    assert trained == set(domain["intents"]) - {"choose"}


def test_training_is_skipped_while_nothing_changed(tmp_path):
    """The fingerprint follows what is learnt from, and nothing else."""
    for name, text in (("config.yml", "a"), ("domain.yml", "b"), ("data/nlu/x.yml", "c"), ("data/flows/f.yml", "d")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    told = settings.load(tmp_path, given={})
    first = training.fingerprint(told)
    (tmp_path / "data/flows/f.yml").write_text("changed")
    assert training.fingerprint(told) == first
    (tmp_path / "data/nlu/x.yml").write_text("changed")
    assert training.fingerprint(told) != first

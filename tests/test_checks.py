"""What `rapport check` tells of a shop whose files are broken."""

import shutil
from pathlib import Path

import pytest

from bot import checks, settings

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def shop(tmp_path):
    """A copy of the shop's files, to be broken."""
    shutil.copytree(ROOT / "data", tmp_path / "data")
    shutil.copy(ROOT / "domain.yml", tmp_path)
    return tmp_path


def _break(path: Path, old: str, new: str) -> int:
    """Replaces the first `old`; the line it stands on."""
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("data/catalogue/drinks.yml", "price: 3", "price: cheap3", "`price` is"),
        ("data/flows/ordering.yml", "next: ", "nekst: ", "(did you mean 'next'?)"),
        ("data/offering/offers.yml", "options: 4", "options: 9", "Use that or less."),
        ("data/nlu/telling/tastes.yml", '[earl grey]"', '[vegan]"', "'like' cannot be told of 'vegan'"),
        ("data/wording/en.yml", "utter_too_long:", "utter_too_wide:", "utter_too_wide has no text in zh-Hans."),
    ],
)
def test_each_file_is_named_from_the_root_with_the_line_and_the_cure(shop, file, old, new, told):
    """Whoever runs the check can open the place at once, whichever kind of file it is."""
    line = _break(shop / file, old, new)
    lines = [str(found) for found in checks.run(settings.load(shop, given={}))]
    assert any(each.startswith(f"{file}:{line}: ") and told in each for each in lines), lines


def test_what_the_engine_says_is_told_once(shop):
    """The linter of the flows and the check of the wording do not both complain."""
    _break(shop / "data/wording/en.yml", "utter_flow_cancelled:", "utter_flow_ended:")
    lines = [str(found) for found in checks.run(settings.load(shop, given={})) if found.file.endswith(".yml")]
    assert sum("'utter_flow_cancelled'" in each or "utter_flow_cancelled has" in each for each in lines) == 1

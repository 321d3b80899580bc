"""The files that marketers edit: good ones load, every mistake of both is told with file, line and cure."""

import shutil

import pytest

from bot.offering.errors import RulesError
from bot.offering.rules_files import load_rules

from .world import PROJECT


@pytest.fixture
def folder(tmp_path):
    """A copy of the shop's rules to spoil."""
    for name in ("tiers.yml", "offers.yml"):
        shutil.copy(PROJECT / "data" / "offering" / name, tmp_path)
    return tmp_path


def spoil(folder, name, old, new):
    path = folder / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return 1 + text[: text.index(old)].count("\n")


def mistakes(folder):
    with pytest.raises(RulesError) as refused:
        load_rules(folder)
    return refused.value.mistakes


def test_the_shops_own_rules_load():
    """What comes with the program is valid."""
    assert load_rules(PROJECT / "data" / "offering").tiers.most_valuable.promote_at == 80


def test_an_empty_file_means_the_defaults(folder):
    """Nothing has to be stated."""
    (folder / "tiers.yml").write_text("")
    assert load_rules(folder).tiers.demotion.notice_days == 60


@pytest.mark.parametrize(
    ("name", "old", "new", "message", "cure"),
    [
        ("tiers.yml", "promote_at: 80", "promote_at: 120", "100", "or less"),
        ("tiers.yml", "notice_days: 60", "notice_days: 5", "60", "or more"),
        ("tiers.yml", "min_transactions: 3", "min_transactions: 1", "3", "or more"),
        ("tiers.yml", "days_between: 28", "days_betwen: 28", "not a name", "Did you mean days_between?"),
        ("tiers.yml", "  by_category: true", "  by_age: true", "not a name", "Remove it"),
        ("offers.yml", "options: 4", "options: 1", "2", "or more"),
        ("offers.yml", "options: 4", "options: many", "integer", "Correct"),
        ("offers.yml", "kind: free_shipping", "kind: higher_price", "free_shipping", "Use one of those"),
        ("offers.yml", "unmet_need_people: 5", "unmet_need_people: 2", "5", "or more"),
        ("offers.yml", "tiers: [MVC]", "tiers: [GOLD]", "MVC", "Use one of those"),
    ],
)
def test_a_mistake_is_told_with_line_and_cure(folder, name, old, new, message, cure):
    """File, line, what is wrong, what to do."""
    line = spoil(folder, name, old, new)
    (mistake,) = mistakes(folder)
    assert (mistake.file, mistake.line) == (str(folder / name), line)
    assert message in mistake.message
    assert cure in mistake.cure


def test_all_mistakes_of_both_files_are_told_at_once(folder):
    """One in each file, and two in one."""
    spoil(folder, "tiers.yml", "promote_at: 80", "promote_at: 120")
    spoil(folder, "offers.yml", "options: 4", "options: 9")
    spoil(folder, "offers.yml", "relevance: 0.7", "relevance: 7")
    assert len(mistakes(folder)) == 3


def test_bands_that_flap_are_refused(folder):
    """Demotion must lie under promotion."""
    spoil(folder, "tiers.yml", "demote_below: 70", "demote_below: 90")
    assert "flap" in mistakes(folder)[0].message


def test_a_benefit_without_a_way_is_refused(folder):
    """A benefit of some tiers needs paths or an honest reason."""
    (folder / "offers.yml").write_text("benefits:\n  - {id: lounge, kind: event, tiers: [MVC]}\n")
    assert "paths" in mistakes(folder)[0].message


def test_a_key_given_twice_is_told(folder):
    """YAML would keep the last one in silence."""
    path = folder / "tiers.yml"
    path.write_text(path.read_text() + "\nmin_customers: 9\n")
    assert "twice" in mistakes(folder)[0].message


@pytest.mark.parametrize("text", ["value: [1", "- a\n- b\n", "value: 3\n", "'"])
def test_a_file_of_another_shape_is_refused(folder, text):
    """Broken YAML, a list, a number for a group: a mistake with a line, no stack trace."""
    (folder / "tiers.yml").write_text(text)
    assert mistakes(folder)[0].line >= 1


def test_a_missing_file_is_told(folder):
    """With what to do."""
    (folder / "offers.yml").unlink()
    assert "missing" in mistakes(folder)[0].message


def test_a_file_in_another_encoding_is_told(folder):
    """Not UTF-8."""
    (folder / "tiers.yml").write_bytes(b"value: \xff\xfe")
    assert "UTF-8" in mistakes(folder)[0].message

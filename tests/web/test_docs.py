"""The embedding guide and the widget name the same attributes, variables, parts, events and languages."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/widget.md").read_text(encoding="utf-8")
WIDGET = (ROOT / "bot/web/static/widget.js").read_text(encoding="utf-8")


def test_variables_are_documented() -> None:
    """Each CSS variable of the widget is in the guide, and the reverse."""
    assert set(re.findall(r"var\((--rapport-[\w-]+)", WIDGET)) == set(re.findall(r"--rapport-[\w-]+", GUIDE))


def test_attributes_are_documented() -> None:
    """Each observed attribute, and the theme, is in the guide's table, and the reverse."""
    observed = re.search(r"observedAttributes = \[(.*?)\]", WIDGET)
    assert observed
    table = GUIDE.split("## Attributes")[1].split("##")[0]
    assert {*re.findall(r'"(\w+)"', observed[1]), "theme"} == set(re.findall(r"^\| `(\w+)`", table, re.M))


def test_events_are_documented() -> None:
    """Each event is in the guide, and the reverse."""
    assert set(re.findall(r'#emit\("(\w+)"', WIDGET)) == set(re.findall(r"`rapport:(\w+)`", GUIDE))


def test_parts_are_documented() -> None:
    """Each part that a shop may style exists, and the reverse."""
    sentence = re.search(r"parts (.*?) with `::part", GUIDE)
    assert sentence
    assert set(re.findall(r'part(?::| =) "(\w+)"', WIDGET)) == set(re.findall(r"`(\w+)`", sentence[1]))


def test_each_language_has_all_words() -> None:
    """Each documented language has a word for every key."""
    keys = re.search(r'const KEYS =\s+"(.*?)"', WIDGET)
    table = re.search(r"const WORDS = \{(.*?)\};", WIDGET, re.S)
    assert keys
    assert table
    words = {tag: said.split("|") for tag, said in re.findall(r'^\s+"?([\w-]+)"?: "(.*)",$', table[1], re.M)}
    assert set(words) == {"en", "zh-Hans", "zh-Hant", "de", "es", "fr"}
    assert {tag: len(said) for tag, said in words.items()} == dict.fromkeys(words, len(keys[1].split()))
    for said in words.values():
        assert [bool(re.search(r"\{n\}", word)) for word in said] == ["{n}" in word for word in words["en"]]

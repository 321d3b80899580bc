"""Wording: what is said for a name, and what is said about a file that cannot be read."""

from pathlib import Path

import pytest

from bot import wording
from bot.translated import untold

EN = """
wording:
  utter_ask_milk:
    - text: "Which milk for your {product}?"
      buttons: [{title: "Skip", choice: {command: skip}}]
  utter_summary:
    - text: "a [{size} ][{milk} ]{product}"
  utter_hello:
    - text: "Hello!"
    - text: "Hello again!"
      if: slots.met_before = true
    - text: "hi"
      channel: messaging
  utter_brackets:
    - text: "{{x}} [[y]]"
"""


def _load(tmp_path, text=EN, name="en.yml"):
    (tmp_path / name).write_text(text)
    return wording.load(tmp_path)


def _say(words, name, *, channel="web", language="en", slots=None, **variables):
    return words.render(
        name, variables, language=language, channel=channel, show=lambda _, value: f"<{value}>", seed="s", slots=slots
    )


def test_variables_are_filled_in_as_words(tmp_path):
    """Values go through `show`, which knows titles."""
    assert _say(_load(tmp_path), "utter_ask_milk", product="latte").text == "Which milk for your <latte>?"


def test_an_optional_segment_goes_when_its_variable_is_empty(tmp_path):
    """The rest of the sentence stays whole."""
    words = _load(tmp_path)
    assert _say(words, "utter_summary", size="large", milk=None, product="latte").text == "a <large> <latte>"


def test_doubled_brackets_are_literal(tmp_path):
    """Braces too."""
    assert _say(_load(tmp_path), "utter_brackets").text == "{x} [y]"


def test_buttons_carry_choices(tmp_path):
    """Title and choice, ready for a token."""
    [(title, choice)] = _say(_load(tmp_path), "utter_ask_milk", product="latte").buttons
    assert (title, choice.command) == ("Skip", "skip")


@pytest.mark.parametrize(
    ("channel", "slots", "text"),
    [("web", {}, "Hello!"), ("web", {"met_before": True}, "Hello again!"), ("messaging", {}, "hi")],
)
def test_a_variant_that_fits_better_is_preferred(tmp_path, channel, slots, text):
    """A condition that holds, then the channel, then the plain one."""
    assert _say(_load(tmp_path), "utter_hello", channel=channel, slots=slots).text == text


def test_the_same_seed_says_the_same(tmp_path):
    """A retried turn reads the same."""
    words = _load(tmp_path, "wording: {utter_a: [{text: one}, {text: two}, {text: three}]}")
    assert len({_say(words, "utter_a").text for _ in range(5)}) == 1


def test_a_missing_translation_falls_back_to_english(tmp_path):
    """Better English than silence."""
    assert _say(_load(tmp_path), "utter_hello", language="zh-Hans").text == "Hello!"


def test_what_other_files_say_in_english_has_words(tmp_path):
    """Those of the language, else the English ones."""
    _load(tmp_path)
    words = _load(tmp_path, "wording: {utter_hello: [{text: Hallo}]}\nwords: {'the milk': die Milch}\n", "de.yml")
    assert [words.word(text, "de") for text in ("the milk", "the size")] == ["die Milch", "the size"]
    assert words.word("the milk", "en") == "the milk"


@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        ("de-AT", "de"), ("zh-TW", "zh-Hant"), ("zh", "zh-Hans"), ("zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"),
        ("fr-FR, fr;q=0.9, zh-Hant-HK;q=0.7, en;q=0.8", "en"), ("fr;q=1.0,de;q=0.1", "de"), ("de;q=0", "en"),
        ("", "en"), ("*", "en"), ("zh-hans-sg", "zh-Hans"), ("de;q=junk", "de"),
    ],
)  # fmt: skip
def test_the_first_guess_is_the_best_language_there_is(wanted, language):
    """Of a tag, or of what a browser would rather read."""
    there = wording.Wording({code: {} for code in ("en", "de", "zh-Hans", "zh-Hant")})
    assert there.best(wanted) == language


def _shop(tmp_path, german):
    files = {
        "wording/en.yml": "wording:\n  utter_a:\n    - text: 'a {x}[ of {y}]'\n  utter_b:\n    - text: b\n",
        "wording/de.yml": german,
        "catalogue/drinks.yml": "products:\n  latte:\n    title: latte\n    attributes: {wattage: 1400 W}\n",
        "flows/order.yml": "flows:\n  order:\n    name: your order\n    description: Order.\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return [
        (each.severity, Path(each.file).name, each.line, each.message.split(" ")[0])
        for each in untold(tmp_path, wording.load(tmp_path / "wording"))
    ]


def test_what_a_language_lacks_is_told_where_the_english_stands(tmp_path):
    """A warning each: English stands in."""
    found = _shop(tmp_path, "wording:\n  utter_a:\n    - text: '{x} {y}'\nwords: {wattage: Leistung}\n")
    assert found == [
        ("warning", "en.yml", 4, "utter_b"),
        ("warning", "drinks.yml", 3, "'latte'"),
        ("warning", "order.yml", 3, "'your"),
    ]


def test_a_language_names_the_variables_that_english_names(tmp_path):
    """Nothing fills another; one left out is worth a look; a name of its own is never said."""
    words = "words: {wattage: Leistung, latte: Latte, your order: Ihre Bestellung}\n"
    german = "wording:\n  utter_a:\n    - text: '{x} {z}'\n  utter_b:\n    - text: b\n  utter_c:\n    - text: c\n"
    assert _shop(tmp_path, german + words) == [
        ("error", "de.yml", 2, "utter_a:"),
        ("warning", "de.yml", 2, "utter_a"),
        ("error", "de.yml", 6, "utter_c"),
    ]


def test_an_unknown_name_says_nothing(tmp_path):
    """The caller logs it."""
    assert _say(_load(tmp_path), "utter_nothing") is None


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("wording:\n  utter_a:\n    - text: 'a [b'\n", 3, "without its"),
        ("wording:\n  utter_a:\n    - text: a\n      color: red\n", 3, "unknown key color"),
        ("wording:\n  utter_a:\n    - text: a\n      if: slots.x =\n", 3, "utter_a"),
        ("wording:\n  utter_a:\n    - {text: a, channel: web}\n", 3, "silent"),
        ("wording:\n  utter_a: []\n", 2, "no variants"),
        ("wording:\n  utter_a:\n    - text: a\n      buttons: [{title: x, choice: {}}]\n", 3, "choice"),
        ("wording: {utter_a: [{text: a}]}\nwords:\n  the milk:\n    de: Milch\n", 4, "has no words"),
        ("wording: [\n", 2, "not YAML"),
        ("words: {}\n", 1, "no wording"),
    ],
)
def test_a_mistake_is_reported_with_file_line_and_cure(tmp_path, text, line, message):
    """Whoever edits sees where to look."""
    with pytest.raises(wording.WordingErrors) as caught:
        _load(tmp_path, text)
    [mistake] = caught.value.mistakes
    assert (mistake.line, mistake.file.endswith("en.yml"), bool(mistake.cure)) == (line, True, True)
    assert message in mistake.message


def test_all_mistakes_of_a_folder_come_at_once(tmp_path):
    """Nobody likes to mend one to be told of the next."""
    text = "wording:\n  utter_a:\n    - text: 'a ['\n  utter_b: []\n"
    with pytest.raises(wording.WordingErrors) as caught:
        _load(tmp_path, text)
    assert [mistake.line for mistake in caught.value.mistakes] == [3, 4]

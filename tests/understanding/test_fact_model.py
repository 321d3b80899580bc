"""How something is told of what a message names is learned from examples that anybody can write."""

import pytest

from bot.rasa.nlu import fact_clauses, fact_examples, fact_features, fact_mentions
from bot.rasa.nlu.fact_examples import ExamplesError
from bot.rasa.nlu.fact_model import FactModel


def nothing(text):
    """No catalogue: the words of `fact_values` alone."""
    return []


def mentions(text):
    return fact_mentions.find(fact_clauses.said(text), [])


@pytest.mark.parametrize(
    ("line", "text", "ways"),
    [
        ("I like [soy]", "i like soy", ["like"]),
        ("I like [soy] but not [almonds](dislike)", "i like soy but not almonds", ["like", "dislike"]),
        ("I like [foam] on hot chocolate", "i like foam on hot chocolate", ["like", "nothing"]),
        ("I like [rhubarb pie]", "i like rhubarb pie", ["like"]),
    ],
)
def test_a_line_says_what_is_told_of(line, text, ways):
    """What stands in brackets is told of, what stands outside is not; the shop need not know the word."""
    read = fact_examples.parsed(line, "like", entities=nothing)
    assert (read.text, list(read.ways)) == (text, ways)


def test_what_cannot_be_told_is_refused(tmp_path):
    """An example that says that somebody dislikes a diet names its file."""
    path = tmp_path / "wrong.yml"
    path.write_text('dislike: ["I am [vegan]"]')
    with pytest.raises(ExamplesError, match=r"wrong.yml:1: .*vegan.*has, not, nothing"):
        fact_examples.read(path, entities=nothing)


def test_nothing_to_learn_from(tmp_path):
    """Without examples of telling nothing is trained silently."""
    with pytest.raises(ExamplesError, match="telling"):
        fact_examples.load(tmp_path, entities=nothing)


@pytest.mark.parametrize(
    ("text", "words", "kinds"),
    [
        ("I'm gluten-free", ["gluten-free"], ["state"]),
        ("sugar's never going in", ["sugar"], ["thing"]),
        ("grinders and a french press", ["grinders", "french press"], ["gear", "gear"]),
        ("tuesdays, at most 20 euros", ["tuesdays", "20"], ["day", "sum"]),
        ("nothing of it", [], []),
    ],
)
def test_what_is_named(text, words, kinds):
    """The longest phrases, with plurals and hyphens, each once."""
    assert ([m.word for m in mentions(text)], [m.kind for m in mentions(text)]) == (words, kinds)


def test_an_allergen_is_told_of_in_two_ways():
    """Soy can be disliked, and one can be allergic to it."""
    (peanuts,) = mentions("peanuts")
    assert peanuts.fact("dislike") == ("taste", "peanuts", "dislike")
    assert peanuts.fact("has") == ("allergy", "peanuts", "never")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("I love foam", "I love honey"),
        ("I'm not into foam", "im not into foam and cream"),
        ("Foam? Can't stand it", "foam... cant stand it"),
    ],
)
def test_what_is_told_alike_looks_alike(first, second):
    """The thing itself, the others of its list and the spelling make little difference."""

    def around(text):
        said = fact_clauses.said(text)
        found = fact_features.features(fact_features.masked(said, mentions(text), 0))
        return {feature for feature in found if feature.startswith("clause")}

    assert around(first) == around(second)


@pytest.fixture(scope="module")
def learned():
    frames = {
        "like": ["I love [{}]", "[{}] is my favourite", "big fan of [{}]"],
        "dislike": ["I hate [{}]", "can't stand [{}]", "[{}] is disgusting"],
        "nothing": ["a {} please", "do you have {}?", "where is my {}"],
    }
    things = ("foam", "honey", "whipped cream", "decaf", "sweetener")
    lines = [(frame.format(thing), way) for way, some in frames.items() for frame in some for thing in things]
    return FactModel.fit([fact_examples.parsed(line, way, entities=nothing) for line, way in lines])


def test_what_was_learned_is_kept(learned, tmp_path):
    """A stored model tells the same as the one that was learned, of things that it has not met."""
    learned.save(tmp_path)
    kept = FactModel.load(tmp_path)
    for text, way in (("i love sugar", "like"), ("can't stand sugar", "dislike"), ("a sugar please", None)):
        assert kept.ways_of(text, mentions(text)) == learned.ways_of(text, mentions(text)) == [way]

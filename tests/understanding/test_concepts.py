"""What words are about is the same in every language, and slips of spelling are forgiven."""

import pytest

from bot.rasa.nlu import concepts
from tests.understanding.conftest import ROOT


@pytest.fixture(scope="module")
def known():
    return concepts.load(ROOT / "data" / "nlu" / "concepts")


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("no quiero más correos", ["neg", "want", "more", "mail"]),
        ("n'envoyez plus rien", ["neg", "send", "neg+all"]),
        ("lütfen mesaj göndermeyin", ["pls", "msg", "send+neg"]),
        ("請不要再寄廣告給我", ["pls", "neg", "more", "send", "ad", "me"]),
        ("unsubscrieb me from the newletter", ["unsub", "me", "mail"]),
        ("opt-out please", ["unsub", "pls"]),
    ],
)
def test_what_words_are_about(known, text, about):
    """In order; a word may be about two things."""
    assert ["+".join(some) for some in known.of(text) if some != ("drink",)] == about


def test_an_ordinary_english_word_is_no_foreign_one(known):
    """ "the" is no tea, "main" is not "I"."""
    assert known.of("the main one of these") == []


def test_a_shop_may_write_its_own(tmp_path):
    """Stems, endings and phrases, separated by commas."""
    (tmp_path / "en.yml").write_text("stop: halt*, give over\nneg: '*nt'\n")
    own = concepts.load(tmp_path)
    assert own.of("halting, so give over; didnt") == [("stop",), ("stop",), ("neg",)]

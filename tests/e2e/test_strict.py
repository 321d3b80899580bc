"""The profile `strict`, in a conversation: nothing but the service before somebody said yes, and that is asked for."""

import sqlite3

import pytest

from actions import consents
from memory import consent
from memory.consent import Purpose

from .conftest import ROOT, Someone

CARD = "I'm the automated assistant of Kestrel Coffee, not a person. You can ask for a person at any time."


@pytest.fixture
def strict(model, tmp_path):
    """Somebody who talks to an assistant under that profile, the assistant's parts, and its database's file."""
    from starlette.testclient import TestClient

    from bot import app, settings

    path = tmp_path / "strict.db"
    given = {"DEMO": "1", "DATABASE_URL": f"sqlite:///{path}", "PRIVACY_PROFILE": "strict"}
    parts = app.assemble(settings.load(ROOT, given=given), model)
    yield Someone(TestClient(app.build(parts)), parts, "ana"), parts, path
    parts.memory.close()


def _kept(path, table):
    with sqlite3.connect(path) as database:
        return database.execute(f"select count(*) from {table}").fetchone()[0]


def test_nothing_said_is_kept_until_that_was_allowed(strict):
    """It is asked at first contact, the order goes on meanwhile, one tap keeps it, and what was said before."""
    ana, parts, path = strict
    asked = ana.say("a large latte please")
    assert asked[0]["text"] == f"{CARD} May I keep unfinished orders, so that you can go on later?"
    assert [choice["title"] for choice in asked[0]["choices"]] == ["Yes, keep them"]
    assert "milk" in asked[-1]["text"]
    assert [_kept(path, table) for table in ("messages", "events", "threads", "choices")] == [0, 0, 0, 0]
    ana.tap("Yes, keep them")
    assert "deliver" in ana.say("oat")[-1]["text"]
    assert [_kept(path, table) > 0 for table in ("messages", "events", "threads", "choices")] == [True] * 4
    with parts.memory.read() as tx:
        (entry,) = consent.history(tx, _customer(tx))
    assert (entry.purpose, entry.decision, entry.method) == ("resume", "granted", "button")


def test_whoever_does_not_answer_is_served_and_not_remembered(strict):
    """A whole order, and nothing of the conversation on the disk; the order itself is part of the contract."""
    ana, parts, path = strict
    for text in ("a large latte please", "oat", "pick up", "hot", "no syrup", "one", "yes"):
        ana.say(text)
    with parts.memory.read() as tx:
        assert not consent.allows(tx, _customer(tx), Purpose.RESUME)
        assert not consent.allows(tx, _customer(tx), Purpose.PERSONALISATION)
    assert [_kept(path, table) for table in ("messages", "events", "threads", "facts")] == [0, 0, 0, 0]
    assert _kept(path, "orders") == 1


ASKS = "May I go by what you have bought here when I suggest something?"


@pytest.fixture
def regular(strict):
    """The same Ana, with her past orders, after her first word; her unfinished orders are kept."""
    from bot import demo

    ana, parts, _ = strict
    demo.seed(parts.memory, parts.settings.data / "demo", now=parts.clock())
    ana.say("when are you open?")
    ana.tap("Yes, keep them")
    return ana, parts


def test_purchases_shape_nothing_before_a_yes_and_the_suggestion_right_after_it(regular):
    """The question comes before the first suggestion; the tap is in the ledger and its fruit is in the same reply."""
    ana, parts = regular
    (asked,) = ana.say("recommend something")
    assert asked["text"].startswith(ASKS)
    assert [choice["title"] for choice in asked["choices"]] == ["Yes, use my purchases", "Don't use my purchases"]
    allowed, suggested = ana.tap("Yes, use my purchases")
    assert allowed["text"].startswith("Gladly: what you ordered may shape what I suggest.")
    assert "You have had it" in suggested["cards"][0]["subtitle"]
    with parts.memory.read() as tx:
        entry = consent.history(tx, _customer(tx))[-1]
    assert (entry.purpose, entry.decision, entry.method) == ("personalisation", "granted", "button")
    assert ASKS not in str(ana.say("recommend something"))


def test_a_typed_no_is_kept_and_shows_what_everybody_sees(regular):
    """A refusal is a decision too: it is in the ledger, and nobody asks again."""
    ana, parts = regular
    ana.say("recommend something")
    refused, suggested = ana.say("no")
    assert refused["text"].startswith("Done: your history no longer shapes what I suggest")
    assert suggested["text"].startswith("Popular with our guests")
    with parts.memory.read() as tx:
        entry = consent.history(tx, _customer(tx))[-1]
    assert (entry.purpose, entry.decision, entry.method) == ("personalisation", "withdrawn", "words")
    assert ana.say("recommend something")[0]["text"].startswith("Popular with our guests")


def test_whoever_passes_over_the_question_is_not_asked_again(regular):
    """Silence is no yes, and no reason to insist."""
    ana, parts = regular
    ana.say("hello")
    assert ana.say("recommend something")[0]["text"].startswith("Popular with our guests")
    with parts.memory.read() as tx:
        assert consents.undecided(tx, _customer(tx), Purpose.PERSONALISATION)


def test_a_greeting_asks_as_well(regular):
    """To greet a regular with the usual is to go by what was bought."""
    ana, _ = regular
    greeted, asked = ana.say("hello")
    assert "usual" not in greeted["text"]
    assert asked["text"].startswith(ASKS)
    shown = ana.tap("Yes, use my purchases")[-1]
    assert "You have had it" in shown["cards"][0]["subtitle"]


def test_whoever_asks_for_the_usual_is_asked_first(regular):
    """What the usual is only purchases tell."""
    ana, _ = regular
    (asked,) = ana.say("the usual, please")
    assert asked["text"].startswith(ASKS)
    assert "You have had it" in ana.tap("Yes, use my purchases")[-1]["cards"][0]["subtitle"]


def test_the_question_is_put_in_the_customers_language(regular):
    """The same question for somebody who writes Chinese."""
    ana, _ = regular
    (asked,) = ana.say("推荐点什么吧")
    assert asked["text"].startswith("推荐的时候，我可以参考你以前在这里买过的东西吗？")
    assert ana.tap("可以，参考我的购买记录")[-1]["cards"]


def test_a_visitor_without_purchases_is_not_asked(strict):
    """There is nothing to go by: the question would be for nothing."""
    ana, _, _ = strict
    ana.headers = {"Authorization": f"Bearer {ana.client.post('/api/visitors').json()['token']}"}
    said = ana.say("recommend something")
    assert said[-1]["text"].startswith("Popular with our guests")
    assert ASKS not in str(said)


def _customer(tx):
    from memory import identities

    return identities.find(tx, channel="shop", address="ana")

"""The profile `strict`, in a conversation: nothing but the service before somebody said yes, and that is asked for."""

import sqlite3

import pytest

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


def _customer(tx):
    from memory import identities

    return identities.find(tx, channel="shop", address="ana")

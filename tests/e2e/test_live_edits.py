"""What a marketer edits on disk is live on the next turn, without training; a broken edit changes nothing."""

import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def shop(model, tmp_path):
    """An assistant on a copy of the shop's files."""
    from starlette.testclient import TestClient

    from bot import app, settings

    for folder in ("catalogue", "flows", "wording", "offering", "privacy", "demo"):
        shutil.copytree(ROOT / "data" / folder, tmp_path / "data" / folder)
    given = {"DEMO": "1", "DATABASE_URL": f"sqlite:///{tmp_path / 'live.db'}"}
    parts = app.assemble(replace(settings.load(ROOT, given=given), root=tmp_path), model)
    client = TestClient(app.build(parts))
    token = client.post("/api/visitors").json()["token"]
    client.headers["Authorization"] = f"Bearer {token}"
    yield client, tmp_path / "data"
    parts.memory.close()


def _say(client, text):
    return " ".join(message["text"] for message in client.post("/api/chat", json={"text": text}).json()["messages"])


def _edit(path: Path, before: str, after: str) -> None:
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))
    time.sleep(0.15)  # Files are looked at ten times a second at most.


def test_new_wording_is_said_on_the_next_turn(shop):
    """No restart, no training."""
    client, data = shop
    _say(client, "hi")
    _edit(
        data / "wording" / "en.yml",
        "  utter_goodbye:\n",
        '  utter_goodbye:\n    - text: Cheerio.\n      if: context.channel = "web"\n',
    )
    assert "Cheerio." in _say(client, "goodbye")


def test_a_changed_flow_is_followed_on_the_next_turn(shop):
    """Also in the middle of a session."""
    client, data = shop
    _say(client, "hi")
    _edit(data / "flows" / "talk.yml", "      - action: utter_goodbye\n", "      - action: utter_welcome\n")
    assert _say(client, "goodbye") in ("You're welcome.", "My pleasure.", "Gladly.")


def test_a_broken_edit_leaves_the_shop_open_and_is_shown(shop):
    """The last good version stays in force; /readyz names file, line and cure."""
    client, data = shop
    _say(client, "hi")
    _edit(data / "flows" / "talk.yml", "      - action: utter_goodbye\n", "      - action: [utter_goodbye\n")
    assert _say(client, "goodbye")
    [mistake] = client.get("/readyz").json()["mistakes"]
    assert "talk.yml:" in mistake


def test_a_flow_that_names_an_action_nobody_has_says_so_and_goes_on(shop):
    """An apology, and the next message is answered."""
    client, data = shop
    _say(client, "hi")
    _edit(data / "flows" / "talk.yml", "      - action: utter_goodbye\n", "      - action: action_of_tomorrow\n")
    assert _say(client, "goodbye") != ""
    assert "07:30" in _say(client, "when do you open?")


def test_an_edited_benefit_holds_on_the_next_turn_and_a_broken_edit_changes_nothing(shop):
    """The new threshold is told at once; what cannot be read is reported with file, line and cure."""
    client, data = shop
    _say(client, "hi")
    offers = data / "offering" / "offers.yml"
    _edit(offers, "{counts: basket, at_least: 45}", "{counts: basket, at_least: 30}")
    assert "€30.00" in _say(client, "why didn't I get free shipping?")
    _edit(offers, "{counts: basket, at_least: 30}", "{counts: smiles, at_least: 30}")
    assert "€30.00" in _say(client, "why didn't I get free shipping?")
    (mistake,) = client.get("/readyz").json()["mistakes"]
    assert "offers.yml:" in mistake
    assert "Use one of those." in mistake


def test_a_broken_edit_of_the_rules_of_tiers_is_reported(shop):
    """Without anybody having asked for a tier; a sound one is no mistake."""
    client, data = shop
    tiers = data / "offering" / "tiers.yml"
    _edit(tiers, "most_valuable: {promote_at: 80", "most_valuable: {promote_at: 95")
    assert client.get("/readyz").json() == {"status": "ok", "mistakes": []}
    _edit(tiers, "promote_at: 95, demote_below: 70", "promote_at: 95, demote_below: 99")
    (mistake,) = client.get("/readyz").json()["mistakes"]
    assert "demote_below must lie under promote_at" in mistake

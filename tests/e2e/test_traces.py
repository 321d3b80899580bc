"""What customers say leaves no trace where it does not belong: not in the log, not in training data, not in models."""

import io
import logging
import sys

import pytest

from bot import logs
from bot.rasa.actions import InProcessAction

from .conftest import ROOT

SECRETS = ("xylophone", "Marienplatz", "80331", "oat milk", "do you close")
SCRIPT = (
    "hello, my name is xylophone",
    "beans please, 250g hover blend for filter, delivered",
    "Marienplatz 1, 80331 Munich",
    "I always have oat milk, says xylophone",
    "stop sending xylophone your emails",
    "when do you close?",
    "what did I say about the xylophone?",
    "forget the xylophone",
    "qwx xylophone qwx",
)


class Failing:
    """An action whose error quotes the customer."""

    def name(self) -> str:
        return "action_tell_opening_hours"

    async def run(self, dispatcher, tracker, domain):
        raise RuntimeError(f"cannot answer {tracker.latest_message['text']}")


@pytest.fixture
def log():
    """Everything that is logged with --verbose, as it would be written."""
    stream, stderr = io.StringIO(), sys.stderr
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    sys.stderr = stream
    logs.configure(verbose=True)
    yield stream
    sys.stderr = stderr
    root.handlers[:] = before
    root.setLevel(level)


@pytest.fixture
def failing(parts, monkeypatch):
    actions = parts.gateway.assistant.processor._actions
    monkeypatch.setitem(actions, "action_tell_opening_hours", InProcessAction(Failing(), lambda tracker: tracker.turn))


def test_the_log_holds_no_message_no_address_and_no_token(someone, parts, client, log, failing, capfd):
    """At --verbose, through a whole conversation with a failing action, refusals and an export."""
    talker = someone("traced xylophone customer")
    for text in SCRIPT:
        talker.say(text)
    client.post("/demo/messaging", json={"address": "+49 30 xylophone", "text": "a xylophone please"})
    talker.client.get("/api/me", headers=talker.headers)
    link = talker.say("export my data please")[0]["text"]
    ticket = link.partition("/api/export/")[2].split()[0]
    client.get(f"/api/export/{ticket}x")
    written = log.getvalue() + "".join(capfd.readouterr())
    assert "action_tell_opening_hours failed in conversation v_" in written
    assert "RuntimeError" in written
    kept = "\n".join(line for line in written.splitlines() if "HTTP Request" not in line)  # The test's own client.
    for secret in (*SECRETS, talker.token, ticket, "+49 30"):
        assert secret not in kept


def test_nothing_that_a_customer_said_reaches_training_data_or_models(someone, model):
    """Nothing is harvested: the files that are learnt from, and what was learnt, do not change and do not hold it."""
    learnt_from = [path for path in (ROOT / "data").rglob("*") if path.is_file()]
    learnt = [path for path in (ROOT / "models").rglob("*") if path.is_file()]
    before = {path: path.stat().st_mtime_ns for path in (*learnt_from, *learnt)}
    talker = someone("unharvested")
    for text in SCRIPT:
        talker.say(text)
    talker.say("qwx marimba qwx vibraphone")
    after = {path: path.stat().st_mtime_ns for folder in ("data", "models") for path in _files(folder)}
    assert after == before
    assert [path for path in after if b"vibraphone" in path.read_bytes()] == []


def _files(folder):
    return [path for path in (ROOT / folder).rglob("*") if path.is_file()]

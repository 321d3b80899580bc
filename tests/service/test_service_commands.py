"""The command line of privacy: export, forget, recall, import transcripts, backup, restore, retention."""

import asyncio
import io
import json
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from service_world import grant, known_facts, make_gateway, say
from shop_talk import MONDAY, Clock
from typer.testing import CliRunner

from bot import cli
from bot.keeping import Keeping
from bot.locks import LocalLocks
from memory import Memory, consent, erasure, facts, identities
from memory.consent import Evidence, Purpose
from memory.facts import Source

LINES = [
    {"customer": "ana", "at": "2026-05-03T09:00:00+00:00", "from": "user", "text": "which beans for filter?"},
    {"customer": "ana", "at": "2026-05-03T09:00:05Z", "from": "bot", "text": "I recommend the Ethiopia Guji."},
    {
        "customer": "ben",
        "at": "2026-05-04T10:00:00",
        "from": "agent",
        "text": "Your grinder is here.",
        "channel": "mail",
    },
]


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs `rapport ...` on a database of its own; the output, and the error output, of a command that must succeed."""
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/service.db")
    monkeypatch.setenv("DEMO", "1")

    def _run(*arguments: str, fails: bool = False):
        result = CliRunner().invoke(cli.app, list(arguments))
        assert (result.exception is not None) == fails, result.output
        return result

    return _run


@pytest.fixture
def told(memory, clock, ana):
    """Ana, who told of oat milk."""
    grant(memory, clock, ana, Purpose.PREFERENCES)
    with memory.write() as tx:
        facts.record(
            tx, consent.require(tx, ana, Purpose.PREFERENCES), attribute="milk", value="oat", polarity="like",
            purpose=Purpose.PREFERENCES, source=Source("web", "chat"), now=clock(),
        )  # fmt: skip
    return ana


@pytest.fixture
def transcripts(tmp_path):
    path = tmp_path / "chats.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in LINES))
    return path


def test_export_prints_the_access_copy(run, told):
    """The same as over HTTP."""
    copy = json.loads(run("export", "ana").stdout)
    assert [fact["value"] for fact in copy["facts"]] == ["oat"]
    assert "your group" in copy["profile"]["logic"]


def test_export_portable_leaves_out_what_was_made_of_it(run, told):
    """Given and observed."""
    copy = json.loads(run("export", "ana", "--portable").stdout)
    assert "facts" in copy["data"]
    assert "profiles" not in copy["data"]


def test_export_as_csv_is_an_archive_of_what_was_given_and_observed(run, told):
    """Bytes to be sent to a file."""
    with zipfile.ZipFile(io.BytesIO(run("export", "ana", "--format", "csv").stdout_bytes)) as archive:
        assert "oat" in archive.read("facts.csv").decode()
        assert "profiles.csv" not in archive.namelist()


@pytest.mark.parametrize("command", [("export",), ("forget",), ("recall", "beans")])
def test_an_unknown_customer_is_said_to_be_one(run, memory, command):
    """No stack trace, no new customer."""
    name, *rest = command
    assert "there is no such customer" in str(run(name, "nobody", *rest, fails=True).exception)


def test_forget_erases_and_prints_the_receipt(run, memory, told):
    """Every probe is empty, and the bytes are gone."""
    receipt = json.loads(run("forget", "ana").stdout)
    assert receipt["state"] == "done"
    assert set(receipt["probes"].values()) == {0}
    assert told.encode() not in memory.path.read_bytes()


def test_a_running_process_forgets_who_was_erased_by_another(run, memory, clock):
    """A conversation that only it held is gone with the next look."""
    gateway = make_gateway(memory, clock)
    with memory.write() as tx:
        bea = identities.sign_in(tx, subject="bea", now=clock())
        consent.decide(tx, bea, purpose=Purpose.RESUME, decision="withdrawn", evidence=Evidence("api"), now=clock())
    say(gateway, bea, "between us")
    run("forget", "bea")
    assert memory.volatile.customers() == {bea}
    Keeping(memory, locks=LocalLocks(), clock=clock).drop_strangers()
    assert memory.volatile.customers() == set()


def test_transcripts_are_imported_once_and_recalled(run, memory, transcripts):
    """The same file twice changes nothing."""
    assert run("import", "transcripts", str(transcripts)).stdout == "3 messages new, 0 known already, 0 bad lines.\n"
    assert run("import", "transcripts", str(transcripts)).stdout == "0 messages new, 3 known already, 0 bad lines.\n"
    found = [json.loads(line) for line in run("recall", "ana", "filter beans recommend", "--json").stdout.splitlines()]
    assert {each["text"] for each in found} == {line["text"] for line in LINES[:2]}
    assert found[0]["at"].startswith("2026-05-03")
    assert run("recall", "ben", "grinder").stdout == "2026-05-04 10:00 operator (import:mail): Your grinder is here.\n"


def test_recall_takes_a_limit_and_finds_facts(run, told, transcripts):
    """At most so many; what was told counts as well."""
    run("import", "transcripts", str(transcripts))
    assert len(run("recall", "ana", "beans filter Guji", "--limit", "1").stdout.splitlines()) == 1
    (line,) = run("recall", "ana", "milk", "--json").stdout.splitlines()
    assert json.loads(line)["kind"] == "fact"


def test_bad_lines_are_told_by_number_without_their_words_and_left_out(run, memory, tmp_path):
    """The rest is kept."""
    bad = [
        "not json at all secretword",
        json.dumps({**LINES[0], "from": "secretword"}),
        json.dumps({**LINES[0], "at": "secretword"}),
        json.dumps({key: value for key, value in LINES[0].items() if key != "customer"}),
        json.dumps({**LINES[0], "text": 7}),
        json.dumps([1]),
    ]
    path = tmp_path / "bad.jsonl"
    path.write_text("\n".join([*bad, json.dumps(LINES[0])]))
    result = run("import", "transcripts", str(path))
    assert result.stdout == "1 messages new, 0 known already, 6 bad lines.\n"
    assert [line.split(":")[1] for line in result.stderr.splitlines() if line.startswith("bad.jsonl:")] == list(
        "123456"
    )
    assert "secretword" not in result.stderr


def test_recall_is_refused_where_conversations_may_not_be_read(run, memory, clock, ana):
    """A refusal holds for operators too."""
    with memory.write() as tx:
        consent.decide(tx, ana, purpose=Purpose.RESUME, decision="withdrawn", evidence=Evidence("api"), now=clock())
    assert "may not be read" in str(run("recall", "ana", "beans", fails=True).exception)


def test_a_restored_backup_does_not_bring_back_who_was_erased_since(run, memory, told, tmp_path, clock):
    """Everybody else is back."""
    with memory.write() as tx:
        identities.sign_in(tx, subject="ben", now=clock())
    file = tmp_path / "all.backup"
    assert "rows of" in run("backup", str(file)).stdout
    run("forget", "ana")
    assert "left out" in run("restore", str(file)).stdout
    with memory.read() as tx:
        assert identities.find(tx, channel="shop", address="ana") is None
        assert identities.find(tx, channel="shop", address="ben") is not None
    assert told.encode() not in memory.path.read_bytes()


def test_what_is_no_backup_changes_nothing(run, memory, told, tmp_path):
    """And says so."""
    file = tmp_path / "x"
    file.write_text("not a backup")
    assert "Nothing was changed" in str(run("restore", str(file), fails=True).exception)
    assert known_facts(memory, told) == {("milk", "oat", "like")}


def test_retention_deletes_what_is_too_old_and_finishes_erasures(run, memory, ana):
    """By the periods of data/privacy."""
    long_ago = Clock(datetime.now(UTC) - timedelta(days=800))
    say(make_gateway(memory, long_ago), ana, "long ago")
    with memory.write() as tx:
        ben = identities.sign_in(tx, subject="ben", now=MONDAY)
        receipt = erasure.block(tx, ben, now=MONDAY)
    deleted = dict(line.split(": ") for line in run("retention").stdout.splitlines())
    assert deleted["messages"] == "2"
    with memory.read() as tx:
        assert erasure.receipt(tx, receipt).done_at is not None


def test_the_server_applies_retention_once_a_day(memory, clock, ana):
    """At the start, and a day later again."""
    say(make_gateway(memory, clock), ana, "now")
    keeping = Keeping(memory, locks=LocalLocks(), clock=clock)

    async def days() -> list[int]:
        seen = []
        for step in (timedelta(), timedelta(hours=1), timedelta(days=731)):
            clock.now += step
            await keeping.look()
            seen.append(_messages(memory, ana))
        return seen

    assert asyncio.run(days()) == [2, 2, 0]


def _messages(memory: Memory, customer: str) -> int:
    from bot.channels.records import copy_of

    return len(copy_of(memory, customer, form="access", now=MONDAY, logic="")["transcript"])

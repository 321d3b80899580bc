"""A Rasa developer is at home: Rasa's own commands work on the project's files, through `rapport rasa`."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def _rasa(*arguments: str, answers: str = "") -> subprocess.CompletedProcess:
    command = [sys.executable, "-W", "ignore", "-m", "bot", "rasa", *arguments]
    return subprocess.run(command, cwd=ROOT, input=answers, capture_output=True, text=True, timeout=240, check=False)


@pytest.mark.slow
def test_conversations_can_be_tested(model, tmp_path):
    """Every step of tests/conversations is predicted as written there, from intents and slots alone."""
    options = ["--stories", "tests/conversations", "--model", str(model), "--out", str(tmp_path)]
    done = _rasa("test", "core", *options, "--fail-on-prediction-errors")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WrongPrediction" not in done.stdout + done.stderr
    assert "accuracy" in (tmp_path / "story_report.json").read_text()


@pytest.mark.slow
def test_a_wrong_conversation_is_found_out(model, tmp_path):
    """The test can fail."""
    (tmp_path / "wrong.yml").write_text(
        'version: "3.1"\nstories:\n  - story: wrong\n    steps:\n      - user: |\n          when do you open?\n'
        "        intent: opening_hours\n      - action: action_tell_location\n"
    )
    options = ["--stories", str(tmp_path), "--model", str(model), "--out", str(tmp_path / "out")]
    done = _rasa("test", "core", *options, "--fail-on-prediction-errors")
    assert "action_tell_opening_hours" in done.stdout + done.stderr


@pytest.mark.slow
def test_the_data_is_valid_for_rasa(model):
    """`rapport rasa data validate` finds no conflict."""
    done = _rasa("data", "validate")
    assert done.returncode == 0, done.stdout + done.stderr

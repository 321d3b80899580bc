"""What tests of several folders share: the trained model, trained once when it is stale."""

from pathlib import Path

import pytest

from bot.rasa import without_tensorflow

without_tensorflow.install()

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def model() -> Path:
    """The model of the present sources: the one that `make run` serves."""
    from bot import logs, settings, training

    logs.configure()
    return training.ensure_model(settings.load(ROOT, given={"DEMO": "1"}), tell=lambda _: None)

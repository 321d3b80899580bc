"""A database on disk, somebody to talk to without Rasa, and a gateway whose assistant does as a test says."""

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "shop"))

from service_world import Chat, make_gateway
from shop_talk import Clock, customer_of

from memory import Memory


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """A migrated database to copy."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    Memory.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def memory(tmp_path, template):
    shutil.copy(template, tmp_path / "service.db")
    opened = Memory.open(f"sqlite:///{tmp_path}/service.db")
    yield opened
    opened.close()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def ana(memory):
    return customer_of(memory, "ana")


@pytest.fixture
def talk(memory, clock, ana):
    return Chat(memory, clock, ana)


@pytest.fixture
def gateway(memory, clock):
    """Its assistant says "Which milk?" to everything, and is not busy."""
    return make_gateway(memory, clock)

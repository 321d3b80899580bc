"""The demo shop with its past orders, its engine that has learned from them, and somebody of it to talk to."""

import shutil
import sys
from pathlib import Path

import pytest

# The stage of the shop's conversations is shared; it is no package.
sys.path.append(str(Path(__file__).resolve().parents[1] / "shop"))
from shop_talk import CATALOGUE, MONDAY, ROOT, RULES, Clock, Talk

from bot import demo
from bot.offering.choices import Engine
from bot.offering.index import build_index
from bot.offers.tiers import order_lines
from memory import Memory, identities


@pytest.fixture(scope="session")
def seeded(tmp_path_factory):
    """A database with the demo's customers and orders, to copy."""
    path = tmp_path_factory.mktemp("seeded") / "seeded.db"
    memory = Memory.open(f"sqlite:///{path}", clock=Clock())
    demo.seed(memory, ROOT / "data" / "demo", now=MONDAY.replace(day=19))
    memory.close()
    return path


@pytest.fixture
def clock():
    """Thursday, the day after the demo's last order."""
    return Clock(MONDAY.replace(day=19))


@pytest.fixture
def memory(seeded, tmp_path, clock):
    """The demo's memory, for this test alone."""
    shutil.copy(seeded, tmp_path / "memory.db")
    opened = Memory.open(f"sqlite:///{tmp_path / 'memory.db'}", clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def empty(tmp_path, clock):
    """A memory in which nobody has bought anything."""
    opened = Memory.open(f"sqlite:///{tmp_path / 'empty.db'}", clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def engine(memory, clock):
    """What the demo's orders tell, all together."""
    with memory.read() as tx:
        index = build_index(CATALOGUE, order_lines(tx), rules=RULES.offers, as_of=clock())
    return Engine(CATALOGUE, index, RULES.offers)


@pytest.fixture
def talk_as(memory, clock, engine):
    """Somebody of the demo, who has been here before."""

    def start(subject: str, **of_talk) -> Talk:
        with memory.write() as tx:
            customer = identities.sign_in(tx, subject=subject, now=clock())
        talk = Talk(memory, clock, customer, engine=engine, **of_talk)
        talk.slots["met_before"] = True
        return talk

    return start

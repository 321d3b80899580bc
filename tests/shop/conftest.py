"""A database on disk and somebody to talk to."""

import pytest
from shop_talk import Clock, Talk, customer_of

from memory import Memory


@pytest.fixture
def memory(tmp_path):
    opened = Memory.open(f"sqlite:///{tmp_path}/shop.db")
    yield opened
    opened.close()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def talk(memory, clock):
    return Talk(memory, clock, customer_of(memory, "ana"))

"""Actions run by themselves on a real database: what they say, what they stage, which events they return."""

import asyncio
import sys
from pathlib import Path

import pytest
from rasa_sdk.executor import CollectingDispatcher

# The shop's stage set-up is shared with the conversations of tests/shop, which is no package.
sys.path.append(str(Path(__file__).resolve().parents[1] / "shop"))
from shop_talk import Clock, customer_of, shop_of, tracker_of

import actions
from memory import Memory, Turn, conversations


class Stage:
    """One turn of one customer: `run` gives the events; `said` and `turn` hold the rest."""

    def __init__(self, memory: Memory, clock: Clock) -> None:
        self.memory, self.clock = memory, clock
        self.customer = customer_of(memory, "ana")
        with memory.write() as tx:
            opened = conversations.open(tx, customer=self.customer, channel="web", now=clock())
        self.turn = Turn(self.customer, opened.id, "web", "en", clock(), "m1")
        self.actions = {action.name(): action for action in actions.build(shop_of(memory, clock))}
        self.said = []

    def run(self, name, slots=None, *, latest=None, arguments=None):
        dispatcher = CollectingDispatcher()
        tracker = tracker_of(slots or {}, latest or {}, self.turn, arguments)
        events = asyncio.run(self.actions[name].run(dispatcher, tracker, {}))
        self.said = dispatcher.messages
        return events

    def commit(self):
        with self.memory.write() as tx:
            for write in self.turn.writes:
                write(tx)


@pytest.fixture
def stage(tmp_path):
    memory = Memory.open(f"sqlite:///{tmp_path}/actions.db")
    yield Stage(memory, Clock())
    memory.close()

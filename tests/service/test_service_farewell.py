"""While a person is in charge, a customer is forgotten all the same: asked back, done at once, nothing else said."""

import asyncio

import pytest
from service_world import allows, grant, say

from bot.gateway import Incoming, Rejected
from memory import conversations, handoffs, messages
from memory.consent import Purpose
from memory.errors import UnknownCustomer
from memory.messages import Outgoing


@pytest.fixture
def away(gateway, memory, clock, ana):
    """The conversation of a customer whom a person has taken over."""
    say(gateway, ana, "a large latte")
    conversation = gateway.conversation(ana, "web").id
    with memory.write() as tx:
        handoffs.open(tx, customer=ana, conversation=conversation, reason="asked", packet={}, now=clock())
    return conversation


def _handle(gateway, customer, **given):
    async def handle():
        handled = await gateway.handle(Incoming(customer, "web", **given))
        await gateway.erasures.settled()
        return handled

    return asyncio.run(handle())


@pytest.mark.parametrize("answer", ["yes", "forget me", "Everything", "everything please"])
def test_a_typed_wish_is_asked_back_and_done(gateway, memory, ana, away, answer):
    """The receipt is the last thing that is said."""
    asked = _handle(gateway, ana, text="forget me").reply.messages
    assert [choice["title"] for choice in asked[-1].choices] == ["Everything", "Only this conversation", "Keep it"]
    done = _handle(gateway, ana, text=answer)
    assert done.is_last
    assert "receipt" in done.reply.messages[0].text
    with pytest.raises(UnknownCustomer), memory.read() as tx:
        conversations.get(tx, away)
    with pytest.raises(Rejected):
        _handle(gateway, ana, text="hello?")


def test_only_this_conversation_is_forgotten_by_a_tap(gateway, memory, ana, away):
    """What was said is gone, the customer is not, and the person stays in charge."""
    asked = _handle(gateway, ana, text="forget me").reply.messages
    tapped = _handle(gateway, ana, choice=asked[-1].choices[1]["choice"])
    with memory.read() as tx:
        left = messages.after(tx, away)
        assert conversations.get(tx, away).in_charge == "operator"
    assert [one.text for one in left] == ["Only this conversation", tapped.reply.messages[0].text]
    assert "forgotten" in left[-1].text


def test_keeping_everything_brings_no_task_back(gateway, ana, away):
    """The person who is in charge goes on, not the assistant."""
    _handle(gateway, ana, text="forget me")
    before = len(gateway.assistant.told)
    assert [one.text for one in _handle(gateway, ana, text="no").reply.messages] == ["Good, everything stays."]
    assert len(gateway.assistant.told) == before


def test_an_answer_to_the_person_in_charge_forgets_nobody(gateway, memory, clock, ana, away):
    """Once somebody has said something else, the question is over."""
    _handle(gateway, ana, text="forget me")
    asks = Outgoing("Shall I send it again?", sender="operator")
    with memory.write() as tx:
        said = {"message_id": "o1", "said": None, "replies": [asks], "now": clock()}
        messages.record_turn(tx, away, customer=ana, **said)
    handled = _handle(gateway, ana, text="yes")
    assert (handled.reply.messages, handled.is_last) == ((), False)


def test_a_refusal_beside_it_is_recorded_and_confirmed(gateway, memory, clock, ana, away):
    """Both are heard."""
    grant(memory, clock, ana, Purpose.MARKETING, "email")
    clock.forward(minutes=1)
    replies = _handle(gateway, ana, text="leave me alone and forget me").reply.messages
    assert "no more marketing" in replies[0].text
    assert "Everything" in [choice["title"] for choice in replies[1].choices]
    assert not allows(memory, ana, Purpose.MARKETING, "email")

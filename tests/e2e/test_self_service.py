"""Refusals, self-service and the customers' privacy calls, against the trained assistant."""

import pytest

from memory import consent, identities
from memory.consent import Purpose


def _customer(parts, subject):
    with parts.memory.read() as tx:
        return identities.find(tx, channel="shop", address=subject)


def _allows(parts, subject, purpose, channel="*"):
    with parts.memory.read() as tx:
        return consent.allows(tx, identities.find(tx, channel="shop", address=subject), purpose, channel)


def _texts(messages):
    return " ".join(message["text"] for message in messages)


@pytest.mark.parametrize("text", ["STOP", "please leave me alone with these offers", "no more emails, ever"])
def test_a_refusal_in_the_middle_of_an_order_is_confirmed_and_the_order_goes_on(someone, parts, text):
    """One reply: what is off, and the open question with its choices."""
    refuser = someone(f"refuser {text}")
    refuser.say("a large latte please")
    replies = refuser.say(text)
    assert "no more marketing" in replies[0]["text"]
    assert [choice["title"] for choice in replies[-1]["choices"]].count("Oat milk") == 1
    with parts.memory.read() as tx:
        (entry,) = consent.history(tx, _customer(parts, f"refuser {text}"))
    assert (entry.purpose, entry.decision) == ("marketing", "withdrawn")


def test_cancel_in_the_middle_of_an_order_drops_the_order(someone, parts):
    """On the web it is no refusal."""
    canceller = someone("canceller")
    canceller.say("a large latte please")
    canceller.say("cancel")
    with parts.memory.read() as tx:
        assert consent.history(tx, _customer(parts, "canceller")) == ()


def test_a_refusal_beside_an_order_leaves_the_order(someone, parts):
    """Both are served."""
    both = someone("both at once")
    replies = both.say("a large latte please, and stop sending me your newsletter")
    assert "no more marketing" in _texts(replies)
    assert "milk" in replies[-1]["text"]


def test_memory_refused_is_memory_off_and_on_again(someone, parts):
    """By words, and by words again."""
    forgetful = someone("forgetful")
    forgetful.say("hi")
    forgetful.say("stop remembering things about me")
    assert not _allows(parts, "forgetful", Purpose.RESUME)
    assert forgetful.say("when do you open?")[0]["text"]
    forgetful.say("turn memory back on")
    assert _allows(parts, "forgetful", Purpose.RESUME)
    assert _allows(parts, "forgetful", Purpose.PREFERENCES)

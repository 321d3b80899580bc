"""Refusals, self-service and the customers' privacy calls, against the trained assistant."""

import re
import time

import pytest

from memory import consent, handoffs, identities
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


def test_being_forgotten_needs_nobody(someone, parts):
    """A typed wish is asked back and done while a person is in charge; the order that waits is not touched."""
    leaving = someone("leaving")
    leaving.say("a large latte please")
    customer = _customer(parts, "leaving")
    conversation = parts.gateway.conversation(customer, "web").id
    with parts.memory.write() as tx:
        handoffs.open(tx, customer=customer, conversation=conversation, reason="asked", packet={}, now=parts.clock())
    assert leaving.say("where is my parcel?") == []
    leaving.say("delete everything you have about me please")
    assert "receipt" in _texts(leaving.say("yes, everything"))
    assert leaving.post({"text": "hello"}).status_code == 401


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


def test_newcomers_are_told_that_unfinished_orders_are_kept_and_switch_it_off_by_a_tap(someone, parts):
    """At first contact, whatever they say first."""
    for subject, first in (("newcomer", "hi"), ("hurried newcomer", "a large latte please")):
        newcomer = someone(subject)
        told = newcomer.say(first)[0]
        assert "I keep unfinished orders" in told["text"]
        newcomer.tap("Don't keep them")
        assert not _allows(parts, subject, Purpose.RESUME)


def test_a_typed_yes_answers_the_question_that_was_asked(someone, parts):
    """Shall I remember that? Yes."""
    teller = someone("teller")
    asked = teller.say("I always have oat milk")
    assert "Shall I remember that" in _texts(asked)
    teller.say("yes please")
    known = teller.client.get("/api/me", headers=teller.headers).json()
    assert [(fact["attribute"], fact["value"]) for fact in known["facts"]] == [("milk", "oat")]
    assert known["consent_history"][-1]["method"] == "words"
    assert "as usual" in _texts(teller.say("a large latte please"))
    assert "Because of this: you always have oat milk" in _texts(teller.say("why do you say that?"))


def test_nothing_of_ones_own_is_behind_an_opening_hour(someone):
    """What was said before does not linger."""
    asker = someone("asker")
    asker.say("I always have oat milk")
    asker.tap("Remember such things")
    asker.say("a large latte please")
    asker.say("when do you close?")
    asker.say("cancel")
    asker.say("when do you close?")
    assert "nothing of yours behind that" in _texts(asker.say("how do you know that?"))


def test_what_is_told_beside_an_order_is_heard_and_the_order_goes_on(someone):
    """One message, both."""
    both = someone("orders and tells")
    replies = both.say("a large latte please, I never take sugar by the way")
    assert "Shall I remember that" in _texts(replies)
    assert "milk" in replies[-1]["text"]


def test_everything_known_is_shown_in_cards_with_taps(someone):
    """On the web as cards."""
    curious = someone("curious")
    curious.say("I always have oat milk")
    curious.tap("Remember such things")
    shown = curious.say("what do you know about me?")
    cards = [card for message in shown for card in message["cards"]]
    assert cards[0]["title"] == "You always have oat milk"
    assert [choice["title"] for choice in cards[0]["choices"]] == ["That's not right", "Forget that"]
    curious.post({"choice": cards[0]["choices"][1]["choice"]})
    assert curious.client.get("/api/me", headers=curious.headers).json()["facts"] == []


def test_forget_everything_erases_after_the_turn_and_gives_the_receipt(client, parts, application):
    """The reply names it, the old token is refused, the receipt shows what was done."""
    from starlette.testclient import TestClient

    from .conftest import Someone

    with TestClient(application) as living:
        leaver = Someone(living, parts, "leaver")
        leaver.say("a large latte please")
        leaver.say("please delete all my data")
        (last,) = leaver.tap("Everything")
        receipt = re.search(r"r_[\w-]{22}", last["text"]).group()
        assert leaver.post({"text": "hi"}).status_code == 401
        deadline = time.monotonic() + 20
        while living.get(f"/api/receipts/{receipt}").json()["state"] != "done":
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_a_link_to_the_copy_works(someone):
    """As a file, without a token."""
    exporter = someone("exporter")
    text = _texts(exporter.say("export my data please"))
    path = re.search(r"/api/export/[\w.-]+", text).group()
    assert exporter.client.get(path).json()["transcript"][0]["text"] == "export my data please"


def test_signing_in_while_chatting_asks_whether_to_bring_it_along(someone, client):
    """Yes by word; the order that was begun is offered."""
    token = client.post("/api/visitors").json()["token"]
    client.post("/api/chat", json={"text": "a large latte please"}, headers={"Authorization": f"Bearer {token}"})
    signed_in = someone("signed in")
    assert client.post("/api/me/link", json={"visitor_token": token}, headers=signed_in.headers).status_code == 202
    history = client.get("/api/chat/history", headers=signed_in.headers).json()["messages"]
    assert "Shall I bring that conversation along?" in history[-1]["text"]
    assert [message["from"] for message in history] == ["assistant"] * len(history)
    assert "choosing the milk for a large latte" in _texts(signed_in.say("yes please"))


def test_a_declared_child_is_not_asked_to_be_remembered(someone):
    """No profile."""
    assert "Shall I remember" not in _texts(someone("little one", child=True).say("I always have oat milk"))


@pytest.mark.browser
def test_whoever_signs_in_on_the_page_is_asked_once_and_brings_the_order_along(page, served):
    """In a real browser: a visitor begins an order, signs in, says yes, and goes on with it."""
    from playwright.sync_api import expect

    page.goto(served)
    page.get_by_role("radio", name="A new visitor").check(force=True)
    page.get_by_role("button", name="Say “a large latte, please”").click()
    chat = page.get_by_role("log", name="Conversation")
    expect(chat.get_by_role("button", name="Oat milk")).to_be_visible()
    page.get_by_role("radio", name="Dora", exact=True).check(force=True)
    expect(chat).to_contain_text("Shall I bring that conversation along?")
    chat.get_by_role("button", name="Yes, bring it along").click()
    expect(chat).to_contain_text("You were choosing the milk for a large latte")

"""Two channels of one person: joined by a code or on signing in, never presumed, and given back whole."""

import re

import pytest
from service_world import Chat, grant, known_facts

from actions.linking import code_in
from memory import identities, links, threads
from memory.consent import Purpose, require


@pytest.fixture
def phone(memory, clock):
    """Somebody who writes from an unverified number."""
    with memory.write() as tx:
        customer = identities.for_address(tx, channel="messaging", address="+49 30 555", now=clock())
    return Chat(memory, clock, customer, channel="messaging")


def _scope(memory, customer):
    with memory.read() as tx:
        return require(tx, customer, Purpose.RESUME).scope


def _code(talk):
    talk.say("link my phone", "link_identity")
    (shown,) = talk.tap("Show me a code here")
    return re.search(r"[2-9A-Z]{4}-[2-9A-Z]{4}", shown.text).group()


def test_a_code_shown_on_one_channel_and_typed_on_the_other_joins_both(talk, phone, memory):
    """Both know what either was told."""
    code = _code(talk)
    (told,) = phone.say(f"my code is {code}", "link_identity")
    assert told.name == "utter_code_linked"
    assert _scope(memory, talk.customer) == {talk.customer, phone.customer}


def test_a_code_can_be_typed_when_asked_for(talk, phone, memory):
    """In any case, without its hyphen."""
    code = _code(talk)
    phone.say("link my account", "link_identity")
    phone.tap("I have a code")
    phone.say(code.replace("-", "").lower(), "inform")
    assert phone.shown[-1].name == "utter_code_linked"


def test_unverified_identities_never_merge_by_themselves(talk, phone, memory):
    """The same person or not: without a code each is their own."""
    assert _scope(memory, talk.customer) == {talk.customer}
    assert _scope(memory, phone.customer) == {phone.customer}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("my code is abcd-efgh", "ABCDEFGH"),
        ("my code is ABCDEFGH.", "ABCDEFGH"),
        ("2345 6789", "23456789"),
        ("abcdefgh", "ABCDEFGH"),
        ("that gift card please", None),
        ("i messaged you yesterday evening", None),
    ],
)
def test_a_code_is_read_however_it_is_written(text, code):
    """And no sentence is one."""
    assert code_in(text) == code


@pytest.mark.parametrize("code", ["2222-2222", "not a code at all", "K-1042"])
def test_a_wrong_code_joins_nobody(talk, phone, memory, code):
    """And says how to get a right one."""
    phone.say("link my account", "link_identity")
    phone.tap("I have a code")
    phone.say(code, "inform")
    assert phone.shown[-1].name == "utter_code_wrong"
    assert _scope(memory, phone.customer) == {phone.customer}


def test_guessing_is_stopped(phone, memory):
    """Five wrong ones in an hour."""
    for _ in range(5):
        phone.say("my code is 2222-2222", "link_identity")
    (told,) = phone.say("my code is 3333-3333", "link_identity")
    assert told.name == "utter_code_wait"


def test_a_code_is_too_old_after_ten_minutes(talk, phone, memory, clock):
    """And good for one use."""
    code = _code(talk)
    clock.forward(minutes=11)
    (told,) = phone.say(f"my code is {code}", "link_identity")
    assert told.name == "utter_code_wrong"


def test_a_link_is_undone_by_a_tap_and_both_sides_are_whole(talk, phone, memory, clock):
    """Each has its own back."""
    grant(memory, clock, talk.customer, Purpose.PREFERENCES)
    clock.forward(minutes=1)
    talk.tell("I never take sugar")
    phone.say(f"my code is {_code(talk)}", "link_identity")
    assert known_facts(memory, phone.customer) == {("taste", "sugar", "never")}
    phone.tap("Undo the link")
    assert known_facts(memory, phone.customer) == set()
    assert known_facts(memory, talk.customer) == {("taste", "sugar", "never")}


def test_links_are_shown_to_whoever_wants_to_undo_one(talk, phone, memory):
    """By word as well."""
    (none,) = talk.say("unlink my phone", "link_identity")
    assert none.name == "utter_no_links"
    phone.say(f"my code is {_code(talk)}", "link_identity")
    (shown,) = talk.say("unlink my phone", "link_identity")
    assert list(shown.choices) == ["Undo the link"]
    talk.tap("Undo the link")
    assert _scope(memory, talk.customer) == {talk.customer}


@pytest.fixture
def visitor(memory, clock):
    """Somebody not signed in, with a latte half-done."""
    with memory.write() as tx:
        customer = identities.create_visitor(tx, now=clock())
    chat = Chat(memory, clock, customer)
    chat.say("a large latte to go", "order", ("product", "latte"), ("size", "large"), ("fulfilment", "pickup"))
    return chat


def _asked(talk, visitor):
    from bot.flows.model import Choice, Message

    choice = Choice(flow="bring_along", set={"visitor": visitor.customer})
    talk._turn({"text": "", "intent": {"name": "choose"}}, (Message(text="", intent="choose", choice=choice),))
    return talk.shown[-1]


def test_whoever_signs_in_while_chatting_is_asked(talk, visitor, memory):
    """Two answers, and nothing is joined before."""
    asked = _asked(talk, visitor)
    assert list(asked.choices) == ["Yes, bring it along", "No, keep it apart"]
    assert _scope(memory, talk.customer) == {talk.customer}


@pytest.mark.parametrize("answer", ["tap", "words"])
def test_yes_brings_the_half_done_order_along(talk, visitor, memory, answer):
    """It is offered in the same reply."""
    _asked(talk, visitor)
    if answer == "tap":
        talk.tap("Yes, bring it along")
    else:
        talk.say("yes please", "affirm")
    assert "choosing the milk for a large latte" in talk.shown[-1].text
    talk.tap("Continue")
    talk.tap("Oat milk")
    assert "a large latte with oat milk" in talk.shown[-1].text


def test_no_keeps_it_apart(talk, visitor, memory):
    """No link is made."""
    _asked(talk, visitor)
    talk.say("no", "deny")
    with memory.read() as tx:
        assert links.of(tx, talk.customer) == ()
        assert len(threads.open_for(tx, require(tx, visitor.customer, Purpose.RESUME))) == 1

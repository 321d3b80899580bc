"""Refusals are heard before everything else, recorded with the reply, confirmed once, and put right by a tap."""

import asyncio

import pytest
from service_world import allows, by_keyword, grant, ledger, make_gateway, say
from shop_talk import Talk

from actions.consents import ONCE, SCOPES, Refusal
from bot.flows.model import Message
from bot.gateway import Incoming
from bot.refusals import Heard, woven
from memory import consent, handoffs, identities
from memory.consent import Purpose
from memory.messages import Option

KEYWORDS = ["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT", "OPT-OUT", "REMOVE", "ARRET"]
CHANNELS = ["web", "messaging"]


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("word", [*KEYWORDS, "stop", " Stop. ", "unsubscribe!"])
def test_a_keyword_ends_marketing_on_every_channel(gateway, memory, clock, ana, word, channel):
    """Whatever had been allowed where, in the transaction of the reply."""
    grant(memory, clock, ana, Purpose.MARKETING, "email")
    say(gateway, ana, word, channel=channel)
    assert not allows(memory, ana, Purpose.MARKETING, "email")
    assert ledger(memory, ana)[-1] == ("marketing", "*", "withdrawn", "keyword")


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_refusal_counts_while_a_person_is_in_charge(gateway, memory, clock, ana, channel):
    """It is confirmed by the assistant, which says nothing else."""
    grant(memory, clock, ana, Purpose.MARKETING, channel)
    _hand_over(gateway, memory, clock, ana, channel)
    assert ["no more marketing" in text for text in say(gateway, ana, "STOP", channel=channel)] == [True]
    assert not allows(memory, ana, Purpose.MARKETING, channel)
    assert gateway.assistant.told == []


def test_a_person_in_charge_speaks_alone(gateway, memory, clock, ana):
    """Everything else is stored for them, and the assistant is silent."""
    _hand_over(gateway, memory, clock, ana, "web")
    assert say(gateway, ana, "where is my coffee?") == []


def test_a_refusal_counts_when_the_assistant_fails(memory, clock, ana):
    """No mistake elsewhere can lose it; the confirmation comes all the same."""
    gateway = make_gateway(memory, clock, fails=True)
    grant(memory, clock, ana, Purpose.MARKETING, "web")
    assert "no more marketing" in say(gateway, ana, "stop")[0]
    assert not allows(memory, ana, Purpose.MARKETING, "web")
    with pytest.raises(RuntimeError):
        say(gateway, ana, "a latte")


def test_a_repeated_refusal_is_recorded_once(gateway, memory, ana):
    """The same message id, the same reply, one entry."""
    first = say(gateway, ana, "stop", key="k")
    assert say(gateway, ana, "stop", key="k") == first
    assert len(ledger(memory, ana)) == 1


def test_the_evidence_says_how_when_and_where(gateway, memory, clock, ana):
    """Enough to show the decision later, without its words."""
    say(gateway, ana, "Unsubscribe", channel="messaging")
    with memory.read() as tx:
        (entry,) = consent.history(tx, ana)
    assert (entry.method, entry.touch_point, entry.actor, entry.language) == ("keyword", "messaging", "customer", "en")
    assert (entry.decided_at, len(entry.text_hash)) == (clock(), 64)


def test_cancel_in_the_middle_of_an_order_on_the_web_cancels_the_order(memory, clock, ana):
    """There it is no refusal; on a messaging app it is one."""
    gateway = make_gateway(memory, clock, busy=True)
    say(gateway, ana, "cancel")
    assert (gateway.assistant.told[-1].heard, ledger(memory, ana)) == (None, [])
    say(gateway, ana, "cancel", channel="messaging")
    assert ledger(memory, ana) == [("marketing", "*", "withdrawn", "keyword")]


def test_a_keyword_that_is_also_a_choice_just_shown_is_both_on_a_messaging_app(memory, clock, ana):
    """Suppressed first and asked about, and the choice is taken; on the web it is the choice."""
    gateway = make_gateway(memory, clock, offers=(Option("Cancel", {"command": "cancel"}),))
    for channel in CHANNELS:
        say(gateway, ana, "a latte", channel=channel)
        say(gateway, ana, "Cancel", channel=channel)
    web, app = gateway.assistant.told[1], gateway.assistant.told[3]
    assert (web.payload, web.heard) == ({"command": "cancel"}, None)
    assert (app.payload, app.heard.refusal.sure) == ({"command": "cancel"}, False)


def test_start_takes_back_in_on_this_channel_alone(gateway, memory, clock, ana):
    """What was refused everywhere is allowed where START was said."""
    say(gateway, ana, "STOP", channel="messaging")
    clock.forward(minutes=1)
    say(gateway, ana, "START", channel="messaging")
    assert allows(memory, ana, Purpose.MARKETING, "messaging")
    assert not allows(memory, ana, Purpose.MARKETING, "email")


@pytest.mark.parametrize("word", ["yes", "YES", "ok", "hello again"])
def test_nothing_else_takes_back_in(gateway, memory, clock, ana, word):
    """A bare yes never re-subscribes, nor does writing again."""
    say(gateway, ana, "STOP", channel="messaging")
    clock.forward(minutes=1)
    say(gateway, ana, word, channel="messaging")
    assert not allows(memory, ana, Purpose.MARKETING, "messaging")


def test_start_means_nothing_to_somebody_who_never_left(gateway, memory, ana):
    """It takes back in; it is no first consent."""
    say(gateway, ana, "START", channel="messaging")
    assert ledger(memory, ana) == []


def test_start_does_not_take_a_child_in(gateway, memory, clock):
    """No marketing for a declared child, whatever is typed."""
    with memory.write() as tx:
        child = identities.sign_in(tx, subject="kid", child=True, now=clock())
    say(gateway, child, "stop", channel="messaging")
    clock.forward(minutes=1)
    say(gateway, child, "start", channel="messaging")
    assert not allows(memory, child, Purpose.MARKETING, "messaging")


# --- In the conversation ---------------------------------------------------------------------------------------------


def test_the_order_goes_on_in_the_same_reply(talk):
    """What is off, how to have it back, and the question that was open."""
    talk.say("a large latte to go", "order", ("product", "latte"), ("size", "large"), ("fulfilment", "pickup"))
    confirmed, *_, question = talk.say("no more emails please", "opt_out_marketing")
    assert "no more marketing" in confirmed.text
    assert "START" in confirmed.text
    assert "milk" in question.text


@pytest.mark.parametrize("scope", ["marketing", "memory", "profiling", "all"])
def test_everything_that_a_refusal_names_is_off(talk, memory, clock, scope):
    """And nothing else."""
    grant(memory, clock, talk.customer, Purpose.PREFERENCES)
    clock.forward(minutes=1)
    talk.say("no more of that", f"opt_out_{scope}")
    off = {p for p in Purpose if not allows(memory, talk.customer, p, "web" if p is Purpose.MARKETING else "*")}
    usual = {Purpose.MARKETING, Purpose.SHARING, Purpose.ANALYTICS, Purpose.SENSITIVE}
    assert off == usual | set(SCOPES[scope])


def test_a_doubtful_refusal_is_obeyed_and_asked_about(talk, memory, clock):
    """Three ways to have meant it; "not what I meant" restores exactly what there was."""
    grant(memory, clock, talk.customer, Purpose.MARKETING, "email")
    clock.forward(minutes=1)
    _doubt(talk)
    assert not allows(memory, talk.customer, Purpose.MARKETING, "email")
    assert talk.titles() == ["All marketing", "Only on this channel", "Not what I meant"]
    clock.forward(minutes=1)
    talk.tap("Not what I meant")
    assert allows(memory, talk.customer, Purpose.MARKETING, "email")
    assert not allows(memory, talk.customer, Purpose.MARKETING, "web")


def test_only_on_this_channel_leaves_the_others(talk, memory, clock):
    """What was allowed by mail is allowed again, what was allowed here is not."""
    for channel in ("email", "web"):
        grant(memory, clock, talk.customer, Purpose.MARKETING, channel)
    clock.forward(minutes=1)
    _doubt(talk)
    clock.forward(minutes=1)
    talk.tap("Only on this channel")
    assert allows(memory, talk.customer, Purpose.MARKETING, "email")
    assert not allows(memory, talk.customer, Purpose.MARKETING, "web")


def test_without_leave_to_remember_the_conversation_is_volatile_and_that_is_said(talk, memory, clock):
    """Nothing that is said afterwards is offered again elsewhere."""
    talk.say("a large latte", "order", ("product", "latte"), ("size", "large"))
    confirmed, *_ = talk.say("stop remembering things about me", "opt_out_memory")
    assert "this conversation is gone when it ends" in confirmed.text
    assert not allows(memory, talk.customer, Purpose.RESUME)


@pytest.mark.parametrize(
    ("text", "purpose", "channel"),
    [
        ("turn personalisation on", Purpose.PERSONALISATION, "*"),
        ("please remember what i like", Purpose.PREFERENCES, "*"),
        ("send me your newsletter", Purpose.MARKETING, "email"),
        ("i want your deals again", Purpose.MARKETING, "web"),
    ],
)
def test_opting_in_by_words_takes_one_message_too(talk, memory, clock, text, purpose, channel):
    """Exactly what was named, on the channel named."""
    talk.say("stop everything", "opt_out_all")
    clock.forward(minutes=1)
    talk.say(text, "opt_in")
    assert allows(memory, talk.customer, purpose, channel)
    granted = [entry for entry in ledger(memory, talk.customer) if entry[2] == "granted"]
    assert {entry[0] for entry in granted} <= {purpose.value, "resume"}


def test_opting_in_without_saying_to_what_is_asked_back(talk, memory):
    """Only what is off is offered, each by itself."""
    (asked,) = talk.say("opt me in", "opt_in")
    assert list(asked.choices) == ["Send me offers here", "Remember what I like"]
    talk.tap("Remember what I like")
    assert allows(memory, talk.customer, Purpose.PREFERENCES)
    assert not allows(memory, talk.customer, Purpose.MARKETING, "web")


def test_a_child_cannot_opt_in(memory, clock):
    """It is said why."""
    with memory.write() as tx:
        child = identities.sign_in(tx, subject="kid", child=True, now=clock())
    talk = Talk(memory, clock, child)
    (told,) = talk.say("send me your newsletter", "opt_in")
    assert told.name == "utter_child_protected"
    assert ledger(memory, child) == []


# --- What understanding made of it -----------------------------------------------------------------------------------


def _parsed(*intents, entities=()):
    requests = [
        {"text": name, "intent": {"name": name, "confidence": 0.9}, "entities": list(entities)} for name in intents
    ]
    return requests[0] if len(requests) == 1 else {**requests[0], "requests": requests}


@pytest.mark.parametrize(
    ("parsed", "refusal", "intents"),
    [
        (_parsed("smalltalk"), Refusal("marketing"), ["opt_out_marketing"]),
        (_parsed("smalltalk"), Refusal("marketing", sure=False), ["smalltalk", "opt_out_marketing"]),
        (_parsed("order", "opt_out_memory"), Refusal("all"), ["order", "opt_out_all"]),
        (_parsed("order", entities=[{"entity": "milk", "value": "oat"}]), Refusal("all"), ["order", "opt_out_all"]),
        (_parsed("opt_out_marketing", "opt_out_memory"), Refusal("all"), ["opt_out_all"]),
        (_parsed("order", "dont_remember"), Refusal(ONCE), ["order", "dont_remember"]),
        (_parsed("dont_remember"), Refusal("memory"), ["opt_out_memory"]),
        (_parsed("order", "dont_remember"), Refusal("marketing"), ["order", "dont_remember", "opt_out_marketing"]),
    ],
)
def test_the_refusal_stands_beside_what_else_was_said(parsed, refusal, intents):
    """Once, whatever understanding called it; other requests of the message stay."""
    made = woven(parsed, Heard("words", refusal))
    assert [message.intent for message in Message.from_rasa(made)] == intents
    assert Refusal(**made["refusal"]) == refusal


def _doubt(talk):
    refusal = Refusal("marketing", sure=False).to_json()
    latest = {"text": "leave me alone", "intent": {"name": "opt_out_marketing", "confidence": 0.4}, "entities": []}
    talk._turn(latest, Message.from_rasa(latest))
    return refusal


def _hand_over(gateway, memory, clock, customer, channel):
    conversation = gateway.conversation(customer, channel)
    with memory.write() as tx:
        handoffs.open(tx, customer=customer, conversation=conversation.id, reason="asked", packet={}, now=clock())


def test_a_doubtful_refusal_is_recorded_before_it_is_asked_about(gateway, memory, clock, ana):
    """Suppress first."""
    grant(memory, clock, ana, Purpose.MARKETING, "web")
    clock.forward(minutes=1)
    asyncio.run(gateway.handle(Incoming(ana, "web", text="please leave me alone with that")))
    assert not allows(memory, ana, Purpose.MARKETING, "web")
    assert by_keyword("leave me alone", context=None).sure is False

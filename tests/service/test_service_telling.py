"""What customers tell of themselves: asked about before it is kept, corrected at once, and never used silently."""

import pytest
from service_world import Chat, allows, grant, known_facts, ledger

from actions.facts_told import Told, plan
from bot.telling import with_facts
from memory import consent, facts, identities, messages
from memory.consent import Evidence, Purpose

OAT = ("I always have oat milk", "state_preference", ("milk", "oat", "oat milk"))


@pytest.fixture
def trusting(talk, memory, clock):
    """Somebody who lets us remember."""
    grant(memory, clock, talk.customer, Purpose.PREFERENCES)
    clock.forward(minutes=1)
    return talk


def test_the_first_lasting_fact_asks_before_it_is_kept(talk, memory):
    """Three answers, and nothing is written before one of them."""
    (asked,) = talk.tell(*OAT)
    assert "Shall I remember that for next time: you always have oat milk?" in asked.text
    assert list(asked.choices) == ["Remember such things", "Just this once", "Never"]
    assert (known_facts(memory, talk.customer), ledger(memory, talk.customer)) == (set(), [])


def test_remember_such_things_keeps_this_one_and_asks_no_more(talk, memory):
    """With the text that was agreed to as evidence."""
    talk.tell(*OAT)
    talk.tap("Remember such things")
    assert known_facts(memory, talk.customer) == {("milk", "oat", "must")}
    assert ledger(memory, talk.customer) == [("preferences", "*", "granted", "button")]
    (noted,) = talk.tell("I never take sugar")
    assert noted.text == "Noted: you never have sugar."


@pytest.mark.parametrize(("answer", "decisions"), [("Just this once", []), ("Never", ["preferences", "sensitive"])])
def test_any_other_answer_keeps_nothing(talk, memory, answer, decisions):
    """Just this once decides nothing; never is a refusal."""
    talk.tell(*OAT)
    talk.tap(answer)
    assert known_facts(memory, talk.customer) == set()
    assert [entry[0] for entry in ledger(memory, talk.customer)] == decisions


def test_the_order_goes_on_when_something_is_told_beside_it(trusting):
    """Heard, and the question that was open comes in the same reply."""
    trusting.say("a large latte to go", "order", ("product", "latte"), ("size", "large"), ("fulfilment", "pickup"))
    noted, *_, question = trusting.tell("I hate cinnamon")
    assert "Noted: you don't care for cinnamon" in noted.text
    assert "milk" in question.text


def test_a_fact_has_its_source(trusting, memory, clock):
    """The turn, the channel, the time and who told it."""
    trusting.tell(*OAT)
    with memory.read() as tx:
        (fact,) = facts.of(tx, consent.require(tx, trusting.customer, Purpose.PREFERENCES))
        turn = messages.next_turn(tx, trusting.conversation)
    assert (fact.channel, fact.conversation, fact.turn) == ("web", trusting.conversation, turn)
    assert (fact.told_by, fact.touch_point, fact.told_at) == ("customer", "chat", clock())


def test_a_correction_wins_at_once_and_says_what_it_replaces(trusting, memory):
    """The old one is kept as replaced."""
    trusting.tell(*OAT)
    (noted,) = trusting.tell("actually I prefer soy milk now", "state_preference", ("milk", "soy", "soy milk"))
    assert noted.text == "Noted: you like soy milk. Before, I had it that you always have oat milk."
    assert known_facts(memory, trusting.customer) == {("milk", "soy", "like")}


def test_what_is_no_longer_so_is_forgotten(trusting, memory):
    """In the customer's words."""
    trusting.tell("I'm vegan now")
    (told,) = trusting.tell("I'm not vegan any more")
    assert told.text == "Forgotten: your diet: vegan."
    assert known_facts(memory, trusting.customer) == set()


def test_a_contradiction_is_asked_about_and_not_guessed(trusting, memory):
    """Both stand as disputed until the customer says which holds."""
    trusting.tell("I love oat milk", "state_preference", ("milk", "oat", "oat milk"))
    (asked,) = trusting.tell("I don't like oat milk", "state_preference", ("milk", "oat", "oat milk"))
    assert "Which is right?" in asked.text
    with memory.read() as tx:
        grant_ = consent.require(tx, trusting.customer, Purpose.PREFERENCES)
        assert len(facts.disputed(tx, grant_)[0]) == 2
    trusting.tap("You don't care for oat milk")
    assert known_facts(memory, trusting.customer) == {("milk", "oat", "dislike")}


def test_neither_forgets_both(trusting, memory):
    """The fourth way."""
    trusting.tell("I love oat milk", "state_preference", ("milk", "oat", "oat milk"))
    trusting.tell("I don't like oat milk", "state_preference", ("milk", "oat", "oat milk"))
    trusting.tap("Neither, forget both")
    assert known_facts(memory, trusting.customer) == set()


def test_what_was_just_noted_is_taken_back_by_a_tap(trusting, memory):
    """One tap."""
    trusting.tell(*OAT)
    trusting.tap("Forget that")
    assert known_facts(memory, trusting.customer) == set()


@pytest.mark.parametrize("text", ["I'm allergic to nuts", "I'm diabetic", "i am lactose intolerant"])
def test_what_is_sensitive_is_kept_only_on_a_yes_of_its_own_in_the_customers_words(trusting, memory, text):
    """Also when remembering is on."""
    (asked,) = trusting.tell(text)
    assert f"“{text}”" in asked.text
    assert list(asked.choices) == ["Yes, keep it", "No, don't keep it"]
    assert known_facts(memory, trusting.customer, Purpose.SENSITIVE) == set()
    trusting.tap("Yes, keep it")
    assert len(known_facts(memory, trusting.customer, Purpose.SENSITIVE)) == 1
    assert ledger(memory, trusting.customer)[-1] == ("sensitive", "*", "granted", "button")


def test_a_taste_and_an_allergy_of_one_message_are_asked_about_once(talk, memory):
    """One question, one yes for both: each under its own purpose."""
    (asked,) = talk.tell("I'm vegan and allergic to nuts")
    assert list(asked.choices) == ["Yes, keep it", "Only: your diet: vegan", "No, don't keep it"]
    talk.tap("Yes, keep it")
    assert known_facts(memory, talk.customer) == {("diet", "vegan", "must")}
    assert known_facts(memory, talk.customer, Purpose.SENSITIVE) == {("allergy", "nuts", "never")}
    assert [entry[0] for entry in ledger(memory, talk.customer)] == ["sensitive", "preferences"]


def test_of_a_taste_and_an_allergy_the_taste_may_be_kept_alone(talk, memory):
    """What is sensitive is never the price of what is not."""
    talk.tell("I'm vegan and allergic to nuts")
    talk.tap("Only: your diet: vegan")
    assert known_facts(memory, talk.customer) == {("diet", "vegan", "must")}
    assert known_facts(memory, talk.customer, Purpose.SENSITIVE) == set()


def test_each_sensitive_thing_is_asked_for(trusting, memory):
    """A yes to one is no yes to the next."""
    trusting.tell("I'm allergic to nuts")
    trusting.tap("Yes, keep it")
    trusting.tell("I'm diabetic")
    trusting.tap("No, don't keep it")
    assert known_facts(memory, trusting.customer, Purpose.SENSITIVE) == {("allergy", "nuts", "never")}


def test_without_leave_to_remember_nothing_is_kept_and_that_is_said(talk, memory, clock):
    """Nor asked for again."""
    with memory.write() as tx:
        consent.decide(
            tx, talk.customer, purpose=Purpose.PREFERENCES, decision="withdrawn", evidence=Evidence("api"), now=clock()
        )
    (told,) = talk.tell(*OAT)
    assert told.name == "utter_not_kept"
    assert known_facts(memory, talk.customer) == set()


def test_a_child_is_not_even_asked(memory, clock):
    """No profile."""
    with memory.write() as tx:
        child = identities.sign_in(tx, subject="kid", child=True, now=clock())
    (told,) = Chat(memory, clock, child).tell(*OAT)
    assert told.name == "utter_not_kept"


@pytest.mark.parametrize(
    ("text", "intent", "asks"),
    [
        ("I never take sugar", "order", ["order", "state_preference"]),
        ("I never take sugar", "state_preference", ["state_preference"]),
        ("a large latte please", "order", ["order"]),
        ("my wife never takes sugar", "order", ["order"]),
        ("forget that I never take sugar", "forget_that", ["forget_that"]),
    ],
)
def test_what_is_told_is_heard_beside_what_is_asked(text, intent, asks):
    """Once; and not when the customer forgets or asks about it."""
    made = with_facts({"text": text, "intent": {"name": intent, "confidence": 0.9}, "entities": []})
    assert [r["intent"]["name"] for r in made.get("requests") or [made]] == asks


# --- Used only as a choice -------------------------------------------------------------------------------------------


def _ask_for_milk(talk):
    talk.say("a large latte to go", "order", ("product", "latte"), ("size", "large"), ("fulfilment", "pickup"))
    return talk.shown[-1]


def test_a_preference_is_one_choice_among_others_with_an_exit(trusting):
    """Never taken by itself."""
    trusting.tell(*OAT)
    asked = _ask_for_milk(trusting)
    assert asked.text == "Oat milk as usual, or something else?"
    first, *others, last = asked.choices
    assert (first, last) == ("Oat milk as usual", "You choose")
    assert len(others) >= 2
    trusting.tap("Oat milk as usual")
    assert "a large latte with oat milk" in trusting.shown[-1].text


def test_another_answer_is_honoured_at_once(trusting):
    """The usual is no order."""
    trusting.tell(*OAT)
    _ask_for_milk(trusting)
    trusting.say("soy", "inform", ("milk", "soy"))
    assert "soy milk" in trusting.shown[-1].text


@pytest.mark.parametrize(
    ("days", "text"),
    [(179, "Oat milk as usual, or something else?"), (181, "It has been a while: still oat milk?"), (361, None)],
)
def test_a_fact_becomes_a_question_and_then_falls_silent(trusting, clock, days, text):
    """At one half-life it is asked about, past two it is not said."""
    trusting.tell(*OAT)
    clock.forward(days=days)
    asked = _ask_for_milk(trusting)
    if text is None:
        assert "oat milk" not in asked.text.lower()
        assert "Oat milk" in asked.choices
    else:
        assert asked.text.lower() == text.lower()


def test_taking_the_usual_confirms_it(trusting, clock):
    """Its half-life begins anew."""
    trusting.tell(*OAT)
    clock.forward(days=200)
    _ask_for_milk(trusting)
    trusting.tap("Still oat milk")
    trusting.tap("Yes, order it")
    clock.forward(days=100)
    assert _ask_for_milk(trusting).text == "Oat milk as usual, or something else?"


def test_without_leave_the_question_is_the_plain_one(trusting, memory, clock):
    """Twin customers: only the one who agreed is asked by name."""
    trusting.tell(*OAT)
    trusting.say("stop remembering what I like", "opt_out_memory")
    assert "usual" not in _ask_for_milk(trusting).text


def test_an_allergy_protects(trusting):
    """What is in the drink is said before it is ordered."""
    trusting.tell("I'm lactose intolerant")
    trusting.tap("Yes, keep it")
    said = (("product", "latte"), ("size", "large"), ("milk", "whole"), ("fulfilment", "pickup"))
    trusting.say("a large latte with whole milk", "order", *said)
    warned = [shown.text for shown in trusting.shown if shown.name == "utter_allergy_warning"]
    assert len(warned) == 1
    assert "Careful: this contains milk" in warned[0]


def test_what_suits_is_not_warned_of(trusting):
    """No warning without a reason."""
    trusting.tell("I'm lactose intolerant")
    trusting.tap("Yes, keep it")
    said = (("product", "latte"), ("size", "large"), ("milk", "soy"), ("fulfilment", "pickup"))
    trusting.say("a large soy latte", "order", *said)
    assert "action_warn_of_allergens" in trusting.ran
    assert all(shown.name != "utter_allergy_warning" for shown in trusting.shown)


# --- The plan --------------------------------------------------------------------------------------------------------


def test_telling_it_again_changes_nothing(trusting, memory):
    """It confirms."""
    trusting.tell(*OAT)
    trusting.tell(*OAT)
    assert known_facts(memory, trusting.customer) == {("milk", "oat", "must")}


def test_two_likes_stand_beside_each_other():
    """Liking soy says nothing against oat."""
    soy = Told("milk", "soy", "like")
    assert [change.how for change in plan([soy], [], corrects=False)] == ["record"]


def test_a_new_number_replaces_the_old_one(trusting, memory):
    """A budget is one."""
    trusting.tell("my budget is 20 euros a month")
    trusting.tell("my budget is 30 euros a month")
    assert known_facts(memory, trusting.customer) == {("budget", "30", "must")}


def test_marketing_is_not_touched_by_a_yes_to_remembering(talk, memory):
    """A yes answers its own question and no other."""
    talk.tell(*OAT)
    talk.tap("Remember such things")
    assert not allows(memory, talk.customer, Purpose.MARKETING, "web")

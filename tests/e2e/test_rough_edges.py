"""What people type when they are in a hurry: noise, slips, two things at once; nobody is left at a dead end."""

from memory import consent, identities
from memory.consent import Purpose


def texts(messages):
    return [message["text"] for message in messages]


def test_noise_is_not_understood_rather_than_not_sold(someone):
    """It is asked again, the second time a person is offered; the order stays."""
    eva = someone("eva")
    eva.say("a large latte with soy milk please")
    first = eva.say("qwrtpf")
    assert first[0]["text"] in ("Sorry, I didn't get that.", "I didn't quite follow.")
    assert "deliver" in first[-1]["text"]
    (second,) = eva.say("zxcvb")
    assert second["text"] == "I still don't follow, sorry. Shall I take a message for a person?"
    assert "deliver" in eva.tap("No, go on")[-1]["text"]


def test_noise_out_of_the_blue_asks_for_other_words(someone):
    """Nothing is said of what the shop does not do."""
    said = someone("eva2").say("zxcvb")
    assert said[-1]["text"] in (
        "I'm sorry, I didn't get that. Could you say it in other words?",
        "That was beyond me, sorry. Could you put it differently?",
    )
    assert [choice["title"] for choice in said[-1]["choices"]] == ["Talk to a person"]


def test_what_the_shop_has_not_is_not_promised_for_later(someone):
    """A croissant to go with the coffee: an honest no, and the order goes on."""
    finn = someone("finn")
    finn.say("a large latte with soy milk please")
    said = finn.say("and a croissant")
    assert said[0]["text"].startswith("Croissant: that we don't have, sorry")
    assert "Noted" not in str(texts(said))
    assert "deliver" in said[-1]["text"]


def test_a_yes_goes_to_the_question_that_it_can_answer(someone, parts):
    """ "What is your message about?" is not answered by yes, so it is the question beside it that is meant."""
    gina = someone("gina")
    gina.say("I want to talk to a person")
    asked = gina.say("I am allergic to nuts")
    assert asked[-1]["text"].startswith("I'm happy to pass on a message.")
    noted = gina.say("yes")
    assert noted[0]["text"] == "Noted: you are allergic to nuts."
    assert noted[-1]["text"].startswith("I'm happy to pass on a message.")
    with parts.memory.read() as tx:
        customer = identities.find(tx, channel="shop", address="gina")
        assert consent.allows(tx, customer, Purpose.SENSITIVE)


def test_a_yes_to_the_order_stays_one_to_the_order(someone, parts):
    """Where both questions take a yes, the task's is the one that was asked last."""
    hugo = someone("hugo")
    hugo.say("a large latte with soy milk to pick up")
    hugo.say("I am allergic to nuts")
    assert hugo.say("yes")[0]["text"].startswith("Thank you. Your order number is")
    with parts.memory.read() as tx:
        customer = identities.find(tx, channel="shop", address="hugo")
        assert not consent.allows(tx, customer, Purpose.SENSITIVE)


def test_never_mind_before_a_request_is_no_request(someone):
    """There is nothing to drop; that is not worth a sentence of its own."""
    ida = someone("ida")
    ida.say("hello")
    said = ida.say("never mind, I want to talk to a person")
    assert [text[:17] for text in texts(said)] == ["I'm happy to pass"]

"""Several requests in one message are told apart; one request is left whole."""

import pytest

from bot.rasa.nlu import requests
from bot.rasa.nlu.requests import Piece


def asked(understanding, text):
    told = understanding.parse(text)
    return [r["intent"] for r in told["requests"]] if "requests" in told else [told["intent"]]


@pytest.mark.parametrize(
    ("text", "intents"),
    [
        (
            "a large oat flat white to go, oh and when do you close, and no more emails please",
            ["order", "opening_hours", "opt_out_marketing"],
        ),
        ("where is my order and can i cancel it", ["order_status", "cancel_order"]),
        ("i want 2 cappuccinos and do you deliver to berlin", ["order", "delivery_info"]),
        ("yes and when do you close tomorrow", ["affirm", "opening_hours"]),
        ("stop the order. i want to talk to a human", ["cancel", "human"]),
        ("small americano no sugar what time do you open", ["order", "opening_hours"]),
        ("forget everything you know about me and stop emailing me", ["forget_everything", "opt_out_marketing"]),
    ],
)
def test_several_requests(understanding, text, intents):
    """Each request comes in order, with its own intent."""
    assert asked(understanding, text) == intents


@pytest.mark.parametrize(
    "text",
    [
        "hi, can i get a latte? thanks!",
        "i'd like a latte, a big one, with oat, and hot, for pickup at 9",
        "i want a latte. actually make it two",
        "hello there, how much is the chemex?",
        "a flat white, no wait, a cortado please",
        "can you tell me when you open",
        "2.5 euros is too expensive",
    ],
)
def test_one_request_stays_whole(understanding, text):
    """Greetings, details and corrections are no requests of their own."""
    assert len(asked(understanding, text)) == 1


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("the moka pot arrived dented, I'd like to exchange it", "return_product"),
        ("I usually drink tea, what coffee might I like?", "recommend"),
        ("I can't decide, what's good?", "recommend"),
        ("You have it down that I own a moka pot. Get rid of that entry.", "forget_that"),
        ("Till when are you serving tonight?", "opening_hours"),
    ],
)
def test_what_leads_up_to_a_request_is_none_itself(understanding, text, intent):
    """The reason for a return, a taste told with a question: the request is what counts."""
    assert asked(understanding, text) == [intent]


def test_what_asks_for_something_leads_up_to_nothing():
    """A complaint is the reason for what undoes something, but neither for a question nor where it bids something."""
    text = "the latte was cold. cancel it"
    complaint, undone = Piece(0, 19, "complaint", 0.9), Piece(20, 29, "cancel", 0.9)
    assert requests.led_up_to(text, [complaint, undone], "cancel_order")
    assert requests.led_up_to(text, [complaint, undone], "")
    assert not requests.led_up_to(text, [complaint, undone], "complaint")
    assert not requests.led_up_to(text, [complaint, Piece(20, 29, "opening_hours", 0.9)], "opening_hours")
    assert not requests.led_up_to("is it late? cancel it", [Piece(0, 11, "order_status"), undone], "cancel")


def test_a_correction_in_the_same_breath_stays_with_its_order(understanding):
    """An order that is corrected at once is one order."""
    told = understanding.parse("a latte and a croissant, no, make it two")
    assert "requests" not in told
    assert told["entities"] == {"product": "latte", "quantity": 2}


def test_each_request_has_its_own_entities(understanding):
    """What belongs to the order does not leak into the question."""
    told = understanding.parse("two flat whites please. and what time do you open tomorrow?")
    assert told["requests"][0]["entities"] == {"quantity": 2, "product": "flat_white"}
    assert told["requests"][1]["entities"]["date"]


def test_an_unsure_piece_joins_its_neighbour():
    """A piece that reads as nothing in particular belongs to the request before it."""
    pieces = [Piece(0, 9, "order", 0.9, 1), Piece(11, 20, "ask_price", 0.1), Piece(22, 30, "opening_hours", 0.9)]
    assert [(p.start, p.end) for p in requests.gather(pieces, enough=0.3)] == [(0, 20), (22, 30)]


def test_pieces_cover_no_separator():
    """Stretches begin and end at words, and decimals and abbreviations are no borders."""
    text = "it costs 2.50, right? and when do you open."
    assert [text[a:b] for a, b in requests.pieces(text)] == ["it costs 2.50, right?", "when do you open."]


@pytest.mark.parametrize(
    ("text", "products"),
    [
        ("a large latte and two espressos to go", [["latte"], ["espresso"]]),
        ("two lattes, a mocha and 3 croissants please", [["latte"], ["mocha"], []]),
        ("a large latte and two cookies to go", [["latte"], []]),
        ("a bag of kenya and a kilo of hover blend, delivered to 7 Park Row", [["kenya_nyeri"], ["hover_blend"]]),
    ],
)
def test_several_things_of_one_order_are_a_request_each(understanding, text, products):
    """The first is the order, the others come to it; a thing the shop has no word for is not lost."""
    told = understanding.parse(text)["requests"]
    assert [request["intent"] for request in told] == ["order", *["order_another"] * (len(products) - 1)]
    assert [[request["entities"][name] for name in request["entities"] if name == "product"] for request in told] == (
        products
    )


@pytest.mark.parametrize(
    "text",
    ["a latte or a mocha", "a mocha instead of the latte", "a latte with oat and vanilla", "a latte and a friend"],
)
def test_one_thing_stays_one(understanding, text):
    """Choosing, swapping and describing name no second thing."""
    assert "requests" not in understanding.parse(text)


def test_how_an_order_reaches_the_customer_is_said_once(understanding):
    """Of the first thing, whatever place it was said in."""
    first, other = understanding.parse("a bag of kenya and a bag of guji, delivered to 7 Park Row")["requests"]
    assert (first["entities"]["fulfilment"], first["entities"]["address"]) == ("delivery", "7 Park Row")
    assert "address" not in other["entities"]


@pytest.mark.parametrize(
    "text", ["don't stop sending the beans", "I don't want to cancel my subscription", "please never cancel my order"]
)
def test_what_must_not_end_is_never_ended(understanding, text):
    """The opposite of what the words are near to: nothing is done, and it is asked what is meant."""
    told = understanding.parse(text)
    assert told["intent"] == "out_of_scope"
    assert told["clarify"]


def test_what_nobody_could_place_but_tells_something_is_telling(understanding):
    """The fact speaks for what is meant."""
    assert understanding.parse("my daughter is allergic to nuts")["intent"] == "state_preference"

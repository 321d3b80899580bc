"""Entities are found as people write them, with their types and roles."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from bot.rasa.nlu import typed
from bot.rasa.nlu.entities import extract, marked
from bot.rasa.nlu.parse import by_name

# A Friday.
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=ZoneInfo("Europe/Berlin"))


def named(nlp, text):
    return by_name(extract(text, nlp=nlp, now=NOW))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "a large oat flat white to go",
            {"size": "large", "milk": "oat", "product": "flat_white", "fulfilment": "pickup"},
        ),
        ("two cappucinos", {"quantity": 2, "product": "cappuccino"}),
        ("2 lattés, soya", {"quantity": 2, "product": "latte", "milk": "soy"}),
        ("a lattte with almnd milk", {"product": "latte", "milk": "almond"}),
        ("FLAT WHITES", {"product": "flat_white"}),
        ("half a kilo of the kenya, coarse", {"size": "500g", "product": "kenya_nyeri", "grind": "french_press"}),
        ("without sugar", {"syrup": "none"}),
        ("where is k-1042", {"order_number": "K-1042"}),
        ("order 20417 please", {"order_number": "K-20417"}),
        ("a dozen", {"quantity": 12}),
        ("twenty-one espressos", {"quantity": 21, "product": "espresso"}),
        ("something for €12.50", {"money": 12.5}),
        ("under 30 quid", {"money": 30.0}),
        ("my budget is 40", {"money": 40.0}),
        ("a coffee", {"category": "drinks"}),
    ],
)
def test_the_shops_words_are_found(nlp, text, expected):
    """Plurals, slips of spelling, synonyms and numbers lead to catalogue ids and typed values."""
    assert named(nlp, text) == expected


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("at half past nine", "09:30"), ("at half 8", "08:30"), ("quarter to ten", "09:45"), ("3pm", "15:00"),
        ("at 3", "15:00"),
        ("8:15 am", "08:15"), ("noon", "12:00"), ("in 20 minutes", "10:20"), ("in half an hour", "10:30"),
        ("ten past nine", "09:10"),
        ("eight fifteen in the morning", None), ("18.30", "18:30"), ("by 9 please", "09:00"),
    ],
)  # fmt: skip
def test_times(text, time):
    """Times of day come out as HH:MM, a bare hour in the shop's waking hours."""
    found = [entity["value"] for entity in typed.find(text, now=NOW) if entity["entity"] == "time"]
    assert found == ([time] if time else found)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("today", "2026-11-20"), ("tomorrow", "2026-11-21"), ("tmrw", "2026-11-21"), ("day after tomorrow",
        "2026-11-22"),
        ("on monday", "2026-11-23"), ("next friday", "2026-11-27"), ("friday", "2026-11-20"), ("in two weeks",
        "2026-12-04"),
        ("march 3rd", "2027-03-03"), ("3 december", "2026-12-03"), ("2026-12-24", "2026-12-24"), ("24/12",
        "2026-12-24"),
        ("last tuesday", "2026-11-17"),
    ],
)  # fmt: skip
def test_dates(text, day):
    """Dates come out as ISO dates, counted from the moment of the message."""
    assert [(e["entity"], e["value"]) for e in typed.find(text, now=NOW)] == [("date", day)]


@pytest.mark.parametrize(
    ("text", "wanted", "unwanted"),
    [
        ("oat instead of soy", "oat", "soy"),
        ("change the milk from oat to almond", "almond", "oat"),
        ("swap soy for oat", "oat", "soy"),
        ("instead of soy oat please", "oat", "soy"),
        ("not oat, almond", "almond", "oat"),
        ("soy rather than oat", "soy", "oat"),
        ("almond not oat", "almond", "oat"),
    ],
)
def test_what_is_wanted_and_what_it_replaces(nlp, text, wanted, unwanted):
    """Of two milks in one sentence the wanted one has the role `to`, the other `from`."""
    roles = {e["role"]: e["value"] for e in extract(text, nlp=nlp, now=NOW)}
    assert roles == {"to": wanted, "from": unwanted}


@pytest.mark.parametrize("text", ["no vanilla", "without vanilla please", "hold the vanilla", "i don't want vanilla"])
def test_what_is_not_wanted(nlp, text):
    """A refused syrup has the role `not`, so that nobody adds it."""
    assert [(e["value"], e.get("role")) for e in extract(text, nlp=nlp, now=NOW)] == [("vanilla", "not")]


@pytest.mark.parametrize(
    "text", ["the second one", "flat 3", "that one", "the cheaper one", "no one", "later", "whose", "matter"]
)
def test_what_is_no_entity(nlp, text):
    """Ordinal "one", house numbers and words that resemble the shop's are left alone."""
    assert extract(text, nlp=nlp, now=NOW) == []


def test_dateparser_is_left_alone_without_a_calendar_word():
    """The dear library is called for calendar dates only: a thousand other messages take milliseconds."""
    import time

    typed.find("march 3rd", now=NOW)
    begun = time.perf_counter()
    for number in range(1000):
        typed.find(f"a large oat flat white number {number} please tomorrow at nine", now=NOW)
    assert time.perf_counter() - begun < 2


def test_marking_hides_which_product_it_is(nlp):
    """What the model learns about one product holds for all."""
    texts = ["is the kenya in stock", "is the gooseneck kettle in stock"]
    assert len({marked(text, extract(text, nlp=nlp, now=NOW)) for text in texts}) == 1


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("deliver to 22 Hill Road", "22 Hill Road"),
        ("send it to Kastanienallee 12, 10435 Berlin please", "Kastanienallee 12, 10435 Berlin"),
        ("500g guji delivered to 7 Park Row next friday", "7 Park Row"),
        ("to 14 St James's Street, flat 3", "14 St James's Street, flat 3"),
    ],
)
def test_an_address_is_found_and_its_number_counts_nothing(nlp, text, address):
    """As it was written, for whoever delivers."""
    told = named(nlp, text)
    assert told["address"] == address
    assert "quantity" not in told


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("make it iced, no actually hot", {"temperature": "hot", "temperature_from": "iced"}),
        ("two, sorry, three lattes", {"quantity": 3, "quantity_from": 2, "product": "latte"}),
    ],
)
def test_what_is_said_last_is_meant(nlp, text, expected):
    """Whoever corrects themselves in one breath."""
    assert named(nlp, text) == expected

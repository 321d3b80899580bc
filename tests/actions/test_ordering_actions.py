"""Ordering actions: exactly which events they return, and what they stage."""

from rasa_sdk.events import SlotSet

from memory import orders

LATTE = {"product": "latte", "size": "large", "milk": "oat", "fulfilment": "pickup"}


def _said(*entities):
    return {"text": "", "entities": [{"entity": name, "value": value} for name, value in entities]}


def test_check_product_says_what_must_be_asked(stage):
    """A latte needs size, milk, and a way to the customer."""
    events = stage.run("action_check_product", {"product": "latte"})
    assert events == [SlotSet("product_state", "ok"), SlotSet("asks", ["size", "milk", "fulfilment"])]
    assert stage.said == []


def test_check_product_asks_again_for_what_is_to_be_changed(stage):
    """The syrup has a default, and yet it is asked when the customer wants to change it."""
    events = stage.run("action_check_product", {**LATTE, "change": "syrup"})
    assert SlotSet("asks", ["syrup", "fulfilment"]) in events


def test_check_product_lets_go_of_answers_that_do_not_belong_to_it(stage):
    """A milk chosen for another product, unless it was just said for this one."""
    slots = {"product": "espresso", "milk": "oat"}
    assert SlotSet("milk", None) in stage.run("action_check_product", slots)
    assert SlotSet("milk", None) not in stage.run("action_check_product", slots, latest=_said(("milk", "oat")))


def test_check_product_knows_what_is_not_there(stage):
    """Missing, sold out, or a subscription."""
    states = [
        next(e["value"] for e in stage.run("action_check_product", {"product": p}) if e["name"] == "product_state")
        for p in (None, "nothing_known", "coffee_scale", "monthly_explorer")
    ]
    assert states == ["missing", "missing", "refused", "subscription"]


def test_check_combination_decides_what_was_left_to_us(stage):
    """The first that fits; iced cannot be small, so it is medium."""
    events = stage.run("action_check_combination", {"product": "latte", "milk": "oat", "temperature": "iced"})
    assert events == [SlotSet("size", "medium"), SlotSet("combination", "valid")]


def test_check_combination_refuses_what_cannot_be_made(stage):
    """Out of coconut."""
    assert stage.run("action_check_combination", {**LATTE, "milk": "coconut"}) == [SlotSet("combination", "refused")]


def test_place_order_stages_the_order_and_writes_nothing_itself(stage):
    """The order is there when the turn is committed, and not before."""
    events = stage.run("action_place_order", LATTE)
    number = events[1]["value"]
    assert events == [
        SlotSet("placed", "yes"), SlotSet("order_number", number), SlotSet("free_shipping", None),
    ]  # fmt: skip
    with stage.memory.read() as tx:
        assert orders.latest(tx, stage.customer) is None
    stage.commit()
    with stage.memory.read() as tx:
        assert orders.latest(tx, stage.customer).number == number


def test_place_order_refuses_what_has_run_out_meanwhile(stage):
    """Nothing is staged, and the flow is told."""
    assert stage.run("action_place_order", {**LATTE, "milk": "coconut"}) == [SlotSet("placed", "refused")]
    assert stage.turn.writes == []


def test_the_same_message_places_one_order(stage):
    """Staged twice, as by a retry, it is one."""
    stage.run("action_place_order", LATTE)
    stage.run("action_place_order", LATTE)
    stage.commit()
    with stage.memory.read() as tx:
        assert len(orders.recent(tx, stage.customer)) == 1


def test_check_delivery_tells_apart_why_not(stage):
    """Nowhere at all, or not these things."""
    there = {**LATTE, "fulfilment": "delivery", "address": "Hauptstr 5, 10435 Berlin"}
    paid = "It would be free with an order of €25.00 or more (€20.00 more)"
    free = [SlotSet("free_shipping", None), SlotSet("delivery_hint", None)]
    assert stage.run("action_check_delivery", LATTE) == [SlotSet("delivery", "ok"), *free]
    assert stage.run("action_check_delivery", there)[0::2] == [
        SlotSet("delivery", "ok"),
        SlotSet("delivery_hint", paid),
    ]
    far = {**there, "address": "Marienplatz 1, 80331 Munich"}
    assert stage.run("action_check_delivery", far) == [SlotSet("delivery", "not_these_there")]
    assert stage.run("action_check_delivery", {**there, "address": "Oslo"}) == [SlotSet("delivery", "not_there")]


def test_add_line_takes_up_the_next_wish(stage):
    """The first noted wish becomes the product at hand, the others wait."""
    wishes = [{"product": "espresso", "size": "double"}, {"product": "mocha"}]
    slots = {s["name"]: s["value"] for s in stage.run("action_add_line", {**LATTE, "more": wishes})}
    assert (slots["product"], slots["size"], slots["milk"]) == ("espresso", "double", None)
    assert [line["sku"] for line in slots["basket"]] == ["latte"]
    assert slots["more"] == [{"product": "mocha"}]


def test_note_more_keeps_the_wish_of_that_request_alone(stage):
    """What was said of the first product is not the second's."""
    latest = {
        "text": "a large latte and also an espresso",
        "requests": [
            {"text": "a large latte", "intent": {"name": "order"}, "entities": [{"entity": "size", "value": "large"}]},
            {
                "text": "also an espresso",
                "intent": {"name": "order_another"},
                "entities": [{"entity": "product", "value": "espresso"}],
            },
        ],
    }
    assert stage.run("action_note_more", {}, latest=latest) == [SlotSet("more", [{"product": "espresso"}])]


def test_find_order_says_how_far_it_is(stage):
    """None, open, late, cancelled."""
    assert stage.run("action_find_order") == [SlotSet("order_state", "none"), SlotSet("order_number", None)]
    stage.run("action_place_order", LATTE)
    stage.commit()
    assert stage.run("action_find_order")[0] == SlotSet("order_state", "open")
    with stage.memory.write() as tx:
        number = orders.latest(tx, stage.customer).number
        orders.cancel(tx, number, customer=stage.customer, now=stage.clock())
    assert stage.run("action_find_order") == [
        SlotSet("order_state", "cancelled"),
        SlotSet("order_number", number),
    ]


def test_load_order_keeps_what_was_just_said(stage):
    """ "Make it soy": soy stands, the size is as it was ordered."""
    stage.run("action_place_order", LATTE)
    stage.commit()
    with stage.memory.read() as tx:
        number = orders.latest(tx, stage.customer).number
    events = stage.run("action_load_order", {"order_number": number}, latest=_said(("milk", "soy")))
    slots = {event["name"]: event["value"] for event in events}
    assert "milk" not in slots
    assert (slots["size"], slots["product"], slots["change"]) == ("large", "latte", "milk")

"""Value and choice as they are served: the shop's own calls, and suggestions in plain words."""

import asyncio

import pytest

from memory import consent, identities, profiles
from memory.consent import Purpose


@pytest.fixture
def shop(client, parts):
    """The shop's own server."""
    key = {"Authorization": f"Bearer {parts.settings.shop_api_key}"}

    def post(path, *, content_type="application/json", **body):
        headers = key | ({"Content-Type": content_type} if "content" in body else {})
        return client.post(f"/api/shop/{path}", headers=headers, **body)

    return post


def _line(order, customer, **changed):
    line = {"order_id": order, "customer_id": customer, "ordered_at": "2026-03-01T08:00:00Z", "sku": "mocha"}
    return {**line, "quantity": 1, "unit_price": 4.2, **changed}


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"X-Api-Key": "wrong"}])
@pytest.mark.parametrize("path", ["orders", "catalogue"])
def test_only_the_shop_may_send_orders_and_products(client, path, headers):
    """401 in the shape of every error."""
    response = client.post(f"/api/shop/{path}", json={}, headers=headers)
    assert response.status_code == 401
    assert response.json()["error"]["code"] == "invalid_key"


def test_orders_come_in_once(shop):
    """Bad lines are told with their reasons, the others are kept; again changes nothing."""
    lines = [_line("E-1", "eve"), _line("E-2", "eve", gift=True), _line("E-3", "eve", quantity="many")]
    first = shop("orders", json={"lines": lines})
    assert first.status_code == 200
    told = first.json()
    assert (told["lines"], told["new"], [row["line"] for row in told["bad"]]) == (3, 2, [4])
    assert shop("orders", json={"lines": lines}).json()["known"] == 2


def test_orders_may_come_as_csv(shop):
    """The same file as for the import."""
    text = "order_id,customer_id,ordered_at,sku,quantity,unit_price\nE-9,eve,2026-03-02,mocha,1,4.20\n"
    response = shop("orders", content=text, content_type="text/csv")
    assert (response.status_code, response.json()["new"]) == (200, 1)


@pytest.mark.parametrize(
    "body", [{"json": {}}, {"json": {"lines": [_line("E-4", "eve", sku="")]}}, {"content": b"{"}, {"content": b"\xff"}]
)
def test_what_cannot_be_used_is_refused(shop, body):
    """422 in the shape of every error."""
    response = shop("orders", **body)
    assert response.status_code == 422
    assert set(response.json()["error"]) == {"code", "message"}


def test_a_broken_catalogue_is_refused_whole(shop):
    """With the mistake and its cure."""
    product = {"title": "Box", "category": "gears", "kind": "box", "price": 3, "description": "A box."}
    response = shop("catalogue", json={"products": {"box": product}})
    assert response.status_code == 422
    assert "Did you mean `gear`?" in response.json()["error"]["message"]


def test_a_regular_is_offered_the_usual_and_told_why(someone):
    """From the counter's orders, in plain words; nothing is ordered."""
    ana = someone("ana", name="Ana")
    ana.say("hello")
    titles = [choice["title"] for message in ana.say("recommend me something") for choice in message["choices"]]
    assert "Flat white" in titles
    assert {"Something else", "No, thanks"} <= set(titles)
    cards = [card for message in ana.last for card in message["cards"]]
    assert len(cards) >= 2
    assert all(card["subtitle"] and card["price"] for card in cards)
    (why, *_) = ana.say("why are you recommending this?")
    assert "you have had it" in why["text"]
    assert "the last time" in why["text"]


def test_the_way_to_a_benefit_is_told(someone):
    """To anybody."""
    new = someone("a newcomer")
    new.say("hello")
    (told, *_) = new.say("why didn't I get free shipping?")
    assert "open to anyone" in told["text"]


def test_a_wish_that_cannot_be_met_is_answered_honestly(someone):
    """No promise."""
    new = someone("somebody warm")
    new.say("hello")
    (told, *_) = new.say("do you sell fridges?")
    assert "don't" in told["text"]


def test_tiers_are_computed_in_the_served_process(parts):
    """By itself, off the event loop."""
    asyncio.run(parts.schedule.look())
    with parts.memory.read() as tx:
        ana = identities.find(tx, channel=identities.SHOP, address="ana")
        kept = profiles.history(tx, consent.require(tx, ana, Purpose.PERSONALISATION))
    assert kept[0].tier in {"MVC", "MGC", "STANDARD", "BZ"}
    assert parts.market.learned

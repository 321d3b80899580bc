"""What customers see, decide and end over HTTP."""

import asyncio
import csv
import io
import json
import time
import zipfile
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from service_world import SECRET, allows, grant, headers, ledger, make_client, make_gateway, say

from bot import tokens
from bot.assistant import Answer
from bot.channels.self_service import ticket_link
from bot.gateway import Incoming, Rejected
from memory import consent, facts, orders, outbox, purchases
from memory.consent import Evidence, Purpose
from memory.facts import Source
from memory.messages import Outgoing

ANA = headers("ana", name="ana")


@pytest.fixture
def client(gateway, memory, clock):
    with make_client(gateway, memory, clock) as client:
        yield client


def _fact(memory, clock, customer, *, attribute="milk", value="oat", purpose=Purpose.PREFERENCES):
    grant(memory, clock, customer, purpose)
    with memory.write() as tx:
        return facts.record(
            tx,
            consent.require(tx, customer, purpose),
            attribute=attribute,
            value=value,
            polarity="like",
            purpose=purpose,
            source=Source("web", "chat"),
            now=clock(),
        ).id


# --- Seeing ----------------------------------------------------------------------------------------------------------


def test_the_access_copy_holds_everything_with_source_and_date(client, gateway, memory, clock, ana):
    """Identities, consents, facts, threads, purchases, profile and transcript, and what each is for."""
    fact = _fact(memory, clock, ana)
    say(gateway, ana, "hello there")
    me = client.get("/api/me", headers=ANA).json()
    assert {each["channel"] for each in me["identities"]} == {"shop"}
    assert {each["purpose"] for each in me["consents"]} == {purpose.value for purpose in Purpose}
    (known,) = me["facts"]
    assert (known["id"], known["attribute"], known["value"], known["for"]) == (fact, "milk", "oat", "self")
    assert known["source"] == {
        "channel": "web", "touch_point": "chat", "told_by": "customer", "conversation": None, "turn": None,
    }  # fmt: skip
    assert datetime.fromisoformat(known["told_at"]) == clock()
    assert [line["text"] for line in me["transcript"]] == ["hello there", "Which milk?"]
    assert me["about"]["messages"] == {"origin": "observed", "purposes": ["resume"], "kept_days": 730}
    assert "your group" in me["profile"]["logic"]
    assert set(me["other"]) | {"messages"} <= set(me["about"])


def test_sensitive_facts_and_past_orders_are_in_it(client, memory, clock, ana):
    """Also those that nothing may use."""
    _fact(memory, clock, ana, attribute="allergy", value="nuts", purpose=Purpose.SENSITIVE)
    with memory.write() as tx:
        consent.decide(
            tx, ana, purpose=Purpose.SENSITIVE, decision="withdrawn", evidence=Evidence("button"), now=clock()
        )
        line = {"sku": "latte", "quantity": 1, "unit_price": "4.10"}
        orders.place(
            tx, customer=ana, conversation=None, number="K-1042", lines=[line], fulfilment="pickup", total=4.1,
            currency="EUR", now=clock(),
        )  # fmt: skip
        bought = purchases.Line("1", "ana", clock(), "latte", 1, Decimal(4))
        purchases.record_lines(tx, [bought])
    me = client.get("/api/me", headers=ANA).json()
    assert [fact["value"] for fact in me["facts"]] == ["nuts"]
    assert [order["number"] for order in me["orders"]] == ["K-1042"]
    assert [purchase["sku"] for purchase in me["purchases"]] == ["latte"]


def test_a_conversation_that_is_not_kept_is_shown_while_it_lasts(client, gateway, memory, clock, ana):
    """What this process holds is theirs to see too."""
    with memory.write() as tx:
        consent.decide(tx, ana, purpose=Purpose.RESUME, decision="withdrawn", evidence=Evidence("api"), now=clock())
    say(gateway, ana, "just between us")
    me = client.get("/api/me", headers=ANA).json()
    assert [line["text"] for line in me["transcript"]] == ["just between us", "Which milk?"]


def test_the_portable_copy_leaves_out_what_the_shop_made_of_it(client, memory, clock, ana):
    """What was given and observed (GDPR 20)."""
    _fact(memory, clock, ana)
    portable = client.get("/api/me", params={"form": "portable"}, headers=ANA).json()
    assert [fact["value"] for fact in portable["data"]["facts"]] == ["oat"]
    assert "profiles" not in portable["data"]


def test_the_portable_copy_as_csv_holds_the_same(client, gateway, memory, clock, ana):
    """One file a table, every row and every value of the JSON; a text with commas, quotes and lines stays whole."""
    _fact(memory, clock, ana)
    said = 'a "large" latte,\nplease: élan 🥛'
    say(gateway, ana, said)
    portable = client.get("/api/me", params={"form": "portable"}, headers=ANA).json()["data"]
    answer = client.get("/api/me", params={"format": "csv"}, headers=ANA)
    assert answer.headers["content-type"] == "application/zip"
    assert "my-data.zip" in answer.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        tables = {name: archive.read(name).decode() for name in archive.namelist()}
    assert set(tables) == {f"{table}.csv" for table, rows in portable.items() if rows}
    for name, text in tables.items():
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
        expected = portable[name.removesuffix(".csv")]
        assert [{key: _cell(value) for key, value in row.items()} for row in expected] == rows
    assert said in [row["text"] for row in csv.DictReader(io.StringIO(tables["messages.csv"], newline=""))]


def _cell(value):
    return "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@pytest.mark.parametrize("path", ["/api/me", "/api/me/consents"])
def test_nobody_sees_anything_without_a_token(client, path):
    """401 in the usual shape."""
    assert client.get(path).json()["error"]["code"] == "invalid_token"


def test_the_link_of_the_chat_downloads_the_copy_and_is_nothing_else(client, ana):
    """No token gets in by it, and no ticket is a token."""
    link = ticket_link("http://shop", secret=SECRET)(ana)
    found = client.get(link.removeprefix("http://shop"))
    assert (found.status_code, found.json()["customer"]) == (200, ana)
    assert "attachment" in found.headers["content-disposition"]
    ticket = link.rpartition("/")[2]
    assert client.get("/api/me", headers={"Authorization": f"Bearer {ticket}"}).status_code == 401
    token = headers("ana")["Authorization"].removeprefix("Bearer ")
    assert client.get(f"/api/export/{token}").status_code == 401


def test_an_old_link_downloads_nothing(client, ana):
    """A quarter of an hour is enough."""
    long_ago = datetime.now(UTC) - timedelta(minutes=16)
    assert client.get(f"/api/export/{tokens.ticket(ana, secret=SECRET, now=long_ago)}").status_code == 401


# --- Deciding --------------------------------------------------------------------------------------------------------


def test_decisions_are_all_taken_with_evidence_and_hold_at_once(client, memory, ana):
    """What holds afterwards comes back."""
    wanted = [
        {"purpose": "marketing", "channel": "email", "decision": "granted"},
        {"purpose": "personalisation", "decision": "withdrawn"},
    ]
    answered = client.put("/api/me/consents", json=wanted, headers=ANA)
    assert answered.status_code == 200
    held = {(each["purpose"], each["channel"]): each["decision"] for each in answered.json()}
    assert (held["marketing", "email"], held["personalisation", "*"]) == ("granted", "withdrawn")
    assert {entry[3] for entry in ledger(memory, ana)} == {"api"}
    assert answered.json() == client.get("/api/me/consents", headers=ANA).json()


@pytest.mark.parametrize(
    ("decision", "part"),
    [
        ({"purpose": "service", "decision": "withdrawn"}, "part of the service"),
        ({"purpose": "marketing", "decision": "granted"}, "per channel"),
        ({"purpose": "world_domination", "decision": "granted"}, "purpose"),
        ({"purpose": "sharing", "decision": "maybe"}, "decision"),
        ({"purpose": "sharing"}, "decision"),
        ({"purpose": "sharing", "decision": "granted", "customer": "c_other"}, "customer"),
        ({"purpose": "sharing", "decision": "granted", "channel": "a b"}, "channel"),
    ],
)
def test_a_decision_that_cannot_stand_is_refused_with_the_reason_and_nothing_is_written(
    client, memory, ana, decision, part
):
    """422, and the good one beside it is not taken either."""
    body = [{"purpose": "analytics", "decision": "granted"}, decision]
    answered = client.put("/api/me/consents", json=body, headers=ANA)
    assert answered.status_code == 422
    assert part in answered.json()["error"]["message"]
    assert ledger(memory, ana) == []


@pytest.mark.parametrize("body", [[], {}, "x", None])
def test_a_body_that_is_no_list_of_decisions_is_refused(client, ana, body):
    """422, never 500."""
    assert client.put("/api/me/consents", json=body, headers=ANA).status_code == 422


def test_a_child_cannot_grant_what_the_law_keeps_from_children(client, memory):
    """No profiling and no marketing."""
    kid = headers("kid", child=True)
    body = [{"purpose": "marketing", "channel": "web", "decision": "granted"}]
    assert client.put("/api/me/consents", json=body, headers=kid).json()["error"]["code"] == "child"
    held = {each["purpose"]: each["decision"] for each in client.get("/api/me/consents", headers=kid).json()}
    assert {held[name] for name in ("personalisation", "preferences", "marketing", "sharing")} == {"withdrawn"}


def test_a_privacy_signal_objects_to_sharing_once(client, memory, clock, ana):
    """Exactly `1`, on any call; a later yes to a direct question stands."""
    grant(memory, clock, ana, Purpose.SHARING)
    clock.forward(minutes=1)
    for value in ("0", "true", ""):
        client.get("/api/me/consents", headers=ANA | {"Sec-GPC": value})
    assert allows(memory, ana, Purpose.SHARING)
    for _ in range(2):
        client.get("/api/chat/history", headers=ANA | {"Sec-GPC": "1"})
    assert [entry[3] for entry in ledger(memory, ana)] == ["button", "signal"]
    clock.forward(minutes=1)
    body = [{"purpose": "sharing", "decision": "granted"}]
    client.put("/api/me/consents", json=body, headers=ANA | {"Sec-GPC": "1"})
    assert allows(memory, ana, Purpose.SHARING)


def test_a_privacy_signal_of_a_new_visitor_counts(client, memory):
    """From the first call on."""
    visitor = client.post("/api/visitors", headers={"Sec-GPC": "1"}).json()["customer"]
    assert ledger(memory, visitor) == [("sharing", "*", "withdrawn", "signal")]


# --- Forgetting ------------------------------------------------------------------------------------------------------


def test_one_fact_is_forgotten(client, memory, clock, ana):
    """And no other."""
    oat, soy = _fact(memory, clock, ana), _fact(memory, clock, ana, value="soy")
    assert client.delete(f"/api/me/facts/{oat}", headers=ANA).status_code == 204
    assert [fact["id"] for fact in client.get("/api/me", headers=ANA).json()["facts"]] == [soy]
    assert client.delete(f"/api/me/facts/{oat}", headers=ANA).status_code == 404


def test_nobody_forgets_for_somebody_else(client, memory, clock, ana):
    """Another's fact is unknown."""
    fact = _fact(memory, clock, ana)
    assert client.delete(f"/api/me/facts/{fact}", headers=headers("ben")).status_code == 404
    assert len(client.get("/api/me", headers=ANA).json()["facts"]) == 1


def test_erasure_gives_a_receipt_and_ends_the_token(client, gateway, memory, clock, ana):
    """202; the receipt says what was deleted and that every place was found empty."""
    _fact(memory, clock, ana)
    say(gateway, ana, "a secret of mine")
    erased = client.delete("/api/me", headers=ANA)
    assert erased.status_code == 202
    receipt = _done(client, erased.json()["receipt"])
    assert receipt["deleted"]["messages"] == 2
    assert receipt["deleted"]["facts"] == 1
    assert set(receipt["probes"].values()) == {0}
    assert {"process", "files", "limit of self_service"} <= set(receipt["probes"])
    assert ana not in str(receipt)
    assert b"a secret of mine" not in b"".join(path.read_bytes() for path in memory.path.parent.iterdir())


def test_a_token_from_before_the_erasure_is_refused_and_a_new_one_is_a_new_customer(client, clock):
    """401 for good; whoever signs in again afterwards begins with nothing, as often as they like."""
    for _ in range(2):
        now = clock()
        old = headers("eve", now=now)
        client.post("/api/chat", json={"text": "hi"}, headers=old)
        clock.forward(minutes=1)
        _done(client, client.delete("/api/me", headers=old).json()["receipt"])
        assert client.get("/api/me", headers=old).status_code == 401
        clock.forward(minutes=1)
        assert client.get("/api/me", headers=headers("eve", now=clock())).json()["transcript"] == []
        clock.forward(minutes=1)


def test_a_visitor_who_was_erased_is_refused_for_good(client):
    """401 for every call with the old token."""
    token = client.post("/api/visitors").json()["token"]
    visitor = {"Authorization": f"Bearer {token}"}
    client.post("/api/chat", json={"text": "hi"}, headers=visitor)
    _done(client, client.delete("/api/me", headers=visitor).json()["receipt"])
    for method, path in (
        ("get", "/api/me"),
        ("post", "/api/chat"),
        ("delete", "/api/me"),
        ("get", "/api/chat/history"),
    ):
        body = {"json": {"text": "hi"}} if method == "post" else {}
        assert client.request(method, path, headers=visitor, **body).status_code == 401


def test_a_turn_in_flight_leaves_nothing_behind(memory, clock, ana):
    """The erasure is asked for while an answer is being made: the answer is not written, the customer is nobody."""
    gateway = make_gateway(memory, clock)
    started, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(turn, said):
        started.set()
        await go_on.wait()

        def write(tx):
            for staged in turn.writes:
                staged(tx)

        return Answer((Outgoing("too late"),), write)

    gateway.assistant.respond = slowly

    async def both():
        turn = asyncio.create_task(gateway.handle(Incoming(ana, "web", text="in flight")))
        await started.wait()
        await gateway.erasures.begin(ana)
        go_on.set()
        with pytest.raises(Rejected) as refused:
            await turn
        await gateway.erasures.settled()
        return refused.value.status

    assert asyncio.run(both()) == 401
    content = b"".join(path.read_bytes() for path in memory.path.parent.iterdir())
    assert b"in flight" not in content
    assert ana.encode() not in content


def test_queued_messages_go_with_it(client, memory, clock, ana):
    """Nothing is sent to somebody who was forgotten."""
    grant(memory, clock, ana, Purpose.MARKETING, "email")
    with memory.write() as tx:
        outbox.put(
            tx, customer=ana, key="k", purpose=Purpose.MARKETING, channel="email", body={"text": "new beans"},
            due_at=clock(), now=clock(),
        )  # fmt: skip
    receipt = _done(client, client.delete("/api/me", headers=ANA).json()["receipt"])
    assert receipt["deleted"]["outbox"] == 1
    with memory.write() as tx:
        assert outbox.take_due(tx, now=clock())[0] == ()


def test_what_a_crash_interrupted_is_finished_at_the_next_start(memory, clock, ana):
    """The block stands meanwhile."""
    from memory import erasure

    with memory.write() as tx:
        receipt = erasure.block(tx, ana, now=clock())
    with make_client(make_gateway(memory, clock), memory, clock) as client:
        assert _done(client, receipt)["state"] == "done"


def test_an_open_socket_is_closed_when_its_customer_is_erased(client):
    """With the code that tells the widget that the token is over."""
    import json

    from starlette.websockets import WebSocketDisconnect

    token = client.post("/api/visitors").json()["token"]
    visitor = {"Authorization": f"Bearer {token}"}
    client.post("/api/chat", json={"text": "hi"}, headers=visitor)
    with client.websocket_connect("/api/chat/socket") as socket:
        socket.send_text(json.dumps({"token": token, "after": 10_000}))
        assert socket.receive_json()["type"] == "ready"
        client.delete("/api/me", headers=visitor)
        with pytest.raises(WebSocketDisconnect) as closed:
            _read_on(socket)
    assert closed.value.code == 4401


def _read_on(socket):
    while True:
        socket.receive_json()


def test_an_unknown_receipt_is_unknown(client):
    """404."""
    assert client.get("/api/receipts/r_none").json()["error"]["code"] == "unknown_receipt"


# --- Linking ---------------------------------------------------------------------------------------------------------


def _visitor(client):
    token = client.post("/api/visitors").json()["token"]
    client.post("/api/chat", json={"text": "as a visitor"}, headers={"Authorization": f"Bearer {token}"})
    return token


def test_what_was_said_as_a_visitor_is_brought_along_when_confirmed_and_given_back(client, ana):
    """Both tokens are the proof; undoing gives each side its own."""
    token = _visitor(client)
    linked = client.post("/api/me/link", json={"visitor_token": token, "confirmed": True}, headers=ANA)
    assert linked.status_code == 201
    assert "as a visitor" in _said(client)
    assert client.delete(f"/api/me/link/{linked.json()['link']}", headers=ANA).status_code == 204
    assert "as a visitor" not in _said(client)


def test_it_is_asked_and_not_presumed(client, gateway, ana):
    """Without a confirmation nothing is linked, and the chat asks."""
    asked = client.post("/api/me/link", json={"visitor_token": _visitor(client)}, headers=ANA)
    assert (asked.status_code, asked.json()) == (202, {"link": None})
    assert gateway.assistant.told[-1].payload["flow"] == "bring_along"
    assert "as a visitor" not in _said(client)


@pytest.mark.parametrize("token", ["nonsense", headers("ben")["Authorization"].removeprefix("Bearer ")])
def test_only_a_visitor_can_be_brought_along(client, token):
    """No signed-in customer is ever joined by this."""
    body = {"visitor_token": token, "confirmed": True}
    assert client.post("/api/me/link", json=body, headers=ANA).status_code == 422


def test_the_same_visitor_is_not_brought_along_twice(client):
    """409."""
    body = {"visitor_token": _visitor(client), "confirmed": True}
    assert client.post("/api/me/link", json=body, headers=ANA).status_code == 201
    assert client.post("/api/me/link", json=body, headers=ANA).status_code == 409


def test_openapi_describes_every_call(client):
    """With the shape of what comes back."""
    described = client.get("/api/openapi.json").json()
    calls = {(method, path) for path, methods in described["paths"].items() for method in methods}
    assert calls >= {
        ("get", "/api/me"),
        ("delete", "/api/me"),
        ("get", "/api/me/consents"),
        ("put", "/api/me/consents"),
        ("delete", "/api/me/facts/{fact}"),
        ("get", "/api/receipts/{receipt}"),
        ("get", "/api/export/{ticket}"),
        ("post", "/api/me/link"),
        ("delete", "/api/me/link/{link}"),
    }
    assert {"Me", "Consent", "Remembered", "Receipt"} <= set(described["components"]["schemas"])


def _said(client):
    return [line["text"] for line in client.get("/api/me", headers=ANA).json()["transcript"]]


def _done(client, receipt):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        shown = client.get(f"/api/receipts/{receipt}").json()
        if shown["state"] == "done":
            return shown
        time.sleep(0.02)
    raise AssertionError(shown)

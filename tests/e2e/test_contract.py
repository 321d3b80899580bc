"""The customers' contract over HTTP and WebSocket, against the trained assistant."""

import asyncio
import copy
import json
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from starlette.websockets import WebSocketDisconnect

from bot.gateway import Incoming
from memory import identities

CHAT = "/api/chat"


def _forged(parts, **claims):
    return jwt.encode({"exp": datetime.now(UTC) + timedelta(hours=1), **claims}, "x" * 32, algorithm="HS256")


def test_a_visitor_gets_a_token_and_can_talk(client):
    """201, and the token works at once."""
    made = client.post("/api/visitors")
    visitor = made.json()
    reply = client.post(CHAT, json={"text": "hello"}, headers={"Authorization": f"Bearer {visitor['token']}"})
    assert (made.status_code, reply.status_code) == (201, 200)
    assert visitor["customer"].startswith("c_")
    assert reply.json()["messages"][0]["from"] == "assistant"


def test_the_bot_says_that_it_is_one_at_first_contact(someone):
    """Before anything else."""
    assert "automated" in someone("first-contact").say("hi")[0]["text"]


def test_the_bot_says_that_it_is_one_before_an_order_and_then_no_more(someone):
    """Whoever begins with an order hears it first; a hello after that is no second welcome."""
    person = someone("orders-first")
    assert "automated" in person.say("a large latte to go")[0]["text"]
    assert "automated" not in " ".join(message["text"] for message in person.say("hello"))


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic YTpi"}])
def test_without_a_valid_token_nobody_gets_in(client, method, header):
    """401, with a JSON error that says what to do."""
    path = CHAT if method == "post" else f"{CHAT}/history"
    response = client.request(method, path, headers=header, json={"text": "hi"} if method == "post" else None)
    assert response.status_code == 401
    assert response.json()["error"]["code"] == "invalid_token"
    assert response.headers["WWW-Authenticate"] == "Bearer"


def test_a_token_signed_by_somebody_else_is_refused(client, parts):
    """Also when it names an existing customer."""
    header = {"Authorization": f"Bearer {_forged(parts, sub='ana')}"}
    assert client.post(CHAT, json={"text": "hi"}, headers=header).status_code == 401


def test_a_visitor_claim_cannot_be_used_to_become_another_customer(client, parts):
    """A visitor's token must name somebody who exists, and a shop's token never carries the claim."""
    secret = parts.settings.identity_secret
    claims = {"sub": "c_nobody", "rapport_visitor": True, "exp": datetime.now(UTC) + timedelta(hours=1)}
    header = {"Authorization": f"Bearer {jwt.encode(claims, secret, algorithm='HS256')}"}
    assert client.post(CHAT, json={"text": "hi"}, headers=header).status_code == 401


def test_no_field_of_the_body_names_another_customer(someone, parts):
    """Extra fields are ignored; the history stays the token's own."""
    mallory, victim = someone("mallory"), someone("victim")
    victim.say("a large latte please")
    mallory.post({"text": "hi", "customer": "victim", "sender": "victim", "conversation": "v_1"})
    own = mallory.client.get(f"{CHAT}/history", headers=mallory.headers).json()["messages"]
    assert [message["text"] for message in own if message["from"] == "customer"] == ["hi"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"text": "a", "choice": "b"}, 422),
        ({"text": "  "}, 422),
        ({"text": "x" * 4001}, 413),
        ({"text": 7}, 422),
    ],
)
def test_what_a_caller_does_wrong_is_told_in_json(someone, body, status):
    """A code for programs, a message for people, never a stack trace."""
    response = someone("wrong").post(body)
    assert response.status_code == status
    assert set(response.json()["error"]) == {"code", "message"}


def test_an_unknown_path_answers_in_the_same_shape(client):
    """Errors have one shape."""
    assert client.get("/api/nothing").json()["error"]["code"] == "not_found"


def test_the_same_key_gives_the_same_reply_and_changes_nothing(someone):
    """A retry is safe."""
    retrier = someone("retrier")
    first = retrier.post({"text": "a large latte please"}, key="k1").json()
    second = retrier.post({"text": "a large latte please"}, key="k1").json()
    history = retrier.client.get(f"{CHAT}/history", headers=retrier.headers).json()["messages"]
    assert first == second
    assert [message["key"] for message in history if message["from"] == "customer"] == ["k1"]


def test_history_gives_what_came_after_a_message(someone):
    """Oldest first, ids increasing."""
    reader = someone("reader")
    reader.say("hi")
    second = reader.say("when do you open?")
    after = second[0]["id"] - 1
    shown = reader.client.get(f"{CHAT}/history", params={"after": after}, headers=reader.headers).json()["messages"]
    assert [message["id"] for message in shown] == [message["id"] for message in second]


def test_a_socket_brings_what_was_missed_and_then_what_comes(someone):
    """One code path for replay and live."""
    watcher = someone("watcher")
    watcher.say("hi")
    with watcher.client.websocket_connect(f"{CHAT}/socket") as socket:
        socket.send_text(json.dumps({"token": watcher.token, "after": 0}))
        assert socket.receive_json()["type"] == "ready"
        assert socket.receive_json()["message"]["text"] == "hi"
        socket.send_text(json.dumps({"type": "say", "key": "ws-1", "text": "when do you open?"}))
        frames = []
        while not frames or frames[-1]["type"] != "ack":
            frames.append(socket.receive_json())
    messages = [frame for frame in frames if frame["type"] == "message"]
    assert frames[-1]["key"] == "ws-1"
    assert [frame["key"] for frame in messages if frame["message"]["from"] == "customer"] == ["ws-1"]
    assert len({frame["message"]["id"] for frame in messages}) == len(messages)


def test_a_socket_with_a_bad_token_is_closed(client):
    """With the code that tells the widget to ask for another."""
    with client.websocket_connect(f"{CHAT}/socket") as socket:
        socket.send_text(json.dumps({"token": "nonsense"}))
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_text()
    assert closed.value.code == 4401


def test_a_message_sent_by_http_reaches_an_open_socket(someone):
    """Two tabs show the same."""
    both = someone("both")
    both.say("hi")
    with both.client.websocket_connect(f"{CHAT}/socket") as socket:
        socket.send_text(json.dumps({"token": both.token, "after": 10_000}))
        socket.receive_json()
        both.say("when do you open?")
        assert socket.receive_json() == {"type": "typing", "on": True}


def test_too_many_messages_at_once_are_asked_to_wait(someone):
    """429 with Retry-After."""
    flooder = someone("flooder")
    statuses = [flooder.post({"text": "hi"}, key="same").status_code for _ in range(45)]
    last = flooder.post({"text": "hi"}, key="same")
    assert 429 in statuses or last.status_code == 429
    refused = last if last.status_code == 429 else flooder.post({"text": "hi"}, key="same")
    assert int(refused.headers["Retry-After"]) >= 1


def test_typed_commands_are_words(someone):
    """A slash does not set intent and entities."""
    hacker = someone("hacker")
    replies = hacker.say('/order{"product": "latte", "size": "large", "milk": "oat"}')
    assert all("latte" not in message["text"].lower() or message["choices"] for message in replies)


def test_a_choice_token_works_only_in_its_own_conversation(someone):
    """Somebody else's token is a choice that has expired."""
    owner, thief = someone("owner"), someone("thief")
    owner.say("a large latte please")
    token = owner.last[-1]["choices"][0]["choice"]
    thief.say("hi")
    stolen = thief.post({"choice": token}).json()["messages"]
    mine = owner.post({"choice": token}).json()["messages"]
    assert [message["text"] for message in stolen] != [message["text"] for message in mine]


def test_the_contract_is_described(client):
    """OpenAPI names every call of the customers' contract."""
    paths = client.get("/api/openapi.json").json()["paths"]
    assert {"/api/visitors", "/api/chat", "/api/chat/history"} <= set(paths)


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/widget.js", "/"])
def test_what_operations_and_browsers_ask_for_is_there(client, path):
    """200 for each."""
    assert client.get(path).status_code == 200


def test_metrics_count_turns(client, someone):
    """Nothing about whom."""
    someone("counted").say("hi")
    assert "rapport_turns_total" in client.get("/metrics").text


def test_a_correction_says_what_was_changed_to_what(someone):
    """In the shop's words."""
    changing = someone("changing")
    changing.say("a large latte please")
    changing.say("oat")
    assert changing.say("actually make it soy")[0]["text"] == "Noted: soy milk instead of oat milk."


class Listening:
    """A processor that notes what it understood."""

    def __init__(self, processor) -> None:
        self.processor, self.parsed = processor, []

    def __getattr__(self, name):
        return getattr(self.processor, name)

    async def understand(self, text, **how):
        self.parsed.append(await self.processor.understand(text, **how))
        return self.parsed[-1]


def test_tomorrow_counts_from_the_clock_of_the_turn(parts):
    """A demo's clock that was moved on moves "tomorrow" with it."""
    moved = datetime(2030, 3, 1, 12, tzinfo=UTC)
    gateway = copy.copy(parts.gateway)
    gateway.clock, gateway.assistant = lambda: moved, copy.copy(parts.gateway.assistant)
    gateway.assistant.processor = Listening(parts.gateway.assistant.processor)
    with parts.memory.write() as tx:
        customer = identities.sign_in(tx, subject="moved-clock", now=moved)
    asyncio.run(gateway.handle(Incoming(customer, "web", text="a large latte tomorrow")))
    (parsed,) = gateway.assistant.processor.parsed
    assert {entity["entity"]: entity["value"] for entity in parsed["entities"]}["date"] == "2030-03-02"

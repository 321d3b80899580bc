"""A stand-in for the assistant that speaks its wire format with scripted replies, and misbehaves when a test asks.

Run as a program: `python -m tests.web.fake_server PORT STATE_FILE`. What it was told survives in STATE_FILE, so that a
test can end it and start it again. It is no model of the assistant's wits: it knows one order, one menu and one slow
answer.
"""

import asyncio
import base64
import json
import secrets
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, WebSocket, WebSocketDisconnect
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import HTMLResponse, JSONResponse

from bot.web import pages

CUSTOMERS = [
    {
        "customer": "ana",
        "name": "Ana",
        "about": "Lives on oat milk lattes; orders nearly every morning.",
        "address": "+44 7700 900101",
    },
    {
        "customer": "bruno",
        "name": "Bruno",
        "about": "Buys beans by the kilo and owns two grinders.",
        "address": "+44 7700 900102",
    },
    {
        "customer": "mei",
        "name": "Mei",
        "about": "Subscribed last spring. Drinks no caffeine.",
        "address": "+44 7700 900103",
    },
]
MILKS = ["Oat", "Whole", "Soy"]


def token_of(customer: str, *, serial: int = 0) -> str:
    """A token in the shape of a JWT, as far as a browser can tell."""
    claims = base64.urlsafe_b64encode(json.dumps({"sub": customer, "n": serial}).encode()).decode().rstrip("=")
    return f"e30.{claims}.c2ln"


@dataclass
class World:
    """All that the fake knows, kept in one file."""

    path: Path
    conversations: dict[str, dict[str, Any]] = field(default_factory=dict)
    threads: dict[str, dict[str, Any]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    hours: float = 0
    visitors: int = 0

    def load(self) -> "World":
        if self.path.exists():
            self.__dict__.update(json.loads(self.path.read_text()))
        return self

    def save(self) -> None:
        kept = {k: v for k, v in self.__dict__.items() if k != "path"}
        self.path.write_text(json.dumps(kept))

    def now(self) -> str:
        return (datetime.now(UTC) + timedelta(hours=self.hours)).isoformat()

    def conversation(self, customer: str, channel: str) -> dict[str, Any]:
        empty = {"id": f"v_{customer}_{channel}", "messages": [], "turns": {}, "choices": {}, "in_charge": "assistant"}
        return self.conversations.setdefault(f"{customer}/{channel}", empty)

    def add(self, conversation: dict[str, Any], sender: str, **content: Any) -> dict[str, Any]:
        message = {"id": len(conversation["messages"]) + 1, "from": sender, "at": self.now(), **content}
        for holder in [message, *message.get("cards", [])]:
            choices = [{"title": t, "choice": secrets.token_urlsafe(12)} for t in holder.get("choices", [])]
            holder["choices"] = choices
            conversation["choices"].update({c["choice"]: c["title"] for c in choices})
        conversation["messages"].append({"text": "", "cards": [], **message})
        return conversation["messages"][-1]

    def answer(self, customer: str, channel: str, text: str) -> list[dict[str, Any]]:
        """The script."""
        thread = self.threads.get(customer)
        low = text.lower()
        here = f"{channel}/{self.hours}"
        if low in ("forget it", "forget that"):
            self.threads.pop(customer, None)
            return [{"text": "Forgotten. I won't bring it up again."}]
        if thread and low in ("continue", "start over"):
            thread["at"] = here
            return [{"text": f"Which milk would you like for {thread['of']}?", "choices": [*MILKS, "Skip"]}]
        if thread and thread["at"] != here:
            return [
                {
                    "text": f"Welcome back. You were choosing the milk for {thread['of']}.",
                    "choices": ["Continue", "Start over", "Something else", "Forget it"],
                }
            ]
        if thread and (text in MILKS or low in ("oat", "skip")):
            self.threads.pop(customer)
            return [
                {"text": f"One {thread['of'].removeprefix('a ')} with {low} milk. Pick up in 10 minutes, order K-1042."}
            ]
        if "latte" in low:
            self.threads[customer] = {"of": "a large latte", "at": here}
            return [{"text": "Which milk would you like for a large latte?", "choices": [*MILKS, "Skip"]}]
        if "menu" in low or "beans" in low:
            card = {
                "subtitle": "Washed, medium roast. Stone fruit and honey.",
                "image": "/static/kestrel.svg",
                "price": "€ 9.50",
            }
            return [
                {
                    "text": "These are in stock:",
                    "cards": [
                        {"title": "Guji Highland", **card, "choices": ["Add Guji"]},
                        {
                            "title": "Night Shift decaf",
                            **card,
                            "image": "javascript:alert(1)",
                            "choices": ["Add decaf"],
                        },
                    ],
                }
            ]
        if "know about me" in low:
            return [{"text": "• You like oat milk (you said so on 3 May).\n• You usually order before nine."}]
        if "everything" in low:
            part = "A line of many.\n" * 12
            return [{"text": f"{n}. {part}", "choices": [f"Take {n}"]} for n in ("First", "Second", "Third")]
        return [{"text": f"You said: {text}"}]


@dataclass
class Mischief:
    """What goes wrong next."""

    sockets_refused: bool = False
    lose_ack: int = 0  # the turn is done, but neither echo nor acknowledgement arrives
    too_many: int = 0  # so many 429 answers follow
    broken: int = 0  # so many 500 answers follow
    refuse_text: str = ""
    received: list[str] = field(default_factory=list)


def build(world: World) -> FastAPI:
    app = FastAPI()
    mischief = Mischief()
    live: dict[str, set[WebSocket]] = {}
    app.include_router(pages.router(demo=True))
    app.add_middleware(
        CORSMiddleware, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"], expose_headers=["Retry-After"]
    )

    def customer_of(token: str) -> str | None:
        if token in world.refused or token.count(".") != 2:
            return None
        claims = token.split(".")[1]
        return json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sub"]

    def bearer(request: Request) -> str | None:
        return customer_of(request.headers.get("authorization", "").removeprefix("Bearer "))

    async def tell(conversation: dict[str, Any], frame: dict[str, Any]) -> None:
        for socket in list(live.get(conversation["id"], ())):
            await socket.send_json(frame)

    async def turn(customer: str, channel: str, key: str, said: dict[str, Any]) -> dict[str, Any]:
        conversation = world.conversation(customer, channel)
        mischief.received.append(key)
        if key in conversation["turns"]:
            return conversation["turns"][key]
        text = conversation["choices"].get(said.get("choice"), said.get("text"))
        own = world.add(conversation, "customer", text=text)
        if not mischief.lose_ack:
            await tell(conversation, {"type": "message", "message": own, "key": key})
            await tell(conversation, {"type": "typing", "on": True})
        if "slow" in text:
            await asyncio.sleep(1.2)
        script = [] if conversation["in_charge"] == "operator" else world.answer(customer, channel, text)
        replies = [world.add(conversation, "assistant", **reply) for reply in script]
        done = {"conversation": conversation["id"], "turn": len(conversation["turns"]) + 1, "messages": replies}
        conversation["turns"][key] = {**done, "in_charge": conversation["in_charge"]}
        world.save()
        if not mischief.lose_ack:
            for reply in replies:
                await tell(conversation, {"type": "message", "message": reply, "key": None})
            await tell(conversation, {"type": "typing", "on": False})
        return conversation["turns"][key]

    def error(status: int, code: str, message: str, **headers: str) -> JSONResponse:
        return JSONResponse({"error": {"code": code, "message": message}}, status, headers=headers)

    @app.post("/api/visitors", status_code=201)
    def visitors() -> dict[str, str]:
        world.visitors += 1
        world.save()
        return {"token": token_of(f"visitor{world.visitors}"), "customer": f"visitor{world.visitors}"}

    @app.post("/api/chat", response_model=None)
    async def chat(request: Request) -> JSONResponse | dict[str, Any]:
        customer = bearer(request)
        if customer is None:
            return error(401, "unauthorised", "Sign in again.")
        said = await request.json()
        if mischief.too_many:
            mischief.too_many -= 1
            return error(429, "too_many", "Slow down.", **{"Retry-After": "1"})
        if mischief.broken:
            mischief.broken -= 1
            return error(500, "broken", "Something broke here.")
        if mischief.refuse_text and mischief.refuse_text in said.get("text", ""):
            return error(422, "too_long", "That message is too long.")
        result = await turn(customer, "web", request.headers["idempotency-key"], said)
        if mischief.lose_ack:
            mischief.lose_ack -= 1
            return error(503, "gone", "The reply got lost.")
        return result

    @app.get("/api/chat/history", response_model=None)
    def history(request: Request, after: int = 0) -> JSONResponse | dict[str, Any]:
        customer = bearer(request)
        if customer is None:
            return error(401, "unauthorised", "Sign in again.")
        conversation = world.conversation(customer, "web")
        messages = [m for m in conversation["messages"] if m["id"] > after][:50]
        return {"conversation": conversation["id"], "in_charge": conversation["in_charge"], "messages": messages}

    @app.websocket("/api/chat/socket")
    async def socket(ws: WebSocket) -> None:
        if mischief.sockets_refused:
            await ws.close()
            return
        await ws.accept()
        try:
            hello = await ws.receive_json()
        except WebSocketDisconnect:
            return
        customer = customer_of(hello["token"])
        if customer is None:
            await ws.close(4401)
            return
        conversation = world.conversation(customer, "web")
        await ws.send_json(
            {"type": "ready", "conversation": conversation["id"], "in_charge": conversation["in_charge"]}
        )
        for message in conversation["messages"]:
            if message["id"] > hello["after"]:
                await ws.send_json({"type": "message", "message": message, "key": None})
        live.setdefault(conversation["id"], set()).add(ws)
        try:
            while True:
                said = await ws.receive_json()
                await heard(ws, customer, said)
        except (WebSocketDisconnect, RuntimeError):
            return  # closed by the browser, or by mischief
        finally:
            live[conversation["id"]].discard(ws)

    async def heard(ws: WebSocket, customer: str, said: dict[str, Any]) -> None:
        key = said["key"]
        if (
            mischief.too_many
            or mischief.broken
            or (mischief.refuse_text and mischief.refuse_text in said.get("text", ""))
        ):
            await ws.send_json({"type": "error", "key": key, "error": {"code": "refused", "message": "Refused."}})
            return
        done = await turn(customer, "web", key, said)
        if mischief.lose_ack:
            mischief.lose_ack -= 1
            await ws.close(1011)
            return
        await ws.send_json({"type": "ack", "key": key, "turn": done["turn"]})

    # ---- demo

    @app.get("/demo/customers")
    def customers() -> list[dict[str, str]]:
        return CUSTOMERS

    @app.post("/demo/token")
    def demo_token(said: dict[str, str]) -> dict[str, str]:
        return {"token": token_of(said["customer"])}

    def who(address: str) -> str:
        return next(c["customer"] for c in CUSTOMERS if c["address"] == address)

    def plain(message: dict[str, Any]) -> dict[str, str]:
        lines = [f"{n}. {c['title']}" for n, c in enumerate(message["choices"], 1)]
        return {"from": message["from"], "text": "\n".join([message["text"], *lines])}

    @app.post("/demo/messaging")
    async def messaging(said: dict[str, str]) -> dict[str, Any]:
        customer = who(said["address"])
        conversation = world.conversation(customer, "messaging")
        newest = next((m["choices"] for m in reversed(conversation["messages"]) if m["choices"]), [])
        numbered = {str(n): c for n, c in enumerate(newest, 1)}
        done = await turn(customer, "messaging", said["key"], numbered.get(said["text"], {"text": said["text"]}))
        return {"messages": [plain(m) for m in done["messages"]]}

    @app.get("/demo/messaging")
    def messaging_history(address: str) -> dict[str, Any]:
        return {"messages": [plain(m) for m in world.conversation(who(address), "messaging")["messages"]]}

    @app.post("/demo/clock")
    def clock(said: dict[str, float]) -> dict[str, str]:
        world.hours += said["hours"]
        world.save()
        return {"now": world.now()}

    # ---- for tests

    @app.get("/blank")
    def blank(body: str = "") -> HTMLResponse:
        head = '<meta name="viewport" content="width=device-width, initial-scale=1"><title>Test</title>'
        text = f'<!doctype html><html lang="en"><head>{head}<script src="/widget.js" defer></script></head><body>'
        policy = "default-src 'self'; img-src http: https:"
        return HTMLResponse(
            f"{text}<main><h1>A shop</h1>{body}</main></body></html>", headers={"content-security-policy": policy}
        )

    @app.post("/fake/push/{customer}")
    async def push(customer: str, message: dict[str, Any]) -> None:
        conversation = world.conversation(customer, "web")
        if "in_charge" in message:
            conversation["in_charge"] = message["in_charge"]
            await tell(conversation, {"type": "in_charge", "in_charge": message["in_charge"]})
            return
        added = world.add(conversation, message.pop("from", "assistant"), **message)
        world.save()
        await tell(conversation, {"type": "message", "message": added, "key": None})

    @app.post("/fake/mischief")
    async def misbehave(wanted: dict[str, Any]) -> dict[str, Any]:
        if wanted.pop("cut", False):
            for sockets in list(live.values()):
                for ws in list(sockets):
                    await ws.close(1012)
        world.refused += wanted.pop("refuse_tokens", [])
        mischief.__dict__.update(wanted)
        return mischief.__dict__

    return app


def main() -> None:
    port, state = int(sys.argv[1]), Path(sys.argv[2])
    uvicorn.run(build(World(state).load()), host="127.0.0.1", port=port, ws="wsproto", log_level="warning")


if __name__ == "__main__":
    main()

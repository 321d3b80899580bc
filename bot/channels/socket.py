"""The chat over a WebSocket: what the database has and the browser has not, and what the customer says.

Replay and live are the same: a nudge says only that there is something to look up.
"""

import asyncio
import contextlib
import json
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

import anyio
from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic import BaseModel

from bot.channels.people import People, Person
from bot.channels.webchat import KEY_LENGTH, PAGE, WEB, Say, incoming
from bot.channels.wire import error_json, message_json
from bot.gateway import Gateway, Rejected
from bot.limits import Limit, TooMany
from bot.tokens import InvalidToken
from bot.wording import FALLBACK_LANGUAGE
from memory import messages
from memory.errors import UnknownCustomer

# Closing codes of a socket: 4000-4999 are the application's own (RFC 6455, 7.4.2).
_BAD_TOKEN = 4401
_HELLO_SECONDS = 10.0


class Hello(BaseModel):
    """The first frame of a socket."""

    token: str
    after: int = 0


def router(gateway: Gateway, people: People, *, limit: Limit) -> APIRouter:
    """The socket under /api/chat."""
    api = APIRouter(prefix="/api")

    @api.websocket("/chat/socket")
    async def socket(websocket: WebSocket) -> None:
        """Messages as they come. The first frame carries the token, since browsers cannot set headers here."""
        await websocket.accept()
        try:
            hello = Hello.model_validate_json(await asyncio.wait_for(websocket.receive_text(), _HELLO_SECONDS))
            browser = websocket.headers.get("accept-language", "")
            person = replace(people.of_token(hello.token), browser=browser)
            people.heed(person.customer, websocket.headers.get("sec-gpc"))
        except (ValueError, KeyError, InvalidToken, TimeoutError):
            await websocket.close(
                _BAD_TOKEN, 'The first frame must be {"token": ..., "after": ...}, with a valid token.'
            )
            return
        except WebSocketDisconnect:
            return
        await _Socket(websocket, gateway, person, limit).run(hello.after)

    return api


class _Socket:
    """One open socket: sends what the database has and the browser has not, and takes what the customer says."""

    def __init__(self, websocket: WebSocket, gateway: Gateway, person: Person, limit: Limit) -> None:
        self._websocket, self._gateway, self._person, self._limit = websocket, gateway, person, limit
        self._conversation = gateway.conversation(person.customer, WEB)
        self._sending = asyncio.Lock()
        self._last = 0
        self._language = FALLBACK_LANGUAGE

    async def run(self, after: int) -> None:
        self._last = after
        async with self._gateway.hub.listen(self._conversation.id) as nudges:
            ready = {"conversation": self._conversation.id, "in_charge": self._conversation.in_charge}
            await self._send({"type": "ready", **ready})
            await self._catch_up()
            async with anyio.create_task_group() as sides:
                for side in (lambda: self._pass_on(nudges), self._take):
                    sides.start_soon(self._until_closed, side, sides.cancel_scope)

    async def _until_closed(self, side: Callable[[], Awaitable[None]], both: anyio.CancelScope) -> None:
        """Run one side; when the browser has gone, end both. Starlette says so by either of these exceptions. Somebody
        who was erased meanwhile is nobody any more."""
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            try:
                await side()
            except UnknownCustomer:
                await self._websocket.close(_BAD_TOKEN, "The token is of somebody who is no longer known here.")
        both.cancel()

    async def _send(self, frame: dict[str, Any]) -> None:
        await self._websocket.send_text(json.dumps(frame, ensure_ascii=False))

    async def _pass_on(self, nudges: "asyncio.Queue[dict[str, Any]]") -> None:
        while True:
            nudge = await nudges.get()
            if nudge["type"] == "message":
                await self._catch_up()
            else:
                await self._send(nudge)

    async def _catch_up(self) -> None:
        """Send everything after the last message that was sent; the database decides what there is."""
        async with self._sending:
            await self._follow_language()
            while shown := self._newer():
                for each in shown:
                    message = message_json(each)
                    await self._send({"type": "message", "message": message, "key": message["key"]})
                    self._last = each.id

    async def _follow_language(self) -> None:
        """Have the widget's own words follow what the customer writes; English is what it speaks by itself."""
        language = self._gateway.language(self._person.customer, self._person.language)
        if language not in (self._language, FALLBACK_LANGUAGE):
            await self._send({"type": "language", "language": language})
        self._language = language

    def _newer(self) -> list[messages.Shown]:
        with self._gateway.memory.read() as tx:
            return messages.after(tx, self._conversation.id, after=self._last, limit=PAGE)

    async def _take(self) -> None:
        while True:
            frame = await self._websocket.receive_text()
            try:
                given = json.loads(frame)
                key, kind = str(given.get("key") or secrets.token_urlsafe(16))[:KEY_LENGTH], given.get("type")
            except (ValueError, AttributeError):
                await self._send({"type": "error", "key": None, **error_json("bad_frame", "A frame is a JSON object.")})
                continue
            if kind == "say":
                await self._say(given, key)

    async def _say(self, given: dict[str, Any], key: str) -> None:
        text, choice = given.get("text"), given.get("choice")
        try:
            say = Say(text=text if isinstance(text, str) else None, choice=choice if isinstance(choice, str) else None)
            self._limit.take(self._person.customer)
            handled = await self._gateway.handle(incoming(self._person, say, key))
        except Rejected as rejected:
            await self._send({"type": "error", "key": key, **error_json(rejected.code, str(rejected))})
        except TooMany as wait:
            error = error_json("too_many", str(wait))
            await self._send({"type": "error", "key": key, "retry_after": wait.retry_after, **error})
        else:
            if handled.is_last:
                await self._send_last(handled.reply.messages)
            await self._catch_up()
            await self._send({"type": "ack", "key": key, "turn": handled.reply.turn})

    async def _send_last(self, shown: Sequence[messages.Shown]) -> None:
        """What is said to somebody who has just been forgotten stands nowhere but here."""
        for each in shown:
            await self._send({"type": "message", "message": message_json(each), "key": None})

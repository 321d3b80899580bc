"""The customers' contract over HTTP. Who is asking comes from the bearer token and nothing else."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from bot.channels.people import People, Person, dependency
from bot.channels.wire import WireError, WireHistory, WireReply, message_json, reply_json
from bot.gateway import Gateway, Incoming
from bot.limits import Limit
from memory import messages

WEB = "web"
# How many messages one history request or one replay of a socket brings at most; the caller asks on from the last id.
PAGE = 200
KEY_LENGTH = 200


class NewVisitor(BaseModel):
    """A visitor's token, and the customer it stands for."""

    token: str
    customer: str


class Say(BaseModel):
    """One message: a text, or the token of a choice that was shown. Other fields are ignored, whoever they name."""

    model_config = ConfigDict(extra="ignore")

    text: str | None = Field(default=None, examples=["a large oat flat white to go"])
    choice: str | None = Field(default=None, description="the token of a choice that was shown")


Errors: dict[int | str, dict[str, Any]] = {code: {"model": WireError} for code in (401, 413, 422, 429)}


def router(gateway: Gateway, people: People, *, messages_limit: Limit, visitors_limit: Limit) -> APIRouter:
    """The routes under /api that a customer's browser calls."""
    api = APIRouter(prefix="/api", tags=["chat"])

    Asking = Annotated[Person, Depends(dependency(people))]

    @api.post("/visitors", status_code=201, response_model=NewVisitor, responses={429: {"model": WireError}})
    def create_visitor(request: Request, sec_gpc: Annotated[str | None, Header()] = None) -> dict[str, str]:
        """A new anonymous visitor."""
        visitors_limit.take(request.client.host if request.client else "")
        customer, token = people.new_visitor(now=datetime.now(UTC))
        people.heed(customer, sec_gpc)
        return {"token": token, "customer": customer}

    @api.post("/chat", response_model=WireReply, response_model_by_alias=True, responses=Errors)
    async def chat(
        say: Say, person: Asking, idempotency_key: Annotated[str | None, Header(max_length=KEY_LENGTH)] = None
    ) -> dict[str, Any]:
        """Say something and get the reply. The same Idempotency-Key again gives the same reply, and changes nothing."""
        messages_limit.take(person.customer)
        handled = await gateway.handle(incoming(person, say, idempotency_key))
        return reply_json(handled.conversation, handled.reply)

    @api.get("/chat/history", response_model=WireHistory, response_model_by_alias=True, responses=Errors)
    def history(person: Asking, after: Annotated[int, Query(ge=0)] = 0) -> dict[str, Any]:
        """What was said after the message `after`, oldest first; at most 200 messages at a time."""
        conversation = gateway.conversation(person.customer, WEB)
        with gateway.memory.read() as tx:
            shown = messages.after(tx, conversation.id, after=after, limit=PAGE)
        return {
            "conversation": conversation.id,
            "in_charge": conversation.in_charge,
            "messages": [message_json(each) for each in shown],
        }

    return api


def incoming(person: Person, say: Say, key: str | None) -> Incoming:
    """What a person says here, as the gateway takes it; `key` makes a repetition harmless."""
    return Incoming(person.customer, WEB, say.text, say.choice, key, person.language)

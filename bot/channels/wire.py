"""What messages look like on the web: the JSON of the customers' contract."""

from datetime import UTC
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from memory.conversations import Conversation
from memory.messages import Reply, Shown


class WireChoice(BaseModel):
    """A choice that can be tapped: its title, and the opaque token to send back."""

    title: str
    choice: str


class WireMessage(BaseModel):
    """One message as people see it. `key` is the id under which the customer's own message was sent."""

    model_config = ConfigDict(populate_by_name=True)

    id: int
    sender: Literal["customer", "assistant", "operator"] = Field(alias="from")
    text: str
    choices: list[WireChoice] = []
    cards: list[dict[str, Any]] = []
    at: str
    key: str | None = None


class WireReply(BaseModel):
    """The answer to one message."""

    conversation: str
    turn: int
    messages: list[WireMessage]
    in_charge: Literal["assistant", "operator"]


class WireHistory(BaseModel):
    """What was said, oldest first."""

    conversation: str
    in_charge: Literal["assistant", "operator"]
    messages: list[WireMessage]


class WireError(BaseModel):
    """Every error has this shape."""

    class Detail(BaseModel):
        """`code` is stable and for programs, `message` is for people."""

        code: str
        message: str

    error: Detail


def message_json(shown: Shown) -> dict[str, Any]:
    """One message for the wire."""
    at = shown.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return shown.wire() | {"at": at}


def reply_json(conversation: Conversation, reply: Reply) -> dict[str, Any]:
    """A reply for the wire."""
    return {
        "conversation": conversation.id,
        "turn": reply.turn,
        "messages": [message_json(shown) for shown in reply.messages],
        "in_charge": conversation.in_charge,
    }


def error_json(code: str, message: str) -> dict[str, Any]:
    """An error for the wire."""
    return {"error": {"code": code, "message": message}}

"""`rapport rasa shell` and `rapport rasa run`: Rasa's own consoles and server in front of our gateway.

Rasa's agent makes its processor by name; this one hands every message to the gateway, on a database of its own, so that
what is tried out here has the same memory, actions and wording as what is served.
"""

from pathlib import Path
from typing import Any

from rasa.core.channels.channel import UserMessage
from rasa.core.processor import MessageProcessor
from rasa.model import get_latest_model

from bot.app import Parts, assemble
from bot.channels.messaging import CONSOLE, as_texts
from bot.gateway import Incoming
from bot.settings import Settings
from memory import identities


def processor_class(settings: Settings) -> type[MessageProcessor]:
    """The class to put in the place of Rasa's `MessageProcessor`."""

    class GatewayProcessor(MessageProcessor):
        def __init__(self, model_path: str, **_: Any) -> None:
            archive = Path(model_path)
            if archive.is_dir():
                archive = Path(get_latest_model(archive) or "")
            self.parts: Parts = assemble(settings, archive)
            inner = self.parts.gateway.assistant.processor
            self.model_metadata, self.domain, self.model_path = inner.model_metadata, inner.domain, archive
            self.graph_runner, self.http_interpreter = inner.graph_runner, None

        async def handle_message(self, message: UserMessage) -> list[dict[str, Any]] | None:
            """Answer through the gateway, and send what it says to the channel that asked."""
            with self.parts.memory.write() as tx:
                now = self.parts.clock()
                customer = identities.for_address(tx, channel=CONSOLE, address=message.sender_id, now=now)
            incoming = Incoming(customer, CONSOLE, text=message.text, message_id=message.message_id)
            handled = await self.parts.gateway.handle(incoming)
            said = [{"text": text} for text in as_texts(handled.reply.messages)]
            for each in said:
                if message.output_channel is not None:
                    await message.output_channel.send_response(message.sender_id, dict(each))
            return said

    return GatewayProcessor

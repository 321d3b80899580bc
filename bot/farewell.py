"""Being forgotten while a person is in charge: asked back and done at once, apart from any task that waits.

The question is open as long as nobody has said anything after it: its choices are those that the last turn showed.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from actions.erasing import CONVERSATION, EVERYTHING, NOTHING, erase_less
from bot.assistant import Answer, Said
from bot.rasa.nlg import WordingGenerator
from memory import Memory, Turn, choices
from memory.messages import Outgoing

# The intents of a text, in order.
Understand = Callable[[str], Awaitable[Sequence[str]]]
_INTENT = "forget_everything"
# What a plain word means while the question is open.
_ANSWERS = {_INTENT: EVERYTHING, "affirm": EVERYTHING, "deny": NOTHING}


class Farewell:
    """Asks what is to be forgotten, and has it forgotten."""

    def __init__(self, memory: Memory, wording: WordingGenerator, understand: Understand) -> None:
        """All parts are shared with the rest of the process."""
        self._memory, self._wording, self._understand = memory, wording, understand

    async def answer(self, turn: Turn, said: Said) -> Answer | None:
        """The answer to a wish to be forgotten, or to the question that it led to; None to anything else."""
        chosen = _chosen(said.payload) if said.payload is not None else None
        if said.payload is None:
            requests = await self._understand(said.text)
            if self._is_open(turn):
                chosen = next((_ANSWERS[intent] for intent in requests if intent in _ANSWERS), None)
            elif _INTENT in requests:
                return self._say(turn, "utter_ask_erase")
        if chosen == EVERYTHING:
            return Answer((), turn.write, erases=True)
        return self._say(turn, erase_less(chosen, turn)) if chosen in (CONVERSATION, NOTHING) else None

    def _is_open(self, turn: Turn) -> bool:
        with self._memory.read() as tx:
            return any(_chosen(payload) for payload in choices.offered(tx, turn.conversation))

    def _say(self, turn: Turn, name: str) -> Answer:
        said: Outgoing = self._wording.message(name, {}, language=turn.language, channel=turn.channel)
        return Answer((said,), turn.write)


def _chosen(payload: Any) -> str | None:
    """What a choice has forgotten, if that is what it is about."""
    return payload.get("set", {}).get("erase") if payload.get("flow") == _INTENT else None

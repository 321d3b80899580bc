"""Reads past conversations of another chat tool: JSON lines, of which the broken ones are told by line and left out."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from memory import Memory, imports
from memory.imports import SENDERS, PastMessage

# So many customers' conversations are written at once: a short transaction each, so that the shop goes on meanwhile.
_AT_ONCE = 50
OnBad = Callable[[int, str], None]


@dataclass(frozen=True)
class Done:
    """What an import did: messages that were new, known already, of people who were erased or refuse, and bad lines."""

    new: int = 0
    known: int = 0
    left_out: int = 0
    bad: int = 0


def read(lines: Iterable[str], *, on_bad: OnBad) -> Iterator[PastMessage]:
    """The messages of a file; `on_bad` is told the number of each broken line and what is wrong with it."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield _message(json.loads(line))
        except (ValueError, KeyError, TypeError) as wrong:
            on_bad(number, _why(wrong))


def import_file(memory: Memory, file: Path, *, on_bad: OnBad, on_done: Callable[[int], None]) -> Done:
    """Take a file in; `on_done` is told how many messages were written. The same file twice changes nothing."""
    bad = 0

    def count_bad(number: int, why: str) -> None:
        nonlocal bad
        bad += 1
        on_bad(number, why)

    said: dict[str, list[PastMessage]] = defaultdict(list)
    with file.open(encoding="utf-8") as lines:
        for message in read(lines, on_bad=count_bad):
            said[message.subject].append(message)
    new = known = left_out = 0
    for start in range(0, len(said), _AT_ONCE):
        some = [message for subject in list(said)[start : start + _AT_ONCE] for message in said[subject]]
        with memory.write() as tx:
            done = imports.record_transcript(tx, some)
        new, known, left_out = new + done.new, known + done.known, left_out + done.left_out
        on_done(len(some))
    return Done(new, known, left_out, bad)


def _message(given: Any) -> PastMessage:
    if not isinstance(given, dict):
        raise TypeError("a line is a JSON object")
    texts = {name: given[name] for name in ("customer", "at", "from", "text")}
    texts["channel"] = given.get("channel", "chat")
    for name, value in texts.items():
        if not isinstance(value, str) or not value.strip():
            raise ValueError(f"{name}: a text is wanted")
    if texts["from"] not in SENDERS:
        raise ValueError(f"from: is one of {', '.join(SENDERS)}")
    at = datetime.fromisoformat(texts["at"])
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return PastMessage(texts["customer"], at, texts["from"], texts["text"], texts["channel"])


def _why(wrong: Exception) -> str:
    """What is wrong, without a word of what a customer wrote."""
    if isinstance(wrong, json.JSONDecodeError):
        return f"not JSON: {wrong.msg} at column {wrong.colno}"
    if isinstance(wrong, KeyError):
        return f"{wrong.args[0]} is missing"
    text = str(wrong)
    return "at: is no ISO 8601 time" if "isoformat" in text else text

"""Examples of telling (data/nlu/telling), with what is told of in brackets, and of ordinary talk, which tells nothing.

A line under `like:` tells that of each thing in brackets; another way stands in parentheses behind it: "I love [oat]
but not [soy](dislike)". What is named without brackets is told nothing of.

ExamplesError, of Mistakes: there are no examples, or lines tell what cannot be told of such a thing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.mistakes import Mistake, Mistakes
from bot.rasa.nlu import fact_clauses, fact_mentions
from bot.rasa.nlu.fact_mentions import THING, WAYS, Mention

FOLDER = "telling"
NOTHING = "nothing"
# Intents whose examples may well tell something, or name what was told before.
TELLING = frozenset(
    {"state_preference", "forget_that", "dont_remember", "not_that_again", "why_do_you_say_that", "what_do_you_know"}
)
_MARKED = re.compile(r"\[([^\]]+)\](?:\((\w+)\))?")
Find = Callable[[str], Sequence[dict[str, Any]]]


class ExamplesError(Mistakes):
    """Examples that cannot be learned from."""


@dataclass(frozen=True)
class Example:
    """A text in lower case, what it names, and the way in which something is told of each."""

    text: str
    mentions: tuple[Mention, ...]
    ways: tuple[str, ...]

    def untellable(self) -> Iterator[tuple[Mention, str]]:
        """What cannot be told so."""
        for mention, way in zip(self.mentions, self.ways, strict=True):
            if way not in (*WAYS[mention.kind], NOTHING):
                yield mention, way


def load(folder: Path, *, entities: Find, left_out: Sequence[str] = ()) -> list[Example]:
    """The examples of telling in `folder` (data/nlu) and its ordinary talk; `entities` finds the shop's words.

    `left_out`: files of telling not to read. Ordinary talk that stands in one that is read tells what it says there.
    Raises ExamplesError, also where there is nothing to learn from.
    """
    told = [e for path in files(folder) if path.stem not in left_out for e in read(path, entities=entities)]
    if not told:
        raise ExamplesError([Mistake(str(folder / FOLDER), 1, "There are no examples of telling.", "Restore them.")])
    known = {example.text for example in told}
    talk = (_example(text, [], entities) for text in _talk(folder))
    return [*told, *(example for example in talk if example.mentions and example.text not in known)]


def files(folder: Path) -> list[Path]:
    """The files of examples of telling."""
    return sorted((folder / FOLDER).glob("*.yml"))


def read(path: Path, *, entities: Find) -> list[Example]:
    """The examples of one file. Raises ExamplesError with all lines that are wrong."""
    content: dict[str, list[str]] = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    made = [(str(line), parsed(str(line), way, entities=entities)) for way, lines in content.items() for line in lines]
    wrong = [_mistake(path, line, *pair) for line, example in made for pair in example.untellable()]
    if wrong:
        raise ExamplesError(wrong)
    return [example for _, example in made]


def check(folder: Path) -> None:
    """Raises ExamplesError where a file in `folder` (data/nlu) tells what cannot be told, as far as the shop's words do
    not matter."""
    wrong: list[Mistake] = []
    for path in files(folder):
        try:
            read(path, entities=lambda text: ())
        except ExamplesError as error:
            wrong += error.mistakes
    if wrong:
        raise ExamplesError(wrong)


def _mistake(path: Path, line: str, mention: Mention, way: str) -> Mistake:
    rows = path.read_text(encoding="utf-8").splitlines()
    place = next((number for number, row in enumerate(rows, start=1) if line in row), 1)
    message = f"{way!r} cannot be told of {mention.word!r} in {line!r}."
    return Mistake(str(path), place, message, f"Ways to tell of it: {', '.join((*WAYS[mention.kind], NOTHING))}.")


def parsed(line: str, way: str, *, entities: Find) -> Example:
    """One line under the heading `way`."""
    text, end, marks = "", 0, []
    for marked in _MARKED.finditer(line):
        text += line[end : marked.start()]
        marks.append((len(text), len(text) + len(marked.group(1)), marked.group(2) or way))
        text, end = text + marked.group(1), marked.end()
    return _example(text + line[end:], marks, entities)


def _example(text: str, marks: list[tuple[int, int, str]], entities: Find) -> Example:
    said = fact_clauses.said(text)
    found: list[tuple[Mention, str]] = []
    open_marks = list(marks)
    for mention in fact_mentions.find(said, entities(text)):
        mark = next((m for m in marks if m[0] < mention.end and mention.start < m[1]), None)
        if mark in open_marks:
            open_marks.remove(mark)
        found.append((mention, mark[2] if mark else NOTHING))
    # What the shop has no word for is a thing like any other.
    found += [(Mention(a, b, THING, said[a:b], {"taste": ("product", said[a:b])}), way) for a, b, way in open_marks]
    found.sort(key=lambda pair: pair[0].start)
    return Example(said, tuple(mention for mention, _ in found), tuple(way for _, way in found))


def _talk(folder: Path) -> Iterator[str]:
    """The examples of all intents but those of telling."""
    for path in sorted(folder.glob("*.yml")):
        for block in (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("nlu", ()):
            if block.get("intent") not in TELLING:
                yield from (line.lstrip()[2:].strip() for line in block["examples"].splitlines() if line.isascii())

"""What speaks for or against something being told of a mention: the words around it, as a text and as its features.

Pure. The mention itself becomes a mark of its kind and so do the others, so that what was learned of oat milk holds for
soy; what stands in one list or one name with the mention is taken out, so that each of a list is told the same of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bot.rasa.nlu.fact_meanings import MEANING
from bot.rasa.nlu.fact_mentions import Mention
from bot.rasa.nlu.people import SOMEBODY
from bot.rasa.nlu.words import singular

# "I'm", "i am" and "im" are the same to a reader of few examples.
_CONTRACTED = tuple(
    (re.compile(pattern), whole)
    for pattern, whole in (
        (r"\b(?:i'm|im)\b", "i am"),
        (r"\b(?:i've|ive)\b", "i have"),
        (r"\b(i|we|you|they|he|she)'(?:ve)\b", r"\1 have"),
        (r"\b(i|we|you|they)'d\b", r"\1 would"),
        (r"\b(i|we|you|they|it|he|she|that)'ll\b", r"\1 will"),
        (r"\b(we|you|they)'re\b", r"\1 are"),
        (r"\b(?:can't|cant|cannot)\b", "can not"),
        (r"\b(?:won't|wont)\b", "will not"),
        (r"\b(?:dont|didnt|doesnt|isnt|wasnt)\b", lambda found: found.group()[:-2] + " not"),
        (r"\b(\w+)n't\b", r"\1 not"),
        (r"\b(it|she|he|that|there|what|who|x\w+x|\w+)'s\b", r"\1 is"),
        (r"\bu\b", "you"),
        (r"\d+", "0"),
    )
)
_TOKEN = re.compile(r"[a-z]+(?:'[a-z]+)?|0|[^\w\s]")
_KEPT = frozenset(
    {"is", "was", "has", "does", "this", "always", "yes", "us", "his", "as", "its", "unless", "sometimes"}
)
_SENTENCE_ENDS = frozenset(".!?;\n")
_CLAUSE_ENDS = frozenset({",", ":", "-", "(", ")", "but", "because", "cos", "so", "although", "though", "while"})
_LIST = frozenset({",", "and", "or", "nor", "&", "+", "/", "plus"})
_LONGEST_RUN = 4
# A sentence of as many words only names something; the mark for where it was joined with the next.
_NAMED, _THEN = 2, "~"


def masked(text: str, mentions: Sequence[Mention], place: int) -> str:
    """The text as it is told of one of its mentions; what that is comes first."""
    said, end = "", 0
    for number, mention in enumerate(mentions):
        mark = f"x{mention.kind}x" if number == place else f"o{mention.kind}x"
        said += f"{text[end : mention.start]} {mark}"
        end = mention.end
    said = SOMEBODY.sub(" somebodyx ", said + text[end:])
    for pattern, whole in _CONTRACTED:
        said = pattern.sub(whole, said)
    mention = mentions[place]
    attribute = mention.readings.get("taste", ("-", ""))[0]
    allergen = "allergen" if "allergy" in mention.readings else "-"
    return f"{mention.word.replace(' ', '_')} {mention.kind} {attribute} {allergen}\n{said}"


def features(text: str) -> list[str]:
    """The features of what `masked` gave."""
    head, _, said = text.partition("\n")
    word, kind, attribute, allergen = head.split(" ")
    mark = f"x{kind}x"
    words = _without_companions([_stem(token) for token in _TOKEN.findall(said)], mark)
    here = words.index(mark)
    words, here = _with_verdict(words, here)
    first, last = _bounds(words, here, _SENTENCE_ENDS)
    start, end = _bounds(words, here, _CLAUSE_ENDS | _SENTENCE_ENDS)
    found = [f"word {word}", f"kind {kind}", f"attribute {kind} {attribute}", f"{kind} {allergen}"]
    found += [f"clause {run}" for run in _runs(["^", *words[start:end], "$"], _LONGEST_RUN) if run != mark]
    before, after = words[first:here], words[here + 1 : last]
    found += [f"before {kind} {token}" for token in before]
    found += [f"after {kind} {token}" for token in after]
    found += [f"up to {' '.join(before[-n:])}" for n in range(1, min(_LONGEST_RUN, len(before)) + 1)]
    found += [f"from {' '.join(after[:n])}" for n in range(1, min(_LONGEST_RUN, len(after)) + 1)]
    found += [f"sentence {token}" for token in set(words[first:last])]
    meant = [MEANING.get(word, word) for word in words]
    found += [f"meant {run}" for run in _runs(["^", *meant[start:end], "$"], _LONGEST_RUN) if run != mark]
    return [*found, *(f"meant in {token}" for token in set(meant[first:last]))]


def _stem(token: str) -> str:
    return token if token in _KEPT else singular(token)


def _without_companions(words: list[str], mark: str) -> list[str]:
    """Without the other things of the mention's list, or of one name with it: "a large X", "X, O and O"."""
    other = f"o{mark[1:]}"
    here = words.index(mark)
    start, end = here, here + 1
    while True:
        before = _companion(words[:start][::-1], other)
        after = _companion(words[end:], other)
        if not before and not after:
            return [*words[:start], mark, *words[end:]]
        start, end = start - before, end + after


def _with_verdict(words: list[str], here: int) -> tuple[list[str], int]:
    """What is said of a thing that is only named goes on in the next sentence: "Hazelnut? Can't stand it."."""
    first, last = _bounds(words, here, _SENTENCE_ENDS)
    if last - first > _NAMED:
        return words, here
    end = next((n for n in range(last, len(words)) if words[n] not in _SENTENCE_ENDS), last)
    return [*words[:last], *([_THEN] if end < len(words) else words[last:end]), *words[end:]], here


def _companion(words: Sequence[str], other: str) -> int:
    """How many words make one more of the list, nearest first; 0 where the list ends."""
    for joined in range(min(3, len(words))):
        if words[joined] == other:
            return joined + 1
        if words[joined] not in _LIST:
            return 0
    return 0


def _bounds(words: Sequence[str], here: int, ends: frozenset[str]) -> tuple[int, int]:
    start = next((n + 1 for n in range(here - 1, -1, -1) if words[n] in ends), 0)
    return start, next((n for n in range(here + 1, len(words)) if words[n] in ends), len(words))


def _runs(words: Sequence[str], longest: int) -> Iterator[str]:
    for length in range(1, longest + 1):
        yield from (" ".join(words[n : n + length]) for n in range(len(words) - length + 1))

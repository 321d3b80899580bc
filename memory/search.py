"""Find what was said in a customer's own past: full text of their messages and facts, the likeliest first.

Words are indexed by customer (SQLite: FTS5, PostgreSQL: tsvector), so that a search costs what this customer said, not
what everybody did. Both databases find candidates by the same words and rank them by the same figures: BM25 over the
candidates, how long ago it was, and who said it.
"""

import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from secrets import randbits
from time import time_ns
from typing import Literal
from zlib import crc32

from sqlalchemy import ColumnElement, bindparam, delete, select, text

from memory import _session, facts
from memory._gate import Prepared
from memory._purposes import Purpose
from memory._session import Grant, Tx
from memory._tables import ConversationRow, DocumentRow, MessageRow

# Robertson and Zaragoza 2009, the usual constants.
_K1, _B = 1.2, 0.75
# What the customer said themselves answers a question about them better than what they were told.
_SPEAKER = {"customer": 1.0, "operator": 0.9, "assistant": 0.8}
# After a year a match counts for half as much more as it does for ever.
_RECENCY_DAYS, _RECENCY_FLOOR = 365.0, 0.4
# The newest so many candidates are ranked.
_CANDIDATES = 400
_LITTLE_WORDS = """
a an and are as at be been but by can could did do does for from had has have he her him his how i if in is it its just
me my no not of on or our please she so some than that the their them then there they this to too up us was we were
what when where which who why will with would you your
"""
_STOP_WORDS = frozenset(_LITTLE_WORDS.split())
# Into so many parts SQLite's index is divided; each customer is in one.
BUCKETS = 16
_WORD = re.compile(r"[^\W_]+")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]+")


@dataclass(frozen=True)
class Found:
    """A message, or a fact, that fits; ``place`` is the message's number or the fact's id."""

    kind: Literal["message", "fact"]
    conversation: str | None
    channel: str
    place: int | str
    sender: str
    text: str
    at: datetime
    score: float


def recall(
    tx: Tx,
    grant: Grant,
    query: str,
    *,
    now: datetime,
    limit: int = 10,
    since: datetime | None = None,
    until: datetime | None = None,
    known: Grant | None = None,
) -> tuple[Found, ...]:
    """What fits ``query`` best among a person's past messages, best first; ``grant`` is one to resume.

    With ``known``, a grant for preferences, their facts are searched too. ``since`` and ``until`` bound the time. A
    query without any word that carries meaning finds nothing.
    """
    scope = _session.granted(tx, grant, Purpose.RESUME)
    asked = words(query, leave_out=_STOP_WORDS)
    found = [one for owner in sorted(scope) for one in _messages(tx, owner, asked)] if asked else []
    if known is not None:
        found += [_of_fact(fact) for fact in facts.of(tx, known)]
    within = [one for one in found if (since is None or one.at >= since) and (until is None or one.at < until)]
    ranked = sorted(_rank(within, asked, now=now), key=lambda one: (-one.score, -one.at.timestamp(), str(one.place)))
    return tuple(ranked[:limit])


def words(said: str, *, leave_out: frozenset[str] = frozenset()) -> list[str]:
    """The words of a text as they are indexed: folded, without accents and plural endings; Chinese and Japanese in
    pairs of characters."""
    plain = unicodedata.normalize("NFKD", said).casefold()
    plain = "".join(character for character in plain if not unicodedata.combining(character))
    found: list[str] = []
    for word in _WORD.findall(plain):
        if _CJK.search(word):
            found += [word[at : at + 2] for at in range(max(1, len(word) - 1))]
        elif word not in leave_out:
            found.append(_stem(word))
    return found


def index(tx: Tx, owner: str, conversation: str, messages: Iterable[tuple[int, str]]) -> None:
    """Make messages findable: their numbers and texts."""
    for number, said in messages:
        indexed = sorted(set(words(said, leave_out=_STOP_WORDS)))
        if not indexed:
            continue
        document = {"owner": owner, "id": _new_id(), "conversation": conversation, "message": number}
        if _session.on_postgres(tx):
            _INDEX_POSTGRES(tx, **document, words=indexed)
            continue
        _INDEX_SQLITE(tx, **document)
        _WORDS[_bucket(owner)](tx, key=document["id"], words=" ".join(_term(owner, word) for word in indexed))


def plan(owner: str, said: str) -> tuple[str, str]:
    """Where and how SQLite's index holds a text of this customer's: the index's name, and the words in it."""
    indexed = sorted(set(words(said, leave_out=_STOP_WORDS)))
    return f"search_{_bucket(owner):x}", " ".join(_term(owner, word) for word in indexed)


def unindex(tx: Tx, which: ColumnElement[bool]) -> int:
    """Take the messages that fit ``which`` out of the index without a trace; how many. Before they are deleted."""
    joined = (DocumentRow.customer == MessageRow.customer) & (DocumentRow.conversation == MessageRow.conversation)
    found = select(DocumentRow.id, DocumentRow.customer, MessageRow.text).join(
        MessageRow, joined & (DocumentRow.message == MessageRow.id)
    )
    rows = _session.private(tx, found.where(which)).all()
    if not _session.on_postgres(tx):
        _unindex_sqlite(tx, [(row.id, row.customer, row.text) for row in rows])
    by_customer: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        by_customer[row.customer].append(row.id)
    for customer, numbers in by_customer.items():
        for start in range(0, len(numbers), 500):
            some = DocumentRow.id.in_(numbers[start : start + 500])
            _session.private(tx, delete(DocumentRow).where(DocumentRow.customer == customer, some))
    return len(rows)


def tidy(tx: Tx, bucket: int) -> None:
    """Merge one of the ``BUCKETS`` parts of SQLite's index: then a search reads fewer pages, and no deleted word is
    left in it. PostgreSQL does this by itself."""
    if not _session.on_postgres(tx):
        _session.private(tx, text(f"INSERT INTO search_{bucket:x}(search_{bucket:x}) VALUES ('optimize')"))


def forget_all_words(tx: Tx) -> None:
    """Empty the index: before everything is restored."""
    _session.private(tx, delete(DocumentRow))
    if not _session.on_postgres(tx):
        for bucket in range(BUCKETS):
            _session.private(tx, text(f"INSERT INTO search_{bucket:x}(search_{bucket:x}) VALUES ('delete-all')"))


def _messages(tx: Tx, owner: str, asked: Sequence[str]) -> list[Found]:
    some = sorted(set(asked))
    if _session.on_postgres(tx):
        ids = _CANDIDATES_POSTGRES(tx, owner=owner, asked=" | ".join(f"'{word}'" for word in some), most=_CANDIDATES)
    else:
        terms = " OR ".join(_term(owner, word) for word in some)
        ids = _MATCH[_bucket(owner)](tx, asked=terms, most=_CANDIDATES)
    numbers = [row[0] for row in ids]
    rows = _FOUND(tx, owner=owner, numbers=numbers) if numbers else ()
    return [Found("message", row.conversation, row[1], row.id, row.sender, row.text, row.at, 0.0) for row in rows]


def _rank(found: Sequence[Found], asked: Sequence[str], *, now: datetime) -> list[Found]:
    """BM25 of each text, times recency, times speaker; what holds none of the words is left out."""
    counted = [Counter(words(one.text)) for one in found]
    lengths = [max(1, counts.total()) for counts in counted]
    usual = sum(lengths) / max(1, len(lengths))
    having = {word: sum(word in counts for counts in counted) for word in set(asked)}
    ranked = []
    for one, counts, length in zip(found, counted, lengths, strict=True):
        score = 0.0
        for word, holders in having.items():
            often = counts[word]
            rare = math.log(1 + (len(found) - holders + 0.5) / (holders + 0.5))
            score += rare * often * (_K1 + 1) / (often + _K1 * (1 - _B + _B * length / usual))
        if score > 0:
            days = max(0.0, (now - one.at).total_seconds() / 86_400)
            fresh = _RECENCY_FLOOR + (1 - _RECENCY_FLOOR) * 0.5 ** (days / _RECENCY_DAYS)
            score *= fresh * _SPEAKER.get(one.sender, 0.8)
            ranked.append(
                Found(one.kind, one.conversation, one.channel, one.place, one.sender, one.text, one.at, round(score, 6))
            )
    return ranked


def _of_fact(fact: facts.Fact) -> Found:
    said = f"{fact.polarity} {fact.value} ({fact.attribute})"
    return Found("fact", fact.conversation, fact.channel, fact.id, "customer", said, fact.confirmed_at, 0.0)


def _stem(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _bucket(owner: str) -> int:
    return crc32(owner.encode()) % BUCKETS


def _term(owner: str, word: str) -> str:
    """A word as this customer's own, so that the index has no list of everybody who said it."""
    return f"{crc32(owner.encode()[::-1]):08x}{word}"


# Begun anywhere, so that two processes hardly ever count alike within one millisecond.
_counter = count(randbits(20))


def _new_id() -> int:
    """Milliseconds, then 20 bits that are counted: the newest are the highest, and 63 bits are enough until 2248."""
    return (time_ns() // 1_000_000) << 20 | next(_counter) & 0xFFFFF


def _unindex_sqlite(tx: Tx, rows: Sequence[tuple[int, str, str]]) -> None:
    for key, owner, said in rows:
        _UNWORDS[_bucket(owner)](tx, key=key, words=plan(owner, said)[1])
    # A deletion is only a mark in the index until its segments are merged.
    for bucket in sorted({_bucket(owner) for _, owner, _ in rows}):
        tidy(tx, bucket)


_DOCUMENT = "search_documents (customer, id, conversation, message"
_INDEX_SQLITE = Prepared(text(f"INSERT INTO {_DOCUMENT}) VALUES (:owner, :id, :conversation, :message)"), keys=True)
_INDEX_POSTGRES = Prepared(
    text(
        f"INSERT INTO {_DOCUMENT}, words) VALUES (:owner, :id, :conversation, :message,"
        " array_to_tsvector(CAST(:words AS text[])))"
    ),
    keys=True,
)
_CANDIDATES_POSTGRES = Prepared(
    text(
        "SELECT id FROM search_documents WHERE customer = :owner AND words @@ CAST(:asked AS tsquery)"
        " ORDER BY id DESC LIMIT :most"
    ),
    keys=True,
)


def _each_bucket(statement: str) -> list[Prepared]:
    return [Prepared(text(statement.replace("?", f"search_{bucket:x}")), keys=True) for bucket in range(BUCKETS)]


_WORDS = _each_bucket("INSERT INTO ?(rowid, words) VALUES (:key, :words)")
_UNWORDS = _each_bucket("INSERT INTO ?(?, rowid, words) VALUES ('delete', :key, :words)")
_MATCH = _each_bucket("SELECT rowid FROM ? WHERE ? MATCH :asked ORDER BY rowid DESC LIMIT :most")
_FOUND = Prepared(
    select(
        MessageRow.conversation,
        select(ConversationRow.channel).where(ConversationRow.id == MessageRow.conversation).scalar_subquery(),
        MessageRow.id,
        MessageRow.sender,
        MessageRow.text,
        MessageRow.at,
    )
    .select_from(DocumentRow)
    .join(
        MessageRow,
        (MessageRow.customer == DocumentRow.customer)
        & (MessageRow.conversation == DocumentRow.conversation)
        & (MessageRow.id == DocumentRow.message),
    )
    .where(
        DocumentRow.customer == bindparam("owner"),
        MessageRow.customer == bindparam("owner"),
        DocumentRow.id.in_(bindparam("numbers", expanding=True)),
    ),
    keys=True,
)

"""Hears a refusal before anything else does: of marketing, of memory, for good or once, of profiling, or of all of it.

First the keywords that a law or a messaging platform demands, then a classifier trained on refusals in many wordings
and languages and on what only sounds like one ("stop the order"). It leans to hearing one: a doubtful refusal comes
with `sure=False`, so that the caller suppresses first and asks afterwards. Nothing here reads or writes memory.

RefusalsError: no model and no examples to make one from.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, cast

import yaml
from scipy.special import expit

from bot.rasa.nlu import concepts, embeddings, requests
from bot.rasa.nlu.concepts import Concepts
from bot.rasa.nlu.embeddings import REMEMBERED
from bot.rasa.nlu.refusal_model import ONCE, ORDINARY, SCOPES, Heard, RefusalModel
from bot.rasa.nlu.refusal_words import channel_of, topic_of
from bot.rasa.nlu.words import plain, straight

logger = logging.getLogger(__name__)

Scope = Literal["marketing", "memory", "once", "profiling", "all"]
WEB = "web"
# On sight, on every channel (domain rules 3). Those in the second set also say other things on a web chat: be doubtful.
KEYWORDS = frozenset(
    {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT", "OPT-OUT", "REMOVE", "ARRET"}
)
MANY_MEANINGS = frozenset({"CANCEL", "END", "QUIT", "REVOKE", "REMOVE"})
# What asks that one thing is not kept.
ONCE_INTENT = "dont_remember"
# Where in data/nlu it is said what words are about.
CONCEPTS = "concepts"
BACK_IN = frozenset({"START", "UNSTOP"})
# Changes when the code below trains differently.
REVISION = "15"
# Intents that speak of consent, memory and mails: to hear a refusal in one of them is near the mark, no false alarm.
NEIGHBOURS = frozenset(
    {
        "opt_in", "forget_that", "forget_everything", "not_that_again", "cancel_subscription",
        "export_data", "what_do_you_know",
    }
)  # fmt: skip
# A bare "no" answers a question; it refuses nothing else.
PLAIN_NO = re.compile(
    r"(?:(?:no+|nope?|nah|n|nay|non|nein|nee|nie|nej|hayır|não|nao|nahi|nahin|la|不|不是|不用|不用了|いいえ|いや|لا"
    r"|thanks?|thank you|thx|ty|ta|please|pls|gracias|merci|danke|grazie|obrigad[oa]|bedankt|dziękuję|teşekkürler|شكرا"
    r"|谢谢|謝謝"
    r"|not (?:really|now|today|that|this|that one|this one)|that's (?:it|all)|that is all|don't)[\s,.!]*)+"
)


class RefusalsError(Exception):
    """There are no examples of refusals to learn from."""


@dataclass(frozen=True)
class Context:
    """Where the message was said. `task_open`: the customer is in the middle of an order or another task."""

    channel: str = WEB
    task_open: bool = False


@dataclass(frozen=True)
class Refusal:
    """What the customer refuses. `channel`, `topic`: None where all are meant. `sure` False: suppress, then ask."""

    scope: Scope
    channel: str | None
    topic: str | None
    confidence: float
    sure: bool

    @property
    def intent(self) -> str:
        """The intent that means the same."""
        return ONCE_INTENT if self.scope == ONCE else f"opt_out_{self.scope}"


def keyword(text: str, *, context: Context) -> Refusal | None:
    """The refusal of a message that is nothing but refusal keywords, without any model."""
    words = _bare(text).split()
    if not words or not all(word in KEYWORDS for word in words):
        return None
    if "CANCEL" in words and context.channel == WEB and context.task_open:
        return None
    sure = context.channel != WEB or not all(word in MANY_MEANINGS for word in words)
    return Refusal("marketing", None, None, 1.0, sure)


def opts_in(text: str) -> bool:
    """Is the message a keyword that takes a refusal of marketing back? A bare "yes" never is."""
    return _bare(text) in BACK_IN


def _bare(text: str) -> str:
    words = re.findall(r"[^\W_]+(?:-[^\W_]+)*", plain(text))
    return " ".join(words).upper()


class RefusalDetector:
    """Keywords, and the trained model for all other words; `encoder` None: on words alone."""

    def __init__(self, model: RefusalModel, encoder: embeddings.Encoder | None) -> None:
        self._model = model
        # The gateway asks about a message, and so does the reading of its intent. No text is kept, only salted hashes.
        self._recent: OrderedDict[int, Heard] = OrderedDict()
        self.encoder = encoder if model.seeing is not None else None

    def using(self, encoder: embeddings.Encoder | None) -> RefusalDetector:
        """The same detector with another encoder, or on words alone."""
        return RefusalDetector(self._model, encoder)

    def detect(self, text: str, *, context: Context) -> Refusal | None:
        """What `text` refuses, or None. Refusals of different things in one message make one of all."""
        return keyword(text, context=context) or self.hear(text)

    def hear(self, text: str, *, whole: bool = False) -> Refusal | None:
        """The same without keywords. `whole`: the text is one request already and is not looked at in parts."""
        if not re.search(r"\w", text) or PLAIN_NO.fullmatch(straight(text).lower().strip()):
            return None
        if self._model.says_no_more(text):
            return None
        spans = [] if whole else requests.pieces(text)
        parts = [text, *(text[start:end] for start, end in spans)] if len(spans) > 1 else [text]
        heard = self._heard(parts)
        best = max(heard)
        if not best.doubtful:
            return None
        own = heard[1:] or heard
        scopes = {self._scope(part) for part, each in zip(parts[-len(own) :], own, strict=True) if each.sure}
        if len(scopes) > 1:
            scopes.discard(ONCE)
        one = next(iter(scopes)) if len(scopes) == 1 else self._scope(parts[heard.index(best)])
        scope = cast(Scope, "all" if len(scopes) > 1 else one)
        said = straight(text).lower()
        return Refusal(
            scope,
            channel_of(said) if scope == "marketing" else None,
            topic_of(said) if scope == "marketing" else None,
            float(expit(best.score)),
            best.sure,
        )

    def _scope(self, part: str) -> str:
        return self._model.scope(part, self.encoder)

    def _heard(self, texts: Sequence[str]) -> list[Heard]:
        keys = [hash(text) for text in texts]
        new = [place for place, key in enumerate(keys) if key not in self._recent]
        if new:
            heard = self._model.hear([texts[place] for place in new], self.encoder)
            self._recent |= {keys[place]: each for place, each in zip(new, heard, strict=True)}
        told = [self._recent[key] for key in keys]
        while len(self._recent) > REMEMBERED:
            self._recent.popitem(last=False)
        return told

    @classmethod
    def fit(
        cls, texts: Sequence[str], labels: Sequence[str], *, encoder: embeddings.Encoder | None, concepts: Concepts
    ) -> RefusalDetector:
        """Train on texts labelled by scope, `none` (near misses) or `ordinary`."""
        return cls(RefusalModel.fit(texts, labels, encoder=encoder, concepts=concepts), encoder)

    def save(self, folder: Path) -> None:
        """Write plain arrays and JSON into `folder`."""
        self._model.save(folder)

    @classmethod
    def load(cls, folder: Path, *, encoder: embeddings.Encoder | None) -> RefusalDetector:
        """What `save` wrote."""
        return cls(RefusalModel.load(folder), encoder)


def examples(folder: Path) -> tuple[list[str], list[str]]:
    """Texts and labels: the opt-out intents and all others (`ordinary`) of data/nlu, and data/nlu/refusals."""
    texts: list[str] = []
    labels: list[str] = []
    for path in _files(folder):
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        for block in content.get("nlu", ()):
            said = [line.lstrip()[2:].strip() for line in block.get("examples", "").splitlines() if line.strip()]
            texts += said
            labels += [_scope_of_intent(block.get("intent", ""))] * len(said)
        for label in (*SCOPES, "none", ORDINARY):
            texts += [str(line) for line in content.get(label, ())]
            labels += [label] * len(content.get(label, ()))
    if len(set(labels)) < 2:
        raise RefusalsError(f"{folder} holds no examples of refusals: restore data/nlu/refusals.")
    return texts, labels


def _scope_of_intent(intent: str) -> str:
    if intent == ONCE_INTENT:
        return ONCE
    scope = intent.removeprefix("opt_out_")
    if intent.startswith("opt_out_") and scope in SCOPES:
        return scope
    return "none" if intent in NEIGHBOURS else ORDINARY


def _files(folder: Path) -> list[Path]:
    return sorted([*folder.glob("*.yml"), *(folder / "refusals").glob("*.yml")])


def open_detector(data: Path, models: Path, *, encoder: embeddings.Encoder | None) -> RefusalDetector:
    """The detector for the examples in `data` (data/nlu), trained now (seconds) unless `models` holds it already."""
    folder = _place(data, models, encoder)
    if (folder / "refusals.json").exists():
        return RefusalDetector.load(folder, encoder=encoder)
    texts, labels = examples(data)
    logger.info("Training the refusal detector on %s examples ...", len(texts))
    detector = RefusalDetector.fit(texts, labels, encoder=encoder, concepts=concepts.load(data / CONCEPTS))
    detector.save(folder)
    return detector


def _place(data: Path, models: Path, encoder: embeddings.Encoder | None) -> Path:
    """Where the detector for the present examples and code is, or will be."""
    digest = hashlib.sha256(f"{REVISION} {encoder.fingerprint if encoder else 'words alone'}".encode())
    for path in [*_files(data), *sorted((data / CONCEPTS).glob("*.yml"))]:
        digest.update(path.read_bytes())
    return models / f"refusals-{digest.hexdigest()[:16]}"


def is_trained() -> bool:
    """Whether the process's detector can be had without training."""
    from bot import settings

    told = settings.load()
    return (_place(told.data / "nlu", told.models, embeddings.shared()) / "refusals.json").exists()


@lru_cache(maxsize=1)
def shared() -> RefusalDetector:
    """The process's detector, as the settings name its places."""
    from bot import settings

    told = settings.load()
    return open_detector(told.data / "nlu", told.models, encoder=embeddings.shared())


def detect(text: str, *, context: Context) -> Refusal | None:
    """What `text` refuses, or None: the gateway's question about every message, before anything else."""
    return shared().detect(text, context=context)

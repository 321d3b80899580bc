"""Hears a refusal before anything else does: of marketing, of memory, of profiling, or of all of it.

First the keywords that a law or a messaging platform demands, then a classifier trained on refusals in many wordings
and languages and on what only sounds like one ("stop the order"). It leans to hearing one: a doubtful refusal comes
with `sure=False`, so that the caller suppresses first and asks afterwards. Nothing here reads or writes memory.

RefusalsError: no model and no examples to make one from.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import yaml
from numpy.typing import NDArray
from scipy.special import expit, softmax
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from threadpoolctl import threadpool_limits

from bot.rasa.nlu import embeddings, requests
from bot.rasa.nlu.model import FOLDS, SEED, Floats, Linear, Sparse
from bot.rasa.nlu.words import plain, straight

logger = logging.getLogger(__name__)

Scope = Literal["marketing", "memory", "profiling", "all"]
Whole = NDArray[np.int64]
SCOPES: tuple[Scope, ...] = ("all", "marketing", "memory", "profiling")
WEB = "web"
# On sight, on every channel (domain rules 3). Those in the second set also say other things on a web chat: be doubtful.
KEYWORDS = frozenset(
    {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT", "OPT-OUT", "REMOVE", "ARRET"}
)
MANY_MEANINGS = frozenset({"CANCEL", "END", "QUIT", "REVOKE", "REMOVE"})
BACK_IN = frozenset({"START", "UNSTOP"})
# Changes when the code below trains differently.
REVISION = "4"
# Share of ordinary messages that may be heard as a sure refusal, or as any, in cross-validation. Ordinary are those of
# data/nlu; those of data/nlu/refusals were written to be mistaken and are far rarer in life than there.
SURE_ALARMS, ALARMS = 0.003, 0.01
ORDINARY = "ordinary"
# Intents that speak of consent, memory and mails: to hear a refusal in one of them is near the mark, no false alarm.
NEIGHBOURS = frozenset(
    {
        "opt_in", "dont_remember", "forget_that", "forget_everything", "not_that_again", "cancel_subscription",
        "export_data", "what_do_you_know",
    }
)  # fmt: skip
DENSE_SHARE = 0.5
STRENGTH = 20.0


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
    """The trained part. Thresholds are log-odds, chosen by cross-validation on the training data alone."""

    def __init__(
        self, *, sparse: Sparse, dense: Linear | None, scope_sparse: Sparse, scope_dense: Linear | None, limits: Limits
    ) -> None:
        self._sparse, self._dense = sparse, dense
        self._scope_sparse, self._scope_dense = scope_sparse, scope_dense
        self._limits = limits
        self.encoder: embeddings.Encoder | None = None

    def using(self, encoder: embeddings.Encoder | None) -> RefusalDetector:
        """The same detector with another encoder, or on words alone."""
        made = RefusalDetector(
            sparse=self._sparse,
            dense=self._dense,
            scope_sparse=self._scope_sparse,
            scope_dense=self._scope_dense,
            limits=self._limits,
        )
        made.encoder = encoder if self._dense is not None else None
        return made

    def detect(self, text: str, *, context: Context) -> Refusal | None:
        """What `text` refuses, or None. Refusals of different things in one message make one of all."""
        return keyword(text, context=context) or self.hear(text)

    def hear(self, text: str, *, whole: bool = False) -> Refusal | None:
        """The same without keywords. `whole`: the text is one request already and is not looked at in parts."""
        if not re.search(r"\w", text) or PLAIN_NO.fullmatch(straight(text).lower().strip()):
            return None
        spans = [] if whole else requests.pieces(text)
        parts = [text, *(text[start:end] for start, end in spans)] if len(spans) > 1 else [text]
        scores = self._score(parts)
        best = int(scores.argmax())
        if scores[best] < self._limits.doubtful:
            return None
        scopes = self._scopes(parts)
        heard = {scopes[i] for i in range(len(parts)) if scores[i] >= self._limits.sure and (i or len(parts) == 1)}
        scope: Scope = "all" if len(heard) > 1 else scopes[best]
        said = straight(text).lower()
        return Refusal(
            scope,
            channel_of(said) if scope == "marketing" else None,
            topic_of(said) if scope == "marketing" else None,
            float(expit(scores[best])),
            bool(scores[best] >= self._limits.sure),
        )

    def _score(self, texts: Sequence[str]) -> Floats:
        """Log-odds of a refusal for each text."""
        score = self._sparse.logits(texts)[:, 0]
        if self.encoder is None or self._dense is None:
            return score * self._limits.words_scale
        return self._limits.scale * (score + DENSE_SHARE * self._dense.logits(self.encoder.encode(texts))[:, 0])

    def _scopes(self, texts: Sequence[str]) -> list[Scope]:
        """What each text refuses, supposing that it refuses something."""
        share = softmax(self._scope_sparse.logits(texts), axis=1)
        if self.encoder is not None and self._scope_dense is not None:
            share = share + softmax(self._scope_dense.logits(self.encoder.encode(texts)), axis=1)
        return [SCOPES[number] for number in share.argmax(axis=1)]

    @classmethod
    def fit(cls, texts: Sequence[str], labels: Sequence[str], *, encoder: embeddings.Encoder | None) -> RefusalDetector:
        """Train on texts labelled by scope, `none` or `ordinary`."""
        with threadpool_limits(1):
            return cls._fit(list(texts), np.array(labels), encoder)

    @classmethod
    def _fit(cls, texts: list[str], labels: NDArray[np.str_], encoder: embeddings.Encoder | None) -> RefusalDetector:
        refused = np.isin(labels, SCOPES).astype(np.int64)
        vectors = encoder.encode(texts).astype(np.float64) if encoder else None
        some = np.flatnonzero(refused)
        scopes = np.array([SCOPES.index(labels[i]) for i in some])
        made = cls(
            sparse=Sparse().fit(texts, refused),
            dense=None if vectors is None else _balanced(vectors, refused),
            scope_sparse=Sparse().fit([texts[i] for i in some], scopes),
            scope_dense=None if vectors is None else Linear.fit(vectors[some], scopes, strength=STRENGTH),
            limits=_limits(texts, refused, vectors, ordinary=labels == ORDINARY),
        )
        made.encoder = encoder
        return made

    def save(self, folder: Path) -> None:
        """Write plain arrays and JSON into `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        arrays: dict[str, Any] = {}
        vocabularies: dict[str, Any] = {}
        for name, sparse, dense in (
            ("refusal", self._sparse, self._dense),
            ("scope", self._scope_sparse, self._scope_dense),
        ):
            arrays |= {f"{name}_{key}": value for key, value in sparse.arrays().items()}
            vocabularies[name] = sparse.vocabularies()
            if dense is not None:
                arrays |= {f"{name}_dense_weights": dense.weights, f"{name}_dense_bias": dense.bias}
        np.savez_compressed(folder / "refusals.npz", **arrays)
        rest = {"limits": asdict(self._limits), "vocabularies": vocabularies}
        (folder / "refusals.json").write_text(json.dumps(rest, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, *, encoder: embeddings.Encoder | None) -> RefusalDetector:
        rest = json.loads((folder / "refusals.json").read_text(encoding="utf-8"))
        with np.load(folder / "refusals.npz", allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        parts: dict[str, tuple[Sparse, Linear | None]] = {}
        for name in ("refusal", "scope"):
            own = {key.removeprefix(f"{name}_"): value for key, value in arrays.items() if key.startswith(f"{name}_")}
            dense = Linear(own["dense_weights"], own["dense_bias"]) if "dense_weights" in own else None
            parts[name] = Sparse.restore(own, rest["vocabularies"][name]), dense
        (sparse, dense), (scope_sparse, scope_dense) = parts["refusal"], parts["scope"]
        limits = Limits(**rest["limits"])
        made = cls(sparse=sparse, dense=dense, scope_sparse=scope_sparse, scope_dense=scope_dense, limits=limits)
        return made.using(encoder)


@dataclass(frozen=True)
class Limits:
    """Scales that make scores log-odds, with and without sentence embeddings, and where a refusal is heard."""

    scale: float
    words_scale: float
    doubtful: float
    sure: float


def _balanced(vectors: Floats, refused: Whole) -> Linear:
    fitted = LogisticRegression(C=STRENGTH, max_iter=500, class_weight="balanced").fit(vectors, refused)
    return Linear(fitted.coef_, fitted.intercept_)


def _limits(texts: list[str], refused: Whole, vectors: Floats | None, *, ordinary: NDArray[np.bool_]) -> Limits:
    words, score = np.zeros(len(texts)), np.zeros(len(texts))
    for seen, unseen in StratifiedKFold(FOLDS, shuffle=True, random_state=SEED).split(words, refused):
        model = Sparse().fit([texts[i] for i in seen], refused[seen])
        words[unseen] = model.logits([texts[i] for i in unseen])[:, 0]
        score[unseen] = words[unseen]
        if vectors is not None:
            dense = _balanced(vectors[seen], refused[seen])
            score[unseen] += DENSE_SHARE * dense.logits(vectors[unseen])[:, 0]
    scale, words_scale = _scale(score, refused), _scale(words, refused)
    usual = scale * score[ordinary if ordinary.any() else refused == 0]
    doubtful, sure = (float(np.quantile(usual, 1 - share)) for share in (ALARMS, SURE_ALARMS))
    return Limits(scale, words_scale, doubtful, sure)


def _scale(score: Floats, refused: Whole) -> float:
    """The factor that makes a score of unseen texts their log-odds."""
    fitted = LogisticRegression(fit_intercept=False).fit(score[:, None], refused)
    return float(fitted.coef_[0, 0])


_CHANNELS = {
    "email": r"e-?mails?|emailed|emailing|mails?|mailing|inbox|newsletters?|correos?|courriels?|bolet[ií]n|nieuwsbrief|"
    r"maile|maili|メール|メルマガ|邮件|郵件|電子報|信箱|بريد",
    "sms": r"sms|texts?|texting|texted|text messages?|短信|簡訊",
    "whatsapp": r"what'?s ?app|wapp|whatsapp\w*|微信",
    "phone": r"calls?|calling|phone|ring(?:ing)?|telephone|llam\w+|appel\w*|anruf\w*|chiamat\w*|電話|电话|call mat",
    "telegram": r"telegram",
    "push": r"push|notifications?|pings?",
    "post": r"post|letters?|letterbox|catalogues?|leaflets?|flyers?|brochures?",
}
_CHANNEL = {name: re.compile(rf"(?<![^\W\d_])(?:{words})(?![^\W\d_])") for name, words in _CHANNELS.items()}
_ALLOWED = r"(?:are |is |'s )?(?:ok|okay|fine|good|only|alright|allowed|yes)\b"
_NUMBER_ONLY = re.compile(r"\b(?:phone )?number\b")
_TOPICS = {
    "subscriptions": r"subscriptions?|plans?|coffee club|abos?|suscripci\w+|abonnements?",
    "gift_cards": r"gift ?cards?|vouchers for gifts",
    "gear": r"gear|machines?|grinders?|kettles?|equipment|brewers?",
    "beans": r"beans?|roasts?|blends?",
    "drinks": r"drinks?|lattes?|tea",
    "events": r"events?|tastings?|workshops?",
}
_ABOUT = (
    r"(?:offers?|mails?|e-?mails?|newsletters?|news|ads?|adverts?|advertising|promos?|promotions?|deals?|sales?"
    r"|messages?|texts?|updates?|stuff|hear\w*|telling me|advertise|push\w*)"
)
_TOPIC = {
    name: re.compile(
        rf"\b(?:{words}) {_ABOUT}\b|\b{_ABOUT}\b(?: \w+){{0,2}}? (?:about|on|for|of"
        rf"|regarding)(?: \w+){{0,2}}? (?:{words})\b"

                     rf"|\babout (?:\w+ )?(?:{words})\b|\badvertising (?:your |the )?(?:{words})\b")
    for name, words in _TOPICS.items()
}  # fmt: skip


def channel_of(said: str) -> str | None:
    """The one channel that a refusal of marketing names; None for none or several: then all are meant."""
    named = [
        name
        for name, pattern in _CHANNEL.items()
        for found in [pattern.search(said)]
        if found and not _allowed(said, found.start(), found.end())
    ]
    if "newsletter" in said and len(named) == 1 and not re.search(r"e-?mails?\b", said):
        return None  # A newsletter is a thing, not a way: refusing it says nothing in favour of texts.
    return named[0] if len(named) == 1 else None


def _allowed(said: str, start: int, end: int) -> bool:
    """Is the channel named as the one that may go on: "email only, no texts"?"""
    after, before = said[end : end + 20], said[max(0, start - 12) : start]
    return bool(re.match(rf"\W+{_ALLOWED}", after) or re.search(r"\b(?:only|just)(?: by| via)? $", before))


def topic_of(said: str) -> str | None:
    """The one topic that a refusal of marketing is about, else None."""
    named = [name for name, pattern in _TOPIC.items() if pattern.search(said)]
    return named[0] if len(named) == 1 else None


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
        for label in (*SCOPES, "none"):
            texts += [str(line) for line in content.get(label, ())]
            labels += [label] * len(content.get(label, ()))
    if len(set(labels)) < 2:
        raise RefusalsError(f"{folder} holds no examples of refusals: restore data/nlu/refusals.")
    return texts, labels


def _scope_of_intent(intent: str) -> str:
    scope = intent.removeprefix("opt_out_")
    if intent.startswith("opt_out_") and scope in SCOPES:
        return scope
    return "none" if intent in NEIGHBOURS else ORDINARY


def _files(folder: Path) -> list[Path]:
    return sorted([*folder.glob("*.yml"), *(folder / "refusals").glob("*.yml")])


def open_detector(data: Path, models: Path, *, encoder: embeddings.Encoder | None) -> RefusalDetector:
    """The detector for the examples in `data` (data/nlu), trained now (seconds) unless `models` holds it already."""
    digest = hashlib.sha256(f"{REVISION} {encoder.fingerprint if encoder else 'words alone'}".encode())
    for path in _files(data):
        digest.update(path.read_bytes())
    folder = models / f"refusals-{digest.hexdigest()[:16]}"
    if (folder / "refusals.json").exists():
        return RefusalDetector.load(folder, encoder=encoder)
    texts, labels = examples(data)
    logger.info("Training the refusal detector on %s examples ...", len(texts))
    detector = RefusalDetector.fit(texts, labels, encoder=encoder)
    detector.save(folder)
    return detector


@lru_cache(maxsize=1)
def shared() -> RefusalDetector:
    """The process's detector, as the settings name its places."""
    from bot import settings

    told = settings.load()
    return open_detector(told.data / "nlu", told.models, encoder=embeddings.shared())


def detect(text: str, *, context: Context) -> Refusal | None:
    """What `text` refuses, or None: the gateway's question about every message, before anything else."""
    return shared().detect(text, context=context)

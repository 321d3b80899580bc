"""What a text asks for, by the intent model, the refusal detector and the entities together. Pure: no Rasa.

Never shows a guess as an intent: a text below the threshold is `out_of_scope`, and where two readings are worth asking
about, `clarify` names them.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language

from bot.rasa.nlu import embeddings, facts, requests
from bot.rasa.nlu.entities import extract, marked
from bot.rasa.nlu.language import model_of
from bot.rasa.nlu.model import OUT_OF_SCOPE, IntentModel, Rule
from bot.rasa.nlu.refusals import NEIGHBOURS, RefusalDetector
from bot.rasa.nlu.typed import EPOCH
from bot.rasa.nlu.words import straight

logger = logging.getLogger(__name__)

LANGUAGES = ("en", "zh")
PREFIX = "intents-"
Models = Mapping[str, IntentModel]
RANKING_LENGTH = 10
# How sure an answer is that consists of entities and fillers.
TOLD = 0.95
TELL = "state_preference"
# Among so many readings telling must be, for what tells something to be that and no more.
LIKELY = 4
_FILLER = re.compile(
    r"\b(?:please|pls|plz|thanks|thank you|thx|ta|cheers|the|a|an|of|at|on|in|for|with|and|to|my|one|ones|it"
    r"|it's|its|make"
    r"|that|be|will|would|i'd|i'll|i|like|want|take|have|go|just|maybe|um|uh|erm|hmm|ok|okay|yes|yeah|then"
    r"|around|about|by"
    r"|from|milk|size|bag|bags|ground|grind|syrup|o'clock|sharp|next|this|is|fine|good|us|under|over|below|less"
    r"|than|up|max"
    r"|maximum|euros?)\b|\d+(?:st|nd|rd|th)\b|\W|\d"
    r"|[我要想请請来來给給一个個杯份包袋的了吧就好呢啊麻烦煩谢謝里用加和跟还還是也再那这這]"
)
# One more of the shop's things, said with a sign, or in Chinese, with fillers alone.
_MORE = re.compile(r"^\s*\+|再[来來加要]|[还還]要|也[要来來]|加[一二两兩三\d]")
# Readings of one message that lead to the same place: together they are as sure as their sum.
FAMILY = frozenset({"order", "order_another", "inform", "change_order"})
# Orders that may name several products, and what is said of an order rather than of a product in it.
ITEMISED = frozenset({"order", "order_another"})
ADDITIONAL = "order_another"
OF_THE_WHOLE = frozenset({"fulfilment", "address", "date", "time"})
# Taking these wrongly costs the customer nothing, so they need not be sure.
HARMLESS = frozenset({"greet", "thank", "goodbye", "smalltalk", "insult", "bot_challenge", "help", "human"})


# "Don't stop sending the beans" asks for the opposite of what its words are near to.
_KEEP = re.compile(
    r"\b(?:don'?t|do not|didn'?t|never|not to|no need to|please not)\s+(?:(?:want|wish|mean|ask|need|have|dare) to\s+"
    r"|(?:you|ever|please|go and)\s+){0,2}"
    r"(?:stop|cancel|end|delete|erase|pause|unsubscribe|quit|discontinue|terminate)\b",
    re.I,
)
# What is nothing but a thing and how often is no order of one.
_REGULARLY = re.compile(r"\b(?:every|each|weekly|fortnightly|monthly|regularly|automatically|my regular)\b", re.I)
# Things that are asked for in dialogues of their own.
APART = frozenset({"gift_cards", "subscriptions"})
ENDING = frozenset(
    {"cancel", "cancel_order", "cancel_subscription", "forget_everything", "forget_that", "return_product"}
)


@dataclass(frozen=True)
class Reading:
    """What one stretch of text was understood as."""

    intent: str
    confidence: float
    ranking: tuple[tuple[str, float], ...]
    clarify: tuple[str, ...] = ()
    # No word of it was ever seen: it is not that the shop does not do it, it was not understood.
    illegible: bool = False


class Reader:
    """The intent models by language, and the encoder they were trained with: texts and entities in, readings out.

    Three kinds of text are not left to the model: what `refusals` is sure to be a refusal is one, a text that is
    nothing but entities is an answer, or an order where it names a product, and an example means what it was given for.
    """

    def __init__(
        self, models: Models, encoder: embeddings.Encoder | None, refusals: RefusalDetector | None = None
    ) -> None:
        trained_with = models["en"].vectors_of
        if encoder is not None and trained_with not in (None, encoder.fingerprint):
            logger.warning(
                "The model was trained with other sentence embeddings: it works on words alone until `rapport train`."
            )
            encoder = None
        self._models = models
        self._refusals = refusals
        self._encoder = encoder if models["en"].dense is not None else None

    def read(self, texts: Sequence[str], entities: Sequence[Sequence[dict[str, Any]]]) -> list[Reading]:
        """One reading a text, each by the model of its language."""
        seen = [marked(text, found) for text, found in zip(texts, entities, strict=True)]
        language = [self._language(text) for text in texts]
        readings: dict[int, Reading] = {}
        for name in dict.fromkeys(language):
            rows = [row for row, spoken in enumerate(language) if spoken == name]
            rule, ranked = self._rank(name, [texts[row] for row in rows], [seen[row] for row in rows])
            for row, scores in zip(rows, ranked, strict=True):
                readings[row] = self._read(texts[row], seen[row], entities[row], name, rule, scores)
        return [readings[row] for row in range(len(texts))]

    def _language(self, text: str) -> str:
        name = model_of(text)
        return name if name in self._models else "en"

    def _rank(self, name: str, texts: Sequence[str], seen: Sequence[str]) -> tuple[Rule, NDArray[np.float64]]:
        model = self._models[name]
        embedded = None
        if self._encoder is not None and model.dense is not None:
            embedded = self._encoder.embed(texts)
        return model.rank(seen, embedded)

    def _read(
        self,
        text: str,
        seen: str,
        entities: Sequence[dict[str, Any]],
        name: str,
        rule: Rule,
        scores: NDArray[np.float64],
    ) -> Reading:
        labels = self._models[name].labels
        decided = self._decide(rule, labels, scores)
        if decided.intent in ENDING and _KEEP.search(straight(text)):
            return _kept(decided)
        if decided.intent in NEIGHBOURS:
            return decided  # "Forget me entirely" asks for more than a refusal does.
        apart = any(entity["value"] in APART for entity in entities)  # Other things do not stand for these.
        told = self._refused(text) or self._told(text, entities, labels, scores)
        told = told or (None if apart else self._taught(seen, name))
        read = told or _telling(text, entities, decided)
        return replace(read, illegible=read.intent == OUT_OF_SCOPE and not self._models[name].knows(seen))

    def _enough(self, text: str) -> float:
        """The confidence from which a part of a message counts as a request of its own."""
        return self._models[self._language(text)].rule(vectors=self._encoder is not None).floor

    def several(self, text: str, entities: Sequence[dict[str, Any]], whole: Reading) -> list[dict[str, Any]]:
        """The requests in `text` as Rasa's parse data, in order; empty where it is one request. `whole` is what was
        read in all of it."""
        told = [one for request in self._requests(text, entities, whole) for one in _itemised(request)]
        return told if len(told) > 1 else []

    def _requests(self, text: str, entities: Sequence[dict[str, Any]], whole: Reading) -> list[dict[str, Any]]:
        spans = requests.pieces(text)
        parts = [within(entities, start, end) for start, end in spans]
        readings = self.read([text[start:end] for start, end in spans], parts) if len(spans) > 1 else []
        found = [
            requests.Piece(start, end, r.intent, r.confidence, sum(e["entity"] == "product" for e in part))
            for (start, end), r, part in zip(spans, readings, parts, strict=False)
        ]
        gathered = requests.gather(found, enough=self._enough(text))
        if len(gathered) > 1:
            whole = self.read([text], [entities])[0]
            sure = "" if whole.intent == OUT_OF_SCOPE else whole.intent
            if requests.led_up_to(text, gathered, sure):
                return [_request(text, whole.intent, whole.confidence, entities)]
            return [
                _request(text[p.start : p.end], p.intent, p.confidence, within(entities, p.start, p.end))
                for p in gathered
            ]
        if not any(entity["entity"] == "product" for entity in entities) or not requests.items(text, entities):
            return []
        return [_request(text, whole.intent, whole.confidence, entities)]

    def _refused(self, text: str) -> Reading | None:
        heard = self._refusals.hear(text, whole=True) if self._refusals else None
        if heard is None or not heard.sure:
            return None
        name = heard.intent
        return Reading(name, heard.confidence, ((name, heard.confidence),))

    def _taught(self, seen: str, name: str) -> Reading | None:
        """An example of the training data, word for word, means what it was given for."""
        intent = self._models[name].example(seen)
        return Reading(intent, TOLD, ((intent, TOLD),)) if intent is not None else None

    def _told(
        self, text: str, entities: Sequence[dict[str, Any]], labels: Sequence[str], row: NDArray[np.float64]
    ) -> Reading | None:
        if not entities or not bare_answer(text, entities) or _REGULARLY.search(text):
            return None
        kinds = {entity["entity"] for entity in entities}
        swapped = any(entity.get("role") in ("to", "from") for entity in entities)
        if any(entity["value"] in APART for entity in entities):
            return None
        name = "change_order" if swapped else "order" if kinds & {"product", "category"} else "inform"
        if name == "order" and _MORE.search(text):
            name = "order_another"
        ranking = [(label, float(score)) for label, score in zip(labels, row, strict=True) if label != name]
        ranking.sort(key=lambda pair: -pair[1])
        return Reading(name, TOLD, ((name, TOLD), *((label, score * (1 - TOLD)) for label, score in ranking[:2])))

    def _decide(self, rule: Rule, labels: Sequence[str], row: NDArray[np.float64]) -> Reading:
        order = row.argsort()[::-1][:RANKING_LENGTH]
        ranking = tuple((labels[i], float(row[i])) for i in order)
        name, confidence = ranking[0]
        if name in FAMILY:
            confidence = min(1.0, sum(score for other, score in ranking if other in FAMILY))
        if name == OUT_OF_SCOPE or confidence >= (rule.floor if name in HARMLESS else rule.sure):
            return Reading(name, confidence, ranking)
        likely = tuple(other for other, _ in ranking if other != OUT_OF_SCOPE)[:2] if confidence >= rule.floor else ()
        return Reading(OUT_OF_SCOPE, 1.0 - confidence, ranking, likely)


def _kept(read: Reading) -> Reading:
    """Never the end of something that the customer says must not end; what they do want is asked."""
    return Reading(OUT_OF_SCOPE, 1.0 - read.confidence, read.ranking, tuple(name for name, _ in read.ranking[:2]))


def _telling(text: str, entities: Sequence[dict[str, Any]], read: Reading) -> Reading:
    """What nobody could place, but may tell something of the customer or theirs, and does, is telling that."""
    likely = {name for name, _ in read.ranking[:LIKELY]}
    if read.intent != OUT_OF_SCOPE or TELL not in likely or not facts.find(text, entities=entities):
        return read
    return Reading(TELL, read.confidence, ((TELL, read.confidence), *read.ranking))


def fit(
    texts: Sequence[str], labels: Sequence[str], *, nlp: Language, encoder: embeddings.Encoder | None
) -> dict[str, IntentModel]:
    """Train a model for each language on texts as they would be read: their entities found and marked.

    Sentence embeddings serve English only; a language with fewer than three intents gets no model of its own.
    """
    models = {}
    for name in LANGUAGES:
        own = [(text, label) for text, label in zip(texts, labels, strict=True) if model_of(text) == name]
        if name != "en" and len({label for _, label in own}) < 3:
            continue
        said = [text for text, _ in own]
        seen = [marked(text, extract(text, nlp=nlp, now=EPOCH)) for text in said]
        embedded = encoder.embed(said) if encoder and name == "en" else None
        with_vectors = encoder.fingerprint if encoder and name == "en" else None
        models[name] = IntentModel.fit(seen, [label for _, label in own], embedded, vectors_of=with_vectors)
    return models


def save(models: Models, folder: Path) -> None:
    """Write each model into `folder` under the name of its language."""
    for name, model in models.items():
        model.save(folder, f"{PREFIX}{name}")


def load(folder: Path) -> dict[str, IntentModel]:
    """The models in `folder` by language."""
    names = [path.stem.removeprefix(PREFIX) for path in folder.glob(f"{PREFIX}*.json")]
    return {name: IntentModel.load(folder, f"{PREFIX}{name}") for name in names}


def bare_answer(text: str, entities: Sequence[dict[str, Any]]) -> bool:
    """Is there nothing in `text` but entities, fillers and no question: "large oat please"?"""
    if "?" in text or re.search(r"[？吗嗎]|什么|什麼|多少|哪|几点|幾點", text):
        return False
    for entity in sorted(entities, key=lambda e: -int(e["start"])):
        text = text[: entity["start"]] + " " + text[entity["end"] :]
    return not _FILLER.sub("", text.lower())


def _request(text: str, intent: str, confidence: float, entities: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"text": text, "intent": {"name": intent, "confidence": confidence}, "entities": [dict(e) for e in entities]}


def _itemised(request: dict[str, Any]) -> list[dict[str, Any]]:
    """An order of several products as one for each; how and when it reaches the customer is said of the first."""
    text, entities = request["text"], request["entities"]
    spans = requests.items(text, entities) if request["intent"]["name"] in ITEMISED else []
    if not spans:
        return [request]
    confidence = request["intent"]["confidence"]
    made = [
        _request(text[start:end], request["intent"]["name"] if not place else ADDITIONAL, confidence, own)
        for place, (start, end) in enumerate(spans)
        for own in [_own(entities, start, end)]
    ]
    made[0]["entities"] += [e for e in entities if e["entity"] in OF_THE_WHOLE]
    return made


def _own(entities: Sequence[dict[str, Any]], start: int, end: int) -> list[dict[str, Any]]:
    """What is said of one product: nothing, where the shop has no word for it."""
    found = [e for e in within(entities, start, end) if e["entity"] not in OF_THE_WHOLE]
    return found if any(e["entity"] == "product" for e in found) else []


def within(entities: Sequence[dict[str, Any]], start: int, end: int) -> list[dict[str, Any]]:
    """The entities of a stretch, their offsets counted from its beginning."""
    return [
        {**entity, "start": entity["start"] - start, "end": entity["end"] - start}
        for entity in entities
        if start <= entity["start"] and entity["end"] <= end
    ]

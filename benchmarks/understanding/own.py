"""The shop's own understanding on sentences held out: intents, refusals, facts, and the cost of parsing one message."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from benchmarks.understanding.public import confusions
from bot.rasa.nlu import embeddings, fact_examples, facts, reading, refusals
from bot.rasa.nlu import fact_values as values
from bot.rasa.nlu.entities import extract
from bot.rasa.nlu.fact_model import FactModel
from bot.rasa.nlu.model import OUT_OF_SCOPE
from bot.rasa.nlu.parse import Understanding
from bot.rasa.nlu.refusals import Context, RefusalDetector
from bot.rasa.nlu.typed import EPOCH

HELD_OUT = Path(__file__).resolve().parent / "heldout"
ROUNDS = 5


def examples(data: Path) -> tuple[list[str], list[str]]:
    """Texts and intents of data/nlu."""
    texts, labels = [], []
    for path in sorted(data.glob("*.yml")):
        for block in yaml.safe_load(path.read_text(encoding="utf-8")).get("nlu", ()):
            said = [line.lstrip()[2:].strip() for line in block["examples"].splitlines()]
            texts += said
            labels += [block["intent"]] * len(said)
    return texts, labels


def held_out(name: str) -> Any:
    """One file of sentences that nothing is trained on."""
    return yaml.safe_load((HELD_OUT / f"{name}.yml").read_text(encoding="utf-8"))


def intents(understanding: Understanding, by_intent: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """How the messages fare: acted on rightly or wrongly, asked about, or left."""
    gold, found, asked = [], [], 0
    for label, texts in by_intent.items():
        for text in texts:
            told = understanding.parse(str(text))
            gold.append(label)
            found.append(told["intent"])
            asked += label in told.get("clarify", ())
    g, f = np.array(gold), np.array(found)
    inside = g != OUT_OF_SCOPE
    return {
        "messages": len(g),
        "acted_on_rightly": round(float((g == f)[inside].mean()), 4),
        "acted_on_wrongly": round(float(((g != f) & (f != OUT_OF_SCOPE))[inside].mean()), 4),
        "asked_with_the_right_one": round(asked / int(inside.sum()), 4),
        "out_of_scope_recall": round(float((g == f)[~inside].mean()), 4),
        "confusions": confusions(gold, found),
    }


def heard(detector: RefusalDetector, by_scope: Mapping[str, Sequence[Any]], ordinary: Sequence[Any]) -> dict[str, Any]:
    """Share of refusals heard and of ordinary messages taken for one, surely or doubtfully."""
    talk = [str(text) for text in ordinary]
    refused = [(scope, str(text)) for scope, texts in by_scope.items() for text in texts]
    answers = [(scope, text, detector.detect(text, context=Context())) for scope, text in refused]
    alarms = [(text, a) for text in talk if (a := detector.detect(text, context=Context(task_open=True)))]
    # The sets know no scope for one thing alone.
    scoped = [
        (scope, "memory" if a.scope == "once" else a.scope) for scope, _, a in answers if a and scope in refusals.SCOPES
    ]
    return {
        "refusals": len(refused),
        "recall": round(sum(a is not None for *_, a in answers) / len(refused), 4),
        "recall_sure": round(sum(a is not None and a.sure for *_, a in answers) / len(refused), 4),
        "scope_right": round(sum(g == f for g, f in scoped) / len(scoped), 4),
        "ordinary": len(talk),
        "false_alarms": round(len(alarms) / len(talk), 4),
        "false_alarms_sure": round(sum(a.sure for _, a in alarms) / len(talk), 4),
        "missed": [text for _, text, a in answers if a is None],
        "alarmed": [text for text, _ in alarms],
    }


def told(nlp: Any, cases: Sequence[Mapping[str, Any]], model: FactModel | None = None) -> dict[str, float]:
    """Precision and recall of facts: attribute, value, polarity, holder and whether it lasts must all be right.
    `by_id`: the same with the values and holders of the labels read as the shop's (`_by_id`). `value_polarity`: of
    these, value, polarity and holder alone. And of messages alone: is it noticed that one tells anything?
    `model`: the process's own, unless given."""
    gold = [[_labelled(fact) for fact in case["facts"]] for case in cases]
    found = [
        [
            (f.attribute, str(f.value), f.polarity, f.holder, "yes" if f.lasting else "no")
            for f in facts.find(case["text"], entities=extract(case["text"], nlp=nlp, now=EPOCH), model=model)
        ]
        for case in cases
    ]
    noticed = sum(bool(g and f) for g, f in zip(gold, found, strict=True))
    ids = [[[_by_id(nlp, fact) for fact in of] for of in side] for side in (gold, found)]
    loose = [[[fact[1:4] for fact in of] for of in side] for side in ids]
    return {
        **_shares("", gold, found),
        **_shares("by_id_", *ids),
        **_shares("value_polarity_", *loose),
        "messages_precision": round(noticed / sum(map(bool, found)), 4),
        "messages_recall": round(noticed / sum(map(bool, gold)), 4),
    }


def learned_without(nlp: Any, data: Path, left_out: str) -> FactModel:
    """What finds facts, learned from all examples of `data` (data/nlu) but those of telling in one file."""

    def entities(text: str) -> list[dict[str, Any]]:
        return extract(text, nlp=nlp, now=EPOCH)

    return FactModel.fit(fact_examples.load(data, entities=entities, left_out=[left_out]))


def _labelled(fact: str) -> tuple[str, ...]:
    """A label's attribute, value (which may be several words), polarity, holder, lasting."""
    attribute, *value = fact.split()[:-3]
    return (attribute, " ".join(value), *fact.split()[-3:])


def _by_id(nlp: Any, fact: tuple[str, ...]) -> tuple[str, ...]:
    """Case and underscores aside, a value as the shop's lexicons have it: "Gaggia Classic" is `espresso_machine`, "40
    pounds" is 40; "mother" is "mum". Intolerances are allergies here; of others nothing lasts in this shop's eyes."""
    attribute, value, polarity, holder, lasting = fact
    said = value.lower().replace("_", " ").replace("-", " ").strip()
    known = {"equipment": values.GEAR, "health": values.HEALTH, "allergy": values.ALLERGENS, "diet": values.DIETS}
    if attribute == "health" and any(word in said for word in ("intoleran", "coeliac", "celiac")):
        attribute, polarity, said = "allergy", "never", "lactose" if "lactose" in said else "gluten"
    if attribute == "budget":
        figures = re.findall(r"\d+(?:\.\d+)?", said)
        said = str(float(figures[0])) if figures else said
    inside = [word for word in known.get(attribute, values.TASTES) if re.search(rf"\b{re.escape(word)}\b", said)]
    if inside:
        said = known.get(attribute, values.TASTES)[max(inside, key=len)]
    else:
        of_kind = [e for e in extract(said, nlp=nlp, now=EPOCH) if e["entity"] == attribute]
        said = str(of_kind[0]["value"]) if of_kind else said
    holder = {"mother": "mum", "mom": "mum", "father": "dad"}.get(holder, holder)
    return attribute, said.replace(" ", "_"), polarity, holder, lasting if holder == facts.SELF else "no"


def _shares(
    name: str, gold: Sequence[Sequence[tuple[str, ...]]], found: Sequence[Sequence[tuple[str, ...]]]
) -> dict[str, float]:
    right = sum(len(set(g) & set(f)) for g, f in zip(gold, found, strict=True))
    return {
        f"{name}precision": round(right / max(1, sum(len(set(f)) for f in found)), 4),
        f"{name}recall": round(right / max(1, sum(len(set(g)) for g in gold)), 4),
    }


def cost(nlp: Any, models: reading.Models, detector: RefusalDetector, *, cache: Path) -> dict[str, float]:
    """Milliseconds of one processor a message at the median, all included, on words alone and with either precision."""
    texts = [str(text) for some in held_out("intents").values() for text in some]
    alone = detector.using(None)
    times = {"words alone": _p50(Understanding(nlp, reading.Reader(models, None, alone), alone).parse, texts)}
    for precision in ("int8", "fp32"):
        encoder = embeddings.open_encoder(None, cache=cache, precision=precision)
        assert encoder is not None
        encoder.fingerprint = models["en"].vectors_of or ""
        hears = detector.using(encoder)
        times[precision] = _p50(Understanding(nlp, reading.Reader(models, encoder, hears), hears).parse, texts)
    return times


def _p50(parse: Callable[[str], Any], texts: list[str]) -> float:
    spent = []
    for round_number in range(ROUNDS):
        for text in texts:
            begun = time.thread_time()
            parse(f"{text} {'!' * round_number}")
            spent.append(time.thread_time() - begun)
    return round(float(np.median(spent)) * 1000, 2)

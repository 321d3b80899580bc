"""The intent model: honest, storable, and modest where it does not know."""

import numpy as np
import pytest

from bot.rasa.nlu.judging import Rule
from bot.rasa.nlu.model import IntentModel
from bot.rasa.nlu.network import Network
from bot.rasa.nlu.reading import Reader, bare_answer
from tests.understanding.conftest import intents

TEXTS = ["open", "when open", "opening time", "open now", "open sunday", "hours please"]
OTHER = ["a latte", "one mocha", "get me tea", "latte please", "two mochas", "tea please"]
THIRD = ["a person", "human please", "get me an agent", "speak to someone", "real human", "an agent now"]


def small(embedded=None):
    return IntentModel.fit(
        TEXTS + OTHER + THIRD, ["hours"] * 6 + ["order"] * 6 + ["human"] * 6, embedded, vectors_of="test"
    )


def test_storing_changes_nothing(tmp_path, encoder):
    """A stored model ranks as the trained one, with and without embeddings."""
    embedded = encoder.embed(TEXTS + OTHER + THIRD)
    model = small(embedded)
    model.save(tmp_path)
    again = IntentModel.load(tmp_path)
    assert again.labels == model.labels
    for given in (None, embedded[:3]):
        assert np.allclose(again.rank(TEXTS[:3], given)[1], model.rank(TEXTS[:3], given)[1], atol=1e-2)


def test_a_network_of_two_classes_tells_them_apart(encoder):
    """Two classes have one column, and few texts are learned as well as many."""
    rows = encoder.embed(TEXTS + OTHER).inner
    logits = Network.fit(rows, np.repeat([0, 1], 6), rounds=1).logits(rows)
    assert logits.shape == (12, 1)
    assert list(logits[:, 0] > 0) == [False] * 6 + [True] * 6


def test_what_is_stored_is_plain(tmp_path):
    """Nothing in a stored model is executed when it is read."""
    small().save(tmp_path)
    with np.load(tmp_path / "intents.npz", allow_pickle=False) as stored:
        assert all(stored[name].dtype != object for name in stored.files)


def test_confidence_is_the_share_of_times_it_is_right(intent_models, nlp, encoder):
    """Judged on held-out sentences, of a hundred that are called 80 % sure about eighty are right."""
    import yaml

    from bot.rasa.nlu.entities import extract, marked
    from bot.rasa.nlu.typed import EPOCH
    from tests.understanding.conftest import HELD_OUT

    held_out = yaml.safe_load((HELD_OUT / "intents.yml").read_text())
    texts = [str(text) for some in held_out.values() for text in some]
    labels = [label for label, some in held_out.items() for _ in some]
    seen = [marked(text, extract(text, nlp=nlp, now=EPOCH)) for text in texts]
    _, rows = intent_models["en"].rank(seen, encoder.embed(texts))
    right = np.array([intent_models["en"].labels[i] for i in rows.argmax(axis=1)]) == np.array(labels)
    sure = rows.max(axis=1)
    gaps = []
    for low in np.arange(0, 1, 0.2):
        some = (sure >= low) & (sure < low + 0.2)
        gaps.append(abs(right[some].mean() - sure[some].mean()) * some.mean() if some.any() else 0.0)
    assert sum(gaps) < 0.12


def test_nonsense_is_out_of_scope(understanding):
    """What no intent covers is not forced into one."""
    for text in ("the rain in spain falls mainly on the plain", "qwertz uiop", "who won the world cup in 1974"):
        assert understanding.parse(text)["intent"] == "out_of_scope"


def test_an_unsure_reading_is_asked_about():
    """Between floor and sure nothing is acted on: the two best readings are named instead."""
    reader = Reader({"en": small()}, None)
    rule = Rule((1.0, 0.0), floor=0.3, sure=0.6)
    said = {
        share: reader._decide(rule, ("hours", "human", "order"), np.array([share, share / 2, 0.01]))
        for share in (0.2, 0.5, 0.7)
    }
    assert [(r.intent, r.clarify) for r in said.values()] == [
        ("out_of_scope", ()),
        ("out_of_scope", ("hours", "human")),
        ("hours", ()),
    ]


def test_too_few_intents_are_refused():
    """Two intents cannot tell what is out of scope."""
    with pytest.raises(ValueError, match="at least three"):
        IntentModel.fit(TEXTS + OTHER, ["hours"] * 6 + ["order"] * 6)


def test_without_embeddings_it_still_understands(intent_models, nlp, detector):
    """With no sentence embeddings the words alone serve plain messages."""
    from bot.rasa.nlu.parse import Understanding

    alone = Understanding(nlp, Reader(intent_models, None, detector), detector)
    assert alone.parse("what time do you close")["intent"] == "opening_hours"
    assert alone.parse("i want to talk to a human")["intent"] == "human"


def test_bare_answers():
    """Entities and fillers alone are an answer; anything more, or a question, is for the model."""
    entities = [{"entity": "milk", "value": "oat", "start": 0, "end": 3}]
    assert bare_answer("oat please", entities)
    assert not bare_answer("oat is great", entities)
    assert not bare_answer("oat?", entities)


def test_examples_are_enough_and_distinct():
    """At least 40 distinct examples for each intent, and no text under two intents."""
    texts = [text.lower() for text, _ in intents()]
    counts: dict[str, set[str]] = {}
    for text, label in intents():
        counts.setdefault(label, set()).add(text.lower())
    assert {label: len(some) for label, some in counts.items() if len(some) < 40} == {}
    assert len(texts) == len(set(texts))


def test_intents_are_those_of_the_domain():
    """The model predicts exactly the intents that flows can trigger on."""
    import yaml

    from tests.understanding.conftest import ROOT

    named = yaml.safe_load((ROOT / "domain.yml").read_text(encoding="utf-8"))["intents"]
    declared = {next(iter(intent)) if isinstance(intent, dict) else intent for intent in named} - {"choose"}
    assert {label for _, label in intents()} == declared

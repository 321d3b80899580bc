"""One encoder, one detector and one intent model for the whole folder: trained on the shop's own data, once."""

from pathlib import Path

import pytest
import yaml

from bot.offering import catalogue_files
from bot.rasa.nlu import embeddings, pipeline, reading, refusals
from bot.rasa.nlu.parse import Understanding

ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT / "models"
HELD_OUT = ROOT / "benchmarks" / "understanding" / "heldout"


def intents():
    """Texts and labels of data/nlu, as Rasa reads them."""
    found = []
    for path in sorted((ROOT / "data" / "nlu").glob("*.yml")):
        for block in yaml.safe_load(path.read_text(encoding="utf-8")).get("nlu", ()):
            found += [(line.lstrip()[2:].strip(), block["intent"]) for line in block["examples"].splitlines()]
    return found


@pytest.fixture(scope="session")
def encoder():
    return embeddings.open_encoder(None, cache=MODELS)


@pytest.fixture(scope="session")
def detector(encoder):
    return refusals.open_detector(ROOT / "data" / "nlu", MODELS, encoder=encoder)


@pytest.fixture(scope="session")
def vocabulary():
    return tuple(catalogue_files.load(ROOT / "data" / "catalogue").vocabulary())


@pytest.fixture(scope="session")
def nlp(vocabulary, tmp_path_factory):
    import spacy

    path = tmp_path_factory.mktemp("spacy") / "pipeline"
    pipeline.build([*vocabulary, *pipeline.terms(ROOT / "data" / "nlu" / "terms")], path)
    return spacy.load(path)


@pytest.fixture(scope="session")
def intent_models(nlp, encoder):
    examples = intents()
    return reading.fit([text for text, _ in examples], [label for _, label in examples], nlp=nlp, encoder=encoder)


@pytest.fixture(scope="session")
def understanding(nlp, intent_models, encoder, detector):
    return Understanding(nlp, reading.Reader(intent_models, encoder, detector), detector)

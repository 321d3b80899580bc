"""The components train, load and parse inside Rasa."""

import asyncio
from pathlib import Path

import pytest
import spacy
import yaml

from bot.rasa import without_tensorflow

EXAMPLES = {
    "opening_hours": ["when do you open", "opening hours", "what time do you close", "are you open on sunday",
        "til when are you open"],
    "order": ["a latte please", "can i get a flat white", "two cappuccinos to go", "i want a mocha", "one americano"],
    "human": ["talk to a person", "human please", "i want an agent", "get me a human", "let me speak to someone"],
    "opt_out_marketing": ["no more emails", "stop the newsletter", "no ads please", "unsubscribe me",
        "stop texting me"],
}  # fmt: skip


@pytest.fixture(scope="module")
def agent(vocabulary, tmp_path_factory):
    from bot.rasa.nlu import pipeline

    without_tensorflow.install()
    from rasa.core.agent import Agent
    from rasa.model_training import train_nlu

    folder: Path = tmp_path_factory.mktemp("rasa")
    pipeline.build(vocabulary, folder / "spacy")
    blocks = [{"intent": name, "examples": "".join(f"- {t}\n" for t in texts)} for name, texts in EXAMPLES.items()]
    (folder / "nlu.yml").write_text(yaml.safe_dump({"version": "3.1", "nlu": blocks}))
    config = {
        "recipe": "default.v1",
        "language": "en",
        "assistant_id": "test",
        "pipeline": [
            {"name": "SpacyNLP", "model": str(folder / "spacy"), "case_sensitive": True},
            {"name": "bot.rasa.nlu.components.ShopEntities", "timezone": "Europe/Berlin"},
            {"name": "bot.rasa.nlu.components.SentenceEmbeddings"},
            {"name": "bot.rasa.nlu.components.ShopIntents"},
        ],
    }
    (folder / "config.yml").write_text(yaml.safe_dump(config))
    archive = train_nlu(str(folder / "config.yml"), str(folder / "nlu.yml"), str(folder / "models"))
    return Agent.load(archive), archive, folder


def test_rasa_parse_data(agent):
    """A message gets intent, ranking, entities with offsets, and its requests."""
    text = "two large lattes to go, and when do you close"
    parsed = asyncio.run(agent[0].parse_message(text))
    assert parsed["intent"]["name"] == "order"
    assert [request["intent"]["name"] for request in parsed["requests"]] == ["order", "opening_hours"]
    assert {text[e["start"] : e["end"]]: e["value"] for e in parsed["entities"]} == {
        "two": 2, "large": "large", "lattes": "latte", "to go": "pickup",
    }  # fmt: skip
    assert parsed["intent_ranking"][0]["confidence"] >= parsed["intent_ranking"][1]["confidence"]


def test_dates_count_from_the_moment_of_the_message(agent):
    """A message may bring its own moment, so that a moved clock moves "tomorrow"."""
    from rasa.core.channels import UserMessage

    said = UserMessage("tomorrow", metadata={"now": "2030-01-31T23:30:00+00:00"})
    parsed = asyncio.run(agent[0].processor.parse_message(said))
    assert parsed["entities"][0]["value"] == "2030-02-02"


def test_the_archive_can_be_read_without_rasa(agent, encoder, detector):
    """`rapport parse` reads the same model from the archive and gives the same intent."""
    from bot.rasa.nlu.parse import Understanding

    _, archive, folder = agent
    alone = Understanding.load(Path(archive), folder / "spacy", encoder=encoder, detector=detector)
    assert alone.parse("when do you close")["intent"] == "opening_hours"
    assert spacy.load(folder / "spacy").pipe_names == ["shop_words", "entity_ruler"]

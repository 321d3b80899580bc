"""Whose language an answer is in: of what they write, among the languages that have wording; kept with the customer."""

import asyncio
import shutil
from dataclasses import replace

import pytest
from service_world import NLG, make_gateway, say
from shop_talk import ROOT

from bot import wording
from bot.gateway import Incoming
from bot.live import Live
from bot.offering import catalogue_files
from bot.rasa.nlg import WordingGenerator
from memory import consent, conversations, identities

GERMAN = """
wording:
  utter_refused_marketing:
    - text: "Gut: keine Werbung mehr[ {where}][ zu {topic}].[ {doubt}]"
words:
  oat milk: Hafermilch
"""


@pytest.fixture
def german(tmp_path, memory, clock):
    """A gateway of a shop that has just saved a German file."""
    shutil.copytree(ROOT / "data" / "wording", tmp_path / "wording")
    (tmp_path / "wording" / "de.yml").write_text(GERMAN)
    words = Live(tmp_path / "wording", "*.yml", wording.load)
    products = Live(ROOT / "data" / "catalogue", "*.yml", catalogue_files.load)
    gateway = make_gateway(memory, clock)
    gateway.refusals.wording = WordingGenerator(words=words, products=products)
    return gateway


def _language(memory, customer):
    with memory.read() as tx:
        return identities.language(tx, customer)


def test_another_language_is_a_file(german, memory, ana):
    """Who writes German is answered in German from the next word on, whatever the word."""
    say(german, ana, "ich möchte bitte einen latte")
    with memory.write() as tx:
        conversation = german.conversation(ana, "web").id
        conversations.put_in_charge(tx, conversation, "operator")
    assert say(german, ana, "stop") == ["Gut: keine Werbung mehr."]
    with memory.read() as tx:
        assert consent.history(tx, ana)[-1].language == "de"


def test_what_a_language_lacks_is_english(german):
    """Word by word."""
    nlg = german.refusals.wording
    assert [nlg.word(text, "de") for text in ("oat milk", "soy milk")] == ["Hafermilch", "soy milk"]
    assert nlg.phrase("utter_declined", {}, "de") in {"No problem.", "That's fine."}


@pytest.mark.parametrize(
    ("texts", "language"),
    [
        (["a latte please"], "en"),
        (["一杯拿铁"], "zh-Hans"),
        (["一杯拿鐵", "ok", "2"], "zh-Hant"),
        (["一杯拿鐵", "what does it cost in all?"], "en"),
        (["a latte please", "ich möchte bitte einen latte"], "en"),
        (["一杯拿铁", "je voudrais un café, merci"], "zh-Hans"),
    ],
)
def test_the_language_of_a_conversation(gateway, memory, ana, texts, language):
    """The last that was told, among those that have wording."""
    for text in texts:
        say(gateway, ana, text)
    assert _language(memory, ana) == language


def test_the_first_guess_gives_way(gateway, memory, ana):
    """To the first words that tell a language; until then it holds, for every channel."""
    for text, language in (("2", "zh-Hant"), ("a latte please with oat milk", "en")):
        asyncio.run(gateway.handle(replace(Incoming(ana, "web", text=text), language="zh-TW,en;q=0.5")))
        assert _language(memory, ana) == language
    assert gateway.language(ana, "zh-TW") == "en"
    assert NLG.best_language("zh-TW") == "zh-Hant"

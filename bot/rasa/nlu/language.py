"""Which language a message is in: by its script where that tells, else by small words; English when nothing does.

Pure and fast (microseconds). Codes: en, zh-Hans, zh-Hant, ja, ko, ar, ru, hi and some European ones. A message of a
word or two may be any of several languages: `detect` takes the language spoken so far and keeps it then. Somebody who
writes Chinese says "ok", "hi" or "latte please" too: a word or two in Latin letters do not end that.
"""

from __future__ import annotations

import re

from bot.rasa.nlu.chinese import SIMPLIFIED_ONLY, TRADITIONAL_ONLY
from bot.rasa.nlu.words import plain

_HAN = re.compile(r"[\u3400-\u9fff]")
_BORROWED = 2
_SCRIPTS = (
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7af]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
    ("hi", re.compile(r"[\u0900-\u097f]")),
)
# Small words that one language has and the others (nearly) have not, without accents.
_SMALL = {
    "en": "the a an i you is are my me it to of and please "
    "can what when where how do not no want with for have thanks hi hello",
    "es": "el los las quiero una por favor que con mi no para gracias hola donde cuanto leche tengo y es mas muy",
    "fr": "le les je vous une un est s'il plait avec pas pour merci bonjour ou combien mon ma des du ne plus voudrais",
    "de": "der die das ich ein eine bitte mit nicht und ist "
    "kein keine danke hallo wo wann wie mein haben mochte mehr ihr",
    "it": "il lo gli vorrei un una per favore con non che mio grazie ciao dove quanto senza sono piu di e voglio",
    "pt": "o os um uma quero por favor com nao que meu minha obrigado obrigada ola onde quanto sem mais eu voce de",
    "nl": "de het een ik graag met niet en is geen dank hallo waar wanneer hoe mijn heb wil alsjeblieft meer van",
    "pl": "nie prosze jest z i w na do ile gdzie kiedy moje chce poprosze dziekuje czesc bez mam sie",
    "tr": "bir ve icin istiyorum lutfen ne nerede kac benim merhaba tesekkurler degil cok bana var istemiyorum",
}
_WORDS = {language: frozenset(words.split()) for language, words in _SMALL.items()}


def detect(text: str, *, spoken: str = "en") -> str:
    """The language of `text`; `spoken`, the language so far, where the text does not tell."""
    for language, script in _SCRIPTS:
        if script.search(text):
            return language
    if _HAN.search(text):
        return _chinese(text, spoken=spoken)
    words = re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)?", plain(text))
    if spoken.startswith("zh") and len(words) <= _BORROWED:
        return spoken
    hits = {language: sum(word in known for word in words) for language, known in _WORDS.items()}
    best = max(hits, key=lambda language: (hits[language], language == spoken, language == "en"))
    return best if hits[best] and (hits[best] >= 2 or len(words) <= 3) else spoken


def _chinese(text: str, *, spoken: str) -> str:
    """Simplified or Traditional: by the characters that only one of them has."""
    traditional = sum(character in TRADITIONAL_ONLY for character in text)
    simplified = sum(character in SIMPLIFIED_ONLY for character in text)
    if traditional != simplified:
        return "zh-Hant" if traditional > simplified else "zh-Hans"
    return spoken if spoken.startswith("zh") else "zh-Hans"


def model_of(text: str) -> str:
    """Which intent model reads `text`: "zh" for Chinese, "en" for everything else."""
    return "zh" if _HAN.search(text) and not _SCRIPTS[0][1].search(text) else "en"

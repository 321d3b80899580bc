"""Plain forms of words: what is the same word for a shop, whatever its case, accents, quotes or plural."""

from __future__ import annotations

import unicodedata

from spacy.lang.en.stop_words import STOP_WORDS

from bot.offering.phrases import singular

__all__ = ["COMMON_WORDS", "plain", "singular", "straight"]

_QUOTES = str.maketrans({"’": "'", "‘": "'", "`": "'", "´": "'", "“": '"', "”": '"', "–": "-", "—": "-", "\u00a0": " "})

# Ordinary words that are one or two letters away from words that coffee shops use; never read as slips of those.
_ORDINARY = """
    accept another barge bark battle beach bean beard bears beat better bleak block boast bottle bread break butter
    camel cancel cancelled caramels carbon career careful carry cartoon chain chair charge chart chase cheap cheaper
    check child chill china coast coat cocaine code coffin cold collar collected college colour come comes coming
    connect contact content cooked cookie cordial corner correct cortege cottage could count country course court
    cousin cover creak crime cross dark decal decent decide decided decline defer delay deliberate deliver delivered
    deliveries dinner double doubt dress dresses earlier early eleven else email emails enough ever every except
    expect expense expensive express expresses extra fault field fight filed files filing filled filler filters
    filthy final find fine first fitter flack flat flight flirt floor flow found four french fresh friend front gift
    given glad glass going good grade grand grant grind ground group guest guide half hand happy hard hate hello
    help hold hole honey hope horse hotel hour hours house however iced idea ideal issue item items jungle kettle
    large larger largest last late later latter lattice least leave legal less letter level light like likely line
    link list little local long longer look loose lost love lower lunch machine mail main make making mall march
    mark match matter maybe meal mean means media might mild mile mind mine mingle minute mixed mobile mock mocks
    model modem molar moment money month monthly months more morning mother motherly mouth mouthful move much name
    near need nettle never news next nice night noise normal north note nothing novel number offer office often once
    only open opened option order orders other others ought over paid paper park part party pass past pause people
    person phone pick piece place plain plan plant plate play please plus point polar police policy post pound
    pounds power press pressed presses pressure price prices proper pull push quality quantity quarter question
    quick quiet quite rate rather reach read ready real reason receive recent record refund regard regular remain
    remind remove repeat reply report reset rest result return review right ring road roast room round rule safe
    sale same sand save saved scare scared scent school score second seed seem seen self sell send sense sent serve
    service settle seven shall share sharp sheet ship shipped shipping shirt shoe shop short shot should show shown
    side sight sign signal simple since sing singe singer singles sister six size slack sleep slow small smart smell
    smile smoke social solar some song soon sorry sort sound source south space speak special speed spell spend
    spoke spring staff stage stand start state station stay steal steam step stick still stock stolen stop store
    story strange street stress strong stuff style such sugar suggest sunday super supply support sure sweet swim
    switch system table take taken taking talk taste team tell than thank thanks that them then there these thing
    things think third this those though three throw thursday ticket tight time tingle tired title toast today
    together told tomorrow tonight total touch town track trade train travel treat tree trial trip trouble true
    trust truth tuesday turn twelve twenty twice type under unit until upper upset usual value vanished very villa
    village visit voice wait walk wall want warm warn wash waste watch water week weekend weekly well went were west
    whale what wheel when where which while white whole wholly whom whose wide wife will wind window wine winter
    wish with within without woman wonder wood word work world worry worse worst worth would write wrong wrote year
    yellow yesterday young your yours youth
"""
COMMON_WORDS = frozenset(STOP_WORDS) | frozenset(_ORDINARY.split())


def plain(text: str) -> str:
    """Lower case, straight quotes, no accents."""
    lower = text.translate(_QUOTES).lower()
    if lower.isascii():
        return lower
    parts = unicodedata.normalize("NFD", lower)
    return unicodedata.normalize("NFC", "".join(c for c in parts if unicodedata.category(c) != "Mn"))


def straight(text: str) -> str:
    """The same text with straight quotes and dashes; never longer or shorter."""
    return text.translate(_QUOTES)

"""A refusal is heard before anything else, and ordinary talk is not mistaken for one."""

import pytest
import yaml

from bot.rasa.nlu import refusals
from bot.rasa.nlu.refusal_words import channel_of, topic_of
from bot.rasa.nlu.refusals import Context
from tests.understanding.conftest import HELD_OUT

WEB, BUSY, SMS = Context(), Context(task_open=True), Context(channel="sms")


@pytest.mark.parametrize("word", sorted(refusals.KEYWORDS))
@pytest.mark.parametrize("shape", ["{}", "{}!", " {} ", "{}."])
def test_keywords_refuse_on_every_channel(word, shape):
    """Each keyword alone refuses marketing on all channels, in any case."""
    for text in (shape.format(word), shape.format(word.lower())):
        heard = refusals.keyword(text, context=SMS)
        assert (heard.scope, heard.channel, heard.sure) == ("marketing", None, True)


def test_arret_is_heard_with_its_accent():
    """Nobody writes ARRET without its circumflex but a telegraph."""
    assert refusals.keyword("ARRÊT", context=SMS).scope == "marketing"


def test_cancel_in_the_middle_of_a_task_on_the_web_is_the_tasks():
    """On web chat "cancel" drops the order at hand; elsewhere, and without a task, it refuses."""
    assert refusals.keyword("cancel", context=BUSY) is None
    assert refusals.keyword("cancel", context=Context(channel="whatsapp", task_open=True)).sure
    assert refusals.keyword("cancel", context=WEB) is not None


def test_words_of_many_meanings_are_doubtful_on_the_web():
    """ "end" alone suppresses, and a question is asked; "stop" leaves no doubt."""
    assert not refusals.keyword("end", context=WEB).sure
    assert refusals.keyword("stop", context=WEB).sure


@pytest.mark.parametrize(
    ("text", "back"),
    [("START", True), ("unstop", True), ("yes", False), ("start the order", False)],
)
def test_back_in_by_keyword_only(text, back):
    """A bare yes never takes a refusal back."""
    assert refusals.opts_in(text) is back


@pytest.mark.parametrize(
    "text",
    [
        "stop the order", "cancel my latte", "don't stop sending the beans", "please remove the syrup", "no thanks",
        "unsubscribe me from the bean subscription", "cancel", "no", "no sugar", "a large latte please",
        "when do you close",
        "delete everything you know about me", "sign me up for the newsletter", "no more milk please",
        "where's my email receipt",
        "stop my coffee subscription", "start sending me offers again", "", "   ", "🙂",
    ],
)  # fmt: skip
def test_what_only_sounds_like_a_refusal(detector, text):
    """Orders, deliveries, subscriptions and plain "no" are left to the conversation."""
    assert detector.detect(text, context=BUSY) is None


@pytest.mark.parametrize(
    ("text", "scope", "channel", "topic"),
    [
        ("please leave me alone with these offers", "marketing", None, None),
        ("no more emails please", "marketing", "email", None),
        ("don't message me on whatsapp with ads", "marketing", "whatsapp", None),
        ("email only, no texts", "marketing", "sms", None),
        ("no more subscription offers", "marketing", None, "subscriptions"),
        ("stop the mails about gift cards", "marketing", "email", "gift_cards"),
        ("don't remember anything about me", "memory", None, None),
        ("stop profiling me", "profiling", None, None),
        ("I withdraw all my consents", "all", None, None),
        ("a large oat flat white to go, and no more emails please", "marketing", "email", None),
        ("no emails or texts any more", "marketing", None, None),
    ],
)
def test_scope_channel_and_topic(detector, text, scope, channel, topic):
    """What is refused, on which channel, about what."""
    heard = detector.detect(text, context=WEB)
    assert (heard.scope, heard.channel, heard.topic) == (scope, channel, topic)


@pytest.mark.parametrize(
    "text",
    [
        "no quiero más publicidad", "désabonnez-moi de la newsletter", "bitte keine werbung mehr",
        "non voglio più email",
        "não quero mais mensagens", "geen reclame meer", "nie chcę reklam", "reklam istemiyorum",
        "不要再发广告", "不要再發廣告",
        "広告を送らないで", "لا أريد إعلانات", "mujhe ads mat bhejo",
    ],
)  # fmt: skip
def test_other_languages(detector, text):
    """A plain refusal is heard in each of the languages."""
    assert detector.detect(text, context=WEB).scope == "marketing"


@pytest.mark.parametrize(
    "text",
    ["un café con leche por favor", "sans sucre", "keine milch bitte", "senza zucchero", "sem açúcar", "geen suiker",
     "bez mleka", "şekersiz", "不要糖", "砂糖なしで", "بدون سكر", "bina chini ke"],
)  # fmt: skip
def test_ordinary_talk_in_other_languages(detector, text):
    """An order in another language is none."""
    assert detector.detect(text, context=BUSY) is None


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("tell whoever runs the promos that my number is not for that", "marketing"),
        ("zwei espressi und streicht mich aus dem verteiler", "marketing"),
        ("nie notujcie niczego na mój temat", "memory"),
        ("購入履歴からのおすすめはいりません", "profiling"),
        ("laissez-moi tranquille, ni mails ni données", "all"),
    ],
)
def test_oblique_refusals_and_those_of_other_scopes_abroad(detector, text, scope):
    """What words are about tells it where the words themselves are new."""
    assert detector.detect(text, context=WEB).scope == scope


@pytest.mark.parametrize(
    "text",
    ["give me teh usuall", "no, nothing else", "nein, sonst nichts", "don't lose my number", "ne sonnez pas",
     "yes, you may remember that", "personalise it, please", "no contact delivery please", "no tracking number yet"],
)  # fmt: skip
def test_near_misses(detector, text):
    """Slips, answers, permissions and notes for the courier share their words with refusals."""
    assert detector.detect(text, context=BUSY) is None


@pytest.mark.parametrize(
    "text",
    ["this stays between us, don't write it down", "use the address once and don't keep it",
     "a mocha for my boss, it's a surprise, so don't log that", "ne note pas ça stp c'est perso",
     "das bleibt unter uns, bitte nicht notieren", "刚才说的不要记录，保密"],
)  # fmt: skip
def test_that_one_thing_is_not_to_be_kept(detector, text):
    """It is heard before anything else, and no more is made of it."""
    heard = detector.detect(text, context=WEB)
    assert (heard.scope, heard.intent) == ("once", "dont_remember")


def test_one_thing_beside_another_refusal_leaves_that_as_it_is(detector):
    """It is not all that is refused."""
    assert detector.detect("no more emails please. and don't note my address", context=WEB).scope == "marketing"


def test_two_refusals_in_one_message_are_one_of_all(detector):
    """Suppressing too much is mended by asking; suppressing too little is not."""
    assert detector.detect("stop emailing me. and don't remember anything about me", context=WEB).scope == "all"


def test_the_detector_survives_storing(detector, encoder, tmp_path):
    """What was stored hears what the trained one heard."""
    detector.save(tmp_path)
    again = refusals.RefusalDetector.load(tmp_path, encoder=encoder)
    for text in ("no more ads", "a latte please", "don't keep notes on me"):
        kept, was = again.detect(text, context=WEB), detector.detect(text, context=WEB)
        assert (kept and (kept.scope, kept.sure, round(kept.confidence, 6))) == (
            was and (was.scope, was.sure, round(was.confidence, 6))
        )


def test_without_embeddings_it_still_hears(detector, tmp_path):
    """With no sentence embeddings at hand the same detector works on words alone."""
    detector.save(tmp_path)
    alone = refusals.RefusalDetector.load(tmp_path, encoder=None)
    assert alone.detect("please stop sending me marketing emails", context=WEB).scope == "marketing"
    assert alone.detect("a large latte please", context=WEB) is None


def test_no_examples_is_an_error(tmp_path):
    """A detector that has learnt nothing must not be made."""
    with pytest.raises(refusals.RefusalsError, match="no examples"):
        refusals.open_detector(tmp_path, tmp_path, encoder=None)


def test_held_out_refusals_and_talk(detector):
    """On sentences never trained on, no worse than when it was last measured (docs/understanding.md)."""
    held_out = yaml.safe_load((HELD_OUT / "refusals.yml").read_text(encoding="utf-8"))
    ordinary = held_out.pop("ordinary")
    refused = [str(text) for texts in held_out.values() for text in texts]
    heard = sum(detector.detect(text, context=WEB) is not None for text in refused) / len(refused)
    alarms = sum(detector.detect(text, context=BUSY) is not None for text in ordinary) / len(ordinary)
    assert heard >= 0.96
    assert alarms <= 0.01


@pytest.mark.parametrize(
    ("text", "channel"),
    [
        ("以后别再给我发邮件了", "email"), ("別再打電話推銷了", "phone"), ("微信别再推了", "wechat"),
        ("pare de mandar no zap", "whatsapp"), ("不要再寄電子報", None), ("no more newsletters", None),
    ],
)  # fmt: skip
def test_the_channel_is_read_in_other_languages_too(text, channel):
    """Also where no spaces part the words."""
    assert channel_of(text) == channel


def test_channels_that_may_go_on_are_not_refused():
    """ "texts are fine but no more emails" refuses emails."""
    assert channel_of("texts are fine but no more emails") == "email"
    assert topic_of("nothing about gear please") == "gear"

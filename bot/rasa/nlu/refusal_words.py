"""Which channel and which topic a refusal of marketing names: "no more subscription offers on WhatsApp"."""

from __future__ import annotations

import re

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

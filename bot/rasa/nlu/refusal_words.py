"""Which channel and which topic a refusal of marketing names: "no more subscription offers on WhatsApp"."""

from __future__ import annotations

import re

_CHANNELS = {
    "email": r"e-?mails?|emailed|emailing|mails?|mailing|inbox|correos?|courriels?"
    r"|maile|maili|mejl\w*|e-?posta\w*|بريد",
    "sms": r"sms\w{0,3}|texts?|texting|texted|text messages?",
    "whatsapp": r"what'?s ?app|wapp|whatsapp\w*|zap",
    "wechat": r"we ?chat",
    "phone": r"calls?|calling|phone|ring(?:ing)?|telephone|telef\w+|llam\w+|appel\w*|anruf\w*|chiamat\w*|call mat",
    "telegram": r"telegram",
    "push": r"push|notifications?|pings?",
    "post": r"post|letters?|letterbox|catalogues?|leaflets?|flyers?|brochures?",
}
# Scripts that put no space between words.
_UNSPACED = {
    "email": "メール|邮件|郵件|信箱|邮箱",
    "sms": "短信|簡訊",
    "wechat": "微信",
    "phone": "電話|电话",
}
_CHANNEL = {
    name: re.compile(rf"(?<![^\W\d_])(?:{words})(?![^\W\d_])|{_UNSPACED.get(name, '(?!)')}")
    for name, words in _CHANNELS.items()
}
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
    """The one channel that a refusal of marketing names; None for none or several: all are meant. A newsletter is a
    thing, not a way: refusing it says nothing in favour of texts."""
    named = [
        name
        for name, pattern in _CHANNEL.items()
        for found in [pattern.search(said)]
        if found and not _allowed(said, found.start(), found.end())
    ]
    return named[0] if len(named) == 1 else None


def _allowed(said: str, start: int, end: int) -> bool:
    """Is the channel named as the one that may go on: "email only, no texts"?"""
    after, before = said[end : end + 20], said[max(0, start - 12) : start]
    return bool(re.match(rf"\W+{_ALLOWED}", after) or re.search(r"\b(?:only|just)(?: by| via)? $", before))


def topic_of(said: str) -> str | None:
    """The one topic that a refusal of marketing is about, else None."""
    named = [name for name, pattern in _TOPIC.items() if pattern.search(said)]
    return named[0] if len(named) == 1 else None

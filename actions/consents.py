"""What customers decide about the use of their data: from words and taps to the ledger, and back to what can be said.

A refusal takes effect for everything that it may mean. What it switched off is noted, so that a misunderstanding can be
put right by one tap; nothing else is ever switched on by it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from memory import Memory, Turn, Tx, consent, identities
from memory.consent import Decision, Evidence, Purpose

ANYWHERE = "*"
# What a customer may refuse in one breath, and every purpose alone.
SCOPES: Mapping[str, tuple[Purpose, ...]] = {
    "marketing": (Purpose.MARKETING,),
    "profiling": (Purpose.PERSONALISATION, Purpose.ANALYTICS),
    "memory": (Purpose.PREFERENCES, Purpose.SENSITIVE, Purpose.RESUME),
    "all": tuple(purpose for purpose in Purpose if purpose is not Purpose.SERVICE),
    "preferences": (Purpose.PREFERENCES, Purpose.SENSITIVE),
    "resume": (Purpose.RESUME,),
    "personalisation": (Purpose.PERSONALISATION,),
    "sharing": (Purpose.SHARING,),
    "analytics": (Purpose.ANALYTICS,),
    "sensitive": (Purpose.SENSITIVE,),
}
# What goes off at once when one thing is not to be kept, until the customer says how far that goes.
ONCE = "preferences"
OPT_OUTS: Mapping[str, str] = {f"opt_out_{scope}": scope for scope in ("marketing", "memory", "profiling", "all")}
# A refusal that understanding is less sure of is obeyed as well, and asked about.
SURE = 0.8
# (purpose, channel, topic)
Restorable = tuple[str, str, str]


@dataclass(frozen=True)
class Refusal:
    """What a customer refuses; `sure` False: it is obeyed, and the customer asked whether they meant it."""

    scope: str
    channel: str = ANYWHERE
    topic: str = ANYWHERE
    sure: bool = True
    method: str = "words"

    @property
    def purposes(self) -> tuple[Purpose, ...]:
        """The purposes that are switched off."""
        return SCOPES[self.scope]

    def to_json(self) -> dict[str, Any]:
        """Its fields."""
        return asdict(self)


def heard_in(message: Mapping[str, Any]) -> tuple[Refusal | None, bool]:
    """The refusal that a message carries, and whether it was recorded before any action ran."""
    if message.get("refusal"):
        return Refusal(**message["refusal"]), True
    for request in message.get("requests") or [message]:
        intent = request.get("intent") or {}
        if scope := OPT_OUTS.get(str(intent.get("name"))):
            return Refusal(scope, sure=float(intent.get("confidence") or 0) >= SURE), False
    return None, False


def evidence(turn: Turn, method: str, text: str, *, version: str | None = None) -> Evidence:
    """How the customer decided in this turn: `text` is what they said, or the text whose button they tapped."""
    return Evidence(method, text=text, text_version=version, language=turn.language, touch_point=turn.channel)


def about(refusal: Refusal, say: Callable[..., str]) -> dict[str, str | None]:
    """What wording may say of a refusal besides its scope."""
    topic = None if refusal.topic == ANYWHERE else refusal.topic.replace("_", " ")
    return {"where": where(refusal.channel, say), "topic": topic}


def where(channel: str, say: Callable[..., str]) -> str | None:
    """A channel in words: "by e-mail", "in this chat"; None for all of them."""
    if channel == ANYWHERE:
        return None
    return say(f"utter_channel_{channel}" if channel in _WELL_KNOWN else "utter_channel", channel=channel)


_WELL_KNOWN = frozenset({"web", "messaging", "email", "sms"})


def refuse(tx: Tx, turn: Turn, refusal: Refusal, *, said: str) -> None:
    """Record a refusal, with its evidence."""
    for purpose in refusal.purposes:
        per_channel = purpose is Purpose.MARKETING
        consent.decide(
            tx,
            turn.customer,
            purpose=purpose,
            channel=refusal.channel if per_channel else ANYWHERE,
            topic=refusal.topic if per_channel else ANYWHERE,
            decision="withdrawn",
            evidence=evidence(turn, refusal.method, said),
            now=turn.now,
        )


def decide(
    tx: Tx,
    turn: Turn,
    purposes: Iterable[Purpose],
    decision: Decision,
    *,
    said: Evidence,
    channel: str = ANYWHERE,
    topic: str = ANYWHERE,
) -> None:
    """Record one decision for several purposes; a grant of marketing is one for a channel."""
    for purpose in purposes:
        here = channel if purpose is Purpose.MARKETING else ANYWHERE
        consent.decide(
            tx,
            turn.customer,
            purpose=purpose,
            channel=here,
            topic=topic,
            decision=decision,
            evidence=said,
            now=turn.now,
        )


def restorable(tx: Tx, customer: str, refusal: Refusal) -> list[Restorable]:
    """What is granted now and the refusal switches off: asked for before it is recorded."""
    return [
        (one.purpose.value, one.channel, one.topic)
        for one in consent.current(tx, customer)
        if one.purpose in refusal.purposes
        and refusal.channel in (ANYWHERE, one.channel)
        and refusal.topic in (ANYWHERE, one.topic)
        and one.decision == "granted"
        and consent.allows(tx, customer, one.purpose, one.channel, one.topic)
    ]


def restore(tx: Tx, turn: Turn, given: Iterable[Restorable], *, said: Evidence) -> None:
    """Grant again what a misunderstanding had switched off."""
    for purpose, channel, topic in given:
        decide(tx, turn, (Purpose(purpose),), "granted", said=said, channel=channel, topic=topic)


def has_left(tx: Tx, customer: str) -> bool:
    """Whether the customer has refused marketing as a whole: then START takes them back in."""
    rows = [one for one in consent.current(tx, customer) if one.purpose is Purpose.MARKETING]
    return any(one.decision == "withdrawn" and one.decided_at is not None for one in rows)


def may_grant(memory: Memory, tx: Tx, customer: str, purpose: Purpose) -> bool:
    """Whether a yes of this customer would count: a declared child's does not, where the law says so."""
    return not (purpose in memory.policies.child and identities.customer(tx, customer).child)


def undecided(tx: Tx, customer: str, purpose: Purpose) -> bool:
    """Whether the customer has never said yes or no to this purpose."""
    return all(one.decided_at is None for one in consent.current(tx, customer) if one.purpose is purpose)


_MEANT: Mapping[str, re.Pattern[str]] = {
    "marketing": re.compile(
        r"\b(offers?|deals?|promo\w*|newsletters?|mailing|e-?mails?|marketing|news|discounts?)\b"
        r"|优惠|優惠|广告|廣告|促销|促銷|活动|活動|邮件|郵件|电子报|電子報|短信|簡訊|推送|推播|通知|消息",
        re.I,
    ),
    "memory": re.compile(
        r"\b(remember\w*|memory|preferences?|save what|what i like)\b|记住|記住|记忆|記憶|喜好|偏好|口味", re.I
    ),
    "personalisation": re.compile(
        r"\b(personali[sz]\w*|tailor\w*|suggest\w*|recommend\w*|history)\b|个性化|個性化|個人化|推荐|推薦|记录|紀錄",
        re.I,
    ),
}
_NAMED_CHANNELS: Mapping[str, re.Pattern[str]] = {
    "email": re.compile(r"\b(e-?mails?|newsletters?|mailing)\b|邮件|郵件|电子报|電子報|邮箱|信箱", re.I),
    "sms": re.compile(r"\b(sms|text messages?|text me)\b|短信|簡訊", re.I),
    "whatsapp": re.compile(r"\bwhats ?app\b", re.I),
}


def meant_by(text: str) -> tuple[str, ...]:
    """The scopes that somebody who wants something switched on names."""
    named = tuple(scope for scope, words in _MEANT.items() if words.search(text))
    # "Personalise my offers" is no wish for mails.
    return ("personalisation",) if set(named) == {"marketing", "personalisation"} else named


def channel_named(text: str, *, here: str) -> str:
    """The channel on which marketing is wanted: the one named, else this one."""
    return next((channel for channel, words in _NAMED_CHANNELS.items() if words.search(text)), here)


def is_on(tx: Tx, turn: Turn, scope: str) -> bool:
    """Whether all that a scope stands for is granted, marketing on this channel."""
    channels = {Purpose.MARKETING: turn.channel}
    wanted = [purpose for purpose in SCOPES[scope] if purpose is not Purpose.SENSITIVE]
    return all(consent.allows(tx, turn.customer, each, channels.get(each, ANYWHERE)) for each in wanted)

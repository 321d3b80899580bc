"""A gateway around a hand-written assistant, and short ways to decide and to look things up."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from redis.asyncio import Redis
from shop_talk import MONDAY, ROOT, Talk
from starlette.testclient import TestClient

from bot import app, settings, tokens
from bot.assistant import Answer, Said
from bot.channels.people import People
from bot.erasing import Erasures
from bot.flows.model import Choice, Message
from bot.gateway import Gateway, Incoming
from bot.hub import LocalHub, RedisHub
from bot.live import Live
from bot.locks import LocalLocks, RedisLocks
from bot.offering import catalogue_files
from bot.rasa.nlg import WordingGenerator
from bot.rasa.nlu.refusals import Context, Refusal, keyword
from bot.refusals import Refusals
from bot.telling import with_facts
from bot.wording import load as load_wording
from memory import Turn, consent, facts
from memory.consent import Evidence, Purpose
from memory.messages import Outgoing

NLG = WordingGenerator(
    words=Live(ROOT / "data" / "wording", "*.yml", load_wording),
    products=Live(ROOT / "data" / "catalogue", "*.yml", catalogue_files.load),
)


@dataclass
class FakeAssistant:
    """Asks for the milk, whatever was said; notes what it was told."""

    busy: bool = False
    fails: bool = False
    told: list[Said] = field(default_factory=list)
    offers: tuple = ()

    def is_busy(self, turn: Turn) -> bool:
        return self.busy

    async def respond(self, turn: Turn, said: Said) -> Answer:
        self.told.append(said)
        if self.fails:
            raise RuntimeError("the model is gone")

        return Answer((Outgoing("Which milk?", self.offers),), turn.write)

    async def requests(self, text: str) -> tuple[str, ...]:
        meant = {"forget me": "forget_everything", "yes": "affirm", "no": "deny"}
        return tuple(meant.get(part, "inform") for part in text.split(" and "))


def by_keyword(text: str, *, context: Context) -> Refusal | None:
    """The detector without its model, which also takes "leave me alone" for a refusal that may be meant otherwise."""
    if "leave me alone" in text:
        return Refusal("marketing", None, None, 0.4, False)
    return keyword(text, context=context)


def make_gateway(memory, clock, *, redis=None, **options) -> Gateway:
    """`redis`: the address of one that it shares with other processes."""
    locks, hub = LocalLocks(), LocalHub()
    if redis:
        shared = Redis.from_url(redis)
        locks, hub = RedisLocks(shared), RedisHub(shared)
    return Gateway(
        memory=memory,
        assistant=FakeAssistant(**options),
        refusals=Refusals(memory, NLG, detect=by_keyword),
        erasures=Erasures(memory, locks, hub, clock),
        locks=locks,
        hub=hub,
        clock=clock,
    )


SECRET = "s" * 32


class Idle:
    """In the place of what works in the background."""

    async def run(self) -> None:
        await asyncio.Event().wait()


def make_client(gateway, memory, clock) -> TestClient:
    """HTTP in front of a gateway; use it as a context manager, so that erasures are finished."""
    given = {"DEMO": "1", "IDENTITY_SECRET": SECRET, "SESSION_SECRET": SECRET, "SHOP_API_KEY": SECRET}
    people = People(memory, secret=SECRET, clock=clock)
    told = settings.load(ROOT, given=given)
    files = app.Files.of(told.data)
    parts = app.Parts(told, memory, clock, files, gateway, people, gateway.erasures, NLG, None, Idle(), Idle())
    return TestClient(app.build(parts), raise_server_exceptions=False)


def headers(subject: str, *, now: datetime = MONDAY, **claims) -> dict[str, str]:
    """Of a customer who signed in at `now`."""
    token = tokens.sign(subject, secret=SECRET, now=now, ttl=timedelta(days=36_500), **claims)
    return {"Authorization": f"Bearer {token}"}


def say(gateway, customer, text, *, channel="web", key=None):
    """The texts that were answered."""
    incoming = Incoming(customer, channel, text=text, message_id=key)
    return [shown.text for shown in asyncio.run(gateway.handle(incoming)).reply.messages]


def allows(memory, customer, purpose, channel="*", topic="*"):
    with memory.read() as tx:
        return consent.allows(tx, customer, purpose, channel, topic)


def ledger(memory, customer):
    """(purpose, channel, decision, method) of every entry, oldest first."""
    with memory.read() as tx:
        past = consent.history(tx, customer)
    return [(entry.purpose, entry.channel, entry.decision, entry.method) for entry in past]


def grant(memory, clock, customer, purpose: Purpose, channel="*"):
    with memory.write() as tx:
        consent.decide(
            tx,
            customer,
            purpose=purpose,
            channel=channel,
            decision="granted",
            evidence=Evidence("button"),
            now=clock(),
        )


class Chat(Talk):
    """A talk in which cards are seen, and in which it is noticed what the customer tells of themselves."""

    def tell(self, text: str, intent: str = "state_preference", *entities: tuple[str, str, str]) -> list:
        """Entities are (name, value, word in the text)."""
        found = [
            {
                "entity": name,
                "value": value,
                "role": None,
                "start": text.index(word),
                "end": text.index(word) + len(word),
            }
            for name, value, word in entities
        ]
        parsed = {"text": text, "intent": {"name": intent, "confidence": 0.95}, "entities": found}
        latest = with_facts(parsed)
        return self._turn(latest, Message.from_rasa(latest))

    def run(self, action: str, **args) -> list:
        """As if a button had this action behind it."""
        latest = {"text": "", "intent": {"name": "choose"}, "entities": []}
        return self._turn(latest, (Message(text="", intent="choose", choice=Choice(action=action, args=args)),))

    def _show(self, message: dict) -> None:
        super()._show(message)
        cards = (message.get("custom") or {}).get("cards") or ()
        behind = {f"{b['title']}: {card['title']}": b["choice"] for card in cards for b in card.get("choices", ())}
        lines = [f"{card['title']} | {card.get('subtitle') or ''}" for card in cards]
        last = self.shown[-1]
        self.shown[-1] = replace(last, text="\n".join([last.text, *lines]), choices={**last.choices, **behind})


def known_facts(memory, customer, purpose=Purpose.PREFERENCES) -> set[tuple[str, str, str]]:
    """(attribute, value, polarity) of all facts that stand."""
    with memory.read() as tx:
        if not consent.allows(tx, customer, purpose):
            return set()
        return {(f.attribute, f.value, f.polarity) for f in facts.of(tx, consent.require(tx, customer, purpose))}

"""The composition root: the only place that knows all parts and puts them together."""

import asyncio
import contextlib
import ctypes
import gc
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.middleware.cors import CORSMiddleware

import actions
from bot import demo, wording
from bot.assistant import Assistant
from bot.channels import operations, self_service, shop, socket, webchat
from bot.channels.errors import add_errors
from bot.channels.people import People
from bot.clock import Clock
from bot.erasing import Erasures
from bot.flows import loader
from bot.flows.model import FlowSet
from bot.gateway import Gateway
from bot.hub import Hub, LocalHub, RedisHub
from bot.keeping import Keeping
from bot.limits import Limit
from bot.live import Live
from bot.locks import LocalLocks, Locks, RedisLocks
from bot.offering import catalogue_files
from bot.offering.catalogue import Catalogue
from bot.offering.rules import Rules
from bot.offering.rules_files import load_rules
from bot.offers.market import Market
from bot.offers.schedule import Schedule
from bot.offers.stocked import Stocked
from bot.opening import open_memory
from bot.rasa import without_tensorflow
from bot.rasa.actions import in_process
from bot.rasa.nlg import WordingGenerator
from bot.rasa.processor import LeanProcessor
from bot.refusals import Refusals
from bot.settings import Settings
from bot.web import pages
from bot.wording import Wording
from memory import Memory


@dataclass(frozen=True)
class Files:
    """The shop's files as they are served: edits are taken over live, the last good version stays when one is wrong."""

    products: Live[Catalogue]
    words: Live[Wording]
    flows: Live[FlowSet]
    rules: Live[Rules]

    @classmethod
    def of(cls, data: Path) -> "Files":
        """The files under `data`. Raises what they have wrong."""
        return cls(
            Live(data / "catalogue", "*.yml", catalogue_files.load),
            Live(data / "wording", "*.yml", wording.load),
            Live(data / "flows", "**/*.yml", loader.load),
            Live(data / "offering", "*.yml", load_rules),
        )

    def all(self) -> tuple[Live[Any], ...]:
        """Each of them."""
        return (self.products, self.words, self.flows, self.rules)


@dataclass(frozen=True)
class Parts:
    """What the process is made of, for the routes and for tests."""

    settings: Settings
    memory: Memory
    clock: Clock
    files: Files
    gateway: Gateway
    people: People
    erasures: Erasures
    nlg: WordingGenerator
    market: Market
    schedule: Schedule
    keeping: Keeping


def assemble(settings: Settings, model: Path, *, clock: Clock | None = None) -> Parts:
    """Put the assistant together on a trained model. Raises what the shop's files or the settings have wrong."""
    clock = clock or Clock()
    memory, files = open_memory(settings, clock=clock), Files.of(settings.data)
    products, rules = files.products.current, files.rules.current
    shelf = Stocked(memory, products, clock).current
    market = Market(memory, files=products, shelf=shelf, rules=lambda: rules().offers, clock=clock)
    nlg = WordingGenerator(words=files.words, products=files.products)
    serving = actions.Shop(
        catalogue=shelf,
        flows=files.flows.current,
        memory=memory,
        clock=clock,
        phrase=nlg.phrase,
        word=nlg.word,
        engine=market.engine,
        export_link=self_service.ticket_link(settings.public_url, secret=settings.identity_secret),
    )
    processor = LeanProcessor(model, actions=in_process(actions.build(serving), lambda tracker: tracker.turn), nlg=nlg)
    locks, hub = _between_processes(settings.redis_url)
    erasures = Erasures(memory, locks, hub, clock)
    gateway = Gateway(
        memory=memory,
        assistant=Assistant(memory, processor, files.flows),
        refusals=Refusals(memory, nlg),
        erasures=erasures,
        locks=locks,
        hub=hub,
        clock=clock,
    )
    people = People(memory, secret=settings.identity_secret, clock=clock)
    schedule = Schedule(memory, market, catalogue=products, rules=lambda: rules().tiers, clock=clock, locks=locks)
    keeping = Keeping(memory, locks=locks, clock=clock)
    return Parts(settings, memory, clock, files, gateway, people, erasures, nlg, market, schedule, keeping)


def _between_processes(redis_url: str | None) -> tuple[Locks, Hub]:
    """What keeps several processes in order and tells each of the others' messages; without Redis there is one."""
    if redis_url is None:
        return LocalLocks(), LocalHub()
    without_tensorflow.restore("redis")
    from redis.asyncio import Redis  # Only now: see `bot.locks`.

    redis = Redis.from_url(redis_url)
    return RedisLocks(redis), RedisHub(redis)


@dataclass(frozen=True)
class Limits:
    """How much one caller may ask for: so many at once, so many a second on average."""

    messages: tuple[int, float] = (30, 2)
    visitors: tuple[int, float] = (60, 1)
    self_service: tuple[int, float] = (30, 1)


def build(parts: Parts, *, limits: Limits | None = None) -> FastAPI:
    """The HTTP application over assembled parts."""
    app = FastAPI(
        title="rapport",
        description="A shop assistant that treats each customer as a person.",
        openapi_url="/api/openapi.json",
        docs_url="/api/docs",
        redoc_url=None,
        lifespan=_lifespan(parts),
    )
    # The widget may sit on any of the shop's pages; the bearer token, not the origin, says who is asking.
    app.add_middleware(
        CORSMiddleware,
        allow_origins=["*"],
        allow_methods=["*"],
        allow_headers=["Authorization", "Content-Type", "Idempotency-Key"],
        expose_headers=["Retry-After"],
    )
    for router in _routers(parts, limits or Limits()):
        app.include_router(router)
    add_errors(app)
    return app


def _routers(parts: Parts, limits: Limits) -> Iterator[APIRouter]:
    settings, rules = parts.settings, parts.files.rules
    messages_limit, visitors_limit, service_limit = (
        Limit(name, burst=burst, per_second=rate, clock=monotonic) for name, (burst, rate) in vars(limits).items()
    )
    parts.erasures.stores += [messages_limit, service_limit]
    yield webchat.router(parts.gateway, parts.people, messages_limit=messages_limit, visitors_limit=visitors_limit)
    yield socket.router(parts.gateway, parts.people, limit=messages_limit)
    yield self_service.router(
        parts.gateway,
        parts.people,
        parts.erasures,
        limit=service_limit,
        secret=settings.identity_secret,
        logic=lambda language: parts.nlg.phrase("utter_profile_logic", {}, language),
    )
    yield shop.router(
        parts.memory,
        key=settings.shop_api_key,
        folder=settings.data / "catalogue",
        rules=lambda: rules.current().offers,
        clock=parts.clock,
    )
    yield pages.router(demo=settings.demo)
    if settings.demo:
        yield demo.router(settings, parts.gateway, parts.clock)
    yield operations.router(parts.memory, parts.files.all())


def _settle() -> None:
    """What was put together at the start stays: the collector looking through it again and again, a large catalogue
    above all, would cost now and then a turn a tenth of a second. What was only needed for that goes back to the system
    at once, where the system's library can be told to: tens of megabytes."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    gc.freeze()


def _lifespan(parts: Parts) -> Any:
    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        _settle()
        hub = parts.gateway.hub
        tasks = [asyncio.create_task(hub.run())] if isinstance(hub, RedisHub) else []
        tasks += [asyncio.create_task(each.run()) for each in (parts.schedule, parts.keeping)]
        try:
            async with parts.erasures.running():
                yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            parts.memory.close()

    return lifespan

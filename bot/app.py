"""The composition root: the only place that knows all parts and puts them together."""

import asyncio
import contextlib
import gc
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from redis.asyncio import Redis
from starlette.exceptions import HTTPException
from starlette.responses import Response

import actions
from bot import demo, wording
from bot.assistant import Assistant
from bot.channels import self_service, shop, webchat
from bot.channels.people import People
from bot.channels.wire import error_json
from bot.clock import Clock
from bot.erasing import Erasures
from bot.flows import loader
from bot.gateway import Gateway, Rejected
from bot.hub import Hub, LocalHub, RedisHub
from bot.keeping import Keeping
from bot.limits import Limit, TooMany
from bot.live import Live
from bot.locks import LocalLocks, Locks, RedisLocks
from bot.offering import catalogue_files
from bot.offering.rules import Rules, load_rules
from bot.offers.market import Market
from bot.offers.schedule import Schedule
from bot.offers.stocked import Stocked
from bot.rasa.actions import in_process
from bot.rasa.nlg import WordingGenerator
from bot.rasa.processor import LeanProcessor
from bot.refusals import Refusals
from bot.settings import Settings
from bot.tokens import InvalidToken
from bot.web import pages
from memory import Memory, identities

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Parts:
    """What the process is made of, for the routes and for tests."""

    settings: Settings
    memory: Memory
    clock: Clock
    gateway: Gateway
    people: People
    erasures: Erasures
    nlg: WordingGenerator
    live: tuple[Live[Any], ...]
    rules: Live[Rules]
    market: Market
    schedule: Schedule
    keeping: Keeping


def assemble(settings: Settings, model: Path, *, clock: Clock | None = None) -> Parts:
    """Put the assistant together on a trained model. Raises what the shop's files or the settings have wrong."""
    clock = clock or Clock()
    memory = Memory.open(settings.database_url, clock=clock)
    products = Live(settings.data / "catalogue", "*.yml", catalogue_files.load)
    words = Live(settings.data / "wording", "*.yml", wording.load)
    flows = Live(settings.data / "flows", "**/*.yml", loader.load)
    rules = Live(settings.data / "offering", "*.yml", load_rules)
    stocked = Stocked(memory, products.current, clock)
    market = Market(
        memory,
        files=products.current,
        shelf=stocked.current,
        rules=lambda: rules.current().offers,
        clock=clock,
    )
    nlg = WordingGenerator(words=words, products=products)
    serving = actions.Shop(
        catalogue=stocked.current,
        flows=flows.current,
        memory=memory,
        clock=clock,
        phrase=nlg.phrase,
        word=nlg.word,
        engine=market.engine,
        export_link=self_service.ticket_link(settings.public_url, secret=settings.identity_secret),
    )
    processor = LeanProcessor(model, actions=in_process(actions.build(serving), lambda tracker: tracker.turn), nlg=nlg)
    redis = Redis.from_url(settings.redis_url) if settings.redis_url else None
    locks: Locks = RedisLocks(redis) if redis else LocalLocks()
    hub: Hub = RedisHub(redis) if redis else LocalHub()
    erasures = Erasures(memory, locks, hub, clock)
    gateway = Gateway(
        memory=memory,
        assistant=Assistant(memory, processor, flows),
        refusals=Refusals(memory, nlg),
        erasures=erasures,
        locks=locks,
        hub=hub,
        clock=clock,
    )
    people = People(memory, secret=settings.identity_secret, clock=clock)
    schedule = Schedule(
        memory,
        market,
        catalogue=products.current,
        rules=lambda: rules.current().tiers,
        clock=clock,
        locks=locks,
    )
    keeping = Keeping(memory, locks=locks, clock=clock)
    live = (products, words, flows, rules)
    return Parts(settings, memory, clock, gateway, people, erasures, nlg, live, rules, market, schedule, keeping)


@dataclass(frozen=True)
class Limits:
    """How much one caller may ask for: so many at once, so many a second on average."""

    messages: tuple[int, float] = (30, 2)
    visitors: tuple[int, float] = (60, 1)
    self_service: tuple[int, float] = (30, 1)


def build(parts: Parts, *, limits: Limits | None = None) -> FastAPI:
    """The HTTP application over assembled parts."""
    limits = limits or Limits()
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
    messages_limit, visitors_limit, service_limit = (
        Limit(name, burst=burst, per_second=rate, clock=monotonic) for name, (burst, rate) in vars(limits).items()
    )
    parts.erasures.stores += [messages_limit, service_limit]
    app.include_router(
        webchat.router(parts.gateway, parts.people, messages_limit=messages_limit, visitors_limit=visitors_limit)
    )
    app.include_router(
        self_service.router(
            parts.gateway,
            parts.people,
            parts.erasures,
            limit=service_limit,
            secret=parts.settings.identity_secret,
            logic=lambda language: parts.nlg.phrase("utter_profile_logic", {}, language),
        )
    )
    app.include_router(
        shop.router(
            parts.memory,
            key=parts.settings.shop_api_key,
            folder=parts.settings.data / "catalogue",
            rules=lambda: parts.rules.current().offers,
            clock=parts.clock,
        )
    )
    app.include_router(pages.router(demo=parts.settings.demo))
    if parts.settings.demo:
        app.include_router(demo.router(parts.settings, parts.gateway, parts.people, parts.clock))
    _add_health(app, parts)
    _add_errors(app)
    return app


def _lifespan(parts: Parts) -> Any:
    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        # What was put together at the start stays: the collector looking through it again and again, a large catalogue
        # above all, would cost now and then a turn a tenth of a second.
        gc.freeze()
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


def _add_health(app: FastAPI, parts: Parts) -> None:
    @app.get("/healthz", tags=["operations"])
    def healthz() -> dict[str, str]:
        """The process is alive."""
        return {"status": "ok"}

    @app.get("/readyz", tags=["operations"])
    def readyz() -> JSONResponse:
        """Messages can be answered: the database answers, and every edit on disk could be taken over."""
        with parts.memory.read() as tx:
            identities.find(tx, channel="probe", address="probe")
        mistakes = [str(live.mistake) for live in parts.live if live.mistake]
        return JSONResponse({"status": "ok" if not mistakes else "edits rejected", "mistakes": mistakes})

    @app.get("/metrics", tags=["operations"], response_class=PlainTextResponse)
    def metrics() -> Response:
        """Prometheus metrics."""
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def _add_errors(app: FastAPI) -> None:
    def answer(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
        return JSONResponse(error_json(code, message), status_code=status, headers=headers)

    @app.exception_handler(InvalidToken)
    def invalid_token(_: Request, error: InvalidToken) -> JSONResponse:
        return answer(401, "invalid_token", str(error), {"WWW-Authenticate": "Bearer"})

    @app.exception_handler(Rejected)
    def rejected(_: Request, error: Rejected) -> JSONResponse:
        return answer(error.status, error.code, str(error))

    @app.exception_handler(TooMany)
    def too_many(_: Request, error: TooMany) -> JSONResponse:
        return answer(429, "too_many", str(error), {"Retry-After": str(error.retry_after)})

    @app.exception_handler(RequestValidationError)
    def not_valid(_: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"] if part != "body")
        return answer(422, "not_valid", f"{where or 'The body'}: {first['msg']}")

    @app.exception_handler(HTTPException)
    def http(_: Request, error: HTTPException) -> JSONResponse:
        code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "http_error")
        return answer(error.status_code, code, str(error.detail))

    @app.exception_handler(Exception)
    def unexpected(request: Request, error: Exception) -> JSONResponse:
        # The pattern of the path, for a path may hold a ticket.
        logger.error("%s failed", getattr(request.scope.get("route"), "path", "a request"), exc_info=error)
        return answer(500, "internal", "Something went wrong on our side; please try again.")

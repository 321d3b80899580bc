"""What whoever runs the assistant asks it: is it alive, can it answer, how is it doing."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response

from bot.live import Live
from memory import Memory, identities


def router(memory: Memory, live: Sequence[Live[Any]]) -> APIRouter:
    """The routes for operations; `live` are the files whose edits may have been rejected."""
    routes = APIRouter(tags=["operations"])

    @routes.get("/healthz")
    def healthz() -> dict[str, str]:
        """The process is alive."""
        return {"status": "ok"}

    @routes.get("/readyz")
    def readyz() -> JSONResponse:
        """Messages can be answered: the database answers, and every edit on disk could be taken over."""
        with memory.read() as tx:
            identities.find(tx, channel="probe", address="probe")
        for each in live:
            each.current()
        mistakes = [str(each.mistake) for each in live if each.mistake]
        return JSONResponse({"status": "ok" if not mistakes else "edits rejected", "mistakes": mistakes})

    @routes.get("/metrics", response_class=PlainTextResponse)
    def metrics() -> Response:
        """Prometheus metrics."""
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return routes

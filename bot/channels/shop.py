"""The shop's own servers: orders and products come in here, with the shop's key and never a customer's token."""

import csv
import hmac
import io
import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request
from starlette.concurrency import run_in_threadpool

from bot.channels.wire import WireError
from bot.gateway import Rejected
from bot.offering.errors import OrdersError
from bot.offering.orders import OPTIONAL, REQUIRED, BadRow
from bot.offering.rules import OfferRules
from bot.offers import catalogue, orders
from bot.offers.catalogue import CatalogueRefused
from memory import Memory

# What is larger is imported from a file (`rapport import`).
LARGEST = 20_000_000
_COLUMNS = (*REQUIRED, *OPTIONAL)
_Errors: dict[int | str, dict[str, Any]] = {code: {"model": WireError} for code in (401, 413, 422)}


def router(
    memory: Memory, *, key: str, folder: Path, rules: Callable[[], OfferRules], clock: Callable[[], datetime]
) -> APIRouter:
    """The routes under /api/shop. `key` is SHOP_API_KEY, `folder` the catalogue's."""

    def authorised(
        authorization: Annotated[str | None, Header()] = None, x_api_key: Annotated[str | None, Header()] = None
    ) -> None:
        scheme, _, given = (authorization or "").partition(" ")
        shown = given.strip() if scheme.lower() == "bearer" else (x_api_key or "")
        if not hmac.compare_digest(shown.encode(), key.encode()):
            raise Rejected("invalid_key", "This needs the shop's key (SHOP_API_KEY) as a bearer token.", status=401)

    api = APIRouter(prefix="/api/shop", tags=["shop"], dependencies=[Depends(authorised)], responses=_Errors)

    @api.post("/orders")
    async def take_orders(request: Request) -> dict[str, Any]:
        """Order lines as in `rapport import orders`: JSON `{"lines": [{...}]}` with its columns, or the CSV itself.

        Bad lines are told and left out, the others are kept; the same lines twice change nothing.
        """
        lines = _order_lines(await _body(request), is_csv=_is_csv(request))
        return await run_in_threadpool(_take_orders, memory, lines, now=clock())

    @api.post("/catalogue")
    async def take_catalogue(request: Request) -> dict[str, int]:
        """Products as in `rapport import catalogue`: JSON with the sections of a catalogue file, or the CSV. All or
        nothing."""
        name = "catalogue.csv" if _is_csv(request) else "catalogue.json"
        text = _text(await _body(request))
        try:
            # JSON is YAML, so that a mistake has its line.
            content = catalogue.read(name, text)
            done = await run_in_threadpool(catalogue.publish, folder, content, rules=rules())
        except CatalogueRefused as error:
            raise Rejected("not_valid", str(error), status=422) from error
        return {"added": done.added, "changed": done.changed, "same": done.same}

    return api


def _take_orders(memory: Memory, lines: list[str], *, now: datetime) -> dict[str, Any]:
    bad: list[BadRow] = []
    try:
        done = orders.import_lines(memory, lines, now=now, on_bad=bad.append)
    except OrdersError as error:
        raise Rejected("not_valid", str(error), status=422) from error
    if bad and done.bad == done.lines:
        first = f"line {bad[0].line}: {'; '.join(bad[0].reasons)}"
        raise Rejected("not_valid", f"None of the lines can be used; {first}", status=422)
    told = [{"line": row.line, "reasons": list(row.reasons)} for row in bad]
    return {**asdict(done), "lines": done.lines, "bad": told}


def _is_csv(request: Request) -> bool:
    return request.headers.get("content-type", "").split(";")[0].strip().lower() == "text/csv"


async def _body(request: Request) -> bytes:
    taken = bytearray()
    async for piece in request.stream():
        taken += piece
        if len(taken) > LARGEST:
            raise Rejected("too_long", f"At most {LARGEST} bytes at a time; import larger files.", status=413)
    return bytes(taken)


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Rejected("not_valid", "The body is not UTF-8.", status=422) from error


def _order_lines(body: bytes, *, is_csv: bool) -> list[str]:
    """The body as lines of CSV."""
    text = _text(body)
    if is_csv:
        return text.splitlines(keepends=True)
    try:
        given = json.loads(text)
    except json.JSONDecodeError as error:
        raise Rejected("not_valid", f"The body is no JSON: {error.msg} (line {error.lineno}).", status=422) from error
    rows = given.get("lines") if isinstance(given, dict) else given
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Rejected("not_valid", 'Send {"lines": [{"order_id": ...}, ...]}.', status=422)
    written = io.StringIO()
    writer = csv.DictWriter(written, _COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(row.get(name)) for name in _COLUMNS} for row in rows)
    return written.getvalue().splitlines(keepends=True)


def _cell(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)

"""Every error leaves as `{"error": {"code", "message"}}`: 4xx for what the caller did, and never a stack trace."""

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from bot.channels.wire import error_json
from bot.gateway import Rejected
from bot.limits import TooMany
from bot.tokens import InvalidToken

logger = logging.getLogger(__name__)


def add_errors(app: FastAPI) -> None:
    """Answer every exception of ours, of the framework's and of nobody's in the contract's shape."""
    app.add_exception_handler(InvalidToken, _invalid_token)
    app.add_exception_handler(Rejected, _rejected)
    app.add_exception_handler(TooMany, _too_many)
    app.add_exception_handler(RequestValidationError, _not_valid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def _answer(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse(error_json(code, message), status_code=status, headers=headers)


def _invalid_token(_: Request, error: Exception) -> JSONResponse:
    return _answer(401, "invalid_token", str(error), {"WWW-Authenticate": "Bearer"})


def _rejected(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Rejected)
    return _answer(error.status, error.code, str(error))


def _too_many(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, TooMany)
    return _answer(429, "too_many", str(error), {"Retry-After": str(error.retry_after)})


def _not_valid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"] if part != "body")
    return _answer(422, "not_valid", f"{where or 'The body'}: {first['msg']}")


def _http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "http_error")
    return _answer(error.status_code, code, str(error.detail))


def _unexpected(request: Request, error: Exception) -> JSONResponse:
    # The pattern of the path, for a path may hold a ticket.
    logger.error("%s failed", getattr(request.scope.get("route"), "path", "a request"), exc_info=error)
    return _answer(500, "internal", "Something went wrong on our side; please try again.")

"""What is logged: never a message's text, an address or a token, at any level, nor an exception's words."""

import logging
import os
import sys
import traceback
from types import TracebackType
from typing import Any

import structlog

# These libraries log what customers wrote when asked for details; their warnings do not.
_TALKATIVE = (
    "rasa",
    "httpx",
    "httpcore",
    "asyncio",
    "aiohttp",
    "sqlalchemy",
    "matplotlib",
    "websockets",
    "uvicorn",
    "alembic",
)


class _PlainFormatter(logging.Formatter):
    """Formats an exception as its type and its places in the code: its words may quote a customer."""

    def formatException(self, ei: Any) -> str:
        kind, _, trace = ei
        return places(kind, trace)


def places(kind: type[BaseException] | None, trace: TracebackType | None) -> str:
    """An exception's type and stack, without its message."""
    name = kind.__name__ if kind else "unknown"
    return "".join(traceback.format_tb(trace)) + name


def configure(*, verbose: bool = False) -> None:
    """Set up logging to standard error. Call once, at the edge of the process."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_PlainFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    handler.addFilter(lambda record: record.name != "root")  # Only libraries chat there; ours have names.
    logging.basicConfig(level=logging.DEBUG if verbose else logging.INFO, handlers=[handler], force=True)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    hush()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))


def hush() -> None:
    """Rasa's dependencies deprecate one another, and its trainer draws bars; nothing there is for our users."""
    logging.captureWarnings(True)
    logging.getLogger("py.warnings").setLevel(logging.CRITICAL)
    os.environ.setdefault("LOG_LEVEL", "WARNING")

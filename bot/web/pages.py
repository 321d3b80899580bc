"""Serves the faces a browser loads, each with an entity tag, so that a second visit costs no transfer.

The files are read again when they change on disk: an edit is live on the next load. `/widget.js` may be loaded by any
site; the pages themselves may run only their own scripts and may not be framed.
"""

import gzip
import hashlib
import html
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, HTTPException, Request, Response

FOLDER = Path(__file__).parent
STATIC = FOLDER / "static"
TEMPLATES = FOLDER / "templates"

# Five minutes: a fix reaches every shop soon, and one visit of several pages loads the script once.
WIDGET_CACHE = "public, max-age=300"
# Ask each time; the entity tag makes the answer an empty 304.
PAGE_CACHE = "no-cache"
PAGE_POLICY = (
    "default-src 'self'; img-src 'self' http: https: data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
TEXT_TYPES = ("text/", "image/svg")


@dataclass(frozen=True)
class Face:
    """One file as a browser gets it: plain, and compressed where that is worth it."""

    media_type: str
    plain: bytes
    compressed: bytes | None
    tag: str


def router(*, demo: bool) -> APIRouter:
    """The routes `/`, `/widget.js` and `/static/...`; in demo mode `/` is the demo shop, else it tells how to embed."""
    faces = _Faces()
    routes = APIRouter(include_in_schema=False)

    @routes.api_route("/widget.js", methods=["GET", "HEAD"])
    def widget(request: Request) -> Response:
        response = _answer(request, faces.read(STATIC / "widget.js"), cache=WIDGET_CACHE)
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return response

    @routes.api_route("/static/{name:path}", methods=["GET", "HEAD"])
    def static(request: Request, name: str) -> Response:
        path = (STATIC / name).resolve()
        if not path.is_relative_to(STATIC) or not path.is_file():
            raise HTTPException(status_code=404, detail="There is no such file.")
        return _answer(request, faces.read(path), cache=PAGE_CACHE)

    @routes.api_route("/", methods=["GET", "HEAD"])
    def front(request: Request) -> Response:
        face = faces.read(TEMPLATES / "demo.html") if demo else _running(str(request.base_url))
        response = _answer(request, face, cache=PAGE_CACHE)
        response.headers["Content-Security-Policy"] = PAGE_POLICY
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    return routes


class _Faces:
    """Files in memory, read anew when their time of change or size differs."""

    def __init__(self) -> None:
        self._read: dict[Path, tuple[tuple[int, int], Face]] = {}

    def read(self, path: Path) -> Face:
        stat = path.stat()
        state = (stat.st_mtime_ns, stat.st_size)
        known = self._read.get(path)
        if known is None or known[0] != state:
            media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            known = self._read[path] = (state, _face(path.read_bytes(), media_type))
        return known[1]


def _face(content: bytes, media_type: str) -> Face:
    text = media_type.startswith(TEXT_TYPES) or media_type.endswith(("javascript", "json"))
    # Without a time of its own the compressed form is the same bytes on every process behind a balancer.
    compressed = gzip.compress(content, compresslevel=9, mtime=0) if text else None
    return Face(media_type, content, compressed, hashlib.sha256(content).hexdigest()[:20])


def _running(address: str) -> Face:
    page = (TEMPLATES / "running.html").read_text(encoding="utf-8")
    return _face(page.replace("{{ address }}", html.escape(address)).encode(), "text/html")


def _answer(request: Request, face: Face, *, cache: str) -> Response:
    zipped = face.compressed is not None and "gzip" in request.headers.get("accept-encoding", "")
    tag = f'"{face.tag}-gz"' if zipped else f'"{face.tag}"'
    headers = {"ETag": tag, "Cache-Control": cache, "Vary": "Accept-Encoding", "X-Content-Type-Options": "nosniff"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if zipped:
        headers["Content-Encoding"] = "gzip"
    content = face.compressed if zipped else face.plain
    return Response(content, media_type=face.media_type, headers=headers)

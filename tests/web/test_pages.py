"""The routes that serve the faces: cached by entity tag, open to any site where they must be, closed elsewhere."""

import gzip
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from bot.web import pages

WIDGET = Path(pages.STATIC / "widget.js").read_bytes()


def client(*, demo: bool = True) -> TestClient:
    app = FastAPI()
    app.include_router(pages.router(demo=demo))
    return TestClient(app, base_url="https://chat.example.org")


def test_widget_is_served_to_any_site() -> None:
    """Any page may load the script, and a browser may keep it for a while."""
    reply = client().get("/widget.js", headers={"accept-encoding": "identity"})
    assert reply.content == WIDGET
    assert reply.headers["content-type"].startswith("text/javascript")
    assert reply.headers["access-control-allow-origin"] == "*"
    assert reply.headers["cache-control"] == "public, max-age=300"


def test_widget_is_compressed_where_taken() -> None:
    """A browser that takes gzip gets the same script in at most 15 kB, under a tag of its own."""
    plain = client().get("/widget.js", headers={"accept-encoding": "identity"})
    zipped = client().get("/widget.js", headers={"accept-encoding": "gzip"})
    assert zipped.content == WIDGET
    assert int(zipped.headers["content-length"]) <= 15_000
    assert zipped.headers["etag"] != plain.headers["etag"]
    assert zipped.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize("path", ["/widget.js", "/static/demo.css", "/"])
def test_unchanged_file_is_not_sent_again(path: str) -> None:
    """A known entity tag is answered by an empty 304."""
    first = client().get(path)
    again = client().get(path, headers={"if-none-match": first.headers["etag"]})
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")


def test_other_tag_is_answered_in_full() -> None:
    """A tag of an older script brings the newer one."""
    assert client().get("/widget.js", headers={"if-none-match": '"older"'}).status_code == 200


@pytest.mark.parametrize("path", ["/static/../pages.py", "/static/%2e%2e/pages.py", "/static/nothing.css", "/static/"])
def test_only_the_static_folder_is_served(path: str) -> None:
    """Nothing outside the folder can be fetched."""
    assert client().get(path).status_code == 404


def test_demo_page_only_in_demo_mode() -> None:
    """Outside demo mode the front page tells how to embed the chat, with this server's address."""
    assert "Kestrel Coffee" in client(demo=True).get("/").text
    page = client(demo=False).get("/").text
    assert "Kestrel Coffee" not in page
    assert "https://chat.example.org/widget.js" in page


def test_address_is_escaped() -> None:
    """A crafted Host header cannot put markup on the page."""
    page = client(demo=False).get("/", headers={"host": 'x"><script>alert(1)</script>'}).text
    assert "<script>" not in page


def test_pages_run_only_their_own_scripts() -> None:
    """The pages carry a policy without inline script and cannot be framed."""
    policy = client().get("/").headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


def test_changed_file_is_live(tmp_path: Path) -> None:
    """A file is read again when it has changed."""
    faces = pages._Faces()
    path = tmp_path / "a.css"
    path.write_text("a{}")
    before = faces.read(path)
    path.write_text("a{color:red}")
    after = faces.read(path)
    assert (before.plain, after.plain) == (b"a{}", b"a{color:red}")
    assert after.compressed is not None
    assert gzip.decompress(after.compressed) == b"a{color:red}"

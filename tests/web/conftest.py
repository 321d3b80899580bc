"""One Chromium and one fake assistant for all browser tests; each test has its own page and its own customer."""

import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from .fake_server import token_of

ROOT = Path(__file__).parents[2]


@dataclass
class Fake:
    """The fake assistant as a process that a test can stop and start again on the same port."""

    state: Path
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    url: str = field(init=False, default="")

    def start(self) -> None:
        if not self.port:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        command = [sys.executable, "-m", "tests.web.fake_server", str(self.port), str(self.state)]
        self.process = subprocess.Popen(command, cwd=ROOT)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                httpx.get(self.url + "/demo/customers", timeout=2)
                return
            except httpx.TransportError:
                time.sleep(0.05)
        raise TimeoutError("the fake assistant did not start")

    def stop(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait(5)

    def mischief(self, **wanted: Any) -> dict[str, Any]:
        return httpx.post(self.url + "/fake/mischief", json=wanted, timeout=5).json()

    def push(self, customer: str, **message: Any) -> None:
        httpx.post(f"{self.url}/fake/push/{customer}", json=message, timeout=5).raise_for_status()

    def said(self, customer: str) -> list[str]:
        """What the assistant took from the customer, in order."""
        headers = {"Authorization": "Bearer " + token_of(customer)}
        messages = httpx.get(self.url + "/api/chat/history", headers=headers, timeout=5).json()["messages"]
        return [m["text"] for m in messages if m["from"] == "customer"]


@pytest.fixture(scope="session")
def _fake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fake]:
    fake = Fake(tmp_path_factory.mktemp("fake") / "state.json")
    fake.start()
    yield fake
    fake.stop()


@pytest.fixture
def fake(_fake: Fake) -> Iterator[Fake]:
    yield _fake
    _fake.mischief(sockets_refused=False, lose_ack=0, too_many=0, broken=0, refuse_text="", received=[])


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    fresh = browser.new_context(viewport={"width": 800, "height": 700}, locale="en-GB")
    fresh.set_default_timeout(6000)
    yield fresh
    fresh.close()


@dataclass
class Chat:
    """A page with the widget on it, and whose it is."""

    page: Page
    customer: str
    errors: list[str]

    @property
    def box(self) -> Any:
        return self.page.get_by_role("textbox", name="Write a message")

    @property
    def log(self) -> Any:
        return self.page.get_by_role("log")

    def say(self, text: str) -> None:
        self.box.fill(text)
        self.box.press("Enter")

    def bubble(self, text: str) -> Any:
        return self.log.locator(".bub", has_text=text)

    def texts(self) -> list[str]:
        return self.log.locator(".msg > .bub").all_inner_texts()


def open_chat(context: BrowserContext, fake: Fake, *, customer: str | None = None, **attributes: str) -> Chat:
    """A page of some shop with the widget; as a fresh signed-in customer unless `token` is given (empty: a visitor)."""
    customer = customer or "c" + uuid.uuid4().hex[:8]
    attributes = {"token": token_of(customer), "open": "", **attributes}
    if not attributes["token"]:
        del attributes["token"]
    written = " ".join(f'{name}="{escape(value)}"' for name, value in attributes.items())
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if "Content Security" in line.text else None)
    page.goto(f"{fake.url}/blank?body={quote(f'<rapport-chat {written}></rapport-chat>')}")
    return Chat(page, customer, errors)

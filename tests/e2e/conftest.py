"""The assistant as it is served, on a database of its own: in this process, and as a process for browsers."""

import os
import signal
import socket
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def parts(model, tmp_path_factory):
    """The assembled assistant; tests keep apart by being different customers."""
    from bot import app, demo, settings

    database = f"sqlite:///{tmp_path_factory.mktemp('served') / 'served.db'}"
    loaded = settings.load(ROOT, given={"DEMO": "1", "DATABASE_URL": database})
    parts = app.assemble(loaded, model)
    demo.seed(parts.memory, loaded.data / "demo", now=parts.clock())
    yield parts
    parts.memory.close()


@pytest.fixture(scope="session")
def application(parts):
    from bot import app

    return app.build(parts)


@pytest.fixture
def client(application):
    """An HTTP client of the assistant, in this process."""
    from starlette.testclient import TestClient

    return TestClient(application, raise_server_exceptions=False)


class Someone:
    """A customer who talks over HTTP."""

    def __init__(self, client, parts, subject: str, **claims) -> None:
        from datetime import UTC, datetime

        from bot import tokens

        secret = parts.settings.identity_secret
        self.token = tokens.sign(subject, secret=secret, now=datetime.now(UTC), ttl=timedelta(hours=1), **claims)
        self.client = client
        self.headers = {"Authorization": f"Bearer {self.token}"}

    def post(self, body: dict, key: str | None = None):
        headers = self.headers | ({"Idempotency-Key": key} if key else {})
        return self.client.post("/api/chat", json=body, headers=headers)

    def say(self, text: str) -> list[dict]:
        response = self.post({"text": text})
        assert response.status_code == 200, response.text
        self.last = response.json()["messages"]
        return self.last

    def tap(self, title: str) -> list[dict]:
        tokens = [
            choice["choice"] for message in self.last for choice in message["choices"] if choice["title"] == title
        ]
        assert tokens, f"{title!r} is not offered in {self.last}"
        response = self.post({"choice": tokens[0]})
        assert response.status_code == 200, response.text
        self.last = response.json()["messages"]
        return self.last


@pytest.fixture
def someone(client, parts):
    """Makes customers who talk."""
    return lambda subject, **claims: Someone(client, parts, subject, **claims)


@pytest.fixture(scope="session")
def served(served_process) -> str:
    """The address of the assistant running as its own process, as `make run` starts it."""
    return f"http://127.0.0.1:{served_process.args[-1]}"


@pytest.fixture(scope="session")
def served_process(model, tmp_path_factory):
    """That process; the last of its arguments is its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    database = tmp_path_factory.mktemp("process") / "process.db"
    environment = {**os.environ, "DEMO": "1", "DATABASE_URL": f"sqlite:///{database}"}
    command = [sys.executable, "-m", "bot", "serve", "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        _wait(f"http://127.0.0.1:{port}", process)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def _wait(address: str, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server ended before it was ready"
        try:
            httpx.get(f"{address}/healthz", timeout=2).raise_for_status()
            return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise AssertionError("the server was not ready in two minutes")

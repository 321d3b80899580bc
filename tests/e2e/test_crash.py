"""Killed at any moment, the process neither loses an acknowledged message nor doubles one."""

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from threading import Timer

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]
KILLS = 50
# An order over and over: the turns that write most, the last of which places it.
LINES = ("a large latte please", "oat", "pick-up", "yes", "when do you close?")


class Server:
    """Lives of the crash server, one after another, on one port and one database."""

    def __init__(self, database: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        script = [sys.executable, "-W", "ignore", str(Path(__file__).parent / "crash_server.py")]
        self._process = subprocess.Popen(
            [*script, str(ROOT), f"sqlite:///{database}", str(self.port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert self._process.stdout.readline() == "loaded\n"
        self.pid = 0

    def start(self) -> None:
        self._process.stdin.write("start\n")
        self._process.stdin.flush()
        self.pid = int(self._process.stdout.readline())

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def close(self) -> None:
        self.kill()
        self._process.kill()
        self._process.wait()


@pytest.fixture
def server(model, tmp_path):
    server = Server(tmp_path / "crash.db")
    yield server
    server.close()


@pytest.mark.slow
def test_killing_the_process_neither_loses_nor_doubles_a_message(server):
    """Fifty kills at random points of a turn; the client retries with the same key."""
    chance = random.Random(7)
    server.start()
    client = httpx.Client(base_url=f"http://127.0.0.1:{server.port}", timeout=20)
    token = _until(lambda: client.post("/api/visitors").json()["token"], server)
    client.headers["Authorization"] = f"Bearer {token}"
    replies, killed, number = {}, 0, 0
    while killed < KILLS:
        key, text = f"key-{number}", LINES[number % len(LINES)]
        timer = Timer(chance.uniform(0.0, 0.05), server.kill)
        timer.start()
        with contextlib.suppress(httpx.TransportError):
            replies[key] = _say(client, key, text)
        timer.join()
        killed += 1
        server.start()
        again = _until(lambda key=key, text=text: _say(client, key, text), server)
        assert replies.setdefault(key, again) == again
        number += 1
    shown = _history(client)
    said = [message["key"] for message in shown if message["from"] == "customer"]
    answers = [message for message in shown if message["from"] == "assistant"]
    assert said == list(replies)
    assert answers == [message for reply in replies.values() for message in reply["messages"]]


def _say(client: httpx.Client, key: str, text: str) -> dict:
    response = client.post("/api/chat", json={"text": text}, headers={"Idempotency-Key": key})
    while response.status_code == 429:
        time.sleep(float(response.headers["Retry-After"]))
        response = client.post("/api/chat", json={"text": text}, headers={"Idempotency-Key": key})
    response.raise_for_status()
    return response.json()


def _history(client: httpx.Client) -> list[dict]:
    shown: list[dict] = []
    while page := client.get("/api/chat/history", params={"after": shown[-1]["id"] if shown else 0}).json()["messages"]:
        shown += page
    return shown


def _until(call, server: Server):
    """The result of `call` once the server listens again."""
    deadline = time.monotonic() + 30
    while True:
        try:
            return call()
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)

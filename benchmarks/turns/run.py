"""Time of a turn at turn 1, 100, 1,000 and 5,000 of one conversation: ours against stock Rasa, in one run.

Stock is Rasa 3.6.21 in the same environment: `rasa run` with its SQL tracker store on SQLite, rule policy, action
server and the same understanding. Both are asked over HTTP, in turns, by one script. Ours lives through every turn;
stock's long conversations are made by copying a real one's events into its database, since living through them takes
hours. Start-up and memory stand beside it. Usage: uv run python benchmarks/turns/run.py [--quick]
"""

import argparse
import json
import os
import shutil
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import yaml

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SCRIPT = ("a large latte please", "when do you open?", "oat", "cancel")
TURNS = (1, 100, 1_000, 5_000)
MEASURED = 32


def main() -> None:
    """Run it all and print a table, and the same as JSON in the last line."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="up to turn 100 only")
    turns = TURNS[:2] if options.parse_args().quick else TURNS
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        model = _train_stock(work)
        with _ours(work) as ours, _stock(work, model) as stock:
            results = _measure(ours, stock, work, turns)
            results["start_seconds"] = {"ours": ours.started, "stock": stock.started}
            results["memory_mb"] = {"ours": ours.memory(), "stock": stock.memory()}
    _print(results, turns)


class Server:
    """A running server: how to say something in a conversation, when it was ready, what it takes."""

    def __init__(
        self,
        say: Callable[[str, str], None],
        started: float,
        pids: list[int],
        *,
        greet: Callable[[str], object] = lambda conversation: None,
    ) -> None:
        """`greet` makes whoever will talk in a conversation known beforehand: that is not a part of a turn."""
        self.say, self.started, self._pids, self.greet = say, started, pids, greet

    def memory(self) -> float:
        """Resident memory of its processes together, in MB."""
        pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in self._pids)
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _measure(ours: Server, stock: Server, work: Path, turns: tuple[int, ...]) -> dict:
    """Medians over rounds in which every length is asked on both sides, one after another: what else the machine does
    falls on all of them alike."""
    _talk(ours, "warm", 12)
    _talk(stock, "warm", 12)
    seed = _events(work, "warm")
    for turn in turns[1:]:
        print(f"a conversation of {turn:,} turns ...", file=sys.stderr, flush=True)
        _talk(ours, f"long-{turn}", turn - 1)
        _copy_events(work, seed, f"long-{turn}", turn - 1)
    print("measuring ...", file=sys.stderr, flush=True)
    samples: dict[str, dict[int, list[float]]] = {side: {turn: [] for turn in turns} for side in ("ours", "stock")}
    for number in range(MEASURED):
        for turn in turns:
            conversation = f"fresh-{number}" if turn == 1 else f"long-{turn}"
            if turn == 1:
                ours.greet(conversation)
            for side, server in (("ours", ours), ("stock", stock)):
                samples[side][turn].append(_timed(server, conversation, SCRIPT[number % len(SCRIPT)]))
    return {
        "p50_ms": {
            side: {turn: statistics.median(seconds) * 1000 for turn, seconds in by_turn.items()}
            for side, by_turn in samples.items()
        }
    }


def _talk(server: Server, conversation: str, turns: int) -> None:
    for number in range(turns):
        server.say(conversation, SCRIPT[number % len(SCRIPT)])


def _timed(server: Server, conversation: str, text: str) -> float:
    begun = time.perf_counter()
    server.say(conversation, text)
    return time.perf_counter() - begun


def _print(results: dict, turns: tuple[int, ...]) -> None:
    ours, stock = results["p50_ms"]["ours"], results["p50_ms"]["stock"]
    print(f"{'turn':>6} {'ours ms':>9} {'stock ms':>9} {'ours/stock':>11} {'ours/ours at 1':>15}")
    for turn in turns:
        ratio, growth = ours[turn] / stock[turn], ours[turn] / ours[1]
        print(f"{turn:>6,} {ours[turn]:>9.1f} {stock[turn]:>9.1f} {ratio:>11.3f} {growth:>15.2f}")
    for name in ("start_seconds", "memory_mb"):
        mine, theirs = results[name]["ours"], results[name]["stock"]
        print(f"{name}: ours {mine:.1f}, stock {theirs:.1f}, ratio {mine / theirs:.2f}")
    print(json.dumps(results))


# Ours -----------------------------------------------------------------------------------------------------------------


@contextmanager
def _ours(work: Path) -> Iterator[Server]:
    port = _free_port()
    given = {"DEMO": "1", "DATABASE_URL": f"sqlite:///{work / 'ours.db'}", "PORT": str(port)}
    process = subprocess.Popen([sys.executable, str(HERE / "serve_ours.py")], cwd=ROOT, env={**os.environ, **given})
    try:
        started = _wait(f"http://127.0.0.1:{port}/healthz", process)
        client, tokens = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60), {}

        def greet(conversation: str) -> str:
            tokens[conversation] = client.post("/api/visitors").json()["token"]
            return tokens[conversation]

        def say(conversation: str, text: str) -> None:
            header = {"Authorization": f"Bearer {tokens.get(conversation) or greet(conversation)}"}
            client.post("/api/chat", json={"text": text}, headers=header).raise_for_status()

        yield Server(say, started, [process.pid], greet=greet)
    finally:
        _end(process)


# Stock ----------------------------------------------------------------------------------------------------------------


def _train_stock(work: Path) -> Path:
    project = work / "stock"
    shutil.copytree(HERE / "stock", project)
    domain = yaml.safe_load((project / "domain.yml").read_text())
    shop = yaml.safe_load((ROOT / "domain.yml").read_text())
    domain |= {"intents": shop["intents"], "entities": shop["entities"]}
    (project / "domain.yml").write_text(yaml.safe_dump(domain))
    config = yaml.safe_load((project / "config.yml").read_text())
    config["pipeline"] = yaml.safe_load((ROOT / "config.yml").read_text())["pipeline"]
    (project / "config.yml").write_text(yaml.safe_dump(config))
    (project / "models").symlink_to(ROOT / "models")  # The spaCy pipeline and the embeddings lie there.
    (project / "data").mkdir()
    shutil.move(project / "rules.yml", project / "data" / "rules.yml")
    for path in (ROOT / "data" / "nlu").glob("*.yml"):
        if "stories:" not in path.read_text():
            shutil.copy(path, project / "data")
    print("training stock Rasa ...", file=sys.stderr, flush=True)
    command = ["train", "--fixed-model-name", "stock", "--out", "trained"]
    subprocess.run(_rasa(*command), cwd=project, env=_stock_environment(), check=True, stdout=subprocess.DEVNULL)
    return project / "trained" / "stock.tar.gz"


@contextmanager
def _stock(work: Path, model: Path) -> Iterator[Server]:
    project, port, action_port = work / "stock", _free_port(), _free_port()
    (project / "endpoints.yml").write_text(
        f"action_endpoint: {{url: 'http://127.0.0.1:{action_port}/webhook'}}\n"
        f"tracker_store: {{type: SQL, dialect: sqlite, query: {{}}, db: '{work / 'stock.db'}'}}\n"
    )
    (project / "credentials.yml").write_text("rest:\n")
    actions = [sys.executable, "-W", "ignore", "-m", "rasa_sdk", "--actions", "opening_hours", "-p", str(action_port)]
    helper = subprocess.Popen(actions, cwd=project, env=_stock_environment(), stderr=subprocess.DEVNULL)
    arguments = ["run", "--model", str(model), "-i", "127.0.0.1", "-p", str(port), "--endpoints", "endpoints.yml"]
    process = subprocess.Popen(_rasa(*arguments), cwd=project, env=_stock_environment(), stderr=subprocess.DEVNULL)
    try:
        started = _wait(f"http://127.0.0.1:{port}/", process)
        _wait(f"http://127.0.0.1:{action_port}/health", helper)
        client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=300)

        def say(conversation: str, text: str) -> None:
            body = {"sender": conversation, "message": text}
            client.post("/webhooks/rest/webhook", json=body).raise_for_status()

        yield Server(say, started, [process.pid, helper.pid])
    finally:
        _end(process)
        _end(helper)


def _rasa(*arguments: str) -> list[str]:
    run = (
        "from bot.rasa import without_tensorflow as w; w.install(); import sys, rasa.__main__; "
        f"sys.argv = {['rasa', *arguments]!r}; rasa.__main__.main()"
    )
    return [sys.executable, "-W", "ignore", "-c", run]


def _stock_environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "LOG_LEVEL": "ERROR", "RASA_TELEMETRY_ENABLED": "false"}


def _events(work: Path, conversation: str) -> list[tuple]:
    with sqlite3.connect(work / "stock.db") as database:
        columns = "type_name, timestamp, intent_name, action_name, data"
        query = f"select {columns} from events where sender_id = ? order by id"
        return database.execute(query, (conversation,)).fetchall()


def _copy_events(work: Path, seed: list[tuple], conversation: str, turns: int) -> None:
    """A conversation of so many turns: the seed's events over and over, up to the right number of user events."""
    rows, users, clock = [], 0, time.time() - turns
    while users < turns:
        for kind, _, intent, action, data in seed:
            if rows and (kind == "session_started" or action == "action_session_start"):
                continue  # One long session, as it was lived.
            if kind == "user":
                users += 1
            if users > turns:
                break
            clock += 0.01
            body = json.dumps({**json.loads(data), "timestamp": clock})
            rows.append((conversation, kind, clock, intent, action, body))
    with sqlite3.connect(work / "stock.db") as database:
        columns = "sender_id, type_name, timestamp, intent_name, action_name, data"
        database.executemany(f"insert into events ({columns}) values (?, ?, ?, ?, ?, ?)", rows)


# Both -----------------------------------------------------------------------------------------------------------------


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait(address: str, process: subprocess.Popen) -> float:
    begun = time.perf_counter()
    while time.perf_counter() - begun < 180:
        if process.poll() is not None:
            raise SystemExit(f"The server for {address} ended with {process.returncode} before it was ready.")
        try:
            if httpx.get(address, timeout=5).status_code < 500:
                return time.perf_counter() - begun
        except httpx.TransportError:
            time.sleep(0.05)
    raise SystemExit(f"{address} did not answer in three minutes.")


def _end(process: subprocess.Popen) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()


if __name__ == "__main__":
    main()

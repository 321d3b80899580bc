"""One conformance test over the locks and hubs: within a process, and across processes by a real Redis."""

import asyncio
import shutil
import socket
import subprocess
import time
from contextlib import suppress

import pytest
from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.exceptions import ConnectionError as NotYet

from bot.hub import LocalHub, RedisHub
from bot.locks import LocalLocks, RedisLocks


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory):
    """A Redis of its own, ended by its process id."""
    if shutil.which("redis-server") is None:
        pytest.skip("no redis-server on this machine")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("redis")
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with suppress(NotYet):
            Redis(port=port).ping()
            break
        time.sleep(0.05)
    yield f"redis://127.0.0.1:{port}/0"
    process.terminate()
    process.wait(10)


@pytest.fixture(params=["local", "redis"])
def together(request):
    """Makes a pair of locks, or of hubs, as two processes would have them."""
    if request.param == "local":
        return lambda kind: (lambda one: (one, one))(LocalLocks() if kind == "locks" else LocalHub())
    url = request.getfixturevalue("redis_url")
    make = {"locks": RedisLocks, "hub": RedisHub}
    return lambda kind: (make[kind](AsyncRedis.from_url(url)), make[kind](AsyncRedis.from_url(url)))


def test_two_never_hold_the_same_lock(together):
    """Sixty turns over two processes do not overlap."""
    inside = [0, 0]

    async def turn(locks) -> None:
        async with locks.lock("v_1"):
            inside[0] += 1
            inside[1] = max(inside)
            await asyncio.sleep(0.001)
            inside[0] -= 1

    async def all_of_them() -> None:
        pair = together("locks")
        await asyncio.gather(*(turn(pair[number % 2]) for number in range(60)))

    asyncio.run(all_of_them())
    assert inside == [0, 1]


def test_other_names_do_not_wait(together):
    """A lock is one conversation's alone."""

    async def scene() -> bool:
        one, other = together("locks")
        async with one.lock("v_1"), asyncio.timeout(5), other.lock("v_2"):
            return True

    assert asyncio.run(scene())


def test_a_nudge_reaches_those_who_listen_wherever_they_are(together):
    """Only to listeners of that conversation."""

    async def scene() -> tuple[dict, bool]:
        one, other = together("hub")
        running = [asyncio.create_task(hub.run()) for hub in (one, other) if isinstance(hub, RedisHub)]
        await asyncio.sleep(0.3 if running else 0)
        async with other.listen("v_1") as mine, other.listen("v_2") as theirs:
            await one.publish("v_1", {"type": "message"})
            heard = await asyncio.wait_for(mine.get(), 5)
            for task in running:
                task.cancel()
            return heard, theirs.empty()

    assert asyncio.run(scene()) == ({"type": "message"}, True)

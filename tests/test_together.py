"""One conformance test over the locks and hubs: within a process, and across processes by a real Redis."""

import asyncio

import pytest
from redis.asyncio import Redis as AsyncRedis

from bot.hub import LocalHub, RedisHub
from bot.locks import LocalLocks, RedisLocks


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

"""Tokens, settings, limits, locks, nudges and live files: the small parts at the edge."""

import asyncio
from datetime import UTC, datetime, timedelta

import jwt
import pytest

from bot import settings, tokens
from bot.hub import LocalHub
from bot.limits import Limit, TooMany
from bot.live import Live
from bot.locks import LocalLocks

SECRET = "s" * 32
NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)


def test_a_token_gives_back_what_was_signed():
    """Subject, name and language survive."""
    claim = tokens.read(tokens.sign("ana", secret=SECRET, now=NOW, ttl=HOUR, name="Ana", lang="de"), secret=SECRET)
    assert (claim.subject, claim.name, claim.lang, claim.visitor) == ("ana", "Ana", "de", False)


@pytest.mark.parametrize(
    "token",
    [
        None,
        "",
        "nonsense",
        jwt.encode({"sub": "ana", "exp": NOW - HOUR}, SECRET, algorithm="HS256"),
        jwt.encode({"sub": "ana", "exp": NOW + HOUR}, "another secret that is 32 bytes!", algorithm="HS256"),
        jwt.encode({"sub": "ana", "exp": NOW + HOUR}, None, algorithm="none"),
        jwt.encode({"sub": "ana"}, SECRET, algorithm="HS256"),
        jwt.encode({"exp": NOW + HOUR}, SECRET, algorithm="HS256"),
        jwt.encode({"sub": "", "exp": NOW + HOUR}, SECRET, algorithm="HS256"),
        jwt.encode({"sub": 7, "exp": NOW + HOUR}, SECRET, algorithm="HS256"),
    ],
    ids=["none", "empty", "nonsense", "expired", "forged", "unsigned", "no exp", "no sub", "empty sub", "number"],
)
def test_a_token_that_proves_nothing_is_refused(token):
    """Missing, forged, expired, unsigned or incomplete: all the same."""
    with pytest.raises(tokens.InvalidToken):
        tokens.read(token, secret=SECRET)


def test_without_an_env_file_everything_has_a_safe_value(tmp_path):
    """Demo mode makes its own secrets and keeps them over a restart."""
    first, second = settings.load(tmp_path, given={}), settings.load(tmp_path, given={})
    assert first.demo
    assert len(first.identity_secret) >= 32
    assert first == second


def test_outside_demo_mode_a_missing_secret_stops_the_start(tmp_path):
    """The line names every missing setting."""
    with pytest.raises(settings.SettingsError, match="IDENTITY_SECRET, SESSION_SECRET"):
        settings.load(tmp_path, given={"DEMO": "0", "SHOP_API_KEY": "k" * 32})


def test_the_environment_wins_over_the_env_file(tmp_path):
    """What the operator says at the start counts."""
    (tmp_path / ".env").write_text("PORT=6000\nDEMO=1\n")
    assert settings.load(tmp_path, given={"PORT": "6001"}).port == 6001


def test_secrets_are_not_in_the_settings_repr(tmp_path):
    """Settings may be logged."""
    given = settings.load(tmp_path, given={})
    assert given.identity_secret not in repr(given)


def test_a_senseless_port_is_named(tmp_path):
    """The message says what to write instead."""
    with pytest.raises(settings.SettingsError, match="PORT"):
        settings.load(tmp_path, given={"PORT": "http"})


def test_a_limit_lets_a_burst_through_and_then_asks_to_wait():
    """The wait is in whole seconds, and enough."""
    now = [0.0]
    limit = Limit(burst=2, per_second=0.5, clock=lambda: now[0])
    limit.take("ana")
    limit.take("ana")
    with pytest.raises(TooMany) as caught:
        limit.take("ana")
    now[0] += caught.value.retry_after
    limit.take("ana")
    assert caught.value.retry_after == 2


def test_a_limit_counts_each_caller_alone():
    """One caller's flood is not another's."""
    limit = Limit(burst=1, per_second=1, clock=lambda: 0.0)
    limit.take("ana")
    limit.take("ben")
    with pytest.raises(TooMany):
        limit.take("ana")


def test_a_lock_serves_in_the_order_of_arrival():
    """First come, first served, and nothing stays behind."""
    served: list[int] = []

    async def one(locks: LocalLocks, number: int) -> None:
        async with locks.lock("v_1"):
            await asyncio.sleep(0)
            served.append(number)

    async def all_of_them() -> LocalLocks:
        locks = LocalLocks()
        await asyncio.gather(*(one(locks, number) for number in range(20)))
        return locks

    locks = asyncio.run(all_of_them())
    assert served == list(range(20))
    assert locks._locks == {}


def test_a_nudge_reaches_only_those_who_listen_to_the_conversation():
    """Another conversation's listeners hear nothing."""

    async def scene() -> tuple[int, int]:
        hub = LocalHub()
        async with hub.listen("v_1") as mine, hub.listen("v_2") as other:
            await hub.publish("v_1", {"type": "message"})
            return mine.qsize(), other.qsize()

    assert asyncio.run(scene()) == (1, 0)


def test_an_edited_file_is_live_on_the_next_look(tmp_path):
    """No restart, no signal."""
    (tmp_path / "a.txt").write_text("one")
    live = Live(tmp_path, "*.txt", lambda folder: (folder / "a.txt").read_text(), patience=0)
    (tmp_path / "a.txt").write_text("three")
    assert live.current() == "three"


def test_a_broken_edit_leaves_the_last_good_value_and_is_reported(tmp_path):
    """And a mended one takes over again."""
    (tmp_path / "n.txt").write_text("1")
    live = Live(tmp_path, "*.txt", lambda folder: int((folder / "n.txt").read_text()), patience=0)
    (tmp_path / "n.txt").write_text("many")
    assert (live.current(), isinstance(live.mistake, ValueError)) == (1, True)
    (tmp_path / "n.txt").write_text("222")
    assert (live.current(), live.mistake) == (222, None)

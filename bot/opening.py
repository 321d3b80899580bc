"""Opens the memory that the settings name, under the privacy profile that they name."""

from collections.abc import Callable
from datetime import UTC, datetime

from bot.settings import Settings, SettingsError
from memory import Memory


def _now() -> datetime:
    return datetime.now(UTC)


def open_memory(told: Settings, *, clock: Callable[[], datetime] = _now) -> Memory:
    """The shop's memory, brought up to date. Raises SettingsError for an unknown profile."""
    privacy = told.data / "privacy"
    known = sorted(path.stem for path in privacy.glob("*.yml") if path.stem != "retention")
    if told.privacy_profile not in known:
        raise SettingsError(f"PRIVACY_PROFILE is {told.privacy_profile!r}; {privacy} has {', '.join(known)}.")
    return Memory.open(told.database_url, clock=clock, privacy=privacy, profile=told.privacy_profile)

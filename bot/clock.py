"""What time it is. In demo mode the clock can be moved forward, to see what days later looks like."""

from datetime import UTC, datetime, timedelta


class Clock:
    """Aware UTC time, plus what it was moved forward by."""

    def __init__(self) -> None:
        """Starts at the machine's time."""
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        """Now."""
        return datetime.now(UTC) + self._ahead

    def advance(self, by: timedelta) -> None:
        """Move forward; never back."""
        self._ahead += max(by, timedelta())

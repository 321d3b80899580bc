"""Files that people edit are live on the next look: a value is read again when its files have changed.

A broken edit never takes the shop down: the last good value stays, and the mistake is kept for whoever asks.
"""

import logging
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Generic, TypeVar

T = TypeVar("T")
Stamp = tuple[tuple[str, int, int], ...]
logger = logging.getLogger(__name__)


class Live(Generic[T]):
    """The value that `load` makes of the files matching `pattern` in `folder`.

    `current()` stats the files, at most once in `patience` seconds: far less than an editor takes to reach the chat.
    """

    def __init__(self, folder: Path, pattern: str, load: Callable[[Path], T], *, patience: float = 0.1) -> None:
        self._folder, self._pattern, self._load, self._patience = folder, pattern, load, patience
        self._looked_at = monotonic()
        self._stamp = self._look()
        self._value = load(folder)
        self.mistake: Exception | None = None

    def current(self) -> T:
        """The newest value whose files made sense."""
        if monotonic() - self._looked_at < self._patience:
            return self._value
        self._looked_at, stamp = monotonic(), self._look()
        if stamp != self._stamp:
            self._stamp = stamp
            self._reload()
        return self._value

    def _reload(self) -> None:
        try:
            self._value = self._load(self._folder)
            self.mistake = None
        except Exception as mistake:  # Whatever an edit broke, the last good value serves on.
            self.mistake = mistake
            logger.error(
                "An edit under %s was not taken over, the former one stays in force: %s", self._folder, mistake
            )

    def _look(self) -> Stamp:
        return tuple(
            (str(path), status.st_mtime_ns, status.st_size)
            for path in sorted(self._folder.glob(self._pattern))
            if (status := path.stat())
        )

"""Consent defaults and retention periods as the shop's files in ``data/privacy`` state them; a mistake stops the start.

A purpose that a profile does not name is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from memory._purposes import Purpose

_FOLDER = Path(__file__).resolve().parents[1] / "data" / "privacy"


@dataclass(frozen=True)
class Default:
    """What holds for a purpose before a decision."""

    granted: bool = False
    per_channel: bool = False
    fixed: bool = False
    told: str | None = None
    asked: str | None = None


@dataclass(frozen=True)
class Retention:
    """How long rows are kept and facts are believed."""

    # Table -> how long its rows are kept; None: as long as the customer is known.
    keep: Mapping[str, timedelta | None]
    # After this, what was kept for a purpose that stands withdrawn is deleted; until then it is merely unreadable.
    withdrawn: timedelta
    # A visitor without a verified identity who did not come back for so long is erased.
    visitors: timedelta
    half_lives: Mapping[str, timedelta]


@dataclass(frozen=True)
class Policies:
    """One jurisdiction's defaults."""

    profile: str
    defaults: Mapping[Purpose, Default]
    child: frozenset[Purpose]
    gpc: frozenset[Purpose]
    # Attributes of facts that are stored only with a grant for sensitive data.
    sensitive: frozenset[str]
    retention: "Retention"

    @classmethod
    def load(cls, folder: Path | None = None, *, profile: str = "eu") -> "Policies":
        """Read ``<profile>.yml`` and ``retention.yml``. Raises ValueError with file and cure for every mistake."""
        folder = folder or _FOLDER
        path = folder / f"{profile}.yml"
        written = _read(path)
        try:
            defaults = {Purpose(name): _default(path, name, rule) for name, rule in written["purposes"].items()}
            child, gpc = (frozenset(Purpose(name) for name in written.get(key, [])) for key in ("child", "gpc"))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{path}: {error}; purposes are {', '.join(Purpose)}") from error
        sensitive = frozenset(str(name) for name in written.get("sensitive", []))
        retention = _retention(folder / "retention.yml")
        return cls(str(written.get("profile", profile)), defaults, child, gpc, sensitive, retention)

    def default(self, purpose: Purpose) -> Default:
        """The default of a purpose; refused when the profile is silent."""
        return self.defaults.get(purpose, Default())

    def half_life(self, attribute: str) -> timedelta:
        """For how long a fact about this attribute is asserted before it becomes a question."""
        return self.retention.half_lives.get(attribute, self.retention.half_lives["default"])


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise ValueError(f"{path}: no such profile; the files are {sorted(p.name for p in path.parent.glob('*.yml'))}")
    written = yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    if not isinstance(written, dict):
        raise ValueError(f"{path}: keys and values are expected")
    return written


def _default(path: Path, name: str, rule: Mapping[str, Any]) -> Default:
    unknown = set(rule) - {"default", "per_channel", "fixed", "told", "asked"}
    if unknown or rule.get("default") not in ("granted", "refused"):
        raise ValueError(f"{name}: default is granted or refused; unknown keys: {sorted(unknown)}")
    granted = rule["default"] == "granted"
    return Default(
        granted, rule.get("per_channel", False), rule.get("fixed", False), rule.get("told"), rule.get("asked")
    )


def _retention(path: Path) -> Retention:
    written = _read(path)
    try:
        keep = {
            str(table): None if days == "customer" else timedelta(days=float(days))
            for table, days in written["keep"].items()
        }
        half_lives = {str(name): timedelta(days=float(days)) for name, days in written["half_lives"].items()}
        withdrawn, visitors = (timedelta(days=float(written[key])) for key in ("withdrawn", "visitors"))
        _ = half_lives["default"]
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise ValueError(
            f"{path}: {error}; keep, half_lives (with default), withdrawn and visitors are numbers of days, "
            "or in keep the word customer"
        ) from error
    return Retention(keep, withdrawn, visitors, half_lives)

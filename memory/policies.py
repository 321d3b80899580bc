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
class Policies:
    """One jurisdiction's defaults."""

    profile: str
    defaults: Mapping[Purpose, Default]
    child: frozenset[Purpose]
    gpc: frozenset[Purpose]
    # Kind of row -> how long it is kept; None: as long as the customer is.
    retention: Mapping[str, timedelta | None]

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
        return cls(str(written.get("profile", profile)), defaults, child, gpc, _retention(folder / "retention.yml"))

    def default(self, purpose: Purpose) -> Default:
        """The default of a purpose; refused when the profile is silent."""
        return self.defaults.get(purpose, Default())


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


def _retention(path: Path) -> dict[str, timedelta | None]:
    if not path.is_file():
        return {}
    periods = _read(path).get("keep", {})
    try:
        return {kind: None if days == "customer" else timedelta(days=float(days)) for kind, days in periods.items()}
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path}: a period is a number of days, or the word customer: {error}") from error

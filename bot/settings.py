"""Every setting comes from here: the environment, completed by `.env`; demo mode makes each one safe to leave out."""

import secrets
from dataclasses import dataclass
from os import environ
from pathlib import Path

from dotenv import dotenv_values

ROOT = Path(__file__).resolve().parent.parent
_SECRETS = ("IDENTITY_SECRET", "SESSION_SECRET", "SHOP_API_KEY")
# RFC 7518 asks for a key as long as the hash of HS256: 32 bytes.
_SECRET_BYTES = 32


class SettingsError(Exception):
    """A setting is missing or senseless; the message says which one and how to mend it."""


@dataclass(frozen=True)
class Settings:
    """What the process was told. Secrets never appear in its repr, so it may be logged."""

    root: Path
    port: int
    database_url: str
    redis_url: str | None
    identity_secret: str
    session_secret: str
    shop_api_key: str
    demo: bool
    embeddings_dir: Path | None
    public_url: str
    privacy_profile: str

    def __repr__(self) -> str:
        return f"Settings(root={self.root}, port={self.port}, demo={self.demo}, redis={self.redis_url is not None})"

    @property
    def data(self) -> Path:
        """The shop's own files."""
        return self.root / "data"

    @property
    def models(self) -> Path:
        """Trained artefacts."""
        return self.root / "models"


def load(root: Path = ROOT, *, given: dict[str, str] | None = None) -> Settings:
    """Read the settings: `given` (default: the process environment) wins over `<root>/.env`.

    Without a `.env` and without DEMO, demo mode is on. Raises SettingsError.
    """
    env_file = root / ".env"
    values = {key: value for key, value in dotenv_values(env_file).items() if value}
    values |= {key: value for key, value in (environ if given is None else given).items() if value}
    demo = _flag(values.get("DEMO"), default=not env_file.exists())
    keys = _demo_secrets(root, values) if demo else _required_secrets(values, env_file)
    return Settings(
        root=root,
        port=_port(values.get("PORT", "5005")),
        database_url=values.get("DATABASE_URL", f"sqlite:///{root / 'var' / 'rapport.db'}"),
        redis_url=values.get("REDIS_URL"),
        identity_secret=keys["IDENTITY_SECRET"],
        session_secret=keys["SESSION_SECRET"],
        shop_api_key=keys["SHOP_API_KEY"],
        demo=demo,
        embeddings_dir=Path(values["EMBEDDINGS_DIR"]) if "EMBEDDINGS_DIR" in values else None,
        public_url=values.get("PUBLIC_URL", f"http://localhost:{_port(values.get('PORT', '5005'))}").rstrip("/"),
        privacy_profile=values.get("PRIVACY_PROFILE", "eu"),
    )


def _flag(text: str | None, *, default: bool) -> bool:
    if text is None:
        return default
    if text.lower() in {"1", "true", "yes", "on"}:
        return True
    if text.lower() in {"0", "false", "no", "off"}:
        return False
    raise SettingsError(f"DEMO is {text!r}; use 1 or 0.")


def _port(text: str) -> int:
    if text.isdigit() and 0 < int(text) < 65536:
        return int(text)
    raise SettingsError(f"PORT is {text!r}; use a number from 1 to 65535.")


def _required_secrets(values: dict[str, str], env_file: Path) -> dict[str, str]:
    weak = [key for key in _SECRETS if len(values.get(key, "").encode()) < _SECRET_BYTES]
    if weak:
        raise SettingsError(
            f"{', '.join(weak)}: missing or shorter than {_SECRET_BYTES} bytes. Put a long random value in {env_file} "
            "(for example from: openssl rand -base64 32), or set DEMO=1 to try things out."
        )
    return {key: values[key] for key in _SECRETS}


def _demo_secrets(root: Path, values: dict[str, str]) -> dict[str, str]:
    """A demo makes its secrets once and keeps them, so that a restart leaves every token valid."""
    made = root / "var" / "demo-secrets.env"
    kept = dotenv_values(made) if made.exists() else {}
    keys = {key: values.get(key) or kept.get(key) or secrets.token_urlsafe(_SECRET_BYTES) for key in _SECRETS}
    if any(kept.get(key) is None for key in _SECRETS):
        made.parent.mkdir(parents=True, exist_ok=True)
        made.touch(mode=0o600)
        made.write_text("".join(f"{key}={value}\n" for key, value in keys.items()))
    return keys

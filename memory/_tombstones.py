"""That somebody was erased, so that a restored backup or an old file does not bring them back: keyed hashes only."""

import hmac
import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from sqlalchemy import insert, select, update

from memory import _session
from memory._session import Tx
from memory._tables import KeyRow, TombstoneRow

# The name under which the key is kept.
NAME = "tombstones"


def mac(tx: Tx, *parts: str) -> str:
    """The keyed hash of an id, or of a channel and an address."""
    return mac_with(key(tx), *parts)


def mac_with(key: bytes, *parts: str) -> str:
    """The same with a key at hand."""
    return hmac.new(key, "\x1f".join(parts).encode(), sha256).hexdigest()


def key(tx: Tx) -> bytes:
    """This database's key: made with its tables, kept by backups, never changed."""
    value = _session.private(tx, select(KeyRow.value).where(KeyRow.name == NAME)).scalar_one()
    return bytes.fromhex(value)


def add(tx: Tx, macs: Iterable[str], *, at: datetime) -> None:
    """Put up tombstones; somebody who came back and was erased again is dead from the later time on."""
    new = sorted(set(macs))
    standing = set(_session.private(tx, select(TombstoneRow.mac).where(TombstoneRow.mac.in_(new))).scalars())
    if standing:
        _session.private(tx, update(TombstoneRow).where(TombstoneRow.mac.in_(sorted(standing))).values(at=at))
    rows = [{"mac": one, "at": at} for one in new if one not in standing]
    if rows:
        _session.private(tx, insert(TombstoneRow), rows)


def any_at_all(tx: Tx) -> bool:
    """Whether anybody was ever erased."""
    return _session.private(tx, select(TombstoneRow.mac).limit(1)).first() is not None


def addresses(tx: Tx, *, channel: str, addresses: Iterable[str]) -> dict[str, datetime]:
    """Those of the addresses whose customer was erased, and when."""
    if not any_at_all(tx):
        return {}
    by_mac = {mac(tx, channel, address): address for address in addresses}
    return {by_mac[found]: at for found, at in _standing(tx, list(by_mac))}


def _standing(tx: Tx, macs: Sequence[str]) -> list[tuple[str, datetime]]:
    found: list[tuple[str, datetime]] = []
    for start in range(0, len(macs), 500):
        some = TombstoneRow.mac.in_(macs[start : start + 500])
        rows = _session.private(tx, select(TombstoneRow.mac, TombstoneRow.at).where(some))
        found.extend((row.mac, row.at) for row in rows)
    return found


def write_journal(journal: Path, macs: Iterable[str], *, at: datetime) -> None:
    """Append tombstones to a file beside the database, for when the database itself is lost."""
    with journal.open("a", encoding="utf-8") as file:
        for one in sorted(set(macs)):
            file.write(json.dumps({"mac": one, "at": at.isoformat()}) + "\n")


def read_journal(journal: Path) -> list[tuple[str, datetime]]:
    """The tombstones of such a file; a last line that was cut off is left out."""
    if not journal.is_file():
        return []
    found = []
    for line in journal.read_text(encoding="utf-8").splitlines():
        try:
            said = json.loads(line)
            found.append((str(said["mac"]), datetime.fromisoformat(said["at"])))
        except (ValueError, KeyError):
            continue
    return found

"""Tables as people take them along: one CSV file a table (RFC 4180, UTF-8), together in one zip archive."""

import csv
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

Rows = Sequence[Mapping[str, Any]]


def zipped(tables: Mapping[str, Rows], *, now: datetime) -> bytes:
    """The archive: `<table>.csv` for each table that has rows, its columns in the order of the first row's."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, rows in tables.items():
            if rows:
                entry = zipfile.ZipInfo(f"{name}.csv", date_time=now.timetuple()[:6])
                archive.writestr(entry, as_csv(rows), compress_type=zipfile.ZIP_DEFLATED)
    return written.getvalue()


def as_csv(rows: Rows) -> str:
    """Rows as CSV under a line of column names. Nothing is an empty cell; lists and the like are JSON."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    writer.writerows({column: _cell(row.get(column)) for column in columns} for row in rows)
    return text.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

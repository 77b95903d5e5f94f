"""What was decided, written and read, on disk before anything else happens.

The journal is a file of JSON lines. Each carries the SHA-256 of the line before, so
that a line that was changed, removed or moved shows. An intent is on disk before the
write that it announces goes out; its result follows. Tables are flushed row by row.
"""

import csv
import hashlib
import json
import math
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TextIO

from twin.errors import DataError

_FIRST = "0" * 64


class Journal:
    """Append-only journal of one run.

    Parameters
    ----------
    path
        New file; an existing one is continued after checking its chain.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._digest, self._number = (
            verify_journal(path) if path.exists() else (_FIRST, 0)
        )
        self._file = path.open("a", encoding="utf-8")

    def record(self, event: str, time_s: float, **details: Any) -> int:
        """Append one line and force it to disk.

        Parameters
        ----------
        event
            What happened, e.g. ``intent``, ``result``, ``hold``.
        time_s
            Plant clock.
        **details
            Plain values, lists and dicts; numbers that are not finite become text.

        Returns
        -------
        int
            Number of the line, from 1; a result names the intent that it answers.
        """
        self._number += 1
        entry = {"number": self._number, "time_s": time_s, "event": event}
        body = {**entry, **_plain(details), "previous": self._digest}
        line = json.dumps(body, allow_nan=False, sort_keys=False)
        self._file.write(line + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self._digest = _digest(line)
        return self._number

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def verify_journal(path: Path) -> tuple[str, int]:
    """Check the chain of a journal.

    Parameters
    ----------
    path
        Journal file.

    Returns
    -------
    digest, count
        Digest of the last line and number of lines.

    Raises
    ------
    DataError
        Naming the first line that was changed, removed or cut off.
    """
    digest, number = _FIRST, 0
    text = path.read_text(encoding="utf-8")
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            entry = json.loads(line)
            sound = entry["previous"] == digest and entry["number"] == number
        except (ValueError, KeyError, TypeError):
            sound = False
        if not sound:
            message = (
                f"{path}:{number}: does not continue the line before: changed, removed "
                "or cut off. Trust only what stands before it; use a new journal."
            )
            raise DataError(message)
        digest = _digest(line)
    return digest, number


class Table:
    """CSV file that is complete after every row.

    Parameters
    ----------
    path
        New file, overwritten.
    columns
        Header.
    """

    def __init__(self, path: Path, columns: Iterable[str]) -> None:
        self.columns = tuple(columns)
        self._file: TextIO = path.open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file)
        self.rows: list[dict[str, Any]] = []
        self._writer.writerow(self.columns)
        self._file.flush()

    def add(self, row: Mapping[str, Any]) -> None:
        """Append a row; a column that it does not have stays empty."""
        self.rows.append({name: row.get(name) for name in self.columns})
        self._writer.writerow([row.get(name, "") for name in self.columns])
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _digest(line: str) -> str:
    """Digest that the next line carries."""
    return hashlib.sha256(line.encode()).hexdigest()


def _plain(value: Any) -> Any:
    """Make a value fit for JSON: named tuples as objects, NaN as text."""
    if hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):  # numpy floats included
        return float(value) if math.isfinite(value) else str(value)
    return value

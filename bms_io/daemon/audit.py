"""What was decided, written and read: on disk before anything else happens.

One SQLite database of its own, ``synchronous=FULL``, append-only by triggers, each row with
the SHA-256 of itself and the row before, so that a row that was changed, removed or moved
shows. An intent is durable before the write that it announces goes out; its result
follows. A reserve file is given up when the disk is full, so that the end of a run can
still be recorded.
"""

import contextlib
import hashlib
import json
import math
import sqlite3
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from twin.errors import AuditError, DataError

AUDIT_FILE = "audit.sqlite"
RESERVE_BYTES = 4 << 20  # enough for thousands of rows, assumption
_FIRST = "0" * 64
_SCHEMA = """
CREATE TABLE IF NOT EXISTS audit (
  number INTEGER PRIMARY KEY AUTOINCREMENT, wall TEXT NOT NULL, monotonic_s REAL NOT NULL,
  time_s REAL NOT NULL, event TEXT NOT NULL, body TEXT NOT NULL,
  previous TEXT NOT NULL, digest TEXT NOT NULL);
CREATE TRIGGER IF NOT EXISTS no_update BEFORE UPDATE ON audit
  BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER IF NOT EXISTS no_delete BEFORE DELETE ON audit
  BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
"""
_REMEMBERED = 1000  # writes; more than a day of control cycles
_COLUMNS = "number, wall, monotonic_s, time_s, event, body, previous, digest"


class Entry(NamedTuple):
    """One row."""

    number: int  # from 1
    wall: str  # UTC, ISO 8601
    monotonic_s: float  # of the process that wrote it
    time_s: float  # plant clock
    event: str
    body: str  # JSON object
    previous: str
    digest: str

    @property
    def details(self) -> dict[str, Any]:
        """What the event is about."""
        return dict(json.loads(self.body))


class AuditLog:
    """Append-only log of one plant; a restart goes on in the same file.

    Parameters
    ----------
    path
        Database; made if it is not there.

    Raises
    ------
    DataError
        If the existing chain is broken.
    AuditError
        If it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._number, self._digest = (0, _FIRST)
        if path.exists():
            self._number, self._digest = verify_audit(path)
        self._reserve = path.with_suffix(".reserve")
        try:
            self._base = sqlite3.connect(path, isolation_level=None, timeout=1.0)
            self._base.execute("PRAGMA journal_mode=WAL")
            self._base.execute("PRAGMA synchronous=FULL")
            self._base.executescript(_SCHEMA)
            if not self._reserve.exists():
                self._reserve.write_bytes(bytes(RESERVE_BYTES))
        except (sqlite3.Error, OSError) as error:
            raise AuditError(self._say(error)) from error

    @property
    def degraded(self) -> bool:
        """Whether the disk was full and the reserve is used up."""
        return not self._reserve.exists()

    def record(self, event: str, time_s: float, **details: Any) -> int:
        """Append one row and force it to disk.

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
            Number of the row; a result names the intent that it answers.

        Raises
        ------
        AuditError
            If it cannot be stored; nothing may be written to the plant then.
        """
        body = json.dumps(_plain(details), allow_nan=False)
        wall = datetime.now(UTC).isoformat(timespec="milliseconds")
        row = (self._number + 1, wall, time.monotonic(), float(time_s), event, body)
        digest = _chained(row, self._digest)
        self._insert((*row, self._digest, digest))
        self._number, self._digest = row[0], digest
        return self._number

    def _insert(self, row: tuple[Any, ...]) -> None:
        """Insert; once more after giving up the reserve if the disk is full."""
        statement = f"INSERT INTO audit ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?)"
        try:
            self._base.execute(statement, row)
        except sqlite3.Error as error:
            if "full" not in str(error) or self.degraded:
                raise AuditError(self._say(error)) from error
            self._reserve.unlink()
            self._retry(statement, row)

    def _retry(self, statement: str, row: tuple[Any, ...]) -> None:
        """Insert with the room that the reserve left."""
        try:
            self._base.execute(statement, row)
        except sqlite3.Error as error:
            raise AuditError(self._say(error)) from error

    def _say(self, error: Exception) -> str:
        return (
            f"{self.path}: cannot record ({error}). Nothing is written to the plant "
            "without a record. Free the disk, then start again."
        )

    def close(self) -> None:
        """Close the database."""
        self._base.close()


def entries(path: Path) -> Iterator[Entry]:
    """Rows in order, read-only.

    Raises
    ------
    DataError
        If the file is not an audit log.
    """
    try:
        base = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5.0)
    except sqlite3.Error as error:
        message = f"{path}: {error}. Give the {AUDIT_FILE} of a run."
        raise DataError(message) from error
    try:
        for row in base.execute(f"SELECT {_COLUMNS} FROM audit ORDER BY number"):
            yield Entry(*row)
    except sqlite3.Error as error:
        message = f"{path}: is not a readable audit log ({error})."
        raise DataError(message) from error
    finally:
        base.close()


def unresolved(path: Path) -> dict[str, float]:
    """Writes of the last run that were announced, but whose result is not known."""
    intents: dict[int, dict[str, float]] = {}
    intents_before = intents
    for entry in entries(path):
        if entry.event == "starts":
            intents_before, intents = intents, {}
        elif entry.event in ("intent", "release"):
            intents[entry.number] = entry.details["values"]
        elif entry.event == "result":
            intents.pop(entry.details["intent"], None)
    last = intents or intents_before
    return {name: value for values in last.values() for name, value in values.items()}


def last_announced(path: Path) -> dict[str, tuple[float, ...]]:
    """Values that were announced for each setpoint, the last of many writes first.

    Of the last one it may be unknown whether it arrived; then the one before stands.

    Raises
    ------
    AuditError
        If the log cannot be read.
    """
    kinds = "('intent', 'release')"
    where = f"file:{path}?mode=ro"
    try:
        with contextlib.closing(sqlite3.connect(where, uri=True)) as base:
            rows = base.execute(
                f"SELECT body FROM audit WHERE event IN {kinds} "
                f"ORDER BY number DESC LIMIT {_REMEMBERED}"
            ).fetchall()
    except sqlite3.Error as error:
        message = f"{path}: cannot look up what was written before ({error})"
        raise AuditError(message) from error
    found: dict[str, tuple[float, ...]] = {}
    for (body,) in rows:
        for name, value in json.loads(body)["values"].items():
            short = name.removeprefix("setpoints.")
            found[short] = (*found.get(short, ()), float(value))
    return found


def last_of(path: Path, event: str) -> dict[str, Any] | None:
    """Details of the last entry of a kind; None if there is none.

    Raises
    ------
    AuditError
        If the log cannot be read.
    """
    where = f"file:{path}?mode=ro"
    try:
        with contextlib.closing(sqlite3.connect(where, uri=True)) as base:
            row = base.execute(
                "SELECT body FROM audit WHERE event = ? ORDER BY number DESC LIMIT 1",
                (event,),
            ).fetchone()
    except sqlite3.Error as error:
        message = f"{path}: cannot look up the last {event} ({error})"
        raise AuditError(message) from error
    return None if row is None else dict(json.loads(row[0]))


def verify_audit(path: Path) -> tuple[int, str]:
    """Check the chain.

    Parameters
    ----------
    path
        Database.

    Returns
    -------
    count, digest
        Number of rows, and the digest of the last one: kept elsewhere, it also proves
        that no row was cut off at the end.

    Raises
    ------
    DataError
        Naming the first row that was changed, removed or put in.
    """
    count, digest = 0, _FIRST
    for entry in entries(path):
        sound = entry.number == count + 1 and entry.previous == digest
        if not sound or entry.digest != _chained(tuple(entry[:6]), digest):
            message = (
                f"{path}: row {count + 1} does not continue the row before: changed, "
                "removed or put in. Trust only what stands before it; keep the file "
                "and start a new one."
            )
            raise DataError(message)
        count, digest = entry.number, entry.digest
    ever = _ever_written(path)
    if ever > count:
        message = (
            f"{path}: rows {count + 1} to {ever} were cut off at the end. What stands "
            "before them is sound; keep the file and start a new one."
        )
        raise DataError(message)
    return count, digest


def _ever_written(path: Path) -> int:
    """Highest number that the database gave out; 0 where it does not keep it."""
    where = f"file:{path}?mode=ro"
    try:
        with contextlib.closing(sqlite3.connect(where, uri=True, timeout=5.0)) as base:
            row = base.execute(
                "SELECT seq FROM sqlite_sequence WHERE name = 'audit'"
            ).fetchone()
    except sqlite3.Error:
        return 0  # a log of an earlier version has no such table
    return int(row[0]) if row else 0


def _chained(row: tuple[Any, ...], previous: str) -> str:
    """Digest of a row and of everything before it."""
    text = json.dumps([*row, previous], allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    """Make a value fit for JSON: named tuples as objects, NaN as text."""
    if hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | frozenset | set):
        return [_plain(item) for item in value]
    if isinstance(value, float):  # numpy floats included
        return float(value) if math.isfinite(value) else str(value)
    return value

"""History of every reading; control never waits for it and never reads it.

A writer thread takes snapshots from a bounded queue and puts them into one SQLite segment
per hour of plant time (WAL, one transaction per snapshot). A sealed hour is sorted by
point and time and becomes Parquet: written beside, forced to disk, renamed, counted, and
only then is the segment dropped. DuckDB queries both. Retention drops whole files, which
works on a full disk too; a reserve file goes first.
"""

import contextlib
import math
import os
import queue
import sqlite3
import threading
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from twin.interfaces import Quality, Snapshot

FOLDER = "history"  # below the folder of a daemon
QUEUE_SNAPSHOTS = 720  # an hour at 5 s
HOUR_S = 3600.0
RESERVE_BYTES = 16 << 20  # assumption
QUALITY_CODE = {Quality.BAD: 0, Quality.UNCERTAIN: 64, Quality.GOOD: 192}  # OPC DA
_TABLE = """CREATE TABLE IF NOT EXISTS samples (
  time_s REAL, point TEXT, value REAL, quality INTEGER,
  PRIMARY KEY (time_s, point)) WITHOUT ROWID"""
_SCHEMA = pa.schema(
    [
        ("time_s", pa.float64()),
        ("point", pa.string()),
        ("value", pa.float64()),
        ("quality", pa.int16()),
    ]
)


class _Item(NamedTuple):
    time_s: float
    rows: list[tuple[float, str, float | None, int]]


class Historian:
    """Keeps the readings of a plant.

    Parameters
    ----------
    directory
        For segments and Parquet files; made if it is not there.
    keep_hours
        Older files are dropped.
    """

    def __init__(self, directory: Path, keep_hours: int = 24 * 400) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self.lost = 0  # snapshots that the writer was too slow or unable to keep
        self.failure = ""  # last reason
        self._keep_hours = keep_hours
        self._queue: queue.Queue[_Item | None] = queue.Queue(QUEUE_SNAPSHOTS)
        self._base: sqlite3.Connection | None = None
        self._hour: int | None = None
        self._reserve = directory / "reserve"
        with contextlib.suppress(OSError):
            if not self._reserve.exists():
                self._reserve.write_bytes(bytes(RESERVE_BYTES))
        self._thread = threading.Thread(
            target=self._work, name="historian", daemon=True
        )
        self._thread.start()

    def put(self, snapshot: Snapshot) -> None:
        """Hand over a snapshot; returns at once, whatever the disk does."""
        rows = [
            (snapshot.time_s, name, _number(r.value), QUALITY_CODE[r.quality])
            for name, r in snapshot.readings.items()
        ]
        try:
            self._queue.put_nowait(_Item(snapshot.time_s, rows))
        except queue.Full:
            self.lost += 1

    @property
    def waiting(self) -> int:
        """Snapshots in the queue."""
        return self._queue.qsize()

    def close(self, within_s: float = 10.0) -> None:
        """Write what is waiting and stop."""
        with contextlib.suppress(queue.Full):
            self._queue.put(None, timeout=within_s)
        self._thread.join(within_s)

    def _work(self) -> None:
        """Take and write until told to stop."""
        while (item := self._queue.get()) is not None:
            try:
                self._write(item)
            except (sqlite3.Error, OSError, pa.ArrowException) as error:
                self.lost += 1
                self.failure = str(error)
                self._make_room(str(error))
        self._leave()

    def _write(self, item: _Item) -> None:
        """Put one snapshot into the segment of its hour."""
        hour = int(item.time_s // HOUR_S)
        if hour != self._hour:
            self._leave()
            self._seal_all(but=hour)
            self._enter(hour)
        if self._base is None:
            return
        with self._base:
            self._base.executemany(
                "INSERT OR REPLACE INTO samples VALUES (?,?,?,?)", item.rows
            )

    def _enter(self, hour: int) -> None:
        """Open the segment of an hour; one that is corrupt is put aside."""
        path = self.directory / f"{hour:08d}.sqlite"
        try:
            self._base = _open(path)
        except sqlite3.DatabaseError:
            path.rename(path.with_suffix(".corrupt"))
            self._base = _open(path)
        self._hour = hour

    def _leave(self) -> None:
        """Close the segment."""
        base, self._base, self._hour = self._base, None, None
        if base is not None:
            with contextlib.suppress(sqlite3.Error):
                base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            base.close()

    def _seal_all(self, but: int) -> None:
        """Turn every segment but one into Parquet, then drop what is too old."""
        for path in sorted(self.directory.glob("*.sqlite")):
            if int(path.stem) != but:
                _seal(path)
        for path in sorted(self.directory.glob("*.parquet")):
            if int(path.stem) < but - self._keep_hours:
                path.unlink()

    def _make_room(self, why: str) -> None:
        """On a full disk give up the reserve, then the oldest hour."""
        self._leave()
        if "full" not in why and "No space" not in why:
            return
        oldest = sorted(self.directory.glob("*.parquet"))
        for path in (self._reserve, *oldest[:1]):
            if path.exists():
                path.unlink()
                return


def _open(path: Path) -> sqlite3.Connection:
    base = sqlite3.connect(path, timeout=1.0)
    base.execute("PRAGMA journal_mode=WAL")
    base.execute("PRAGMA synchronous=NORMAL")
    base.execute(_TABLE)
    return base


def _seal(path: Path) -> None:
    """Make Parquet of a segment and drop it once every row is counted there."""
    try:
        base = sqlite3.connect(path, timeout=1.0)
        rows = base.execute("SELECT * FROM samples ORDER BY point, time_s").fetchall()
        base.close()
    except sqlite3.DatabaseError:
        path.rename(path.with_suffix(".corrupt"))
        return
    target, beside = path.with_suffix(".parquet"), path.with_suffix(".tmp")
    columns = list(zip(*rows, strict=True)) or [()] * len(_SCHEMA)
    arrays = [pa.array(c, f.type) for c, f in zip(columns, _SCHEMA, strict=True)]
    pq.write_table(pa.table(arrays, schema=_SCHEMA), beside, compression="zstd")
    with beside.open("rb") as file:
        os.fsync(file.fileno())
    if pq.read_metadata(beside).num_rows == len(rows):
        beside.rename(target)
        for name in (path, *path.parent.glob(f"{path.name}-*")):
            name.unlink(missing_ok=True)


def _number(value: float) -> float | None:
    """SQLite has no NaN; a missing value is null, and its quality is bad anyway."""
    return float(value) if math.isfinite(value) else None


def query(directory: Path, sql: str) -> pa.Table:
    """Ask the history.

    Parameters
    ----------
    directory
        Of the historian.
    sql
        Over a table ``samples`` (time_s, point, value, quality) of sealed and open hours.

    Returns
    -------
    pyarrow.Table
    """
    import duckdb

    base = duckdb.connect()
    sealed = [str(path) for path in sorted(directory.glob("*.parquet"))]
    open_hours = [_rows(path) for path in sorted(directory.glob("*.sqlite"))]
    parts = pa.concat_tables([_SCHEMA.empty_table(), *open_hours])
    base.register("open_hours", parts)
    everything = "SELECT * FROM open_hours"
    if sealed:  # read file by file: a year does not fit into memory
        base.read_parquet(sealed).create_view("sealed_hours")
        everything += " UNION ALL SELECT * FROM sealed_hours"
    base.sql(everything).create_view("samples")
    return base.sql(sql).to_arrow_table()


def _rows(path: Path) -> pa.Table:
    """Rows of an open segment, read beside its writer."""
    base = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5.0)
    columns = list(zip(*base.execute("SELECT * FROM samples"), strict=True))
    base.close()
    arrays = [
        pa.array(c, f.type)
        for c, f in zip(columns or [()] * len(_SCHEMA), _SCHEMA, strict=True)
    ]
    return pa.table(arrays, schema=_SCHEMA)

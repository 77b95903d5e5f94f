"""Optional copy of the history in PostgreSQL, by ``COPY``; never in the control path.

A thread takes snapshots from a bounded queue. While the server is gone they wait there,
and what does not fit any more is counted as lost: the historian on disk has it anyway.
Needs the extra ``postgres`` (psycopg 3, LGPL).
"""

import contextlib
import importlib.util
import queue
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from bms_io.daemon.historian import QUALITY_CODE
from twin.errors import ConfigError
from twin.interfaces import Snapshot

if TYPE_CHECKING:  # an optional extra: imported where it is used
    import psycopg

QUEUE_SNAPSHOTS = 720
MOST_WAIT_S = 60.0  # between attempts to reach the server
BATCH = 50  # snapshots per transaction, at most
TABLE = """CREATE TABLE IF NOT EXISTS wetbulb_samples (
  received timestamptz NOT NULL, site text NOT NULL, time_s double precision NOT NULL,
  point text NOT NULL, value double precision, quality smallint NOT NULL);
CREATE INDEX IF NOT EXISTS wetbulb_samples_received
  ON wetbulb_samples USING brin (received)"""
COPY = "COPY wetbulb_samples (received, site, time_s, point, value, quality) FROM STDIN"


class _Item(NamedTuple):
    received_s: float
    snapshot: Snapshot


class PostgresSink:
    """Copies snapshots to a server.

    Parameters
    ----------
    dsn
        Where, e.g. ``host=db dbname=plant user=wetbulb``; a password belongs into
        ``~/.pgpass``.
    site
        Name in the column ``site``.

    Raises
    ------
    ConfigError
        If psycopg is not installed or the DSN is not one.
    """

    def __init__(self, dsn: str, site: str) -> None:
        if importlib.util.find_spec("psycopg") is None:
            message = "--postgres: needs psycopg. Install the extra: wetbulb[postgres]."
            raise ConfigError(message)
        import psycopg
        from psycopg.conninfo import conninfo_to_dict

        try:
            conninfo_to_dict(dsn)
        except psycopg.ProgrammingError as error:
            message = f"--postgres: {str(error).strip()}. Give host=... dbname=..."
            raise ConfigError(message) from error
        self.lost = 0  # snapshots that did not fit into the queue
        self.copied = 0
        self.failure = ""  # why the server has not got everything, or empty
        self._dsn, self._site = dsn, site
        self._queue: queue.Queue[_Item] = queue.Queue(QUEUE_SNAPSHOTS)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="postgres", daemon=True)
        self._thread.start()

    def put(self, snapshot: Snapshot) -> None:
        """Hand over a snapshot; returns at once, whatever the server does."""
        try:
            self._queue.put_nowait(_Item(time.time(), snapshot))
        except queue.Full:
            self.lost += 1

    def close(self, within_s: float = 10.0) -> None:
        """Copy what is waiting, if the server takes it, and stop."""
        self._stop.set()
        self._thread.join(within_s)

    def _work(self) -> None:
        """Connect, copy, and begin again when the server was gone."""
        import psycopg

        wait_s, batch = 1.0, list[_Item]()
        while not (self._stop.is_set() and self._queue.empty() and not batch):
            try:
                with psycopg.connect(self._dsn, connect_timeout=5) as base:
                    base.execute(TABLE)
                    base.commit()
                    wait_s, self.failure = 1.0, ""
                    self._copy_all(base, batch)
            except psycopg.Error as error:
                self.failure = str(error).strip()
                if self._stop.wait(wait_s):
                    return  # nobody there: what waits is on disk anyway
                wait_s = min(2.0 * wait_s, MOST_WAIT_S)

    def _copy_all(self, base: "psycopg.Connection[Any]", batch: list[_Item]) -> None:
        """Copy until told to stop; ``batch`` is what is not committed yet."""
        while batch or not (self._stop.is_set() and self._queue.empty()):
            self._fill(batch)
            if batch:
                self._copy(base, batch)
                self.copied += len(batch)
                batch.clear()

    def _fill(self, batch: list[_Item]) -> None:
        """Take what waits, at most ``BATCH``; wait a little for the first."""
        with contextlib.suppress(queue.Empty):
            if not batch:
                batch.append(self._queue.get(timeout=0.2))
            while len(batch) < BATCH:
                batch.append(self._queue.get_nowait())

    def _copy(self, base: "psycopg.Connection[Any]", batch: list[_Item]) -> None:
        """One transaction: all of the batch or nothing of it."""
        with base.transaction(), base.cursor().copy(COPY) as copy:
            for item in batch:
                received = datetime.fromtimestamp(item.received_s, UTC)
                for name, reading in item.snapshot.readings.items():
                    value = reading.value if reading.value == reading.value else None
                    code = QUALITY_CODE[reading.quality]
                    now_s = item.snapshot.time_s
                    copy.write_row((received, self._site, now_s, name, value, code))

"""Copies of the history in Debian's PostgreSQL, and what happens while it is away."""

import math
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from bms_io.daemon.postgres import BATCH, QUEUE_SNAPSHOTS, PostgresSink
from twin.errors import ConfigError
from twin.interfaces import Quality, Reading, Snapshot

pytestmark = pytest.mark.real_time

psycopg = pytest.importorskip("psycopg", reason="extra postgres is not installed")
BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
WITHIN_S = 30.0
needs_server = pytest.mark.skipif(
    not BINARIES, reason="no PostgreSQL here: apt-get install postgresql"
)


class Server:
    """A server of its own on a socket in a folder."""

    def __init__(self, folder):
        self._data = folder / "data"
        self._sockets = folder
        self._as = []
        if os.geteuid() == 0:  # it refuses to run as root
            for path in (folder, *list(folder.parents)[:2]):
                path.chmod(0o755)
            shutil.chown(folder, "postgres")
            self._as = ["runuser", "-u", "postgres", "--"]
        self._call("initdb", "-D", self._data, "-A", "trust", "-U", "wetbulb")
        self.dsn = f"host={folder} dbname=postgres user=wetbulb"

    def _call(self, program, *words):
        where = BINARIES[-1].parent / program
        subprocess.run(
            [*self._as, str(where), *map(str, words)],
            check=True, timeout=60, stdout=subprocess.DEVNULL, cwd=self._sockets,
        )  # fmt: skip

    def start(self):
        options = f"-c listen_addresses= -k {self._sockets} -c fsync=off"
        log = self._sockets / "log"
        self._call("pg_ctl", "-D", self._data, "-w", "-l", log, "-o", options, "start")

    def stop(self):
        self._call("pg_ctl", "-D", self._data, "-m", "immediate", "-w", "stop")

    def ask(self, question):
        with psycopg.connect(self.dsn) as base:
            return base.execute(question).fetchall()


@pytest.fixture
def server(tmp_path_factory):
    made = Server(tmp_path_factory.mktemp("pg"))
    made.start()
    yield made
    made.stop()


def snapshot(time_s):
    readings = {
        "inputs.wet_bulb_c": Reading(20.0 + time_s, Quality.GOOD, time_s, time_s),
        "outputs.chip_c": Reading(math.nan, Quality.BAD, time_s, time_s, "comm"),
    }
    return Snapshot(time_s, readings)


def until(condition):
    end = time.monotonic() + WITHIN_S
    while not condition():
        assert time.monotonic() < end, "not in time"
        time.sleep(0.05)


@needs_server
def test_every_reading_arrives_with_site_quality_and_nothing_for_nan(server):
    sink = PostgresSink(server.dsn, "edge")
    for time_s in range(3 * BATCH):
        sink.put(snapshot(float(time_s)))
    sink.close()
    assert (sink.copied, sink.lost, sink.failure) == (3 * BATCH, 0, "")
    rows = server.ask(
        "SELECT site, time_s, point, value, quality FROM wetbulb_samples "
        "WHERE time_s = 7 ORDER BY point"
    )
    assert rows == [
        ("edge", 7.0, "inputs.wet_bulb_c", 27.0, 192),
        ("edge", 7.0, "outputs.chip_c", None, 0),
    ]
    assert server.ask("SELECT count(*) FROM wetbulb_samples") == [(6 * BATCH,)]


@needs_server
def test_a_server_that_goes_away_gets_the_rest_when_it_is_back(server):
    sink = PostgresSink(server.dsn, "edge")
    sink.put(snapshot(0.0))
    until(lambda: sink.copied == 1)
    server.stop()
    begin_s = time.monotonic()
    for time_s in range(1, 20):
        sink.put(snapshot(float(time_s)))
    assert time.monotonic() - begin_s < 1.0, "handing over never waits"
    until(lambda: sink.failure)
    server.start()
    until(lambda: sink.copied == 20)
    sink.close()
    times = server.ask("SELECT DISTINCT time_s FROM wetbulb_samples ORDER BY 1")
    assert times == [(float(k),) for k in range(20)]


def test_without_a_server_the_queue_is_bounded_and_the_end_is_quick(tmp_path):
    sink = PostgresSink(f"host={tmp_path} dbname=none", "edge")
    for time_s in range(QUEUE_SNAPSHOTS + 100):
        sink.put(snapshot(float(time_s)))
    assert 40 <= sink.lost <= 100  # one batch may be on its way
    until(lambda: sink.failure)
    begin_s = time.monotonic()
    sink.close()
    assert time.monotonic() - begin_s < 10.0


def test_a_dsn_that_is_none_is_refused_at_the_start():
    with pytest.raises(ConfigError, match="--postgres"):
        PostgresSink("no dsn at all", "edge")

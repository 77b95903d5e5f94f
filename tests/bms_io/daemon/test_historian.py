"""History: nothing acknowledged is lost, control never waits, files go whole."""

import sqlite3
import time

import pyarrow.parquet as pq
import pytest

from bms_io.daemon.historian import QUEUE_SNAPSHOTS, Historian, query
from twin.interfaces import Quality, Reading, Snapshot


def snapshot(time_s, count=3):
    readings = {
        f"p{n}": Reading(time_s + n, Quality.GOOD, time_s, time_s) for n in range(count)
    }
    readings["bad"] = Reading(float("nan"), Quality.BAD, time_s, time_s)
    return Snapshot(time_s, readings)


@pytest.fixture
def directory(tmp_path):
    return tmp_path / "history"


def test_sealed_and_open_hours_are_one_table(directory):
    historian = Historian(directory)
    for turn in range(30):
        historian.put(snapshot(300.0 * turn))
    historian.close()
    assert sorted(p.suffix for p in directory.glob("0*")) == [
        ".parquet",
        ".parquet",
        ".sqlite",
    ]
    rows = query(directory, "SELECT count(*) n, sum(value) s FROM samples")
    assert rows["n"].to_pylist() == [30 * 4]
    total = sum(300.0 * t + n for t in range(30) for n in range(3))
    assert rows["s"].to_pylist() == [pytest.approx(total)]
    point = "SELECT time_s FROM samples WHERE point = 'p1' ORDER BY time_s"
    assert query(directory, point)["time_s"].to_pylist() == [
        300.0 * t for t in range(30)
    ]
    table = pq.read_table(directory / "00000000.parquet")
    assert table["point"].to_pylist() == sorted(table["point"].to_pylist())
    assert historian.lost == 0


def test_a_restart_goes_on_and_seals_what_was_left(directory):
    for begin_s in (0.0, 3600.0, 7200.0):
        historian = Historian(directory)
        historian.put(snapshot(begin_s))
        historian.close()
    assert len(list(directory.glob("*.parquet"))) == 2
    rows = query(directory, "SELECT DISTINCT time_s FROM samples ORDER BY 1")
    assert rows["time_s"].to_pylist() == [0.0, 3600.0, 7200.0]


def test_old_hours_go_as_whole_files(directory):
    historian = Historian(directory, keep_hours=2)
    for hour in range(6):
        historian.put(snapshot(3600.0 * hour))
    historian.close()
    kept = sorted(int(p.stem) for p in directory.glob("0*"))
    assert kept == [3, 4, 5]


def test_a_corrupt_segment_is_put_aside(directory):
    directory.mkdir()
    (directory / "00000000.sqlite").write_bytes(b"no database" * 100)
    historian = Historian(directory)
    historian.put(snapshot(0.0))
    historian.put(snapshot(300.0))
    historian.close()
    assert (directory / "00000000.corrupt").exists()
    assert query(directory, "SELECT count(*) n FROM samples")["n"].to_pylist() == [8]


def test_control_does_not_wait_for_a_locked_database(directory):
    historian = Historian(directory)
    historian.put(snapshot(0.0))
    while not (directory / "00000000.sqlite").exists() or historian.waiting:
        time.sleep(0.01)
    time.sleep(0.05)
    blocker = sqlite3.connect(directory / "00000000.sqlite")
    blocker.execute("BEGIN IMMEDIATE")
    begin_s = time.monotonic()
    for turn in range(QUEUE_SNAPSHOTS + 200):
        historian.put(snapshot(1.0 + 0.1 * turn, count=1))
    assert time.monotonic() - begin_s < 1.0
    assert historian.lost > 0  # bounded, and it says so
    blocker.rollback()
    blocker.close()
    historian.close(within_s=60.0)
    rows = query(directory, "SELECT count(DISTINCT time_s) n FROM samples")
    assert rows["n"].to_pylist()[0] >= QUEUE_SNAPSHOTS - 5

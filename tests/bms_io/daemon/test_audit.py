"""The audit log cannot be changed unseen, and is on disk row by row."""

import shutil
import sqlite3

import pytest

from bms_io.daemon.audit import AuditLog, entries, verify_audit
from bms_io.recorder import Table
from twin.errors import AuditError, DataError
from twin.signals import Setpoints


@pytest.fixture
def path(tmp_path):
    log = AuditLog(tmp_path / "audit.sqlite")
    for number in range(5):
        log.record("intent", 300.0 * number, value=number)
    log.close()
    return log.path


def tamper(path, *statements):
    base = sqlite3.connect(path)
    base.executescript("DROP TRIGGER no_update; DROP TRIGGER no_delete;")
    for statement in statements:
        base.execute(statement)
    base.commit()
    base.close()


def fill(log):
    for number in range(100):
        log.record("intent", float(number), text="x" * 500)


def test_a_log_left_alone_verifies(path):
    assert verify_audit(path)[0] == 5


@pytest.mark.parametrize(
    ("statement", "row"),
    [
        ("UPDATE audit SET body = '{\"value\": 9}' WHERE number = 2", 2),
        ("UPDATE audit SET wall = '2020-01-01' WHERE number = 4", 4),
        ("DELETE FROM audit WHERE number = 3", 3),
        ("UPDATE audit SET number = 7 WHERE number = 1", 1),
        (
            "INSERT INTO audit SELECT 6, wall, 0, 0, event, body, digest, 'x' FROM audit "
            "WHERE number = 5",
            6,
        ),
    ],
    ids=["changed", "clock changed", "removed", "moved", "put in"],
)
def test_any_change_is_found_at_its_row(path, statement, row):
    tamper(path, statement)
    with pytest.raises(DataError, match=f"row {row} does not continue"):
        verify_audit(path)


def test_rows_cut_off_at_the_end_are_found(path):
    tamper(path, "DELETE FROM audit WHERE number > 3")
    with pytest.raises(DataError, match="rows 4 to 5 were cut off"):
        verify_audit(path)


@pytest.mark.parametrize(
    "statement", ["UPDATE audit SET body = ''", "DELETE FROM audit"]
)
def test_the_database_itself_refuses_changes(path, statement):
    base = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        base.execute(statement)
    base.close()


def test_a_log_is_continued_only_when_sound(path):
    log = AuditLog(path)
    assert log.record("result", 1500.0) == 6
    log.close()
    assert verify_audit(path)[0] == 6
    tamper(path, "DELETE FROM audit WHERE number = 1")
    with pytest.raises(DataError):
        AuditLog(path)


def test_a_row_is_on_disk_before_record_returns(tmp_path):
    log = AuditLog(tmp_path / "audit.sqlite")
    log.record("intent", 0.0, wanted=Setpoints(*[float("nan")] * 10), why=("a", "b"))
    (tmp_path / "copy").mkdir()
    for file in tmp_path.glob("audit.sqlite*"):  # as a crash would leave it
        shutil.copy(file, tmp_path / "copy" / file.name)
    (entry,) = entries(tmp_path / "copy" / "audit.sqlite")
    log.close()
    assert entry.details["wanted"]["tcs_supply_c"] == "nan"
    assert entry.details["why"] == ["a", "b"]


def test_a_full_disk_costs_the_reserve_first_and_then_says_so(tmp_path):
    log = AuditLog(tmp_path / "audit.sqlite")
    pages = log._base.execute("PRAGMA page_count").fetchone()[0]
    log._base.execute(f"PRAGMA max_page_count={pages}")  # SQLite's own full disk
    assert not log.degraded
    with pytest.raises(AuditError, match="is full"):
        fill(log)
    assert log.degraded
    log._base.execute(f"PRAGMA max_page_count={pages + 100}")
    log.record("result", 1.0)
    log.close()
    verify_audit(log.path)


def test_a_file_that_is_no_audit_log_is_said(tmp_path):
    (tmp_path / "audit.sqlite").write_text("precious")
    with pytest.raises(DataError, match="not a readable audit log"):
        verify_audit(tmp_path / "audit.sqlite")


def test_a_table_is_complete_after_every_row(tmp_path):
    table = Table(tmp_path / "t.csv", ["time_s", "a", "b"])
    table.add({"time_s": 0.0, "a": 1.5})
    assert (tmp_path / "t.csv").read_text() == "time_s,a,b\n0.0,1.5,\n"
    table.close()

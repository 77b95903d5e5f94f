"""The journal cannot be changed unseen, and is on disk line by line."""

import json

import pytest

from bms_io.journal import Journal, Table, verify_journal
from twin.errors import DataError
from twin.signals import Setpoints


@pytest.fixture
def path(tmp_path):
    journal = Journal(tmp_path / "journal.jsonl")
    for number in range(5):
        journal.record("intent", 300.0 * number, value=number)
    journal.close()
    return journal.path


def rewrite(path, change):
    lines = path.read_text().splitlines()
    path.write_text("\n".join(change(lines)) + "\n")


def test_a_journal_left_alone_verifies(path):
    assert verify_journal(path)[1] == 5


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda lines: [lines[0].replace('"value": 0', '"value": 9'), *lines[1:]], 2),
        (lambda lines: lines[:1] + lines[2:], 2),
        (lambda lines: [lines[1], lines[0], *lines[2:]], 1),
        (lambda lines: [*lines[:4], lines[4][:20]], 5),
        (lambda lines: [*lines[:2], "", *lines[2:]], 3),
    ],
    ids=["changed", "removed", "exchanged", "cut off", "inserted"],
)
def test_any_change_is_found_at_its_line(path, change, line):
    rewrite(path, change)
    with pytest.raises(DataError, match=rf"journal\.jsonl:{line}:"):
        verify_journal(path)


def test_a_journal_is_continued_only_when_sound(path):
    journal = Journal(path)
    assert journal.record("result", 1500.0) == 6
    journal.close()
    assert verify_journal(path)[1] == 6
    rewrite(path, lambda lines: lines[1:])
    with pytest.raises(DataError):
        Journal(path)


def test_a_line_is_on_disk_before_record_returns(tmp_path):
    journal = Journal(tmp_path / "journal.jsonl")
    journal.record(
        "intent", 0.0, wanted=Setpoints(*[float("nan")] * 10), why=("a", "b")
    )
    entry = json.loads(journal.path.read_text())
    journal.close()
    assert entry["wanted"]["tcs_supply_c"] == "nan"
    assert entry["why"] == ["a", "b"]


def test_a_table_is_complete_after_every_row(tmp_path):
    table = Table(tmp_path / "t.csv", ["time_s", "a", "b"])
    table.add({"time_s": 0.0, "a": 1.5})
    assert (tmp_path / "t.csv").read_text() == "time_s,a,b\n0.0,1.5,\n"
    table.close()

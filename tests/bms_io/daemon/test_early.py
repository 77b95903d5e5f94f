"""Warnings of slow faults reach the alarms of a daemon, at low priority."""

import json
import os

from bms_io.daemon.alarm_table import alarm_table
from bms_io.daemon.early import DIAGNOSIS_FILE, EarlyWatch

HEADLINE = "WARNING tower pumps: tower pump wear, 97% sure"


def written(folder, warnings, at_s):
    path = folder / DIAGNOSIS_FILE
    document = {"days": 40, "warnings": [{"words": words} for words in warnings]}
    path.write_text(json.dumps(document), encoding="utf-8")
    os.utime(path, (at_s, at_s))


def test_a_diagnosis_that_comes_later_is_seen_and_one_that_goes_is_over(tmp_path):
    watch = EarlyWatch(tmp_path)
    assert watch() == ""
    written(tmp_path, [[HEADLINE, "do: compare the pumps"]], 1000)
    assert watch() == HEADLINE
    written(tmp_path, [[HEADLINE], ["WARNING UPS: ageing"]], 2000)
    assert watch() == f"{HEADLINE}; WARNING UPS: ageing"
    written(tmp_path, [], 3000)
    assert watch() == ""
    written(tmp_path, [[HEADLINE]], 4000)
    assert watch() == HEADLINE
    (tmp_path / DIAGNOSIS_FILE).unlink()
    assert watch() == ""


def test_a_damaged_file_is_said_and_stops_nothing(tmp_path):
    (tmp_path / DIAGNOSIS_FILE).write_text("{", encoding="utf-8")
    assert "damaged" in EarlyWatch(tmp_path)()


def test_it_is_the_lowest_priority_and_hides_nothing():
    table = alarm_table()
    assert table["slow_fault"].priority == max(
        alarm.priority for alarm in table.values()
    )
    assert "slow_fault" not in {alarm.suppressed_by for alarm in table.values()}

"""Reading a run that grows, in every form that it can have on disk."""

import json

import numpy as np
import pytest

from bms_io.daemon.audit import AuditLog
from dashboards.app import alarms, charts, recording
from dashboards.app.view import cut, health
from tests.dashboards.app.conftest import view_of
from twin.errors import DataError


def as_demo(folder, source, controllers=("rules", "mpc")):
    """Lay out a recorded run as a demo does while it runs."""
    run = recording.read(recording.describe(source), "rules")
    asked = {
        "site": "hybrid_10mw",
        "date": "07-15",
        "hours": 6.0,
        "weather": None,
        "load": None,
        "scale_load": True,
        "seed": 1,
        "spread": 0.0,
        "controllers": list(controllers),
    }
    (folder / "run.json").write_text(json.dumps({"run": asked}), encoding="utf-8")
    for name in controllers:
        (folder / name).mkdir()
        run.telemetry.to_csv(folder / name / "telemetry.csv", index=False)
        run.setpoints.to_csv(folder / name / "setpoints.csv", index=False)
    return recording.describe(folder)


def test_row_that_is_being_written_is_left_out(runs, tmp_path):
    info = as_demo(tmp_path, runs["hybrid_10mw"])
    rows = len(recording.read(info, "mpc").telemetry)
    path = tmp_path / "mpc" / "telemetry.csv"
    stamp = recording.stamp(info, "mpc")
    path.write_text(path.read_text(encoding="utf-8") + "21900.0,31.5", encoding="utf-8")
    assert len(recording.read(info, "mpc").telemetry) == rows
    assert recording.stamp(info, "mpc") != stamp
    assert recording.is_running(info)
    (tmp_path / "summary.json").write_text("{}", encoding="utf-8")
    assert not recording.is_running(info)


def test_record_of_another_version_says_what_is_missing(runs, tmp_path):
    info = as_demo(tmp_path, runs["hybrid_10mw"])
    path = tmp_path / "mpc" / "telemetry.csv"
    path.write_text("time_s,site_power_w\n300,1\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"another version of wetbulb; .*it_power_w"):
        recording.read(info, "mpc")


def test_audit_log_gives_mode_and_heartbeat(runs, tmp_path):
    info = as_demo(tmp_path, runs["hybrid_10mw"])
    log = AuditLog(tmp_path / "mpc" / recording.AUDIT_FILE)
    log.record("mode", 0.0, old="shadow", new="auto", why="armed")
    log.record("hold", 600.0, why="outputs.chip_c: no reading")
    log.close()
    site, _ = recording.world(info)
    run = recording.read(info, "mpc")
    assert [event.kind for event in run.events] == ["mode", "hold"]
    assert health(site, cut(run, 300.0), 300.0, None)[:2] == ("auto", "beating")
    assert health(site, cut(run, 900.0), 900.0, None)[:2] == ("hold", "stopped")


def test_old_data_of_a_live_run_stop_the_heartbeat(runs, tmp_path):
    info = as_demo(tmp_path, runs["hybrid_10mw"])
    site, _ = recording.world(info)
    run = recording.read(info, "mpc")
    end_s = float(run.telemetry["time_s"].iloc[-1])
    old = health(site, run, end_s, 2.0 * site.control.scan_interval_s)
    assert (old.heartbeat, old.is_live) == ("stopped", True)


def test_alarms_have_states_and_holes_are_named(runs):
    view = view_of(runs["hybrid_10mw"])
    table = view.run.telemetry.copy()
    table.loc[table.index[3:5], "chip_c"] = view.site.limits.chip_c + 5.0
    table.loc[table.index[-1], "fws_supply_c"] = np.nan
    found = alarms.found(view._replace(run=view.run._replace(telemetry=table)))
    told = {(a.what.split()[0].rstrip(":"), a.state, a.priority) for a in found}
    assert told == {
        ("fws_supply_c", alarms.UNACKNOWLEDGED, 3),
        ("chip_c", alarms.RETURNED, 1),
    }


def test_long_trend_keeps_its_extremes(runs):
    view = view_of(runs["hybrid_10mw"])
    count = 100_000
    value = np.zeros(count)
    value[54_321] = 7.0
    table = view.run.telemetry.iloc[[0]].reindex(np.zeros(count, int))
    table = table.assign(time_s=np.arange(count) * 60.0, chip_c=value)
    found = charts.bucketed(table, "chip_c")
    assert len(found) == charts.MOST_POINTS
    assert found["high"].max() == 7.0
    assert found["mean"].max() < 7.0

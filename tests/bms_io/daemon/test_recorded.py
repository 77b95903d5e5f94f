"""A daemon's history as telemetry: what a sensor showed becomes a row of a scan."""

from pathlib import Path

import numpy as np
import pytest

from bms_io.daemon.historian import FOLDER, Historian
from bms_io.daemon.recorded import latest, whole
from optimizer.rules import RulesController
from twin.config import load_site
from twin.errors import DataError
from twin.history import history
from twin.interfaces import Quality, Reading, Snapshot
from twin.results import Results
from twin.scenario import load_scenario
from twin.signals import Inputs, Outputs, Setpoints
from twin.simulate import simulate

SITE = load_site("edge_50kw")
PARTS = 5  # readings in a scan


@pytest.fixture(scope="module")
def ran() -> Results:
    """Half a day under the rules."""
    return simulate(SITE, load_scenario(SITE, "06-01", 12.0), RulesController(SITE))


def kept(folder: Path, ran: Results, cap: bool = True, bad: int = -1) -> None:
    """Put a run into a historian, five readings a scan that average to its row."""
    historian = Historian(folder / FOLDER)
    moves = ran.setpoints
    for k, row in ran.telemetry.iterrows():
        last = moves["time_s"].searchsorted(row["time_s"] - 300.0, side="right") - 1
        chosen = moves.iloc[max(last, 0)]
        for part in range(PARTS):
            time_s = float(row["time_s"]) - 300.0 + (part + 1) * 60.0
            wave = 1.0 + 0.01 * (part - 2)  # the mean is 1, the last is not
            values = {f"inputs.{n}": row[n] for n in Inputs._fields}
            values |= {f"outputs.{n}": row[n] * wave for n in Outputs._fields}
            values |= {f"active.{n}": chosen[n] for n in Setpoints._fields}
            if not cap:
                del values["active.it_power_cap_w"]
            quality = Quality.BAD if k == bad else Quality.GOOD
            readings = {
                n: Reading(float(v), quality, time_s, time_s) for n, v in values.items()
            }
            historian.put(Snapshot(time_s, readings))
            while historian.waiting > 100:
                pass
    historian.close()


def test_readings_of_a_minute_become_rows_of_five(tmp_path: Path, ran: Results) -> None:
    kept(tmp_path, ran)
    telemetry, moves = whole(tmp_path)
    found = history(telemetry, moves, "test")
    truth = history(ran.telemetry, ran.setpoints, "truth")
    assert found.time_s == pytest.approx(truth.time_s)
    assert found.inputs == pytest.approx(truth.inputs)
    assert found.setpoints == pytest.approx(truth.setpoints)
    power, inlet = map(Outputs._fields.index, ("site_power_w", "rack_inlet_c"))
    assert found.outputs[:, power] == pytest.approx(truth.outputs[:, power])
    assert found.outputs[:, inlet] == pytest.approx(1.02 * truth.outputs[:, inlet])


def test_bad_readings_leave_a_gap(tmp_path: Path, ran: Results) -> None:
    kept(tmp_path, ran, bad=7)
    found = history(*whole(tmp_path), "test")
    assert ran.telemetry["time_s"][7] not in found.time_s
    assert len(found.time_s) == len(ran.telemetry) - 1


def test_a_setpoint_that_the_plant_lacks_is_said(tmp_path: Path, ran: Results) -> None:
    kept(tmp_path, ran, cap=False)
    found = history(*whole(tmp_path), "test")
    assert any("it_power_cap_w" in note for note in found.notes)
    assert np.isfinite(found.setpoints).all()


def test_the_latest_day_is_as_it_was_read(tmp_path: Path, ran: Results) -> None:
    kept(tmp_path, ran)
    telemetry, moves = latest(tmp_path, 3600.0)
    assert len(telemetry) == 60
    assert set(Setpoints._fields) < set(moves)


def test_an_empty_history_is_refused(tmp_path: Path) -> None:
    Historian(tmp_path / FOLDER).close()
    with pytest.raises(DataError, match="no readings"):
        whole(tmp_path)

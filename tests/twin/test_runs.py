"""Long runs: compiled like called, killed and resumed, broken and many at once."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from optimizer.fixed import FixedController
from optimizer.mpc import MpcController
from optimizer.rules import RulesController
from twin import simulate as simulation
from twin.config import load_site
from twin.errors import ConfigError
from twin.many import Case, simulate_many
from twin.perturb import perturb
from twin.results import OVERRULED, SCAN_SIGNALS, SET, write
from twin.run_store import CHECKPOINT, RunStore
from twin.scenario import load_scenario
from twin.signals import Setpoints
from twin.simulate import simulate

ROOT = Path(__file__).parents[2]
SITE = load_site("hybrid_10mw")
SCENARIO = load_scenario(SITE, "07-15", 24)


class Called:
    """The same rules, without the offer to run compiled."""

    name = "called"

    def __init__(self, controller):
        self.decide = controller.decide


@pytest.mark.parametrize("kind", [FixedController, RulesController])
def test_compiled_rules_and_called_rules_agree_bit_for_bit(kind):
    compiled = simulate(SITE, SCENARIO, kind(SITE))
    called = simulate(SITE, SCENARIO, Called(kind(SITE)))
    pd.testing.assert_frame_equal(
        compiled.telemetry, called.telemetry, check_exact=True
    )
    pd.testing.assert_frame_equal(
        compiled.setpoints, called.setpoints, check_exact=True
    )
    for name in Setpoints._fields:
        vetoes = compiled.arrays[OVERRULED + name]
        np.testing.assert_array_equal(vetoes, called.arrays[OVERRULED + name])
    assert len(called.decisions) == 96
    assert compiled.guard_violations == called.guard_violations == []


def test_arrays_are_named_and_survive_the_disk(tmp_path):
    arrays = simulate(SITE, SCENARIO, FixedController(SITE)).arrays
    assert arrays["site_power_w"].dims == ("scenario", "time")
    assert arrays[SET + "ups_eco"].dims == ("scenario", "control_time")
    first = write(arrays, tmp_path)
    before = [path.read_bytes() for path in first]
    again = write(arrays, tmp_path)
    assert [path.read_bytes() for path in again] == before
    with xr.open_dataset(tmp_path / "results.nc", engine="scipy") as loaded:
        xr.testing.assert_equal(loaded.load(), arrays)
    table = pd.read_parquet(tmp_path / "telemetry.parquet")
    assert list(table.columns) == ["time_s", *SCAN_SIGNALS, "scenario"]
    np.testing.assert_array_equal(table["chip_c"], arrays["chip_c"].values[0])


def test_value_that_is_not_finite_ends_the_run_with_the_results_so_far():
    power_w = SCENARIO.load.power_w.copy()
    power_w[SCENARIO.load.time_s > 6 * 3600.0] = np.nan
    broken = SCENARIO._replace(load=SCENARIO.load._replace(power_w=power_w))
    for controller in (RulesController(SITE), Called(FixedController(SITE))):
        result = simulate(SITE, broken, controller)
        assert result.status.startswith("stopped at ")
        assert "not finite" in result.status
        assert len(result.telemetry) == pytest.approx(72, abs=1)
        assert np.isfinite(result.telemetry.to_numpy()).all()


def test_step_must_fill_the_scan():
    with pytest.raises(ConfigError, match="--dt 70"):
        simulate(SITE, SCENARIO, FixedController(SITE), dt_s=70.0)


def test_scenarios_in_threads_equal_single_runs_in_any_order():
    rng = np.random.default_rng(1)
    cases = [Case(SCENARIO, perturb(SITE.facility, rng, 0.05)) for _ in range(5)]
    rules = RulesController(SITE)
    keep = ("site_power_w", "chip_c")

    def together(some):
        parts = simulate_many(SITE, some, rules, 300.0, keep, batch=2)
        return xr.concat([part.arrays for part in parts], "scenario")

    forward, backward = together(cases), together(cases[::-1])
    for name in keep:
        np.testing.assert_array_equal(forward[name], backward[name].values[::-1])
        for case, row in zip(cases, forward[name].values, strict=True):
            alone = simulate(SITE, SCENARIO, rules, case.plant, 300.0)
            np.testing.assert_array_equal(row, alone.arrays[name].values[0])
    assert list(forward["scenario"]) == [0, 1, 2, 3, 4]


def test_controller_in_python_cannot_run_in_threads():
    case = Case(SCENARIO, SITE.facility)
    with pytest.raises(ConfigError, match="one scenario at a time"):
        next(simulate_many(SITE, [case], MpcController(SITE)))


def test_folder_of_another_run_is_refused(tmp_path):
    RunStore(tmp_path, {"seed": 1})
    RunStore(tmp_path, {"seed": 1})
    with pytest.raises(ConfigError, match="seed"):
        RunStore(tmp_path, {"seed": 2})


def test_folder_of_a_finished_run_is_refused_and_left_as_it_is(tmp_path):
    store = RunStore(tmp_path, {"seed": 1})
    short = SCENARIO._replace(duration_s=3600.0)
    result = simulate(SITE, short, FixedController(SITE), store=store)
    write(result.arrays, tmp_path)
    store.clear()
    before = (tmp_path / "results.nc").read_bytes()
    with pytest.raises(ConfigError, match="finished"):
        RunStore(tmp_path, {"seed": 1})
    assert (tmp_path / "results.nc").read_bytes() == before


class Recalling:
    """Rules in Python that count, lean on the forecast, and can tell both."""

    name = "recalling"

    def __init__(self):
        self._rules, self.count = RulesController(SITE), 0

    def decide(self, estimate, forecast, now_s):
        self.count += 1
        made = self._rules.decide(estimate, forecast, now_s)
        ahead_c = float(np.asarray(forecast.inputs.wet_bulb_c)[8])
        wanted = 14.0 + 0.1 * ahead_c + 0.01 * (self.count % 7)
        return made._replace(setpoints=made.setpoints._replace(tower_supply_c=wanted))

    def state(self):
        return {"count": self.count}

    def restore(self, known):
        self.count = known["count"]


class Interrupted(Exception):
    """Stands for a kill."""


@pytest.fixture
def short_stretches(monkeypatch):
    monkeypatch.setattr(simulation, "STRETCH_STEPS", 240)


@pytest.fixture
def stopped(short_stretches):
    """Runs a controller until a time, as a kill would end it there."""

    def run(controller, folder, until_scan):
        def stop(done, total):
            if done > until_scan:
                raise Interrupted

        with pytest.raises(Interrupted):
            simulate(
                SITE,
                SCENARIO,
                controller,
                store=RunStore(folder, {"run": 1}),
                progress=stop,
            )

    return run


def test_a_called_controller_goes_on_bit_for_bit_if_it_tells_its_memory(
    tmp_path, stopped
):
    whole = simulate(SITE, SCENARIO, Recalling())
    stopped(Recalling(), tmp_path, 150)
    after = Recalling()
    again = simulate(SITE, SCENARIO, after, store=RunStore(tmp_path, {"run": 1}))
    assert after.count == 96
    pd.testing.assert_frame_equal(whole.telemetry, again.telemetry, check_exact=True)
    pd.testing.assert_frame_equal(whole.setpoints, again.setpoints, check_exact=True)
    assert [d.setpoints for d in again.decisions] == [
        d.setpoints for d in whole.decisions
    ]
    assert again.guard_events == whole.guard_events


def test_a_controller_that_tells_nothing_begins_anew(tmp_path, stopped):
    stopped(Called(RulesController(SITE)), tmp_path, 150)
    assert not (tmp_path / CHECKPOINT).exists()


def test_a_stopped_mpc_goes_on_with_what_it_learned(tmp_path, stopped):
    stopped(MpcController(SITE), tmp_path, 200)
    seen = []
    again = simulate(
        SITE,
        SCENARIO,
        MpcController(SITE),
        store=RunStore(tmp_path, {"run": 1}),
        progress=lambda done, total: seen.append(done),
    )
    assert seen[0] > 150  # it did not begin anew
    assert len(again.decisions) == 96
    assert {decision.status for decision in again.decisions} == {"ok"}
    assert again.guard_violations == []


LONG_RUN = """
import sys
from pathlib import Path
from optimizer.rules import RulesController
from twin.config import load_site
from twin.results import write
from twin.run_store import RunStore
from twin.scenario import load_scenario
from twin.simulate import simulate
import twin.simulate
import time

twin.simulate.STRETCH_STEPS = 60  # a checkpoint every hour
folder, pause_s = Path(sys.argv[1]), float(sys.argv[2])
site = load_site("hybrid_10mw")
scenario = load_scenario(site, "07-15", 24)
store = RunStore(folder, {"run": "test"})
result = simulate(site, scenario, RulesController(site), store=store,
                  progress=lambda done, total: time.sleep(pause_s))
write(result.arrays, folder)
print(result.status)
"""


def long_run(folder: Path, pause_s: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", LONG_RUN, str(folder), str(pause_s)]
    return subprocess.Popen(
        command, cwd=ROOT, env=dict(os.environ), stdout=subprocess.PIPE, text=True
    )


def test_killed_run_goes_on_and_ends_with_the_same_bytes(tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    run = long_run(whole, 0.0)
    assert run.communicate(timeout=120)[0].strip() == "ok"
    first = long_run(killed, 0.2)
    deadline = time.monotonic() + 60
    while not (killed / "part_0004.npz").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    first.send_signal(signal.SIGKILL)
    first.communicate(timeout=30)
    assert not (killed / "results.nc").exists()
    with np.load(killed / CHECKPOINT) as kept:
        assert 0 < int(kept["scan"]) < 288
    second = long_run(killed, 0.0)
    assert second.communicate(timeout=120)[0].strip() == "ok"
    for name in ("results.nc", "telemetry.parquet", "setpoints.parquet"):
        assert (whole / name).read_bytes() == (killed / name).read_bytes()
    assert json.loads((killed / "run.json").read_text()) == {"run": "test"}

"""The memory of the mpc outlives its process; a broken one is told and left behind."""

import json

import numpy as np
import pytest

from optimizer.mpc import MpcController
from optimizer.remembered import Remembered
from twin.config import load_site
from twin.interfaces import Estimate
from twin.signals import Inputs, Setpoints, State

SITE = load_site("edge_50kw")
ACTIVE = Setpoints(*map(float, SITE.design))


def estimate(site_power_w, active=ACTIVE, **measured):
    inputs = Inputs(12.0, 6.0, 0.004, 82e3, 3e4)
    state = State(20.0, 22.0, 30.0, 24.0, 0.95, 0.0, 1e9)
    seen = {"site_power_w": site_power_w, "rack_inlet_c": 25.0, **measured}
    return Estimate(0.0, inputs, state, active, seen, ())


def decided(controller, *powers_w):
    """Without a forecast the rules decide, and what is measured is learned before."""
    for k, power_w in enumerate(powers_w):
        moved = ACTIVE._replace(tower_supply_c=ACTIVE.tower_supply_c + k)
        controller.decide(estimate(power_w, moved), None, 900.0 * k)
    return controller


def test_peak_offsets_and_directions_survive_a_restart(tmp_path):
    path = tmp_path / "memory.json"
    before = MpcController(SITE)
    decided(Remembered(before, path, SITE.name), 3.1e4, 4.4e4, 3.2e4)
    after = MpcController(SITE)
    made = Remembered(after, path, SITE.name).decide(estimate(3.0e4), None, 2700.0)
    assert "goes on from the memory of 1800 s" in made.reason
    assert after.state()["offset"]["peak_w"] == pytest.approx(4.4e4)
    assert after.state()["history"] == before.state()["history"]
    assert np.all(np.isfinite(after.state()["offset"]["limited_k"]))


def test_state_is_restored_exactly():
    first = decided(MpcController(SITE), 3.1e4, 4.4e4)
    second = MpcController(SITE)
    second.restore(json.loads(json.dumps(first.state())))
    assert second.state() == first.state()


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[1, 2]", '{"memory": {}, "now_s": 0, "site": "edge_50kw"}'],
)
def test_a_broken_memory_is_told_and_left_behind(tmp_path, text):
    path = tmp_path / "memory.json"
    path.write_text(text, encoding="utf-8")
    fresh = MpcController(SITE)
    told = Remembered(fresh, path, SITE.name).decide(estimate(3.1e4), None, 0.0)
    assert "is not readable" in told.reason
    assert fresh.state()["offset"]["peak_w"] == pytest.approx(3.1e4)
    assert json.loads(path.read_text(encoding="utf-8"))["now_s"] == 0.0


@pytest.mark.parametrize(("site", "now_s"), [("hybrid_10mw", 0.0), ("edge_50kw", 9e5)])
def test_memory_of_another_run_is_left_behind(tmp_path, site, now_s):
    path = tmp_path / "memory.json"
    memory = decided(MpcController(SITE), 9e4).state()
    document = {"site": site, "now_s": now_s, "memory": memory}
    path.write_text(json.dumps(document), encoding="utf-8")
    fresh = MpcController(SITE)
    told = Remembered(fresh, path, SITE.name).decide(estimate(3.1e4), None, 0.0)
    assert "is of another run" in told.reason
    assert fresh.state()["offset"]["peak_w"] == pytest.approx(3.1e4)


def test_a_folder_that_is_gone_does_not_stop_the_control(tmp_path):
    gone = Remembered(MpcController(SITE), tmp_path / "gone" / "memory.json", SITE.name)
    gone.decide(estimate(3.1e4), None, 0.0)
    assert "memory not kept" in gone.decide(estimate(3.1e4), None, 900.0).reason

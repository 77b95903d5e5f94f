"""The signal catalogue agrees with the NamedTuples, the twin and the point maps."""

import pytest

from bms_io.point_names import si_unit
from bms_io.points import load_points
from optimizer.rules import RulesController
from twin.config import load_site
from twin.resources import available, resolve
from twin.scenario import load_scenario
from twin.signal_table import catalogue
from twin.signals import Inputs, Outputs, Setpoints, State
from twin.simulate import simulate

GROUPS = {
    "inputs": Inputs,
    "setpoints": Setpoints,
    "state": State,
    "outputs": Outputs,
}


def test_every_signal_once_in_order_and_none_too_many():
    wanted = [(group, name) for group, kind in GROUPS.items() for name in kind._fields]
    assert list(catalogue()) == wanted


@pytest.mark.parametrize("signal", catalogue().values(), ids=lambda s: s.name)
def test_unit_is_that_of_the_suffix_and_the_range_is_one(signal):
    assert signal.unit == si_unit(signal.name)
    assert signal.low < signal.high
    assert signal.meaning


@pytest.mark.parametrize("name", available("points", ".yaml"))
def test_point_maps_stay_within(name):
    points = load_points(resolve(name, "points", ".yaml")).points
    for full_name, point in points.items():
        group, signal_name = full_name.split(".")
        signal = catalogue().get((group.replace("active", "setpoints"), signal_name))
        if signal is None:
            continue  # clock, mode, heartbeat
        if point.write:
            low, high = point.write.minimum, point.write.maximum
            assert signal.low <= low < high <= signal.high, full_name
        reaches = max(point.minimum, signal.low) < min(point.maximum, signal.high)
        assert reaches, full_name


def test_twin_stays_within():
    site = load_site("hybrid_10mw")
    result = simulate(site, load_scenario(site, "07-15", 24), RulesController(site))
    for (group, name), signal in catalogue().items():
        if group in ("inputs", "outputs"):
            assert result.telemetry[name].between(signal.low, signal.high).all(), name
        if group == "setpoints":
            assert result.setpoints[name].between(signal.low, signal.high).all(), name

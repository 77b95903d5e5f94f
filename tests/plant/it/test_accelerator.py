"""Physics of an accelerator."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plant.it import accelerator, rack
from plant.it.accelerator import Accelerator

MI250X = Accelerator(idle_power_w=88.0, peak_power_w=560.0)
NO_CAP_W = 1e6


def test_idle_and_peak_at_the_reference():
    assert accelerator.operate(MI250X, 0.0, NO_CAP_W, 30.0).power_w == 88.0
    assert accelerator.operate(MI250X, 1.0, NO_CAP_W, 30.0).power_w == 560.0


@settings(max_examples=50, deadline=None)
@given(st.floats(0.0, 1.0), st.floats(50.0, 700.0), st.floats(10.0, 55.0))
def test_cap_holds_unless_flagged(utilization, cap_w, inlet_c):
    made = accelerator.operate(MI250X, utilization, cap_w, inlet_c)
    assert made.cap_missed or made.power_w <= cap_w * (1.0 + 1e-9)
    assert MI250X.clock_minimum <= made.clock <= 1.0


def test_capping_saves_more_power_than_work():
    free = accelerator.operate(MI250X, 1.0, NO_CAP_W, 30.0)
    capped = accelerator.operate(MI250X, 1.0, 0.8 * 560.0, 30.0)
    assert capped.throughput / free.throughput > capped.power_w / free.power_w


def test_hopeless_cap_is_flagged_at_the_least_clock():
    made = accelerator.operate(MI250X, 1.0, 50.0, 30.0)
    assert made.cap_missed == 1.0
    assert made.clock == MI250X.clock_minimum


def test_slope_per_kelvin_is_the_documented_one():
    at = [accelerator.leakage_factor(0.08, 25.0, 30.0, t) for t in (30.0, 31.0)]
    assert at[0] == 1.0
    assert at[1] - at[0] == pytest.approx(0.0022, abs=5e-5)


def test_racks_and_accelerators_leak_alike():
    racks = rack.Racks(1e6, 1.0, 12.0)
    made = rack.operate(racks, 1e6, 45.0, 25.0)
    one = accelerator.operate(MI250X, 1.0, NO_CAP_W, 45.0)
    assert made.power_w / 1e6 == pytest.approx(one.power_w / 560.0, rel=1e-12)

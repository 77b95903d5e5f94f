"""Physics of the pump."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plant.cooling import pump, pump_curve
from plant.cooling.pump import Pump

PUMP = Pump(design_flow_m3_s=0.05, design_head_pa=250e3, efficiency=0.7)
flow_m3_s = st.floats(0.0, 0.06)
head_pa = st.floats(1e3, 3e5)
few = settings(max_examples=50, deadline=None)


@few
@given(flow_m3_s, head_pa)
def test_power_covers_the_hydraulic_power(flow, head):
    power = pump.power(PUMP, flow, head)
    assert power >= flow * head / PUMP.efficiency * (1 - 1e-12)


def test_design_point():
    assert pump.speed(PUMP, 0.05, 250e3) == pytest.approx(1.0)
    assert pump.power(PUMP, 0.05, 250e3) == pytest.approx(0.05 * 250e3 / 0.7)


@few
@given(st.floats(0.3, 1.2), st.floats(0.0, 5e4), st.floats(1e7, 1e9))
def test_flow_and_speed_agree(speed, static, resistance):
    flow = pump.flow_at_speed(PUMP, speed, static, resistance)
    if flow > 0.0:
        head = static + resistance * flow**2
        assert pump.speed(PUMP, flow, head) == pytest.approx(speed)


def test_affinity_laws_without_static_head():
    flow = np.array([0.02, 0.03, 0.05])
    power = pump.power(PUMP, flow, 250e3 * (flow / 0.05) ** 2)
    np.testing.assert_allclose(power / power[-1], (flow / 0.05) ** 3)


def test_static_head_saves_less_than_the_cube_law():
    half = pump.power(PUMP, 0.025, 100e3 + 150e3 * 0.25)
    assert half > pump.power(PUMP, 0.05, 250e3) * 0.5**3 * 1.5


def test_no_pump_needs_nothing():
    nothing = PUMP._replace(design_flow_m3_s=0.0)
    assert pump.power(nothing, 0.01, 1e5) == 0.0
    assert pump.flow_at_speed(nothing, 1.0, 0.0, 1e8) == 0.0


def test_measured_curve_goes_through_its_points_without_overshoot():
    flow, head = [0.0, 1.0, 2.0, 4.0], [10.0, 9.9, 8.0, 1.0]
    curve = pump_curve.from_table(flow, head, [1.0, 2.0, 3.0, 3.0])
    np.testing.assert_allclose(pump_curve.head(curve, 1.0, np.array(flow)), head)
    fine = pump_curve.head(curve, 1.0, np.linspace(0, 4, 200))
    assert (np.diff(fine) <= 0).all()
    assert pump_curve.power(curve, 1.0, np.linspace(2, 4, 50)) == pytest.approx(3.0)

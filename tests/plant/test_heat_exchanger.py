"""Physics of the plate heat exchanger."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plant import heat_exchanger
from plant.heat_exchanger import PlateHeatExchanger

PLATE = PlateHeatExchanger(ua_w_k=2e5, hot_flow_kg_s=30.0, cold_flow_kg_s=40.0)
CP = 4180.0
temperature_c = st.floats(5.0, 60.0)
flow_kg_s = st.floats(0.0, 60.0)
few = settings(max_examples=50, deadline=None)


def heat(plate, hot, hot_flow, cold, cold_flow):
    return heat_exchanger.heat_transferred(
        plate, hot, hot_flow, CP, cold, cold_flow, CP
    )


@few
@given(temperature_c, flow_kg_s, temperature_c, flow_kg_s)
def test_neither_stream_leaves_past_the_other_inlet(hot, hot_flow, cold, cold_flow):
    moved = heat(PLATE, hot, hot_flow, cold, cold_flow)
    most = min(hot_flow, cold_flow) * CP * (hot - cold)
    assert abs(moved) <= abs(most) * (1 + 1e-12)
    assert moved * (hot - cold) >= 0.0


@few
@given(temperature_c, flow_kg_s, temperature_c, flow_kg_s)
def test_swapping_the_sides_turns_the_heat_around(hot, hot_flow, cold, cold_flow):
    plate = PLATE._replace(cold_flow_kg_s=PLATE.hot_flow_kg_s)
    there = heat(plate, hot, hot_flow, cold, cold_flow)
    back = heat(plate, cold, cold_flow, hot, hot_flow)
    assert there == pytest.approx(-back, rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("ntu", [0.0, 1e-9, 0.5, 3.0, 1e6])
def test_equal_capacity_rates_have_the_exact_limit(ntu):
    limit = ntu / (1 + ntu)
    for ratio in (1.0, 1.0 - 1e-13, 1.0 - 1e-10):
        found = heat_exchanger.effectiveness_counterflow(ntu, ratio)
        assert found == pytest.approx(limit, rel=1e-8, abs=1e-15)


@pytest.mark.parametrize("ratio", [0.0, 0.3, 0.9])
def test_effectiveness_is_that_of_the_textbook_form(ratio):
    ntu = np.linspace(0.1, 5, 20)
    decay = np.exp(-ntu * (1 - ratio))
    expected = (1 - decay) / (1 - ratio * decay)
    found = heat_exchanger.effectiveness_counterflow(ntu, ratio)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("flows", [(0.0, 0.0), (0.0, 10.0), (10.0, 0.0)])
def test_no_flow_no_heat(flows):
    assert heat(PLATE, 40.0, flows[0], 20.0, flows[1]) == 0.0


def test_no_size_no_heat():
    assert heat(PLATE._replace(ua_w_k=0.0), 40.0, 20.0, 20.0, 30.0) == 0.0


def test_nominal_flows_give_the_nominal_conductance():
    for ratio in (0.5, 1.0, 2.0):
        plate = PLATE._replace(hot_to_cold_ratio=ratio)
        assert heat_exchanger.conductance(plate, 30.0, 40.0) == pytest.approx(2e5)


def test_conductance_is_smooth_where_it_levels_off():
    tenth = 3.0 + np.array([-1e-4, 0.0, 1e-4])
    ua = heat_exchanger.conductance(PLATE, tenth, 40.0)
    assert ua[2] - ua[1] == pytest.approx(ua[1] - ua[0], rel=1e-3)

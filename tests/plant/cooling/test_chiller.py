"""Physics of the chiller."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plant.cooling import chiller
from plant.cooling.chiller import Chiller

# Carrier 19XR 1407 kW, EnergyPlus data set Chillers.idf
CARRIER = Chiller(
    1406600.0,
    6.04,
    (1.042261, 0.002644821, -0.001468026, 0.01366256, -0.0008302334, 0.001573579),
    (1.02634, -0.01612819, -0.001092591, -0.01784393, 0.0007961842, -9.586049e-05),
    (0.118888, 0.6723542, 0.2068754),
    (4.44, 10.0),
    (12.78, 32.22),
    0.2,
    1.04,
    0.2,
)
load_w = st.floats(0.0, 3e6)
leaving_c = st.floats(3.0, 25.0)
condenser_c = st.floats(5.0, 45.0)
few = settings(max_examples=50, deadline=None)


@few
@given(load_w, leaving_c, condenser_c)
def test_condenser_takes_heat_and_power(load, leaving, condenser):
    found = chiller.operate(CARRIER, load, leaving, condenser)
    assert found.condenser_heat_w == pytest.approx(found.heat_w + found.power_w)
    assert found.heat_w <= load * (1 + 1e-9) + 1e-9


@few
@given(load_w, leaving_c, condenser_c)
def test_no_better_than_carnot(load, leaving, condenser):
    found = chiller.operate(CARRIER, load, min(leaving, 10.0), max(condenser, 15.0))
    lift_k = max(condenser, 15.0) - min(leaving, 10.0)
    assert found.power_w * (min(leaving, 10.0) + 273.15) >= found.heat_w * lift_k


def test_reference_point_has_the_rated_cop():
    found = chiller.operate(CARRIER, 1406600.0, 6.67, 29.44)
    assert found.capacity_w == pytest.approx(1406600.0, rel=0.02)
    assert found.heat_w / found.power_w == pytest.approx(6.04, rel=0.02)


def test_says_when_it_extrapolates():
    assert chiller.operate(CARRIER, 5e5, 7.0, 25.0).extrapolated == 0.0
    warm = chiller.operate(CARRIER, 5e5, 18.0, 25.0)
    assert warm.extrapolated == 1.0
    held = chiller.operate(CARRIER, 5e5, 10.0, 25.0)
    assert warm.power_w == held.power_w


def test_cycles_below_its_least_part_load():
    least = chiller.operate(
        CARRIER, 0.2 * chiller.capacity(CARRIER, 7.0, 25.0), 7.0, 25.0
    )
    half = chiller.operate(CARRIER, 0.5 * least.heat_w, 7.0, 25.0)
    assert half.power_w == pytest.approx(0.5 * least.power_w)


def test_no_chiller_takes_nothing():
    found = chiller.operate(CARRIER._replace(reference_capacity_w=0.0), 1e6, 7.0, 25.0)
    assert found.heat_w == found.power_w == found.condenser_heat_w == 0.0


@few
@given(st.floats(5.0, 10.0), st.floats(8.0, 30.0), st.floats(10.0, 90.0), condenser_c)
def test_leaving_water_carries_what_the_capacity_allows(
    setpoint, enter, flow, condenser
):
    leaving = chiller.leaving_temperature(
        CARRIER, setpoint, enter, flow, 4190.0, condenser
    )
    assert min(setpoint, enter) - 1e-9 <= leaving <= enter + 1e-9
    load = flow * 4190.0 * (enter - leaving)
    full = 1.04 * chiller.capacity(CARRIER, leaving, condenser)
    assert load <= full * 1.001
    if leaving > setpoint + 1e-6 and enter > setpoint:
        assert load == pytest.approx(full, rel=1e-3)

"""Physics of the open cooling tower."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plant import psychrometrics, water
from plant.cooling import cooling_tower
from plant.cooling.cooling_tower import CoolingTower
from plant.types import OutdoorAir

TOWER = CoolingTower(
    ua_w_k=90e3, water_flow_kg_s=50.0, air_flow_m3_s=35.0, fan_power_w=12e3
)
speed = st.floats(0.0, 1.0)
setpoint_c = st.floats(10.0, 40.0)
water_c = st.floats(8.0, 55.0)
flow_kg_s = st.floats(2.0, 70.0)
wet_bulb_c = st.floats(-15.0, 32.0)
depression_k = st.floats(0.0, 15.0)
few = settings(max_examples=50, deadline=None)


def outdoor(wet_bulb, depression=5.0, pressure=101325.0):
    dry_bulb = wet_bulb + depression
    humidity = psychrometrics.humidity_ratio_from_wet_bulb(dry_bulb, wet_bulb, pressure)
    return OutdoorAir(dry_bulb, wet_bulb, humidity, pressure)


@few
@given(setpoint_c, water_c, flow_kg_s, wet_bulb_c, depression_k)
def test_water_never_leaves_below_wet_bulb(setpoint, t_in, flow, wet_bulb, depression):
    air = outdoor(wet_bulb, depression)
    found = cooling_tower.operate(TOWER, setpoint, t_in, flow, air)
    assert min(wet_bulb, t_in) - 1e-9 <= found.water_out_c <= max(wet_bulb, t_in) + 1e-9


@few
@given(speed, speed, water_c, flow_kg_s, wet_bulb_c)
def test_more_fan_never_rejects_less(one, other, t_in, flow, wet_bulb):
    slow, fast = sorted((one, other))
    t_in = max(t_in, wet_bulb + 0.1)
    air = outdoor(wet_bulb)
    warm = cooling_tower.cool(TOWER, slow, t_in, flow, air)
    # what the fixed number of iterations may leave
    assert cooling_tower.cool(TOWER, fast, t_in, flow, air) <= warm + 1e-4


@few
@given(setpoint_c, water_c, flow_kg_s, wet_bulb_c, depression_k)
def test_heat_is_what_the_water_loses(setpoint, t_in, flow, wet_bulb, depression):
    air = outdoor(wet_bulb, depression)
    found = cooling_tower.operate(TOWER, setpoint, t_in, flow, air)
    lost = flow * water.heat_capacity(t_in) * (t_in - found.water_out_c)
    assert found.heat_w == pytest.approx(lost, rel=1e-9, abs=1e-3)


@few
@given(setpoint_c, water_c, flow_kg_s, wet_bulb_c)
def test_solved_speed_gives_the_leaving_water(setpoint, t_in, flow, wet_bulb):
    air = outdoor(wet_bulb)
    t_in = max(t_in, wet_bulb + 0.5)
    found = cooling_tower.operate(TOWER, setpoint, t_in, flow, air)
    again = cooling_tower.cool(TOWER, found.fan_speed, t_in, flow, air)
    assert again == pytest.approx(found.water_out_c, abs=1e-3)


@few
@given(setpoint_c, water_c, flow_kg_s, wet_bulb_c)
def test_fan_works_no_more_than_needed(setpoint, t_in, flow, wet_bulb):
    found = cooling_tower.operate(TOWER, setpoint, t_in, flow, outdoor(wet_bulb))
    if found.water_out_c < setpoint - 1e-6:
        assert found.fan_power_w == 0.0
    if found.water_out_c > setpoint + 1e-6 and t_in > wet_bulb:
        assert found.fan_speed == 1.0


@few
@given(setpoint_c, water_c, flow_kg_s, wet_bulb_c, depression_k)
def test_water_balance(setpoint, t_in, flow, wet_bulb, depression):
    air = outdoor(wet_bulb, depression)
    found = cooling_tower.operate(TOWER, setpoint, t_in, flow, air)
    parts = found.evaporation_kg_s + found.drift_kg_s + found.blowdown_kg_s
    assert found.makeup_kg_s == pytest.approx(parts, rel=1e-12)
    assert min(found.evaporation_kg_s, found.drift_kg_s, found.blowdown_kg_s) >= 0.0
    # salts leave with blowdown and drift only
    concentrated = (found.blowdown_kg_s + found.drift_kg_s) * 3.0
    assert concentrated >= found.makeup_kg_s * (1 - 1e-9)


def test_evaporation_lies_below_heat_over_latent_heat_in_cool_air():
    found = cooling_tower.operate(TOWER, 20.0, 28.0, 40.0, outdoor(5.0, 2.0))
    assert 0.5 < found.evaporation_kg_s / (found.heat_w / 2.45e6) < 0.9


def test_no_water_and_no_tower_do_nothing():
    air = outdoor(20.0, 8.0)
    for tower, flow in ((TOWER, 0.0), (TOWER._replace(ua_w_k=0.0), 40.0)):
        found = cooling_tower.operate(tower, 25.0, 35.0, flow, air)
        assert found.water_out_c == 35.0
        assert max(found[1:]) == 0.0


def test_iterations_have_converged():
    """Against a bisection of the same equations, over a wide range of towers."""
    rng = np.random.default_rng(0)
    n = 2000
    tower = TOWER._replace(ua_w_k=rng.uniform(4e4, 2e5, n))
    air = outdoor(rng.uniform(-15, 32, n), rng.uniform(0, 15, n), 90e3)
    t_in = np.clip(air.wet_bulb_c + rng.uniform(0.3, 35, n), 3, 58)
    flow, x = rng.uniform(5, 60, n), rng.uniform(0.2, 1, n)
    found = cooling_tower.cool(tower, x, t_in, flow, air)
    np.testing.assert_allclose(found, bisected(tower, x, t_in, flow, air), atol=1e-4)


def bisected(tower, x, t_in, flow, air):
    y = np.clip(flow / tower.water_flow_kg_s, 0.3, 1)
    ua = tower.ua_w_k * (1.3 * x - 0.3 * x**2)
    ua = ua * np.clip(1 + 0.0081 * np.clip(25.6 - air.wet_bulb_c, -10, 25), 0.85, 1.3)
    ua = ua * np.clip(0.1082 + 1.667 * y - 0.7713 * y**2, 0.5, 1.1)
    m_air = x * 35 * psychrometrics.density(*air[:1], *air[2:])
    h_in = psychrometrics.saturated_enthalpy(air.wet_bulb_c, air.pressure_pa)
    c_water = flow * water.heat_capacity(t_in)
    span = t_in - air.wet_bulb_c
    low, high = np.zeros_like(x), np.ones_like(x)
    for _ in range(50):
        z = 0.5 * (low + high)
        h = psychrometrics.saturated_enthalpy(
            air.wet_bulb_c + z * span, air.pressure_pa
        )
        slope = (h - h_in) / (z * span)
        c_air = m_air * slope
        c_min, c_max = np.minimum(c_air, c_water), np.maximum(c_air, c_water)
        ntu = ua * slope / psychrometrics.heat_capacity(air.humidity_ratio) / c_min
        decay = np.exp(-ntu * (1 - c_min / c_max))
        heat = (1 - decay) / (1 - c_min / c_max * decay) * c_min * span
        more = heat > c_air * z * span
        low, high = np.where(more, z, low), np.where(more, high, z)
    return t_in - heat / c_water

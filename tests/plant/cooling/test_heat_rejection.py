"""Dry coolers, closed-circuit towers and AHUs obey the air that they have."""

from hypothesis import given
from hypothesis import strategies as st

from plant import psychrometrics
from plant.cooling import ahu, closed_circuit_tower, dry_cooler, tower_correlation
from plant.types import OutdoorAir
from tests.contracts.cooling import AHU, CLOSED, DRY_COOLER, TOWER

DRY_BULB_C = st.floats(-20.0, 45.0)
DEPRESSION_K = st.floats(0.0, 12.0)
WATER_C = st.floats(10.0, 60.0)
FLOW_KG_S = st.floats(1.0, 40.0)
SMALL_K = 1e-6


def outdoor(dry_bulb_c, depression_k):
    saturated = psychrometrics.saturated_humidity_ratio(dry_bulb_c, 1e5)
    humidity = float(saturated) * (1.0 - depression_k / 13.0)
    wet_bulb_c = psychrometrics.wet_bulb(dry_bulb_c, humidity, 1e5)
    return OutdoorAir(dry_bulb_c, float(wet_bulb_c), humidity, 1e5)


@given(DRY_BULB_C, DEPRESSION_K, WATER_C, FLOW_KG_S, st.floats(0, 1))
def test_dry_cooler_never_cools_below_its_air(dry_bulb_c, depression_k, hot_c, m, wet):
    air = outdoor(dry_bulb_c, depression_k)
    found = dry_cooler.operate(DRY_COOLER, 5.0, hot_c, m, air, wet)
    lowest = air.wet_bulb_c if wet > 0 else air.dry_bulb_c
    assert found.water_out_c >= min(lowest, hot_c) - SMALL_K
    assert found.water_out_c <= hot_c
    assert 0.0 <= found.fan_power_w <= DRY_COOLER.fan_power_w


@given(DRY_BULB_C, DEPRESSION_K, WATER_C, FLOW_KG_S)
def test_closed_circuit_never_cools_below_wet_bulb(dry_bulb_c, depression_k, hot_c, m):
    air = outdoor(dry_bulb_c, depression_k)
    found = closed_circuit_tower.operate(CLOSED, 5.0, hot_c, m, air)
    assert found.water_out_c >= min(air.wet_bulb_c, hot_c) - SMALL_K
    assert found.makeup_kg_s >= found.evaporation_kg_s >= 0.0


@given(st.floats(0, 1), WATER_C, st.floats(50, 150), st.floats(-20, 30))
def test_correlated_tower_never_cools_below_wet_bulb(x, hot_c, m, wet_bulb_c):
    found = tower_correlation.cool(TOWER, x, hot_c, m, wet_bulb_c)
    assert found.water_out_c >= min(wet_bulb_c, hot_c) - SMALL_K
    assert found.heat_w >= 0.0


@given(DRY_BULB_C, DEPRESSION_K, st.floats(24, 48), st.floats(1, 15), st.floats(16, 26))
def test_ahu_reaches_its_setpoint_and_no_further(
    dry_bulb_c, depression_k, hot_c, m, setpoint_c
):
    air = outdoor(dry_bulb_c, depression_k)
    found = ahu.operate(AHU, hot_c, 0.009, m, setpoint_c, air)
    assert found.supply_c <= hot_c
    # Where dry outdoor air can just carry the heat off, the reference's rule jumps by its
    # least approach: no flow meets a setpoint inside that jump.
    dry = 1.0 - found.wet
    jump_k = dry * ahu.LEAST_APPROACH_K * found.secondary_flow_kg_s / m
    assert found.supply_c >= min(setpoint_c, hot_c) - 0.01 - jump_k
    assert found.power_w <= AHU.secondary_fan_power_w + AHU.spray_pump_power_w + 1e-6

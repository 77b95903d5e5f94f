"""Towers by correlation against EnergyPlus and Modelica."""

import numpy as np
import pytest

from plant.cooling import approach, tower_correlation
from plant.cooling.tower_correlation import CorrelatedTower
from tests.validation.conftest import published
from tests.validation.nameplates import coefficients


def nameplate(params):
    fields = params["fields"]
    fan = fields["fan_power_ratio_function_of_air_flow_rate_ratio_curve_name"]
    tower = CorrelatedTower(
        fields["design_water_flow_rate"],
        fields["design_fan_power"],
        cooltools=float(fields["model_type"] == "CoolToolsCrossFlow"),
        minimum_air_flow_ratio=fields["minimum_air_flow_rate_ratio"],
        fan_power_curve=coefficients(params["curves"][fan]["f"]),
    )
    return tower_correlation.calibrated(
        tower,
        fields["design_inlet_air_wet_bulb_temperature"],
        fields["design_approach_temperature"],
        fields["design_range_temperature"],
    )


def replay(case, check, draw):
    table, tower = case.table, nameplate(case.params)
    found = tower_correlation.cool(
        tower,
        table.air_flow_ratio.to_numpy(float),
        table.t_water_in_C.to_numpy(float),
        table.m_water_kg_s.to_numpy(float),
        table.t_wet_bulb_C.to_numpy(float),
    )
    draw("leaving water [degC]", table.t_water_out_C, found.water_out_c)
    error_k = np.abs(found.water_out_c - table.t_water_out_C)
    check("tower_correlation_max", error_k.max())
    error_w = np.abs(found.fan_power_w - table.p_fan_W)
    check("tower_fan_power", error_w.max() / tower.fan_power_w)


@pytest.mark.prefix("ep_tower_yorkcalc_")
def test_york(case, check, draw):
    replay(case, check, draw)


@pytest.mark.prefix("ep_tower_cooltools_")
def test_cooltools(case, check, draw):
    replay(case, check, draw)


@pytest.mark.prefix("mod_yorkcalc_")
def test_york_polynomial(case, check, draw):
    """Constant range and wet bulb; one flow ratio rises with time, the other is 1."""
    given = published("yorkcalc_correlation") | case.params.get("equipment", {})
    x = given["first_flow_ratio"] + case.table.time.to_numpy(float)
    conditions = given["wet_bulb_c"], given["range_k"]
    by_water = approach.york(1.0, x, *conditions)
    by_air = approach.york(x, 1.0, *conditions)
    draw("approach by air flow [K]", case.table.TApp_Air, by_air)
    check("tower_correlation_max", np.abs(by_water - case.table.TApp_Wat).max())
    check("tower_correlation_max", np.abs(by_air - case.table.TApp_Air).max())


@pytest.mark.prefix("mod_tower_YorkCalc_")
def test_york_over_a_day(case, keep, check, draw):
    """Wherever the fan runs above its least speed, at water flows of the correlation."""
    given = published("YorkCalc") | case.params.get("equipment", {})
    least, largest = approach.YORK_LIMITS.water_flow_ratio
    flows = case.table.fr_water.between(least, largest)
    why = "water flow outside the correlation, or fan below its least speed"
    turning = case.table.fr_air > 1.02 * given["least_fan_ratio"]
    rows = keep(case.table, flows & turning, why)
    drop = (rows.t_water_in_C - rows.t_water_out_C).to_numpy(float)
    bulb = rows.t_wet_bulb_C.to_numpy(float)
    found = approach.york(rows.fr_air.to_numpy(), rows.fr_water.to_numpy(), bulb, drop)
    draw("approach [K]", rows.approach_K, found)
    check("tower_correlation_max", np.abs(found - rows.approach_K).max())

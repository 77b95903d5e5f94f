"""Merkel tower against EnergyPlus CoolingTower:VariableSpeed:Merkel."""

import numpy as np

from plant import water
from plant.cooling import cooling_tower
from plant.cooling.cooling_tower import CoolingTower
from plant.types import OutdoorAir

PREFIX = "ep_tower_merkel_"
# EnergyPlus turns design volume into mass flow at this temperature
SIZING_C = 5.05
COEFFICIENTS = (
    "coefficient1_constant",
    "coefficient2_x",
    "coefficient3_x_2",
    "coefficient4_x_3",
)


def coefficients(curve):
    return tuple(float(curve[key]) for key in COEFFICIENTS if key in curve)


def limits(curve, of="value_of_x"):
    kind = "curve_output" if of == "output" else of
    return float(curve[f"minimum_{kind}"]), float(curve[f"maximum_{kind}"])


def nameplate(params):
    fields = params["fields"]
    curve = {
        part: params["curves"][fields[f"{part}_curve_name"]]["f"]
        for part in (
            "fan_power_modifier_function_of_air_flow_rate_ratio",
            "u_factor_times_area_modifier_function_of_air_flow_ratio",
            "u_factor_times_area_modifier_function_of_wetbulb_temperature_difference",
            "u_factor_times_area_modifier_function_of_water_flow_ratio",
        )
    }
    fan, by_air, by_wet_bulb, by_water = curve.values()
    ua_w_k = fields["design_air_flow_rate_u_factor_times_area_value"]
    still = fields["free_convection_regime_u_factor_times_area_value"] / ua_w_k
    return CoolingTower(
        ua_w_k=ua_w_k,
        water_flow_kg_s=fields["design_water_flow_rate"] * water.density(SIZING_C),
        air_flow_m3_s=fields["design_air_flow_rate"],
        fan_power_w=fields["design_fan_power"],
        design_wet_bulb_c=fields["design_inlet_air_wet_bulb_temperature"],
        minimum_air_flow_ratio=fields["minimum_air_flow_rate_ratio"],
        free_convection_ratio=still,
        cycles_of_concentration=fields["blowdown_concentration_ratio"],
        drift_fraction=fields["drift_loss_percent"] / 100,
        ua_air_curve=coefficients(by_air),
        ua_air_limits=limits(by_air),
        ua_wet_bulb_curve=coefficients(by_wet_bulb),
        ua_wet_bulb_limits_k=limits(by_wet_bulb),
        ua_wet_bulb_factor_limits=limits(by_wet_bulb, "output"),
        ua_water_curve=coefficients(by_water),
        ua_water_limits=limits(by_water),
        ua_water_factor_limits=limits(by_water, "output"),
        fan_power_curve=coefficients(fan),
    )


def streams(table):
    air = OutdoorAir(
        table.t_dry_bulb_C.to_numpy(float),
        table.t_wet_bulb_C.to_numpy(float),
        table.hum_ratio_kgkg.to_numpy(float),
        table.p_air_Pa.to_numpy(float),
    )
    water_in = table.t_water_in_C.to_numpy(float)
    return water_in, table.m_water_kg_s.to_numpy(float), air


def rmse(model, reference):
    return np.sqrt(np.mean((np.asarray(model) - np.asarray(reference)) ** 2))


def test_leaving_water_at_given_fan_speed(case, check, draw):
    tower = nameplate(case.params)
    speed = case.table.fan_speed_ratio.to_numpy(float)
    found = cooling_tower.cool(tower, speed, *streams(case.table))
    draw("leaving water [degC]", case.table.t_water_out_C, found)
    check("tower_outlet_rmse", rmse(found, case.table.t_water_out_C))
    check("tower_outlet_max", np.abs(found - case.table.t_water_out_C).max())


def test_water_use_at_given_leaving_water(case, check, draw):
    """Only with the fan running: EnergyPlus counts no evaporation in natural draught.

    The leaving water of the reference is the setpoint, because EnergyPlus keeps the least
    speed in some hours in which that misses the setpoint.
    """
    tower = nameplate(case.params)
    least = tower.minimum_air_flow_ratio
    rows = case.table[case.table.fan_speed_ratio >= least]
    water_in, flow, air = streams(rows)
    setpoint = rows.t_water_out_C.to_numpy(float)
    found = cooling_tower.operate(tower, setpoint, water_in, flow, air)
    # reported as volumes, at about the mean of both inlets
    density = water.density(0.5 * (water_in + air.dry_bulb_c))
    evaporation = found.evaporation_kg_s / density
    draw("evaporation [m3_s]", rows.evap_m3_s, evaporation)
    check(
        "tower_evaporation", rmse(evaporation, rows.evap_m3_s) / rows.evap_m3_s.mean()
    )
    makeup = found.makeup_kg_s / density
    check("tower_makeup", rmse(makeup, rows.makeup_m3_s) / rows.makeup_m3_s.mean())


def test_fan_where_the_reference_follows_its_setpoint(case, check, draw):
    """Where it modulates or runs full."""
    tower = nameplate(case.params)
    rows = case.table[case.table.fan_speed_ratio > tower.minimum_air_flow_ratio]
    setpoint = rows.t_setpoint_C.to_numpy(float)
    found = cooling_tower.operate(tower, setpoint, *streams(rows))
    np.testing.assert_allclose(found.water_out_c, rows.t_water_out_C, atol=0.05)
    draw("fan power [W]", rows.p_fan_W, found.fan_power_w)
    check("tower_fan_power", rmse(found.fan_power_w, rows.p_fan_W) / tower.fan_power_w)

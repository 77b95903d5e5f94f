"""Merkel tower against EnergyPlus CoolingTower:VariableSpeed:Merkel."""

import numpy as np

from plant import water
from plant.cooling import cooling_tower
from plant.types import OutdoorAir
from tests.validation.figures import PRINTED_M3_S, rmse
from tests.validation.nameplates import merkel_tower

PREFIX = "ep_tower_merkel_"


def streams(table):
    air = OutdoorAir(
        table.t_dry_bulb_C.to_numpy(float),
        table.t_wet_bulb_C.to_numpy(float),
        table.hum_ratio_kgkg.to_numpy(float),
        table.p_air_Pa.to_numpy(float),
    )
    water_in = table.t_water_in_C.to_numpy(float)
    return water_in, table.m_water_kg_s.to_numpy(float), air


def test_leaving_water_at_given_fan_speed(case, check, draw):
    tower = merkel_tower(case.params["fields"], case.params["curves"])
    speed = case.table.fan_speed_ratio.to_numpy(float)
    found = cooling_tower.cool(tower, speed, *streams(case.table))
    draw("leaving water [degC]", case.table.t_water_out_C, found)
    check("tower_outlet_rmse", rmse(found, case.table.t_water_out_C))
    check("tower_outlet_max", np.abs(found - case.table.t_water_out_C).max())


def test_water_use_at_given_leaving_water(case, keep, check, draw):
    """Only with the fan running: EnergyPlus counts no evaporation in natural draught.

    The leaving water of the reference is the setpoint, because EnergyPlus keeps the least
    speed in some hours in which that misses the setpoint.
    """
    tower = merkel_tower(case.params["fields"], case.params["curves"])
    least = tower.minimum_air_flow_ratio
    why = "water use: the reference counts no evaporation in natural draught"
    rows = keep(case.table, case.table.fan_speed_ratio >= least, why)
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
    blowdown = found.blowdown_kg_s / density
    error_m3_s = rmse(blowdown, rows.blowdown_m3_s)
    check("tower_blowdown", error_m3_s / rows.blowdown_m3_s.mean())
    drift = found.drift_kg_s / density
    error_m3_s = np.abs(drift - rows.drift_m3_s).max() - PRINTED_M3_S
    check("tower_drift", max(error_m3_s, 0.0) / rows.drift_m3_s.max())


def test_fan_where_the_reference_follows_its_setpoint(case, keep, check, draw):
    """Where it modulates or runs full."""
    tower = merkel_tower(case.params["fields"], case.params["curves"])
    follows = case.table.fan_speed_ratio > tower.minimum_air_flow_ratio
    why = "fan power: the reference stays at least speed beside its setpoint"
    rows = keep(case.table, follows, why)
    setpoint = rows.t_setpoint_C.to_numpy(float)
    found = cooling_tower.operate(tower, setpoint, *streams(rows))
    np.testing.assert_allclose(found.water_out_c, rows.t_water_out_C, atol=0.05)
    draw("fan power [W]", rows.p_fan_W, found.fan_power_w)
    check("tower_fan_power", rmse(found.fan_power_w, rows.p_fan_W) / tower.fan_power_w)

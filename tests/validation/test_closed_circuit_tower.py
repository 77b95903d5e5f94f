"""Closed-circuit tower against EnergyPlus EvaporativeFluidCooler:TwoSpeed."""

import numpy as np

from plant import water
from plant.cooling import closed_circuit_tower
from plant.cooling.closed_circuit_tower import ClosedCircuitTower
from plant.types import OutdoorAir
from tests.validation.figures import rmse

PREFIX = "ep_evap_fluid_cooler_"


def nameplate(params):
    fields = params["fields"]
    return ClosedCircuitTower(
        high_ua_w_k=fields["high_fan_speed_u_factor_times_area_value"],
        low_ua_w_k=fields["low_fan_speed_u_factor_times_area_value"],
        high_air_flow_m3_s=fields["high_fan_speed_air_flow_rate"],
        low_air_flow_m3_s=fields["low_fan_speed_air_flow_rate"],
        high_fan_power_w=fields["high_fan_speed_fan_power"],
        low_fan_power_w=fields["low_fan_speed_fan_power"],
        spray_flow_kg_s=fields["design_spray_water_flow_rate"] * 1000,
        cycles_of_concentration=fields["blowdown_concentration_ratio"],
        drift_fraction=fields["drift_loss_percent"] / 100,
    )


def operate(tower, table):
    columns = ("t_dry_bulb_C", "t_wet_bulb_C", "hum_ratio_kgkg", "p_air_Pa")
    return closed_circuit_tower.operate(
        tower,
        table.t_setpoint_C.to_numpy(float),
        table.t_water_in_C.to_numpy(float),
        table.m_water_kg_s.to_numpy(float),
        OutdoorAir(*(table[column].to_numpy(float) for column in columns)),
    )


def test_leaving_fluid_and_fan(case, check, draw):
    table, tower = case.table, nameplate(case.params)
    found = operate(tower, table)
    draw("leaving fluid [degC]", table.t_water_out_C, found.water_out_c)
    check("tower_outlet_rmse", rmse(found.water_out_c, table.t_water_out_C))
    check("tower_outlet_max", np.abs(found.water_out_c - table.t_water_out_C).max())
    error = rmse(found.fan_power_w, table.p_fan_W) / tower.high_fan_power_w
    check("tower_fan_power", error)


def test_water_with_the_fan_at_high_speed(case, keep, check, draw):
    """A cycling fan blows all the time in the reference, see the component."""
    tower = nameplate(case.params)
    full = case.table.p_fan_W > 0.999 * tower.high_fan_power_w
    why = "water use: the reference blows all the time while its fan cycles"
    rows = keep(case.table, full, why)
    found = operate(tower, rows)
    mean_c = 0.5 * (rows.t_water_in_C + rows.t_dry_bulb_C).to_numpy(float)
    density = water.density(mean_c)
    evaporation, makeup = (
        found.evaporation_kg_s / density,
        found.makeup_kg_s / density,
    )
    draw("evaporation [m3_s]", rows.evap_m3_s, evaporation)
    check(
        "tower_evaporation", rmse(evaporation, rows.evap_m3_s) / rows.evap_m3_s.mean()
    )
    check("tower_makeup", rmse(makeup, rows.makeup_m3_s) / rows.makeup_m3_s.mean())

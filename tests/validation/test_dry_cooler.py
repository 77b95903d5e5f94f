"""Dry cooler against EnergyPlus and Modelica."""

import numpy as np
import pytest
from scipy.optimize import brentq

from plant import heat_exchanger
from plant.cooling import dry_coil, dry_cooler
from plant.cooling.dry_coil import DryCoil
from plant.cooling.dry_cooler import DryCooler
from plant.types import OutdoorAir

# constants of the Modelica Buildings Library
WATER_CP, AIR_CP, MOIST_AIR_CP = 4184.0, 1006.0, 1014.54


@pytest.mark.prefix("ep_drycooler_")
def test_constant_conductance_and_cycling_fan(case, check, draw):
    table, fields = case.table, case.params["fields"]
    coil = DryCoil(
        fields["design_air_flow_rate_u_factor_times_area_value"],
        1.0,
        1.0,
        air_exponent=0.0,
        water_exponent=0.0,
        air_warmth_1_k=0.0,
        water_warmth_1_k=0.0,
    )
    cooler = DryCooler(
        coil,
        fields["design_air_flow_rate"],
        fields["design_air_flow_rate_fan_power"],
        minimum_air_flow_ratio=1.0,
    )
    columns = ("t_dry_bulb_C", "t_wet_bulb_C", "hum_ratio_kgkg", "p_air_Pa")
    found = dry_cooler.operate(
        cooler,
        table.t_setpoint_C.to_numpy(float),
        table.t_water_in_C.to_numpy(float),
        table.m_water_kg_s.to_numpy(float),
        OutdoorAir(*(table[column].to_numpy(float) for column in columns)),
        0.0,
    )
    draw("leaving water [degC]", table.t_water_out_C, found.water_out_c)
    check("dry_cooler_max", np.abs(found.water_out_c - table.t_water_out_C).max())
    error_w = np.abs(found.fan_power_w - table.p_fan_W).max()
    check("dry_cooler_fan_max", error_w / cooler.fan_power_w)


def modelica_coil(flow_kg_s):
    """Nameplate from 35 to 30 degC at air of 25 degC, equal capacity rates nearly."""
    air_kg_s = flow_kg_s * WATER_CP / AIR_CP
    water_w_k, air_w_k = flow_kg_s * WATER_CP, air_kg_s * MOIST_AIR_CP
    smaller, larger = min(water_w_k, air_w_k), max(water_w_k, air_w_k)
    wanted = 5.0 * water_w_k / (10.0 * smaller)

    def miss(ntu):
        return heat_exchanger.effectiveness_crossflow(ntu, smaller / larger) - wanted

    return DryCoil(
        brentq(miss, 0.01, 20.0) * smaller,
        air_kg_s,
        flow_kg_s,
        air_to_water_ratio=0.5,
        air_c=25.0,
        water_c=35.0,
    )


@pytest.mark.prefix("mod_tower_DryCooler_")
def test_films_that_follow_flow_and_temperature(case, check, draw):
    """Rows in which the fan has run full since the row before: the tower is settled."""
    flow_kg_s = case.params["m_flow_nominal_kg_s"]
    coil = modelica_coil(flow_kg_s * 4200.0 / WATER_CP)
    table = case.table
    table = table.sort_values("time_s")  # settled is a matter of the rows before
    full = table.p_fan_W > 0.9999 * table.p_fan_W.max()
    cooled = table.t_water_in_C - table.t_water_out_C > 0.5
    rows = table[full & full.shift(fill_value=False) & cooled]
    air_c, water_c = rows.t_dry_bulb_C.to_numpy(float), rows.t_water_in_C.to_numpy()
    films = dry_coil.films(coil, air_c, water_c, flow_kg_s)
    ua_w_k = dry_coil.conductance_past(coil, films, coil.air_flow_kg_s)
    air_w_k, water_w_k = coil.air_flow_kg_s * MOIST_AIR_CP, flow_kg_s * WATER_CP
    moved_w_k = dry_coil.crossflow_heat_per_kelvin(ua_w_k, air_w_k, water_w_k)
    heat_w = moved_w_k * (water_c - air_c)
    leaving_c = rows.t_water_in_C - heat_w / (flow_kg_s * WATER_CP)
    draw("leaving water [degC]", rows.t_water_out_C, leaving_c)
    error = np.abs(leaving_c - rows.t_water_out_C)
    check("dry_cooler_max", error.max())

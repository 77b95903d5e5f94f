"""Dry cooler against EnergyPlus and Modelica."""

import re

import numpy as np
import pytest
from scipy.optimize import brentq

from plant import heat_exchanger
from plant.cooling import dry_coil, dry_cooler
from plant.cooling.dry_coil import DryCoil
from plant.cooling.dry_cooler import DryCooler
from plant.types import OutdoorAir
from tests.validation.conftest import published

NUMBER = r"(-?[\d.]*\d)"
RATING = re.compile(rf"{NUMBER}->{NUMBER} C, air {NUMBER} C")
FILM = re.compile(rf"\b(r|n_w|n_a)={NUMBER}")
SIZING_CP = re.compile(rf"Q=-?[\d.]+\*{NUMBER}\*")


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


def modelica_coil(params, cp):
    """Nameplate from the text that describes the tower, equal capacity rates nearly."""
    text = params["tower"].partition("DryCooler")[2]
    warm, cold, air_c = map(float, RATING.search(text).groups())
    film = {name: float(value) for name, value in FILM.findall(text)}
    sizing_cp = float(SIZING_CP.search(text)[1])
    flow_kg_s = params["m_flow_nominal_kg_s"] * sizing_cp / cp["water"]
    air_kg_s = flow_kg_s * cp["water"] / cp["air"]
    water_w_k, air_w_k = flow_kg_s * cp["water"], air_kg_s * cp["moist_air"]
    smaller, larger = min(water_w_k, air_w_k), max(water_w_k, air_w_k)
    wanted = (warm - cold) * water_w_k / ((warm - air_c) * smaller)

    def miss(ntu):
        return heat_exchanger.effectiveness_crossflow(ntu, smaller / larger) - wanted

    return DryCoil(
        brentq(miss, 0.01, 20.0) * smaller,
        air_kg_s,
        flow_kg_s,
        air_exponent=film["n_a"],
        water_exponent=film["n_w"],
        air_to_water_ratio=film["r"],
        air_c=air_c,
        water_c=warm,
    )


def settled(table):
    """Whether the fan has run full since the row before, by the clock."""
    in_time = table.sort_values("time_s")
    full = in_time.p_fan_W > 0.9999 * in_time.p_fan_W.max()
    cooled = in_time.t_water_in_C - in_time.t_water_out_C > 0.5
    return (full & full.shift(fill_value=False) & cooled).loc[table.index]


@pytest.mark.prefix("mod_tower_DryCooler_")
def test_films_that_follow_flow_and_temperature(case, keep, check, draw):
    given = published("DryCooler") | case.params.get("equipment", {})
    cp = {key.removesuffix("_heat_capacity_j_kg_k"): v for key, v in given.items()}
    coil = modelica_coil(case.params, cp)
    why = "fan not at full speed since the row before: the tower is not settled"
    rows = keep(case.table, settled(case.table), why)
    flow_kg_s = case.params["m_flow_nominal_kg_s"]
    air_c, water_c = rows.t_dry_bulb_C.to_numpy(float), rows.t_water_in_C.to_numpy()
    films = dry_coil.films(coil, air_c, water_c, flow_kg_s)
    ua_w_k = dry_coil.conductance_past(coil, films, coil.air_flow_kg_s)
    air_w_k = coil.air_flow_kg_s * cp["moist_air"]
    water_w_k = flow_kg_s * cp["water"]
    moved_w_k = dry_coil.crossflow_heat_per_kelvin(ua_w_k, air_w_k, water_w_k)
    leaving_c = water_c - moved_w_k * (water_c - air_c) / water_w_k
    draw("leaving water [degC]", rows.t_water_out_C, leaving_c)
    check("dry_cooler_max", np.abs(leaving_c - rows.t_water_out_C).max())

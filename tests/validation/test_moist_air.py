"""Moist air and coolants against CoolProp."""

import numpy as np
import pytest

from plant import psychrometrics as moist_air
from plant import water

PREFIX = "coolprop_moist_air"


def test_moist_air(case, check, draw):
    t = case.table.t_dry_bulb_C.to_numpy(float)
    pressure = case.table.p_Pa.to_numpy(float)
    w = moist_air.humidity_ratio_from_relative_humidity(
        t, case.table.rh.to_numpy(float), pressure
    )
    check("humidity_ratio_max", np.abs(w / case.table.hum_ratio_kgkg - 1).max())
    wet_bulb = moist_air.wet_bulb(t, w, pressure)
    draw("wet bulb [degC]", case.table.t_wet_bulb_C, wet_bulb)
    check("wet_bulb_max", np.abs(wet_bulb - case.table.t_wet_bulb_C).max())
    enthalpy = moist_air.enthalpy(t, w)
    check("enthalpy_max", np.abs(enthalpy - case.table.enthalpy_J_kgda).max())
    dew_point = moist_air.dew_point(w, pressure)
    check("dew_point_max", np.abs(dew_point - case.table.t_dew_C).max())


COOLANTS = {
    "water": (water.density, water.heat_capacity, water.viscosity),
    "PG25_mass": (
        water.glycol25_density,
        water.glycol25_heat_capacity,
        water.glycol25_viscosity,
    ),
    "PG40_mass": (
        water.glycol40_density,
        water.glycol40_heat_capacity,
        water.glycol40_viscosity,
    ),
}


@pytest.mark.prefix("coolprop_coolants")
@pytest.mark.parametrize("fluid", COOLANTS)
def test_coolant(case, fluid, check, draw):
    rows = case.table[case.table.fluid == fluid]
    t = rows.t_C.to_numpy(float)
    density, heat_capacity, viscosity = (equation(t) for equation in COOLANTS[fluid])
    draw(f"{fluid} heat capacity [J_kgK]", rows.cp_J_kgK, heat_capacity)
    check("coolant_density_max", np.abs(density / rows.rho_kg_m3 - 1).max())
    check("coolant_heat_capacity_max", np.abs(heat_capacity / rows.cp_J_kgK - 1).max())
    check("coolant_viscosity_max", np.abs(viscosity / rows.mu_Pa_s - 1).max())

"""Moist air and coolants against CoolProp."""

import numpy as np
import pytest

from plant import psychrometrics as moist_air
from plant import water

PREFIX = "coolprop_moist_air"


THIN_PA, DRY = (
    80e3,
    0.05,
)  # below either the missing enhancement factor shows, see docs/decisions
HOT_C = 50.0  # above it the enhancement factor shows more and more
BOTH_ROOTS_K = 1.0  # wet bulbs over ice and over water that balance the same air


def error(model, reference):
    return np.abs(model - reference)


def test_moist_air(case, keep, check, draw):
    table = case.table
    t, pressure = table.t_dry_bulb_C.to_numpy(float), table.p_Pa.to_numpy(float)
    w = moist_air.humidity_ratio_from_relative_humidity(
        t, table.rh.to_numpy(float), pressure
    )
    table = table.assign(
        humidity_error=np.abs(w / table.hum_ratio_kgkg - 1),
        dew_point_error=error(moist_air.dew_point(w, pressure), table.t_dew_C),
        wet_bulb_error=error(moist_air.wet_bulb(t, w, pressure), table.t_wet_bulb_C),
        enthalpy_error=error(moist_air.enthalpy(t, w), table.enthalpy_J_kgda),
        over_ice=moist_air.wet_bulb(t, w, pressure) < 0.0,
    )
    draw("wet bulb [degC]", table.t_wet_bulb_C, moist_air.wet_bulb(t, w, pressure))
    hot = t > HOT_C
    judge_hot(table[hot], check)
    if not hot.all():
        check("humidity_ratio_max", table.humidity_error[~hot].max())
        check("dew_point_max", table.dew_point_error[~hot].max())
    thin = (pressure < THIN_PA) | (table.rh.to_numpy(float) < DRY)
    for name, rows in (("_thin", thin & ~hot), ("", ~thin & ~hot)):
        if rows.any():
            check(f"enthalpy{name}_max", table.enthalpy_error[rows].max())
            one = keep(table[rows], ~two_roots(table[rows]), "wet bulb: " + TWO_ROOTS)
            check(f"wet_bulb{name}_max", one.wet_bulb_error.max())


def judge_hot(table, check):
    """Air above 50 degC, by limits of its own."""
    if len(table):
        check("humidity_ratio_hot_max", table.humidity_error.max())
        check("dew_point_hot_max", table.dew_point_error.max())
        check("wet_bulb_hot_max", table.wet_bulb_error.max())
        share = table.enthalpy_error / table.enthalpy_J_kgda.abs()
        check("enthalpy_hot_max", share.max())


TWO_ROOTS = "the same air balances over ice and over water; CoolProp took water here"


def two_roots(table):
    """Rows in which the reference took the root over water, where ice is one too."""
    water = (table.t_wet_bulb_C > 0.0) & (table.t_wet_bulb_C < BOTH_ROOTS_K)
    return water & table.over_ice & (table.wet_bulb_error < BOTH_ROOTS_K)


def test_volume(case, check, draw):
    if "volume_m3_kgda" not in case.table:
        pytest.skip("the case has no column volume_m3_kgda")
    names = ("t_dry_bulb_C", "hum_ratio_kgkg", "p_Pa")
    given = (case.table[name].to_numpy(float) for name in names)
    volume = moist_air.specific_volume(*given)
    draw("volume [m3_kg]", case.table.volume_m3_kgda, volume)
    error_share = np.abs(volume / case.table.volume_m3_kgda - 1)
    hot = case.table.t_dry_bulb_C > HOT_C
    for figure, rows in (("volume_hot_max", hot), ("volume_max", ~hot)):
        if rows.any():
            check(figure, error_share[rows].max())


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

"""In-row coil against EnergyPlus Coil:Cooling:Water, from its design fields alone.

EnergyPlus sizes the conductance so that the coil meets its design outlet, splits it
between the films and follows Wetter's exponents. Nothing is fitted here, so every row is
out of sample; a second test fits the coil on half of the rows and judges the other half.
"""

import numpy as np
import pytest
from scipy.optimize import brentq, least_squares

from plant import heat_exchanger, psychrometrics, water
from plant.cooling import dry_coil
from plant.cooling.dry_coil import CoilStreams, DryCoil
from tests.validation.figures import rmse
from tests.validation.nameplates import SIZING_C

PREFIX = "ep_inrow_coil_"
WATER_TO_AIR_FILM = 3.3  # EnergyPlus Engineering Reference, coil sizing
STANDARD_AIR = (20.0, 0.0, 101325.0)  # at which EnergyPlus turns volume into mass
RESTATED = 0.02  # of the design flows: the films of the reference never level off


def streams(table):
    water_c = table.t_water_in_C.to_numpy(float)
    return CoilStreams(
        table.t_air_in_C.to_numpy(float),
        table.m_air_kg_s.to_numpy(float),
        psychrometrics.heat_capacity(table.w_air_kgkg.to_numpy(float)),
        water_c,
        table.m_water_kg_s.to_numpy(float),
        water.heat_capacity(water_c),
    )


def design(fields):
    """Coil that just meets its design outlet."""
    air_c = fields["design_inlet_air_temperature"]
    water_c = fields["design_inlet_water_temperature"]
    air_kg_s = fields["design_air_flow_rate"] * psychrometrics.density(*STANDARD_AIR)
    water_kg_s = fields["design_water_flow_rate"] * water.density(SIZING_C)
    air_w_k = air_kg_s * psychrometrics.heat_capacity(
        fields["design_inlet_air_humidity_ratio"]
    )
    water_w_k = water_kg_s * water.heat_capacity(water_c)
    per_kelvin = air_w_k * (air_c - fields["design_outlet_air_temperature"])
    per_kelvin = per_kelvin / (air_c - water_c)

    def miss(ua_w_k):
        moved = heat_exchanger.heat_per_kelvin(ua_w_k, air_w_k, water_w_k)
        return moved / per_kelvin - 1.0

    ua_w_k = brentq(miss, 1e-3 * air_w_k, 1e3 * air_w_k)
    return DryCoil(
        ua_w_k,
        air_kg_s,
        water_kg_s,
        air_to_water_ratio=1.0 / WATER_TO_AIR_FILM,
        air_c=air_c,
        water_c=water_c,
    )


def restated(coil, share):
    """The same power laws from smaller nominal flows."""
    k = coil.air_to_water_ratio
    air = coil.ua_w_k * (1.0 + k) * share**coil.air_exponent
    wet = coil.ua_w_k * (1.0 + k) / k * share**coil.water_exponent
    return coil._replace(
        ua_w_k=air * wet / (air + wet),
        air_to_water_ratio=air / wet,
        air_flow_kg_s=share * coil.air_flow_kg_s,
        water_flow_kg_s=share * coil.water_flow_kg_s,
    )


def fitted(table, start):
    """Conductance and the ratio of the films, from rows of one coil."""
    both, heat_w = streams(table), table.q_total_W.to_numpy(float)

    def coil(x):
        return start._replace(ua_w_k=np.exp(x[0]), air_to_water_ratio=np.exp(x[1]))

    found = least_squares(
        lambda x: dry_coil.heat_transferred(coil(x), both) / heat_w - 1.0,
        [np.log(start.ua_w_k), 0.0],
    )
    return coil(found.x)


def hold(coil, table, check):
    both = streams(table)
    heat_w = dry_coil.heat_transferred(coil, both)
    check("coil_heat", rmse(heat_w / table.q_total_W, 1.0))
    leaving_c = both.air_c - heat_w / (
        both.air_flow_kg_s * both.air_heat_capacity_j_kg_k
    )
    check("coil_air_max", np.abs(leaving_c - table.t_air_out_C).max())
    return heat_w


def test_from_the_design_fields(case, check, draw):
    coil = restated(design(case.params["fields"]), RESTATED)
    draw("heat [W]", case.table.q_total_W, hold(coil, case.table, check))


@pytest.mark.parametrize("half", [0, 1])
def test_fit_on_the_other_half(case, check, draw, half):
    start = restated(design(case.params["fields"]), RESTATED)._replace(ua_w_k=100.0)
    coil = fitted(case.table[1 - half :: 2], start)
    rest = case.table[half::2]
    draw(f"heat by half {half} [W]", rest.q_total_W, hold(coil, rest, check))

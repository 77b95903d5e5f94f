r"""Photovoltaic array with its inverter.

.. math::

    P_{dc} = P_{stc}\,\frac{G}{1000}\,\eta(G)\,[1 + \gamma (T_{cell} - 25)], \qquad
    T_{cell} = T_{air} + \frac{G}{U_0 + U_1 v}

with the irradiance :math:`G` in the plane of the modules and the wind :math:`v`. The
low-light efficiency :math:`\eta(G)` is a table of the data sheet. The inverter follows
PVWatts: a loss of part constant, part proportional and part falling with load, and the
output cut to its rating. Positions of the sun and the plane are found at the door, from
weather files; this file only sees the irradiance.

Valid for 0 to 1400 W/m2 and air -60 to 80 degC; values outside are clamped and flagged.
Validated against pvlib (tests/plant/power/test_pv.py).

References
----------
Dobos (2014), "PVWatts version 5 manual", NREL/TP-6A20-62641; Faiman (2008),
doi:10.1002/pip.813 (cell temperature). Low light: 97 % at 200 W/m2, IEC 61853-1 class of
crystalline modules (assumption).
"""

from typing import Annotated, NamedTuple

import numpy as np

from plant._curves import held, outside
from plant._kernel import kernel
from plant._select import select
from plant.table import Table, lookup
from plant.types import (
    AIR_C,
    AirC,
    Fraction,
    Limits,
    NonNegative,
    Numeric,
    Positive,
    within,
)

STANDARD_W_M2 = 1000.0
IRRADIANCE_W_M2: Limits = (0.0, 1400.0)
Irradiance = Annotated[Numeric, within(IRRADIANCE_W_M2)]
REFERENCE_EFFICIENCY = 0.9637  # of the inverter behind the published curve
CURVE = (-0.0162, -0.0059, 0.9858)  # load, 1 / load, constant
LOW_LIGHT = Table((0.0, 100.0, 200.0, 400.0, 1000.0), (0.92, 0.95, 0.97, 0.99, 1.0))
SMALL = 1e-9


class Pv(NamedTuple):
    """Nameplate of the array; a rating of 0 means there is none."""

    rated_power_w: NonNegative  # DC, at standard test conditions
    inverter_power_w: NonNegative  # AC
    inverter_efficiency: Fraction = 0.96  # nominal
    temperature_slope_1_k: float = -0.0035
    heat_loss_w_m2_k: Positive = 25.0  # U0
    wind_loss_w_s_m3_k: NonNegative = 6.84  # U1
    low_light: Table = LOW_LIGHT


class PvOutputs(NamedTuple):
    """The array."""

    power_w: Numeric  # AC
    dc_power_w: Numeric
    cell_c: Numeric
    curtailed: Numeric  # 1 where the inverter cut it
    extrapolated: Numeric  # 1 where irradiance or air was held at the end of its range


@kernel
def dc_power(pv: Pv, irradiance_w_m2: Irradiance, cell_c: Numeric) -> Numeric:
    """Power of the modules [W] at a cell temperature [degC]."""
    g = held(irradiance_w_m2, IRRADIANCE_W_M2)
    warm = 1.0 + pv.temperature_slope_1_k * (cell_c - 25.0)
    share = g / STANDARD_W_M2 * lookup(pv.low_light, g)
    power: Numeric = np.maximum(pv.rated_power_w * share * warm, 0.0)
    return power


@kernel
def inverter_power(pv: Pv, dc_power_w: Numeric) -> Numeric:
    """Power behind the inverter [W], cut to its rating."""
    nominal = pv.inverter_efficiency
    rated_dc = np.maximum(pv.inverter_power_w / nominal, SMALL)
    load = dc_power_w / rated_dc
    # efficiency times load, so that nothing is divided by a dark array
    delivered = (CURVE[0] * load + CURVE[2]) * load + CURVE[1]
    power = nominal / REFERENCE_EFFICIENCY * delivered * rated_dc
    fed: Numeric = np.minimum(np.maximum(power, 0.0), pv.inverter_power_w)
    return fed


@kernel
def operate(
    pv: Pv, irradiance_w_m2: Irradiance, air_c: AirC, wind_m_s: Numeric
) -> PvOutputs:
    """Power fed into the site.

    Parameters
    ----------
    pv
        Nameplate.
    irradiance_w_m2
        In the plane of the modules. [W/m2]
    air_c
        Dry bulb. [degC]
    wind_m_s
        At the modules. [m/s]
    """
    g = held(irradiance_w_m2, IRRADIANCE_W_M2)
    wind = np.maximum(wind_m_s, 0.0)
    cell_c = held(air_c, AIR_C) + g / (
        pv.heat_loss_w_m2_k + pv.wind_loss_w_s_m3_k * wind
    )
    dc = dc_power(pv, g, cell_c)
    power = inverter_power(pv, dc)
    cut = dc * pv.inverter_efficiency > pv.inverter_power_w
    far = np.maximum(outside(irradiance_w_m2, IRRADIANCE_W_M2), outside(air_c, AIR_C))
    return PvOutputs(power, dc, cell_c, select(cut, 1.0, 0.0), far)

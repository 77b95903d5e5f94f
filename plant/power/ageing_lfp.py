r"""Ageing of an LFP-graphite cell (Sony-Murata 3 Ah).

Capacity is lost on a sigmoid over time whose end :math:`q_1(T, U_a)` and exponent
:math:`q_3(T, U_a)` depend on temperature and anode potential, and on the curve
:math:`(q_5\,N)^{1.13}` over equivalent full cycles :math:`N`. Resistance grows linearly
with time (Arrhenius, cubic in charge) and with cycles (cubic in depth).

The reference cell also breaks in when it is cycled more than three times a day; a
standby battery is not, so that term is left out. Cycling shows no influence of
temperature: the tests behind it do not resolve one, which is not physical.

Valid for 10 to 45 degC (cycling data at 25 and 45 degC only) and up to 1C charge; held at
-40 and 100 degC and at 0 and 1 of the charge (``ageing.outside_range`` tells).
Validated against BLAST-Lite 1.1.1 (tests/validation/test_ageing.py).

References
----------
Naumann et al. (2018), doi:10.1016/j.est.2018.01.019 (calendar) and (2020),
doi:10.1016/j.jpowsour.2019.227666 (cycles); Gasper et al., doi:10.1149/1945-7111/ac86a8
(capacity model). Coefficients as in BLAST-Lite, NREL.
"""

from typing import NamedTuple

import numpy as np

from plant._constants import ROOM_K
from plant._curves import held
from plant._kernel import kernel
from plant.power.ageing import (
    Duty,
    Health,
    along_power,
    along_sigmoid,
    anode_potential,
    kelvin,
)
from plant.types import Numeric

SECONDS_PER_DAY = 86400.0
GAS_J_MOL_K = 8.3144


class LfpCoefficients(NamedTuple):
    """The published fit."""

    end: tuple[float, float, float] = (0.98968715, -2881067.5602, 8742.0630916)
    pace_1_day: float = 1.3051003421e-4
    exponent: tuple[float, float, float, float, float] = (
        3.3285028106e-4, 7.3455318571e11, -2.8216157562e-6, -3.2849913155e9,
        1.2722759366e-3,
    )  # fmt: skip
    cycle: tuple[float, float, float] = (-6.8126057937e-6, 2.5961597316e-5,
                                         2.1155971031e-6)  # fmt: skip
    cycle_exponent: float = 1.1284775923
    resistance_1_s: float = 3.4194e-10
    resistance_activation_j_mol: float = 71827.0
    resistance_soc: tuple[float, float] = (-3.3903, 1.5604)
    resistance_rate: tuple[float, float] = (-0.002, 0.0021)
    resistance_depth: tuple[float, float] = (6.8477, 0.91882)


class LfpRates(NamedTuple):
    """Calendar rates; average them over the day."""

    end: Numeric
    exponent: Numeric
    resistance_1_day: Numeric


PUBLISHED = LfpCoefficients()


@kernel
def _about_half(c: tuple[float, float], x: Numeric) -> Numeric:
    """Cubic about one half, of charge or depth."""
    return c[0] * (x - 0.5) ** 3 + c[1]


@kernel
def rates(
    coefficients: LfpCoefficients, soc: Numeric, temperature_c: Numeric
) -> LfpRates:
    """Calendar rates at a charge (0 to 1) and a temperature [degC]."""
    t = kelvin(temperature_c)
    anode = anode_potential(soc)
    half, third, fourth = anode**0.5, anode ** (1.0 / 3.0), anode**0.25
    b, c = coefficients.end, coefficients.exponent
    end = b[0] * np.exp((b[1] / t + b[2]) / t * half)
    exponent = c[0] * np.exp(
        (c[1] / t + c[3]) / t**3 * third + (c[2] * t + c[4]) * t**2 * fourth
    )
    lag = 1.0 / t - 1.0 / ROOM_K
    arrhenius = np.exp(-coefficients.resistance_activation_j_mol / GAS_J_MOL_K * lag)
    s, z = coefficients.resistance_soc, held(soc, (0.0, 1.0))
    growth = coefficients.resistance_1_s * arrhenius * _about_half(s, z)
    return LfpRates(end, exponent, growth * SECONDS_PER_DAY)


@kernel
def age(
    coefficients: LfpCoefficients,
    health: Health,
    mean: LfpRates,
    duty: Duty,
    c_rate: Numeric,
) -> Health:
    """Health after a time of constant duty.

    Parameters
    ----------
    coefficients
        The published fit, ``PUBLISHED``.
    health
        Before.
    mean
        Calendar rates, averaged over the day.
    duty
        Days, equivalent full cycles, depth.
    c_rate
        Mean over the day, rest included. [1/h]
    """
    q, depth_moved = coefficients.cycle, held(duty.depth, (0.0, 1.0))
    pace = q[0] + q[1] * depth_moved + q[2] * np.exp(depth_moved**2 * c_rate**3)
    p = coefficients.cycle_exponent
    rate, depth = coefficients.resistance_rate, coefficients.resistance_depth
    per_cycle = (rate[0] * c_rate + rate[1]) * _about_half(depth, depth_moved)
    pace_1_day = coefficients.pace_1_day
    return Health(
        along_sigmoid(
            health.calendar_loss, duty.days, mean.end, pace_1_day, mean.exponent
        ),
        along_power(health.cycle_loss, duty.cycles, np.abs(pace) ** p, p),
        health.calendar_gain + mean.resistance_1_day * np.maximum(duty.days, 0.0),
        health.cycle_gain + per_cycle * np.maximum(duty.cycles, 0.0) / 100.0,
    )

r"""Ageing of an NMC811-graphite/silicon cell (LG M50, 5 Ah).

.. math::

    q = 1 - k_{cal}(T, U_a, z)\,(t / 10^4)^{0.652}
          - k_{cyc}(T, C)\,(N / 10^4)^{0.442}

with days :math:`t`, equivalent full cycles :math:`N`, anode potential :math:`U_a`, charge
:math:`z` and discharge rate :math:`C`. No resistance growth was published: it stays 1.

Valid for 0 to 60 degC at rest, 0 to 25 degC cycling (measured with full depth only, so
shallow cycles are charged like deep ones). Validated against BLAST-Lite 1.1.1
(tests/validation/test_ageing.py).

References
----------
Truong Bui et al. (2021), IEEE Xplore document 9617644 (data); coefficients as in
BLAST-Lite, NREL.
"""

from typing import NamedTuple

import numpy as np

from plant._curves import held
from plant._kernel import kernel
from plant.power.ageing import Duty, Health, along_power, anode_potential, kelvin
from plant.types import Numeric

REFERENCE_K = 308.15
REFERENCE_ANODE_V = 0.123
UNIT = 1e4  # days and cycles of the fit


class Nmc811Coefficients(NamedTuple):
    """The published fit."""

    calendar: tuple[float, float, float, float, float] = (
        -2.3915662879, 2.4420531783, -4.4599824614, 0.4481400622, -0.1853377979,
    )  # fmt: skip
    calendar_exponent: float = 0.6516977439
    cycle: tuple[float, float, float] = (0.1812350154, -0.1237792060, 1.2445954130)
    cycle_exponent: float = 0.4419967925


PUBLISHED = Nmc811Coefficients()


@kernel
def rate(
    coefficients: Nmc811Coefficients, soc: Numeric, temperature_c: Numeric
) -> Numeric:
    """Calendar rate at a charge (0 to 1) and a temperature [degC]; average it."""
    warmth, z = kelvin(temperature_c) / REFERENCE_K, held(soc, (0.0, 1.0))
    anode = anode_potential(soc) / REFERENCE_ANODE_V
    c = coefficients.calendar
    cube = warmth**3
    total: Numeric = (
        c[0]
        + c[1] * np.exp(cube / anode ** (1.0 / 3.0))
        + c[2] * cube / np.sqrt(anode)
        + c[3] * np.exp(np.sqrt(z) / warmth**2)
        + c[4] * np.exp(z**3)
    )
    return np.maximum(total, 0.0)


@kernel
def age(
    coefficients: Nmc811Coefficients,
    health: Health,
    mean_rate: Numeric,
    duty: Duty,
    discharge_rate: Numeric,
    temperature_c: Numeric,
) -> Health:
    """Health after a time of constant duty.

    Parameters
    ----------
    coefficients
        The published fit, ``PUBLISHED``.
    health
        Before.
    mean_rate
        Calendar rate, averaged over the day.
    duty
        Days, equivalent full cycles; the depth has no influence.
    discharge_rate
        While discharging. [1/h]
    temperature_c
        Of the cell. [degC]
    """
    warmth = kelvin(temperature_c) / REFERENCE_K
    c = coefficients.cycle
    exponent = c[1] * discharge_rate**3 + c[2] * warmth**3 * np.sqrt(discharge_rate)
    wear = c[0] * np.exp(exponent)
    p, q = coefficients.calendar_exponent, coefficients.cycle_exponent
    return Health(
        along_power(health.calendar_loss, duty.days / UNIT, mean_rate, p),
        along_power(health.cycle_loss, duty.cycles / UNIT, wear, q),
        health.calendar_gain,
        health.cycle_gain,
    )

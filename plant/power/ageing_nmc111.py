r"""Ageing of an NMC111-graphite cell (Sanyo UR18650E, 2.15 Ah).

.. math::

    q = 1 - \alpha(V, T)\,t^{0.75} - \beta(\bar V, D)\sqrt{Ah}, \qquad
    r = 1 + \alpha_r(V, T)\,t^{0.75} + \beta_r(\bar V, D)\,Ah

with the open-circuit voltage :math:`V`, its root mean square over the cycle
:math:`\bar V`, the depth :math:`D`, days :math:`t` and the charge moved :math:`Ah`.

Valid for 20 to 50 degC; the cycle part was measured at 1C and 35 degC only and knees at
great depth are not in it. Validated against BLAST-Lite 1.1.1
(tests/validation/test_ageing.py). The voltage table is read in 5 % steps from the
published curve; straight lines between them are within 2.3 mV of its finer reading.

References
----------
Schmalstieg et al. (2014), doi:10.1016/j.jpowsour.2014.02.012; Ecker et al. (2014),
doi:10.1016/j.jpowsour.2013.09.143 (voltage).
"""

from typing import NamedTuple

import numpy as np

from plant._kernel import kernel
from plant.power.ageing import Duty, Health, along_power, kelvin
from plant.table import Table, lookup
from plant.types import Numeric

OPEN_CIRCUIT = Table(
    (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7,
     0.75, 0.8, 0.85, 0.9, 0.95, 1.0),
    (3.331, 3.4197, 3.491, 3.5436, 3.5812, 3.6079, 3.6267, 3.6411, 3.6552, 3.6726,
     3.6974, 3.7322, 3.7747, 3.8209, 3.8688, 3.9154, 3.9649, 4.0194, 4.073, 4.1183,
     4.162),
)  # fmt: skip


class Nmc111Coefficients(NamedTuple):
    """The published fit."""

    capacity_ah: float = 2.15
    calendar: tuple[float, float, float] = (7.543e6, -23.75e6, -6976.0)
    calendar_resistance: tuple[float, float, float] = (5.270e5, -16.32e5, -5986.0)
    calendar_exponent: float = 0.75
    cycle: tuple[float, float, float, float] = (7.348e-3, 3.667, 7.6e-4, 4.081e-3)
    cycle_resistance: tuple[float, float, float, float] = (
        2.153e-4, 3.725, -1.521e-5, 2.798e-4,
    )  # fmt: skip
    cycle_exponent: float = 0.5


class Nmc111Rates(NamedTuple):
    """Average them over the day."""

    loss: Numeric
    gain: Numeric
    squared_voltage_v2: Numeric


PUBLISHED = Nmc111Coefficients()


@kernel
def rates(
    coefficients: Nmc111Coefficients, soc: Numeric, temperature_c: Numeric
) -> Nmc111Rates:
    """Calendar rates at a charge (0 to 1) and a temperature [degC]."""
    t = kelvin(temperature_c)
    volts = lookup(OPEN_CIRCUIT, soc)
    a, b = coefficients.calendar, coefficients.calendar_resistance
    return Nmc111Rates(
        (a[0] * volts + a[1]) * np.exp(a[2] / t),
        (b[0] * volts + b[1]) * np.exp(b[2] / t),
        volts * volts,
    )


@kernel
def _per_charge(
    c: tuple[float, float, float, float], mean_v: Numeric, depth: Numeric
) -> Numeric:
    """Loss or gain per (root of) charge moved."""
    wear: Numeric = c[0] * (mean_v - c[1]) ** 2 + c[2] + c[3] * depth
    return np.maximum(wear, 0.0)


@kernel
def age(
    coefficients: Nmc111Coefficients, health: Health, mean: Nmc111Rates, duty: Duty
) -> Health:
    """Health after a time of constant duty.

    Parameters
    ----------
    coefficients
        The published fit, ``PUBLISHED``.
    health
        Before.
    mean
        Rates, averaged over the day.
    duty
        Days, equivalent full cycles, depth.
    """
    volts = np.sqrt(mean.squared_voltage_v2)
    moved_ah = 2.0 * np.maximum(duty.cycles, 0.0) * coefficients.capacity_ah
    wear = _per_charge(coefficients.cycle, volts, duty.depth)
    wear_r = _per_charge(coefficients.cycle_resistance, volts, duty.depth)
    p, half = coefficients.calendar_exponent, coefficients.cycle_exponent
    return Health(
        along_power(health.calendar_loss, duty.days, mean.loss, p),
        along_power(health.cycle_loss, moved_ah, wear, half),
        along_power(health.calendar_gain, duty.days, mean.gain, p),
        health.cycle_gain + wear_r * moved_ah,
    )

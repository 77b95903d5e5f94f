r"""Ageing of lithium cells: the trajectories that capacity and resistance follow.

Loss grows with calendar time and with equivalent full cycles, on one of two curves

.. math::

    y = k\,x^p, \qquad
    y = 2 y_\infty \left[\tfrac12 - \frac{1}{1 + e^{(k x)^p}}\right]

When temperature or charge change, the coefficients change but the loss does not jump:
the new curve is entered at the place where it has today's loss, and followed for the
step. The step is exact for constant conditions, so a year may be one step. A negative
time ages nothing (``backwards``).

Each chemistry gives the coefficients: ``ageing_lfp``, ``ageing_nmc111``,
``ageing_nmc811``. Its rates depend on the charge, so they are averaged over the day by
the caller; the anode potential that some of them need is here.

Valid for charge 0 to 1 and cells of -40 to 100 degC, held there (``outside_range``); each
chemistry states what it was measured at. Validated as a part of them against BLAST-Lite
(tests/validation/test_ageing.py).

References
----------
Gasper et al. (2021), doi:10.1149/1945-7111/ac86a8 (trajectories and state equations);
Safari and Delacourt (2011), doi:10.1149/1.3567007 (anode potential); Schimpe et al.
(2018), doi:10.1149/2.1181714jes (lithiation of the anode over charge).
"""

from typing import NamedTuple

import numpy as np

from plant._constants import CELSIUS_K
from plant._curves import held, outside
from plant._kernel import kernel
from plant._select import select
from plant.types import Numeric

CELL_C = (-40.0, 100.0)
TINY = 1e-30
NEARLY_ONE = 1.0 - 1e-12  # of the end of a sigmoid
EMPTY_LITHIATION, FULL_LITHIATION = 8.5e-3, 0.78


class Health(NamedTuple):
    """Losses so far, all 0 in a new cell."""

    calendar_loss: Numeric  # of capacity, share
    cycle_loss: Numeric
    calendar_gain: Numeric  # of resistance, share
    cycle_gain: Numeric


class Duty(NamedTuple):
    """What a cell goes through, constant over a step."""

    days: Numeric
    cycles: Numeric  # equivalent full cycles: charge moved over twice the capacity
    depth: Numeric  # of discharge of the daily cycle, share of today's capacity


@kernel
def kelvin(temperature_c: Numeric) -> Numeric:
    """Absolute temperature, held where cells can be [K]."""
    return held(temperature_c, CELL_C) + CELSIUS_K


@kernel
def outside_range(soc: Numeric, temperature_c: Numeric) -> Numeric:
    """1 where the rates hold the charge or the temperature, else 0."""
    return np.maximum(outside(soc, (0.0, 1.0)), outside(temperature_c, CELL_C))


@kernel
def backwards(duty: Duty) -> Numeric:
    """1 where days or cycles are below 0 and count as none, else 0."""
    return select((duty.days < 0.0) | (duty.cycles < 0.0), 1.0, 0.0)


@kernel
def capacity(health: Health) -> Numeric:
    """State of health: capacity over that of the new cell."""
    left: Numeric = 1.0 - health.calendar_loss - health.cycle_loss
    return left


@kernel
def resistance(health: Health) -> Numeric:
    """Resistance over that of the new cell."""
    grown: Numeric = 1.0 + health.calendar_gain + health.cycle_gain
    return grown


@kernel
def anode_potential(soc: Numeric) -> Numeric:
    """Potential of graphite against lithium over the state of charge [V]."""
    x = EMPTY_LITHIATION + held(soc, (0.0, 1.0)) * (FULL_LITHIATION - EMPTY_LITHIATION)
    return (
        0.6379
        + 0.5416 * np.exp(-305.5309 * x)
        - 0.044 * np.tanh((x - 0.1958) / 0.1088)
        - 0.1978 * np.tanh((x - 1.0571) / 0.0854)
        - 0.6875 * np.tanh((x + 0.0117) / 0.0529)
        - 0.0175 * np.tanh((x - 0.5692) / 0.0875)
    )


@kernel
def along_power(loss: Numeric, dx: Numeric, k: Numeric, p: Numeric) -> Numeric:
    """Loss after ``dx`` more on the curve ``k x**p``."""
    coefficient = np.maximum(k, TINY)
    passed = (np.maximum(loss, 0.0) / coefficient) ** (1.0 / p)
    after: Numeric = coefficient * (passed + np.maximum(dx, 0.0)) ** p
    return select(k > TINY, after, loss)


@kernel
def along_sigmoid(
    loss: Numeric, dx: Numeric, end: Numeric, k: Numeric, p: Numeric
) -> Numeric:
    """Loss after ``dx`` more on the sigmoid that ends at ``end``; never shrinks."""
    share = held(loss / end, (0.0, NEARLY_ONE))
    passed = np.log((1.0 + share) / (1.0 - share)) ** (1.0 / p) / k
    z = (k * (passed + np.maximum(dx, 0.0))) ** p
    # (1 - e^-z) / (1 + e^-z) is the bracket, without overflow
    decay = np.exp(-z)
    after: Numeric = end * (1.0 - decay) / (1.0 + decay)
    return np.maximum(after, loss)

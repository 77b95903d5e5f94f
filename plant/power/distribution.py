r"""Busway from the UPS output to the racks: loss, voltage drop, taps, phase balance.

.. math::

    P_{loss} = P_{loss,full}\, x^2\,
        \frac{1 + \alpha\, \Delta T_{full}\, x^2}{1 + \alpha\, \Delta T_{full}}

with the load ratio :math:`x`. The conductor warms with the square of the current; its
resistance rises by :math:`\alpha` per kelvin, so the loss at part load is below the
square law. At full load the loss is the nameplate's. The voltage drop goes with the
current and the same resistance (the reactance of a busway is left out: assumption).

Racks hang on taps of 16, 32, 40 or 63 A per phase. Unequal phases are judged by the
largest deviation from their mean (NEMA MG 1); the neutral carries what they do not
cancel, without harmonics.

Valid for a load ratio from 0 to 1.2; larger ones are clamped (``overloaded``). Accepted on
limits and on reproducing the nameplate (tests/plant/power/test_distribution.py).

References
----------
IEC 60364-5-52 (conductor resistance); alpha of copper 0.00393 1/K at 20 degC;
temperature rise 55 K of busbar trunking, IEC 61439-6 (assumption for full load). NEMA
MG 1 (imbalance). Voltage drop 2 % at full load: assumption, within the 4 % that IEC
60364-5-52 recommends. Taps: vendor white paper on AI data centers (2024).
"""

from typing import NamedTuple

import numpy as np

from plant._curves import held, outside
from plant._kernel import kernel
from plant._select import select
from plant.types import Fraction, NonNegative, Numeric, Positive

LOAD_RATIOS = (0.0, 1.2)
TAP_RATINGS_A = (16.0, 32.0, 40.0, 63.0)
SMALL = 1e-9  # stands for zero in denominators


class Busway(NamedTuple):
    """Nameplate of the distribution between UPS and racks."""

    rated_power_w: Positive  # delivered
    full_loss_w: NonNegative  # at the rated power, conductors warm
    temperature_rise_k: NonNegative = 55.0
    resistance_slope_1_k: NonNegative = 0.00393
    full_voltage_drop: Fraction = 0.02  # at the far end, rated power, conductors warm


class Tap(NamedTuple):
    """Nameplate of one outlet of the busway."""

    rating_a: Positive = 63.0  # per phase, one of TAP_RATINGS_A
    phases: Positive = 3.0
    phase_voltage_v: Positive = 230.0
    power_factor: Fraction = 0.95


class PhaseOutputs(NamedTuple):
    """Balance of three phases."""

    imbalance: Numeric  # largest deviation from the mean, over the mean
    neutral_a: Numeric


@kernel
def _load_ratio(busway: Busway, load_w: Numeric) -> Numeric:
    return held(load_w / busway.rated_power_w, LOAD_RATIOS)


@kernel
def overloaded(busway: Busway, load_w: Numeric) -> Numeric:
    """1 where the load is outside the range to which it is clamped, else 0."""
    return outside(load_w / busway.rated_power_w, LOAD_RATIOS)


@kernel
def _resistance_ratio(busway: Busway, load_ratio: Numeric) -> Numeric:
    """Resistance at a load over that at full load."""
    warm = busway.resistance_slope_1_k * busway.temperature_rise_k
    return (1.0 + warm * load_ratio * load_ratio) / (1.0 + warm)


@kernel
def loss(busway: Busway, load_w: Numeric) -> Numeric:
    """Heat given off by the conductors [W].

    Parameters
    ----------
    busway
        Nameplate.
    load_w
        Power delivered to the racks. [W]
    """
    x = _load_ratio(busway, load_w)
    return busway.full_loss_w * x * x * _resistance_ratio(busway, x)


@kernel
def voltage_drop(busway: Busway, load_w: Numeric) -> Numeric:
    """Share of the voltage lost on the way to the far end.

    Parameters
    ----------
    busway
        Nameplate.
    load_w
        Power delivered to the racks. [W]
    """
    x = _load_ratio(busway, load_w)
    return busway.full_voltage_drop * x * _resistance_ratio(busway, x)


@kernel
def tap_current(tap: Tap, power_w: Numeric) -> Numeric:
    """Current per phase of an evenly loaded tap [A]."""
    return power_w / (tap.phases * tap.phase_voltage_v * tap.power_factor)


@kernel
def tap_overloaded(tap: Tap, power_w: Numeric) -> Numeric:
    """1 where the tap carries less than nothing or more than its rating, else 0."""
    return outside(tap_current(tap, power_w), (0.0, tap.rating_a))


@kernel
def smallest_tap(current_a: Numeric) -> Numeric:
    """Least rating that carries a current [A]; the largest where none does."""
    last = len(TAP_RATINGS_A) - 1
    rating: Numeric = TAP_RATINGS_A[last] + 0.0 * current_a
    for i in range(last):
        smaller = TAP_RATINGS_A[last - 1 - i]
        rating = select(current_a <= smaller, smaller, rating)
    return rating


@kernel
def phase_balance(
    first_a: Numeric, second_a: Numeric, third_a: Numeric
) -> PhaseOutputs:
    """Imbalance and neutral current of three phases, 120 degrees apart.

    Parameters
    ----------
    first_a, second_a, third_a
        Currents of equal power factor. [A]
    """
    mean = (first_a + second_a + third_a) / 3.0
    worst = np.maximum(np.abs(first_a - mean), np.abs(second_a - mean))
    worst = np.maximum(worst, np.abs(third_a - mean))
    mixed = first_a * second_a + second_a * third_a + third_a * first_a
    squares = first_a**2 + second_a**2 + third_a**2
    neutral = np.sqrt(np.maximum(squares - mixed, 0.0))
    return PhaseOutputs(worst / np.maximum(mean, SMALL), neutral)

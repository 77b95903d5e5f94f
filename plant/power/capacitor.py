r"""Ageing of the DC-link capacitors of a UPS or a drive.

Life of an aluminium electrolytic capacitor halves for every 10 K of its core
(Arrhenius' law near 100 degC) and ends when its capacitance has fallen by 20 % and its
equivalent series resistance doubled:

.. math::

    L = L_0\, 2^{(T_0 - T_{core}) / 10}, \qquad T_{core} = T_{air} + \Delta T\, x^2

with the ripple current, and so the load ratio :math:`x`, squared. Wear adds up over
changing conditions (Palmgren-Miner); capacitance and resistance are taken to move in a
straight line to their end-of-life values (assumption).

Valid for a core of 30 to 105 degC; temperatures outside are clamped and flagged. Life is
also limited to ``shelf_life_s``, at which the seals have dried out whatever the
temperature.
No public record of a bank in service: accepted on limits and monotonicity
(tests/plant/power/test_capacitor.py).

References
----------
Parler (2004), "Deriving life multipliers for electrolytic capacitors", IEEE Power
Electronics Society Newsletter 16(1); IEC 60384-4 (end of life). Rated life 5,000 h at
105 degC, ripple rise 10 K and 15 years on the shelf: assumptions of the usual class.
"""

from typing import NamedTuple

import numpy as np

from plant._curves import held, outside
from plant._kernel import kernel
from plant._select import select
from plant.types import Limits, NonNegative, Numeric, Positive, TemperatureC

CORE_C: Limits = (30.0, 105.0)
HALVING_K = 10.0
END_CAPACITANCE_LOSS = 0.2
END_RESISTANCE_GAIN = 1.0


class Capacitor(NamedTuple):
    """Nameplate of the bank."""

    rated_life_s: Positive = 1.8e7  # 5,000 h
    rated_core_c: TemperatureC = 105.0
    ripple_rise_k: NonNegative = 10.0  # of the core over the air, at full load
    shelf_life_s: Positive = 4.73e8  # 15 years


class CapacitorOutputs(NamedTuple):
    """After a step."""

    wear: Numeric  # 0 new, 1 end of life
    capacitance: Numeric  # over new
    series_resistance: Numeric  # over new
    due: Numeric  # 1 where the bank must be replaced
    extrapolated: Numeric  # 1 where the core was clamped


@kernel
def _core(capacitor: Capacitor, air_c: Numeric, load_ratio: Numeric) -> Numeric:
    """Temperature of the core [degC]."""
    return air_c + capacitor.ripple_rise_k * load_ratio * load_ratio


@kernel
def life(capacitor: Capacitor, air_c: Numeric, load_ratio: Numeric) -> Numeric:
    """Time to the end of life at constant conditions [s].

    Parameters
    ----------
    capacitor
        Nameplate.
    air_c
        Around the bank. [degC]
    load_ratio
        Of the converter, 0 to 1.
    """
    core = held(_core(capacitor, air_c, load_ratio), CORE_C)
    halvings = (capacitor.rated_core_c - core) / HALVING_K
    hot_s = capacitor.rated_life_s * 2.0**halvings
    return np.minimum(hot_s, capacitor.shelf_life_s)


@kernel
def age(
    capacitor: Capacitor,
    wear: Numeric,
    air_c: Numeric,
    load_ratio: Numeric,
    dt_s: Numeric,
) -> CapacitorOutputs:
    """Wear after a step, and what it does to the bank.

    Parameters
    ----------
    capacitor
        Nameplate.
    wear
        Before, 0 for new.
    air_c
        Around the bank. [degC]
    load_ratio
        Of the converter, 0 to 1.
    dt_s
        Step; below 0 it ages nothing. [s]
    """
    after = wear + np.maximum(dt_s, 0.0) / life(capacitor, air_c, load_ratio)
    return CapacitorOutputs(
        after,
        1.0 - END_CAPACITANCE_LOSS * after,
        1.0 + END_RESISTANCE_GAIN * after,
        select(after >= 1.0, 1.0, 0.0),
        outside(_core(capacitor, air_c, load_ratio), CORE_C),
    )

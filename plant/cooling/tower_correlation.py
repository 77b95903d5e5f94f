r"""Open cooling tower by a correlation of measured approaches: York or CoolTools.

The approach is a polynomial in wet bulb :math:`T`, range :math:`r`, water-flow ratio
:math:`y` and air-flow ratio :math:`x`:

.. math::

    \text{York: } A = \sum_{i,j,k=0}^{2} c_{ijk}\, (y/x)^i\, r^j\, T^k, \qquad
    \text{CoolTools: } A = \sum_{a+b+d+e \le 3} c_{abde}\, (x^3)^a\, y^b\, T^d\, r^e

CoolTools takes the share of full fan power, the cube of the air flow. The water flow is
calibrated: ``y`` is flow over design flow times the ratio at which the correlation gives
the design approach at the design point (``calibrated``). The range that closes
``T_in = T_wb + A(r) + r`` is found by a fixed number of secant steps.

An alternative to ``cooling_tower`` where the maker states approach and range but no
conductance. Valid for wet bulb -34 to 29.4, range 1.1 to 22.2, approach 1.1 to 40 K and
liquid over gas to 8 (York), wet bulb -1 to 26.7, range 1.1 to 11.1, approach 1.1 to 11.1 K
and water flow 0.75 to 1.25 (CoolTools); inputs are held there and ``extrapolated`` is 1.
Validated against EnergyPlus CoolingTower:VariableSpeed and Modelica ``yorkCalc``
(tests/validation/test_tower_correlation.py).

References
----------
Coefficients and limits: EnergyPlus Engineering Reference, "Variable Speed Cooling Towers
Empirical Models" (York International, 2002; Benton et al. 2002, CoolTools).
"""

from typing import NamedTuple

import numpy as np

from plant import _root, water
from plant._curves import cubic, held, outside
from plant._kernel import kernel
from plant._select import select
from plant.cooling import approach as measured
from plant.types import Fraction, NonNegative, Numeric, Positive

SMALL = 1e-9  # stands for zero in denominators
RANGE_STEPS = 7
CALIBRATION_STEPS = 60


class CorrelatedTower(NamedTuple):
    """Nameplate of one cell."""

    water_flow_m3_s: Positive  # design
    fan_power_w: NonNegative  # electrical, at full fan speed
    calibration: Positive = 1.0  # water-flow ratio at the design point, ``calibrated``
    cooltools: Fraction = 0.0  # 0: York, 1: CoolTools crossflow
    minimum_air_flow_ratio: Fraction = 0.2
    fan_power_curve: tuple[float, float, float, float] = (0.02, 0.0, 0.0, 0.98)


class CorrelatedOutputs(NamedTuple):
    """One cell."""

    water_out_c: Numeric
    heat_w: Numeric  # from the water to the outdoor air
    fan_power_w: Numeric
    extrapolated: Numeric  # 1 where an input was outside the correlation


@kernel
def _pair(tower: CorrelatedTower, york: Numeric, cooltools: Numeric) -> Numeric:
    """Value that belongs to the tower's correlation."""
    taken: Numeric = select(tower.cooltools > 0.5, cooltools, york)
    return taken


@kernel
def approach(
    tower: CorrelatedTower,
    air_flow_ratio: Numeric,
    water_flow_ratio: Numeric,
    wet_bulb_c: Numeric,
    range_k: Numeric,
) -> Numeric:
    """Leaving water over wet bulb, by the tower's correlation.

    Parameters
    ----------
    tower
        Nameplate.
    air_flow_ratio
        Share of full air flow, 0 to 1.
    water_flow_ratio
        Calibrated.
    wet_bulb_c
        Entering wet bulb. [degC]
    range_k
        Drop of the water. [K]

    Returns
    -------
    Numeric
        Not held at the limits of the approach. [K]
    """
    york = measured.york(air_flow_ratio, water_flow_ratio, wet_bulb_c, range_k)
    other = measured.cooltools(air_flow_ratio, water_flow_ratio, wet_bulb_c, range_k)
    return _pair(tower, york, other)


def calibrated(
    tower: CorrelatedTower, wet_bulb_c: float, approach_k: float, range_k: float
) -> CorrelatedTower:
    """Nameplate that gives the design approach at the design point.

    Parameters
    ----------
    tower
        Nameplate.
    wet_bulb_c, approach_k, range_k
        Design point. [degC, K, K]

    Returns
    -------
    CorrelatedTower
        With the first water-flow ratio, from 0.5 up, at which the approach is reached.
    """
    ratios: Numeric = np.arange(0.5, 5.0, 0.05, dtype=np.float64)
    found = approach(tower, 1.0, ratios, wet_bulb_c, range_k)
    high = 0.5 + 0.05 * float(np.argmax(found >= approach_k))
    low = 0.0
    for _ in range(CALIBRATION_STEPS):
        middle = 0.5 * (low + high)
        below = approach(tower, 1.0, middle, wet_bulb_c, range_k) < approach_k
        low, high = (middle, high) if below else (low, middle)
    return tower._replace(calibration=high)


@kernel
def _span(tower: CorrelatedTower) -> tuple[Numeric, Numeric]:
    """Shortest and longest range of the tower's correlation [K]."""
    york, other = measured.YORK_LIMITS.range_k, measured.COOLTOOLS_LIMITS.range_k
    return _pair(tower, york[0], other[0]), _pair(tower, york[1], other[1])


@kernel
def _closing_range(
    tower: CorrelatedTower, x: Numeric, y: Numeric, wet_bulb_c: Numeric, span_k: Numeric
) -> Numeric:
    """Range with which approach and range fill the span, by regula falsi [K]."""
    shortest, longest = _span(tower)
    low: Numeric = shortest + 0.0 * span_k * x * y * wet_bulb_c
    high: Numeric = np.maximum(np.minimum(span_k, longest), shortest) + 0.0 * low
    bracket = _root.between(
        low,
        high,
        approach(tower, x, y, wet_bulb_c, low) + low - span_k,
        approach(tower, x, y, wet_bulb_c, high) + high - span_k,
    )
    for _ in range(RANGE_STEPS):
        middle = _root.guess(bracket)
        miss = approach(tower, x, y, wet_bulb_c, middle) + middle - span_k
        bracket = _root.tighten(bracket, middle, miss)
    return bracket.best


@kernel
def _far(
    tower: CorrelatedTower, wet_bulb_c: Numeric, range_k: Numeric, approach_k: Numeric
) -> Numeric:
    """1 where the correlation was not measured."""
    york, other = measured.YORK_LIMITS, measured.COOLTOOLS_LIMITS
    shortest, longest = _span(tower)
    # a range that lies on its limit was held there
    held_k = (range_k - shortest) * (longest - range_k)
    bulb = _pair(
        tower,
        outside(wet_bulb_c, york.wet_bulb_c),
        outside(wet_bulb_c, other.wet_bulb_c),
    )
    reached = _pair(
        tower,
        outside(approach_k, york.approach_k),
        outside(approach_k, other.approach_k),
    )
    return np.maximum(np.maximum(bulb, reached), select(held_k <= 0.0, 1.0, 0.0))


@kernel
def cool(
    tower: CorrelatedTower,
    air_flow_ratio: Numeric,
    water_in_c: Numeric,
    water_flow_kg_s: Numeric,
    wet_bulb_c: Numeric,
) -> CorrelatedOutputs:
    """Water leaving at a given fan speed.

    Parameters
    ----------
    tower
        Nameplate.
    air_flow_ratio
        Share of full air flow; below the minimum the fan cycles.
    water_in_c
        Water entering. [degC]
    water_flow_kg_s
        Water through the cell. [kg/s]
    wet_bulb_c
        Entering wet bulb. [degC]

    Returns
    -------
    CorrelatedOutputs
        No cooling without water, air or span; never below the wet bulb.
    """
    span_k = water_in_c - wet_bulb_c
    ratio = water_flow_kg_s / (tower.water_flow_m3_s * water.density(water_in_c))
    limits = measured.YORK_LIMITS.water_flow_ratio  # the same for both
    york, other = measured.YORK_LIMITS, measured.COOLTOOLS_LIMITS
    bulb_c = _pair(
        tower, held(wet_bulb_c, york.wet_bulb_c), held(wet_bulb_c, other.wet_bulb_c)
    )
    least = np.maximum(tower.minimum_air_flow_ratio, SMALL)
    on = np.minimum(np.maximum(air_flow_ratio, 0.0) / least, 1.0)
    x = held(air_flow_ratio, (least, 1.0))
    y = held(ratio, limits) * tower.calibration
    range_k = _closing_range(tower, x, y, bulb_c, span_k)
    running = on * select((water_flow_kg_s > 0.0) & (span_k > 0.0), 1.0, 0.0)
    drop_k = running * np.minimum(range_k, np.maximum(span_k, 0.0))
    far = _far(tower, wet_bulb_c, range_k, span_k - range_k)
    return CorrelatedOutputs(
        water_out_c=water_in_c - drop_k,
        heat_w=water_flow_kg_s * water.heat_capacity(water_in_c) * drop_k,
        fan_power_w=on * tower.fan_power_w * cubic(tower.fan_power_curve, x),
        extrapolated=np.maximum(far, outside(ratio, limits)) * running,
    )

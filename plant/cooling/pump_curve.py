r"""Pump known by its maker's measured curve.

Head and power at nominal speed are tables over the volume flow; at speed ``r`` the
affinity laws move the whole curve

.. math:: H(V, r) = r^2 H_0(V / r), \qquad P(V, r) = r^3 P_0(V / r)

Between the points a monotone cubic (Fritsch-Carlson) keeps the shape that was measured
without overshoot; beyond the ends the curve goes on as a straight line.

Valid within the table and for speeds from 0.3 to 1.2 (``outside_range`` tells; beyond the
table the curve goes on straight, down to 0); drive efficiency is taken to
be the same at all speeds. Validated against Modelica Movers.SpeedControlled_y with a Wilo
Stratos 80/1-12 (tests/validation/test_pump.py).

References
----------
Fritsch and Carlson (1980), doi:10.1137/0717021; Wetter (2013), "Fan and pump model that
has a unique solution for any pressure boundary condition and control signal".
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from plant._curves import outside
from plant._kernel import kernel
from plant._select import select
from plant.types import Numeric

SPEEDS = (0.3, 1.2)  # of nominal, at which the laws hold
SLOWEST = 1e-6  # stands for a standing pump in denominators


class PumpCurve(NamedTuple):
    """Table at nominal speed, with the slopes that make the cubic monotone."""

    flow_m3_s: tuple[float, ...]  # rising
    head_pa: tuple[float, ...]
    head_slope: tuple[float, ...]  # Pa per m3/s
    power_w: tuple[float, ...]  # electrical
    power_slope: tuple[float, ...]  # W per m3/s


@kernel
def _interpolate(
    x: Numeric,
    knots: tuple[float, ...],
    values: tuple[float, ...],
    slopes: tuple[float, ...],
) -> Numeric:
    """Cubic Hermite curve through a table, straight beyond its ends."""
    last = len(knots) - 1
    below = np.minimum(x - knots[0], 0.0) * slopes[0]
    above = np.maximum(x - knots[last], 0.0) * slopes[last]
    inside = np.minimum(np.maximum(x, knots[0]), knots[last])
    result: Numeric = values[0] + 0.0 * inside
    for i in range(last):
        width = knots[i + 1] - knots[i]
        t = (inside - knots[i]) / width
        rise = values[i + 1] - values[i]
        a = slopes[i] * width - rise
        b = rise - slopes[i + 1] * width
        cubic = values[i] + t * rise + t * (1.0 - t) * ((1.0 - t) * a + t * b)
        result = select(inside >= knots[i], cubic, result)
    total: Numeric = result + below + above
    return total


@kernel
def head(curve: PumpCurve, speed: Numeric, flow_m3_s: Numeric) -> Numeric:
    """Pressure rise [Pa] at a fraction of nominal speed and a volume flow [m3/s]."""
    r = np.maximum(speed, SLOWEST)
    table_pa = _interpolate(
        flow_m3_s / r, curve.flow_m3_s, curve.head_pa, curve.head_slope
    )
    return r * r * np.maximum(table_pa, 0.0)


@kernel
def power(curve: PumpCurve, speed: Numeric, flow_m3_s: Numeric) -> Numeric:
    """Electrical power [W] at a fraction of nominal speed and a volume flow [m3/s]."""
    r = np.maximum(speed, SLOWEST)
    table_w = _interpolate(
        flow_m3_s / r, curve.flow_m3_s, curve.power_w, curve.power_slope
    )
    return r * r * r * np.maximum(table_w, 0.0)


@kernel
def outside_range(curve: PumpCurve, speed: Numeric, flow_m3_s: Numeric) -> Numeric:
    """1 where speed or flow leaves the table and the affinity laws, else 0."""
    last = len(curve.flow_m3_s) - 1
    table = (curve.flow_m3_s[0], curve.flow_m3_s[last])
    far = outside(flow_m3_s / np.maximum(speed, SLOWEST), table)
    return np.maximum(far, outside(speed, SPEEDS))


def monotone_slopes(x: Sequence[float], y: Sequence[float]) -> tuple[float, ...]:
    """Slopes that keep a cubic through the points monotone (Fritsch and Carlson).

    Parameters
    ----------
    x
        Rising, at least two.
    y
        As many values.

    Returns
    -------
    tuple of float
        One slope per point.
    """
    secant = np.diff(y) / np.diff(x)
    middle = 0.5 * (secant[:-1] + secant[1:])
    # a turn of the curve must stay where it is
    middle = np.where(secant[:-1] * secant[1:] > 0.0, middle, 0.0)
    slope = np.concatenate([secant[:1], middle, secant[-1:]])
    left, right = np.append(secant[:1], secant), np.append(secant, secant[-1:])
    steepest = 3.0 * np.minimum(np.abs(left), np.abs(right))
    slope = np.sign(slope) * np.minimum(np.abs(slope), steepest)
    return tuple(float(value) for value in slope)


def from_table(
    flow_m3_s: Sequence[float], head_pa: Sequence[float], power_w: Sequence[float]
) -> PumpCurve:
    """Nameplate from the points of a data sheet at nominal speed.

    Parameters
    ----------
    flow_m3_s
        Rising volume flows. [m3/s]
    head_pa
        Pressure rises. [Pa]
    power_w
        Electrical powers. [W]

    Returns
    -------
    PumpCurve
        Goes through every point.
    """
    return PumpCurve(
        flow_m3_s=tuple(float(value) for value in flow_m3_s),
        head_pa=tuple(float(value) for value in head_pa),
        head_slope=monotone_slopes(flow_m3_s, head_pa),
        power_w=tuple(float(value) for value in power_w),
        power_slope=monotone_slopes(flow_m3_s, power_w),
    )

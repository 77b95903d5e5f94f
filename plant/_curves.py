"""Polynomials in which nameplates state their curves, and the holding at their limits."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from plant._kernel import kernel
from plant._select import select
from plant.types import Numeric


@kernel
def held(value: Numeric, limits: tuple[float, float]) -> Numeric:
    """Value inside its limits."""
    return np.minimum(np.maximum(value, limits[0]), limits[1])


@kernel
def outside(value: Numeric, limits: tuple[float, float]) -> Numeric:
    """1 where a value is outside its limits, else 0."""
    missed: Numeric = select((value < limits[0]) | (value > limits[1]), 1.0, 0.0)
    return missed


@kernel
def quadratic(c: tuple[float, float, float], x: Numeric) -> Numeric:
    """Value of ``c0 + c1 x + c2 x^2``."""
    return c[0] + x * (c[1] + x * c[2])


@kernel
def cubic(c: tuple[float, float, float, float], x: Numeric) -> Numeric:
    """Value of ``c0 + c1 x + c2 x^2 + c3 x^3``."""
    return c[0] + x * (c[1] + x * (c[2] + x * c[3]))


@kernel
def biquadratic(
    c: tuple[float, float, float, float, float, float], x: Numeric, y: Numeric
) -> Numeric:
    """Value of a curve with the coefficients 1, x, x2, y, y2, xy."""
    return c[0] + x * (c[1] + x * c[2]) + y * (c[3] + y * c[4] + x * c[5])


@kernel
def bicubic(
    c: tuple[float, float, float, float, float, float, float, float, float, float],
    x: Numeric,
    y: Numeric,
) -> Numeric:
    """Value of a curve with the coefficients 1, x, x2, y, y2, xy, x3, y3, x2y, xy2."""
    mixed = x * y * (c[5] + x * c[8] + y * c[9])
    along_x = x * (c[1] + x * (c[2] + x * c[6]))
    return c[0] + along_x + y * (c[3] + y * (c[4] + y * c[7])) + mixed


def loss_ratio(
    load_ratio: Sequence[float], efficiency: Sequence[float]
) -> NDArray[np.float64]:
    """Losses over the rating at the points of a data sheet: ``x / eta - x``.

    Parameters
    ----------
    load_ratio
        Output over the rating.
    efficiency
        Output over input at these loads, as many.
    """
    x = np.asarray(load_ratio, dtype=float)
    return np.asarray(x / np.asarray(efficiency, dtype=float) - x, dtype=float)

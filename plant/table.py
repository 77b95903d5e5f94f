"""Curve through the points of a data sheet: straight lines, held beyond the ends."""

from typing import NamedTuple

import numpy as np

from plant._kernel import kernel
from plant.types import Numeric


class Table(NamedTuple):
    """Points of a curve."""

    points: tuple[float, ...]  # rising, at least two
    values: tuple[float, ...]  # as many


@kernel
def lookup(table: Table, x: Numeric) -> Numeric:
    """Value at ``x``: linear between the points, the end values outside.

    Parameters
    ----------
    table
        Points of the curve.
    x
        Any shape.
    """
    result: Numeric = table.values[0] + 0.0 * x
    for i in range(len(table.points) - 1):
        width = table.points[i + 1] - table.points[i]
        passed = np.minimum(np.maximum((x - table.points[i]) / width, 0.0), 1.0)
        result = result + passed * (table.values[i + 1] - table.values[i])
    return result

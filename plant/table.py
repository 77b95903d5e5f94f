"""Curves through the points of a data sheet: straight lines, held beyond the ends.

    y = y_i + (y_i+1 - y_i) (x - x_i) / (x_i+1 - x_i)

and bilinear over two variables. Valid between the first and the last point; beyond them
the end value is held, and whoever uses a table flags it (``beyond`` for a grid).
Accepted on going through its points (tests/contracts).

References
----------
Press et al., Numerical Recipes, 3rd ed., ch. 3.1 and 3.6 (interpolation on a grid).
"""

from typing import NamedTuple

import numpy as np

from plant._curves import outside
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


class Grid(NamedTuple):
    """Points of a curve over two variables."""

    x: tuple[float, ...]  # rising, at least two
    y: tuple[float, ...]  # rising, at least two
    values: tuple[tuple[float, ...], ...]  # one row per x, one column per y


@kernel
def bilinear(grid: Grid, x: Numeric, y: Numeric) -> Numeric:
    """Value at ``x, y``: linear between the points, the edges held outside.

    Parameters
    ----------
    grid
        Points of the curve.
    x, y
        Shapes that broadcast.
    """
    before = lookup(Table(grid.y, grid.values[0]), y)
    result: Numeric = before + 0.0 * x
    for i in range(len(grid.x) - 1):
        after = lookup(Table(grid.y, grid.values[i + 1]), y)
        width = grid.x[i + 1] - grid.x[i]
        passed = np.minimum(np.maximum((x - grid.x[i]) / width, 0.0), 1.0)
        result = result + passed * (after - before)
        before = after
    return result


@kernel
def beyond(grid: Grid, x: Numeric, y: Numeric) -> Numeric:
    """1 where a point lies outside the grid, else 0."""
    last_x, last_y = len(grid.x) - 1, len(grid.y) - 1
    far_x = outside(x, (grid.x[0], grid.x[last_x]))
    far_y = outside(y, (grid.y[0], grid.y[last_y]))
    return np.maximum(far_x, far_y)

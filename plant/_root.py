"""Regula falsi with a fixed number of steps: the bracket and its one step.

The caller evaluates its own equation at ``guess`` and hands the miss to ``tighten``, so
the search needs no function argument and compiles.
"""

from typing import NamedTuple

import numpy as np

from plant._kernel import kernel
from plant._select import select
from plant.types import Numeric

SMALL = 1e-12  # stands for zero in denominators


class Bracket(NamedTuple):
    """Two ends of a rising equation; the misses may be scaled."""

    low: Numeric
    high: Numeric
    miss_low: Numeric
    miss_high: Numeric


@kernel
def guess(bracket: Bracket) -> Numeric:
    """Zero of the line through both ends, between them."""
    rise = np.maximum(bracket.miss_high - bracket.miss_low, SMALL)
    step = bracket.miss_low * (bracket.high - bracket.low) / rise
    return np.minimum(np.maximum(bracket.low - step, bracket.low), bracket.high)


@kernel
def tighten(bracket: Bracket, at: Numeric, miss: Numeric) -> Bracket:
    """Bracket with one end moved; the other counts half (Illinois)."""
    above = miss > 0.0
    return Bracket(
        select(above, bracket.low, at),
        select(above, at, bracket.high),
        select(above, 0.5 * bracket.miss_low, miss),
        select(above, miss, 0.5 * bracket.miss_high),
    )


@kernel
def closest(bracket: Bracket) -> Numeric:
    """End with the smaller miss."""
    nearer = np.abs(bracket.miss_low) < np.abs(bracket.miss_high)
    found: Numeric = select(nearer, bracket.low, bracket.high)
    return found

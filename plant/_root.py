"""Regula falsi with a fixed number of steps: the bracket and its one step; a secant.

The caller evaluates its own equation at ``guess`` and hands the miss to ``tighten``, so
the search needs no function argument and compiles.
"""

from typing import NamedTuple

import numpy as np

from plant._kernel import kernel
from plant._select import select
from plant.types import Numeric

SMALL = 1e-12  # stands for zero in denominators
TINY = 1e-14  # a secant flatter than this has converged


class Bracket(NamedTuple):
    """Two ends of a rising equation, and the best point so far."""

    low: Numeric
    high: Numeric
    miss_low: Numeric  # halved while the end stays where it is
    miss_high: Numeric
    best: Numeric
    best_miss: Numeric
    side: Numeric  # end that moved last: 1 the high, -1 the low, 0 none


@kernel
def between(
    low: Numeric, high: Numeric, miss_low: Numeric, miss_high: Numeric
) -> Bracket:
    """Bracket of two ends; without a root between them the better end is the best."""
    nearer = np.abs(miss_low) < np.abs(miss_high)
    best = select(nearer, low, high)
    best_miss = select(nearer, miss_low, miss_high)
    return Bracket(low, high, miss_low, miss_high, best, best_miss, 0.0 * best)


@kernel
def guess(bracket: Bracket) -> Numeric:
    """Zero of the line through both ends, between them."""
    rise = np.maximum(bracket.miss_high - bracket.miss_low, SMALL)
    step = bracket.miss_low * (bracket.high - bracket.low) / rise
    return np.minimum(np.maximum(bracket.low - step, bracket.low), bracket.high)


@kernel
def tighten(bracket: Bracket, at: Numeric, miss: Numeric) -> Bracket:
    """Bracket with one end moved; one that stays twice counts half (Illinois)."""
    above = miss > 0.0
    side = select(above, 1.0, -1.0)
    weight = select(side * bracket.side > 0.0, 0.5, 1.0)
    nearer = np.abs(miss) < np.abs(bracket.best_miss)
    return Bracket(
        select(above, bracket.low, at),
        select(above, at, bracket.high),
        select(above, weight * bracket.miss_low, miss),
        select(above, miss, weight * bracket.miss_high),
        select(nearer, at, bracket.best),
        select(nearer, miss, bracket.best_miss),
        side,
    )


@kernel
def secant(miss: Numeric, miss_before: Numeric) -> Numeric:
    """Way on to the zero, in units of the last step; 0 when the line is flat."""
    rise = miss - miss_before
    flat = np.abs(rise) < TINY
    way: Numeric = select(flat, 0.0, -miss / select(flat, 1.0, rise))
    return way

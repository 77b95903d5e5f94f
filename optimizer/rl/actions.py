"""What a learned controller may do: a bounded step beside what the rules want.

An action of zero is the rules; one of +-1 moves a lever by ``SHARE`` of its range a
decision, at least one unit where units are counted. The guard has the last word.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer import linearize
from twin.config import Site
from twin.signals import Setpoints

Array = NDArray[np.float64]
# Not the cap: putting work off is a decision for a plan, not for a reflex.
LEVERS = tuple(name for name in linearize.LEVERS if name != "it_power_cap_w")
PLACE = np.array([Setpoints._fields.index(name) for name in LEVERS])
SHARE = 0.15  # of the guard's range


class Reach(NamedTuple):
    """What actions of +-1 do at a site."""

    span: (
        Array  # (setpoints,), in the unit of the signal; zero where nothing is learned
    )
    low: Array  # (setpoints,), the guard's limits
    high: Array


def reach_of(site: Site) -> Reach:
    """Largest residuals and limits of a site."""
    low = np.array([entry.minimum for entry in site.guard], dtype=float)
    high = np.array([entry.maximum for entry in site.guard], dtype=float)
    least = np.array([1.0 if entry.whole_number else 0.0 for entry in site.guard])
    span = np.zeros(len(low))
    span[PLACE] = np.maximum(SHARE * (high - low), least)[PLACE]
    span[high <= low] = 0.0
    return Reach(span, low, high)


def wanted(reach: Reach, base: Array, action: Array) -> Array:
    """Setpoints of an action, before shield and guard.

    Parameters
    ----------
    reach
        Of the site.
    base
        What the rules want, shape (..., setpoints).
    action
        -1 to 1, shape (..., levers).
    """
    full = np.zeros_like(base)
    full[..., PLACE] = np.clip(action, -1.0, 1.0)
    moved = np.clip(base + reach.span * full, reach.low, reach.high)
    return np.where(full * reach.span != 0.0, moved, base)


def action_of(reach: Reach, base: Array, chosen: Array) -> Array:
    """Action that comes nearest to chosen setpoints, shape (..., levers)."""
    span = reach.span[PLACE]
    step = (chosen - base)[..., PLACE] / np.where(span > 0.0, span, 1.0)
    return np.asarray(np.clip(np.where(span > 0.0, step, 0.0), -1.0, 1.0))

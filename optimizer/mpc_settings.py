"""How the model-predictive controller searches, and how widely."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.linearize import LEVERS, UNITS
from twin.config import Site

Array = NDArray[np.float64]


class MpcSettings(NamedTuple):
    """How the controller searches and what it keeps clear of."""

    # Half width of the search, order of LEVERS; counts and the cap as shares of the most.
    radius: tuple[float, ...] = (2, 0.1, 0.1, 2e4, 2, 2e4, 1.5, 1, 0.15, 0.1, 0.1)
    rounds: int = 3  # samplings per decision, at most
    shrink: float = 0.5  # of the search from round to round
    polish_rounds: int = 2
    polish_share: float = 0.25  # of the radius, first trust region
    margin_k: float = 0.5  # kept below every temperature limit
    quantile: float = 0.9  # of the forecast at which the limits must hold
    bias_gain: float = 0.3  # share of a new residual that is believed at once
    steady_share: float = 0.05  # of the rated load: offsets are learned below it
    jump_share: float = 0.1  # chance given to a jump of the load in a step
    move_share: float = 0.1  # of a reversal's price: dislike of moving one radius
    least_energy_usd_j: float = 10.0 / 3.6e9  # energy is never free to waste
    gap_share: float = 0.01  # of the overhead cost
    least_gap_usd_w: float = 5e-9  # per watt of the racks
    loose_gaps: float = 10.0  # gaps from the bound: an incumbent's modes are not taken
    full_at_s: float = 16 * 3600.0  # of the plant clock's day: before the evening peak
    solve_limit_s: float = 5.0  # for one solve
    late_share: float = 0.1  # of the control interval: a later plan is not applied


def search_radius(site: Site, shares: tuple[float, ...]) -> Array:
    """Half width of the search per lever, in the unit of the signal.

    Counts and the power cap as shares of the most the guard allows, two units at least.
    """
    radius = np.array(shares, dtype=float)
    for i, name in enumerate(LEVERS):
        most = getattr(site.guard, name).maximum
        if name in UNITS:
            radius[i] = max(2.0, np.ceil(radius[i] * most))
        elif name == "it_power_cap_w":
            radius[i] = radius[i] * most
    return radius


assert len(MpcSettings().radius) == len(LEVERS)  # one radius per lever

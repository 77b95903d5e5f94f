"""What goes into one planning problem and what comes out of it."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.linearize import Samples

Array = NDArray[np.float64]


class PlanPrices(NamedTuple):
    """What steers a plan beside the objective of ``optimizer.problem``."""

    switch_share: float = 0.5  # of a start, on and off alike: both together cost one
    battery_turn_usd_w: float = 0.5 / 1e6  # change of power from step to step
    reserve_usd_j_s: float = 1.0 / 3.6e9 / 3600.0  # missing charge, 1 USD/(MWh h)
    anchor_usd_j: float = 5.0 / 3.6e6  # missing charge when the battery is due full


class Deferred(NamedTuple):
    """Jobs that may wait, as in ``twin.forecast.Movable``: arrays of shape (time,)."""

    least_j: Array  # taken by the end of each step if all start as late as they may
    most_j: Array  # likewise as early as they may
    site_w_w: (
        Array  # power of the site for each watt of theirs, with cooling and losses
    )
    most_w: Array  # of theirs that there is room for
    placed_w: Array  # of theirs that the base plan holds


class PlanProblem(NamedTuple):
    """Numbers of one planning problem."""

    step_s: Array  # (time,)
    energy_usd_j: Array  # (time,)
    points_usd: Array  # (time, lever, point): water, failures, moving, under stress
    samples: Samples
    headroom_k: Array  # (time, limit): limit minus base, bias and margin
    stress_headroom_k: Array  # (stress step, limit), likewise
    eco_bounds: tuple[Array, Array]  # each (time,), 0 or 1
    soc: float
    soc_full: float  # wanted at the anchor and at the end
    anchor_s: float  # when the battery is due full, since the first step's start
    refill_usd_j: float  # value of charge at the end of the horizon
    units_now: Array  # (whole lever,)
    eco_now: float
    battery_now_w: float  # in force
    peak_so_far_w: float
    demand_usd_w: float
    jump_share: float  # chance given to a jump of the load in the first steps
    deferred: Deferred | None = None  # None where no job may wait


class PlanSolution(NamedTuple):
    """Chosen plan; arrays of shape (time, ...)."""

    levers: Array  # (time, lever)
    eco: Array  # (time,)
    battery_w: Array  # (time,), positive discharges
    site_w: Array  # (time,), as the linear model sees it
    soc: Array  # (time,), at the end of each step
    deferred_w: Array  # (time,), power given to jobs that may wait
    cost_usd: float  # the whole objective
    gap_usd: float  # to the solver's bound

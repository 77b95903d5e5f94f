"""What a plan costs by the twin itself, step by step, and the better of two plans.

The solver's program is linear in what was sampled one lever at a time; where levers share
a threshold (any of three can stop a chiller, all three are not needed) it overestimates.
So each step of a new plan is taken over only if the twin confirms that it costs less.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.linearize import LEVERS, STRESS_STEPS, Response, respond
from optimizer.problem import Weights, exceedance_k
from twin.config import Site
from twin.forecast import Forecast
from twin.signals import Inputs, Setpoints, State

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

LEAST_GAIN = 1e-5  # of a step's cost: what is not clearly better is left alone


class Judged(NamedTuple):
    """A plan and what the twin says of it; arrays of shape (time,)."""

    time_s: Array
    setpoints: Setpoints
    response: Response  # at the forecast
    stressed: Response  # first steps under stress
    step_usd: Array  # energy and exceedance, per step


class Yardstick(NamedTuple):
    """By what plans of one decision are measured."""

    site: Site
    forecast: Forecast
    weights: Weights
    energy_usd_j: Array  # (time,), with carbon
    limits_c: Array  # (time, limit), less margin, bias and spread of the forecast
    stress_limits_c: Array  # (limit,), less margin and bias: the stress is the spread
    jump_share: float  # weight of the energy under stress
    active: Array  # (lever,), in force
    moving_usd: Array  # (lever,), dislike of a move in the first step, per its unit


def stress(site: Site, forecast: Forecast) -> Inputs:
    """First steps of the forecast with the racks at full load."""
    first = Inputs(*(np.asarray(f)[:STRESS_STEPS] for f in forecast.inputs))
    rated_w = site.facility.it.racks.rated_power_w
    return first._replace(it_demand_w=np.full(STRESS_STEPS, rated_w))


def judge(
    measure: Yardstick, guess: tuple[State, State], setpoints: Setpoints
) -> Judged:
    """Evaluate a plan on the twin.

    Parameters
    ----------
    measure
        Prices, limits, forecast.
    guess
        First guesses of the settled state, at the forecast and under stress.
    setpoints
        Plan, arrays of shape (time,).
    """
    facility = measure.site.facility
    forecast = measure.forecast
    settled = setpoints._replace(battery_power_w=np.zeros(len(forecast.step_s)))
    found = respond(facility, measure.weights, guess[0], forecast.inputs, settled)
    first = Setpoints(*(np.asarray(f)[:STRESS_STEPS] for f in settled))
    hard = stress(measure.site, forecast)
    stressed = respond(facility, measure.weights, guess[1], hard, first)
    usd = cost(measure, found, stressed)
    drawn_w = found.site_w - np.asarray(setpoints.battery_power_w)
    over_w = np.maximum(drawn_w - facility.power.grid_limit_w, 0.0)
    usd += measure.weights.over_grid_usd_j * over_w * forecast.step_s
    usd[0] += moving(measure, setpoints)
    return Judged(forecast.time_s, setpoints, found, stressed, usd)


def cost(measure: Yardstick, found: Response, stressed: Response) -> Array:
    """What runs, at each step, the battery idle [USD], shape (time,)."""
    above_k = exceedance_k(measure.limits_c, found.limited_c)
    worse_k = exceedance_k(measure.stress_limits_c, stressed.limited_c)
    above_k[:STRESS_STEPS] = np.maximum(above_k[:STRESS_STEPS], worse_k)
    beside_usd_s = found.beside_usd_s + above_k * measure.weights.exceedance_usd_k_s
    beside_usd_s[:STRESS_STEPS] += measure.jump_share * stressed.beside_usd_s
    power_w = found.site_w.copy()
    power_w[:STRESS_STEPS] += measure.jump_share * stressed.site_w
    rate_usd_s = measure.energy_usd_j * power_w + beside_usd_s
    return np.asarray(rate_usd_s * measure.forecast.step_s)


def moving(measure: Yardstick, setpoints: Setpoints) -> float:
    """Dislike of moving at all in the first step [USD]: settled figures hide it."""
    first = np.array([float(np.asarray(getattr(setpoints, n))[0]) for n in LEVERS])
    return float(np.sum(measure.moving_usd * np.abs(first - measure.active)))


def better(one: Judged, other: Judged) -> Judged:
    """Levers of whichever plan costs less at each step; modes and battery of ``other``.

    Both plans must have been judged with the same modes for the costs to compare.
    """
    take = other.step_usd < one.step_usd * (1.0 - LEAST_GAIN)
    fields = other.setpoints._asdict()
    for name in LEVERS:
        fields[name] = np.where(
            take, getattr(other.setpoints, name), getattr(one.setpoints, name)
        )
    return Judged(
        other.time_s,
        Setpoints(**fields),
        _choose(take, other.response, one.response),
        _choose(take[:STRESS_STEPS], other.stressed, one.stressed),
        np.where(take, other.step_usd, one.step_usd),
    )


def _choose(take: Flags, chosen: Response, otherwise: Response) -> Response:
    """Responses step by step."""
    states = zip(chosen.state, otherwise.state, strict=True)
    return Response(
        np.where(take, chosen.site_w, otherwise.site_w),
        np.where(take[:, None], chosen.limited_c, otherwise.limited_c),
        np.where(take, chosen.beside_usd_s, otherwise.beside_usd_s),
        State(*(np.where(take, a, b) for a, b in states)),
    )

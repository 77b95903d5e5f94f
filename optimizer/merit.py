"""What a plan costs by the twin itself, step by step, and the better of two plans.

The solver's program is linear in what was sampled one lever at a time; where levers share
a threshold (any of three can stop a chiller, all three are not needed) it overestimates.
So each step of a new plan is taken over only if the twin confirms that it costs less.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.linearize import LEVERS, STRESS_STEPS, Response, respond
from optimizer.plan_problem import PlanPrices
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
    energy_usd_j: Array  # (time,)
    limits_c: Array  # (limit,), less margin and bias
    jump_share: float  # weight of the energy under stress


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
    found = respond(facility, guess[0], forecast.inputs, settled)
    first = Setpoints(*(np.asarray(f)[:STRESS_STEPS] for f in settled))
    stressed = respond(facility, guess[1], stress(measure.site, forecast), first)
    usd = cost(measure, found, stressed)
    return Judged(forecast.time_s, setpoints, found, stressed, usd)


def cost(measure: Yardstick, found: Response, stressed: Response) -> Array:
    """Energy and exceedance of each step, the battery idle [USD], shape (time,)."""
    above_k = np.maximum(found.limited_c - measure.limits_c, 0.0)
    worse_k = np.maximum(stressed.limited_c - measure.limits_c, 0.0)
    above_k[:STRESS_STEPS] = np.maximum(above_k[:STRESS_STEPS], worse_k)
    slack_usd_s = above_k.sum(axis=1) * PlanPrices().slack_usd_k_s
    power_w = found.site_w.copy()
    power_w[:STRESS_STEPS] += measure.jump_share * stressed.site_w
    rate_usd_s = measure.energy_usd_j * power_w + slack_usd_s
    return np.asarray(rate_usd_s * measure.forecast.step_s)


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
        State(*(np.where(take, a, b) for a, b in states)),
    )

"""A quiet hand: a lever moves once waiting has cost what the move costs.

A plan that is new every quarter hour wants to move many levers a little, and back again
when the wind turns. Valves and motors pay for that. So each lever of the first step is
asked what leaving it alone would cost by the twin. That adds up from decision to decision,
and the lever moves when the sum reaches the price of the move: a little for going on, a
reversal's wear for going back, starts for units. Nobody who does not know the future can
do better than twice the best by any rule (the ski rental problem). What is dear at once,
such as a limit in danger, moves at once.

References
----------
Karlin, Manasse, Rudolph, Sleator (1988), Competitive snoopy caching, Algorithmica 3.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from optimizer.linearize import LEVERS, STRESS_STEPS, WHOLE, Response, Samples, sample
from optimizer.merit import Judged, Yardstick, judge, stress
from optimizer.problem import exceedance_k, wear_prices
from twin.signals import Inputs, Setpoints, State

Array = NDArray[np.float64]

MOVE_SHARE = 0.1  # of a reversal: what any move costs
SWITCH_SHARE = 0.5  # of a start: stops cost as much, both together one
BATTERY_SHARE = 0.05  # of its power: smaller changes are left


class Calm:
    """What waiting has cost so far, by lever."""

    def __init__(self) -> None:
        self.waited_usd: dict[str, float] = {}

    def quieten(
        self, measure: Yardstick, plan: Judged, direction: Mapping[str, float]
    ) -> Judged:
        """The plan without the moves of the first step that are not worth it yet.

        Parameters
        ----------
        measure
            Prices, limits, what is active.
        plan
            As found.
        direction
            By lever: sign of its last move.
        """
        first = np.array(
            [float(np.asarray(getattr(plan.setpoints, n))[0]) for n in LEVERS]
        )
        change = first - measure.active
        loss_usd = _losses(measure, plan)
        price_usd = _prices(measure, change, direction)
        before = np.array([self.waited_usd.get(name, 0.0) for name in LEVERS])
        waited = np.maximum(before + loss_usd, 0.0)
        held = (np.abs(change) > 1e-9) & (waited < price_usd)
        quiet = self._with(measure, plan, held)
        most_usd = plan.step_usd[0] + float(price_usd[held].sum())
        if quiet.step_usd[0] > most_usd:  # dearer together than one by one
            quiet, held = plan, np.zeros_like(held)
        kept = np.where(held, waited, 0.0)
        self.waited_usd = dict(zip(LEVERS, map(float, kept), strict=True))
        return quiet

    @staticmethod
    def _with(measure: Yardstick, plan: Judged, held: NDArray[np.bool_]) -> Judged:
        """The plan with some levers as they are in the first step."""
        fields = plan.setpoints._asdict()
        for i in np.flatnonzero(held):
            values = np.array(fields[LEVERS[i]], dtype=float)
            values[0] = measure.active[i]
            fields[LEVERS[i]] = values
        guess = (plan.response.state, plan.stressed.state)
        return judge(measure, guess, Setpoints(**fields))


def battery(wanted_w: float, active_w: float, largest_w: float) -> float:
    """Battery power without small changes; rest is always granted.

    Parameters
    ----------
    wanted_w, active_w
        By the plan and in force.
    largest_w
        It can deliver.
    """
    least_w = BATTERY_SHARE * largest_w
    if abs(wanted_w) < least_w:
        return 0.0
    return active_w if abs(wanted_w - active_w) < least_w else wanted_w


def _prices(measure: Yardstick, change: Array, direction: Mapping[str, float]) -> Array:
    """What each move costs, shape (lever,) [USD]."""
    price = wear_prices(measure.site.facility, measure.weights)
    back = [
        direction.get(n, 0.0) * c < 0.0 for n, c in zip(LEVERS, change, strict=True)
    ]
    usd = np.where(back, price.reversal, MOVE_SHARE * price.reversal)
    starts = (price.cell_start, price.air_unit_start, price.module_start)  # as WHOLE
    for i, start_usd in zip(WHOLE, starts, strict=True):
        usd[i] += SWITCH_SHARE * start_usd * abs(change[i])
    return np.asarray(usd)


def _losses(measure: Yardstick, plan: Judged) -> Array:
    """What leaving each lever as it is costs in the first step, shape (lever,) [USD]."""
    found = _left_alone(measure, plan)
    energy, share = measure.energy_usd_j[0], measure.jump_share
    rate = energy * found.site_w[0, :, 0] + found.beside_usd_s[0, :, 0]
    hard = energy * found.stressed_w[0, :, 0] + found.stressed_usd_s[0, :, 0]
    now_c, then_c = plan.response.limited_c[0], plan.stressed.limited_c[0]
    warm_c = now_c + found.limited_k[0, :, 0]
    worse_c = then_c + found.stressed_k[0, :, 0]
    above_k = _above(measure, warm_c, worse_c) - _above(measure, now_c, then_c)
    exceeding = measure.weights.exceedance_usd_k_s * above_k
    return np.asarray((rate + share * hard + exceeding) * measure.forecast.step_s[0])


def _above(measure: Yardstick, warm_c: Array, worse_c: Array) -> Array:
    """Exceedance at the forecast or under stress, whichever is more [K]."""
    return np.maximum(
        exceedance_k(measure.limits_c[0], warm_c),
        exceedance_k(measure.stress_limits_c, worse_c),
    )


def _left_alone(measure: Yardstick, plan: Judged) -> Samples:
    """The twin's first step with each lever alone as it is now."""
    values = np.stack(
        [np.asarray(getattr(plan.setpoints, n))[:STRESS_STEPS] for n in LEVERS], axis=1
    )
    values[0] = measure.active
    inputs = Inputs(*(np.asarray(f)[:STRESS_STEPS] for f in measure.forecast.inputs))
    return sample(
        measure.site.facility,
        measure.weights,
        _first(plan.response),
        plan.stressed,
        (inputs, stress(measure.site, measure.forecast)),
        Setpoints(*(np.asarray(f)[:STRESS_STEPS] for f in plan.setpoints)),
        values[:, :, None],
    )


def _first(response: Response) -> Response:
    """The first steps."""
    state = (np.asarray(field)[:STRESS_STEPS] for field in response.state)
    return Response(
        response.site_w[:STRESS_STEPS],
        response.limited_c[:STRESS_STEPS],
        response.beside_usd_s[:STRESS_STEPS],
        State(*state),
    )

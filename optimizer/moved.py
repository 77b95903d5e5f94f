"""Jobs that may wait, in a plan: what the solver may choose, and what it chose.

The forecast of IT power holds these jobs as early as they can run. The solver places their
energy anew between two cumulative curves (``twin.held_jobs``); from then on the plan is
measured at the IT power that comes of it.
"""

import numpy as np

from optimizer.linearize import respond
from optimizer.merit import Judged, Yardstick, judge
from optimizer.plan_problem import Deferred, PlanSolution
from twin.forecast import Forecast
from twin.interfaces import JobPlan
from twin.signals import Inputs, Setpoints

PROBE_SHARE = 0.02  # of the rated load, for the site's power by IT power


def deferred(measure: Yardstick, plan: Judged) -> Deferred | None:
    """What the solver may choose around a plan; None where no job waits."""
    forecast, site = measure.forecast, measure.site
    movable = forecast.movable
    if movable is None:
        return None
    probe_w = PROBE_SHARE * site.facility.it.racks.rated_power_w
    less = np.maximum(np.asarray(forecast.inputs.it_demand_w) - probe_w, 0.0)
    lower = respond(
        site.facility,
        measure.weights,
        plan.response.state,
        forecast.inputs._replace(it_demand_w=less),
        plan.setpoints._replace(battery_power_w=np.zeros(len(less))),
    )
    change_w = np.asarray(forecast.inputs.it_demand_w) - less
    by_it = (plan.response.site_w - lower.site_w) / np.maximum(change_w, 1.0)
    # Settled at another count of units the ratio may jump; IT power counts at least once.
    site_w_w = np.clip(by_it, 1.0, 2.0)
    return Deferred(
        movable.least_j, movable.most_j, site_w_w, movable.most_w, movable.placed_w
    )


def follow(
    measure: Yardstick, plan: Judged, solution: PlanSolution
) -> tuple[Yardstick, Judged]:
    """The same setpoints measured with the jobs where the solver put them."""
    movable = measure.forecast.movable
    if movable is None:
        return measure, plan
    moved = measure._replace(forecast=_shifted(measure.forecast, solution))
    guess = (plan.response.state, plan.stressed.state)
    return moved, judge(moved, guess, plan.setpoints)


def levers_only(
    forecast: Forecast, before: Setpoints, solution: PlanSolution
) -> PlanSolution:
    """An incumbent far from its bound, less what the twin does not judge step by step.

    Its levers are kept only where the twin finds them cheaper; a schedule of battery, ECO
    mode and jobs pays over the whole horizon or not at all, so that of the plan before
    stays.
    """
    movable = forecast.movable
    return solution._replace(
        eco=np.asarray(before.ups_eco),
        battery_w=np.asarray(before.battery_power_w),
        deferred_w=solution.deferred_w if movable is None else movable.placed_w,
    )


def _shifted(forecast: Forecast, solution: PlanSolution) -> Forecast:
    """The forecast with these jobs elsewhere."""
    assert forecast.movable is not None
    change_w = solution.deferred_w - forecast.movable.placed_w

    def with_it(inputs: Inputs) -> Inputs:
        power_w = np.maximum(np.asarray(inputs.it_demand_w) + change_w, 0.0)
        return inputs._replace(it_demand_w=power_w)

    return forecast._replace(
        inputs=with_it(forecast.inputs),
        bands=tuple(with_it(band) for band in forecast.bands),
        movable=forecast.movable._replace(placed_w=solution.deferred_w),
    )


def job_plan(forecast: Forecast) -> JobPlan | None:
    """Energy over time as placed in a forecast; None where no job waits."""
    if forecast.movable is None:
        return None
    ends_s = forecast.time_s[0] + np.cumsum(forecast.step_s)
    edge_s = np.concatenate([[forecast.time_s[0]], ends_s])
    return JobPlan(edge_s, np.cumsum(forecast.movable.placed_w * forecast.step_s))

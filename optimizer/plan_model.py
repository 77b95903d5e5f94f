r"""The plan of a day as a mixed-integer linear program (Pyomo, solved by HiGHS).

Per step :math:`t` each lever takes a mixture :math:`\lambda` of its sampled values (a
piecewise-linear response); cells in service and ECO mode are whole for the first hours.

.. math::

    \min \sum_t \Delta t_t\, w_t\, P_t + \pi D
        + \text{wear} + \text{switching} + \text{slack}

    P_t = P^0_t + \sum_{ik} \lambda_{tik}\, \Delta P_{tik} - E_t e_t - d_t + c_t,
    \qquad D \ge P_t

    T^0_{tj} + b_j + \sum_{ik} \lambda_{tik}\, \Delta T_{tikj} \le T^{max}_j + s_{tj}

with battery :math:`S_{t+1} = S_t - \Delta t (d/\eta - \eta c)`, full at a fixed time of
each day (the *anchor*), and dwell times for ECO mode. All sampled numbers are mutable
parameters, so the model is built once and re-solved.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyomo.common.errors import PyomoException

from optimizer.linearize import Samples
from optimizer.plan_build import W_PER_MW, build
from optimizer.plan_problem import Deferred, PlanProblem, PlanSolution
from optimizer.problem import Weights
from optimizer.warm_highs import plan_solver
from twin.config import Site

Array = NDArray[np.float64]


class PlanModel:
    """Persistent model for a fixed horizon.

    Parameters
    ----------
    step_s
        Lengths of the steps. [s]
    site
        Battery, and the least time between two moves of a lever.
    weights
        Prices; the defaults if None.
    whole_s
        Units and ECO are whole numbers for steps that start before this.
    limit_s
        Time for one solve. [s]
    """

    def __init__(
        self,
        step_s: Array,
        site: Site,
        weights: Weights | None = None,
        whole_s: float = 6 * 3600.0,
        limit_s: float = 5.0,
    ) -> None:
        self._steps = len(step_s)
        self._limit_s = limit_s
        self._battery = site.facility.power.battery
        self._model = build(step_s, site, weights or Weights(), whole_s)
        self._solver = plan_solver(limit_s)
        self.status = "not solved"  # of the last solve, in the solver's words

    def solve(self, problem: PlanProblem, gap_usd: float) -> PlanSolution | None:
        """Solve for new numbers.

        The solver's status is looked at every time, never only its objective; a solver
        that broke is replaced.

        Parameters
        ----------
        problem
            Everything sampled and forecast.
        gap_usd
            Absolute optimality gap at which to stop. [USD]

        Returns
        -------
        PlanSolution or None
            None if no feasible plan was found in time; ``status`` says why.
        """
        self._store(problem)
        self._solver.config.abs_gap = gap_usd
        try:
            result = self._solver.solve(self._model)
        except (RuntimeError, PyomoException) as error:
            self.status = f"solver failed: {error}"
            self._solver = plan_solver(self._limit_s)
            return None
        self.status = result.termination_condition.name
        if result.incumbent_objective is None:
            return None
        result.solution_loader.load_vars()
        bound = result.objective_bound
        gap = float("nan") if bound is None else result.incumbent_objective - bound
        return self._read(problem.samples, result.incumbent_objective, float(gap))

    def _store(self, problem: PlanProblem) -> None:
        m = self._model
        samples = problem.samples
        share = at_time(problem.step_s, problem.anchor_s)
        for parameter, values in (
            (m.value, samples.values),
            (m.site, samples.site_w / W_PER_MW),
            (m.warm, samples.limited_k),
            (m.base, _base_w(problem) / W_PER_MW),
            (m.saving, samples.eco_saving_w / W_PER_MW),
            (m.headroom, problem.headroom_k),
            (m.stress, samples.stressed_k),
            (m.stress_headroom, problem.stress_headroom_k),
            (m.weight, problem.energy_usd_j * W_PER_MW),
            (m.points, problem.points_usd),
            (m.eco_least, problem.eco_bounds[0]),
            (m.eco_most, problem.eco_bounds[1]),
            (m.units_now, problem.units_now),
            (m.jump, _jumps(problem, self._steps) / W_PER_MW),
            (m.anchor, share),
            *_deferred(m, problem.deferred, self._steps),
        ):
            _store(parameter, values)
        m.soc_now.set_value(problem.soc)
        m.soc_at_anchor.set_value(problem.soc_full - problem.soc * (1.0 - share.sum()))
        m.soc_at_end.set_value(problem.soc_full)
        m.refill.set_value(problem.refill_usd_j * self._battery.energy_j)
        m.jump_share.set_value(problem.jump_share)
        m.eco_now.set_value(problem.eco_now)
        m.battery_now.set_value(problem.battery_now_w / W_PER_MW)
        m.peak_now.set_value(problem.peak_so_far_w / W_PER_MW)
        m.demand.set_value(problem.demand_usd_w * W_PER_MW)

    def _read(self, samples: Samples, cost: float, gap: float) -> PlanSolution:
        m = self._model
        mix = np.array(list(m.mix.extract_values().values())).reshape(
            samples.values.shape
        )
        steps = range(self._steps)
        battery = [m.discharge[t].value - m.charge[t].value for t in steps]
        return PlanSolution(
            levers=(mix * samples.values).sum(axis=2),
            eco=np.round([m.eco[t].value for t in steps]),
            battery_w=np.array(battery) * W_PER_MW,
            site_w=np.array([m.site_mw[t].value for t in steps]) * W_PER_MW,
            soc=np.array([m.soc[t].value for t in steps]),
            deferred_w=np.array([m.defer[t].value for t in steps]) * W_PER_MW,
            cost_usd=float(cost),
            gap_usd=gap,
        )


def at_time(step_s: Array, time_s: float) -> Array:
    """Weights of the values at the ends of the steps that give the value at a time.

    Parameters
    ----------
    step_s
        Lengths of the steps. [s]
    time_s
        Since the start of the first step; at most their sum. [s]

    Returns
    -------
    ndarray
        Shape (time,). They sum to one, less the weight of the value at the start.
    """
    ends = np.cumsum(step_s)
    one = np.eye(len(step_s))
    knots = np.concatenate([[0.0], ends])
    return np.array([np.interp(time_s, knots, np.r_[0.0, row]) for row in one])


def _base_w(problem: PlanProblem) -> Array:
    """Power of the site at the base plan, without jobs that may wait."""
    base_w, jobs = problem.samples.base.site_w, problem.deferred
    return base_w if jobs is None else base_w - jobs.site_w_w * jobs.placed_w


def _deferred(m: Any, jobs: Deferred | None, steps: int) -> list[tuple[Any, Array]]:
    """Parameters of the jobs that may wait; zero where there are none."""
    none = np.zeros(steps)
    least_j, most_j, site_w_w, most_w, _ = jobs or (none, none, none, none, none)
    return [
        (m.defer_room, most_w / W_PER_MW),
        (m.defer_least, least_j / W_PER_MW),
        (m.defer_most, most_j / W_PER_MW),
        (m.defer_site, site_w_w),
    ]


def _jumps(problem: PlanProblem, steps: int) -> Array:
    """Site power should the load jump; beyond the stressed steps as in the last.

    Every step carries this chance. Counted in the first steps only, a plan would charge
    in any later step, and so never.
    """
    known = problem.samples.stressed.site_w
    return np.concatenate([known, np.full(steps - len(known), known[-1])])


def _store(parameter: Any, values: Array) -> None:
    """Bulk update of a mutable parameter from an array of its index order.

    Rounded far below any meaning, because HiGHS refuses coefficients that are only noise.
    """
    rounded = np.round(values.ravel(), 8).tolist()
    parameter.store_values(dict(zip(parameter.keys(), rounded, strict=True)))

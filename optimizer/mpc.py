"""Model-predictive control over a day: sample the twin, solve a MILP, polish on the twin.

Every decision: take the best of the last plan, of what is active and of what the rules
would do as a base; sample the twin around it; solve the plan model; take over each step
that the twin confirms to be cheaper; polish with units and modes fixed; apply the first
step. What the plant measures minus what the twin says is carried as an offset.

If a rung fails, the next carries, and the decision's status says which:

    ok -> incumbent (solver stopped by its time, its best plan is used)
       -> units_fixed (no plan: the base with its units, polished)
       -> last_plan (that gained nothing: the base as it is)
       -> rules (no usable forecast, the plan came too late to be applied, or the last day
          under it cost more than the rules would have, see ``optimizer.referee``)
"""

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optimizer.calm import Calm, battery
from optimizer.linearize import LEVERS, LIMITED, UNITS, Samples, grid, respond, sample
from optimizer.merit import Judged, Yardstick, better, judge, stress
from optimizer.moved import deferred, follow, job_plan, levers_only
from optimizer.mpc_settings import MpcSettings, search_radius
from optimizer.offset import Offset
from optimizer.plan_inputs import History, plan_problem, windows, within
from optimizer.plan_model import PlanModel
from optimizer.plan_problem import PlanSolution
from optimizer.problem import Weights, wear_prices
from optimizer.referee import Referee
from optimizer.rules import RuleParameters, RulesController
from optimizer.search import SearchController, SearchSettings
from optimizer.slp import polish
from optimizer.usable import usable
from twin.config import Site
from twin.forecast import Forecast, at_quantile, horizon_grid
from twin.interfaces import Decision, Estimate
from twin.signals import Setpoints

__all__ = ["MpcController", "MpcSettings", "search_radius"]

Array = NDArray[np.float64]
Windows = tuple[Array, Array]


class MpcController:
    """Receding horizon on the twin's own coefficients.

    Parameters
    ----------
    site
        What is known of the plant.
    settings, weights, rules
        The defaults if None.
    """

    name = "mpc"

    def __init__(
        self,
        site: Site,
        settings: MpcSettings | None = None,
        weights: Weights | None = None,
        rules: RuleParameters | None = None,
    ) -> None:
        self._site = site
        self._s = settings or MpcSettings()
        self._weights = weights or Weights()
        self._rules = RulesController(site, rules)
        self._static = SearchController(site, self._static_settings(), self._weights)
        self._reversal_usd = wear_prices(site.facility, self._weights).reversal
        step_s = horizon_grid()
        self._steps = len(step_s)
        self._model = PlanModel(
            step_s, site, self._weights, limit_s=self._s.solve_limit_s
        )
        self._plan: Judged | None = None
        self._radius = search_radius(site, self._s.radius)
        self._history = History(site)
        self._calm = Calm()
        self._offset = Offset(site, self._s.bias_gain, self._s.steady_share)
        self._referee = Referee(site, self._weights, self._rules)

    def state(self) -> dict[str, Any]:
        """What must survive a restart, as JSON can hold it: the month's peak first."""
        return {
            "offset": self._offset.state(),
            "history": self._history.state(),
            "waited_usd": dict(self._calm.waited_usd),
            "referee": self._referee.state(),
        }

    def restore(self, known: Mapping[str, Any]) -> None:
        """Go on from what ``state`` gave.

        The last plan is not kept: it is a start of the search, not a memory.
        """
        offset, history, waited_usd, referee = (
            dict(known[name]) for name in ("offset", "history", "waited_usd", "referee")
        )
        self._offset.restore(offset)
        self._history.restore(history)
        self._calm.waited_usd = waited_usd
        self._referee.restore(referee)

    def decide(
        self, estimate: Estimate, forecast: Forecast | None, now_s: float
    ) -> Decision:
        """Plan the horizon and return the first step of the plan."""
        started = time.perf_counter()
        if estimate.problems:
            why = "; ".join(estimate.problems[:3])
            return Decision(estimate.setpoints, f"hold: {why}", status="bad_data")
        self._history.observe(now_s, estimate.setpoints)
        self._offset.learn(estimate, now_s)
        fit, told = usable(forecast, self._steps)
        if fit is None:
            return self._by_rules(estimate, now_s, told, started)
        price = float(fit.energy_price_usd_j[0]), float(fit.carbon_kg_j[0])
        dearer = self._referee.look(estimate, now_s, price)
        if dearer:
            return self._by_rules(estimate, now_s, dearer, started)
        measure = self._yardstick(fit, estimate)
        wait_s = self._history.wait_s(now_s)
        reach = windows(self._site, fit, estimate.setpoints, wait_s)
        base = self._base(measure, estimate, reach, now_s)
        found, measure, status, error_w = self._search(
            measure, estimate, base, reach, wait_s
        )
        plan = self._polished(measure, found, reach)
        plan = self._calm.quieten(measure, plan, self._history.direction)
        if status == "units_fixed" and plan.step_usd.sum() >= base.step_usd.sum():
            status = "last_plan"
        spent_s = time.perf_counter() - started
        if spent_s > self._s.late_share * self._site.control.control_interval_s:
            return self._by_rules(
                estimate, now_s, f"plan took {spent_s:.1f} s", started
            )
        self._plan = plan
        reason = self._reason(plan, measure, error_w, told)
        active_w = float(estimate.setpoints.battery_power_w)
        made = self._first(plan, status, reason, spent_s, active_w)
        return made._replace(
            linearization_error_w=error_w, jobs=job_plan(measure.forecast)
        )

    def _first(
        self, plan: Judged, status: str, reason: str, spent_s: float, active_w: float
    ) -> Decision:
        """First step of a plan as a decision."""
        first = Setpoints(*(float(np.asarray(f)[0]) for f in plan.setpoints))
        largest_w = self._site.facility.power.battery.discharge_power_w
        held_w = battery(float(first.battery_power_w), active_w, largest_w)
        first = first._replace(battery_power_w=held_w)
        bus_w = float(plan.response.site_w[0]) - float(first.battery_power_w)
        return Decision(first, reason, bus_w + self._offset.site_w, spent_s, status)

    def _reason(
        self, plan: Judged, measure: Yardstick, error_w: float, told: str
    ) -> str:
        """What the plan rests on, for the journal."""
        hours = measure.forecast.step_s.sum() / 3600.0
        parts = [f"plan of {hours:.0f} h"]
        if np.isfinite(error_w):
            parts.append(f"linearization error {error_w / 1e3:+.1f} kW")
        if self._model.status != "convergenceCriteriaSatisfied":
            parts.append(f"solver: {self._model.status}")
        above_k = plan.response.limited_c - np.array(self._site.limits)
        if above_k.max() > 0.0:
            worst = LIMITED[int(above_k.max(axis=0).argmax())]
            parts.append(f"{worst} will exceed its limit by {above_k.max():.1f} K")
        return ", ".join([*parts, *([told] if told else [])])

    def _by_rules(
        self, estimate: Estimate, now_s: float, why: str, started: float
    ) -> Decision:
        """Last rung: what the rules do, and why no plan was applied."""
        made = self._rules.decide(estimate, None, now_s)
        spent_s = time.perf_counter() - started
        reason = f"{why}; {made.reason}"
        return Decision(made.setpoints, reason, solve_s=spent_s, status="rules")

    def _yardstick(self, forecast: Forecast, estimate: Estimate) -> Yardstick:
        """Prices and limits of this decision."""
        carbon = self._weights.carbon_usd_kg * forecast.carbon_kg_j
        value = forecast.energy_price_usd_j + carbon
        energy = np.maximum(value, self._s.least_energy_usd_j)
        active = np.array([float(getattr(estimate.setpoints, n)) for n in LEVERS])
        return Yardstick(
            self._site,
            forecast,
            self._weights,
            energy,
            self._limits(forecast, estimate),
            np.array(self._site.limits) - self._s.margin_k - self._offset.limited_k,
            self._s.jump_share,
            active,
            self._s.move_share * self._reversal_usd / self._radius,
        )

    def _limits(self, forecast: Forecast, estimate: Estimate) -> Array:
        """Limits less margin, offset and what the forecast's spread adds [degC].

        The spread is the warming, at what is active, from the expected inputs to those
        at the chosen quantile: then the limit holds with that chance.
        """
        clear = self._s.margin_k + self._offset.limited_k
        limits = np.tile(np.array(self._site.limits) - clear, (self._steps, 1))
        if not forecast.bands:
            return limits
        hold = estimate.setpoints._replace(battery_power_w=0.0)
        expected, warm = (
            respond(self._site.facility, self._weights, estimate.state, inputs, hold)
            for inputs in (forecast.inputs, at_quantile(forecast, self._s.quantile))
        )
        return limits - np.maximum(warm.limited_c - expected.limited_c, 0.0)

    def _static_settings(self) -> SearchSettings:
        """What the static optimum keeps clear of, as the plan does."""
        return SearchSettings(
            margin_k=self._s.margin_k,
            jump_share=self._s.jump_share,
            bias_gain=self._s.bias_gain,
        )

    def _base(
        self, measure: Yardstick, estimate: Estimate, reach: Windows, now_s: float
    ) -> Judged:
        """The best, step by step, of holding, rules, static optimum and last plan.

        The linear model moves levers one at a time; the static optimum finds what only
        pays together (fewer air units with more water, say).
        """
        steps = self._steps
        guess = (estimate.state, estimate.state)

        def judged(plan: Setpoints) -> Judged:
            same = plan._replace(
                ups_eco=np.full(steps, float(estimate.setpoints.ups_eco)),
                battery_power_w=np.zeros(steps),
            )
            return judge(measure, guess, within(same, reach))

        def constant(values: Setpoints) -> Setpoints:
            return Setpoints(*(np.full(steps, float(v)) for v in values))

        base = judged(constant(estimate.setpoints))
        wish = self._rules.decide(estimate, None, 0.0).setpoints
        if np.isfinite(np.array(wish, dtype=float)).all():
            base = better(base, judged(constant(wish)))
        optimum = self._static.decide(estimate, measure.forecast, now_s).setpoints
        base = better(base, judged(constant(optimum)))
        if self._plan is None:
            return base
        at = np.searchsorted(self._plan.time_s, measure.forecast.time_s, side="right")
        at = np.clip(at - 1, 0, steps - 1)
        old = Setpoints(*(np.asarray(f)[at] for f in self._plan.setpoints))
        return better(base, judged(old))

    def _search(
        self,
        measure: Yardstick,
        estimate: Estimate,
        plan: Judged,
        reach: Windows,
        wait_s: dict[str, float],
    ) -> tuple[Judged, Yardstick, str, float]:
        """Sample and solve until another round would gain less than the solver's gap.

        Returns
        -------
        Judged, Yardstick, str, float
            Plan, what it is measured by once jobs are placed, status, and the
            linearization error of its first step [W].
        """
        gap_usd = self._gap(plan, measure.forecast)
        radius, status, error_w = self._radius, "ok", float("nan")
        for number in range(self._s.rounds):
            samples = self._sample(measure, plan, reach, radius)
            problem = plan_problem(
                measure,
                estimate,
                samples,
                wait_s,
                self._offset.peak_w,
                self._s.full_at_s,
                deferred(measure, plan),
            )
            solution = self._model.solve(problem, gap_usd)
            if solution is None:
                failed = "units_fixed" if number == 0 else "incumbent"
                return plan, measure, failed, error_w
            if self._model.status != "convergenceCriteriaSatisfied":
                status = "incumbent"
                if not solution.gap_usd <= self._s.loose_gaps * gap_usd:
                    solution = levers_only(measure.forecast, plan.setpoints, solution)
            measure, plan = follow(measure, plan, solution)
            before_usd = plan.step_usd.sum()
            plan, error_w = self._confirm(measure, plan, solution)
            if before_usd - plan.step_usd.sum() < gap_usd:
                break
            radius = radius * self._s.shrink
        return plan, measure, status, error_w

    def _sample(
        self, measure: Yardstick, plan: Judged, reach: Windows, radius: Array
    ) -> Samples:
        forecast = measure.forecast
        return sample(
            self._site.facility,
            self._weights,
            plan.response,
            plan.stressed,
            (forecast.inputs, stress(self._site, forecast)),
            plan.setpoints,
            grid(plan.setpoints, radius, reach),
        )

    def _polished(self, measure: Yardstick, plan: Judged, reach: Windows) -> Judged:
        """Continuous setpoints moved on the twin."""
        radius = self._s.polish_share * self._radius
        return polish(measure, plan, reach, radius, self._s.polish_rounds)

    def _gap(self, plan: Judged, forecast: Forecast) -> float:
        """Absolute gap: a share of what the optimizer can influence, the overhead."""
        overhead_w = plan.response.site_w - forecast.inputs.it_demand_w
        value = self._s.least_energy_usd_j + forecast.energy_price_usd_j
        overhead_usd = float(np.sum(overhead_w * value * forecast.step_s))
        rated_w = self._site.facility.it.racks.rated_power_w
        least_usd = self._s.least_gap_usd_w * rated_w
        return max(self._s.gap_share * overhead_usd, least_usd)

    @staticmethod
    def _confirm(
        measure: Yardstick, base: Judged, solution: PlanSolution
    ) -> tuple[Judged, float]:
        """Judge the solver's plan, keep the better levers of each step.

        Returns
        -------
        Judged, float
            Plan, and the linearization error of its first step [W].
        """
        guess = (base.response.state, base.stressed.state)
        fields = {name: solution.levers[:, i] for i, name in enumerate(LEVERS)}
        fields |= {name: np.round(fields[name]) for name in UNITS}
        modes = {"ups_eco": solution.eco, "battery_power_w": solution.battery_w}
        wanted = judge(measure, guess, Setpoints(**fields, **modes))
        kept = judge(measure, guess, base.setpoints._replace(**modes))
        linear_w = solution.site_w[0] + solution.battery_w[0]
        return better(kept, wanted), float(linear_w - wanted.response.site_w[0])

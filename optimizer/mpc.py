"""Model-predictive control over a day: sample the twin, solve a MILP, confirm on the twin.

Every decision: take the last plan as a base; sample the twin around it; solve the plan
model; take over each step that the twin confirms to be cheaper (sequential linear
programming with a shrinking search); apply the first step. What the plant measures minus
what the twin says is carried as a bias, so that a plant unlike its nameplates still keeps
its temperature limits (offset-free control).
"""

import time
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.linearize import (
    LEVERS,
    LIMITED,
    STRESS_STEPS,
    Samples,
    grid,
    reachable,
    respond,
    sample,
)
from optimizer.merit import Judged, Yardstick, better, judge, stress
from optimizer.plan_model import PlanModel
from optimizer.plan_problem import PlanProblem, PlanSolution
from twin.config import Site
from twin.forecast import DAY_S, Forecast, horizon_grid
from twin.interfaces import Decision, Estimate
from twin.kpis import HOURS_PER_MONTH
from twin.signals import Inputs, Setpoints

Array = NDArray[np.float64]


class MpcSettings(NamedTuple):
    """How the controller searches and what it keeps clear of."""

    # Half width of the search per lever, order of LEVERS.
    radius: tuple[float, ...] = (2.0, 2.0, 0.10, 2e4, 2.0, 2e4, 1.5, 1.0)
    rounds: int = 3  # samplings per decision, at most
    shrink: float = 0.5  # of the search from round to round
    margin_k: float = 0.5  # kept below every temperature limit
    bias_gain: float = 0.3  # share of a new residual that is believed at once
    steady_share: float = (
        0.05  # of the rated load: residuals count only below this change
    )
    jump_share: float = (
        0.1  # chance given to a jump of the load before the next decision
    )
    move_usd: float = 0.02  # dislike of moving one radius in the first step
    carbon_price_usd_kg: float = 0.05  # assumption
    least_energy_usd_j: float = 10.0 / 3.6e9  # energy is never free to waste
    gap_share: float = 0.01  # of the overhead cost
    full_at_s: float = 16 * 3600.0  # of the plant clock's day: before the evening peak


class MpcController:
    """Receding horizon on the twin's own coefficients."""

    name = "mpc"

    def __init__(self, site: Site, settings: MpcSettings | None = None) -> None:
        self._site = site
        self._s = settings or MpcSettings()
        self._model = PlanModel(horizon_grid(), site.facility.power.battery)
        self._plan: Judged | None = None
        self._demand_before_w = float("nan")
        self._bias_k = np.zeros(len(LIMITED))
        self._bias_w = 0.0
        self._peak_w = 0.0

    def decide(self, estimate: Estimate, forecast: Forecast, now_s: float) -> Decision:
        """Plan the horizon and return the first step of the plan."""
        started = time.perf_counter()
        if estimate.problems:
            why = "; ".join(estimate.problems[:3])
            return Decision(estimate.setpoints, f"hold: {why}", status="bad_data")
        self._learn(estimate)
        measure = self._yardstick(forecast)
        plan = self._base(measure, estimate)
        gap_usd = self._gap(plan, forecast)
        status, error_w = "ok", float("nan")
        radius = np.array(self._s.radius)
        for _ in range(self._s.rounds):
            samples = self._sample(measure, estimate, plan, radius)
            problem = self._problem(measure, estimate, samples)
            solution = self._model.solve(problem, gap_usd)
            if solution is None:
                status = "no_plan_in_time"
                break
            before_usd = plan.step_usd.sum()
            plan, error_w = self._confirm(measure, plan, solution)
            radius = radius * self._s.shrink
            if before_usd - plan.step_usd.sum() < gap_usd:
                break  # another round would gain less than the solver's own gap
        self._plan = plan
        first = Setpoints(*(float(np.asarray(f)[0]) for f in plan.setpoints))
        bus_w = float(plan.response.site_w[0]) - float(first.battery_power_w)
        reason = (
            f"plan of {forecast.step_s.sum() / 3600:.0f} h, linearization error "
            f"{error_w / 1e3:+.1f} kW"
        )
        spent_s = time.perf_counter() - started
        return Decision(first, reason, bus_w + self._bias_w, spent_s, status)

    def _learn(self, estimate: Estimate) -> None:
        """Residuals between the plant and the twin at what is active now.

        Only while the load is steady: the twin answers with a settled state, and what the
        plant shows within minutes of a jump is not yet that.
        """
        measured = estimate.measured
        demand_w = float(estimate.inputs.it_demand_w)
        change_w = abs(demand_w - self._demand_before_w)
        self._demand_before_w = demand_w
        if not measured:
            return
        self._peak_w = max(self._peak_w, measured.get("site_power_w", 0.0))
        rated_w = self._site.facility.it.racks.rated_power_w
        if not change_w < self._s.steady_share * rated_w:
            return
        now = Inputs(*(np.atleast_1d(value) for value in estimate.inputs))
        idle = estimate.setpoints._replace(battery_power_w=0.0)
        twin = respond(self._site.facility, estimate.state, now, idle)
        gain = self._s.bias_gain
        for j, name in enumerate(LIMITED):
            miss = measured.get(name, twin.limited_c[0, j]) - twin.limited_c[0, j]
            self._bias_k[j] += gain * (miss - self._bias_k[j])
        site_w = measured.get("site_power_w", float(twin.site_w[0]))
        bus_w = site_w + measured.get("battery_power_w", 0.0)
        self._bias_w += gain * (bus_w - float(twin.site_w[0]) - self._bias_w)

    def _yardstick(self, forecast: Forecast) -> Yardstick:
        """Prices and limits of this decision."""
        carbon = self._s.carbon_price_usd_kg * forecast.carbon_kg_j
        value = forecast.energy_price_usd_j + carbon
        energy = np.maximum(value, self._s.least_energy_usd_j)
        limits = np.array(self._site.limits) - self._s.margin_k - self._bias_k
        return Yardstick(self._site, forecast, energy, limits, self._s.jump_share)

    def _base(self, measure: Yardstick, estimate: Estimate) -> Judged:
        """The better of the last plan and of holding what is active, step by step."""
        steps = len(measure.forecast.step_s)
        low, high = self._windows(estimate, measure.forecast)
        hold = Setpoints(*(np.full(steps, float(v)) for v in estimate.setpoints))
        hold = hold._replace(battery_power_w=np.zeros(steps))
        guess = (estimate.state, estimate.state)
        held = judge(measure, guess, self._within(hold, low, high))
        if self._plan is None:
            return held
        at = np.searchsorted(self._plan.time_s, measure.forecast.time_s, side="right")
        at = np.clip(at - 1, 0, steps - 1)
        old = Setpoints(*(np.asarray(f)[at] for f in self._plan.setpoints))
        old = old._replace(ups_eco=hold.ups_eco, battery_power_w=hold.battery_power_w)
        return better(held, judge(measure, guess, self._within(old, low, high)))

    @staticmethod
    def _within(plan: Setpoints, low: Array, high: Array) -> Setpoints:
        """Plan inside the reachable windows."""
        fields = plan._asdict()
        for i, name in enumerate(LEVERS):
            fields[name] = np.clip(fields[name], low[:, i], high[:, i])
        return Setpoints(**fields)

    def _windows(self, estimate: Estimate, forecast: Forecast) -> tuple[Array, Array]:
        ramp_s = forecast.time_s - forecast.time_s[0]
        ramp_s = ramp_s + self._site.control.control_interval_s
        return reachable(self._site.guard, estimate.setpoints, ramp_s)

    def _sample(
        self, measure: Yardstick, estimate: Estimate, plan: Judged, radius: Array
    ) -> Samples:
        forecast = measure.forecast
        values = grid(plan.setpoints, radius, self._windows(estimate, forecast))
        return sample(
            self._site.facility,
            plan.response,
            plan.stressed,
            (forecast.inputs, stress(self._site, forecast)),
            plan.setpoints,
            values,
        )

    def _problem(
        self, measure: Yardstick, estimate: Estimate, samples: Samples
    ) -> PlanProblem:
        """Collect the numbers of one solve."""
        forecast, active = measure.forecast, estimate.setpoints
        chain = self._site.facility.power
        least_w = chain.ups.eco_minimum_load * chain.ups_count * chain.ups.rated_power_w
        enough = forecast.inputs.it_demand_w > 1.2 * least_w
        return PlanProblem(
            step_s=forecast.step_s,
            energy_usd_j=measure.energy_usd_j,
            first_usd=self._first(measure, active, samples),
            samples=samples,
            headroom_k=measure.limits_c - samples.base.limited_c,
            stress_headroom_k=measure.limits_c - samples.stressed.limited_c,
            eco_allowed=np.asarray(enough, dtype=float),
            soc=float(estimate.state.battery_soc),
            soc_full=chain.battery.soc_maximum,
            anchor_s=self._until_full(forecast),
            refill_usd_j=float(measure.energy_usd_j.min())
            / chain.battery.one_way_efficiency,
            cells_now=float(active.tower_cells_on),
            eco_now=float(active.ups_eco),
            peak_so_far_w=self._peak_w,
            demand_usd_w=self._demand(forecast),
            jump_share=self._s.jump_share,
        )

    def _first(self, measure: Yardstick, active: Setpoints, samples: Samples) -> Array:
        """Cost of moving at all, and of energy should the load jump [USD]."""
        now = np.array([float(getattr(active, name)) for name in LEVERS])
        distance = np.abs(samples.values[:STRESS_STEPS] - now[:, None])
        moving = self._s.move_usd * distance / np.array(self._s.radius)[:, None]
        moving[1:] = 0.0
        usd_w = (measure.energy_usd_j * measure.forecast.step_s)[:STRESS_STEPS]
        jump = measure.jump_share * usd_w[:, None, None] * samples.stressed_w
        return np.asarray(moving + jump)

    def _until_full(self, forecast: Forecast) -> float:
        """Time from now to the next anchor, within the horizon [s].

        It hangs on the clock alone: no memory, so that a restart changes nothing, and it
        comes nearer with each decision, so that it is met.
        """
        wait_s = (self._s.full_at_s - float(forecast.time_s[0])) % DAY_S
        return min(wait_s or DAY_S, float(forecast.step_s.sum()))

    def _demand(self, forecast: Forecast) -> float:
        """Share of the demand charge that falls on the horizon [USD/W]."""
        hours = float(forecast.step_s.sum()) / 3600.0
        return self._site.tariff.demand_charge_usd_w_month * hours / HOURS_PER_MONTH

    def _gap(self, plan: Judged, forecast: Forecast) -> float:
        """Absolute gap: a share of what the optimizer can influence, the overhead."""
        overhead_w = plan.response.site_w - forecast.inputs.it_demand_w
        value = self._s.least_energy_usd_j + forecast.energy_price_usd_j
        overhead_usd = float(np.sum(overhead_w * value * forecast.step_s))
        return max(self._s.gap_share * overhead_usd, 0.05)

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
        fields["tower_cells_on"] = np.round(fields["tower_cells_on"])
        modes = {"ups_eco": solution.eco, "battery_power_w": solution.battery_w}
        wanted = judge(measure, guess, Setpoints(**fields, **modes))
        kept = judge(measure, guess, base.setpoints._replace(**modes))
        linear_w = solution.site_w[0] + solution.battery_w[0]
        return better(kept, wanted), float(linear_w - wanted.response.site_w[0])


assert len(MpcSettings().radius) == len(LEVERS)  # one radius per lever

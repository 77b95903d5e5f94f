"""Model-predictive control over a day: sample the twin, solve a MILP, confirm on the twin.

Every decision: take the last plan as a base; sample the twin around it; solve the plan
model; keep the new plan only if the twin agrees that it is better (sequential linear
programming with a trust region); apply its first step. What the plant measures minus what
the twin says is carried as a bias, so that a plant unlike its nameplates still keeps its
temperature limits (offset-free control).
"""

import time
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.linearize import (
    LEVERS,
    LIMITED,
    POINTS,
    STRESS_STEPS,
    Response,
    Samples,
    grid,
    reachable,
    respond,
    sample,
)
from optimizer.plan_model import PlanModel
from optimizer.plan_problem import PlanPrices, PlanProblem, PlanSolution
from twin.config import Site
from twin.forecast import Forecast, horizon_grid
from twin.interfaces import Decision, Estimate
from twin.kpis import HOURS_PER_MONTH
from twin.signals import Inputs, Setpoints, State

Array = NDArray[np.float64]


class MpcSettings(NamedTuple):
    """How the controller searches and what it keeps clear of."""

    # Half width of the search per lever, order of LEVERS.
    radius: tuple[float, ...] = (2.0, 2.0, 0.10, 2e4, 2.0, 2e4, 1.5, 1.0)
    rounds: int = 2  # samplings per decision
    shrink: float = 0.35  # of the radius when the twin disagrees
    margin_k: float = 0.5  # kept below every temperature limit
    bias_gain: float = 0.3  # share of a new residual that is believed at once
    move_usd: float = 0.02  # dislike of moving one radius in the first step
    carbon_price_usd_kg: float = 0.05  # assumption
    least_energy_usd_j: float = 10.0 / 3.6e9  # energy is never free to waste
    gap_share: float = 0.01  # of the overhead cost


class _Plan(NamedTuple):
    """Plan over the horizon and what the twin says of it."""

    time_s: Array
    setpoints: Setpoints  # arrays of shape (time,)
    response: Response
    stressed: Response
    merit_usd: float


class MpcController:
    """Receding horizon on the twin's own coefficients."""

    name = "mpc"

    def __init__(self, site: Site, settings: MpcSettings | None = None) -> None:
        self._site = site
        self._s = settings or MpcSettings()
        self._model = PlanModel(horizon_grid(), site.facility.power.battery)
        self._plan: _Plan | None = None
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
        plan = self._base(estimate, forecast)
        status, linear_w = "ok", float("nan")
        radius = np.array(self._s.radius)
        gap_usd = self._gap(plan, forecast)
        for _ in range(self._s.rounds):
            samples = self._sample(estimate, forecast, plan, radius)
            problem = self._problem(estimate, forecast, samples)
            solution = self._model.solve(problem, gap_usd)
            if solution is None:
                status = "no_plan_in_time"
                break
            candidate = self._confirm(plan, forecast, solution)
            gain_usd = plan.merit_usd - candidate.merit_usd
            if gain_usd < 0.0:
                radius = radius * self._s.shrink
                continue
            plan, linear_w = candidate, float(solution.site_w[0])
            if gain_usd < gap_usd:
                break  # another round would gain less than the solver's own gap
        self._plan = plan
        first = Setpoints(*(float(np.asarray(f)[0]) for f in plan.setpoints))
        predicted_w = float(plan.response.site_w[0] + self._bias_w)
        error_w = linear_w - predicted_w + self._bias_w
        reason = (
            f"plan of {forecast.step_s.sum() / 3600:.0f} h, linearization error "
            f"{error_w / 1e3:+.1f} kW"
        )
        return Decision(
            first, reason, predicted_w, time.perf_counter() - started, status
        )

    def _learn(self, estimate: Estimate) -> None:
        """Residuals between the plant and the twin at what is active now."""
        measured = estimate.measured
        if not measured:
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
        self._peak_w = max(self._peak_w, site_w)

    def _base(self, estimate: Estimate, forecast: Forecast) -> _Plan:
        """Last plan moved to today's clock, within reach of the active setpoints."""
        time_s = forecast.time_s
        low, high = self._windows(estimate, forecast)
        fields = {}
        for name in Setpoints._fields:
            active = float(getattr(estimate.setpoints, name))
            values = np.full(len(time_s), active)
            if self._plan is not None:
                old = getattr(self._plan.setpoints, name)
                at = np.searchsorted(self._plan.time_s, time_s, side="right") - 1
                values = old[np.clip(at, 0, len(old) - 1)]
            if name in LEVERS:
                i = LEVERS.index(name)
                values = np.clip(values, low[:, i], high[:, i])
            fields[name] = values
        fields["battery_power_w"] = np.zeros(len(time_s))
        guess = (estimate.state, estimate.state)
        return self._judge(guess, forecast, Setpoints(**fields))

    def _windows(self, estimate: Estimate, forecast: Forecast) -> tuple[Array, Array]:
        ramp_s = forecast.time_s - forecast.time_s[0]
        ramp_s = ramp_s + self._site.control.control_interval_s
        return reachable(self._site.guard, estimate.setpoints, ramp_s)

    def _sample(
        self, estimate: Estimate, forecast: Forecast, plan: _Plan, radius: Array
    ) -> Samples:
        values = grid(plan.setpoints, radius, self._windows(estimate, forecast))
        return sample(
            self._site.facility,
            plan.response,
            plan.stressed,
            (forecast.inputs, self._stress(forecast)),
            plan.setpoints,
            values,
        )

    def _stress(self, forecast: Forecast) -> Inputs:
        """First steps of the forecast with the racks at full load."""
        first = Inputs(*(np.asarray(f)[:STRESS_STEPS] for f in forecast.inputs))
        rated_w = self._site.facility.it.racks.rated_power_w
        return first._replace(it_demand_w=np.full(STRESS_STEPS, rated_w))

    def _problem(
        self, estimate: Estimate, forecast: Forecast, samples: Samples
    ) -> PlanProblem:
        """Collect the numbers of one solve."""
        active = estimate.setpoints
        now = np.array([float(getattr(active, name)) for name in LEVERS])
        distance = np.abs(samples.values[0] - now[:, None])
        radius = np.array(self._s.radius)[:, None]
        limits = np.array(self._site.limits) - self._s.margin_k
        chain = self._site.facility.power
        least_w = chain.ups.eco_minimum_load * chain.ups_count * chain.ups.rated_power_w
        return PlanProblem(
            step_s=forecast.step_s,
            energy_usd_j=self._energy_value(forecast),
            move_usd=self._s.move_usd * distance / radius,
            samples=samples,
            headroom_k=limits - self._bias_k - samples.base.limited_c,
            stress_headroom_k=limits - self._bias_k - samples.stressed.limited_c,
            eco_allowed=np.asarray(forecast.inputs.it_demand_w > 1.2 * least_w, float),
            soc=float(estimate.state.battery_soc),
            cells_now=float(active.tower_cells_on),
            eco_now=float(active.ups_eco),
            peak_so_far_w=self._peak_w,
            demand_usd_w=self._demand(forecast),
        )

    def _energy_value(self, forecast: Forecast) -> Array:
        """Price of energy with its carbon, never below the floor [USD/J]."""
        carbon = self._s.carbon_price_usd_kg * forecast.carbon_kg_j
        value = forecast.energy_price_usd_j + carbon
        return np.asarray(np.maximum(value, self._s.least_energy_usd_j))

    def _demand(self, forecast: Forecast) -> float:
        """Share of the demand charge that falls on the horizon [USD/W]."""
        hours = float(forecast.step_s.sum()) / 3600.0
        return self._site.tariff.demand_charge_usd_w_month * hours / HOURS_PER_MONTH

    def _gap(self, plan: _Plan, forecast: Forecast) -> float:
        """Absolute gap: a share of what the optimizer can influence, the overhead."""
        overhead_w = plan.response.site_w - forecast.inputs.it_demand_w
        value = self._energy_value(forecast) * forecast.step_s
        return max(self._s.gap_share * float(np.sum(overhead_w * value)), 0.05)

    def _confirm(
        self, base: _Plan, forecast: Forecast, solution: PlanSolution
    ) -> _Plan:
        """Evaluate the solver's plan on the twin."""
        fields = {name: solution.levers[:, i] for i, name in enumerate(LEVERS)}
        fields["tower_cells_on"] = np.round(fields["tower_cells_on"])
        fields["ups_eco"] = solution.eco
        fields["battery_power_w"] = solution.battery_w
        plan = Setpoints(**fields)
        return self._judge((base.response.state, base.stressed.state), forecast, plan)

    def _judge(
        self, guess: tuple[State, State], forecast: Forecast, plan: Setpoints
    ) -> _Plan:
        """Cost of a plan by the twin, in the terms of the plan model."""
        prices = PlanPrices()
        facility = self._site.facility
        settled = plan._replace(battery_power_w=np.zeros_like(plan.ups_eco))
        found = respond(facility, guess[0], forecast.inputs, settled)
        first = Setpoints(*(np.asarray(f)[:STRESS_STEPS] for f in settled))
        stressed = respond(facility, guess[1], self._stress(forecast), first)
        site_w = found.site_w - plan.battery_power_w
        limits = np.array(self._site.limits) - self._s.margin_k - self._bias_k
        above_k = np.maximum(found.limited_c - limits, 0.0)
        worse_k = np.maximum(stressed.limited_c - limits, 0.0)
        above_k[:STRESS_STEPS] = np.maximum(above_k[:STRESS_STEPS], worse_k)
        dt = forecast.step_s
        energy = float(np.sum(dt * self._energy_value(forecast) * site_w))
        peak = max(float(site_w.max()), self._peak_w) * self._demand(forecast)
        slack = float(np.sum(dt * above_k.sum(axis=1))) * prices.slack_usd_k_s
        return _Plan(
            forecast.time_s,
            plan,
            found._replace(site_w=site_w),
            stressed,
            energy + peak + slack,
        )


assert len(MpcSettings().radius) == len(LEVERS)  # one radius per lever
assert POINTS % 2 == 1  # the base itself is a point

"""From forecast, estimate and samples to the numbers of one planning problem."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optimizer.linearize import LEVERS, STRESS_STEPS, UNITS, WHOLE, Samples, reachable
from optimizer.merit import Yardstick
from optimizer.plan_problem import Deferred, PlanProblem
from plant.types import Numeric
from twin.config import Site
from twin.forecast import DAY_S, Forecast
from twin.interfaces import Estimate
from twin.kpis import HOURS_PER_MONTH
from twin.power_flow import in_service
from twin.signals import Setpoints

Array = NDArray[np.float64]

ECO_MARGIN = 1.2  # of the least load, so that the load's noise does not end the mode


class History:
    """When each setpoint moved last, as seen by this controller.

    Where nothing is known after a restart, the guard, which counts too, may hold a move
    for one interval longer than planned.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._moved_s: dict[str, float] = {}
        self.direction: dict[str, float] = {}  # sign of the last move
        self._before: Setpoints | None = None

    def state(self) -> dict[str, Any]:
        """All that was seen, as JSON can hold it."""
        return {"moved_s": dict(self._moved_s), "direction": dict(self.direction)}

    def restore(self, known: Mapping[str, Any]) -> None:
        """Go on from what ``state`` gave."""
        self._moved_s = dict(known["moved_s"])
        self.direction = dict(known["direction"])

    def observe(self, now_s: float, active: Setpoints) -> None:
        """Note what has moved since the last decision, at the earliest then."""
        for name in Setpoints._fields:
            value = float(getattr(active, name))
            if self._before is not None and value != float(getattr(self._before, name)):
                # It came into force at the decision before this one.
                self._moved_s[name] = now_s - self._site.control.control_interval_s
                rose = value > float(getattr(self._before, name))
                self.direction[name] = 1.0 if rose else -1.0
        self._before = active

    def wait_s(self, now_s: float) -> dict[str, float]:
        """Time until the guard lets a setpoint move again."""
        waits = {}
        for name, moved_s in self._moved_s.items():
            least_s = getattr(self._site.guard, name).minimum_interval_s
            waits[name] = max(moved_s + least_s - now_s, 0.0)
        return waits


def windows(
    site: Site, forecast: Forecast, active: Setpoints, wait_s: Mapping[str, float]
) -> tuple[Array, Array]:
    """Lowest and highest reachable value of each lever, each of shape (time, lever)."""
    ramp_s = forecast.time_s - forecast.time_s[0] + site.control.control_interval_s
    # A wait counts from now, the ramp is seen at its end, one interval later.
    return reachable(site.guard, active, ramp_s, wait_s)


def eco_bounds(
    site: Site, forecast: Forecast, estimate: Estimate, wait_s: Mapping[str, float]
) -> tuple[Array, Array]:
    """Where ECO mode must stay and where it may be, 0 or 1, each of shape (time,)."""
    chain, limits = site.facility.power, site.guard.ups_eco
    modules: Numeric = in_service(chain.ups_count, estimate.setpoints.ups_modules_on)
    least_w = chain.ups.eco_minimum_load * modules * chain.ups.rated_power_w
    steps = len(forecast.step_s)
    enough = np.asarray(forecast.inputs.it_demand_w) > ECO_MARGIN * float(least_w)
    most = np.where(enough, limits.maximum, limits.minimum) * np.ones(steps)
    least = np.full(steps, limits.minimum)
    held = forecast.time_s - forecast.time_s[0] < wait_s.get("ups_eco", 0.0)
    now = float(np.round(estimate.setpoints.ups_eco))
    return np.where(held, now, least), np.where(held, now, most)


def until_full(forecast: Forecast, full_at_s: float) -> float:
    """Time from now to the next anchor of the battery, within the horizon [s].

    It hangs on the clock alone: no memory, so that a restart changes nothing, and it
    comes nearer with each decision, so that it is met.
    """
    wait_s = (full_at_s - float(forecast.time_s[0])) % DAY_S
    return min(wait_s or DAY_S, float(forecast.step_s.sum()))


def demand_price(site: Site, forecast: Forecast) -> float:
    """Share of the demand charge that falls on the horizon [USD/W]."""
    hours = float(forecast.step_s.sum()) / 3600.0
    return site.tariff.demand_charge_usd_w_month * hours / HOURS_PER_MONTH


def points_usd(measure: Yardstick, samples: Samples) -> Array:
    """Cost of a sampled point beside energy, shape (time, lever, point) [USD]."""
    step_s = measure.forecast.step_s
    usd = samples.beside_usd_s * step_s[:, None, None]
    away = np.abs(samples.values[0] - measure.active[:, None])
    usd[0] += measure.moving_usd[:, None] * away
    price = measure.energy_usd_j[:STRESS_STEPS, None, None]
    hard_usd_s = price * samples.stressed_w + samples.stressed_usd_s
    first_s = step_s[:STRESS_STEPS, None, None]
    usd[:STRESS_STEPS] += measure.jump_share * first_s * hard_usd_s
    return np.asarray(usd)


def plan_problem(
    measure: Yardstick,
    estimate: Estimate,
    samples: Samples,
    wait_s: Mapping[str, float],
    peak_so_far_w: float,
    full_at_s: float,
    jobs: Deferred | None = None,
) -> PlanProblem:
    """Collect the numbers of one solve.

    Parameters
    ----------
    measure
        Prices, limits, forecast.
    estimate
        What is in force now.
    samples
        The twin around the base plan.
    wait_s
        By setpoint: how long the guard still holds it. [s]
    peak_so_far_w
        Of the month. [W]
    full_at_s
        When the battery is due full, on the plant clock's day. [s]
    jobs
        That may wait.
    """
    site, forecast = measure.site, measure.forecast
    battery, active = site.facility.power.battery, estimate.setpoints
    value_usd_j = float(measure.energy_usd_j.min()) / battery.one_way_efficiency
    return PlanProblem(
        step_s=forecast.step_s,
        energy_usd_j=measure.energy_usd_j,
        points_usd=points_usd(measure, samples),
        samples=samples,
        headroom_k=measure.limits_c - samples.base.limited_c,
        stress_headroom_k=measure.stress_limits_c - samples.stressed.limited_c,
        eco_bounds=eco_bounds(site, forecast, estimate, wait_s),
        soc=float(estimate.state.battery_soc),
        soc_full=battery.soc_maximum,
        anchor_s=until_full(forecast, full_at_s),
        refill_usd_j=value_usd_j,
        units_now=np.array([float(getattr(active, name)) for name in UNITS]),
        eco_now=float(active.ups_eco),
        battery_now_w=float(active.battery_power_w),
        peak_so_far_w=peak_so_far_w,
        demand_usd_w=demand_price(site, forecast),
        jump_share=measure.jump_share,
        deferred=jobs,
    )


def within(plan: Setpoints, reach: tuple[Array, Array]) -> Setpoints:
    """Plan inside the reachable windows, units as whole numbers."""
    fields = plan._asdict()
    for i, name in enumerate(LEVERS):
        fields[name] = np.clip(fields[name], reach[0][:, i], reach[1][:, i])
    for i in WHOLE:
        fields[LEVERS[i]] = np.round(fields[LEVERS[i]])
    return Setpoints(**fields)

"""Static optimum of the twin at every decision: the reference for the linear model.

No plan and no derivative: candidates around the best setpoints so far go through the
compiled twin to their steady state, all at once, at the load measured now and at full
load; the cheapest that keeps every limit becomes the centre of the next, narrower cloud.
The battery stays idle, as nothing static says when to use it.
"""

import time
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.linearize import LEVERS, LIMITED, reachable
from optimizer.problem import Prices, Weights, rates, wear_prices
from twin.compiled import settle
from twin.config import Site
from twin.forecast import Forecast
from twin.interfaces import Decision, Estimate
from twin.signals import Inputs, Outputs, Setpoints

Array = NDArray[np.float64]
CAP = LEVERS.index("it_power_cap_w")


class SearchSettings(NamedTuple):
    """How wide and how long the search is, and what it keeps clear of."""

    candidates: int = 128  # per round
    rounds: int = 4
    shrink: float = 0.5  # of the cloud, from round to round
    passes: int = 12  # repetitions to the steady state
    margin_k: float = 0.5  # kept below every temperature limit
    jump_share: float = 0.1  # chance given to a jump to full load
    bias_gain: float = 0.3  # share of a new residual that is believed at once
    move_share_h: float = 0.25  # of a reversal's price: a lever over its whole window
    least_energy_usd_j: float = 10.0 / 3.6e9  # energy is never free to waste


class SearchController:
    """Random search with a shrinking cloud on the steady state of the twin."""

    name = "search"

    def __init__(
        self,
        site: Site,
        settings: SearchSettings | None = None,
        weights: Weights | None = None,
    ) -> None:
        self._site = site
        self._s = settings or SearchSettings()
        self._weights = weights or Weights()
        reversal_usd = wear_prices(site.facility, self._weights).reversal
        self._move_usd_s = self._s.move_share_h * reversal_usd / 3600.0
        self._bias_k = np.zeros(len(LIMITED))

    def decide(self, estimate: Estimate, forecast: Forecast, now_s: float) -> Decision:
        """Best static setpoints within reach until the next decision."""
        started = time.perf_counter()
        if estimate.problems:
            why = "; ".join(estimate.problems[:3])
            return Decision(estimate.setpoints, f"hold: {why}", status="bad_data")
        rng = np.random.default_rng(round(now_s))
        self._learn(estimate)
        active = np.array([float(getattr(estimate.setpoints, n)) for n in LEVERS])
        ramp_s = np.array([self._site.control.control_interval_s])
        low, high = (
            bound[0]
            for bound in reachable(self._site.guard, estimate.setpoints, ramp_s)
        )
        best = np.append(active, float(estimate.setpoints.ups_eco))
        width = high - low
        width[CAP] = 0.0  # puts work off, which nothing static would do
        cost_usd_s = np.inf
        for _ in range(self._s.rounds):
            cloud = self._cloud(rng, best, width, (low, high))
            price = self._price(estimate, forecast, cloud, (active, high - low))
            k = int(np.argmin(price))
            best, cost_usd_s = cloud[k], float(price[k])
            width = width * self._s.shrink
        wanted = self._setpoints(best[None])
        first = Setpoints(*(float(np.asarray(value).flat[0]) for value in wanted))
        reason = f"static optimum, {cost_usd_s * 3600.0:,.0f} USD/h"
        return Decision(first, reason, solve_s=time.perf_counter() - started)

    def _learn(self, estimate: Estimate) -> None:
        """Residuals of the limited temperatures at what is active now."""
        if not estimate.measured:
            return
        out = settle(
            self._site.facility,
            estimate.state,
            estimate.inputs,
            estimate.setpoints._replace(battery_power_w=0.0),
            self._s.passes,
        )[0]
        for j, name in enumerate(LIMITED):
            twin_c = out[Outputs._fields.index(name)]
            miss_k = estimate.measured.get(name, twin_c) - twin_c
            self._bias_k[j] += self._s.bias_gain * (miss_k - self._bias_k[j])

    def _cloud(
        self,
        rng: np.random.Generator,
        best: Array,
        width: Array,
        bounds: tuple[Array, Array],
    ) -> Array:
        """Candidates, shape (candidate, lever and ECO mode); the first is the best."""
        count, levers = self._s.candidates, len(LEVERS)
        moves = rng.uniform(-1.0, 1.0, (count, levers)) * width
        # half of them move one lever or two: few levers are wrong at a time
        few = rng.random((count, levers)) < 2.0 / levers
        few[count // 2 :] = True
        cloud = np.clip(best[:levers] + moves * few, *bounds)
        whole = [getattr(self._site.guard, name).whole_number for name in LEVERS]
        cloud[:, whole] = np.round(cloud[:, whole])
        eco = (rng.random(count) < 0.5).astype(float)
        cloud[0], eco[0] = np.clip(best[:levers], *bounds), best[levers]
        return np.column_stack([cloud, eco])

    @staticmethod
    def _setpoints(cloud: Array) -> Setpoints:
        """Candidates as setpoints with the battery idle, arrays of shape (candidate,)."""
        fields = {name: cloud[:, i] for i, name in enumerate(LEVERS)}
        return Setpoints(**fields, ups_eco=cloud[:, -1], battery_power_w=0.0)

    def _price(
        self,
        estimate: Estimate,
        forecast: Forecast,
        cloud: Array,
        moved: tuple[Array, Array],
    ) -> Array:
        """Cost of each candidate, energy and all else that runs [USD/s]."""
        rated_w = self._site.facility.it.racks.rated_power_w
        limits_c = np.array(self._site.limits) - self._s.margin_k - self._bias_k
        tight = self._site._replace(limits=type(self._site.limits)(*limits_c))
        energy = max(float(forecast.energy_price_usd_j[0]), self._s.least_energy_usd_j)
        prices = Prices(np.array([energy]), forecast.carbon_kg_j[:1], 0.0)
        total = np.zeros(len(cloud))
        jump = self._s.jump_share
        hard = estimate.inputs._replace(it_demand_w=rated_w)
        for inputs, share in ((estimate.inputs, 1.0), (hard, jump)):
            out = self._settled(estimate, inputs, cloud)
            held = self._setpoints(cloud)
            found = rates(tight, self._weights, prices, inputs, out, held)
            running = sum(found) - found.exceedance
            total += share * running + found.exceedance
        active, reach = moved
        distance = np.abs(cloud[:, :-1] - active) / np.maximum(reach, 1e-9)
        return np.asarray(total + self._move_usd_s * distance.sum(axis=1))

    def _settled(self, estimate: Estimate, inputs: Inputs, cloud: Array) -> Outputs:
        """Steady state of every candidate, arrays of shape (candidate,)."""
        return Outputs(
            *settle(
                self._site.facility,
                estimate.state,
                inputs,
                self._setpoints(cloud),
                self._s.passes,
            ).T
        )

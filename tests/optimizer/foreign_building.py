"""Our controllers in a Gymnasium environment of somebody else, through one adapter.

``building-energy-storage-simulation`` (T. Rohrer, MIT) knows a building's load, its solar
generation, a day-ahead price and a battery, by the hour; what it measures is the energy that
the building takes from the grid. Its load less its generation stands for the IT power of a
site here, in the same proportion to the rated power, and its battery for that of the site.
The cooling of the site is the twin's in both and costs the same for all: only what the
battery does is judged, by the environment's own account.
"""

from typing import Any, NamedTuple

import numpy as np

from twin.compiled import initial_state
from twin.config import Site
from twin.forecast import Forecast, horizon_grid
from twin.interfaces import Controller, Estimate
from twin.signals import Inputs

HOUR_S, DAY = 3600.0, 24
CENT_PER_KWH = 0.01 / 3.6e6  # USD/J
AIR = (20.0, 14.0, 0.008, 82e3)  # of every hour: weather is not what is compared


class Course(NamedTuple):
    """What a controller did there."""

    cost: float  # by the environment's rewards, cents
    soc: list[float]  # kWh in the environment's battery, after each hour
    statuses: list[str]


class Building:
    """The environment seen as a plant of ours.

    Parameters
    ----------
    site
        Whose battery and rated power are put in the place of the environment's.
    environment
        With its battery full at the start.
    """

    def __init__(self, site: Site, environment: Any) -> None:
        self.site, self._environment = site, environment
        simulation = environment.building_simulation
        self._battery = simulation.battery
        net = simulation.electricity_load_profile - simulation.solar_generation_profile
        self._watts = site.facility.it.racks.rated_power_w / max(net.max(), 1.0)
        self._hours: list[tuple[float, float]] = []  # net load and price that were seen
        own = site.facility.power.battery
        self._usable_j = own.energy_j * (own.soc_maximum - own.soc_minimum)

    def run(self, controller: Controller, hours: int) -> Course:
        """Let a controller have the battery."""
        seen, _ = self._environment.reset()
        self._hours.clear()
        active, cost, soc, statuses = self.site.design, 0.0, [], []
        for hour in range(hours):
            net, price = self._told(seen)
            self._hours.append((net[0], price[0]))
            estimate = self._estimate(hour * HOUR_S, net[0], float(seen[0]), active)
            decision = controller.decide(
                estimate, self._forecast(hour, net, price), estimate.time_s
            )
            active = decision.setpoints
            statuses.append(decision.status)
            action = self._action(float(active.battery_power_w))
            seen, reward, *_ = self._environment.step(np.array([action]))
            cost -= float(reward)
            soc.append(float(seen[0]))
        return Course(cost, soc, statuses)

    def _told(self, seen: Any) -> tuple[Any, Any]:
        """Load less generation [kWh] and price [cent] of the coming hours."""
        load, sun, price = np.split(np.asarray(seen[1:], dtype=float), 3)
        return np.maximum(load - sun, 0.0), price

    def _action(self, power_w: float) -> float:
        """Share of the largest charge; never more than is in the battery.

        Asked for more than it holds, theirs gives energy with the wrong sign.
        """
        most = self._battery.max_battery_charge_per_timestep
        kwh = -power_w * HOUR_S / self._usable_j * self._battery.capacity
        return float(
            np.clip(max(kwh, -self._battery.state_of_charge) / most, -1.0, 1.0)
        )

    def _estimate(self, now_s: float, net: float, kwh: float, active: Any) -> Estimate:
        own = self.site.facility.power.battery
        inputs = Inputs(*AIR, net * self._watts)
        state = initial_state(self.site.facility, inputs, self.site.design)
        share = kwh / self._battery.capacity
        soc = own.soc_minimum + share * (own.soc_maximum - own.soc_minimum)
        return Estimate(now_s, inputs, state._replace(battery_soc=soc), active, {}, ())

    def _forecast(self, hour: int, net: Any, price: Any) -> Forecast:
        """Their forecast of some hours, then the same hour of yesterday, or the last."""
        step_s = horizon_grid()
        start_s = np.cumsum(step_s) - step_s
        later = [
            (net[k], price[k]) if k < len(net) else self._hours[hour - DAY + k % DAY]
            if hour >= DAY else (net[-1], price[-1])
            for k in (start_s // HOUR_S).astype(int)
        ]  # fmt: skip
        power, cents = np.array(later).T
        air = (np.full(len(step_s), value) for value in AIR)
        return Forecast(
            hour * HOUR_S + start_s,
            step_s,
            Inputs(*air, power * self._watts),
            cents * CENT_PER_KWH,
            np.zeros(len(step_s)),
        )

"""A learned controller that an operator may trust: policy, gates, shield, and the rules.

The policy only ever proposes a bounded step beside the rules. Before it is asked, gates
look whether it may be: a reading is missing, the plant is unlike anything met in training,
or it does not follow the twin. After it is asked, the shield goes as far toward its wish
as the twin says is safe; where it is held back by more than half twice in a row, the rules
have the plant for a while, and so they have after a day that was dearer than under them
(``optimizer.referee``). The guard stands behind this as behind every controller.
"""

import time
from collections import deque
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.problem import Weights
from optimizer.referee import Referee
from optimizer.rl import actions, observation, shield
from optimizer.rl.policy import PREFIX, Policy, act
from optimizer.rules import RuleParameters, RulesController
from twin.closed_loop import run_scans
from twin.config import Site, TemperatureLimits
from twin.forecast import DAY_S, Forecast, at_quantile
from twin.interfaces import Decision, Estimate
from twin.signals import Inputs, Outputs, Setpoints, State

Array = NDArray[np.float64]
LIMITED = TemperatureLimits._fields
STEP_S = 60.0  # of the twin that looks whether the plant follows


class Gates(NamedTuple):
    """When the rules take over; every number is an assumption."""

    widen: float = 0.5  # of the range met in training
    least_room: float = 0.5  # likewise at least, in scales of the observation
    miss_k: float = 4.0  # between twin and plant, of a limited temperature
    misses: int = 2  # in a row
    held_back: float = 0.5  # of the wish, by the shield
    held_times: int = 2  # in a row
    pause_s: float = 3600.0  # of the rules after that
    quantile: float = 0.9  # of the forecast that the shield looks at


class Eyes:
    """What a policy sees through the readings of a site.

    Parameters
    ----------
    site, rules
        As for ``RlController``.
    """

    def __init__(self, site: Site, rules: RuleParameters | None = None) -> None:
        self._site = site
        self._rules = RulesController(site, rules)
        self._sight: observation.Sight | None = None
        self.peak_w = 0.0

    def by_rules(self, estimate: Estimate, now_s: float) -> Decision:
        """What the rules would do."""
        return self._rules.decide(estimate, None, now_s)

    def base(self, estimate: Estimate, now_s: float) -> Array:
        """Likewise, as a row of setpoints."""
        made = self.by_rules(estimate, now_s).setpoints
        return np.array([float(value) for value in made])

    def observed(
        self,
        estimate: Estimate,
        forecast: Forecast,
        now_s: float,
        base: Array,
        last: Array,
    ) -> Array:
        """Observations, nan where a reading is missing; the peak is remembered."""
        unknown = float("nan")
        site_w = estimate.measured.get("site_power_w", unknown)
        self.peak_w = max(self.peak_w, site_w) if np.isfinite(site_w) else self.peak_w
        if self._sight is None:
            pressure = float(estimate.inputs.pressure_pa)
            self._sight = observation.sight_of(self._site, pressure)
        measured = [estimate.measured.get(n, unknown) for n in Outputs._fields]
        priced, ahead = observation.ahead_of(forecast, now_s)
        seen = observation.Seen(
            np.array(_now(estimate), dtype=float),
            np.asarray(now_s),
            np.array(measured),
            np.array([float(value) for value in estimate.setpoints]),
            base,
            priced,
            ahead,
            last,
            np.asarray(self.peak_w),
        )
        return observation.raw(seen, self._sight)


class RlController:
    """Policy behind gates and shield.

    Parameters
    ----------
    site
        What is controlled.
    policy
        From ``optimizer.rl.policy.load``.
    name
        Shown in tables, e.g. ``rl:default``.
    rules
        Whom the policy corrects, and who takes over.
    gates
        When.
    """

    def __init__(
        self,
        site: Site,
        policy: Policy,
        name: str = f"{PREFIX}policy",
        rules: RuleParameters | None = None,
        gates: Gates | None = None,
    ) -> None:
        self.name = name
        self._site, self._policy, self._gates = site, policy, gates or Gates()
        self._eyes = Eyes(site, rules)
        self._referee = Referee(site, Weights(), RulesController(site, rules))
        self._reach = actions.reach_of(site)
        self._before: tuple[float, State, Inputs] | None = None
        self._last = np.zeros(len(actions.LEVERS))
        self._loads: deque[tuple[float, float]] = deque()  # time, power of the last day
        self._missed = self._held = 0
        self._until_s = -np.inf

    def state(self) -> dict[str, Any]:
        """What must survive a restart."""
        until_s = self._until_s if np.isfinite(self._until_s) else -1.0
        return {
            "peak_w": self._eyes.peak_w,
            "until_s": until_s,
            "last": list(self._last),
            "referee": self._referee.state(),
            "loads": [list(load) for load in self._loads],
        }

    def restore(self, known: Mapping[str, Any]) -> None:
        """Go on from what ``state`` gave."""
        last = np.array(known["last"], dtype=float)
        if last.shape != self._last.shape:
            message = f"{len(last)} actions, expected {len(self._last)}"
            raise ValueError(message)
        self._last = last
        self._referee.restore(dict(known["referee"]))
        self._loads = deque((float(at), float(power)) for at, power in known["loads"])
        self._eyes.peak_w, self._until_s = (
            float(known["peak_w"]),
            float(known["until_s"]),
        )

    def decide(
        self, estimate: Estimate, forecast: Forecast | None, now_s: float
    ) -> Decision:
        """Setpoints for the coming control interval."""
        started = time.perf_counter()
        ruled = self._eyes.by_rules(estimate, now_s)
        if np.isfinite(estimate.inputs.it_demand_w):
            self._loads.append((now_s, float(estimate.inputs.it_demand_w)))
        made = self._learned(estimate, forecast, now_s, ruled)
        self._before = (now_s, _plain(State, estimate.state), _now(estimate))
        return made._replace(solve_s=time.perf_counter() - started)

    def _learned(
        self,
        estimate: Estimate,
        forecast: Forecast | None,
        now_s: float,
        ruled: Decision,
    ) -> Decision:
        """The policy's decision, or the rules' with the reason."""
        if not estimate.measured or forecast is None:
            return ruled._replace(reason=f"no readings or forecast yet: {ruled.reason}")
        safe = np.array([float(value) for value in ruled.setpoints])
        seen = self._eyes.observed(estimate, forecast, now_s, safe, self._last)
        price = (float(forecast.energy_price_usd_j[0]), float(forecast.carbon_kg_j[0]))
        why = self._gate(estimate, seen, now_s)
        if why:
            self._referee.forget()
        why = why or self._referee.look(estimate, now_s, price)
        if why:
            self._last = np.zeros_like(self._last)
            return ruled._replace(reason=f"rules: {why}", status="rules")
        action = act(self._policy, seen)
        wanted = actions.wanted(self._reach, safe, action)
        state, worst = _plain(State, estimate.state), self._worst(forecast, now_s)
        worst = Inputs(*(max(a, b) for a, b in zip(worst, _now(estimate), strict=True)))
        worst = worst._replace(it_demand_w=max(worst.it_demand_w, self._reached(now_s)))
        let, share = shield.project(self._site, state, worst, safe, wanted)
        self._last = action
        self._watch(share, now_s)
        told = f"learned step, shield let {share:.0%} pass" if share < 1.0 else ""
        return Decision(
            Setpoints(*let), told or "learned step", held_back=1.0 - float(share)
        )

    def _gate(self, estimate: Estimate, seen: Array, now_s: float) -> str:
        """Why the policy may not be asked; empty if it may."""
        if estimate.problems:
            return "; ".join(estimate.problems[:3])
        missing = np.flatnonzero(~np.isfinite(seen))
        if len(missing):
            return f"{observation.names()[missing[0]]} is not a number"
        strange = self._strange(seen)
        if strange:
            return strange
        self._follow(estimate, now_s)
        if self._missed >= self._gates.misses:
            self._missed = 0
            self._until_s = now_s + self._gates.pause_s
            return "the plant does not follow the twin"
        if now_s < self._until_s:
            return f"have the plant until {self._until_s:.0f} s"
        return ""

    def _strange(self, seen: Array) -> str:
        """Which observation is unlike everything met in training."""
        p, g = self._policy, self._gates
        room = np.maximum(g.widen * (p.high - p.low), g.least_room)
        beyond = np.maximum(p.low - room - seen, seen - p.high - room)
        worst = int(np.argmax(beyond))
        if beyond[worst] <= 0.0:
            return ""
        return f"{observation.names()[worst]} is outside what was trained on"

    def _follow(self, estimate: Estimate, now_s: float) -> None:
        """Count how often in a row the plant went elsewhere than the twin."""
        if self._before is None or now_s <= self._before[0]:
            return
        then_s, state, inputs = self._before
        now = _now(estimate)
        mean = [0.5 * (a + b) for a, b in zip(inputs, now, strict=True)]
        steps = max(round((now_s - then_s) / STEP_S), 1)
        series = np.repeat(np.array(mean)[:, None], steps, axis=1)
        row = np.empty((1, len(Outputs._fields)))
        held = _plain(Setpoints, estimate.setpoints)
        facility, step_s = self._site.facility, (now_s - then_s) / steps
        run_scans(facility, state, series, held, step_s, row)
        twin = dict(zip(Outputs._fields, row[0].tolist(), strict=True))
        miss_k = max(abs(estimate.measured[n] - twin[n]) for n in LIMITED)
        self._missed = self._missed + 1 if miss_k > self._gates.miss_k else 0

    def _watch(self, share: float, now_s: float) -> None:
        """Give the plant to the rules where the shield has to hold back much."""
        self._held = self._held + 1 if 1.0 - share > self._gates.held_back else 0
        if self._held >= self._gates.held_times:
            self._held = 0
            self._until_s = now_s + self._gates.pause_s

    def _reached(self, now_s: float) -> float:
        """Largest IT power of the last day [W]: what it reached it may reach at once."""
        while self._loads and self._loads[0][0] < now_s - DAY_S:
            self._loads.popleft()
        return max((power_w for _, power_w in self._loads), default=0.0)

    def _worst(self, forecast: Forecast, now_s: float) -> Inputs:
        """Worst inputs of the guard's outlook, at the quantile of the gates."""
        bad = at_quantile(forecast, self._gates.quantile)
        soon = forecast.time_s < now_s + self._site.spare.outlook_s
        return Inputs(*(float(np.asarray(field)[soon].max()) for field in bad))


def _now(estimate: Estimate) -> Inputs:
    return Inputs(*(float(value) for value in estimate.inputs))


def _plain(kind: Any, values: Any) -> Any:
    """The same NamedTuple of plain floats."""
    return kind(*(float(value) for value in values))

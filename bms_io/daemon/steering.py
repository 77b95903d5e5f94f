"""What the loop wants of the plant in a cycle: decision, gates, ladder, guard."""

import math
from typing import NamedTuple, Protocol

import numpy as np

from bms_io.daemon.desk import Desk
from bms_io.daemon.gates import (
    ModelGate,
    ReversalGate,
    data_gate,
    forecast_gate,
    solver_gate,
    spread_gate,
)
from bms_io.daemon.ladder import Ladder, Rung
from twin.config import Site
from twin.envelope import Scene, as_boxes
from twin.forecast import Forecast, at_quantile
from twin.guard import GuardEvent, GuardMemory, fresh_memory, guard
from twin.interfaces import Controller, Decision, Estimate
from twin.signals import Inputs

CAUTION = 0.9  # quantile of the forecast that the guard takes for the worst


class Forecaster(Protocol):
    """Learns from what was measured and says what to expect."""

    def observe(self, time_s: float, inputs: Inputs) -> None:
        """Remember what was measured."""

    def forecast(self, now_s: float) -> Forecast:
        """Expected inputs from now on."""


class Plan(NamedTuple):
    """What a control cycle came to."""

    decision: Decision  # wanted
    guarded: Decision  # the same after the guard
    events: tuple[GuardEvent, ...]
    rung: Rung
    failure: str  # why it is not the optimizer's decision, or empty
    memory: GuardMemory


class Steering:
    """Makes the plan of each control cycle.

    Parameters
    ----------
    site
        Limits and design.
    desk
        Where decisions are made.
    forecaster
        Expectation of the world.
    fallback
        Rules for when the optimizer cannot be trusted; None if there are none.
    """

    def __init__(
        self,
        site: Site,
        desk: Desk,
        forecaster: Forecaster,
        fallback: Controller | None,
    ) -> None:
        self._site = site
        self._forecaster = forecaster
        self._fallback = fallback
        self._boxes = as_boxes(site.forbidden)
        self._forecast: Forecast | None = None
        self._closed = ""  # reason of the gate that was closed when the cycle began
        self._memory = fresh_memory(0.0)
        self._reversals = ReversalGate()
        self.desk = desk
        self.model = ModelGate()
        self.ladder = Ladder()

    def enter(self, now_s: float) -> None:
        """Begin auto: room for one scan to move, and nothing remembered."""
        self._memory = fresh_memory(now_s - self._site.control.scan_interval_s)
        self.ladder = Ladder()

    def observe(self, seen: Estimate) -> None:
        """Let the forecaster learn from what is sound."""
        if not seen.problems:
            self._forecaster.observe(seen.time_s, seen.inputs)

    async def plan(self, seen: Estimate, due: bool, patience_s: float) -> Plan | None:
        """Begin a decision if one is due, and take it when it is there.

        Parameters
        ----------
        seen
            The plant now.
        due
            Whether a control cycle begins.
        patience_s
            Longest wait, on the wall clock.

        Returns
        -------
        Plan or None
            None while there is nothing new to do.
        """
        if due:
            blind = await self._begin(seen)
            if blind:
                return self._fall(seen, blind)
        outcome = await self.desk.collect(patience_s)
        if outcome is None:
            return None
        decision = outcome.decision
        failure = outcome.failure or data_gate(seen)
        if decision is not None:
            failure = failure or solver_gate(decision)
            failure = failure or self._reversals.check(decision)
            self.model.expect(decision, self._expected_it_w())
        failure = failure or self._closed
        if decision is None or failure:
            return self._fall(seen, failure)
        return self._guarded(
            seen, decision, self.ladder.step(False, True), "", self._scene(seen)
        )

    async def _begin(self, seen: Estimate) -> str:
        """Check what a decision needs, and start it; returns why there can be none."""
        now_s = seen.time_s
        blind = data_gate(seen)
        self._closed = self.model.check(seen)
        if not blind:
            self._forecast, blind = self._expect(now_s)
        if blind or self._forecast is None:
            await self.desk.drop()
            return blind
        self.desk.begin(seen, self._forecast, now_s)
        return ""

    def _expect(self, now_s: float) -> tuple[Forecast | None, str]:
        """Forecast, or why there is none."""
        try:
            forecast = self._forecaster.forecast(now_s)
        except Exception as error:
            # whatever goes wrong in it, the plant is held
            return None, f"forecast: failed: {type(error).__name__}: {error}"
        rated_w = self._site.facility.it.racks.rated_power_w
        wrong = forecast_gate(forecast, now_s) or spread_gate(forecast, rated_w)
        return forecast, wrong

    def _expected_it_w(self) -> float:
        """IT power that the decision in force was made for."""
        if self._forecast is None:
            return math.nan
        return float(np.asarray(self._forecast.inputs.it_demand_w)[0])

    def _fall(self, seen: Estimate, failure: str) -> Plan:
        """Hold, follow the rules or let go, by how long it has been failing."""
        rules = self._rules(seen) if not seen.problems else None
        rung = self.ladder.step(True, rules is not None)
        if rung is Rung.RULES and rules is not None:
            decision = rules._replace(status=f"rules: {failure}")
            return self._guarded(seen, decision, rung, failure, self._scene(seen))
        decision = Decision(seen.setpoints, "hold", status=failure)
        memory = self._memory._replace(checked_s=seen.time_s)
        return Plan(decision, decision, (), rung, failure, memory)

    def _rules(self, seen: Estimate) -> Decision | None:
        """Decision of the fallback, if it has one."""
        if self._fallback is None or self._forecast is None:
            return None
        try:
            decision = self._fallback.decide(seen, self._forecast, seen.time_s)
        except Exception:
            return None  # the failure that brought us here is already told
        return None if solver_gate(decision) else decision

    def home(self, seen: Estimate) -> Plan:
        """One step toward the design, at the guard's pace."""
        decision = Decision(
            self._site.design, "back to the design before local control"
        )
        return self._guarded(seen, decision, Rung.HOLD, "", None)

    def _scene(self, seen: Estimate) -> Scene:
        """The plant, and the worst of what is forecast and what is there already."""
        site, worst = self._site, seen.inputs
        if self._forecast is not None:
            until_s = seen.time_s + site.spare.outlook_s
            near = self._forecast.time_s <= until_s
            expected = at_quantile(self._forecast, CAUTION)
            here = np.array(seen.inputs, dtype=float)
            later = [
                np.asarray(values)[near].max(initial=-np.inf) for values in expected
            ]
            worst = Inputs(*np.maximum(here, later).tolist())
        spare_units = float(site.spare.spare_units)
        return Scene(site.facility, site.limits, spare_units, seen.state, worst)

    def _guarded(
        self,
        seen: Estimate,
        decision: Decision,
        rung: Rung,
        failure: str,
        scene: Scene | None,
    ) -> Plan:
        """Let the guard have the last word; time without a check is not saved up."""
        longest_s = self._site.control.control_interval_s
        checked_s = max(self._memory.checked_s, seen.time_s - longest_s)
        result = guard(
            self._site.guard,
            decision.setpoints,
            seen.setpoints,
            seen.time_s,
            self._memory._replace(checked_s=checked_s),
            self._boxes,
            scene,
        )
        after = decision._replace(setpoints=result.setpoints)
        return Plan(decision, after, result.events, rung, failure, result.memory)

    def commit(self, plan: Plan) -> None:
        """The plan went to the plant."""
        self._memory = plan.memory

    def skip(self, now_s: float) -> None:
        """Nothing went to the plant; the time must not count as room to move."""
        self._memory = self._memory._replace(checked_s=now_s)

"""A run whose controller is called in Python at every control cycle."""

import numpy as np

from twin import guard as guarding
from twin.called_position import CalledPosition, Told, as_text, from_text
from twin.closed_loop import run_scans
from twin.envelope import Scene
from twin.held_jobs import HeldJobs
from twin.interfaces import Controller, Decision, Estimate
from twin.job_load import STEP_S
from twin.results import Course
from twin.rows import as_inputs
from twin.signals import Inputs, Outputs, Setpoints, State
from twin.site_forecast import SiteForecaster
from twin.walks import DEMAND, Run, Stretch, guards_of, start_of, stretch

CYCLES_AT_ONCE = 96  # of the past, when a forecaster sees it again


class CalledWalk:
    """The controller is called in Python at every control cycle."""

    def __init__(
        self,
        run: Run,
        controller: Controller,
        forecaster: SiteForecaster,
        held: HeldJobs | None = None,
    ):
        self._run, self._controller, self._forecaster = run, controller, forecaster
        self._held = held
        self._state, self._active = start_of(run)
        self._memory = guarding.fresh_memory(-run.pace.control_s)
        self._guards = guards_of(run.site)
        self._measured: dict[str, float] = {}
        self.scan = 0
        self.decisions: list[Decision] = []
        self.guard_events: list[guarding.GuardEvent] = []
        self.guard_violations: list[str] = []

    @property
    def position(self) -> CalledPosition | None:
        """What the walk needs to go on; None if it cannot be told."""
        recall = getattr(self._controller, "state", None)
        if recall is None or self._held is not None:
            return None
        told = Told(
            self._measured,
            self._memory,
            self.decisions,
            self.guard_events,
            self.guard_violations,
            recall(),
        )
        state, active = np.array(self._state), np.array(self._active)
        return CalledPosition(self.scan, state, active, as_text(told))

    def resume(self, position: CalledPosition) -> None:
        """Go on from a checkpoint; the forecaster sees the past again."""
        pace, known = self._run.pace, from_text(str(position.told))
        while self.scan < position.scan:
            scans = min(pace.scans * CYCLES_AT_ONCE, position.scan - self.scan)
            now = stretch(self._run, self.scan, scans)
            for cycle, now_s in enumerate(now.control_s):
                seen = Inputs(*(float(value) for value in now.at_cycles[:, cycle]))
                self._forecaster.observe(float(now_s), seen)
                self._forecaster.forecast(float(now_s))
                self._watch(now, cycle, min(pace.scans, scans - cycle * pace.scans))
            self.scan += scans
        self._state = State(*(float(value) for value in position.state))
        self._active = Setpoints(*(float(value) for value in position.active))
        self._measured, self._memory = known.measured, known.memory
        self.decisions, self.guard_events = known.decisions, known.guard_events
        self.guard_violations = known.guard_violations
        self._controller.restore(known.controller)  # type: ignore[attr-defined]

    def advance(self, scans: int) -> Course:
        """Go on for whole control cycles (or to the end of the run)."""
        pace = self._run.pace
        now = stretch(self._run, self.scan, scans)
        rows = np.empty((scans, len(Outputs._fields)))
        moves, held = np.empty((2, len(now.control_s), len(Setpoints._fields)))
        for cycle, now_s in enumerate(now.control_s):
            seen = Inputs(*(float(value) for value in now.at_cycles[:, cycle]))
            worst = as_inputs(now.worst[:, cycle])
            if self._held is not None:
                middle_s, power_w = self._held.power(now_s, now_s, STEP_S)
                demand_w = float(np.interp(now_s, middle_s, power_w))
                seen = seen._replace(it_demand_w=demand_w)
                full_w = self._run.plant.it.racks.rated_power_w
                worst = worst._replace(it_demand_w=full_w)  # all may start at once
            wanted = self._decide(float(now_s), seen, worst)
            self._carry_out(now, cycle)
            moves[cycle] = self._active
            held[cycle] = np.array(wanted) != moves[cycle]
            some = rows[cycle * pace.scans : (cycle + 1) * pace.scans]
            at = cycle * pace.scans * pace.steps
            part = now.middles[:, at : at + len(some) * pace.steps]
            self._state = run_scans(
                self._run.plant, self._state, part, self._active, pace.dt_s, some
            )
            self._measured = dict(zip(Outputs._fields, some[-1].tolist(), strict=True))
            self._watch(now, cycle, len(some))
        self.scan += scans
        signals = np.concatenate([now.at_ends.T, rows], axis=1)
        return Course(now.end_s, signals, now.control_s, moves, held)

    def _decide(self, now_s: float, seen: Inputs, worst: Inputs) -> Setpoints:
        """One control cycle: forecast, decide, guard."""
        site, before, rules = self._run.site, self._active, self._guards
        self._forecaster.observe(now_s, seen)
        estimate = Estimate(now_s, seen, self._state, before, self._measured, ())
        forecast = self._forecaster.forecast(now_s)
        decision = self._controller.decide(estimate, forecast, now_s)
        scene = Scene(site.facility, site.limits, rules.spare_units, self._state, worst)
        result = guarding.guard(
            site.guard,
            decision.setpoints,
            before,
            now_s,
            self._memory,
            rules.boxes,
            scene,
        )
        elapsed_s = now_s - self._memory.checked_s
        self.guard_violations += guarding.violations(
            site.guard, result.setpoints, before, elapsed_s
        )
        self._memory = result.memory
        self._active = Setpoints(*(float(value) for value in result.setpoints))
        self.decisions.append(decision)
        self.guard_events += result.events
        return decision.setpoints

    def _carry_out(self, now: Stretch, cycle: int) -> None:
        """Let the scheduler follow the plan; the load from now on is what it makes."""
        if self._held is None:
            return
        pace, now_s = self._run.pace, float(now.control_s[cycle])
        until_s = now_s + pace.control_s
        self._held.follow(self.decisions[-1].jobs)
        self._held.advance(until_s)
        middle_s, power_w = self._held.power(now_s, until_s, STEP_S)
        scan, step = cycle * pace.scans, cycle * pace.scans * pace.steps
        ends_s = now.end_s[scan : scan + pace.scans]
        steps = now.middles[DEMAND, step : step + pace.scans * pace.steps]
        steps_s = now_s + (np.arange(len(steps)) + 0.5) * pace.dt_s
        steps[:] = np.interp(steps_s, middle_s, power_w)
        now.at_ends[DEMAND, scan : scan + pace.scans] = np.interp(
            ends_s, middle_s, power_w
        )

    def _watch(self, now: Stretch, cycle: int, scans: int) -> None:
        """Let the forecaster see the scans between this cycle and the next."""
        first = cycle * self._run.pace.scans
        for k in range(first, first + scans - 1):
            values = Inputs(*(float(value) for value in now.at_ends[:, k]))
            self._forecaster.observe(float(now.end_s[k]), values)

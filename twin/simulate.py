"""A closed loop without a wire: controller, guard and twin in one process.

The same controller, guard and physics as the live loop (``bms_io/loop.py``), for tests,
comparisons and years of simulation. The controller sees exact readings.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from twin import guard as guarding
from twin.compiled import Matrix, initial_state, run, step
from twin.config import Site
from twin.forecast import DAY_S, PersistenceForecaster
from twin.interfaces import Controller, Decision, Estimate
from twin.scenario import Scenario
from twin.signals import Inputs, Outputs, Setpoints, State
from twin.topology import Facility

__all__ = ["SimulationResult", "initial_state", "run", "simulate", "step"]


class SimulationResult(NamedTuple):
    """What a run left behind; signals in SI under the names of ``twin.signals``."""

    name: str
    telemetry: pd.DataFrame  # time_s at the end of each scan, inputs, outputs
    setpoints: pd.DataFrame  # time_s, setpoints in force from then on
    decisions: list[Decision]
    guard_events: list[guarding.GuardEvent]
    guard_violations: list[str]


def make_forecaster(scenario: Scenario) -> PersistenceForecaster:
    """Forecaster that knows the day before the run, and nothing of the run itself."""
    past_s = np.arange(-DAY_S, 0.0, 900.0)
    past = scenario.inputs_at(past_s)
    unknown = np.full_like(past_s, np.nan)  # the trace has no day before
    history = past._replace(it_demand_w=unknown)
    return PersistenceForecaster(past_s, history, scenario.price_at, scenario.carbon_at)


def simulate(
    site: Site,
    scenario: Scenario,
    controller: Controller,
    facility: Facility | None = None,
    dt_s: float = 60.0,
) -> SimulationResult:
    """Run a controller against the twin.

    Parameters
    ----------
    site
        Limits, pace, design setpoints.
    scenario
        Truth of the run.
    controller
        Decides every ``site.control.control_interval_s``.
    facility
        The plant, if it differs from the site's nameplates.
    dt_s
        Physics step; must divide the scan interval. [s]
    """
    plant = facility or site.facility
    scan_s = site.control.scan_interval_s
    every = max(round(site.control.control_interval_s / scan_s), 1)
    active = site.design
    state = initial_state(plant, _first(scenario), active)
    forecaster = make_forecaster(scenario)
    memory = guarding.fresh_memory(-site.control.control_interval_s)
    rows: list[list[float]] = []
    moves: list[list[float]] = []
    decisions: list[Decision] = []
    events: list[guarding.GuardEvent] = []
    violations: list[str] = []
    measured: dict[str, float] = {}
    for scan in range(round(scenario.duration_s / scan_s)):
        now_s = scan * scan_s
        inputs = _first(scenario, now_s)
        forecaster.observe(now_s, inputs)
        if scan % every == 0:
            seen = Estimate(now_s, inputs, state, active, measured, ())
            decision = controller.decide(seen, forecaster.forecast(now_s), now_s)
            result = guarding.guard(
                site.guard, decision.setpoints, active, now_s, memory
            )
            elapsed_s = now_s - memory.checked_s
            violations += guarding.violations(
                site.guard, result.setpoints, active, elapsed_s
            )
            memory, active = result.memory, result.setpoints
            decisions.append(decision)
            events += result.events
            moves.append([now_s, *map(float, active)])
        state, out = _scan(plant, scenario, state, active, (now_s, scan_s, dt_s))
        measured = dict(zip(Outputs._fields, averaged(out), strict=True))
        end = _first(scenario, now_s + scan_s)
        rows.append([now_s + scan_s, *map(float, end), *measured.values()])
    return SimulationResult(
        controller.name,
        pd.DataFrame(rows, columns=["time_s", *Inputs._fields, *Outputs._fields]),
        pd.DataFrame(moves, columns=["time_s", *Setpoints._fields]),
        decisions,
        events,
        violations,
    )


def _first(scenario: Scenario, time_s: float = 0.0) -> Inputs:
    """Inputs at one time as floats."""
    return Inputs(*(float(value) for value in scenario.inputs_at(time_s)))


def _scan(
    plant: Facility,
    scenario: Scenario,
    state: State,
    active: Setpoints,
    window_s: tuple[float, float, float],
) -> tuple[State, Matrix]:
    """Physics between two scans."""
    start_s, length_s, dt_s = window_s
    times = np.float64(start_s) + dt_s * (np.arange(round(length_s / dt_s)) + 0.5)
    return run(plant, state, scenario.inputs_at(times), active, dt_s)


# What a meter reports: powers, losses, heats and flows as means, the rest at the end.
MEAN_SUFFIXES = ("_w", "_kg_s")
_IS_MEAN = np.array([name.endswith(MEAN_SUFFIXES) for name in Outputs._fields])


def averaged(out: Matrix) -> list[float]:
    """One row of readings from the steps of a scan, shape (steps, outputs)."""
    row = np.where(_IS_MEAN, out.mean(axis=0), out[-1])
    return [float(value) for value in row]

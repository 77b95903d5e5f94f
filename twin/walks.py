"""Two ways to walk a run: whole stretches compiled, or with a controller in Python.

The second is in ``twin.called_walk``. Both use the same compiled plant and give the same
numbers bit for bit. A walk remembers where it stands; ``advance`` continues from there.
"""

import math
from typing import NamedTuple, Protocol

import numpy as np

from twin import guard as guarding
from twin.called_position import CalledPosition
from twin.closed_loop import Guards, Memory, Pace, Policy, closed_loop
from twin.compiled import Matrix, initial_state
from twin.config import Site
from twin.envelope import as_boxes
from twin.interfaces import Decision
from twin.results import Course
from twin.rows import Row
from twin.scenario import Scenario
from twin.signals import Inputs, Outputs, Setpoints, State
from twin.site import MOST_STARTS
from twin.topology import Facility

DEMAND = Inputs._fields.index("it_demand_w")


class Run(NamedTuple):
    """What is simulated, and how fast its clock ticks."""

    site: Site
    scenario: Scenario
    plant: Facility
    pace: Pace

    @property
    def scans(self) -> int:
        """Scans from start to end."""
        return round(self.scenario.duration_s / self.pace.scan_s)


class Position(NamedTuple):
    """Where a compiled walk stands; everything it needs to go on."""

    scan: int
    state: Row
    active: Row
    measured: Row
    moved_s: Row
    checked_s: Row
    started_s: Matrix


class Walk(Protocol):
    """Something that advances a run."""

    scan: int  # next one
    decisions: list[Decision]
    guard_events: list[guarding.GuardEvent]
    guard_violations: list[str]

    @property
    def position(self) -> Position | CalledPosition | None:
        """What it needs to go on; None if that cannot be told."""

    def advance(self, scans: int) -> Course:
        """Go on for whole control cycles (or to the end of the run)."""


def inputs_now(scenario: Scenario, time_s: float = 0.0) -> Inputs:
    """Inputs at one time as floats."""
    return Inputs(*(float(value) for value in scenario.inputs_at(time_s)))


def start_of(run: Run) -> tuple[State, Setpoints]:
    """Settled plant at the design setpoints."""
    active = Setpoints(*(float(value) for value in run.site.design))
    return initial_state(run.plant, inputs_now(run.scenario), active), active


def _at(scenario: Scenario, time_s: Row) -> Matrix:
    """Inputs at times, shape (inputs, times)."""
    series = scenario.inputs_at(time_s)
    return np.ascontiguousarray(np.broadcast_arrays(*series), dtype=float)


class Stretch(NamedTuple):
    """Times and inputs of some scans."""

    control_s: Row  # start of each cycle
    end_s: Row  # of each scan
    middles: Matrix  # inputs at the middle of each step
    at_cycles: Matrix
    worst: Matrix  # of the guard's outlook, at each cycle
    at_ends: Matrix


def stretch(run: Run, first: int, scans: int) -> Stretch:
    """Times and inputs of some scans, from the first."""
    pace = run.pace
    steps = np.arange(first * pace.steps, (first + scans) * pace.steps, dtype=float)
    control_s = np.arange(first, first + scans, pace.scans, dtype=float) * pace.scan_s
    end_s = np.arange(first + 1, first + scans + 1, dtype=float) * pace.scan_s
    return Stretch(
        control_s,
        end_s,
        _at(run.scenario, (steps + 0.5) * pace.dt_s),
        _at(run.scenario, control_s),
        _outlook(run, control_s),
        _at(run.scenario, end_s),
    )


def _outlook(run: Run, control_s: Row) -> Matrix:
    """Largest inputs of the guard's outlook after each cycle, shape (inputs, cycles).

    From the weather and load of the run itself: a guard that knows, the same in both walks.
    """
    ahead = math.ceil(run.site.spare.outlook_s / run.pace.control_s)
    more_s = control_s[-1] + run.pace.control_s * np.arange(1, ahead + 1)
    values = _at(run.scenario, np.concatenate([control_s, more_s]))
    windows = np.lib.stride_tricks.sliding_window_view(values, ahead + 1, axis=1)
    return np.ascontiguousarray(windows.max(axis=-1))


def guards_of(site: Site) -> Guards:
    """Rules of a site's guard for the compiled loop."""
    return Guards(
        site.guard,
        as_boxes(site.forbidden),
        site.facility,
        site.limits,
        float(site.spare.spare_units),
    )


class CompiledWalk:
    """The policy decides inside the compiled loop."""

    def __init__(self, run: Run, policy: Policy, position: Position | None = None):
        self._run, self._policy = run, policy
        self._loop = closed_loop(policy.decide)
        self._guards = guards_of(run.site)
        start = position or _begin(run)
        self.scan = int(start.scan)
        self._state = State(*(float(value) for value in start.state))
        self._memory = Memory(*(np.array(row) for row in start[2:]))
        self.decisions: list[Decision] = []
        self.guard_events: list[guarding.GuardEvent] = []
        self.guard_violations: list[str] = []

    @property
    def position(self) -> Position:
        """Copy of what the walk needs to go on."""
        memory = (row.copy() for row in self._memory)
        return Position(self.scan, np.array(self._state), *memory)

    def advance(self, scans: int) -> Course:
        """Go on for whole control cycles (or to the end of the run)."""
        run = self._run
        now = stretch(run, self.scan, scans)
        rows = np.empty((scans, len(Outputs._fields)))
        moves, held = np.empty((2, len(now.control_s), len(Setpoints._fields)))
        before = (self._memory.active.copy(), float(self._memory.checked_s[0]))
        self._state = self._loop(
            run.plant,
            (self._policy.parameters, self._policy.first),
            self._guards,
            self._state,
            (now.middles, now.at_cycles, now.worst),
            self._memory,
            (float(now.control_s[0]), run.pace.dt_s, run.pace.control_s),
            (rows, moves, held),
        )
        self.scan += scans
        self.guard_violations += _violations(run.site, before, now.control_s, moves)
        signals = np.concatenate([now.at_ends.T, rows], axis=1)
        return Course(now.end_s, signals, now.control_s, moves, held)


def _begin(run: Run) -> Position:
    """Position at the start of a run."""
    state, active = start_of(run)
    fields = len(Setpoints._fields)
    return Position(
        0,
        np.array(state),
        np.array(active),
        np.full(len(Outputs._fields), np.nan),
        np.full(fields, -np.inf),
        np.array([-run.pace.control_s]),
        np.full((fields, MOST_STARTS), -np.inf),
    )


def _violations(
    site: Site, before: tuple[Row, float], control_s: Row, moves: Matrix
) -> list[str]:
    """Independent check of every cycle; ``guard.violations`` looks at suspicious ones."""
    old = np.vstack([before[0], moves[:-1]])
    elapsed_s = np.diff(control_s, prepend=before[1])
    limits = np.array([entry[:3] for entry in site.guard])
    outside = (moves < limits[:, 0]) | (moves > limits[:, 1])
    fast = np.abs(moves - old) > limits[:, 2] * elapsed_s[:, None] / 60.0
    found: list[str] = []
    for k in np.flatnonzero((outside | fast).any(axis=1)):
        found += guarding.violations(
            site.guard, Setpoints(*moves[k]), Setpoints(*old[k]), float(elapsed_s[k])
        )
    return found

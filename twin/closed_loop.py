"""Plant, readings, policy and guard in one compiled loop.

A controller whose rules are a kernel offers them as a ``Policy``; then a year runs
without coming back to Python. Controllers without one are called between stretches of
the same compiled plant (``run_scans``), with the same result bit for bit.
"""

import inspect
import math
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from plant._kernel import kernel, routine
from twin.compiled import Matrix, _compiled, step
from twin.config import GuardLimits
from twin.envelope import Scene, hold_back
from twin.guard import admit, apart
from twin.rows import Row, as_inputs, as_outputs, as_setpoints
from twin.signals import Inputs, Outputs, Setpoints, State
from twin.site import TemperatureLimits
from twin.topology import Facility

# What a meter reports: powers, losses, heats and flows as means, the rest at the end.
MEAN_SUFFIXES = ("_w", "_kg_s")
IS_MEAN = np.array([name.endswith(MEAN_SUFFIXES) for name in Outputs._fields])

Decide = Callable[[Any, Any, Outputs, Setpoints], Setpoints]


class Policy(NamedTuple):
    """Rules of a controller without memory, ready for the compiled loop."""

    decide: Decide  # kernel: (parameters, inputs, measured, active) -> wanted
    parameters: Any  # NamedTuple of floats
    first: Setpoints  # wanted while nothing has been measured


class Pace(NamedTuple):
    """Steps, scans and control cycles of a run."""

    dt_s: float
    scan_s: float
    steps: int  # per scan
    scans: int  # per control cycle

    @property
    def control_s(self) -> float:
        """Control interval."""
        return self.scan_s * self.scans


class Memory(NamedTuple):
    """What guard and readings remember, updated in place."""

    active: Row  # setpoints in force
    measured: Row  # outputs of the last scan, nan before the first
    moved_s: Row  # when each setpoint moved last, -inf if never
    checked_s: Row  # last control cycle, shape (1,)
    started_s: Matrix  # when units were added, newest first, (setpoints, MOST_STARTS)


class Guards(NamedTuple):
    """Rules of the guard for the compiled loop, see ``twin.guard.guard``."""

    limits: GuardLimits
    boxes: Matrix
    facility: Facility  # as the guard believes the plant to be
    temperatures: TemperatureLimits
    spare_units: float


@kernel
def copied(row: Any, into: Any) -> None:
    """Copy a row; an array assignment would compile its error messages as well, 2 s."""
    for k in range(into.shape[0]):
        into[k] = row[k]


@kernel
def one_scan(
    facility: Facility,
    state: State,
    inputs: Any,
    active: Setpoints,
    dt_s: float,
    row: Any,
) -> State:
    """Steps of one scan; ``row`` takes what the meters report at its end."""
    row[:] = 0.0
    steps = inputs.shape[1]
    for i in range(steps):
        state, out = step(facility, state, as_inputs(inputs[:, i]), active, dt_s)
        for j in range(row.shape[0]):
            row[j] = row[j] + out[j] / steps if IS_MEAN[j] else out[j]
    return state


@kernel
def some_scans(
    facility: Facility,
    state: State,
    inputs: Any,
    active: Setpoints,
    dt_s: float,
    rows: Any,
) -> State:
    """Scans in a row at constant setpoints; fills rows (scans, outputs)."""
    each = inputs.shape[1] // rows.shape[0]
    for k in range(rows.shape[0]):
        part = inputs[:, k * each : (k + 1) * each]
        state = one_scan(facility, state, part, active, dt_s, rows[k])
    return state


@_compiled
def run_scans(
    facility: Facility,
    state: State,
    inputs: Matrix,
    active: Setpoints,
    dt_s: float,
    rows: Matrix,
) -> State:
    """Scans in a row at constant setpoints, compiled.

    Parameters
    ----------
    facility, state, active
        Nameplates, state at the start, setpoints; floats.
    inputs
        At the middle of each step, shape (inputs, steps).
    dt_s
        Step. [s]
    rows
        Filled: readings at the end of each scan, shape (scans, outputs).

    Returns
    -------
    State
        At the end.
    """
    return some_scans(facility, state, inputs, active, dt_s, rows)


@routine
def guarded(
    guards: Guards,
    wanted: Any,
    plant: tuple[State, Inputs],
    now_s: float,
    memory: Memory,
    held: Any,
) -> None:
    """Move the active setpoints as far as ``twin.guard.guard`` allows.

    ``plant`` is the state and the worst that is expected; ``held`` takes 1 for each
    setpoint that the guard did not let pass as wanted.
    """
    elapsed_s = max(now_s - memory.checked_s[0], 0.0)
    limits, active = guards.limits, memory.active
    before = np.empty_like(active)
    copied(active, before)
    for k in range(active.shape[0]):
        since_s = now_s - memory.moved_s[k]
        start_s = now_s - memory.started_s[k, limits[k].starts_per_hour - 1]
        made = admit(limits[k], wanted[k], before[k], elapsed_s, since_s, start_s)
        active[k] = made.allowed
    scene = Scene(
        guards.facility, guards.temperatures, guards.spare_units, plant[0], plant[1]
    )
    apart(active, before, guards.boxes, held)
    hold_back(scene, active, before, held, 3.0)
    apart(active, before, guards.boxes, held)
    for k in range(active.shape[0]):
        held[k] = 1.0 if active[k] != wanted[k] else 0.0
        if active[k] != before[k]:
            memory.moved_s[k] = now_s
        if active[k] > before[k] and limits[k].whole_number:
            copied(memory.started_s[k, :-1].copy(), memory.started_s[k, 1:])
            memory.started_s[k, 0] = now_s
    memory.checked_s[0] = now_s


@cache
def closed_loop(decide: Decide) -> Callable[..., State]:
    """Compiled loop for one policy.

    Parameters
    ----------
    decide
        Kernel of the policy, a function of a module.

    Returns
    -------
    Callable
        ``loop(facility, policy, guards, state, series, memory, clock, filled) ->
        State``. The policy is (parameters, first); the series are the inputs at the
        middle of each step (inputs, steps), at each control cycle (inputs, cycles), and
        the worst that is expected there (inputs, cycles);
        the clock is start, step and control interval in seconds. Filled are readings
        (scans, outputs), setpoints in force (cycles, setpoints), and where the guard
        overruled the policy (cycles, setpoints).
    """

    def loop(
        facility: Facility,
        policy: tuple[Any, Setpoints],
        guards: Guards,
        state: State,
        series: tuple[Matrix, Matrix, Matrix],
        memory: Memory,
        clock: tuple[float, float, float],
        filled: tuple[Matrix, Matrix, Matrix],
    ) -> State:
        parameters, wanted = policy
        inputs, at_cycles, worst = series
        rows, moves, held = filled
        scans = -(-rows.shape[0] // moves.shape[0])
        steps = inputs.shape[1] // rows.shape[0] * scans
        for cycle in range(moves.shape[0]):
            if not math.isnan(memory.measured[0]):
                seen = as_inputs(at_cycles[:, cycle])
                measured = as_outputs(memory.measured)
                active = as_setpoints(memory.active)
                wanted = decide(parameters, seen, measured, active)
            now_s = clock[0] + cycle * clock[2]
            plant = (state, as_inputs(worst[:, cycle]))
            held[cycle] = 0.0
            guarded(guards, wanted, plant, now_s, memory, held[cycle])
            copied(memory.active, moves[cycle])
            active = as_setpoints(memory.active)
            some = rows[cycle * scans : (cycle + 1) * scans]
            part = inputs[:, cycle * steps : (cycle + 1) * steps]
            state = some_scans(facility, state, part, active, clock[1], some)
            copied(some[-1], memory.measured)
        return state

    source = inspect.getsourcefile(decide)
    return _compiled(loop, Path(source) if source else Path(__file__))

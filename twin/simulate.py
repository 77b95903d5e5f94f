"""A closed loop without a wire: controller, guard and twin in one process.

The same controller, guard and physics as the live loop (``bms_io/loop.py``), for tests,
comparisons and years of simulation. The controller sees exact readings. Controllers that
offer a ``policy`` run inside the compiled loop, others are called at every control cycle
(``twin.walks``).
"""

from collections.abc import Callable

import numpy as np

from twin.called_position import CalledPosition
from twin.called_walk import CalledWalk
from twin.closed_loop import IS_MEAN, MEAN_SUFFIXES, Pace
from twin.compiled import Matrix, initial_state, run, step
from twin.config import Site
from twin.errors import ConfigError
from twin.held_jobs import HeldJobs, held_jobs
from twin.interfaces import Controller
from twin.results import SCAN_SIGNALS, Course, Results, as_arrays, joined
from twin.run_forecast import make_forecaster
from twin.run_store import RunStore
from twin.scenario import Scenario
from twin.topology import Facility
from twin.walks import CompiledWalk, Position, Run, Walk

__all__ = [
    "MEAN_SUFFIXES",
    "Results",
    "initial_state",
    "make_forecaster",
    "run",
    "simulate",
    "step",
]

Progress = Callable[[int, int], None]
STRETCH_STEPS = 10_080  # between checkpoints; bounds the memory of prepared inputs


def pace_of(site: Site, dt_s: float, control_interval_s: float | None) -> Pace:
    """Steps, scans and cycles of a run.

    Raises
    ------
    ConfigError
        If steps do not fill a scan.
    """
    scan_s = max(site.control.scan_interval_s, dt_s)
    steps = round(scan_s / dt_s) if dt_s > 0 else 0
    if steps < 1 or abs(steps * dt_s - scan_s) > 1e-9 * scan_s:
        message = (
            f"--dt {dt_s:g}: must divide the scan interval of {scan_s:g} s. "
            "Give e.g. 60, 100 or 300, or a multiple of the scan interval."
        )
        raise ConfigError(message)
    control_s = control_interval_s or site.control.control_interval_s
    return Pace(float(dt_s), float(scan_s), steps, max(round(control_s / scan_s), 1))


def simulate(
    site: Site,
    scenario: Scenario,
    controller: Controller,
    facility: Facility | None = None,
    dt_s: float = 60.0,
    control_interval_s: float | None = None,
    store: RunStore | None = None,
    progress: Progress | None = None,
) -> Results:
    """Run a controller against the twin.

    Parameters
    ----------
    site
        Limits, pace, design setpoints.
    scenario
        Truth of the run.
    controller
        Decides at every control interval.
    facility
        The plant, if it differs from the site's nameplates.
    dt_s
        Physics step; must divide the scan interval or be longer. [s]
    control_interval_s
        The site's if None. [s]
    store
        Where a run that may be killed keeps what it has; it goes on from there, if the
        controller offers a policy (bit for bit) or can tell its memory (``state`` and
        ``restore``; what it does not tell, as the mpc its last plan, it begins anew).
    progress
        Called with scans done and scans in all.

    Returns
    -------
    Results
        Readings at the end of every scan. A value that is not finite ends the run: the
        status says when and which, the results reach up to there.
    """
    plan = Run(
        site,
        scenario,
        facility or site.facility,
        pace_of(site, dt_s, control_interval_s),
    )
    held = held_jobs(scenario.load.queue)
    walk, parts = _begun(plan, controller, store, held)
    status, total = "ok", plan.scans
    while walk.scan < total and status == "ok":
        part = walk.advance(min(stretch_of(plan.pace), total - walk.scan))
        part, status = finite_part(part)
        parts.append(part)
        if progress:
            progress(walk.scan, total)
        if store and status == "ok" and (position := walk.position) is not None:
            store.save(len(parts) - 1, part, position)
    return Results(
        controller.name,
        as_arrays([joined(parts)]),
        walk.decisions,
        walk.guard_events,
        walk.guard_violations,
        status,
        held.delays() if held and walk.decisions else None,
    )


def stretch_of(pace: Pace) -> int:
    """Scans of whole control cycles that are prepared and advanced together."""
    return max(STRETCH_STEPS // (pace.steps * pace.scans), 1) * pace.scans


def _begun(
    plan: Run, controller: Controller, store: RunStore | None, held: HeldJobs | None
) -> tuple[Walk, list[Course]]:
    """Walk at its start, or where a killed run stopped."""
    values, parts = store.load() if store else ({}, [])
    policy = getattr(controller, "policy", None)
    if policy is not None:
        return CompiledWalk(plan, policy, Position(**values) if values else None), parts
    walk = CalledWalk(plan, controller, make_forecaster(plan.scenario, held), held)
    if values:
        walk.resume(CalledPosition(**values))
    return walk, parts


def finite_part(part: Course) -> tuple[Course, str]:
    """Scans before the first value that is not a number, and what that was."""
    broken = ~np.isfinite(part.signals)
    if not broken.any():
        return part, "ok"
    scan = int(np.argmax(broken.any(axis=1)))
    name = SCAN_SIGNALS[int(np.argmax(broken[scan]))]
    status = f"stopped at {part.time_s[scan]:g} s: {name} is not finite"
    cycles = int(np.searchsorted(part.control_s, part.time_s[scan]))
    return Course(
        part.time_s[:scan],
        part.signals[:scan],
        part.control_s[:cycles],
        part.setpoints[:cycles],
        part.overruled[:cycles],
    ), status


def averaged(out: Matrix) -> list[float]:
    """One row of readings from the steps of a scan, shape (steps, outputs)."""
    row = np.where(IS_MEAN, out.mean(axis=0), out[-1])
    return [float(value) for value in row]

"""Who runs when: first come first served and EASY backfill over one pool of units.

A job starts when enough units are free and the power budget allows it, also against every
fall of the capacity or budget before its limit ends (a pool that changes hands at eight in
the morning is empty by then). EASY (Lifka 1995): if the first job of the queue has to
wait, later ones may start if by their limits they do not delay it; ``depth`` of them are
tried. Failures restart a job in place from its last checkpoint (``with_failures``).

Units are counted, not placed: a machine that fragments has less room than this says.

References
----------
D. A. Lifka (1995), "The ANL/IBM SP scheduling system", doi:10.1007/3-540-60153-8_35.
"""

from typing import NamedTuple

import numpy as np

from twin.compiled import _compiled
from twin.forecast import Series
from twin.scheduler_loop import schedule_loop

DEFAULT_LIMIT_S = 7 * 86400.0  # assumption where a job names none
BACKFILL_DEPTH = 100  # jobs; Slurm tries 500 by default (bf_max_job_test)
NO_BUDGET_W = 1e18


class Steps(NamedTuple):
    """A value that changes at given times; the first holds before the first time too."""

    time_s: Series  # ascending
    value: Series


class Request(NamedTuple):
    """Jobs as the scheduler sees them; arrays of shape (jobs,), any order."""

    release_s: Series  # submission, or later where a plan holds the job back
    units: Series
    power_w: Series  # while running, above idle
    run_s: Series  # known to the simulation only
    limit_s: Series  # known to the scheduler


class Failures(NamedTuple):
    """What breaks and what it costs."""

    rate_1_s: float  # of one unit
    checkpoint_interval_s: float
    repair_s: float


def constant(value: float) -> Steps:
    """A value that never changes."""
    return Steps(np.zeros(1), np.array([float(value)]))


def limits(requested_s: Series, run_s: Series) -> tuple[Series, Series]:
    """Limits for the scheduler, and run times cut at them.

    Parameters
    ----------
    requested_s
        nan where none was given.
    run_s
        Actual.
    """
    limit_s = np.where(np.isnan(requested_s), DEFAULT_LIMIT_S, requested_s)
    cut = np.where(np.isnan(requested_s), run_s, np.minimum(run_s, limit_s))
    return limit_s, cut


def schedule(
    request: Request,
    capacity: Steps,
    budget_w: Steps | None = None,
    depth: int = BACKFILL_DEPTH,
) -> Series:
    """Start of every job.

    Parameters
    ----------
    request
        Jobs.
    capacity
        Units of the pool over time.
    budget_w
        Power above idle of all running jobs, none if not given.
    depth
        Jobs tried behind the first one; 0 is first come first served.

    Returns
    -------
    ndarray
        Shape (jobs,); nan for jobs that never fit.
    """
    order = np.argsort(request.release_s, kind="stable")
    sorted_request = (np.asarray(field[order], dtype=float) for field in request)
    release, units, power, run, limit = sorted_request
    budget = constant(NO_BUDGET_W) if budget_w is None else budget_w
    start = np.full(len(order), np.nan)
    schedule_loop(
        release,
        units,
        power,
        run,
        limit,
        np.asarray(capacity.time_s, dtype=float),
        np.asarray(capacity.value, dtype=float),
        np.asarray(budget.time_s, dtype=float),
        np.asarray(budget.value, dtype=float),
        int(depth),
        start,
    )
    result = np.empty(len(order))
    result[order] = start
    return result


@_compiled
def _wall_times(
    run_s: Series,
    units: Series,
    rate_1_s: float,
    interval_s: float,
    repair_s: float,
    rng: np.random.Generator,
    wall_s: Series,
) -> None:
    """Length of each job with its restarts; failures come at exponential gaps."""
    for k in range(len(run_s)):
        saved, wall = 0.0, 0.0
        for _ in range(100_000):  # a job that never gets through is given up
            gap = rng.exponential(1.0 / max(rate_1_s * units[k], 1e-30))
            if gap >= run_s[k] - saved:
                break
            wall += gap + repair_s
            saved = max(np.floor((saved + gap) / interval_s) * interval_s, saved)
        wall_s[k] = wall + run_s[k] - saved


def with_failures(
    run_s: Series, units: Series, failures: Failures, rng: np.random.Generator
) -> Series:
    """Time that each job holds its units when these fail.

    Parameters
    ----------
    run_s
        Work without failures. [s]
    units
        Of the job; any failing unit stops it.
    failures
        Rates; see ``plant.it.reliability`` for the rate of a chip.
    rng
        Randomness.

    Returns
    -------
    ndarray
        At least ``run_s``. On average over long jobs it is ``run_s`` over the
        availability of ``plant.it.reliability.cluster``, to first order in the rate.
    """
    wall_s = np.empty(len(run_s))
    _wall_times(
        np.ascontiguousarray(run_s, dtype=float),
        np.ascontiguousarray(units, dtype=float),
        float(failures.rate_1_s),
        float(failures.checkpoint_interval_s),
        float(failures.repair_s),
        rng,
        wall_s,
    )
    return wall_s

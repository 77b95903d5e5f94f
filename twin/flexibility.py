"""The lever of moving jobs: how much energy can wait, and a plan carried out.

Deferrable jobs may start late if they end by their deadline at the latest. The energy that
they have taken by each time lies between two curves: all as early as possible, and all as
late as possible. An optimizer chooses a curve between them; ``releases`` turns it into the
earliest start of every job, and ``carry_out`` schedules and takes the plan back for each
job that would miss, because of the plan, a deadline it kept without.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.forecast import Series
from twin.job_table import CLASSES, Jobs, size
from twin.jobs import Grid, Hardware, Mode, phase_powers
from twin.pools import Pools, Result, simulate
from twin.scheduling import limits

ROUNDS = 10


class Deferrable(NamedTuple):
    """Which jobs may wait; arrays of shape (jobs,)."""

    may_wait: NDArray[np.bool_]
    deadline_s: Series  # of the end


class Envelope(NamedTuple):
    """Energy above idle taken by the end of each step, shape (steps,) [J]."""

    earliest_j: Series
    latest_j: Series


class Executed(NamedTuple):
    """A plan after it was carried out."""

    result: Result
    delay_s: dict[str, tuple[float, float]]  # by class: mean, largest, against no plan
    taken_back: int  # jobs released at once to keep their deadline
    missed: int  # deadlines missed because of the plan: always 0


def by_class(jobs: Jobs, window_s: dict[str, float]) -> Deferrable:
    """Jobs of these classes may end up to a window after submission and limit.

    Parameters
    ----------
    jobs
        The queue.
    window_s
        Class -> time it can wait. [s]
    """
    limit_s, _ = limits(jobs.requested_s, jobs.run_s)
    window = np.array([window_s.get(name, np.nan) for name in CLASSES])[jobs.job_class]
    return Deferrable(np.isfinite(window), jobs.submit_s + limit_s + window)


def envelope(
    jobs: Jobs, choice: Deferrable, grid: Grid, hardware: Hardware, mode: Mode
) -> Envelope:
    """Bounds of the energy of deferrable jobs over time.

    Run times are those the scheduler knows, the limits; power is that of the steady phase.
    """
    power, length, earliest, latest = _known(jobs, choice, hardware, mode)
    edge = grid.start_s + grid.step_s * np.arange(1, grid.steps + 1)
    curves = []
    for begin in (earliest, latest):
        taken = np.clip(edge[:, None] - begin[None, :], 0.0, length[None, :])
        curves.append(taken @ power)
    return Envelope(curves[0], curves[1])


def _known(
    jobs: Jobs, choice: Deferrable, hardware: Hardware, mode: Mode
) -> tuple[Series, Series, Series, Series]:
    """Power, length, earliest and latest start of the deferrable jobs."""
    may = choice.may_wait
    limit_s, _ = limits(jobs.requested_s, jobs.run_s)
    table, _ = phase_powers(hardware, mode)
    power = size(jobs)[may] * table[jobs.job_class[may], 2]
    earliest = jobs.submit_s[may]
    latest = np.maximum(choice.deadline_s[may] - limit_s[may], earliest)
    return power, limit_s[may], earliest, latest


def releases(
    jobs: Jobs,
    choice: Deferrable,
    plan_j: Series,
    grid: Grid,
    hardware: Hardware,
    mode: Mode,
) -> Series:
    """Earliest start of every job that follows a curve of energy.

    Parameters
    ----------
    jobs, choice
        The queue and what may wait.
    plan_j
        Energy taken by the end of each step, within the envelope. [J]
    grid, hardware, mode
        As for the envelope.

    Returns
    -------
    ndarray
        Shape (jobs,); jobs are let go in the order of their latest start, and at that at
        the latest.
    """
    power, length, earliest, latest = _known(jobs, choice, hardware, mode)
    begin = latest.copy()
    taken = np.zeros(grid.steps)
    edge = grid.start_s + grid.step_s * np.arange(grid.steps + 1)
    for job in np.argsort(latest, kind="stable"):
        open_steps = np.flatnonzero(
            (edge[1:] > earliest[job]) & (edge[:-1] < latest[job])
        )
        short = open_steps[taken[open_steps] < plan_j[open_steps]]
        if len(short):
            begin[job] = min(max(edge[short[0]], earliest[job]), latest[job])
        after = np.clip(edge[1:] - begin[job], 0.0, length[job])
        taken += power[job] * after
    release = jobs.submit_s.copy()
    release[choice.may_wait] = begin
    return release


def carry_out(
    jobs: Jobs,
    choice: Deferrable,
    release_s: Series,
    pools: Pools,
    hardware: Hardware,
    mode: Mode,
) -> Executed:
    """Schedule with held-back jobs; no deadline is missed because of the plan.

    A job counts as missed if it ends after its deadline and would not have without the
    plan. Such jobs are released at once and the schedule is made again; if some remain
    after ``ROUNDS``, nothing is held back.
    """
    plain = simulate(jobs, pools, hardware, mode)
    release = np.maximum(release_s, jobs.submit_s)
    given_up = np.zeros(len(release), dtype=bool)
    for _ in range(ROUNDS):
        planned = simulate(jobs, pools, hardware, mode, release)
        missed = _missed(planned, plain, choice)
        if not missed.any():
            break
        given_up |= missed | (choice.may_wait & _queued_with(missed, planned))
        release = np.where(given_up, jobs.submit_s, release)
    else:
        planned, given_up = plain, choice.may_wait.copy()
        missed = _missed(planned, plain, choice)
    delay = planned.jobs.start_s - plain.jobs.start_s
    told = {}
    for k, name in enumerate(CLASSES):
        mine = delay[(jobs.job_class == k) & np.isfinite(delay)]
        if len(mine):
            told[name] = (float(mine.mean()), float(mine.max()))
    return Executed(planned, told, int(given_up.sum()), int(missed.sum()))


def _missed(planned: Result, plain: Result, choice: Deferrable) -> NDArray[np.bool_]:
    """Jobs late by the plan; one that no longer starts is late too."""
    end = np.where(np.isnan(planned.jobs.end_s), np.inf, planned.jobs.end_s)
    before = np.where(np.isnan(plain.jobs.end_s), np.inf, plain.jobs.end_s)
    kept = before <= choice.deadline_s
    return np.asarray((end > choice.deadline_s) & kept)


def _queued_with(missed: NDArray[np.bool_], planned: Result) -> NDArray[np.bool_]:
    """Jobs that were running when a missed one should have started."""
    late = np.flatnonzero(missed)[0]
    when = planned.jobs.start_s[late]
    return np.asarray((planned.jobs.start_s <= when) & (planned.jobs.end_s >= when))

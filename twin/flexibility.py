r"""The lever of moving jobs: how much energy can wait, and a plan carried out.

Deferrable jobs may start late if they end by their deadline at the latest. The energy that
each class has taken by each time lies between two curves: all as early as possible, and
all as late as possible. An optimizer chooses a curve between them; ``execute`` hands it to
the scheduler and says what it cost in delay.

How to use it in a plan over steps :math:`t` of length :math:`\Delta_t`, one variable
:math:`p_{c,t}` for each class and step [W at the rack inputs, above idle]:

.. math::

    latest\_j_{c,t} \le \sum_{s \le t} p_{c,s} \Delta_s \le earliest\_j_{c,t}, \qquad
    least\_w_{c,t} \le p_{c,t} \le most\_w_{c,t}

1. ``bounds(waiting(jobs, now_s), ...)`` on the steps of the forecast.
2. The IT power of the plan is the forecast, which holds these jobs as early as they can
   run, plus :math:`\sum_c p_{c,t}` minus ``asap_w`` of the bounds.
3. ``execute`` with ``Plan(edge_s, cumulative energy)``; apply the first step, plan again.

The bounds take limits for run times, as the scheduler does: real jobs end earlier, so the
energy is an upper bound and deadlines are safe. Jobs are not preempted: between the curves
a plan can ask for a course that no set of whole jobs follows; ``execute`` follows it from
above, job by job.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.forecast import Series
from twin.job_table import CLASSES, Jobs, size, take
from twin.jobs import Hardware, Mode, phase_powers
from twin.pools import Pools, Result, simulate
from twin.queue_forecast import total_times, visible
from twin.scheduling import limits

ROUNDS = 12
CAUTION = 0.9  # quantile of run times of jobs without a limit


class Deferrable(NamedTuple):
    """Which jobs may wait; arrays of shape (jobs,)."""

    may_wait: NDArray[np.bool_]
    deadline_s: Series  # of the end
    earliest_s: Series  # start if nothing is held back


class Waiters(NamedTuple):
    """Deferrable jobs; arrays of shape (jobs,)."""

    power_w: Series  # above idle
    length_s: Series
    earliest_s: Series  # start
    latest_s: Series  # start that still keeps the deadline


class Bounds(NamedTuple):
    """What a plan may choose, above idle; arrays of shape (class, time)."""

    classes: tuple[str, ...]  # those with something to move
    edge_s: Series  # shape (time + 1,)
    earliest_j: Series  # most energy taken by the end of each step
    latest_j: Series  # least
    most_w: Series  # all that may run in the step
    least_w: Series  # all that must run in the whole step
    asap_w: Series  # mean power if nothing waits


class Plan(NamedTuple):
    """Energy above idle that each class has taken by the end of each step [J]."""

    classes: tuple[str, ...]
    edge_s: Series  # shape (time + 1,)
    energy_j: Series  # shape (class, time), within the bounds


class Executed(NamedTuple):
    """A plan after it was carried out."""

    result: Result
    # By class: mean, largest, against no plan, of jobs that may wait or had to.
    delay_s: dict[str, tuple[float, float]]
    taken_back: int  # jobs released at once to keep their deadline
    missed: int  # deadlines missed because of the plan: always 0


def by_class(
    jobs: Jobs, window_s: dict[str, float], start_s: Series | None = None
) -> Deferrable:
    """Jobs of these classes may end up to a window after submission and limit.

    Parameters
    ----------
    jobs
        The queue.
    window_s
        Class -> time it can wait. [s]
    start_s
        When each job starts if nothing is held back, by the scheduler, nan where it does
        not; where units are free at its submission, which is taken if None. A job that
        waits longer than its window anyhow cannot be moved.
    """
    limit_s, _ = limits(jobs.requested_s, jobs.run_s)
    window = np.array([window_s.get(name, np.nan) for name in CLASSES])[jobs.job_class]
    earliest = jobs.submit_s if start_s is None else start_s
    may_wait = np.isfinite(window) & np.isfinite(earliest)
    return Deferrable(may_wait, jobs.submit_s + limit_s + window, earliest)


def waiting(jobs: Jobs, now_s: float) -> Jobs:
    """Jobs of the queue at a time: submitted, not started; as they are seen then."""
    seen = visible(jobs, now_s)
    return take(seen, np.isnan(seen.start_s))


def expected(jobs: Jobs, ran: Jobs, now_s: float) -> Jobs:
    """Jobs with run times as a live system knows them.

    Ended jobs keep theirs. Others last as long as their limit or, without one, as
    ``CAUTION`` of the finished jobs like them; true run times are not looked at.

    Parameters
    ----------
    jobs
        Sorted by submission, not scheduled.
    ran
        The same jobs as they ran.
    now_s
        Time of the look.
    """
    is_open = ~(ran.end_s <= now_s)
    seen = visible(ran, now_s)
    open_jobs = take(ran, is_open)
    begun_s = np.where(open_jobs.start_s <= now_s, open_jobs.start_s, np.nan)
    unfinished = open_jobs._replace(start_s=begun_s)
    luck = np.full((len(begun_s), 1), CAUTION)
    guess_s = jobs.run_s.copy()
    requested_s = jobs.requested_s.copy()
    guess_s[is_open] = np.where(
        np.isnan(unfinished.requested_s),
        total_times(seen, unfinished, now_s, luck)[:, 0],
        unfinished.requested_s,
    )
    requested_s[is_open] = guess_s[is_open]
    return jobs._replace(run_s=guess_s, requested_s=requested_s)


def bounds(
    jobs: Jobs, choice: Deferrable, edge_s: Series, hardware: Hardware, mode: Mode
) -> Bounds:
    """Bounds of the energy and power of deferrable jobs over time, by class.

    Parameters
    ----------
    jobs
        The queue; nothing of it starts before the first edge.
    choice
        What may wait.
    edge_s
        Edges of the steps, ascending. [s]
    hardware, mode
        What the units are; power is that of the steady phase.
    """
    known = _known(jobs, choice, edge_s[0], hardware, mode)
    rows = []
    names = [CLASSES[k] for k in np.unique(jobs.job_class[choice.may_wait])]
    kind = jobs.job_class[choice.may_wait]
    for name in names:
        mine = kind == CLASSES.index(name)
        some = Waiters(*(field[mine] for field in known))
        rows.append(_curves(some, edge_s))
    shape = (len(names), 5, len(edge_s) - 1)
    table = np.array(rows).reshape(shape).swapaxes(0, 1)
    return Bounds(tuple(names), edge_s, *table)


def _curves(some: Waiters, edge_s: Series) -> Series:
    """Rows of ``Bounds`` of one class, shape (5, time)."""
    power, length, earliest, latest = some
    begin, end = edge_s[:-1, None], edge_s[1:, None]
    soon = np.clip(end - earliest, 0.0, length) @ power
    late = np.clip(end - latest, 0.0, length) @ power
    may = (earliest < end) & (latest + length > begin)
    must = (latest <= begin) & (earliest + length >= end)
    asap = np.diff(soon, prepend=0.0) / np.diff(edge_s)
    return np.array([soon, late, may @ power, must @ power, asap])


def _known(
    jobs: Jobs, choice: Deferrable, begin_s: float, hardware: Hardware, mode: Mode
) -> Waiters:
    """What is known of the deferrable jobs."""
    may = choice.may_wait
    limit_s, _ = limits(jobs.requested_s, jobs.run_s)
    table, _ = phase_powers(hardware, mode)
    power = size(jobs)[may] * table[jobs.job_class[may], 2]
    earliest = np.maximum(choice.earliest_s[may], begin_s)
    latest = np.maximum(choice.deadline_s[may] - limit_s[may], earliest)
    return Waiters(power, limit_s[may], earliest, latest)


def releases(
    jobs: Jobs, choice: Deferrable, plan: Plan, hardware: Hardware, mode: Mode
) -> Series:
    """Earliest start of every job that follows a plan.

    Returns
    -------
    ndarray
        Shape (jobs,); the jobs of a class are let go in the order of their latest start,
        and at that at the latest. Classes without a plan are not held back.
    """
    known = _known(jobs, choice, float(plan.edge_s[0]), hardware, mode)
    kind = jobs.job_class[choice.may_wait]
    begin = jobs.submit_s[choice.may_wait].copy()
    for name, energy_j in zip(plan.classes, plan.energy_j, strict=True):
        mine = kind == CLASSES.index(name)
        some = Waiters(*(field[mine] for field in known))
        begin[mine] = begins(some, energy_j, plan.edge_s)
    release = jobs.submit_s.copy()
    release[choice.may_wait] = begin
    return release


def begins(some: Waiters, energy_j: Series, edge_s: Series) -> Series:
    """Starts of the jobs of one class along its curve of energy."""
    power, length, earliest, latest = some
    begin, taken = latest.copy(), np.zeros(len(energy_j))
    for job in np.argsort(latest, kind="stable"):
        is_open = (edge_s[1:] > earliest[job]) & (edge_s[:-1] < latest[job])
        short = np.flatnonzero(is_open & (taken < energy_j))
        if len(short):
            begin[job] = min(max(edge_s[short[0]], earliest[job]), latest[job])
        taken += power[job] * np.clip(edge_s[1:] - begin[job], 0.0, length[job])
    return begin


def execute(
    jobs: Jobs,
    choice: Deferrable,
    plan: Plan,
    pools: Pools,
    hardware: Hardware,
    mode: Mode,
) -> Executed:
    """Carry a plan out through the scheduler; see ``releases`` and ``carry_out``."""
    release_s = releases(jobs, choice, plan, hardware, mode)
    return carry_out(jobs, choice, release_s, pools, hardware, mode)


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
    plan. Such jobs are released at once, those that were in their way are held half as
    long, and the schedule is made again; if some remain after ``ROUNDS``, nothing is held
    back.
    """
    plain = simulate(jobs, pools, hardware, mode)
    held_s = np.maximum(release_s - jobs.submit_s, 0.0)
    for _ in range(ROUNDS):
        planned = simulate(jobs, pools, hardware, mode, jobs.submit_s + held_s)
        missed = _missed(planned, plain, choice)
        if not missed.any():
            break
        in_the_way = choice.may_wait & _queued_with(missed, planned)
        held_s = np.where(missed, 0.0, np.where(in_the_way, held_s / 2.0, held_s))
    else:
        planned, held_s = plain, np.zeros(len(held_s))
        missed = _missed(planned, plain, choice)
    given_up = (release_s > jobs.submit_s) & (held_s == 0.0)
    delay = planned.jobs.start_s - plain.jobs.start_s
    told = {}
    concerned = np.isfinite(delay) & (choice.may_wait | (delay > 0.0))
    for k, name in enumerate(CLASSES):
        mine = delay[(jobs.job_class == k) & concerned]
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
    """Jobs that ran while missed ones were waiting."""
    late = missed & np.isfinite(planned.jobs.start_s)
    if not late.any():  # they never start: everyone is in the way
        return np.ones(len(missed), dtype=bool)
    first, last = planned.jobs.submit_s[late].min(), planned.jobs.start_s[late].max()
    return np.asarray((planned.jobs.start_s <= last) & (planned.jobs.end_s >= first))

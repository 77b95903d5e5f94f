"""What the queue says about the next day: scheduler replays with uncertain run times.

A running job that has lasted an hour is not a new one: its total time is drawn from
finished jobs that lasted longer than it has so far: those of the same user and kind (class,
size and limit), else of the same kind, else by the shares of their limits that the user's
jobs took, else those of the class (D. Tsafrir, Y. Etsion, D. Feitelson 2007, "Backfilling
using system-generated predictions", doi:10.1109/TPDS.2007.70606, on the worth of a user's
history). Jobs like each other share their luck within a replay. Waiting jobs go through the
scheduler, together with the submissions of an earlier day of the same kind (workday or
weekend) moved to tomorrow.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.forecast import DAY_S, Series
from twin.job_table import NOBODY, Jobs, size, take
from twin.jobs import Grid, Hardware, Mode, add_power, phase_powers
from twin.scheduling import Request, constant, limits, schedule

RECENT = 4000  # finished jobs that are remembered
LIKE_ENOUGH = 4  # finished jobs of the same kind that are trusted alone
USER_ENOUGH = 8  # likewise of the same user
LEAST_LEFT_S = 30.0
DAYS_BACK = 28
KNOWN, ALL = 0, 1


class Replays(NamedTuple):
    """Power of the pool in each replay, shape (replays, time) [W]."""

    known_w: Series  # jobs that are in the system now, and idle units
    all_w: Series  # and submissions to come
    queued_unit_s: float  # work waiting by its limits
    running_units: float


def visible(jobs: Jobs, now_s: float) -> Jobs:
    """Jobs as seen at a time: later submissions, starts and ends are not there.

    Parameters
    ----------
    jobs
        Sorted by submission.
    now_s
        Time of the look.
    """
    seen = take(jobs, np.arange(np.searchsorted(jobs.submit_s, now_s, side="right")))
    started, ended = seen.start_s <= now_s, seen.end_s <= now_s
    return seen._replace(
        start_s=np.where(started, seen.start_s, np.nan),
        end_s=np.where(ended, seen.end_s, np.nan),
        run_s=np.where(ended, seen.run_s, np.nan),
        power_w=np.where(ended, seen.power_w, np.nan),
        state=np.where(ended, seen.state, started.astype(np.int8)).astype(np.int8),
    )


def _kind(jobs: Jobs) -> NDArray[np.int64]:
    """One number for jobs that are alike: class, size, limit."""
    limit = np.nan_to_num(jobs.requested_s, nan=-60.0)
    minutes = np.round(limit / 60.0).astype(np.int64)
    units = np.round(size(jobs) * 8.0).astype(np.int64)
    return (minutes * 10_000_019 + units) * 8 + jobs.job_class.astype(np.int64)


def total_times(seen: Jobs, unfinished: Jobs, now_s: float, luck: Series) -> Series:
    """Draws of the whole run time of jobs that have not ended.

    Parameters
    ----------
    seen
        All visible jobs; the finished ones are the experience.
    unfinished
        Running or waiting.
    now_s
        Time of the look.
    luck
        Uniform draws, shape (jobs, replays).

    Returns
    -------
    ndarray
        Shape (jobs, replays); longer than the job has run, within its limit.
    """
    done = take(seen, np.flatnonzero(seen.run_s > 0)[-RECENT:])
    known = _experience(done)
    wanted, user = _kind(unfinished), unfinished.user
    elapsed = np.nan_to_num(now_s - unfinished.start_s)
    limit_s, _ = limits(unfinished.requested_s, unfinished.requested_s)
    asked_s = np.where(np.isnan(unfinished.requested_s), np.nan, limit_s)
    draws = np.empty(luck.shape)
    for k in range(len(wanted)):
        found = _like(
            known,
            (int(user[k]), int(wanted[k]), int(unfinished.job_class[k])),
            float(asked_s[k]),
            float(elapsed[k]),
        )
        at = np.minimum((luck[k] * len(found)).astype(int), len(found) - 1)
        draws[k] = np.sort(found)[at]
    draws = np.minimum(draws, limit_s[:, None])
    return np.maximum(draws, elapsed[:, None] + LEAST_LEFT_S)


class _Experience(NamedTuple):
    """Finished jobs: run times by key, and shares of their limits."""

    same: dict[tuple[int, int], Series]  # (user, kind) -> run times
    kind: dict[int, Series]
    user_share: dict[int, Series]  # user -> run time by limit
    class_share: list[tuple[Series, Series]]  # by class: shares of the limit, run times


def _experience(done: Jobs) -> _Experience:
    """Finished jobs by user, kind and class."""
    kind, run = _kind(done), done.run_s
    named = done.user != NOBODY
    share = run / done.requested_s
    both = np.stack([done.user, kind], axis=1)[named]
    limited = named & np.isfinite(share)
    return _Experience(
        {(int(u), int(k)): x for (u, k), x in _grouped(both, run[named])},
        {int(k): x for (k,), x in _grouped(kind[:, None], run)},
        {int(u): x for (u,), x in _grouped(done.user[limited, None], share[limited])},
        _by_class(done),
    )


def _grouped(keys: NDArray[np.int64], values: Series) -> list[tuple[Series, Series]]:
    """Values by row of keys."""
    if len(values) == 0:
        return []
    order = np.lexsort(keys.T[::-1])
    keys, values = keys[order], values[order]
    first = np.flatnonzero(np.r_[True, (np.diff(keys, axis=0) != 0).any(axis=1)])
    return list(zip(keys[first], np.split(values, first[1:]), strict=True))


def _like(
    known: _Experience, who: tuple[int, int, int], limit_s: float, elapsed_s: float
) -> Series:
    """Run times of finished jobs like one that has lasted so long, never empty."""
    user, kind, job_class = who
    nothing = np.zeros(0)
    tries = [
        (USER_ENOUGH, known.same.get((user, kind), nothing)),
        (LIKE_ENOUGH, known.kind.get(kind, nothing)),
        (USER_ENOUGH, known.user_share.get(user, nothing) * limit_s),
    ]
    for least, run in tries:
        longer = run[run > elapsed_s]
        if len(longer) >= least:
            return longer
    share, run = known.class_share[job_class]
    general = run if np.isnan(limit_s) else share * limit_s
    longer = general[general > elapsed_s]
    if len(longer):
        return longer
    # longer than anything seen: as long again, or half, or twice
    return elapsed_s * np.array([1.25, 1.5, 2.0, 3.0]) + 60.0


def _by_class(done: Jobs) -> list[tuple[Series, Series]]:
    """Shares of the limit, and run times, of the finished jobs of each class."""
    tables = []
    for k in range(4):
        mine = done.job_class == k
        chosen = take(done, mine if mine.any() else np.ones(len(mine), dtype=bool))
        share = chosen.run_s / chosen.requested_s
        tables.append((share[np.isfinite(share)], chosen.run_s))
    return tables


def replay(
    seen: Jobs,
    grid: Grid,
    units: float,
    hardware: Hardware,
    mode: Mode,
    weekend_of: NDArray[np.bool_],
    replays: int,
    rng: np.random.Generator,
) -> Replays:
    """Replay the next steps many times.

    Parameters
    ----------
    seen
        Jobs visible at ``grid.start_s``.
    grid
        Steps from now.
    units, hardware, mode
        Pool and what it draws.
    weekend_of
        Whether the middle of the horizon, then that of 1, 2, ... days before, is a weekend.
    replays, rng
        Number and randomness.
    """
    now_s = grid.start_s
    is_open = np.isnan(seen.end_s)
    running = take(seen, is_open & np.isfinite(seen.start_s))
    waiting = take(seen, is_open & np.isnan(seen.start_s))
    present = Jobs(
        **{
            name: np.concatenate([getattr(running, name), getattr(waiting, name)])
            for name in Jobs._fields
        }
    )
    luck = _shared_luck(present, replays, rng)
    total = total_times(seen, present, now_s, luck)
    table, idle = phase_powers(hardware, mode)
    first_days = _earlier_days(seen, now_s, weekend_of)
    known, every = [], []
    for r in range(replays):
        day = first_days[int(rng.integers(len(first_days)))] if first_days else 0
        coming = _coming(seen, now_s, day, rng)
        parts = _one(running, present, total[:, r], coming, units, table, grid)
        known.append(parts[KNOWN] + units * idle)
        every.append(parts[ALL] + units * idle)
    limit_s, _ = limits(waiting.requested_s, waiting.requested_s)
    return Replays(
        np.array(known),
        np.array(every),
        float(np.sum(size(waiting) * np.minimum(limit_s, 2 * DAY_S))),
        float(np.sum(size(running))),
    )


def _shared_luck(jobs: Jobs, replays: int, rng: np.random.Generator) -> Series:
    """Uniform draws; jobs of a kind submitted within the hour nearly share theirs."""
    group = np.stack([_kind(jobs), (jobs.submit_s // 3600.0).astype(np.int64)], axis=1)
    found, of_group = np.unique(group, axis=0, return_inverse=True)
    common = rng.uniform(size=(len(found), replays))[of_group.ravel()]
    own = rng.uniform(-0.1, 0.1, size=common.shape)
    return np.asarray(np.abs(1.0 - np.abs(1.0 - np.abs(common + own))))


def _earlier_days(seen: Jobs, now_s: float, weekend_of: NDArray[np.bool_]) -> list[int]:
    """Days back whose submissions may come again."""
    if len(seen.submit_s) == 0:
        return []
    known = (now_s - seen.submit_s[0]) / DAY_S
    days = range(1, min(DAYS_BACK, int(known)) + 1)
    return [day for day in days if weekend_of[day] == weekend_of[0]]


def _coming(seen: Jobs, now_s: float, day: int, rng: np.random.Generator) -> Jobs:
    """Submissions of an earlier day, moved to the next."""
    if day == 0:
        return take(seen, np.zeros(0, dtype=np.int64))
    begin = now_s - day * DAY_S
    edge = np.searchsorted(seen.submit_s, [begin, begin + DAY_S], side="right")
    jobs = take(seen, np.arange(edge[0], edge[1]))
    unknown = np.isnan(jobs.run_s)
    guess = np.nan_to_num(now_s - jobs.start_s, nan=3600.0) * 2.0
    limit_s, run_s = limits(jobs.requested_s, np.where(unknown, guess, jobs.run_s))
    return jobs._replace(
        submit_s=jobs.submit_s + day * DAY_S,
        run_s=np.maximum(run_s, 1.0),
        requested_s=limit_s,
    )


def _one(
    running: Jobs,
    present: Jobs,
    total_s: Series,
    coming: Jobs,
    units: float,
    table: Series,
    grid: Grid,
) -> tuple[Series, Series]:
    """Power above idle of the present jobs, and of all, in one replay."""
    count, here = len(running.job_id), len(present.job_id)
    elapsed = np.zeros(here)
    elapsed[:count] = grid.start_s - running.start_s
    limit_s, _ = limits(
        np.concatenate([present.requested_s, coming.requested_s]),
        np.zeros(here + len(coming.job_id)),
    )
    limit_s[:here] = np.maximum(limit_s[:here] - elapsed, LEAST_LEFT_S)
    units_of = np.concatenate([size(present), size(coming)])
    classes = np.concatenate([present.job_class, coming.job_class])
    run_s = np.concatenate([total_s, coming.run_s])
    left_s = run_s.copy()
    left_s[:here] -= elapsed
    # who is here comes first, in the order of the queue
    order = grid.start_s - 1.0 + np.arange(here) / (here + 1.0)
    release = np.concatenate([order, coming.submit_s])
    room = max(units, float(np.sum(units_of[:count])))
    start = schedule(
        Request(release, units_of, units_of * 0.0, left_s, limit_s), constant(room)
    )
    start[:count] = running.start_s
    ran = np.isfinite(start)
    known, coming_w = np.zeros(grid.steps), np.zeros(grid.steps)
    begin, step_s = float(grid.start_s), float(grid.step_s)
    phases = table[classes]
    for power, mine in ((known, slice(0, here)), (coming_w, slice(here, None))):
        chosen = np.flatnonzero(ran)[(np.flatnonzero(ran) < here) == (mine.start == 0)]
        add_power(
            start[chosen],
            run_s[chosen],
            units_of[chosen],
            phases[chosen],
            begin,
            step_s,
            power,
        )
    return known, known + coming_w

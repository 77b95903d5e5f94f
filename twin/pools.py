"""Pools of accelerators and who may use them when.

Pre-training and large work run in the training pool, services in the inference pool. The
elastic pool changes hands: inference on workdays, fine-tuning at night and at weekends
(vendor white paper on AI data centers, 2024). It is empty at the change, because no job
starts in it whose limit goes beyond; fine-tuning that fits no night trains in the training
pool.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.errors import ConfigError
from twin.forecast import DAY_S, Series
from twin.job_generator import HOUR_S
from twin.job_table import CLASSES, STATES, Jobs, size
from twin.jobs import POWERS, Hardware, Mode, phase_powers
from twin.scheduling import (
    BACKFILL_DEPTH,
    Failures,
    Request,
    Steps,
    constant,
    limits,
    schedule,
    with_failures,
)

WEEK_DAYS = 7
TRAINING, INFERENCE, ELASTIC = 0, 1, 2


class Pools(NamedTuple):
    """Units of each pool and the hours of the elastic one."""

    training: float
    inference: float = 0.0
    elastic: float = 0.0
    day_begins_h: float = 8.0  # inference has the elastic pool from here
    day_ends_h: float = 20.0
    workdays: float = 5.0  # from the first day of the week
    first_weekday: float = 0.0  # of time 0; 0 is Monday


class Result(NamedTuple):
    """What the scheduler made of the jobs."""

    jobs: Jobs  # with start, end and time held; in the order given
    pool: NDArray[np.int8]
    never_fits: int
    wait_s: dict[str, tuple[float, float]]  # by class: mean, largest


def total_units(pools: Pools) -> float:
    """Units of all pools."""
    return pools.training + pools.inference + pools.elastic


def by_day(pools: Pools, days: int) -> Steps:
    """1 while inference has the elastic pool, else 0; times from 0."""
    day = np.arange(-1, days + 1)
    weekday = np.mod(day + pools.first_weekday, WEEK_DAYS)
    work = day[weekday < pools.workdays] * DAY_S
    begins = work + pools.day_begins_h * HOUR_S
    ends = work + pools.day_ends_h * HOUR_S
    time_s = np.stack([begins, ends], axis=1).ravel()
    return Steps(
        np.concatenate([[-np.inf], time_s]),
        np.concatenate([[0.0], np.tile([1.0, 0.0], len(work))]),
    )


def assign(jobs: Jobs, pools: Pools) -> NDArray[np.int8]:
    """Pool of each job by its class and limit.

    Services go to the inference pool where there is one, fine-tuning that fits a night to
    the elastic pool, all else to the training pool.
    """
    inference = jobs.job_class == CLASSES.index("inference")
    tuning = jobs.job_class == CLASSES.index("finetuning")
    night_s = DAY_S - (pools.day_ends_h - pools.day_begins_h) * HOUR_S
    limit_s, _ = limits(jobs.requested_s, jobs.run_s)
    fits = (limit_s <= night_s) & (size(jobs) <= pools.elastic)
    pool = np.full(len(jobs.job_id), TRAINING, dtype=np.int8)
    pool[inference & (pools.inference + pools.elastic > 0)] = INFERENCE
    pool[tuning & fits] = ELASTIC
    return pool


def capacities(pools: Pools, until_s: float, origin_s: float) -> tuple[Steps, ...]:
    """Capacity of each pool over time; ``origin_s`` is a midnight of the jobs' clock."""
    if pools.elastic == 0.0:
        parts = (pools.training, pools.inference, 0.0)
        return tuple(constant(value) for value in parts)
    days = int(np.ceil((until_s - origin_s) / DAY_S)) + 2 * WEEK_DAYS
    day = by_day(pools, days)
    time_s = day.time_s + origin_s
    return (
        constant(pools.training),
        Steps(time_s, pools.inference + pools.elastic * day.value),
        Steps(time_s, pools.elastic * (1.0 - day.value)),
    )


def simulate(
    jobs: Jobs,
    pools: Pools,
    hardware: Hardware,
    mode: Mode,
    release_s: Series | None = None,
    budget_w: Steps | None = None,
    failures: tuple[Failures, np.random.Generator] | None = None,
    depth: int = BACKFILL_DEPTH,
    origin_s: float = 0.0,
) -> Result:
    """Schedule jobs over the pools.

    Parameters
    ----------
    jobs
        With run times; starts are ignored.
    pools, hardware, mode
        Where and how they run.
    release_s
        Earliest starts; the times of submission if None.
    budget_w
        Power above idle of the training pool over time.
    failures
        What breaks, with its randomness.
    depth
        Of the backfill; 0 is first come first served.
    origin_s
        A midnight on the clock of the jobs, for the elastic pool.

    Raises
    ------
    ConfigError
        A job has no run time.
    """
    limit_s, run_s = limits(jobs.requested_s, jobs.run_s)
    if np.isnan(run_s).any():
        message = f"{int(np.isnan(run_s).sum())} jobs have no run time to simulate."
        raise ConfigError(message)
    units = size(jobs)
    if failures is not None:
        held_s = with_failures(run_s, units, *failures)
        limit_s, run_s = limit_s + held_s - run_s, held_s
    release = jobs.submit_s if release_s is None else release_s
    table, _ = phase_powers(hardware, mode)
    power = units * np.max(table[:, POWERS], axis=1)[jobs.job_class]
    request = Request(release, units, power, run_s, limit_s)
    pool = assign(jobs, pools)
    start = np.full(len(units), np.nan)
    last = float(np.max(release, initial=origin_s))
    for k, capacity in enumerate(capacities(pools, last, origin_s)):
        mine = pool == k
        part = Request(*(field[mine] for field in request))
        budget = budget_w if k == TRAINING else None
        start[mine] = schedule(part, capacity, budget, depth)
    return _result(jobs, pool, start, run_s)


def _result(jobs: Jobs, pool: NDArray[np.int8], start: Series, run_s: Series) -> Result:
    """Jobs with their new times, waits by class."""
    done = np.isfinite(start)
    state = np.where(done, STATES.index("completed"), STATES.index("pending"))
    wait = start - jobs.submit_s
    waits = {}
    for k, name in enumerate(CLASSES):
        mine = wait[done & (jobs.job_class == k)]
        if len(mine):
            waits[name] = (float(mine.mean()), float(mine.max()))
    ran = jobs._replace(
        start_s=start, end_s=start + run_s, run_s=run_s, state=state.astype(np.int8)
    )
    return Result(ran, pool, int((~done).sum()), waits)

"""Synthetic jobs for a site without a trace.

Run times are drawn from 83,154 real deep-learning jobs (``philly_runtime_s.csv.gz``), with
a spread of their own so that no two are alike. Everything else is an assumption: people
submit by day and on workdays, in bursts (sweeps); sizes are powers of two; limits are
generous; services follow the hour of the day. The number of jobs is chosen so that batch
work asks for a given share of the pool.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.forecast import DAY_S, Series
from twin.job_table import CLASSES, NOBODY, STATES, Jobs
from twin.resources import data_path

HOUR_S = 3600.0
RUN_LEAST_S = 10.0
LIMIT_STEP_S = 1800.0  # limits are asked for in half hours
BATCH = ("general", "finetuning", "pretraining")


class Demand(NamedTuple):
    """What is asked of a pool; all values are assumptions."""

    units: float  # accelerators of the pool
    batch_load: float = 0.65  # mean share asked for by batch jobs
    service_load: float = 0.15  # mean share of services
    service_swing: float = 0.5  # amplitude over the day, share of the mean
    night_rate: float = 0.35  # submissions at night over those by day
    weekend_rate: float = 0.4
    burst: float = 4.0  # mean number of jobs submitted together
    day_spread: float = 0.3  # of the rate from day to day, logarithmic
    class_shares: tuple[float, float, float] = (0.6, 0.3, 0.1)  # of BATCH, by number
    size_powers: tuple[float, float, float] = (2.0, 3.0, 5.0)  # mean log2 of the units
    run_maximum_s: float = 5 * DAY_S
    limit_factor: float = 2.5  # mean of limit over run


def real_run_times() -> Series:
    """Run times of real deep-learning jobs, sorted [s]."""
    table = pd.read_csv(data_path("jobs", "philly_runtime_s.csv.gz"))
    return np.sort(table["runtime"].to_numpy(dtype=float))


def activity(time_s: Series, demand: Demand) -> Series:
    """Submissions over those at the busiest hour; day 0 is a Monday, 0 to 1."""
    hour = np.mod(time_s, DAY_S) / HOUR_S
    by_day = 0.5 - 0.5 * np.cos((hour - 3.0) * np.pi / 12.0)
    weekend = np.mod(np.floor(time_s / DAY_S), 7.0) >= 5.0
    rate = demand.night_rate + (1.0 - demand.night_rate) * by_day
    return np.asarray(rate * np.where(weekend, demand.weekend_rate, 1.0))


def generate(demand: Demand, days: int, rng: np.random.Generator) -> Jobs:
    """Jobs waiting for a scheduler, in the order of submission.

    Parameters
    ----------
    demand
        What is asked for.
    days
        Length from time 0, midnight before a Monday.
    rng
        Randomness; the same generator state gives the same jobs.

    Returns
    -------
    Jobs
        Pending, with their true run times; nothing is started.
    """
    batch = _batch(demand, days, rng)
    services = _services(demand, days, rng)
    table = {name: np.concatenate([batch[name], services[name]]) for name in batch}
    order = np.argsort(table["submit_s"], kind="stable")
    table = {name: values[order] for name, values in table.items()}
    count = len(order)
    nothing = np.full(count, np.nan)
    return Jobs(
        job_id=np.arange(count).astype(str).astype(object),
        job_class=table["job_class"].astype(np.int8),
        state=np.full(count, STATES.index("pending"), dtype=np.int8),
        submit_s=table["submit_s"],
        start_s=nothing,
        end_s=nothing.copy(),
        requested_s=table["requested_s"],
        run_s=table["run_s"],
        nodes=np.zeros(count),
        accelerators=table["units"],
        power_w=nothing.copy(),
        user=np.full(count, NOBODY, dtype=np.int64),
    )


def _batch(demand: Demand, days: int, rng: np.random.Generator) -> dict[str, Series]:
    """Batch jobs: bursts of like ones, longer where they are larger."""
    real = real_run_times()
    wanted = demand.batch_load * demand.units * days * DAY_S
    trial = rng.choice(len(BATCH), size=20_000, p=demand.class_shares)
    units, run = _work(demand, real, trial, rng)
    bursts = max(round(wanted / (demand.burst * float(np.mean(units * run)))), 1)
    submit = _submissions(demand, days, bursts, rng)
    kind = rng.choice(len(BATCH), size=bursts, p=demand.class_shares)
    units, run = _work(demand, real, kind, rng)
    many = rng.geometric(1.0 / demand.burst, size=bursts)
    of_burst = np.repeat(np.arange(bursts), many)
    count = len(of_burst)
    spread = rng.lognormal(0.0, 0.2, size=count)
    run_s = np.clip(run[of_burst] * spread, RUN_LEAST_S, demand.run_maximum_s)
    factor = 1.0 + rng.gamma(1.0, demand.limit_factor - 1.0, size=bursts)[of_burst]
    limit = np.ceil(run[of_burst] * factor / LIMIT_STEP_S) * LIMIT_STEP_S
    classes = np.array([CLASSES.index(name) for name in BATCH])
    return {
        "job_class": classes[kind][of_burst],
        "submit_s": submit[of_burst] + rng.uniform(0.0, 60.0, size=count),
        "requested_s": np.maximum(limit, LIMIT_STEP_S),
        "run_s": np.minimum(run_s, np.maximum(limit, LIMIT_STEP_S)),
        "units": units[of_burst],
    }


def _work(
    demand: Demand, real: Series, kind: NDArray[np.int64], rng: np.random.Generator
) -> tuple[Series, Series]:
    """Units and run time of each burst, by its index into BATCH."""
    power = rng.normal(np.asarray(demand.size_powers)[kind], 1.2)
    largest = np.log2(max(demand.units / 4.0, 1.0))
    units = 2.0 ** np.clip(np.round(power), 0.0, np.floor(largest))
    quantile = rng.uniform(size=len(kind)) ** (1.0 / (1.0 + 0.5 * kind))
    run = np.quantile(real, quantile) * rng.lognormal(0.0, 0.1, size=len(kind))
    return units, np.clip(run, RUN_LEAST_S, demand.run_maximum_s)


def _submissions(
    demand: Demand, days: int, bursts: int, rng: np.random.Generator
) -> Series:
    """Times of the bursts: by hour of the day, weekday and the mood of the day."""
    hour = np.arange(days * 24)
    mood = rng.lognormal(0.0, demand.day_spread, size=days)[hour // 24]
    rate = activity(np.asarray((hour + 0.5) * HOUR_S, dtype=float), demand) * mood
    count = rng.multinomial(bursts, rate / rate.sum())
    start = np.repeat(hour * HOUR_S, count)
    return np.asarray(start + rng.uniform(0.0, HOUR_S, size=bursts))


def _services(demand: Demand, days: int, rng: np.random.Generator) -> dict[str, Series]:
    """Replicas of services: number k runs while more than k are needed."""
    time_s = np.arange(0.0, days * DAY_S, HOUR_S / 4)
    mean = demand.service_load * demand.units
    hour = np.mod(time_s, DAY_S) / HOUR_S
    daily = 1.0 - demand.service_swing * np.cos((hour - 3.0) * np.pi / 12.0)
    noise = np.repeat(rng.normal(1.0, 0.05, size=days * 24), 4)
    needed = np.maximum(mean * daily * noise, 0.0)
    submit, end = [], []
    for replica in range(int(np.ceil(needed.max(initial=0.0)))):
        on = np.concatenate([[False], needed > replica, [False]])
        change = np.flatnonzero(on[1:] != on[:-1])
        submit.append(change[::2] * HOUR_S / 4)
        end.append(change[1::2] * HOUR_S / 4)
    starts = np.concatenate([*submit, np.zeros(0)])
    run = np.concatenate([*end, np.zeros(0)]) - starts
    return {
        "job_class": np.full(len(starts), CLASSES.index("inference")),
        "submit_s": starts,
        "requested_s": np.ceil(run / LIMIT_STEP_S) * LIMIT_STEP_S,
        "run_s": run,
        "units": np.ones(len(starts)),
    }

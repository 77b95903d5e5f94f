"""Speed of the scheduler: ``python -m pytest tests/benchmarks/bench_scheduling.py -s``.

A year of jobs over 4,096 units at 85 % load, one core, compilation not counted. Targets:
100,000 jobs in 5 s; 1,000,000 in 60 s and 2 GiB.
"""

import resource
import sys
import time

import numpy as np
import pytest

from twin.forecast import DAY_S
from twin.job_generator import Demand, generate
from twin.job_table import Jobs, size, take
from twin.jobs import FRONTIER, Grid, Mode, power_series
from twin.pools import Pools, simulate

UNITS = 4096.0
LOAD = 0.85
YEAR_S = 365 * DAY_S
GRID = Grid(0.0, 900.0, 365 * 96)


def year_of(count: int) -> Jobs:
    """That many jobs over the year, their run times scaled to the load."""
    rng = np.random.default_rng(1)
    jobs = generate(Demand(UNITS, service_load=0.0), 365, rng)
    at = rng.integers(0, len(jobs.job_id), count)
    at = at[np.argsort(jobs.submit_s[at], kind="stable")]
    jobs = take(jobs, at)._replace(job_id=np.arange(count).astype(object))
    asked = np.sum(size(jobs) * jobs.run_s)
    factor = LOAD * UNITS * YEAR_S / asked
    return jobs._replace(
        run_s=jobs.run_s * factor, requested_s=jobs.requested_s * factor
    )


@pytest.mark.parametrize(("count", "target_s"), [(100_000, 5.0), (1_000_000, 60.0)])
def test_a_year_of_jobs(count: int, target_s: float) -> None:
    house = Pools(training=UNITS)
    warm = year_of(1000)
    power_series(
        simulate(warm, house, FRONTIER, Mode()).jobs, GRID, UNITS, FRONTIER, Mode()
    )
    jobs = year_of(count)
    begin = time.process_time()
    result = simulate(jobs, house, FRONTIER, Mode())
    scheduled_s = time.process_time() - begin
    power = power_series(result.jobs, GRID, UNITS, FRONTIER, Mode())
    with_power_s = time.process_time() - begin
    peak_gib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    wait_h = np.mean(result.jobs.start_s - jobs.submit_s) / 3600.0
    sys.stdout.write(
        f"\n{count} jobs: schedule {scheduled_s:.2f} s, with power {with_power_s:.2f} s, "
        f"peak {peak_gib:.2f} GiB, mean wait {wait_h:.1f} h, "
        f"mean {power.mean() / 1e6:.3f} MW\n"
    )
    assert result.never_fits == 0
    assert with_power_s <= target_s
    assert peak_gib <= 2.0

"""``wetbulb jobs simulate``: a queue over pools of accelerators, with what can go wrong."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from dashboards import console
from dashboards.jobs import HOUR_S, console_summary, with_run_times
from plant.it.accelerator import Accelerator
from twin.errors import ConfigError
from twin.job_generator import Demand, generate
from twin.job_table import CLASSES, Jobs, size, take, write_parquet
from twin.jobs import (
    FRONTIER,
    UNCAPPED_W,
    Grid,
    Hardware,
    Mode,
    busy_units,
    power_series,
    unit_power,
)
from twin.pools import Pools, Result, simulate, total_units
from twin.readers.formats import read_table
from twin.scheduling import BACKFILL_DEPTH, Failures, Steps, constant

DAY_S = 86400.0
STEP_S = 900.0
SERVICE_MARGIN = 1.1  # over the mean day
INFERENCE = CLASSES.index("inference")


class Breakdowns(NamedTuple):
    """Failures of one accelerator and what they cost."""

    mtbf_h: float
    checkpoint_min: float
    repair_min: float


class Simulation(NamedTuple):
    """What ``wetbulb jobs simulate`` was asked for."""

    table: Path | None  # synthetic jobs if None
    days: int
    sizes: tuple[float, float | None, float]  # training, inference, elastic pool
    cap_w: float | None
    inlet_c: float
    idle_w: float  # of an accelerator
    peak_w: float
    budget_kw: float | None  # of the training pool
    breakdowns: Breakdowns | None
    policy: str
    seed: int
    out: Path | None


def run_simulation(asked: Simulation, as_json: bool) -> None:
    """Schedule jobs and tell waits, load and power.

    Raises
    ------
    ConfigError
        If an option allows nothing to run.
    """
    if asked.policy not in ("easy", "fcfs"):
        message = f"--policy {asked.policy}: unknown. Known: easy, fcfs."
        raise ConfigError(message)
    hardware, mode = _hardware(asked)
    jobs, origin_s = _jobs(asked)
    pools = _pools(asked, jobs)
    result = simulate(
        jobs,
        pools,
        hardware,
        mode,
        budget_w=_budget(asked, hardware, mode),
        failures=_failures(asked),
        depth=BACKFILL_DEPTH if asked.policy == "easy" else 0,
        origin_s=origin_s,
    )
    if asked.out is not None:
        write_parquet(result.jobs, asked.out)
    units = total_units(pools)
    steps = max(int(np.ceil((jobs.submit_s[-1] - origin_s) / STEP_S)), 1)
    grid = Grid(origin_s, STEP_S, steps)
    power_w = power_series(result.jobs, grid, units, hardware, mode)
    console_summary(
        {
            "jobs": len(jobs.job_id),
            "never_fit": result.never_fits,
            "units": units,
            "inference_units": pools.inference,
            "mean_power_kw": round(float(power_w.mean()) / 1e3, 1),
            "peak_power_kw": round(float(power_w.max()) / 1e3, 1),
            "all_idle_kw": round(
                units * float(unit_power(hardware, 0.0, mode)) / 1e3, 1
            ),
            **_work(jobs, result),
            "wait_h": {
                name: {
                    "mean": round(mean / HOUR_S, 2),
                    "largest": round(most / HOUR_S, 2),
                }
                for name, (mean, most) in result.wait_s.items()
            },
        },
        as_json,
    )


def _hardware(asked: Simulation) -> tuple[Hardware, Mode]:
    """The node with its own accelerators, and how it is run."""
    if asked.idle_w >= asked.peak_w:
        message = (
            f"--idle {asked.idle_w:g} W is not below --peak {asked.peak_w:g} W of an "
            "accelerator. Give the nameplate's."
        )
        raise ConfigError(message)
    hardware = FRONTIER._replace(accelerator=Accelerator(asked.idle_w, asked.peak_w))
    return hardware, Mode(
        UNCAPPED_W if asked.cap_w is None else asked.cap_w, asked.inlet_c
    )


def _jobs(asked: Simulation) -> tuple[Jobs, float]:
    """Jobs to be scheduled, and the midnight before the first."""
    if asked.table is None:
        rng = np.random.default_rng(asked.seed)
        jobs = generate(_demand(asked.sizes), asked.days, rng)
        return jobs, 0.0
    jobs = with_run_times(read_table(asked.table))
    return jobs, float(np.floor(jobs.submit_s[0] / DAY_S) * DAY_S)


def _demand(sizes: tuple[float, float | None, float]) -> Demand:
    """Synthetic demand that suits the pools: services fit theirs at their busiest."""
    training, inference, elastic = sizes
    demand = Demand(training + (inference or 0.0) + elastic)
    if demand.units <= 0:
        message = "no pool has any units. Give e.g. --training 1024."
        raise ConfigError(message)
    if not inference:
        return demand
    busiest = (1.0 + demand.service_swing) * SERVICE_MARGIN
    return demand._replace(service_load=inference / busiest / demand.units)


def _pools(asked: Simulation, jobs: Jobs) -> Pools:
    """Pools; one of services as large as they ask for at once where none is given."""
    training, inference, elastic = asked.sizes
    if inference is None:
        inference = services_at_once(jobs)
        if inference > 0.0:
            console.note(
                f"inference pool of {inference:g} units: what services ask for at once; "
                "give --inference for another, 0 to run them in the training pool"
            )
    pools = Pools(training, inference, elastic)
    if total_units(pools) <= 0:
        message = "no pool has any units. Give e.g. --training 1024."
        raise ConfigError(message)
    return pools


def services_at_once(jobs: Jobs) -> float:
    """Units that services would hold at their busiest if none of them waited."""
    mine = take(jobs, jobs.job_class == INFERENCE)
    if not len(mine.job_id):
        return 0.0
    at_once = mine._replace(start_s=mine.submit_s)
    return float(np.ceil(busy_units(at_once, mine.submit_s).max()))


def _budget(asked: Simulation, hardware: Hardware, mode: Mode) -> Steps | None:
    """Power above idle that the training pool may draw."""
    if asked.budget_kw is None:
        return None
    idle_w = asked.sizes[0] * float(unit_power(hardware, 0.0, mode))
    above_w = 1e3 * asked.budget_kw - idle_w
    if above_w <= 0.0:
        message = (
            f"--budget {asked.budget_kw:g} kW: the training pool draws "
            f"{idle_w / 1e3:.1f} kW idle. Give more, or fewer units with --training."
        )
        raise ConfigError(message)
    return constant(above_w)


def _failures(asked: Simulation) -> tuple[Failures, np.random.Generator] | None:
    """What breaks, with its randomness."""
    broken = asked.breakdowns
    if broken is None:
        return None
    rate_1_s = 1.0 / (broken.mtbf_h * HOUR_S)
    failures = Failures(
        rate_1_s, 60.0 * broken.checkpoint_min, 60.0 * broken.repair_min
    )
    return failures, np.random.default_rng([asked.seed, 1])


def _work(jobs: Jobs, result: Result) -> dict[str, float]:
    """Unit hours of work done, and held beside it by failures."""
    done = np.isfinite(result.jobs.start_s)
    units = size(jobs)[done]
    held_h = float((units * result.jobs.run_s[done]).sum()) / HOUR_S
    limit_s = np.where(np.isnan(jobs.requested_s), np.inf, jobs.requested_s)
    work_h = float((units * np.minimum(jobs.run_s, limit_s)[done]).sum()) / HOUR_S
    return {
        "unit_hours": round(held_h, 1),
        "unit_hours_lost_to_failures": round(held_h - work_h, 1),
        "goodput": round(work_h / held_h, 4) if held_h > 0.0 else 1.0,
    }

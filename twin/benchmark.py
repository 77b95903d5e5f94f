"""How fast the twin is: each measurement a median of several runs on this machine."""

import os
import platform
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import NamedTuple

import numba
import numpy as np

from plant.it import conversion
from twin.config import Site
from twin.interfaces import Controller
from twin.many import Case, simulate_many
from twin.perturb import perturb
from twin.resources import resolve
from twin.scenario import Scenario
from twin.simulate import simulate
from twin.tables import read_csv

MANY = 1000  # scenario-years of the target
SAMPLE = 64  # of them that are run
YEAR = "year, 60 s steps, rules inside"
GROUP_NODES = 9_472 / 25  # Frontier: nodes over CDU groups


class Measurement(NamedTuple):
    """One row of the table."""

    what: str
    seconds: float  # median, on the wall
    cpu_s: float  # median, of all threads; the wall shows other work on the machine too
    target_s: float
    runs: int
    note: str = ""

    @property
    def met(self) -> bool:
        """Whether the target is met here and now."""
        return self.seconds <= self.target_s


def machine() -> dict[str, str]:
    """What was measured on, and with which versions."""
    load = f"{os.getloadavg()[0]:.2f}" if hasattr(os, "getloadavg") else "unknown"
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, load {load}",
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "numba": numba.__version__,
    }


def timed(work: Callable[[], object], runs: int) -> tuple[float, float]:
    """Median wall and processor time, children included [s]."""
    walls, processors = [], []
    for _ in range(runs):
        begin_s, begin = time.perf_counter(), sum(os.times()[:4])
        work()
        walls.append(time.perf_counter() - begin_s)
        processors.append(sum(os.times()[:4]) - begin)
    return median(walls), median(processors)


def year(
    site: Site, scenario: Scenario, controller: Controller, runs: int
) -> Measurement:
    """One year at one-minute steps with the controller inside."""
    simulate(site, scenario._replace(duration_s=86400.0), controller)  # compiles
    spans = timed(lambda: simulate(site, scenario, controller), runs)
    peak = _peak_memory_gib()
    note = f"{site.name}; process peak {peak:.2f} GiB of 1"
    return Measurement(YEAR, *spans, 2.0, runs, note)


def many(site: Site, scenario: Scenario, controller: Controller) -> Measurement:
    """1,000 scenario-years at hourly steps, scaled up from a sample."""
    rng = np.random.default_rng(1)
    cases = [Case(scenario, perturb(site.facility, rng, 0.05)) for _ in range(SAMPLE)]
    keep = ("site_power_w", "it_power_w")

    def work() -> None:
        for _ in simulate_many(site, cases, controller, keep=keep):
            pass

    wall_s, cpu_s = (span * MANY / SAMPLE for span in timed(work, 1))
    note = f"{SAMPLE} run in batches of 16, scaled to {MANY}"
    return Measurement(f"{MANY} scenario-years, hourly", wall_s, cpu_s, 60.0, 1, note)


def power_chain(runs: int) -> Measurement:
    """24 h of an exascale machine's conversion chain at 15 s, 25 groups."""
    table = read_csv(resolve("frontier_cdu_power_2024-04-07", "jobs", ".csv"), ["time"])
    groups = [name for name in table.columns if name.startswith("power[")]
    node_w = table[groups].to_numpy(dtype=float) / GROUP_NODES
    spans = timed(lambda: conversion.chain(conversion.FRONTIER, node_w), runs)
    what = f"power chain, {len(node_w):,} x {len(groups)} groups"
    return Measurement(what, *spans, 0.5, runs, "without reading the trace")


def _peak_memory_gib() -> float:
    """Largest resident memory of this process so far."""
    try:
        import resource
    except ImportError:  # not on this system
        return float("nan")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**30 if sys.platform == "darwin" else 2**20)

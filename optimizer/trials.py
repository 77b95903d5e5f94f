"""A policy tried on many days at once, for the searches over constants and rules."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from optimizer.episodes import WARM_UP_S
from optimizer.problem import Prices, Weights, bill
from twin.closed_loop import Policy
from twin.config import Site
from twin.kpis import HOURS_PER_MONTH
from twin.results import SCAN_SIGNALS
from twin.scenario import Scenario
from twin.signals import Inputs, Outputs, Setpoints
from twin.simulate import pace_of
from twin.topology import Facility
from twin.walks import CompiledWalk, Run

SEARCH_STEP_S = 300.0  # loops settle within minutes; winners are run at full detail


class Bench(NamedTuple):
    """Where policies are tried: days and the plants that they happen to."""

    site: Site
    runs: tuple[Run, ...]


def bench(
    site: Site, cases: Sequence[tuple[Scenario, Facility]], step_s: float
) -> Bench:
    """Prepare days for many trials."""
    pace = pace_of(site, step_s, None)
    return Bench(site, tuple(Run(site, s, plant, pace) for s, plant in cases))


def cost_usd(bench: Bench, policy: Policy) -> float:
    """Objective of a policy on all runs, warm-up left out [USD]."""
    with ThreadPoolExecutor(2) as threads:
        return float(sum(threads.map(lambda run: _run_usd(run, policy), bench.runs)))


def _run_usd(run: Run, policy: Policy) -> float:
    """Objective of one run, warm-up left out [USD]; infinite if it broke."""
    course = CompiledWalk(run, policy).advance(run.scans)
    if not np.isfinite(course.signals).all():
        return float("inf")
    judged = course.time_s > WARM_UP_S + 1e-6
    columns = dict(zip(SCAN_SIGNALS, course.signals[judged].T, strict=True))
    step_s = np.full(int(judged.sum()), run.pace.scan_s)
    middle_s = course.time_s[judged] - step_s / 2.0
    hours = float(step_s.sum()) / 3600.0
    prices = Prices(
        np.asarray(run.scenario.price_at(middle_s)),
        np.asarray(run.scenario.carbon_at(middle_s)),
        run.site.tariff.demand_charge_usd_w_month * hours / HOURS_PER_MONTH,
        pv_w=np.asarray(run.scenario.pv_at(middle_s)),
    )
    inputs = Inputs(*(columns[name] for name in Inputs._fields))
    outputs = Outputs(*(columns[name] for name in Outputs._fields))
    moves = course.setpoints[course.control_s >= WARM_UP_S]
    return bill(
        run.site,
        Weights(),
        prices,
        step_s,
        inputs,
        outputs,
        Setpoints(*moves.T),
    ).total

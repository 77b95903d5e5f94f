"""Many scenarios at once: threads over compiled loops, memory bounded by batches.

The compiled loop holds no lock, so two cores run two scenarios at a time in one process
without copies. Results come batch by batch, in the order of the scenarios; whoever wants
all of them must ask for few signals.
"""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from twin.closed_loop import Policy
from twin.config import Site
from twin.errors import ConfigError
from twin.interfaces import Controller
from twin.results import SCAN_SIGNALS, Course, Results, as_arrays, joined
from twin.scenario import Scenario
from twin.simulate import finite_part, pace_of, stretch_of
from twin.topology import Facility
from twin.walks import CompiledWalk, Run

__all__ = ["Case", "simulate_many"]

BATCH = 16  # scenarios whose results are in memory together


class Case(NamedTuple):
    """One scenario, and the plant it happens to."""

    scenario: Scenario
    plant: Facility


def simulate_many(
    site: Site,
    cases: Sequence[Case],
    controller: Controller,
    dt_s: float = 3600.0,
    keep: tuple[str, ...] = SCAN_SIGNALS,
    batch: int = BATCH,
) -> Iterator[Results]:
    """Run one controller on many scenarios.

    Parameters
    ----------
    site
        Limits, pace, design setpoints.
    cases
        Scenarios of equal length.
    controller
        Must offer a policy (``fixed``, ``rules``).
    dt_s
        Physics step. [s]
    keep
        Inputs and outputs wanted.
    batch
        Scenarios per yielded result; bounds the memory.

    Yields
    ------
    Results
        Arrays over (scenario, time), ``scenario`` counted from the first case. A
        scenario that breaks is not-a-number from there on, and the status names it.

    Raises
    ------
    ConfigError
        If the controller cannot run compiled.
    """
    policy: Policy | None = getattr(controller, "policy", None)
    if policy is None:
        message = (
            f"controller {controller.name}: must be called from Python, one scenario at "
            "a time. Use fixed or rules, or simulate() for each scenario."
        )
        raise ConfigError(message)
    pace = pace_of(site, dt_s, None)
    columns = [SCAN_SIGNALS.index(name) for name in keep]

    def one(case: Case) -> tuple[Course, str, list[str]]:
        run = Run(site, case.scenario, case.plant, pace)
        return _walked(run, policy, columns)

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        for first in range(0, len(cases), batch):
            done = list(threads.map(one, cases[first : first + batch]))
            yield _batch(controller.name, first, done, keep)


def _walked(
    run: Run, policy: Policy, columns: list[int]
) -> tuple[Course, str, list[str]]:
    """One scenario from start to end, wanted columns only."""
    walk = CompiledWalk(run, policy)
    parts: list[Course] = []
    status = "ok"
    while walk.scan < run.scans:
        part = walk.advance(min(stretch_of(run.pace), run.scans - walk.scan))
        status = status if status != "ok" else finite_part(part)[1]
        parts.append(part._replace(signals=part.signals[:, columns]))
    return joined(parts), status, walk.guard_violations


def _batch(
    name: str,
    first: int,
    done: list[tuple[Course, str, list[str]]],
    keep: tuple[str, ...],
) -> Results:
    """Results of some scenarios."""
    arrays = as_arrays([course for course, _, _ in done], keep)
    arrays = arrays.assign_coords(scenario=arrays["scenario"] + first)
    ended = [
        f"scenario {first + number}: {status}"
        for number, (_, status, _) in enumerate(done)
        if status != "ok"
    ]
    violations = [text for _, _, found in done for text in found]
    return Results(name, arrays, [], [], violations, "; ".join(ended) or "ok")

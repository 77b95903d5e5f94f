"""Many controllers on many episodes: tasks, two at a time, and what they leave on disk.

A task is one controller on one episode. Each leaves one JSON file, so that a killed
comparison costs the tasks that were running and no more.
"""

import json
import os
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, wait
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from optimizer.contestants import Setting, contestants
from optimizer.episodes import Episode, World, scenario_of
from optimizer.ledger import BILL, Day, days_of
from optimizer.rules import RuleParameters
from twin.config import Site, load_site
from twin.interfaces import Controller
from twin.perturb import perturb
from twin.scenario import Scenario
from twin.signals import Setpoints
from twin.simulate import simulate
from twin.topology import Facility
from twin.workers import worker_pool

WORKERS = min(os.cpu_count() or 1, 2)


class Contest(NamedTuple):
    """Everything that decides the numbers, except the code."""

    site: str  # name or path
    world: World
    seed: int  # of the plant's errors and the sensors' noise
    spread: float  # half width of the errors of the plant's nameplates
    rules: RuleParameters
    constants: Setpoints | None = None


class Task(NamedTuple):
    """One controller on one episode."""

    controller: str
    episode: Episode

    @property
    def file_name(self) -> str:
        """Of its outcome."""
        start = self.episode
        name = re.sub(r"[^\w.-]+", "_", self.controller)  # a policy may be a path
        return f"{name}_{start.first_day:03d}_{start.days}d.json"


class Outcome(NamedTuple):
    """What a task leaves."""

    controller: str
    episode: Episode
    days: tuple[Day, ...]
    solve_s: tuple[float, ...]  # of each decision
    fallbacks: int  # decisions whose status is not "ok"
    held_back: tuple[float, ...]  # by the controller's own shield, where it intervened
    guard_violations: tuple[str, ...]
    wall_s: float


Report = Callable[[Task, float], None]


@cache
def _loaded(site: str) -> Site:
    return load_site(site)


def plant_of(contest: Contest, site: Site) -> Facility:
    """The plant that all controllers meet, unlike its nameplates."""
    return perturb(site.facility, np.random.default_rng(contest.seed), contest.spread)


def run_task(contest: Contest, task: Task) -> Outcome:
    """One name on one episode: its controller, or the cheapest of several.

    Raises
    ------
    WetbulbError
        If the run ended early.
    """
    began_s = time.monotonic()
    site = _loaded(contest.site)
    plant = plant_of(contest, site)
    scenario = scenario_of(site, contest.world, task.episode)
    seed = (contest.seed, task.episode.first_day)
    setting = Setting(site, plant, scenario, contest.rules, contest.constants, seed)
    made = [
        _outcome(task, (site, scenario, plant), controller)
        for controller in contestants(task.controller, setting)
    ]
    cheapest = min(made, key=objective_usd)
    return cheapest._replace(wall_s=time.monotonic() - began_s)


def objective_usd(outcome: Outcome) -> float:
    """Bill of all judged days [USD]."""
    items = (float(getattr(day, item)) for day in outcome.days for item in BILL)
    return sum(items)


def _outcome(
    task: Task, ground: tuple[Site, Scenario, Facility], controller: Controller
) -> Outcome:
    """One controller on one episode."""
    site, scenario, plant = ground
    results = simulate(site, scenario, controller, plant)
    return Outcome(
        task.controller,
        task.episode,
        tuple(days_of(site, scenario, task.episode, results)),
        tuple(decision.solve_s for decision in results.decisions),
        sum(decision.status != "ok" for decision in results.decisions),
        tuple(d.held_back for d in results.decisions if d.held_back > 0.0),
        tuple(results.guard_violations),
        0.0,
    )


def _run_and_keep(contest: Contest, task: Task, folder: Path) -> Outcome:
    """Run a task and put its outcome on disk as a whole or not at all."""
    made = run_task(contest, task)
    fresh = folder / f"fresh_{task.file_name}"
    document = made._asdict() | {"days": [day._asdict() for day in made.days]}
    fresh.write_text(json.dumps(document), encoding="utf-8")
    fresh.replace(folder / task.file_name)
    return made


def kept(task: Task, folder: Path) -> Outcome | None:
    """Outcome of an earlier run, None if there is none."""
    path = folder / task.file_name
    if not path.exists():
        return None
    found = json.loads(path.read_text(encoding="utf-8"))
    return Outcome(
        **found
        | {
            "episode": Episode(*found["episode"]),
            "days": tuple(Day(**day) for day in found["days"]),
            "solve_s": tuple(found["solve_s"]),
            "held_back": tuple(found["held_back"]),
            "guard_violations": tuple(found["guard_violations"]),
        }
    )


def run_all(
    contest: Contest, tasks: tuple[Task, ...], folder: Path, report: Report
) -> list[Outcome]:
    """Run what is not there yet, longest first, two processes at a time.

    Parameters
    ----------
    contest, tasks
        What to run.
    folder
        Existing; holds the outcomes.
    report
        Called with each finished task and its wall time, 0 for one found on disk.

    Returns
    -------
    list of Outcome
        In the order of the tasks.

    Raises
    ------
    WetbulbError
        If a run ended early; what was finished is kept.
    """
    there = {task: kept(task, folder) for task in tasks}
    for task, outcome in there.items():
        if outcome is not None:
            report(task, 0.0)
    missing = [task for task, outcome in there.items() if outcome is None]
    for task, outcome in _in_processes(contest, missing, folder):
        there[task] = outcome
        report(task, outcome.wall_s)
    return [outcome for outcome in there.values() if outcome is not None]


def _in_processes(
    contest: Contest, tasks: list[Task], folder: Path
) -> Iterator[tuple[Task, Outcome]]:
    """Finished tasks as they come; a failure or Ctrl-C cancels what has not begun."""
    if not tasks:
        return
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # read by the children's libraries
    pool = worker_pool(min(WORKERS, len(tasks)))
    try:
        running = {pool.submit(_run_and_keep, contest, t, folder): t for t in tasks}
        while running:
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield running.pop(future), future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)

"""Jobs that wait for a plan in closed loop: nobody is harmed, deadlines hold."""

import numpy as np
import pytest

from twin.forecast import DAY_S
from twin.held_jobs import HeldJobs
from twin.interfaces import JobPlan
from twin.job_generator import Demand, generate
from twin.job_load import JobLoad, from_run_start, job_load
from twin.job_table import CLASSES, Jobs, size
from twin.jobs import FRONTIER, Mode
from twin.pools import Pools, simulate

WINDOW_S = {"finetuning": 8 * 3600.0, "pretraining": DAY_S, "general": 4 * 3600.0}
STEP_S = np.full(24, 3600.0)
CYCLE_S = 900.0
DAYS = 2


def load_of(batch_load: float, seed: int) -> JobLoad:
    """Two days of the past, then the run."""
    demand = Demand(1024.0, batch_load=batch_load)
    jobs = generate(demand, 6, np.random.default_rng(seed))
    ran = simulate(jobs, Pools(1024.0), FRONTIER, Mode()).jobs
    load, _ = job_load(ran, 0.0, "synthetic")
    return from_run_start(load, 2 * DAY_S)


def run(load: JobLoad, share: float | None) -> HeldJobs:
    """Plans that take this share between the least and the most at each time."""
    held = HeldJobs(load, WINDOW_S)
    for now_s in np.arange(0.0, DAYS * DAY_S, CYCLE_S):
        found = held.movable(STEP_S, np.full(24, 1e5))
        if share is None or found is None:
            held.follow(None)
        else:
            edge_s = now_s + np.concatenate([[0.0], np.cumsum(STEP_S)])
            energy_j = found.least_j + share * (found.most_j - found.least_j)
            held.follow(JobPlan(edge_s, energy_j))
        held.advance(now_s + CYCLE_S)
    return held


def busy(jobs: Jobs, at_s: float) -> float:
    """Units at work."""
    runs = (jobs.start_s <= at_s) & (jobs.start_s + jobs.run_s > at_s)
    return float(size(jobs)[runs].sum())


@pytest.mark.parametrize(("batch_load", "share"), [(0.3, 0.0), (0.45, 0.5)])
def test_no_deadline_is_missed_and_no_unit_is_used_twice(
    batch_load: float, share: float
) -> None:
    load = load_of(batch_load, seed=11)
    held = run(load, share)
    jobs, told = held.jobs, held.delays()
    assert told.missed == 0
    assert told.held > 10
    window_s = np.array([WINDOW_S.get(name, 0.0) for name in CLASSES])[jobs.job_class]
    was_held = held.was_held
    assert was_held.any()
    assert (jobs.start_s - jobs.submit_s)[was_held].max() <= window_s.max()
    late_s = jobs.start_s - jobs.submit_s - window_s
    assert late_s[was_held & np.isfinite(jobs.start_s)].max() <= 1e-6
    for at_s in np.arange(0.0, DAYS * DAY_S, 1800.0):
        assert busy(jobs, at_s) <= load.units + 1e-6


def test_plans_late_and_early_differ_in_when_energy_is_taken() -> None:
    load = load_of(0.3, seed=12)
    late, early = run(load, 0.0), run(load, 1.0)
    mean_s = [x.delays().delay_s["finetuning"][0] for x in (late, early)]
    assert mean_s[0] > 3600.0
    assert mean_s[1] < 2 * CYCLE_S
    assert late.delays().postponed_j >= early.delays().postponed_j


def test_without_windows_the_record_is_made_again() -> None:
    load = load_of(0.3, seed=13)
    held = HeldJobs(load, {})
    held.advance(DAYS * DAY_S)
    mine = (load.jobs.start_s >= 0.0) & (load.jobs.start_s < DAYS * DAY_S)
    np.testing.assert_allclose(
        held.jobs.start_s[mine], load.jobs.start_s[mine], atol=0.01
    )


def test_a_job_submitted_later_does_not_change_what_has_been() -> None:
    load = load_of(0.5, seed=14)
    cut_s = 1.5 * DAY_S
    later = load.jobs.submit_s > cut_s
    longer = np.where(later, load.jobs.run_s * 3.0, load.jobs.run_s)
    other = load._replace(jobs=load.jobs._replace(run_s=longer))
    made = []
    for each in (load, other):
        held = HeldJobs(each, WINDOW_S)
        for now_s in np.arange(0.0, cut_s, CYCLE_S):
            held.advance(now_s + CYCLE_S)
        made.append(held.jobs.start_s)
    np.testing.assert_array_equal(made[0], made[1])


def test_held_jobs_keep_their_units() -> None:
    load = load_of(0.9, seed=15)
    held = HeldJobs(load, WINDOW_S)
    for now_s in np.arange(0.0, DAY_S, CYCLE_S):
        held.advance(now_s + CYCLE_S)
        kept = float(size(load.jobs)[held.held].sum())
        assert kept + busy(held.jobs, now_s + CYCLE_S) <= load.units + 1e-6


def test_energy_that_can_wait_lies_between_its_curves() -> None:
    held = HeldJobs(load_of(0.3, seed=16), WINDOW_S)
    for hour in range(1, 48):
        held.advance(hour * 3600.0)
        if held.held.sum() > 3:
            break
    found = held.movable(STEP_S, np.full(24, 1e5))
    assert found is not None
    assert (found.least_j <= found.most_j).all()
    assert found.least_j[-1] == pytest.approx(found.most_j[-1], rel=1e-5)
    assert (np.diff(found.most_j) >= -1e-6).all()
    within = np.diff(found.least_j, prepend=0.0) <= found.most_w * STEP_S + 1.0
    assert within.all()

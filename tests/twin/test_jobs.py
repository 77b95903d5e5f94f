"""Power of jobs, pools, generator, and the lever of moving jobs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plant.it import conversion
from twin import flexibility, job_generator, jobs, pools, workload
from twin.forecast import DAY_S
from twin.job_generator import Demand, generate
from twin.job_table import CLASSES, Jobs, size, take
from twin.jobs import FRONTIER, PROFILES, Grid, Mode, phase_powers, power_series
from twin.pools import Pools, simulate
from twin.resources import data_path
from twin.scheduling import Failures, constant

MODE = Mode()
SMALL = Demand(units=128.0)


def made(count_days: int = 7, seed: int = 3) -> Jobs:
    return generate(SMALL, count_days, np.random.default_rng(seed))


def one_job(name: str, start_s: float, run_s: float, units: float = 4.0) -> Jobs:
    template = take(made(1), np.array([0]))
    return template._replace(
        job_class=np.array([CLASSES.index(name)], dtype=np.int8),
        start_s=np.array([start_s]),
        run_s=np.array([run_s]),
        accelerators=np.array([units]),
    )


def slow_energy(profile: jobs.Profile, run_s: float, step_s: float = 1.0) -> float:
    """Second by second, by what the words of the profile say."""
    table, _ = phase_powers(FRONTIER, MODE)
    phase = table[list(PROFILES.values()).index(profile)]
    total = 0.0
    for t in np.arange(0.0, run_s, step_s):
        steady = t - profile.ramp_s
        in_dip = (
            steady % profile.checkpoint_interval_s
            >= profile.checkpoint_interval_s - profile.checkpoint_s
        )
        if t < profile.ramp_s:
            total += phase[1]
        elif t >= run_s - profile.end_s:
            total += phase[7]
        else:
            total += phase[5] if in_dip else phase[2]
    return total * step_s


@pytest.mark.parametrize("name", PROFILES)
def test_energy_of_a_job_is_that_of_its_seconds(name: str) -> None:
    grid = Grid(0.0, 900.0, 40)
    run_s = 9000.0
    power = power_series(one_job(name, 1234.0, run_s), grid, 0.0, FRONTIER, MODE)
    expected = 4.0 * slow_energy(PROFILES[name], run_s)
    assert power.sum() * 900.0 == pytest.approx(expected, rel=1e-9)


@settings(max_examples=30, deadline=None)
@given(
    start=st.floats(-5e4, 2e5),
    run=st.floats(1.0, 2e5),
    step=st.sampled_from([60.0, 900.0, 3600.0]),
)
def test_energy_does_not_depend_on_the_grid(
    start: float, run: float, step: float
) -> None:
    job = one_job("pretraining", start, run)
    span = 5e5
    energies = []
    for step_s in (step, 100.0):
        grid = Grid(-1e5, step_s, int(np.ceil(span / step_s)))
        power = power_series(job, grid, 16.0, FRONTIER, MODE)
        idle = 16.0 * phase_powers(FRONTIER, MODE)[1]
        energies.append(np.sum(power - idle) * step_s)
    assert energies[0] == pytest.approx(energies[1], rel=1e-6)
    assert energies[0] > 0


def test_cap_lowers_power_and_warm_water_raises_it() -> None:
    base = jobs.steady_power(FRONTIER, MODE)
    assert (jobs.steady_power(FRONTIER, Mode(cap_w=300.0)) < base).all()
    assert (jobs.steady_power(FRONTIER, Mode(inlet_c=45.0)) > base).all()


def test_measured_power_replaces_the_profile() -> None:
    job = one_job("general", 0.0, 3600.0)._replace(power_w=np.array([2000.0]))
    power = power_series(job, Grid(0.0, 900.0, 4), 4.0, FRONTIER, MODE)
    np.testing.assert_allclose(power, 2000.0)


def test_frontier_day_through_the_conversion_chain() -> None:
    """25 groups of 9,472 nodes: rack input back to the parts, efficiency 92 to 93.5 %."""
    load = workload.read_workload(
        data_path("jobs", "frontier_cdu_power_2024-04-07.csv")
    )
    node_w = np.linspace(300.0, 2700.0, 4001)
    drawn_w = conversion.chain(conversion.FRONTIER, node_w).input_w / 4.0
    per_node = load.power_w / 9472.0
    parts_w = np.interp(per_node, drawn_w, node_w)
    assert per_node.min() > drawn_w[0]
    again = conversion.chain(conversion.FRONTIER, parts_w)
    np.testing.assert_allclose(again.input_w / 4.0, per_node, rtol=1e-6)
    useful = 4.0 * parts_w + conversion.FRONTIER.switch_power_w
    efficiency = useful.sum() / np.sum(again.input_w)
    assert 0.92 <= efficiency <= 0.935


def test_generator_is_seeded_and_asks_for_what_was_wanted() -> None:
    first, again, other = made(), made(), made(seed=4)
    np.testing.assert_array_equal(first.submit_s, again.submit_s)
    assert not np.array_equal(first.submit_s, other.submit_s)
    long = generate(SMALL, 120, np.random.default_rng(1))
    batch = long.job_class != CLASSES.index("inference")
    asked = np.sum((size(long) * long.run_s)[batch]) / (120 * DAY_S * 128.0)
    assert asked == pytest.approx(SMALL.batch_load, rel=0.35)


def test_run_times_follow_the_real_distribution() -> None:
    flat = SMALL._replace(class_shares=(1.0, 0.0, 0.0), run_maximum_s=1e9)
    made_jobs = generate(flat, 60, np.random.default_rng(2))
    batch = made_jobs.job_class == CLASSES.index("general")
    real = job_generator.real_run_times()
    for quantile in (0.25, 0.5, 0.75, 0.9):
        ours = np.quantile(made_jobs.run_s[batch], quantile)
        assert ours == pytest.approx(np.quantile(real, quantile), rel=0.25)


def test_services_follow_the_day() -> None:
    made_jobs = generate(SMALL, 7, np.random.default_rng(2))
    services = made_jobs.job_class == CLASSES.index("inference")
    begin, run = made_jobs.submit_s[services], made_jobs.run_s[services]
    at = [3.0 * 3600, 15.0 * 3600]
    running = [np.sum((begin <= t + DAY_S) & (t + DAY_S < begin + run)) for t in at]
    assert running[1] > 2 * running[0]


def test_elastic_pool_changes_hands_and_is_never_shared() -> None:
    house = Pools(training=96.0, inference=8.0, elastic=24.0)
    result = simulate(made(), house, FRONTIER, MODE)
    ran = result.jobs
    for hour in np.arange(0.25, 7 * 24, 0.5):
        now = hour * 3600.0
        busy = (ran.start_s <= now) & (now < ran.end_s)
        used = [size(ran)[busy & (result.pool == k)].sum() for k in range(3)]
        day, clock = divmod(hour, 24)
        inference_has_it = day < 5 and 8.0 <= clock < 20.0
        assert used[pools.TRAINING] <= 96.0 + 1e-6
        assert used[pools.INFERENCE] <= 8.0 + 24.0 * inference_has_it + 1e-6
        assert used[pools.ELASTIC] <= 24.0 * (not inference_has_it) + 1e-6


def test_power_budget_of_the_training_pool() -> None:
    house = Pools(training=128.0)
    budget = 20_000.0
    ran = simulate(made(), house, FRONTIER, MODE, budget_w=constant(budget)).jobs
    power = power_series(ran, Grid(0.0, 900.0, 14 * 96), 128.0, FRONTIER, MODE)
    idle = 128.0 * phase_powers(FRONTIER, MODE)[1]
    assert (power - idle).max() <= budget * (1 + 1e-9)


def test_failures_make_jobs_hold_their_units_longer() -> None:
    house = Pools(training=128.0)
    often = (Failures(1e-5, 3600.0, 1800.0), np.random.default_rng(1))
    broken = simulate(made(), house, FRONTIER, MODE, failures=often).jobs
    whole = simulate(made(), house, FRONTIER, MODE).jobs
    assert broken.run_s.sum() > 1.001 * whole.run_s.sum()


WEEK_S = np.arange(7 * 24 + 1) * 3600.0
WINDOW = {"finetuning": 12 * 3600.0, "general": 6 * 3600.0}


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), share=st.floats(0.0, 1.0))
def test_a_plan_never_makes_a_job_miss_its_deadline(seed: int, share: float) -> None:
    queue = made(3, seed)
    choice = flexibility.by_class(queue, WINDOW)
    bounds = flexibility.bounds(queue, choice, WEEK_S, FRONTIER, MODE)
    assert (bounds.latest_j <= bounds.earliest_j + 1e-6).all()
    assert (bounds.least_w <= bounds.most_w).all()
    assert (bounds.asap_w <= bounds.most_w * (1 + 1e-9) + 1e-6).all()
    energy_j = bounds.latest_j + share * (bounds.earliest_j - bounds.latest_j)
    plan = flexibility.Plan(bounds.classes, WEEK_S, energy_j)
    release = flexibility.releases(queue, choice, plan, FRONTIER, MODE)
    held = choice.may_wait & (release > queue.submit_s)
    np.testing.assert_array_equal(
        release[~choice.may_wait], queue.submit_s[~choice.may_wait]
    )
    limit = queue.requested_s
    assert (release[held] + limit[held] <= choice.deadline_s[held] + 1e-6).all()
    house = Pools(training=128.0)
    done = flexibility.carry_out(queue, choice, release, house, FRONTIER, MODE)
    assert done.missed == 0
    assert set(done.delay_s) <= set(CLASSES)
    plain = simulate(queue, house, FRONTIER, MODE).jobs
    late = done.result.jobs.end_s > choice.deadline_s
    assert not (late & (plain.end_s <= choice.deadline_s)).any()


def test_a_late_plan_moves_energy() -> None:
    queue = made(3)
    choice = flexibility.by_class(queue, WINDOW)
    bounds = flexibility.bounds(queue, choice, WEEK_S, FRONTIER, MODE)
    house = Pools(training=1e5)  # nothing else holds a job back
    plan = flexibility.Plan(bounds.classes, WEEK_S, bounds.latest_j)
    late = flexibility.execute(queue, choice, plan, house, FRONTIER, MODE)
    assert late.taken_back == 0
    assert late.delay_s["general"][0] == pytest.approx(5.75 * 3600, abs=900.0)
    assert (
        "inference" not in late.delay_s
    )  # it may not wait, and nothing was in its way


def test_a_plan_at_the_upper_curve_holds_nothing_back() -> None:
    queue = made(3)
    choice = flexibility.by_class(queue, WINDOW)
    # uneven steps, as those of the controllers
    edge_s = np.concatenate([[0.0], np.cumsum(np.tile([900.0, 3600.0], 130))])
    found = flexibility.bounds(queue, choice, edge_s, FRONTIER, MODE)
    plan = flexibility.Plan(found.classes, edge_s, found.earliest_j)
    done = flexibility.execute(queue, choice, plan, Pools(1e5), FRONTIER, MODE)
    assert max(most for _, most in done.delay_s.values()) <= 3600.0  # within one step


def test_the_curves_are_those_of_two_jobs_by_hand() -> None:
    """One unit for an hour, submitted at 0 and at 1 h, both may wait two hours."""
    queue = take(made(1), np.array([0, 1]))
    queue = queue._replace(
        job_class=np.zeros(2, dtype=np.int8),
        submit_s=np.array([0.0, 3600.0]),
        requested_s=np.full(2, 3600.0),
        run_s=np.full(2, 1800.0),
        nodes=np.zeros(2),
        accelerators=np.ones(2),
    )
    choice = flexibility.by_class(queue, {"general": 7200.0})
    edge_s = np.arange(6) * 3600.0
    found = flexibility.bounds(queue, choice, edge_s, FRONTIER, MODE)
    unit_j = found.most_w[0, 0] * 3600.0
    np.testing.assert_allclose(found.earliest_j[0] / unit_j, [1, 2, 2, 2, 2])
    np.testing.assert_allclose(found.latest_j[0] / unit_j, [0, 0, 1, 2, 2])
    np.testing.assert_allclose(found.most_w[0] * 3600.0 / unit_j, [1, 2, 2, 1, 0])
    np.testing.assert_allclose(found.least_w, 0.0)
    np.testing.assert_allclose(found.asap_w[0] * 3600.0 / unit_j, [1, 1, 0, 0, 0])


def test_only_jobs_of_the_queue_can_be_moved() -> None:
    ran = simulate(made(3), Pools(64.0), FRONTIER, MODE).jobs
    now_s = 2 * 86400.0
    queue = flexibility.waiting(ran, now_s)
    assert len(queue.job_id) > 0
    expected = (ran.submit_s <= now_s) & (ran.start_s > now_s)
    assert set(queue.job_id) == set(ran.job_id[expected])
    assert np.isnan(queue.run_s).all()  # nobody knows yet how long they take
    empty = flexibility.by_class(queue, {})
    none = flexibility.bounds(queue, empty, WEEK_S, FRONTIER, MODE)
    assert none.classes == ()
    assert none.earliest_j.shape == (0, len(WEEK_S) - 1)


def test_what_is_expected_of_open_jobs_does_not_look_at_their_true_run_times():
    drawn = job_generator.generate(
        job_generator.Demand(64.0), 5, np.random.default_rng(3)
    )
    drawn = drawn._replace(
        requested_s=np.where(np.arange(len(drawn.run_s)) % 2, drawn.requested_s, np.nan)
    )
    ran = pools.simulate(drawn, Pools(64.0), FRONTIER, MODE).jobs
    now_s = 3 * 86400.0
    is_open = ~(ran.end_s <= now_s)
    assert is_open.any()
    told = flexibility.expected(drawn, ran, now_s)
    longer = np.where(is_open, 3.0 * drawn.run_s, drawn.run_s)
    other_ran = ran._replace(
        run_s=np.where(is_open, longer, ran.run_s),
        end_s=np.where(is_open, ran.start_s + longer, ran.end_s),
    )
    other = flexibility.expected(drawn._replace(run_s=longer), other_ran, now_s)
    np.testing.assert_array_equal(told.run_s[is_open], other.run_s[is_open])
    limited = is_open & np.isfinite(drawn.requested_s)
    np.testing.assert_array_equal(told.run_s[limited], drawn.requested_s[limited])
    np.testing.assert_array_equal(told.run_s[~is_open], drawn.run_s[~is_open])
    assert np.isfinite(told.run_s).all()

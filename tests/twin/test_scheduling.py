"""The scheduler against a slow one, and what every schedule must keep."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plant.it.reliability import Chips, cluster
from twin import scheduling
from twin.forecast import Series
from twin.scheduling import (
    Failures,
    Request,
    Steps,
    constant,
    limits,
    schedule,
    with_failures,
)

UNITS = 8.0


@st.composite
def requests(draw: st.DrawFn) -> Request:
    count = draw(st.integers(1, 14))
    column = st.lists(st.integers(0, 40), min_size=count, max_size=count)
    release = np.array(draw(column), dtype=float)
    units = 1.0 + np.array(draw(column)) % UNITS
    run = 1.0 + np.array(draw(column)) % 12
    limit = run + np.array(draw(column)) % 9
    return Request(release, units, units * 100.0, run, limit)


def slow_easy(request: Request, units: float, backfill: bool) -> Series:
    """EASY by the book: at every event look at the whole queue anew."""
    start = np.full(len(request.units), np.nan)
    order = list(np.argsort(request.release_s, kind="stable"))
    events = sorted(set(request.release_s))
    while events:
        now = events.pop(0)
        queue = [j for j in order if np.isnan(start[j]) and request.release_s[j] <= now]
        while queue:
            busy = [j for j in order if start[j] <= now < start[j] + request.run_s[j]]
            free = units - sum(request.units[j] for j in busy)
            chosen = pick(request, queue, busy, start, free, now, backfill)
            if chosen is None:
                break
            start[chosen] = now
            queue.remove(chosen)
            events = sorted({*events, now + request.run_s[chosen]})
    return start


def pick(
    request: Request,
    queue: list[int],
    busy: list[int],
    start: Series,
    free: float,
    now: float,
    backfill: bool,
) -> int | None:
    head = queue[0]
    if request.units[head] <= free:
        return head
    if not backfill:
        return None
    ends = sorted((start[j] + request.limit_s[j], request.units[j]) for j in busy)
    at_shadow, shadow = free, now
    for end, units in ends:
        if at_shadow >= request.units[head] and end > shadow:
            break
        at_shadow += units
        shadow = max(shadow, end)
    extra = at_shadow - request.units[head]
    for job in queue[1:]:
        fits = request.units[job] <= free
        in_time = now + request.limit_s[job] <= shadow
        if fits and (in_time or request.units[job] <= extra):
            return job
    return None


@settings(max_examples=200, deadline=None)
@given(request=requests(), backfill=st.booleans())
def test_equals_the_slow_scheduler(request: Request, backfill: bool) -> None:
    fast = schedule(request, constant(UNITS), depth=100 if backfill else 0)
    np.testing.assert_array_equal(fast, slow_easy(request, UNITS, backfill))


@settings(max_examples=50, deadline=None)
@given(request=requests(), watts=st.integers(800, 1600))
def test_capacity_and_budget_hold_at_all_times(request: Request, watts: int) -> None:
    capacity = Steps(np.array([0.0, 15.0, 30.0]), np.array([8.0, 4.0, 8.0]))
    start = schedule(request, capacity, constant(float(watts)))
    assert not np.isnan(start).any()
    assert (start >= request.release_s).all()
    for now in np.arange(0.0, 400.0, 0.5):
        busy = (start <= now) & (now < start + request.run_s)
        assert request.units[busy].sum() <= (4.0 if 15 <= now < 30 else 8.0)
        assert request.power_w[busy].sum() <= watts


@settings(max_examples=50, deadline=None)
@given(request=requests())
def test_first_come_first_served_keeps_the_order(request: Request) -> None:
    start = schedule(request, constant(UNITS), depth=0)
    order = np.argsort(request.release_s, kind="stable")
    assert (np.diff(start[order]) >= 0).all()


@settings(max_examples=50, deadline=None)
@given(request=requests())
def test_backfill_never_delays_the_first_job_with_true_limits(request: Request) -> None:
    exact = request._replace(limit_s=request.run_s)
    order = np.argsort(request.release_s, kind="stable")
    with_backfill = schedule(exact, constant(UNITS))
    without = schedule(exact, constant(UNITS), depth=0)
    first_to_wait = next((j for j in order if without[j] > request.release_s[j]), None)
    if first_to_wait is not None:
        assert with_backfill[first_to_wait] <= without[first_to_wait]


def test_a_job_larger_than_the_pool_blocks_nobody() -> None:
    ones = np.ones(3)
    request = Request(np.arange(3.0), np.array([2.0, 99.0, 2.0]), ones, ones, ones)
    for depth in (0, 100):
        start = schedule(request, constant(UNITS), depth=depth)
        assert np.isnan(start[1])
        np.testing.assert_array_equal(np.isfinite(start), [True, False, True])


def test_fractions_share_a_card() -> None:
    third = np.full(3, 1.0 / 3.0)
    request = Request(np.zeros(3), third, third, np.ones(3), np.ones(3))
    assert (schedule(request, constant(1.0)) == 0.0).all()


def test_limits_cut_runs_and_fill_gaps() -> None:
    limit, run = limits(np.array([100.0, np.nan]), np.array([150.0, 150.0]))
    np.testing.assert_array_equal(limit, [100.0, scheduling.DEFAULT_LIMIT_S])
    np.testing.assert_array_equal(run, [100.0, 150.0])


@pytest.mark.parametrize("units", [1000.0, 16_384.0])
def test_failures_cost_what_theory_says(units: float) -> None:
    """Daly 2006, doi:10.1016/j.future.2004.11.016: (exp(rate interval) - 1)(MTBF + MTTR)
    per interval; to first order the availability of the plant."""
    chips, interval_s, repair_s = Chips(), 3600.0, 1200.0
    rate = chips.failure_rate_1_s * units
    run = np.full(400, 20 * 86400.0)
    wall = with_failures(
        run,
        np.full(400, units),
        Failures(chips.failure_rate_1_s, interval_s, repair_s),
        np.random.default_rng(5),
    )
    exact = interval_s / (np.expm1(rate * interval_s) * (1.0 / rate + repair_s))
    assert (wall >= run).all()
    assert run.sum() / wall.sum() == pytest.approx(exact, abs=0.003)
    reference_c = chips.reference_c
    said = cluster(chips, reference_c, units, interval_s, repair_s).availability
    assert abs(said - exact) < 2.0 * (1.0 - exact) ** 2


def test_without_failures_nothing_is_added() -> None:
    run = np.array([10.0, 1e6])
    none = Failures(0.0, 3600.0, 600.0)
    wall = with_failures(run, np.array([1.0, 64.0]), none, np.random.default_rng(1))
    np.testing.assert_array_equal(wall, run)

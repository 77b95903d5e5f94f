"""Forecasts know the past only, order their quantiles, and beat the naive rules."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin import backtest, job_forecast
from twin.baselines import BASELINES, Baseline
from twin.ensemble import ensemble
from twin.errors import DataError
from twin.forecast import DAY_S
from twin.job_forecast import JobForecaster, Settings, history_of
from twin.job_generator import Demand, generate
from twin.job_table import NOBODY, Jobs, take
from twin.jobs import FRONTIER, POWERS, Mode, phase_powers
from twin.pools import Pools, simulate
from twin.queue_forecast import total_times, visible
from twin.series_forecast import (
    QUANTILES,
    History,
    KnownFuture,
    SeriesForecaster,
)

MODE = Mode()
UNITS = 64.0
HORIZON_S = np.arange(96) * 900.0
KNOWN = KnownFuture(0.0, UNITS)
FEW = Settings(replays=4, every_s=12 * 3600.0)


@cache
def ran(days: int = 22) -> Jobs:
    jobs = generate(Demand(UNITS, batch_load=0.5), days, np.random.default_rng(8))
    return simulate(jobs, Pools(UNITS), FRONTIER, MODE).jobs


def at_day(jobs: Jobs, day: float) -> History:
    return history_of(jobs, day * DAY_S, int(day), UNITS, FRONTIER, MODE)


def test_what_is_not_yet_known_is_not_visible() -> None:
    now = 10 * DAY_S
    seen = visible(ran(), now)
    assert seen.submit_s.max() <= now
    assert not (seen.start_s > now).any()
    assert not (seen.end_s > now).any()
    np.testing.assert_array_equal(np.isnan(seen.run_s), np.isnan(seen.end_s))
    assert np.isnan(seen.end_s).sum() > 0


def test_forecast_does_not_change_with_the_future() -> None:
    jobs, now = ran(), 20 * DAY_S
    later = jobs.end_s > now
    rng = np.random.default_rng(1)
    moved = jobs._replace(
        run_s=np.where(later, jobs.run_s * rng.uniform(1, 9, len(later)), jobs.run_s),
        end_s=np.where(later, jobs.end_s + 5 * DAY_S, jobs.end_s),
        start_s=np.where(jobs.start_s > now, jobs.start_s + DAY_S, jobs.start_s),
        accelerators=np.where(jobs.submit_s > now, 7.0, jobs.accelerators),
        state=np.where(later, 3, jobs.state).astype(np.int8),
    )
    both = [
        JobForecaster(settings=FEW).forecast(at_day(table, 20.0), KNOWN, HORIZON_S)
        for table in (jobs, moved)
    ]
    np.testing.assert_array_equal(both[0], both[1])
    assert both[0].shape == (96, len(QUANTILES))
    assert (np.diff(both[0], axis=1) >= 0).all()
    table, idle = phase_powers(FRONTIER, MODE)
    assert (both[0] >= UNITS * idle).all()
    assert (both[0] <= UNITS * (idle + table[:, POWERS].max())).all()


def test_history_from_jobs_is_the_power_that_was() -> None:
    early, late = at_day(ran(), 15.0), at_day(ran(), 20.0)
    np.testing.assert_allclose(early.value, late.value[: len(early.value)], rtol=0.02)


def test_run_times_are_longer_than_so_far_and_within_the_limit() -> None:
    now = 15 * DAY_S
    seen = visible(ran(), now)
    still = np.isnan(seen.end_s)
    unfinished = Jobs(**{name: field[still] for name, field in seen._asdict().items()})
    luck = np.random.default_rng(1).uniform(size=(int(still.sum()), 30))
    total = total_times(seen, unfinished, now, luck)
    elapsed = np.nan_to_num(now - unfinished.start_s)
    assert (total > elapsed[:, None]).all()
    longest = np.maximum(unfinished.requested_s, elapsed + 30.0)
    assert (total <= longest[:, None] + 1e-6).all()


def test_pinball_by_hand() -> None:
    forecast, truth = np.array([[1.0, 3.0]]), np.array([2.0])
    assert backtest.pinball(forecast, truth, (0.1, 0.9)) == pytest.approx(0.1)


def line(days: int, step_s: float = 3600.0) -> History:
    """Two daily waves and noise that persists."""
    n = round(days * DAY_S / step_s)
    rng = np.random.default_rng(3)
    noise = np.zeros(n)
    for k in range(1, n):
        noise[k] = 0.9 * noise[k - 1] + rng.normal()
    hour = np.arange(n) * step_s / 3600.0
    return History(n * step_s, step_s, 50 + 10 * np.sin(hour * np.pi / 12) + noise)


def test_baselines_are_what_they_say() -> None:
    history = line(10)
    hours = np.arange(48) * 3600.0
    x = history.value
    point = {
        name: Baseline(back).forecast(history, KnownFuture(), hours, (0.5,))[:, 0]
        for name, back in BASELINES.items()
    }
    assert (point["persistence"] == x[-1]).all()
    yesterday = np.concatenate([x[-24:], x[-24:]])
    np.testing.assert_array_equal(point["same time yesterday"], yesterday)
    np.testing.assert_array_equal(point["same time last week"], x[-168 : -168 + 48])


def test_series_forecast_is_honest_and_better() -> None:
    whole, hours = line(90), np.arange(24) * 3600.0
    forecaster = SeriesForecaster()
    plan = backtest.Plan(60 * 24, 11 * 3600.0, refit_s=90 * DAY_S)
    known = KnownFuture()
    forecasts, truths = backtest.roll(
        forecaster,
        whole,
        known,
        hours,
        plan,
        lambda history: forecaster.fit(history, known, hours),
    )
    ours = backtest.score(forecasts, truths, hours, QUANTILES)
    assert 0.7 <= ours.coverage <= 0.9
    for back in BASELINES.values():
        naive = backtest.roll(Baseline(back, 28), whole, known, hours, plan)
        assert ours.pinball < backtest.score(*naive, hours, QUANTILES).pinball


def test_a_given_forecast_is_followed() -> None:
    history, hours = line(40), np.arange(24) * 3600.0
    forecaster = SeriesForecaster()
    plain = forecaster.forecast(history, KnownFuture(), hours)
    given_ones = KnownFuture(given=np.full(24, 200.0))
    moved = forecaster.forecast(history, given_ones, hours)
    assert (moved[:, 2] > plain[:, 2] + 100.0).all()


def test_a_week_of_history_is_refused() -> None:
    with pytest.raises(DataError, match="at least 8 days"):
        SeriesForecaster().forecast(line(7), KnownFuture(), np.arange(4) * 3600.0)


def test_gaps_are_refused() -> None:
    history = line(20)
    history.value[5] = np.nan
    with pytest.raises(DataError, match="1 missing"):
        SeriesForecaster().forecast(history, KnownFuture(), np.arange(4) * 3600.0)


def test_jobs_are_needed_for_their_forecast() -> None:
    with pytest.raises(DataError, match="Give a job table"):
        JobForecaster(settings=FEW).forecast(line(30), KNOWN, HORIZON_S[::4])


@settings(max_examples=20, deadline=None)
@given(middle=st.floats(-1e3, 1e3), width=st.floats(0.1, 100.0))
def test_courses_have_the_quantiles_of_the_forecast(
    middle: float, width: float
) -> None:
    band = middle + width * np.array([-1.3, -0.7, 0.0, 0.7, 1.3])
    rng = np.random.default_rng(2)
    courses = ensemble(np.tile(band, (12, 1)), QUANTILES, 3600.0, 4000, rng)
    found = np.quantile(courses, QUANTILES, axis=0)
    assert np.abs(found - band[:, None]).max() < 0.15 * width
    together = np.corrcoef(courses[:, 0], courses[:, 1])[0, 1]
    assert together == pytest.approx(np.exp(-1 / 6), abs=0.05)


def test_weekends_of_earlier_days() -> None:
    saturday = 5 * DAY_S
    found = job_forecast.weekends(saturday, HORIZON_S, 0.0)
    np.testing.assert_array_equal(found[:8], [1, 0, 0, 0, 0, 0, 1, 1])


def test_a_user_with_a_history_is_told_from_one_without() -> None:
    seen = visible(ran(), 15 * DAY_S)
    asked = take(seen, np.flatnonzero(np.isnan(seen.end_s))[:1])
    done = take(seen, np.flatnonzero(seen.run_s > 0)[-400:])
    like = {"job_class": asked.job_class[0], "requested_s": asked.requested_s[0]}
    alike = {name: np.full(400, value) for name, value in like.items()}
    alike["accelerators"] = np.full(400, asked.accelerators[0])
    user = np.arange(400) % 2
    run_s = np.where(user == 1, 0.9, 0.1) * asked.requested_s[0]
    past = done._replace(user=user, run_s=run_s, **alike)
    waits = asked._replace(start_s=np.array([np.nan]))
    luck = np.random.default_rng(1).uniform(size=(1, 50))
    drawn = {
        name: total_times(past, waits._replace(user=np.array([name])), 0.0, luck)
        for name in (0, 1, 77, NOBODY)
    }
    assert drawn[1].min() > drawn[0].max()
    # who is not known gets what everybody has
    np.testing.assert_array_equal(drawn[77], drawn[NOBODY])
    assert drawn[77].min() == drawn[0].min()
    assert drawn[77].max() == drawn[1].max()


def test_an_unknown_user_with_an_unknown_kind_still_gets_run_times() -> None:
    seen = visible(ran(), 15 * DAY_S)
    odd = take(seen, np.flatnonzero(np.isnan(seen.end_s))[:1])
    odd = odd._replace(
        user=np.array([5]), accelerators=np.array([333.0]), start_s=np.array([np.nan])
    )
    total = total_times(seen, odd, 15 * DAY_S, np.array([[0.1, 0.5, 0.9]]))
    assert np.isfinite(total).all()
    assert (total > 0).all()

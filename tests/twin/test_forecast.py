"""What controllers are told: no look-ahead, sensible courses, honest bands."""

import numpy as np
import pytest

from twin.blend import BlendForecaster
from twin.config import load_site
from twin.errors import DataError
from twin.forecast import DAY_S, at_quantile, horizon_grid
from twin.learn_ahead import LearnAhead
from twin.load_forecast import (
    LAG_S,
    PRIOR_ERROR,
    REFIT_S,
    LoadSoFar,
    PastLoad,
    QueueLoad,
    widened,
)
from twin.run_forecast import forecasters, make_forecaster
from twin.scenario import load_scenario
from twin.series_forecast import History, KnownFuture, starts
from twin.signals import Inputs
from twin.site_forecast import (
    MIDDLE,
    QUANTILES,
    STEP_S,
    Known,
    PriceToCome,
    SiteForecaster,
    Track,
)

SITE = load_site("hybrid_10mw")
LEAD_S = starts(96, STEP_S)


def observed(scenario, until_s):
    forecaster = make_forecaster(scenario)
    for time_s in np.arange(0.0, until_s + 1.0, 300.0):
        inputs = scenario.inputs_at(time_s)
        forecaster.observe(time_s, Inputs(*(float(v) for v in inputs)))
    return forecaster.forecast(until_s)


def test_horizon_is_a_day():
    assert horizon_grid().sum() == DAY_S


def test_the_future_does_not_change_the_forecast():
    scenario = load_scenario(SITE, "07-15", 24)
    now_s = 6 * 3600.0
    row = int((scenario.start_s + now_s) / 3600.0) + 1
    air = scenario.weather.air
    wet = air.wet_bulb_c.copy()
    wet[row : row + 24] += 7.0
    later = scenario.load.time_s > now_s
    changed = scenario._replace(
        weather=scenario.weather._replace(air=air._replace(wet_bulb_c=wet)),
        load=scenario.load._replace(
            power_w=np.where(later, 1e6, scenario.load.power_w)
        ),
    )
    assert changed.inputs_at(now_s + 7200.0).wet_bulb_c > (
        scenario.inputs_at(now_s + 7200.0).wet_bulb_c + 5.0
    )
    one, other = observed(scenario, now_s), observed(changed, now_s)
    for k in range(len(QUANTILES)):
        for a, b in zip(one.bands[k], other.bands[k], strict=True):
            np.testing.assert_array_equal(a, b)


def test_prices_are_used_only_once_they_are_published_and_carbon_only_when_past():
    scenario = load_scenario(SITE, "07-15", 48)
    noon_s, evening_s = 12 * 3600.0, 15 * 3600.0
    tomorrow_s = 23.5 * 3600.0  # hours that end after this are of the next day

    def world(price, carbon):
        known = Known(scenario.inputs_at, price, carbon)
        told = SiteForecaster(known, LoadSoFar())
        told.observe(0.0, Inputs(20.0, 12.0, 0.008, 82e3, 5e6))
        return told

    def raised(series, from_s):
        return lambda t: series(t) * np.where(np.asarray(t) >= from_s, 3.0, 1.0)

    plain = world(scenario.price_at, scenario.carbon_at)
    price = world(raised(scenario.price_at, DAY_S), scenario.carbon_at)
    at_noon = [each.forecast(noon_s) for each in (plain, price)]
    np.testing.assert_array_equal(*(each.energy_price_usd_j for each in at_noon))
    late = [each.forecast(evening_s) for each in (plain, price)]
    is_next = late[0].time_s >= tomorrow_s
    ratio = late[1].energy_price_usd_j / late[0].energy_price_usd_j
    np.testing.assert_allclose(ratio[is_next][1:], 3.0)
    np.testing.assert_allclose(ratio[~is_next][:-1], 1.0)
    carbon = world(scenario.price_at, raised(scenario.carbon_at, noon_s))
    np.testing.assert_array_equal(
        plain.forecast(noon_s).carbon_kg_j, carbon.forecast(noon_s).carbon_kg_j
    )


def day(level, seed=None, days=28.0):
    """Quarter hours of a daily course that end now, with weather-like noise."""
    time_s = (np.arange(-round(days * 96), 0) + 0.5) * STEP_S
    course = level + 5.0 * np.sin(2 * np.pi * time_s / DAY_S)
    if seed is None:
        return course
    shock = np.random.default_rng(seed).normal(size=len(time_s))
    noise = np.zeros(len(time_s))
    for k in range(1, len(time_s)):
        noise[k] = 0.98 * noise[k - 1] + 0.4 * shock[k]
    return course + noise


def test_a_day_like_every_day_is_forecast_exactly_and_without_a_band():
    found = Track(day(15.0)).forecast(0.0, LEAD_S)
    expected = 15.0 + 5.0 * np.sin(2 * np.pi * (LEAD_S + STEP_S / 2.0) / DAY_S)
    np.testing.assert_allclose(found, expected[:, None].repeat(5, axis=1), atol=0.05)


def test_a_warm_now_fades_back_to_the_climate_and_the_band_opens():
    past = day(15.0, seed=3)
    past[-1] += 6.0
    found = BlendForecaster().forecast(
        History(0.0, STEP_S, past), KnownFuture(), LEAD_S, QUANTILES
    )
    climate = past.reshape(-1, 96)[-7:].mean(axis=0)
    excess = found[:, 2] - climate
    assert excess[:4].mean() > excess[40:44].mean() + 1.0
    width = found[:, 4] - found[:, 0]
    assert width[40] > 2.0 * width[0]


def test_bands_hold_what_they_promise_on_series_not_seen():
    inside = []
    for seed in range(60):
        series = day(15.0, seed=seed, days=29.0)
        past, truth = series[:-96], series[-96:]
        history = History(0.0, STEP_S, past)
        found = BlendForecaster().forecast(history, KnownFuture(), LEAD_S, QUANTILES)
        inside.append(((truth >= found[:, 0]) & (truth <= found[:, -1])).mean())
    assert 0.72 <= np.mean(inside) <= 0.88


def test_gaps_in_the_readings_repeat_the_last_value_and_memory_is_bounded():
    track = Track(day(15.0))
    for hour in range(24 * 60):
        track.observe(hour * 3600.0, 15.0)
    assert len(track._value) == 28 * 96
    assert track._value[-1] == 15.0


def test_load_relaxes_to_what_was_seen_with_a_band_around_it():
    load = LoadSoFar()
    for time_s, power_w in ((0.0, 2e6), (900.0, 8e6)):
        load.observe(time_s, power_w)
    found = load.forecast(900.0, LEAD_S)
    assert found[0, 2] == pytest.approx(8e6, rel=0.05)
    assert found[-1, 2] == pytest.approx(5e6, rel=0.01)
    assert (np.diff(found, axis=1) >= 0.0).all()
    assert found[-1, -1] - found[-1, 0] > 2e6  # both levels lie within reach
    assert (found >= 0.0).all()


def test_a_band_of_the_run_so_far_never_crosses_itself():
    load, rng = LoadSoFar(), np.random.default_rng(1)
    for k in range(200):
        load.observe(300.0 * k, 1e6 * float(rng.choice([0.0, 1.0, 9.0])))
        assert (np.diff(load.forecast(300.0 * k, LEAD_S), axis=1) >= 0.0).all()


@pytest.mark.parametrize(
    ("quantile", "load_w"),
    [(0.1, 4e6), (0.5, 5e6), (0.7, 6e6), (0.9, 7e6), (0.99, 7e6), (0.0, 4e6)],
)
def test_a_quantile_is_read_between_the_given_ones(quantile, load_w):
    plain = observed(load_scenario(SITE, "07-15", 24), 0.0)
    bands = tuple(
        plain.inputs._replace(it_demand_w=np.full(36, w)) for w in (4e6, 5e6, 7e6)
    )
    some = plain._replace(quantiles=(0.1, 0.5, 0.9), bands=bands)
    np.testing.assert_allclose(at_quantile(some, quantile).it_demand_w, load_w)


def test_without_quantiles_the_expected_inputs_are_all_there_is():
    plain = observed(load_scenario(SITE, "07-15", 24), 0.0)
    bare = plain._replace(quantiles=(), bands=())
    assert at_quantile(bare, 0.9) is bare.inputs
    assert at_quantile(plain, 0.5) is not None
    np.testing.assert_array_equal(
        at_quantile(plain, 0.5).wet_bulb_c, plain.inputs.wet_bulb_c
    )


def test_wet_bulb_never_passes_dry_bulb_in_any_band():
    found = observed(load_scenario(SITE, "01-05", 24), 3600.0)
    for band in found.bands:
        assert (band.wet_bulb_c <= band.dry_bulb_c).all()
        assert (band.humidity_ratio >= 0.0).all()


def test_the_kind_of_load_decides_how_it_is_forecast():
    def load_of(scenario):
        return type(make_forecaster(scenario)._load)

    assert load_of(load_scenario(SITE, "04-07", 24)) is LoadSoFar
    jobs = load_scenario(SITE, "04-07", 24, load_file="NASA-iPSC-1993-3.1-cln")
    assert load_of(jobs) is QueueLoad
    past = jobs._replace(load=jobs.load._replace(queue=None))
    assert load_of(past) is PastLoad
    maker = forecasters(jobs)
    assert maker()._load is maker()._load  # learned once


def test_jobs_submitted_later_do_not_change_the_forecast_of_a_run():
    # four days of records: forecast by replays alone, with nothing to fit
    load = load_scenario(
        SITE, "04-07", 24, load_file="nrel_eagle_jobs_sample", load_day=1
    )
    queue = load.load.queue
    jobs = queue.jobs
    later = jobs.submit_s > 0.0
    hidden = np.isfinite(jobs.end_s) & (jobs.end_s > 0.0)
    changed = jobs._replace(
        accelerators=np.where(later, 7.0 * jobs.accelerators, jobs.accelerators),
        nodes=np.where(later, 7.0 * jobs.nodes, jobs.nodes),
        end_s=np.where(hidden, jobs.end_s + 3600.0, jobs.end_s),
        run_s=np.where(hidden, jobs.run_s + 3600.0, jobs.run_s),
    )
    assert later.any()
    assert hidden.any()
    one = QueueLoad(queue).forecast(0.0, LEAD_S)
    other = QueueLoad(queue._replace(jobs=changed)).forecast(0.0, LEAD_S)
    np.testing.assert_array_equal(one, other)
    assert (np.diff(one, axis=1) >= 0.0).all()
    assert one.max() <= SITE.facility.it.racks.rated_power_w * 1.0001


def test_replays_alone_are_widened_by_the_errors_that_replays_have():
    told = np.full((96, len(QUANTILES)), 1e6)  # a line
    wide = widened(told, LEAD_S, QUANTILES)
    np.testing.assert_allclose(wide[:, MIDDLE], 1e6)
    width = wide[:, -1] - wide[:, 0]
    assert (np.diff(width) > 0.0).all()
    assert width[-1] == pytest.approx(2 * 1.2816 * PRIOR_ERROR * 1e6, rel=0.02)
    spread = told + np.array([-5e5, -1e5, 0.0, 1e5, 5e5])
    assert (np.diff(widened(spread, LEAD_S, QUANTILES), axis=1) > 0.0).all()
    assert (widened(spread, LEAD_S, QUANTILES)[:, 0] < spread[:, 0]).all()


def test_learning_counts_an_hour_later_and_does_not_depend_on_who_asks_first():
    begun = []

    def learn(at_s: float) -> float:
        begun.append(at_s)
        return at_s

    ahead = LearnAhead(learn, REFIT_S, LAG_S)
    assert ahead.at(0.0) == 0.0
    assert ahead.at(REFIT_S + LAG_S - 1.0) == 0.0  # learning what comes next
    assert ahead.at(REFIT_S + LAG_S) == REFIT_S
    assert ahead.at(5.0) == 0.0  # another controller of the same run is behind
    assert sorted(begun) == [0.0, REFIT_S]


def test_a_failure_to_learn_is_told_to_who_asks():
    def learn(at_s: float) -> float:
        message = "nothing to learn from"
        raise DataError(message)

    with pytest.raises(DataError, match="nothing to learn"):
        LearnAhead(learn, REFIT_S, LAG_S).at(0.0)


def test_prices_to_come_follow_the_course_of_the_day():
    hour_of = lambda at_s: np.mod(at_s, DAY_S) / 3600.0  # noqa: E731 (two uses below)
    price = PriceToCome(lambda at_s: (50.0 + 20.0 * (hour_of(at_s) >= 16.0)) / 3.6e9)
    told = price.forecast(10.25 * 3600.0, LEAD_S) * 3.6e9
    truth = 50.0 + 20.0 * (hour_of(10.25 * 3600.0 + LEAD_S) >= 16.0)
    assert np.abs(told - truth).mean() < 3.0

"""Forecasts: no look-ahead, sensible courses."""

import numpy as np
import pytest

from twin.config import load_site
from twin.forecast import DAY_S, PersistenceForecaster, at_quantile, horizon_grid
from twin.scenario import load_scenario
from twin.signals import Inputs
from twin.simulate import make_forecaster

SITE = load_site("hybrid_10mw")


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
    wet[row:] += 7.0
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
    for one, other in zip(
        observed(scenario, now_s).inputs, observed(changed, now_s).inputs, strict=True
    ):
        np.testing.assert_array_equal(one, other)


def constant_history(value):
    times = np.arange(-DAY_S, 0.0, 900.0)
    course = value + 5.0 * np.sin(2 * np.pi * times / DAY_S)
    ones = np.ones_like(times)
    history = Inputs(course, course - 3.0, 0.008 * ones, 82e3 * ones, np.nan * ones)
    return PersistenceForecaster(times, history, np.zeros_like, np.zeros_like)


def test_a_day_like_yesterday_is_forecast_exactly():
    forecaster = constant_history(15.0)
    forecaster.observe(0.0, Inputs(15.0, 12.0, 0.008, 82e3, 5e6))
    found = forecaster.forecast(0.0)
    middle = found.time_s + found.step_s / 2
    expected = 15.0 + 5.0 * np.sin(2 * np.pi * middle / DAY_S)
    np.testing.assert_allclose(found.inputs.dry_bulb_c, expected, atol=0.02)
    np.testing.assert_allclose(found.inputs.it_demand_w, 5e6)


def test_a_warmer_start_fades_back_to_yesterday():
    forecaster = constant_history(15.0)
    forecaster.observe(0.0, Inputs(19.0, 16.0, 0.008, 82e3, 5e6))
    found = forecaster.forecast(0.0)
    middle = found.time_s + found.step_s / 2
    excess = found.inputs.dry_bulb_c - (15.0 + 5.0 * np.sin(2 * np.pi * middle / DAY_S))
    assert excess[0] == pytest.approx(4.0, abs=0.15)
    assert (np.diff(excess) < 1e-6).all()
    assert excess[-1] < 0.15


def test_load_relaxes_to_what_was_seen():
    forecaster = constant_history(15.0)
    for time_s, load in ((0.0, 2e6), (900.0, 8e6)):
        forecaster.observe(time_s, Inputs(15.0, 12.0, 0.008, 82e3, load))
    found = forecaster.forecast(900.0)
    assert found.inputs.it_demand_w[0] == pytest.approx(8e6, rel=0.05)
    assert found.inputs.it_demand_w[-1] == pytest.approx(5e6, rel=0.01)


def test_history_is_bounded():
    forecaster = constant_history(15.0)
    for hour in range(24 * 30):
        forecaster.observe(hour * 3600.0, Inputs(15.0, 12.0, 0.008, 82e3, 5e6))
    assert len(forecaster._time_s) < 60


def with_bands():
    plain = constant_history(15.0)
    plain.observe(0.0, Inputs(15.0, 12.0, 0.008, 82e3, 5e6))
    found = plain.forecast(0.0)
    bands = tuple(
        found.inputs._replace(it_demand_w=found.inputs.it_demand_w + shift)
        for shift in (-1e6, 0.0, 2e6)
    )
    return found._replace(quantiles=(0.1, 0.5, 0.9), bands=bands)


@pytest.mark.parametrize(
    ("quantile", "load_w"),
    [(0.1, 4e6), (0.5, 5e6), (0.7, 6e6), (0.9, 7e6), (0.99, 7e6), (0.0, 4e6)],
)
def test_a_quantile_is_read_between_the_given_ones(quantile, load_w):
    found = at_quantile(with_bands(), quantile)
    np.testing.assert_allclose(found.it_demand_w, load_w)


def test_without_quantiles_the_expected_inputs_are_all_there_is():
    found = with_bands()._replace(quantiles=(), bands=())
    assert at_quantile(found, 0.9) is found.inputs

"""Controllers of a comparison meet the same noise, and foresight is the truth."""

import numpy as np

from optimizer.episodes import Episode, World, scenario_of
from optimizer.seen import Seen, Senses, noisy, perfect
from twin.config import load_site
from twin.interfaces import Decision
from twin.run_forecast import make_forecaster
from twin.sensors import SensorNoise
from twin.signals import Outputs
from twin.simulate import simulate

SITE = load_site("hybrid_10mw")
SCENARIO = scenario_of(SITE, World(), Episode(190, 1))._replace(duration_s=7200.0)
EXACT = SensorNoise(0.0, 0.0, 0.0)


class Listener:
    """Keeps what it is told."""

    name = "listener"

    def __init__(self):
        self.heard = []

    def decide(self, estimate, forecast, now_s):
        self.heard.append((estimate, forecast))
        return Decision(SITE.design, "none")


def heard(senses):
    listener = Listener()
    results = simulate(SITE, SCENARIO, Seen(listener, senses))
    return listener.heard, results


def test_noise_is_that_of_the_sensors_and_the_same_for_everybody():
    first, results = heard(Senses((1, 190), SensorNoise()))
    again, _ = heard(Senses((1, 190), SensorNoise()))
    other, _ = heard(Senses((2, 190), SensorNoise()))
    assert [e for e, _ in first] == [e for e, _ in again]
    assert first[3][0].measured != other[3][0].measured
    row = results.telemetry.iloc[8]  # scan at the end of the third cycle
    shown = first[3][0]
    assert 0.0 < abs(shown.measured["chip_c"] - row["chip_c"]) < 0.6
    assert 0.0 < abs(shown.measured["site_power_w"] / row["site_power_w"] - 1) < 0.012
    assert shown.measured["chillers_on"] == row["chillers_on"]
    assert shown.state.tcs_supply_c == shown.measured["tcs_supply_c"]
    assert all(e.inputs.wet_bulb_c <= e.inputs.dry_bulb_c for e, _ in first)


def test_exact_sensors_change_nothing():
    told, _ = heard(Senses((1,), EXACT))
    estimate = told[2][0]
    assert noisy(estimate, Senses((9,), EXACT), 0.0) == estimate
    assert set(estimate.measured) == set(Outputs._fields)


def test_spread_of_many_readings_is_the_stated_one():
    estimate = heard(Senses((1,), EXACT))[0][2][0]
    shown = [
        noisy(estimate, Senses((4,), SensorNoise()), float(k)).measured["chip_c"]
        for k in range(400)
    ]
    assert abs(np.std(shown) - 0.1) < 0.015


def test_perfect_foresight_is_what_will_happen():
    forecaster = make_forecaster(SCENARIO)
    forecaster.observe(0.0, SCENARIO.inputs_at(0.0))
    forecast = forecaster.forecast(0.0)
    truth = perfect(forecast, SCENARIO)
    for t in (0, 20, 35):
        end_s = forecast.time_s[t] + forecast.step_s[t]
        second_s = np.arange(forecast.time_s[t], end_s) + 0.5
        power_w = np.mean(SCENARIO.inputs_at(second_s).it_demand_w)
        assert abs(truth.inputs.it_demand_w[t] / power_w - 1.0) < 0.05
        price = np.mean(SCENARIO.price_at(second_s))
        assert abs(truth.energy_price_usd_j[t] / price - 1.0) < 0.01
    assert truth.bands == ()

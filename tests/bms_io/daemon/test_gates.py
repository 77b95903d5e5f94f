"""Gates open for what is sound and close for what is not."""

import math

import numpy as np
import pytest

from bms_io.daemon.gates import (
    RESIDUAL_CYCLES,
    ModelGate,
    ReversalGate,
    forecast_gate,
    solver_gate,
    spread_gate,
)
from bms_io.daemon.order import COOLING_DIRECTION, most_cooling, safe_order
from bms_io.limits import limits_of, load_limits
from twin.config import load_site
from twin.forecast import Forecast
from twin.interfaces import Decision, Estimate
from twin.resources import available, resolve
from twin.signals import Inputs, Setpoints

SITE = load_site("hybrid_10mw")
GOOD = Forecast(
    np.array([0.0, 900.0]),
    np.array([900.0, 900.0]),
    Inputs(*(np.array([v, v]) for v in (25.0, 15.0, 0.008, 82e3, 8e6))),
    np.zeros(2),
    np.zeros(2),
)


def seen(power_w):
    nothing = Inputs(*[0.0] * 5)
    measured = {"site_power_w": power_w}
    return Estimate(0.0, nothing, None, SITE.design, measured, ())


def wrong(**changes):
    inputs = GOOD.inputs._replace(**{n: np.array([v, v]) for n, v in changes.items()})
    return GOOD._replace(inputs=inputs)


def test_a_sound_forecast_passes():
    assert forecast_gate(GOOD, 0.0) == ""


@pytest.mark.parametrize(
    ("forecast", "why"),
    [
        (GOOD._replace(time_s=np.array([])), "empty"),
        (GOOD._replace(time_s=np.array([-7200.0, -6300.0])), "begins"),
        (wrong(wet_bulb_c=math.nan), "not numbers"),
        (wrong(wet_bulb_c=60.0), "wet bulb"),
        (wrong(it_demand_w=-1.0), "negative"),
    ],
)
def test_a_wrong_forecast_is_found(forecast, why):
    assert why in forecast_gate(forecast, 0.0)


@pytest.mark.parametrize(
    ("it_w", "wet_bulb_k", "why"),
    [
        (3e6, 2.0, ""),
        (4.1e6, 2.0, "IT power of the next hour is uncertain by 8200 kW"),
        (3e6, 3.1, "wet bulb of the next hour is uncertain by 6.2 K"),
        (math.nan, 2.0, "uncertain"),
    ],
)
@pytest.mark.parametrize("late", [False, True])
def test_a_forecast_that_knows_nothing_of_the_next_hour_is_found(
    it_w, wet_bulb_k, why, late
):
    """Spread to either side; what it does not know of tomorrow closes nothing."""
    changes = {"it_demand_w": it_w, "wet_bulb_c": wet_bulb_k}
    weight = np.array([0.0, 1.0]) if late else np.ones(2)
    low, high = (
        GOOD.inputs._replace(
            **{n: getattr(GOOD.inputs, n) + s * d * weight for n, d in changes.items()}
        )
        for s in (-1.0, 1.0)
    )
    unsure = GOOD._replace(
        time_s=np.array([0.0, 3600.0]), quantiles=(0.1, 0.9), bands=(low, high)
    )
    if late and math.isfinite(it_w):
        why = ""
    found = spread_gate(unsure, 10e6)
    assert (why in found) if why else found == ""


def test_the_model_is_judged_by_the_median_of_some_cycles():
    gate = ModelGate()
    for predicted_w in (10e6, 5e6, 10e6, 10e6):
        gate.expect(Decision(SITE.design, "", predicted_site_power_w=predicted_w))
        assert gate.check(seen(10e6)) == ""
    for _ in range(RESIDUAL_CYCLES):
        gate.expect(Decision(SITE.design, "", predicted_site_power_w=5e6))
        said = gate.check(seen(10e6))
    assert "off by 100%" in said


def test_an_it_load_that_nobody_expected_is_not_the_twins_fault():
    gate = ModelGate()
    for _ in range(2 * RESIDUAL_CYCLES):
        gate.expect(Decision(SITE.design, "", predicted_site_power_w=5.4e6), 5e6)
        came = seen(10.7e6)
        came = came._replace(measured={**came.measured, "it_power_w": 10e6})
        assert gate.check(came) == ""
    for _ in range(RESIDUAL_CYCLES):
        gate.expect(Decision(SITE.design, "", predicted_site_power_w=15e6), 10e6)
        said = gate.check(came)
    assert "off by" in said


def test_a_controller_that_predicts_nothing_is_not_judged():
    gate = ModelGate()
    for _ in range(2 * RESIDUAL_CYCLES):
        gate.expect(Decision(SITE.design, ""))
        assert gate.check(seen(10e6)) == ""


def test_flipping_is_found_and_steady_moves_are_not():
    flips, steady = ReversalGate(), ReversalGate()
    for turn in range(10):
        to_and_fro = SITE.design._replace(tcs_supply_c=27.0 + 6.0 * (turn % 2))
        flipping = flips.check(Decision(to_and_fro, ""))
        upward = SITE.design._replace(tcs_supply_c=27.0 + 0.5 * turn)
        assert steady.check(Decision(upward, "")) == ""
    assert "tcs_supply_c reversed" in flipping


def test_setpoints_that_are_not_numbers_are_named():
    broken = SITE.design._replace(air_supply_c=math.nan)
    assert "air_supply_c" in solver_gate(Decision(broken, ""))
    assert solver_gate(Decision(SITE.design, "")) == ""


def test_more_cooling_goes_first_and_flow_before_temperature():
    assert set(COOLING_DIRECTION) == set(Setpoints._fields)
    up = {"air_supply_c": 25.0, "fws_pressure_pa": 100e3}  # both toward less cooling
    down = {"air_supply_c": 23.0, "fws_pressure_pa": 130e3}  # both toward more
    assert list(safe_order(up, SITE.design)) == ["air_supply_c", "fws_pressure_pa"]
    assert list(safe_order(down, SITE.design)) == ["fws_pressure_pa", "air_supply_c"]
    mixed = {"air_supply_c": 25.0, "tower_supply_c": 15.0}
    assert list(safe_order(mixed, SITE.design)) == ["tower_supply_c", "air_supply_c"]


def test_maximum_cooling_is_at_the_cold_ends_with_all_pumps():
    cold = most_cooling(SITE.guard, SITE.design, SITE.design)
    assert cold.tower_supply_c == SITE.guard.tower_supply_c.minimum
    assert cold.air_supply_c == SITE.guard.air_supply_c.minimum
    assert cold.tower_pump_speed == SITE.guard.tower_pump_speed.maximum
    assert cold.ups_eco == SITE.design.ups_eco
    assert cold.it_power_cap_w == SITE.design.it_power_cap_w


@pytest.mark.parametrize("name", available("sites", ".yaml"))
def test_every_site_has_limits_of_its_own_that_the_guard_keeps(name):
    site = load_site(name)
    own = load_limits(resolve(name, "limits", ".yaml"))
    for setpoint, guard in limits_of(site).setpoints.items():
        limit = own.setpoints[setpoint]
        slack = 1e-6 * max(abs(limit.minimum), abs(limit.maximum), 1.0)
        assert limit.minimum - slack <= guard.minimum, setpoint
        assert guard.maximum <= limit.maximum + slack, setpoint
        assert guard.rate_per_minute <= limit.rate_per_minute * (1 + 1e-6), setpoint
        assert limit.safer == guard.safer, setpoint

"""Physics of ageing cells."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plant.power import ageing, ageing_lfp, ageing_nmc111, ageing_nmc811
from plant.power.ageing import Duty, Health

NEW = Health(0.0, 0.0, 0.0, 0.0)
C_RATE = 0.25


def lfp(health, soc, temperature_c, duty):
    plate = ageing_lfp.PUBLISHED
    rates = ageing_lfp.rates(plate, soc, temperature_c)
    return ageing_lfp.age(plate, health, rates, duty, C_RATE)


def nmc111(health, soc, temperature_c, duty):
    plate = ageing_nmc111.PUBLISHED
    rates = ageing_nmc111.rates(plate, soc, temperature_c)
    return ageing_nmc111.age(plate, health, rates, duty)


def nmc811(health, soc, temperature_c, duty):
    plate = ageing_nmc811.PUBLISHED
    rate = ageing_nmc811.rate(plate, soc, temperature_c)
    return ageing_nmc811.age(plate, health, rate, duty, C_RATE, temperature_c)


MODELS = [lfp, nmc111, nmc811]
DUTY = Duty(days=365.0, cycles=100.0, depth=0.4)


@pytest.mark.parametrize("model", MODELS)
@settings(max_examples=25, deadline=None)
@given(st.floats(0.3, 0.95), st.floats(15.0, 45.0), st.integers(2, 12))
def test_parts_of_a_year_are_a_year(model, soc, temperature_c, parts):
    once = model(NEW, soc, temperature_c, DUTY)
    part = DUTY._replace(days=DUTY.days / parts, cycles=DUTY.cycles / parts)
    health = NEW
    for _ in range(parts):
        health = model(health, soc, temperature_c, part)
    np.testing.assert_allclose(health, once, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("model", MODELS)
@settings(max_examples=25, deadline=None)
@given(st.floats(0.3, 0.95), st.floats(15.0, 45.0))
def test_health_never_returns(model, soc, temperature_c):
    worn = model(NEW, 0.9, 40.0, DUTY)
    later = model(worn, soc, temperature_c, DUTY)
    assert all(b >= a for a, b in zip(worn, later, strict=True))
    assert 0.0 < ageing.capacity(later) < ageing.capacity(worn)
    assert ageing.resistance(later) >= ageing.resistance(worn) >= 1.0


@pytest.mark.parametrize("model", MODELS)
def test_rest_in_no_time_changes_nothing(model):
    worn = model(NEW, 0.6, 25.0, DUTY)
    same = model(worn, 0.6, 25.0, Duty(0.0, 0.0, 0.0))
    np.testing.assert_allclose(same, worn, rtol=1e-9)


@pytest.mark.parametrize("model", MODELS)
def test_warm_rest_ages_faster(model):
    rest = Duty(3650.0, 0.0, 0.0)
    cool, warm = (ageing.capacity(model(NEW, 0.5, t, rest)) for t in (25.0, 35.0))
    assert warm < cool


@pytest.mark.parametrize(
    ("model", "low", "high"),
    [(lfp, 0.855, 0.89), (nmc111, 0.76, 0.87), (nmc811, 0.78, 0.82)],
)
def test_ten_years_at_rest_at_25_degrees(model, low, high):
    for soc in (0.5, 0.8, 0.95):
        health = model(NEW, soc, 25.0, Duty(3650.0, 0.0, 0.0))
        assert low <= ageing.capacity(health) <= high


@pytest.mark.parametrize("model", MODELS)
def test_negative_time_ages_nothing_and_is_told(model):
    worn = model(NEW, 0.6, 25.0, DUTY)
    back = Duty(-30.0, -30.0, 0.5)
    np.testing.assert_allclose(model(worn, 0.6, 25.0, back), worn, rtol=1e-9)
    assert ageing.backwards(back) == 1.0
    assert ageing.backwards(DUTY) == 0.0

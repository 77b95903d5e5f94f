"""Physics of moist air."""

import numba
import numpy as np
import psychrolib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plant import psychrometrics as moist_air

if not numba.config.DISABLE_JIT:  # psychrolib fails to set units without the compiler
    psychrolib.SetUnitSystem(psychrolib.SI)
needs_psychrolib = pytest.mark.skipif(
    bool(numba.config.DISABLE_JIT), reason="psychrolib does not run without numba's jit"
)
dry_bulb_c = st.floats(-20.0, 45.0)
relative_humidity = st.floats(0.02, 1.0)
pressure_pa = st.floats(70e3, 105e3)
few = settings(max_examples=50, deadline=None)


def humidity(t, rh, p):
    return moist_air.humidity_ratio_from_relative_humidity(t, rh, p)


@needs_psychrolib
@few
@given(dry_bulb_c)
def test_saturation_pressure_is_that_of_psychrolib(t):
    expected = psychrolib.GetSatVapPres(t)
    # psychrolib goes over to ice at the triple point, 0.01 degC
    assert moist_air.saturation_pressure(t) == pytest.approx(expected, rel=1e-3)


@few
@given(dry_bulb_c, relative_humidity, pressure_pa)
def test_wet_bulb_lies_between_dew_point_and_dry_bulb(t, rh, p):
    w = humidity(t, rh, p)
    wet_bulb = moist_air.wet_bulb(t, w, p)
    assert moist_air.dew_point(w, p) - 0.05 <= wet_bulb <= t


@few
@given(dry_bulb_c, relative_humidity, pressure_pa)
def test_both_bulbs_give_the_humidity_back(t, rh, p):
    w = humidity(t, rh, p)
    back = moist_air.humidity_ratio_from_wet_bulb(t, moist_air.wet_bulb(t, w, p), p)
    # saturation over ice and over water differ by 0.01 % at 0 degC
    assert back == pytest.approx(w, rel=2e-4)


@needs_psychrolib
@few
@given(st.floats(2.0, 45.0), st.floats(0.3, 1.0), pressure_pa)
def test_wet_bulb_is_that_of_psychrolib_above_freezing(t, rh, p):
    w = psychrolib.GetHumRatioFromRelHum(t, rh, p)
    expected = psychrolib.GetTWetBulbFromHumRatio(t, w, p)
    found = moist_air.wet_bulb(t, w, p)
    if expected > 0.5:  # two roots near freezing, psychrolib finds either
        assert found == pytest.approx(expected, abs=0.005)


def test_both_sides_of_freezing_meet():
    around = moist_air.saturation_pressure(np.array([-1e-9, 0.0]))
    assert around[0] == pytest.approx(around[1], rel=1e-4)


def test_fog_has_the_wet_bulb_of_the_dry_bulb():
    assert moist_air.wet_bulb(10.0, 0.02, 101325.0) == 10.0


def test_standard_pressure():
    assert moist_air.standard_pressure(0.0) == 101325.0
    # ASHRAE Fundamentals 2017, ch. 1, table 1
    assert moist_air.standard_pressure(1500.0) == pytest.approx(84556.0, rel=1e-3)


def test_wet_bulb_closes_its_balance_over_the_range():
    """In 80 degC dry air as in fog: the humidity comes back from both bulbs."""
    rng = np.random.default_rng(4)
    dry_bulb_c = rng.uniform(-60.0, 80.0, 20_000)
    pressure_pa = rng.uniform(60e3, 110e3, dry_bulb_c.size)
    relative = rng.uniform(0.0, 1.0, dry_bulb_c.size) ** 3
    humidity = moist_air.humidity_ratio_from_relative_humidity(
        dry_bulb_c, relative, pressure_pa
    )
    star_c = moist_air.wet_bulb(dry_bulb_c, humidity, pressure_pa)
    back = moist_air.humidity_ratio_from_wet_bulb(dry_bulb_c, star_c, pressure_pa)
    # 0.0001 K is up to 2e-7 kg/kg in hot thin air, where the steps are farthest off
    np.testing.assert_allclose(back, humidity, rtol=1e-5, atol=2e-7)

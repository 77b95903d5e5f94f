"""Generator set."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plant.power import generator
from plant.power.generator import Generator

SET = Generator(2e6)


def test_load_within_ten_seconds_of_the_start():
    at = [generator.available_power(SET, t) for t in (0.0, 8.0, 9.0, 10.0, 100.0)]
    assert at == [0.0, 0.0, 1e6, 2e6, 2e6]


def test_fuel_of_the_published_line():
    litres_per_hour = generator.operate(SET, 1.5e6, 60.0).fuel_m3_s * 1e3 * 3600
    assert litres_per_hour == pytest.approx(0.08415 * 2000 + 0.246 * 1500, rel=1e-9)


@settings(max_examples=50, deadline=None)
@given(st.floats(0.0, 3e6), st.floats(0.0, 60.0))
def test_delivered_and_unserved_are_the_request(request_w, running_s):
    made = generator.operate(SET, request_w, running_s)
    assert made.power_w + made.unserved_w == pytest.approx(request_w)
    assert 0.0 <= made.power_w <= SET.rated_power_w
    chemical_w = made.fuel_m3_s * 840.0 * 43e6  # density times heating value
    assert made.power_w <= 0.45 * chemical_w


def test_flags_and_rest():
    assert generator.operate(SET, 0.1e6, 60.0).underloaded == 1.0
    assert generator.operate(SET, 2.1e6, 60.0).overloaded == 1.0
    at_rest = generator.operate(SET, 1e6, 0.0)
    assert (at_rest.power_w, at_rest.fuel_m3_s, at_rest.underloaded) == (0.0, 0.0, 0.0)

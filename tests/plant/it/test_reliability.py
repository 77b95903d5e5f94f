"""Failures and availability."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plant.it import reliability
from plant.it.reliability import Chips

CHIPS = Chips()
HOUR_S = 3600.0


@settings(max_examples=50, deadline=None)
@given(st.floats(27.0, 100.0))
def test_seven_kelvin_cooler_fails_thirty_percent_less(chip_c):
    warm = reliability.failure_rate(CHIPS, chip_c)
    cool = reliability.failure_rate(CHIPS, chip_c - 7.0)
    assert cool == pytest.approx(0.7 * warm, rel=1e-12)


def test_default_rate_gives_the_published_interruptions():
    rate = reliability.failure_rate(CHIPS, 60.0)
    assert 16_384 * rate * 54 * 86_400 == pytest.approx(419, rel=0.01)


def test_availability_by_hand():
    made = reliability.cluster(CHIPS, 60.0, 16_384.0, HOUR_S, 0.5 * HOUR_S)
    mtbf_s = 1.0 / (16_384 * 5.48e-9)
    assert made.mtbf_s == pytest.approx(mtbf_s)
    assert made.availability == pytest.approx(1.0 - HOUR_S / mtbf_s)
    assert made.stalled == 0.0


def test_a_cluster_that_never_gets_going_is_flagged():
    made = reliability.cluster(CHIPS, 90.0, 1e7, 24 * HOUR_S, HOUR_S)
    assert (made.availability, made.stalled) == (0.0, 1.0)


def test_cooler_chips_compute_more():
    warm, cool = (
        reliability.cluster(CHIPS, t, 1e4, HOUR_S, HOUR_S).availability
        for t in (65.0, 58.0)
    )
    gain = [reliability.effective_compute(1.0, 0.4, a) for a in (warm, cool)]
    assert gain[1] > gain[0]
    assert 1.0 - cool == pytest.approx(0.7 * (1.0 - warm))

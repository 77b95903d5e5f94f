"""Busway, taps and phases."""

import cmath
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plant.power import distribution
from plant.power.distribution import TAP_RATINGS_A, Busway, Tap

BUSWAY = Busway(1e6, 10e3)
AMPERES = st.floats(0.0, 63.0)


def test_nameplate_at_full_load():
    assert distribution.loss(BUSWAY, 1e6) == pytest.approx(10e3)
    assert distribution.voltage_drop(BUSWAY, 1e6) == pytest.approx(0.02)


@settings(max_examples=50, deadline=None)
@given(st.floats(1e3, 1.2e6))
def test_loss_is_current_times_drop(load_w):
    """Both follow the same resistance."""
    relative = distribution.loss(BUSWAY, load_w) / 10e3
    drop = distribution.voltage_drop(BUSWAY, load_w) / 0.02
    assert relative == pytest.approx(drop * load_w / 1e6, rel=1e-12)


@pytest.mark.parametrize(
    ("current_a", "rating_a"),
    [(0.0, 16), (16.0, 16), (16.1, 32), (32.5, 40), (40.1, 63), (63.0, 63), (80.0, 63)],
)
def test_smallest_tap(current_a, rating_a):
    assert distribution.smallest_tap(current_a) == rating_a
    assert rating_a in TAP_RATINGS_A


def test_tap_carries_its_rating():
    tap = Tap(63.0)
    full_w = 3.0 * 230.0 * 63.0 * 0.95
    assert distribution.tap_current(tap, full_w) == pytest.approx(63.0)
    assert distribution.tap_overloaded(tap, 1.001 * full_w) == 1.0
    assert distribution.tap_overloaded(tap, 0.999 * full_w) == 0.0


@settings(max_examples=50, deadline=None)
@given(AMPERES, AMPERES, AMPERES)
def test_neutral_is_the_sum_of_the_phasors(a, b, c):
    turn = cmath.exp(2j * math.pi / 3.0)
    made = distribution.phase_balance(a, b, c)
    assert made.neutral_a == pytest.approx(abs(a + b * turn + c * turn**2), abs=1e-5)


def test_imbalance_by_hand():
    made = distribution.phase_balance(
        np.array([10.0, 10.0]), 10.0, np.array([10.0, 13])
    )
    np.testing.assert_allclose(made.imbalance, [0.0, 2.0 / 11.0])

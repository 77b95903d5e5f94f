"""Physics and rules of the UPS."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plant.power import ups
from plant.power.ups import GOOD_MAINS, Mains, Ups

LOAD_RATIO, EFFICIENCY = (0.25, 0.5, 1.0), (0.966, 0.972, 0.971)
MODULE = Ups(250e3, ups.fit_loss_curve(LOAD_RATIO, EFFICIENCY))


def test_data_sheet_points_are_given_back():
    load = 250e3 * np.array(LOAD_RATIO)
    made = ups.operate(MODULE, 1.0, load, 0.0)
    np.testing.assert_allclose(load / (load + made.loss_w), EFFICIENCY, rtol=1e-9)


@pytest.mark.parametrize(
    ("mains", "load_w", "admitted"),
    [
        (GOOD_MAINS, 100e3, 1.0),
        (GOOD_MAINS, 20e3, 0.0),
        (Mains(0.09, 0.05, 0.0), 100e3, 1.0),
        (Mains(-0.11, 0.0, 0.0), 100e3, 0.0),
        (Mains(0.0, 0.06, 0.0), 100e3, 0.0),
        (Mains(0.0, 0.0, 1.0), 100e3, 0.0),
    ],
    ids=["good", "light load", "at the limits", "low voltage", "distorted", "genset"],
)
def test_eco_admission(mains, load_w, admitted):
    made = ups.operate_on(MODULE, 1.0, load_w, 1.0, mains)
    assert made.eco == admitted
    double = ups.operate_on(MODULE, 1.0, load_w, 0.0, mains)
    ratio = MODULE.eco_loss_ratio if admitted else 1.0
    assert made.loss_w == pytest.approx(ratio * double.loss_w)


def test_eco_returns_without_a_break():
    assert MODULE.eco_transfer_s == 0.0


@settings(max_examples=50, deadline=None)
@given(st.floats(50e3, 900e3), st.integers(4, 9))
def test_modules_share_the_load(load_w, modules):
    made = ups.operate(MODULE, float(modules), load_w, 0.0)
    one = ups.operate(MODULE, 1.0, load_w / modules, 0.0)
    assert made.loss_w == pytest.approx(modules * one.loss_w)
    assert made.load_fraction == pytest.approx(one.load_fraction)


def test_one_spare_is_n_plus_one():
    assert ups.spares(MODULE, 5.0, 1e6) == 1.0
    assert ups.spares(MODULE, 5.0, 1e6 + 1.0) == 0.0
    assert ups.spares(MODULE, 5.0, 2e6) == -3.0


def test_bypass_loses_least():
    eco = ups.operate(MODULE, 4.0, 800e3, 1.0)
    assert 0.0 < ups.bypass_loss(MODULE, 800e3) < eco.loss_w


@pytest.mark.parametrize("eco", [-3.0, 0.4, 0.6, 1.6, 5.0])
@pytest.mark.parametrize("modules", [-2.0, 0.0, 4.0])
def test_no_request_makes_a_negative_loss(eco, modules):
    unit = Ups(250e3, (0.01, 0.01, 0.02))
    out = ups.operate(unit, modules, 5e5, eco)
    assert out.loss_w >= 0.0
    assert out.eco in (0.0, 1.0)


def test_a_load_without_a_module_is_flagged():
    assert ups.operate(MODULE, 0.0, 100e3, 0.0).overloaded == 1.0
    assert ups.operate(MODULE, -3.0, 100e3, 1.0).overloaded == 1.0
    assert ups.operate(MODULE, 0.0, 0.0, 0.0).overloaded == 0.0

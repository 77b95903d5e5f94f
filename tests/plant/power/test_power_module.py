"""The power module reproduces the published claims."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plant.power import power_module
from plant.power.power_module import REFERENCE
from plant.power.ups import GOOD_MAINS, Mains

LOADS_W = np.linspace(0.1, 1.0, 91) * REFERENCE.rated_power_w
SITE_W, HOURS = 100e6, 8760.0


def operate(load_w, eco, mains=GOOD_MAINS):
    return power_module.operate(REFERENCE, load_w, eco, mains, 25.0)


def test_eco_mode_reaches_the_claimed_efficiency():
    best = operate(LOADS_W, 1.0).efficiency.max()
    assert best == pytest.approx(0.978, abs=0.001)


def test_yearly_loss_of_a_site_in_both_modes():
    """Published: 48 GWh in double conversion, 18 GWh in ECO mode."""
    load_w = 0.5 * REFERENCE.rated_power_w
    loss_gwh = [
        SITE_W * (1.0 - operate(load_w, eco).efficiency) * HOURS / 1e9
        for eco in (0.0, 1.0)
    ]
    assert loss_gwh[1] == pytest.approx(18.0, abs=3.0)
    assert loss_gwh[0] > 1.8 * loss_gwh[1]


@settings(max_examples=50, deadline=None)
@given(st.floats(0.0, 2.2e6), st.sampled_from([0.0, 1.0]))
def test_energy_balance_and_flag(load_w, eco):
    made = operate(load_w, eco)
    assert made.input_w == pytest.approx(load_w + made.loss_w)
    assert made.loss_w > 0.0
    assert made.overloaded == (load_w > REFERENCE.rated_power_w)


def test_bad_mains_force_double_conversion():
    bad = operate(1e6, 1.0, Mains(0.12, 0.0, 0.0))
    assert bad.eco == 0.0
    assert bad.loss_w == pytest.approx(operate(1e6, 0.0).loss_w)


def test_reference_is_n_plus_one():
    assert operate(1.9e6, 0.0).spares == 1.0

"""A tank keeps its energy, stays between its temperatures, and takes any step."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plant.cooling import storage_tank
from plant.cooling.storage_tank import StorageTank, TankState

TANK = StorageTank(4e9)
COLD_C, WARM_C = 6.0, 18.0


@given(
    charge=st.floats(-5e5, 5e5),
    entering_c=st.floats(COLD_C, WARM_C),
    dt_s=st.floats(1.0, 1e5),
)
def test_stays_between_what_goes_in(charge, entering_c, dt_s):
    state, outputs = storage_tank.step(
        TANK, TankState(WARM_C, COLD_C), entering_c, charge, 20.0, dt_s
    )
    for value in (*state, outputs.leaving_c):
        assert COLD_C - 1e-6 <= value <= WARM_C + 1e-6
    assert state.upper_c >= state.lower_c - 1e-9


@pytest.mark.parametrize("charge", [3e5, -3e5])
def test_fills_and_empties(charge):
    """After many turnovers the tank has the temperature of the stream."""
    entering_c = COLD_C if charge > 0 else WARM_C
    state = TankState(12.0, 12.0)
    for _ in range(200):
        state, _ = storage_tank.step(TANK, state, entering_c, charge, 20.0, 3600.0)
    np.testing.assert_allclose(state, entering_c, atol=0.01)


def test_stands_still_without_flow_mixing_or_loss():
    before = TankState(WARM_C, COLD_C)
    after, outputs = storage_tank.step(TANK, before, 30.0, 0.0, 40.0, 1e6)
    np.testing.assert_allclose(after, before, atol=1e-9)
    assert outputs.heat_stored_w == 0.0


def test_halving_the_step_keeps_the_energy():
    """Heat of one long step against two halves: blurred a little, nowhere lost."""
    start = TankState(WARM_C, WARM_C)
    _, whole = storage_tank.step(TANK, start, COLD_C, 1e5, 20.0, 600.0)
    state, first = storage_tank.step(TANK, start, COLD_C, 1e5, 20.0, 300.0)
    _, second = storage_tank.step(TANK, state, COLD_C, 1e5, 20.0, 300.0)
    halves_w = 0.5 * (first.heat_stored_w + second.heat_stored_w)
    assert halves_w == pytest.approx(whole.heat_stored_w, rel=1e-3)

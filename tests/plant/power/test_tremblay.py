"""Physics of the lithium pack from a data sheet."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plant.power import tremblay
from plant.power.tremblay import Pack, PackState

PACK = Pack(
    139.0, 60.0, 3.2, 4.2, 3.53, 3.342, 0.8075, 0.976875, 0.09, 1.0, 750e3, 45.0
)  # fmt: skip


def test_data_sheet_points_are_given_back():
    current = PACK.strings * PACK.curve_rate_1_h * PACK.capacity_ah
    for removed, volts in ((0.0, PACK.full_v), (PACK.nominal_removed, PACK.nominal_v)):
        made = tremblay.voltage(PACK, 1.0 - removed, current)
        assert made / PACK.cells_in_series == pytest.approx(volts, abs=1e-12)


@settings(max_examples=50, deadline=None)
@given(st.floats(0.3, 0.8), st.floats(-90e3, 90e3))
def test_power_asked_is_power_delivered(soc, request_w):
    _, made = tremblay.exchange(PACK, PackState(soc, 20.0), request_w, 20.0, 60.0)
    assert made.limited == 0.0
    assert made.power_w == pytest.approx(request_w, abs=1e-3)


@settings(max_examples=50, deadline=None)
@given(st.floats(0.1, 0.95), st.floats(-2e5, 2e5), st.floats(1.0, 3600.0))
def test_charge_stays_in_its_window(soc, request_w, dt_s):
    after, made = tremblay.exchange(PACK, PackState(soc, 20.0), request_w, 20.0, dt_s)
    assert PACK.soc_minimum - 1e-9 <= after.soc <= PACK.soc_maximum + 1e-9
    assert np.isfinite(made.voltage_v)


def test_heat_goes_to_store_and_air():
    state = PackState(0.9, 20.0)
    after, made = tremblay.exchange(PACK, state, 60e3, 20.0, 600.0)
    stored = PACK.heat_capacity_j_k * (after.temperature_c - 20.0) / 600.0
    assert made.heat_w == pytest.approx(stored + made.heat_to_air_w)

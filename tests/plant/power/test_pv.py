"""Photovoltaic array against pvlib."""

import numpy as np
import pvlib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plant.power import pv
from plant.power.pv import Pv
from plant.table import Table

ARRAY = Pv(1e6, 0.8e6)
FLAT = ARRAY._replace(low_light=Table((0.0, 1.0), (1.0, 1.0)))
IRRADIANCE, AIR_C, WIND = np.array([0.0, 50, 400, 900]), 20.0, 3.0


def test_cells_as_warm_as_faiman():
    made = pv.operate(ARRAY, IRRADIANCE, AIR_C, WIND)
    expected = pvlib.temperature.faiman(IRRADIANCE, AIR_C, WIND, u0=25.0, u1=6.84)
    np.testing.assert_allclose(made.cell_c, expected, rtol=1e-12)


def test_direct_current_as_pvwatts():
    cell_c = np.array([10.0, 20, 40, 60])
    expected = pvlib.pvsystem.pvwatts_dc(
        effective_irradiance=IRRADIANCE, temp_cell=cell_c, pdc0=1e6, gamma_pdc=-0.0035
    )
    np.testing.assert_allclose(pv.dc_power(FLAT, IRRADIANCE, cell_c), expected)


def test_inverter_as_pvwatts():
    dc = np.linspace(0.0, 1e6, 41)
    expected = pvlib.inverter.pvwatts(pdc=dc, pdc0=0.8e6 / 0.96)
    np.testing.assert_allclose(pv.inverter_power(ARRAY, dc), expected, atol=1e-3)


@settings(max_examples=50, deadline=None)
@given(st.floats(0.0, 1600.0), st.floats(-20.0, 45.0), st.floats(0.0, 15.0))
def test_never_more_than_comes_in(irradiance, air_c, wind):
    made = pv.operate(ARRAY, irradiance, air_c, wind)
    assert 0.0 <= made.power_w <= min(made.dc_power_w, ARRAY.inverter_power_w)


def test_night_and_no_array():
    assert pv.operate(ARRAY, 0.0, 10.0, 1.0).power_w == 0.0
    none = ARRAY._replace(rated_power_w=0.0, inverter_power_w=0.0)
    assert pv.operate(none, 900.0, 10.0, 1.0).power_w == pytest.approx(0.0)


def test_cut_by_the_inverter_is_flagged():
    assert pv.operate(ARRAY, 1100.0, 0.0, 5.0).curtailed == 1.0
    assert pv.operate(ARRAY, 500.0, 20.0, 5.0).curtailed == 0.0

"""Ageing of capacitors."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plant.power import capacitor
from plant.power.capacitor import Capacitor

BANK = Capacitor()
HOUR_S = 3600.0


def test_rated_life_at_the_rated_core():
    assert capacitor.life(BANK, 95.0, 1.0) == pytest.approx(5000 * HOUR_S)


@settings(max_examples=50, deadline=None)
@given(st.floats(72.0, 90.0), st.floats(0.0, 1.0))
def test_ten_kelvin_halve_the_life(air_c, load_ratio):
    cool = capacitor.life(BANK, air_c - 10.0, load_ratio)
    assert cool == pytest.approx(2.0 * capacitor.life(BANK, air_c, load_ratio))


def test_seals_limit_a_cold_bank():
    assert capacitor.life(BANK, 20.0, 0.0) == BANK.shelf_life_s


def test_wear_adds_up_to_the_end_of_life():
    life_s = capacitor.life(BANK, 70.0, 0.8)
    half = capacitor.age(BANK, 0.0, 70.0, 0.8, life_s / 2.0)
    assert (half.wear, half.due) == (pytest.approx(0.5), 0.0)
    spent = capacitor.age(BANK, half.wear, 70.0, 0.8, 0.51 * life_s)
    assert spent.due == 1.0
    assert spent.capacitance == pytest.approx(0.8, abs=0.01)
    assert spent.series_resistance == pytest.approx(2.0, abs=0.02)

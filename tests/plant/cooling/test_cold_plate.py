"""Limits of the cold plate."""

import pytest

from plant.cooling import cold_plate
from plant.cooling.cold_plate import ColdPlate

PLATE = ColdPlate(1000.0, 0.0257, 0.012, 0.013)


def test_heat_flux_limit_is_180_w_per_square_centimetre():
    limit_w = 180.0 * PLATE.chip_area_m2 * 1e4
    assert cold_plate.flux_exceeded(PLATE, 0.999 * limit_w) == 0.0
    assert cold_plate.flux_exceeded(PLATE, 1.001 * limit_w) == 1.0


def test_case_at_nominal_flow_by_hand():
    case_c = cold_plate.case_temperature(PLATE, 1000.0, 30.0, 0.0257, 3900.0)
    assert case_c == pytest.approx(30.0 + 1000.0 / (2 * 0.0257 * 3900) + 25.0)

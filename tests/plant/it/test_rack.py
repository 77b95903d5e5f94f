"""Racks: the shipped nameplates and their limits."""

import csv

import pytest

from plant.it import rack
from plant.it.rack import Racks
from twin.resources import resolve

RATED_W = {
    "air_8kw": 8e3,
    "air_20kw": 20e3,
    "air_35kw": 35e3,
    "liquid_66kw": 66e3,
    "rack_scale_120kw": 120e3,
}


def nameplates():
    with resolve("racks", "equipment", ".csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    assert all(row["source"] for row in rows)
    numbers = [name for name in Racks._fields if name in rows[0]]
    return {
        row["name"]: Racks(**{field: float(row[field]) for field in numbers})
        for row in rows
    }


def test_shipped_nameplates():
    found = {name: racks.rated_power_w for name, racks in nameplates().items()}
    assert found == RATED_W


@pytest.mark.parametrize("name", RATED_W)
def test_at_the_reference_a_rack_draws_its_rating(name):
    racks = nameplates()[name]
    made = rack.operate(racks, racks.rated_power_w, 30.0, 25.0)
    assert made.power_w == pytest.approx(racks.rated_power_w, rel=1e-12)
    share = made.liquid_heat_w / made.power_w
    assert share == pytest.approx(racks.liquid_fraction, rel=1e-12)
    assert made.overloaded == 0.0


@pytest.mark.parametrize("name", RATED_W)
def test_more_than_the_rating_is_cut_and_flagged(name):
    racks = nameplates()[name]
    made = rack.operate(racks, 1.1 * racks.rated_power_w, 30.0, 25.0)
    assert made.power_w == pytest.approx(racks.rated_power_w)
    assert made.overloaded == 1.0

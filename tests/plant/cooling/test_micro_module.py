"""The micro-module: balances, liquid share, limits."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plant.cooling import micro_module
from plant.cooling.cdu import Cdu
from plant.cooling.fan import Fan
from plant.cooling.in_row import InRow
from plant.cooling.micro_module import MicroModule, MicroSetpoints
from plant.cooling.pump import Pump
from plant.heat_exchanger import PlateHeatExchanger
from plant.it.rack import Racks
from plant.power.distribution import Busway, Tap

MODULE = MicroModule(
    racks=Racks(10 * 66e3, 0.8, 12.0),
    rack_count=10.0,
    in_row=InRow(PlateHeatExchanger(6e3, 3.6, 1.05), Fan(3.6, 1750.0)),
    in_row_count=6.0,
    cdu=Cdu(
        PlateHeatExchanger(150e3, 18.0, 18.0),
        Pump(0.0178, 210e3, 0.65),
        18.0,
        150e3,
        60e3,
    ),
    cdu_count=1.0,
    busway=Busway(700e3, 4e3),
    tap=Tap(63.0),
    taps_per_rack=2.0,
    electrical_limit_w=720e3,
    water_limit_kg_s=30.0,
)
HELD = MicroSetpoints(32.0, 150e3, 24.0)
FLAGS = micro_module.MicroModuleOutputs._fields
FLAGS = [name for name in FLAGS if name.startswith(("over", "short"))]


def flags(made):
    return {name for name in FLAGS if getattr(made, name)}


@settings(max_examples=50, deadline=None)
@given(st.floats(0.0, 1.0), st.floats(0.0, 660e3))
def test_all_power_becomes_heat_at_any_liquid_share(liquid_fraction, demand_w):
    racks = MODULE.racks._replace(liquid_fraction=liquid_fraction)
    module = MODULE._replace(racks=racks)
    made = micro_module.operate(module, demand_w, HELD, 18.0)
    heat = made.heat_to_water_w + made.heat_to_room_w
    assert made.power_w == pytest.approx(heat, rel=1e-9)
    assert made.power_w >= made.it_power_w


def test_design_point_keeps_all_limits():
    made = micro_module.operate(MODULE, 620e3, HELD, 18.0)
    assert flags(made) == set()
    assert made.water_return_c > 18.0


@pytest.mark.parametrize(
    ("change", "flag"),
    [
        ({"electrical_limit_w": 500e3}, "over_electrical"),
        ({"tap": Tap(32.0)}, "over_tap"),
        ({"water_limit_kg_s": 5.0}, "over_water"),
        ({"cdu_count": 0.0}, "short_liquid"),
        ({"in_row_count": 0.0}, "short_air"),
    ],
    ids=["connection", "tap", "water", "no CDU", "no cooler"],
)
def test_each_limit_is_flagged(change, flag):
    made = micro_module.operate(MODULE._replace(**change), 620e3, HELD, 18.0)
    assert flag in flags(made)


def test_warm_water_leaves_both_sides_short():
    made = micro_module.operate(MODULE, 660e3, HELD, 31.0)
    assert {"short_liquid", "short_air"} <= flags(made)


def test_more_than_the_racks_take_is_flagged():
    assert "over_rack" in flags(micro_module.operate(MODULE, 700e3, HELD, 18.0))

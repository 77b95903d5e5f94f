"""Rules: each reset moves the right way."""

import numpy as np

from optimizer.rules import RuleParameters, RulesController
from twin.config import load_site
from twin.forecast import Forecast
from twin.interfaces import Estimate
from twin.signals import Inputs, Outputs, Setpoints, State

SITE = load_site("hybrid_10mw")
DESIGN = Setpoints(*map(float, SITE.design))
CALM = {
    **dict.fromkeys(Outputs._fields, 0.0),
    "tower_supply_c": 20.0,
    "tower_return_c": 26.0,
    "tower_fan_speed": 0.5,
    "rack_inlet_c": 25.5,
    "chip_c": 60.0,
    "in_row_valve": 0.5,
    "cdu_valve": 0.5,
    "ups_load_fraction": 0.5,
}
# Round numbers, so that tuning the defaults does not touch these tests.
PLAIN = RuleParameters(
    tower_approach_k=4.0,
    tower_coldest_c=16.0,
    tower_range_k=6.0,
    stage_down_fan_speed=0.35,
    valve_low=0.5,
    inlet_margin_k=1.5,
    chip_margin_k=6.0,
)
FORECAST = Forecast(
    np.zeros(1),
    np.full(1, 3600.0),
    Inputs(*(np.full(1, v) for v in (20.0, 12.0, 0.008, 82e3, 5e6))),
    np.zeros(1),
    np.zeros(1),
)


def decide(wet_bulb_c=12.0, active=DESIGN, rules=PLAIN, **measured):
    inputs = Inputs(wet_bulb_c + 8.0, wet_bulb_c, 0.008, 82e3, 5e6)
    state = State(20.0, 22.0, 30.0, 24.0, 0.95, 0.0, 1e9)
    seen = Estimate(0.0, inputs, state, active, {**CALM, **measured}, ())
    return RulesController(SITE, rules).decide(seen, FORECAST, 0.0).setpoints


def test_tower_water_follows_wet_bulb_with_approach_and_a_floor():
    assert decide(wet_bulb_c=15.0).tower_supply_c == 19.0
    assert decide(wet_bulb_c=20.0).tower_supply_c == 24.0
    assert decide(wet_bulb_c=-10.0).tower_supply_c == 16.0


def test_pressure_trims_when_no_valve_asks_and_responds_when_one_does():
    assert decide().fws_pressure_pa < DESIGN.fws_pressure_pa
    assert decide(in_row_valve=0.95).fws_pressure_pa > DESIGN.fws_pressure_pa
    assert decide(cdu_valve=0.95).fws_pressure_pa > DESIGN.fws_pressure_pa


def test_hot_chips_ask_for_flow():
    assert decide(chip_c=69.0).tcs_pressure_pa > DESIGN.tcs_pressure_pa
    assert decide(chip_c=50.0).tcs_pressure_pa < DESIGN.tcs_pressure_pa


def test_cells_and_pumps_stage_with_a_dead_zone():
    four = DESIGN._replace(tower_cells_on=4.0, tower_pump_speed=0.8)
    assert decide(active=four, tower_fan_speed=0.9).tower_cells_on == 5.0
    assert decide(active=four, tower_fan_speed=0.2).tower_cells_on == 3.0
    assert decide(active=four).tower_cells_on == 4.0
    assert decide(active=four, tower_return_c=28.0).tower_pump_speed > 0.8
    assert decide(active=four, tower_return_c=23.0).tower_pump_speed < 0.8
    assert decide(active=four).tower_pump_speed == 0.8


def test_air_follows_the_rack_inlet():
    assert decide(rack_inlet_c=26.8).air_supply_c < DESIGN.air_supply_c
    assert decide(rack_inlet_c=24.0).air_supply_c > DESIGN.air_supply_c
    assert decide(rack_inlet_c=25.5).air_supply_c == DESIGN.air_supply_c


def test_eco_mode_only_well_above_its_least_load():
    assert decide(ups_load_fraction=0.5).ups_eco == 1.0
    assert decide(ups_load_fraction=0.12).ups_eco == 0.0


def test_without_readings_the_design_holds():
    seen = Estimate(0.0, Inputs(*[0.0] * 5), State(*[0.0] * 7), DESIGN, {}, ())
    assert RulesController(SITE).decide(seen, FORECAST, 0.0).setpoints == SITE.design


def test_coolant_is_as_cold_as_the_valves_hold_with_room_to_spare():
    assert decide(cdu_valve=0.4).tcs_supply_c < DESIGN.tcs_supply_c
    assert decide(cdu_valve=0.95).tcs_supply_c > DESIGN.tcs_supply_c
    assert decide(cdu_valve=0.7).tcs_supply_c == DESIGN.tcs_supply_c


def test_pressure_keeps_a_floor_for_a_jump_of_the_load():
    low = DESIGN._replace(fws_pressure_pa=0.5 * DESIGN.fws_pressure_pa)
    assert decide(active=low).fws_pressure_pa == low.fws_pressure_pa


def test_air_units_leave_when_fans_idle_and_return_when_fans_or_valves_ask():
    ninety = DESIGN._replace(air_units_on=90.0)
    assert decide(active=ninety, in_row_fan_speed=0.2).air_units_on == 85.0
    assert decide(active=ninety, in_row_fan_speed=0.5).air_units_on == 90.0
    assert decide(active=ninety, in_row_fan_speed=0.95).air_units_on == 95.0
    starved = decide(active=ninety, in_row_fan_speed=0.2, in_row_valve=0.95)
    assert starved.air_units_on == 90.0


def test_hot_racks_get_everything_whatever_was_tuned():
    lazy = RuleParameters(
        air_group=0.02, air_least=0.3, pressure_least=0.25, valve_high=0.98,
        inlet_margin_k=0.4, pressure_respond_pa=5e3, air_up_speed=0.98,
    )  # fmt: skip
    low = DESIGN._replace(
        air_units_on=40.0, fws_pressure_pa=0.5 * DESIGN.fws_pressure_pa
    )
    hot, warm = (
        decide(active=low, rules=lazy, rack_inlet_c=SITE.limits.rack_inlet_c - k)
        for k in (0.2, 0.5)
    )
    assert hot.air_units_on == SITE.facility.air.in_row_count
    assert hot.fws_pressure_pa == DESIGN.fws_pressure_pa
    assert hot.chilled_water_c <= low.chilled_water_c
    assert warm.air_units_on < hot.air_units_on
    assert warm.fws_pressure_pa < hot.fws_pressure_pa


def test_ups_modules_leave_at_low_load_and_the_guard_keeps_the_spare():
    nine = DESIGN._replace(ups_modules_on=9.0)
    assert decide(ups_load_fraction=0.3).ups_modules_on == 9.0
    assert decide(active=nine, ups_load_fraction=0.3).ups_modules_on == 9.0
    assert decide(active=nine, ups_load_fraction=0.85).ups_modules_on == 10.0
    assert decide(ups_load_fraction=0.7).ups_modules_on == 10.0


def test_units_without_readings_are_held():
    nan = float("nan")
    wanted = decide(in_row_fan_speed=nan, ups_load_fraction=nan)
    assert np.isnan(wanted.air_units_on)
    assert np.isnan(wanted.ups_modules_on)

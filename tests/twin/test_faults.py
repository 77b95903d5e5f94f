"""Faults and ride-through: less plant never does better, and the reasons are physical."""

import pytest

from twin.config import load_site
from twin.faults import Faults, apply, deceive
from twin.ride_through import ride_through
from twin.scenario import load_scenario
from twin.signals import Inputs, Setpoints

SITE = load_site("hybrid_10mw")
DESIGN = Setpoints(*map(float, SITE.design))
NOON = Inputs(
    *(float(v) for v in load_scenario(SITE, "07-15", 24).inputs_at(43200.0))
)._replace(it_demand_w=10e6)


def after(duration_s=1800.0, **wrong):
    return ride_through(SITE, NOON, DESIGN, Faults(**wrong), duration_s)


def test_without_a_fault_nothing_is_changed_and_every_limit_holds():
    assert apply(SITE.facility, Faults()) == SITE.facility
    result = after()
    assert result.first is None
    assert result.holds_s == 1800.0


@pytest.mark.parametrize(
    "single",
    [
        {"ups_modules_out": 1},
        {"tower_cells_out": 1},
        {"tower_pumps_out": 1},
        {"fws_pumps_out": 1},
        {"cdus_out": 1},
        {"chillers_out": 1},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_the_reference_site_survives_any_single_failure(single):
    assert after(**single).first is None


def test_lost_utility_is_carried_by_the_battery_while_the_hall_warms():
    result = after(utility_lost=True)
    course = result.course
    assert result.first == "rack_inlet_c"
    battery = SITE.facility.power.battery
    delivered_j = (course["battery_power_w"] * 5.0).sum()
    used = battery.soc_maximum - course["battery_soc"].iloc[-1]
    from_cells_j = used * battery.energy_j * battery.one_way_efficiency
    assert delivered_j == pytest.approx(from_cells_j, rel=1e-6)
    assert delivered_j > (course["it_power_w"] * 5.0).sum()
    assert (course["site_power_w"].abs() < 0.03 * course["it_power_w"]).all()
    assert (course["chiller_power_w"] == 0.0).all()
    assert (course["tower_fan_power_w"] == 0.0).all()


def test_a_small_battery_is_empty_before_anything_is_warm():
    chain = SITE.facility.power
    small = chain.battery._replace(energy_j=0.2e9)
    facility = SITE.facility._replace(power=chain._replace(battery=small))
    result = ride_through(
        SITE._replace(facility=facility), NOON, DESIGN, Faults(utility_lost=True)
    )
    assert result.first == "battery_soc"
    assert result.holds_s == pytest.approx(0.2e9 * 0.95 * 0.97 / 10.5e6, abs=5.0)


def test_half_the_load_holds_longer_without_the_utility():
    full = after(utility_lost=True)
    half_load = NOON._replace(it_demand_w=5e6)
    half = ride_through(SITE, half_load, DESIGN, Faults(utility_lost=True))
    assert half.holds_s > full.holds_s


def test_more_of_a_fault_is_never_milder():
    assert after(fws_pumps_out=3).holds_s <= after(fws_pumps_out=2).holds_s
    slow = after(exchanger_fouling=0.3).course["fws_supply_c"].iloc[-1]
    slower = after(exchanger_fouling=0.6).course["fws_supply_c"].iloc[-1]
    assert slower > slow


def test_a_leak_gives_the_time_that_the_coolant_lasts():
    result = after(coolant_leak_kg_s=20.0)
    dry_s = 0.8 * SITE.facility.technology.coolant_kg / 20.0
    assert result.first == "chip_c"
    assert dry_s <= result.holds_s < dry_s + 60.0


def test_a_sensor_that_reads_low_lets_the_air_become_warm():
    wrong = Faults(air_supply_offset_k=-4.0)
    assert deceive(DESIGN, wrong).air_supply_c == DESIGN.air_supply_c + 4.0
    course = after(air_supply_offset_k=-4.0).course
    assert course["air_supply_c"].iloc[-1] == pytest.approx(28.0, abs=0.3)


def test_energy_closes_in_every_damaged_state():
    for wrong in (
        {"utility_lost": True},
        {"tower_pumps_out": 4},
        {"cdus_out": 10},
        {"in_row_coolers_out": 60},
    ):
        course = after(300.0, **wrong).course
        assert (course["thermal_residual_w"].abs() < 1e-3 * 10e6).all(), wrong


def standby(**parts):
    green = load_site("reuse_10mw")
    chain = green.facility.power._replace(**parts)
    return green._replace(facility=green.facility._replace(power=chain))


def outage(site, duration_s=600.0):
    return ride_through(site, NOON, DESIGN, Faults(utility_lost=True), duration_s)


def test_generators_take_over_before_anything_is_warm_and_burn_their_fuel():
    site = standby()
    result = outage(site)
    assert result.first is None
    assert result.generators_s == pytest.approx(15.0, abs=5.0)  # 8 s start, 2 s to load
    course = result.course
    carried = course[course["time_s"] > 20.0]
    assert (carried["battery_power_w"] == 0.0).all()
    assert (carried["generator_power_w"] - carried["site_power_w"]).abs().max() < 1e5
    assert carried["tower_fan_power_w"].min() > 0.0
    unit = site.facility.power.generator
    burnt_m3 = site.facility.power.fuel_m3 - course["fuel_m3"].iloc[-1]
    delivered_j = course["generator_power_w"].sum() * 5.0
    running_j = 6 * unit.rated_power_w * 595.0  # a step at rest before the signal
    expected = unit.fuel_m3_j * delivered_j + unit.idle_fuel_m3_j * running_j
    assert burnt_m3 == pytest.approx(expected, rel=1e-6)
    assert 12.0 < result.fuel_lasts_s / 3600.0 < 30.0


def test_an_empty_fuel_tank_hands_the_site_back_to_the_battery():
    result = outage(standby(fuel_m3=0.1), 1200.0)
    dry_s = result.reached_s["fuel_m3"]
    assert dry_s == result.fuel_lasts_s
    after = result.course[result.course["time_s"] > dry_s + 5.0]
    assert (after["generator_power_w"] == 0.0).all()
    assert after["battery_power_w"].iloc[0] > 10e6


def test_generators_too_small_for_the_pumps_only_spare_the_battery():
    none, small = (
        outage(standby(generator_count=0.0)),
        outage(standby(generator_count=2.0)),
    )
    assert small.generators_s is None
    assert small.first == none.first == "rack_inlet_c"
    at_s = 60.0
    left = [r.course.set_index("time_s")["battery_soc"][at_s] for r in (none, small)]
    assert left[1] > left[0]

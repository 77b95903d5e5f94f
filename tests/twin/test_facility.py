"""Physics of a whole site: balances, monotonicity, time steps, missing parts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plant import heat_exchanger, psychrometrics, water
from plant.cooling import cooling_tower
from plant.types import OutdoorAir
from twin.compiled import initial_state, run, settle, step
from twin.config import load_site
from twin.facility import facility_step
from twin.scenario import load_scenario
from twin.signals import Inputs, Outputs, Setpoints, State

SITE = load_site("hybrid_10mw")
DESIGN = Setpoints(*map(float, SITE.design))


def outdoor(dry_bulb_c, relative_humidity, it_demand_w, pressure_pa=82e3):
    ratio = psychrometrics.humidity_ratio_from_relative_humidity(
        dry_bulb_c, relative_humidity, pressure_pa
    )
    wet = psychrometrics.wet_bulb(dry_bulb_c, ratio, pressure_pa)
    return Inputs(
        dry_bulb_c, np.minimum(wet, dry_bulb_c), ratio, pressure_pa, it_demand_w
    )


weather = st.builds(
    outdoor, st.floats(-25.0, 40.0), st.floats(0.05, 1.0), st.floats(0.0, 10e6)
)


def between(name):
    limits = getattr(SITE.guard, name)
    return st.floats(limits.minimum, limits.maximum)


chosen = st.builds(Setpoints, *[between(name) for name in Setpoints._fields])
states = st.builds(
    State,
    tower_supply_c=st.floats(5.0, 40.0),
    fws_supply_c=st.floats(5.0, 45.0),
    tcs_supply_c=st.floats(15.0, 50.0),
    air_supply_c=st.floats(15.0, 40.0),
    battery_soc=st.floats(0.0, 1.0),
    chillers_on=st.sampled_from([0.0, 1.0, 2.0]),
    chiller_hold_s=st.floats(0.0, 1e5),
    tank_upper_c=st.floats(5.0, 40.0),
    tank_lower_c=st.floats(5.0, 40.0),
)


def floats(group):
    return type(group)(*(float(value) for value in group))


@settings(deadline=None)
@given(states, weather, chosen, st.sampled_from([1.0, 60.0, 900.0, 86400.0]))
def test_energy_closes_in_any_state_at_any_step_length(state, inputs, setpoints, dt_s):
    _, out = facility_step(SITE.facility, state, inputs, setpoints, dt_s)
    assert all(np.isfinite(value) for value in out)
    scale = max(out.site_power_w, 1e5)
    assert abs(out.electrical_residual_w) < 1e-3 * scale
    assert abs(out.thermal_residual_w) < 1e-3 * scale
    assert out.site_power_w + out.battery_power_w >= out.it_power_w


@settings(deadline=None, max_examples=30)
@given(states, weather, chosen)
def test_compiled_equals_plain(state, inputs, setpoints):
    groups = [floats(group) for group in (state, inputs, setpoints)]
    compiled = step(SITE.facility, *groups, 60.0)
    plain = facility_step(SITE.facility, *groups, 60.0)
    for kind in (0, 1):
        np.testing.assert_allclose(compiled[kind], plain[kind], rtol=1e-6, atol=1e-3)


def test_arrays_equal_scalars():
    demand_w = np.linspace(1e6, 10e6, 6).reshape(2, 3)
    inputs = outdoor(20.0, 0.5, demand_w)
    start = initial_state(SITE.facility, floats(outdoor(20.0, 0.5, 5e6)), DESIGN)
    _, many = facility_step(SITE.facility, start, inputs, DESIGN, 60.0)
    for place in np.ndindex(2, 3):
        one_input = inputs._replace(it_demand_w=demand_w[place])
        _, one = facility_step(SITE.facility, start, one_input, DESIGN, 60.0)
        for name in Outputs._fields:
            found = np.broadcast_to(getattr(many, name), (2, 3))[place]
            np.testing.assert_allclose(found, getattr(one, name), rtol=1e-12, atol=1e-6)


def day(hours=24.0, date="04-07", dt_s=60.0):
    scenario = load_scenario(SITE, date, hours)
    times = np.arange(dt_s / 2, hours * 3600.0, dt_s)
    first = floats(scenario.inputs_at(0.0))
    start = initial_state(SITE.facility, first, DESIGN)
    _, out = run(SITE.facility, start, scenario.inputs_at(times), DESIGN, dt_s)
    return Outputs(*out.T)


@pytest.mark.parametrize("date", ["01-05", "04-07", "07-15"])
def test_every_step_of_real_days_closes(date):
    out = day(date=date)
    for residual in (out.electrical_residual_w, out.thermal_residual_w):
        assert np.abs(residual / out.site_power_w).max() < 1e-3
    assert (out.site_power_w >= out.it_power_w).all()


def test_heat_seen_by_the_tower_water_is_the_heat_that_came_in():
    """Not from the residual: flow times temperature difference against electricity."""
    out = day()
    cp_j_kg_k = 4185.0
    lifted_w = (
        out.tower_flow_kg_s * cp_j_kg_k * (out.tower_return_c - out.tower_supply_c)
    )
    to_air = out.ups_loss_w + out.distribution_loss_w + out.battery_loss_w
    inside = out.cooling_power_w - out.tower_fan_power_w
    came_in = out.it_power_w + to_air + inside - out.heat_stored_w
    assert lifted_w.sum() / came_in.sum() == pytest.approx(1.0, abs=2e-3)


@pytest.mark.parametrize("date", ["04-07", "07-15"])
def test_halving_the_step_keeps_the_energy(date):
    coarse, fine = day(date=date, dt_s=60.0), day(date=date, dt_s=30.0)
    ratio = coarse.site_power_w.mean() / fine.site_power_w.mean()
    assert ratio == pytest.approx(1.0, abs=1e-3)


def steady(name, **changes):
    """One output over an array of conditions, everything else at design."""
    conditions = {"dry_bulb_c": 20.0, "relative_humidity": 0.4, "it_demand_w": 8e6}
    inputs = outdoor(**{**conditions, **changes})
    guess = initial_state(SITE.facility, floats(outdoor(20.0, 0.4, 8e6)), DESIGN)
    out = settle(SITE.facility, guess, inputs, DESIGN, 60)
    return out[:, Outputs._fields.index(name)]


def test_more_load_never_draws_less():
    assert (
        np.diff(steady("site_power_w", it_demand_w=np.linspace(0, 10e6, 80))) > 0
    ).all()


def test_site_and_chillers_never_draw_less_in_more_humid_air():
    humid = np.linspace(0.1, 1.0, 60)
    hot = {"dry_bulb_c": 32.0, "relative_humidity": humid}
    assert (np.diff(steady("chiller_power_w", **hot)) > -1.0).all()
    assert (np.diff(steady("site_power_w", **hot)) > -50.0).all()


def test_water_never_leaves_the_tower_below_wet_bulb():
    wet_c = np.asarray(outdoor(35.0, np.linspace(0.1, 1.0, 30), 9e6).wet_bulb_c)
    leaving = steady(
        "tower_supply_c",
        dry_bulb_c=35.0,
        relative_humidity=np.linspace(0.1, 1.0, 30),
        it_demand_w=9e6,
    )
    assert (leaving >= wet_c - 1e-6).all()


def zero_liquid(facility):
    racks = facility.it.racks._replace(liquid_fraction=0.0)
    return facility._replace(
        it=facility.it._replace(racks=racks),
        technology=facility.technology._replace(cdu_count=0.0),
    )


def no_chiller(facility):
    part = facility.trim_chillers._replace(chiller_count=0.0)
    return facility._replace(trim_chillers=part)


def no_economizer(facility):
    part = facility.heat_rejection._replace(exchanger_count=0.0)
    chillers = facility.trim_chillers._replace(chiller_count=4.0)
    return zero_liquid(facility)._replace(heat_rejection=part, trim_chillers=chillers)


def no_battery(facility):
    battery = facility.power.battery._replace(
        energy_j=0.0, discharge_power_w=0.0, charge_power_w=0.0
    )
    return facility._replace(power=facility.power._replace(battery=battery))


@pytest.mark.parametrize("remove", [zero_liquid, no_chiller, no_economizer, no_battery])
def test_a_site_without_a_part_still_balances(remove):
    facility = remove(SITE.facility)
    demand_w = 3e6
    inputs = floats(outdoor(20.0, 0.4, demand_w))
    start = initial_state(facility, inputs, DESIGN)
    steps = Inputs(*(np.full(240, value) for value in inputs))
    state, out = run(facility, start, steps, DESIGN, 60.0)
    last = Outputs(*out[-1])
    assert np.isfinite(out).all()
    assert abs(last.thermal_residual_w) < 1e-3 * demand_w
    assert last.heat_rejected_w == pytest.approx(
        last.it_power_w
        + last.ups_loss_w
        + last.distribution_loss_w
        + last.cooling_power_w
        - last.tower_fan_power_w,
        rel=5e-3,
    )
    assert state.air_supply_c < 35.0


def test_a_further_chiller_starts_soon_but_none_stops_early():
    hot = floats(outdoor(35.0, 0.6, 10e6, 101e3))
    warm = State(32.0, 34.0, 30.0, 26.0, 0.95, 1.0, 400.0)
    after, _ = facility_step(SITE.facility, warm, hot, DESIGN, 60.0)
    assert after.chillers_on == 2.0  # 400 s after the first one, the delay is 300 s
    assert after.chiller_hold_s == 60.0
    cool = State(15.0, 16.0, 30.0, 24.0, 0.95, 1.0, 400.0)
    after, _ = facility_step(SITE.facility, cool, hot, DESIGN, 60.0)
    assert after.chillers_on == 1.0  # it may stop only after the least running time
    rested = cool._replace(chiller_hold_s=1801.0)
    after, _ = facility_step(SITE.facility, rested, hot, DESIGN, 60.0)
    assert after.chillers_on == 0.0


@pytest.mark.parametrize(("dry_bulb_c", "demand_w"), [(5.0, 9e6), (30.0, 6e6)])
def test_what_the_loops_hand_over_is_what_the_tower_cells_take(dry_bulb_c, demand_w):
    """The balance gives the heat rejected; the cell's own equation must agree."""
    inputs = floats(outdoor(dry_bulb_c, 0.4, demand_w))
    guess = initial_state(SITE.facility, inputs, DESIGN)
    out = Outputs(*settle(SITE.facility, guess, inputs, DESIGN, 60)[0])
    air = OutdoorAir(*inputs[:4])
    cell = cooling_tower.operate(
        SITE.facility.heat_rejection.tower,
        DESIGN.tower_supply_c,
        out.tower_return_c,
        out.tower_flow_kg_s / out.tower_cells_on,
        air,
    )
    taken_w = cell.heat_w * out.tower_cells_on
    assert taken_w == pytest.approx(out.heat_rejected_w, rel=1e-3)
    side = SITE.facility.heat_rejection
    moved_w = side.exchanger_count * heat_exchanger.heat_transferred(
        side.exchanger,
        out.fws_return_c,
        out.fws_flow_kg_s / side.exchanger_count,
        water.heat_capacity(out.fws_return_c),
        out.tower_supply_c,
        out.tower_flow_kg_s / side.exchanger_count,
        water.heat_capacity(out.tower_supply_c),
    )
    came_w = out.cdu_heat_w + out.in_row_heat_w + out.fws_pump_power_w
    assert out.chillers_on == 0.0
    assert moved_w == pytest.approx(came_w, rel=2e-3)


def test_battery_charge_is_the_integral_of_what_went_in_and_out():
    inputs = floats(outdoor(15.0, 0.4, 6e6))
    start = initial_state(SITE.facility, inputs, DESIGN)
    hour = Inputs(*(np.full(60, value) for value in inputs))
    state, soc = start, [start.battery_soc]
    moved_j = 0.0
    for power_w in (0.4e6, -0.3e6, 0.2e6):
        asked = DESIGN._replace(battery_power_w=power_w)
        state, out = run(SITE.facility, state, hour, asked, 60.0)
        found = Outputs(*out.T)
        np.testing.assert_allclose(found.battery_power_w, power_w)
        moved_j += float(np.sum(found.battery_power_w + found.battery_loss_w) * 60.0)
        soc.append(state.battery_soc)
    energy_j = SITE.facility.power.battery.energy_j
    assert (soc[0] - soc[-1]) * energy_j == pytest.approx(moved_j, rel=1e-9)
    assert soc[1] < soc[0] < 1.0
    assert soc[2] > soc[1]


def at_rest(**changes):
    now = outdoor(20.0, 0.4, 7e6)
    held = DESIGN._replace(**changes)
    state = initial_state(SITE.facility, now, held)
    return Outputs(*settle(SITE.facility, state, now, held, 40)[0])


def test_units_out_of_service_are_as_if_they_were_not_there():
    facility = SITE.facility
    fewer = facility._replace(
        air=facility.air._replace(in_row_count=70.0),
        power=facility.power._replace(ups_count=8.0),
    )
    now = outdoor(20.0, 0.4, 7e6)
    state = initial_state(fewer, now, DESIGN)
    expected = Outputs(*settle(fewer, state, now, DESIGN, 40)[0])
    found = at_rest(air_units_on=70.0, ups_modules_on=8.0)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-6)


def test_more_units_than_there_are_is_all_and_none_is_one():
    assert at_rest(air_units_on=1000.0, ups_modules_on=1000.0) == at_rest()
    assert at_rest(ups_modules_on=0.0) == at_rest(ups_modules_on=1.0)


def test_a_cap_of_the_racks_holds_back_what_is_above_it():
    assert at_rest(it_power_cap_w=9e6) == at_rest()
    full, capped = at_rest(), at_rest(it_power_cap_w=6e6)
    assert capped.it_power_w == pytest.approx(full.it_power_w * 6 / 7, rel=0.01)
    assert capped.site_power_w < full.site_power_w

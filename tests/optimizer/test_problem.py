"""The objective: every item is what was recorded times its price, and nothing hides."""

import numpy as np
import pytest

from optimizer.fixed import FixedController
from optimizer.problem import (
    Bill,
    Prices,
    Weights,
    bill,
    bill_of,
    chip_count,
    rates,
    wear_prices,
)
from optimizer.rules import RulesController
from plant.power.pv import Pv
from twin.config import load_site
from twin.kpis import kpis
from twin.scenario import load_scenario
from twin.signals import Inputs, Outputs, Setpoints
from twin.simulate import simulate
from twin.topology import PvField

SITE = load_site("hybrid_10mw")
STEPS = 6


def course(**changes):
    inputs = Inputs(*(np.full(STEPS, v) for v in (20.0, 12.0, 0.008, 82e3, 5e6)))
    fields = {name: np.zeros(STEPS) for name in Outputs._fields}
    fields |= {"site_power_w": np.full(STEPS, 6e6), "it_power_w": np.full(STEPS, 5e6)}
    fields |= {"chip_c": np.full(STEPS, 60.0), "battery_soc": np.full(STEPS, 0.9)}
    fields |= {name: np.asarray(value, float) for name, value in changes.items()}
    setpoints = Setpoints(*(np.full(STEPS, float(v)) for v in SITE.design))
    return np.full(STEPS, 900.0), inputs, Outputs(**fields), setpoints


PRICES = Prices(np.full(STEPS, 50 / 3.6e9), np.full(STEPS, 0.4 / 3.6e6), 0.01)


def bill_for(site=SITE, prices=PRICES, setpoints=None, **changes):
    step_s, inputs, outputs, held = course(**changes)
    return bill(site, Weights(), prices, step_s, inputs, outputs, setpoints or held)


def test_each_item_is_its_quantity_times_its_price():
    found = bill_for()
    mwh = 6.0 * STEPS / 4
    assert found.energy == pytest.approx(50 * mwh)
    assert found.carbon == pytest.approx(0.05 * 400 * mwh)
    assert found.demand == pytest.approx(0.01 * 6e6)
    assert (found.water, found.compute, found.exceedance, found.wear) == (0, 0, 0, 0)
    failures = 5.48e-9 * chip_count(SITE.facility) * STEPS * 900.0
    assert found.failures == pytest.approx(100.0 * failures)
    assert found.total == pytest.approx(sum(found))


def test_only_the_peak_above_the_one_before_is_charged():
    before = PRICES._replace(peak_before_w=5.5e6)
    assert bill_for(prices=before).demand == pytest.approx(0.01 * 0.5e6)
    assert bill_for(prices=PRICES._replace(peak_before_w=9e6)).demand == 0.0


@pytest.mark.parametrize(
    ("item", "changes"),
    [
        ("energy", {"site_power_w": np.full(STEPS, 6.1e6)}),
        ("water", {"tower_makeup_kg_s": np.ones(STEPS)}),
        ("water", {"ahu_makeup_kg_s": np.ones(STEPS)}),
        ("failures", {"chip_c": np.full(STEPS, 67.0)}),
        ("exceedance", {"rack_inlet_c": np.full(STEPS, 28.0)}),
        ("wear", {"chillers_on": [0, 1, 0, 1, 1, 1]}),
        ("wear", {"tower_cells_on": [3, 4, 4, 4, 4, 4]}),
        ("wear", {"ups_eco": [0, 0, 1, 1, 1, 1]}),
        ("wear", {"battery_power_w": np.full(STEPS, 1e5)}),
        ("charge_owed", {"battery_soc": np.linspace(0.9, 0.8, STEPS)}),
    ],
)
def test_more_of_anything_bad_costs_more_in_its_own_item(item, changes):
    plain, worse = bill_for(), bill_for(**changes)
    assert getattr(worse, item) > getattr(plain, item)
    for other in set(Bill._fields) - {item, "energy", "carbon", "demand"}:
        assert getattr(worse, other) == getattr(plain, other)


def test_a_chip_seven_kelvin_cooler_fails_thirty_percent_less():
    warm, cool = bill_for(), bill_for(chip_c=np.full(STEPS, 53.0))
    assert cool.failures / warm.failures == pytest.approx(0.7)


def test_work_held_back_by_a_cap_costs_and_cool_chips_do_not():
    held = course()[3]
    capped = held._replace(it_power_cap_w=np.full(STEPS, 4.9e6))
    kwh = 100.0 * STEPS / 4
    assert bill_for(setpoints=capped).compute == pytest.approx(2.0 * kwh)
    assert bill_for(it_power_w=np.full(STEPS, 4.9e6)).compute == 0.0


def test_a_setpoint_that_goes_back_and_forth_wears():
    held = course()[3]
    swinging = held._replace(tcs_supply_c=np.array([30.0, 31, 30, 31, 30, 30]))
    assert bill_for(setpoints=swinging).wear == pytest.approx(3 * 0.2)


@pytest.mark.parametrize("name", ["edge_50kw", "campus_100mw"])
def test_wear_weighs_alike_on_every_size_of_site(name):
    """A start is priced by what starts, a reversal by the site: shares of energy agree."""
    site = load_site(name)
    small, here = (wear_prices(s.facility, Weights()) for s in (site, SITE))
    ratio = site.facility.it.racks.rated_power_w / SITE.facility.it.racks.rated_power_w
    assert small.reversal / here.reversal == pytest.approx(ratio)
    fans = [s.facility.heat_rejection.tower.fan_power_w for s in (site, SITE)]
    assert small.cell_start / here.cell_start == pytest.approx(fans[0] / fans[1])


def test_units_that_come_and_go_wear():
    held = course()[3]
    staged = held._replace(
        air_units_on=np.array([96.0, 90, 96, 90, 90, 90]),
        ups_modules_on=np.array([10.0, 9, 10, 10, 10, 10]),
    )
    price = wear_prices(SITE.facility, Weights())
    wear = 6 * price.air_unit_start + price.module_start + 3 * price.reversal
    assert bill_for(setpoints=staged).wear == pytest.approx(wear)


def test_warming_the_room_is_not_free_as_it_is_in_pue():
    """Server fans and leakage are in the objective through the site's power."""
    from twin.compiled import initial_state, settle

    now = Inputs(20.0, 12.0, 0.008, 82e3, 7e6)
    cool = Setpoints(*map(float, SITE.design))
    warm = cool._replace(tcs_supply_c=36.0, air_supply_c=26.0)
    pue, usd = [], []
    for held in (cool, warm):
        state = initial_state(SITE.facility, now, held)
        out = Outputs(*settle(SITE.facility, state, now, held, 60).T)
        one = Prices(PRICES.energy_usd_j[:1], PRICES.carbon_kg_j[:1], 0.0)
        found = rates(SITE, Weights(), one, now, out, held)
        pue.append(float(out.site_power_w[0] / out.it_power_w[0]))
        usd.append(float(found.energy[0] + found.failures[0]))
    assert pue[1] < pue[0]
    assert usd[1] > usd[0]


def test_bill_of_a_run_agrees_with_its_figures():
    scenario = load_scenario(SITE, "07-15", 3)
    totals = []
    for kind in (FixedController, RulesController):
        run = simulate(SITE, scenario, kind(SITE))
        found = bill_of(SITE, scenario, run)
        figures = kpis(SITE, scenario, run.telemetry, run.setpoints)
        money = found.energy + found.charge_owed + found.demand
        assert money == pytest.approx(figures.cost_usd, rel=1e-9)
        assert found.water == pytest.approx(0.003 * figures.water_kg)
        assert found.exceedance == pytest.approx(200.0 * figures.violation_kh)
        totals.append(found.total)
    assert totals[1] < totals[0]


def test_what_pv_delivers_and_a_discharged_battery_cost_what_the_figures_say():
    chain = SITE.facility.power._replace(pv=PvField(Pv(4e6, 3e6)))
    site = SITE._replace(facility=SITE.facility._replace(power=chain))
    site = site._replace(design=site.design._replace(battery_power_w=2e5))
    scenario = load_scenario(site, "07-15", 14)
    run = simulate(site, scenario, FixedController(site))
    figures = kpis(site, scenario, run.telemetry, run.setpoints)
    found = bill_of(site, scenario, run, Weights(carbon_usd_kg=0.0))
    assert scenario.pv_at(12.5 * 3600.0) > 1e6
    assert found.charge_owed > 0.0
    money = found.energy + found.charge_owed + found.demand
    assert money == pytest.approx(figures.cost_usd, rel=1e-9)

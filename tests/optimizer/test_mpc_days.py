"""The optimizer in closed loop: whole days against the baselines, and its battery."""

import numpy as np
import pytest

from optimizer.compare import compare
from optimizer.fixed import FixedController
from optimizer.mpc import MpcController
from optimizer.rules import RulesController
from twin.config import load_site
from twin.perturb import perturb
from twin.scenario import load_scenario
from twin.simulate import simulate

SITE = load_site("hybrid_10mw")


def figures_of(date, hours, seed):
    plant = perturb(SITE.facility, np.random.default_rng(seed), 0.05)
    kinds = (FixedController, RulesController, MpcController)
    found = compare(
        SITE, load_scenario(SITE, date, hours), [kind(SITE) for kind in kinds], plant
    )
    assert [(one.guard_violations, one.fallbacks) for one in found] == [((), 0)] * 3
    return {one.name: one.kpis for one in found}


def check(figures):
    assert figures["mpc"].site_energy_j < figures["fixed"].site_energy_j
    assert figures["mpc"].site_energy_j <= figures["rules"].site_energy_j
    assert figures["mpc"].violation_kh <= 0.01
    assert figures["rules"].violation_kh <= 0.01  # a baseline that cheats is none


def test_mpc_beats_fixed_and_rules_on_an_evening():
    check(figures_of("10-20", 4, 5))


@pytest.mark.slow
@pytest.mark.parametrize(("date", "seed"), [("04-07", 1), ("07-15", 2), ("01-20", 3)])
def test_mpc_beats_fixed_and_is_not_worse_than_rules_on_whole_days(date, seed):
    check(figures_of(date, 24, seed))


@pytest.mark.slow
def test_recorded_charge_is_full_at_each_anchor_and_was_used_in_between():
    scenario = load_scenario(SITE, "04-07", 41)
    plant = perturb(SITE.facility, np.random.default_rng(1), 0.05)
    run = simulate(SITE, scenario, MpcController(SITE), plant).telemetry
    soc = run["battery_soc"].to_numpy()
    hours = run["time_s"].to_numpy() / 3600.0
    battery = SITE.facility.power.battery
    for anchor_h in (16.0, 40.0):
        assert soc[hours == anchor_h][0] == pytest.approx(battery.soc_maximum, abs=2e-3)
    assert soc[(hours > 16.0) & (hours < 40.0)].min() < 0.7
    assert soc[hours < 16.0].min() > 0.9  # nothing dear before the first evening


@pytest.mark.slow
def test_a_flat_price_without_demand_charge_never_moves_the_battery():
    scenario = load_scenario(SITE, "04-07", 24)
    flat = scenario.price._replace(value=np.full_like(scenario.price.value, 50 / 3.6e9))
    tariff = SITE.tariff._replace(demand_charge_usd_w_month=0.0)
    site = SITE._replace(tariff=tariff)
    run = simulate(site, scenario._replace(price=flat), MpcController(site))
    np.testing.assert_array_equal(run.telemetry["battery_power_w"].to_numpy(), 0.0)

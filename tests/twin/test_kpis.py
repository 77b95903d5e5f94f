"""Figures against hand calculation."""

import numpy as np
import pandas as pd
import pytest

from twin.config import load_site
from twin.errors import DataError
from twin.kpis import battery_owed, kpis, peak, reversals
from twin.scenario import load_scenario
from twin.signals import Outputs, Setpoints

SITE = load_site("hybrid_10mw")
SCENARIO = load_scenario(SITE, "04-07", 24)


def telemetry(rows=12, **signals):
    table = pd.DataFrame(0.0, index=range(rows), columns=list(Outputs._fields))
    table.insert(0, "time_s", 300.0 * np.arange(1, rows + 1))
    values = {
        "site_power_w": 6.6e6,
        "it_power_w": 6e6,
        "cooling_power_w": 0.4e6,
        "power_chain_loss_w": 0.2e6,
        "tower_makeup_kg_s": 2.0,
        "ahu_makeup_kg_s": 1.0,
        "battery_soc": 0.9,
        **signals,
    }
    return table.assign(**values)


def setpoints(**moves):
    rows = max((len(v) for v in moves.values()), default=2)
    base = {
        name: [float(getattr(SITE.design, name))] * rows for name in Setpoints._fields
    }
    return pd.DataFrame({"time_s": 900.0 * np.arange(rows), **base, **moves})


def figures(**signals):
    return kpis(SITE, SCENARIO, telemetry(**signals), setpoints())


def test_one_hour_by_hand():
    found = figures()
    assert found.hours == pytest.approx(1.0)
    assert found.site_energy_j == pytest.approx(6.6e6 * 3600)
    assert found.pue == pytest.approx(1.1)
    assert found.wue_l_kwh == pytest.approx(3.0 * 3600 / 6000)
    price = float(SCENARIO.price_at(10.0)) * 3.6e9  # USD/MWh, one hour
    carbon = float(SCENARIO.carbon_at(10.0)) * 3.6e6  # kg/kWh
    assert found.energy_cost_usd == pytest.approx(6.6 * price)
    assert found.carbon_kg == pytest.approx(6600 * carbon)
    assert found.cue_kg_kwh == pytest.approx(1.1 * carbon)
    assert found.demand_cost_usd == pytest.approx(6.6e6 * 0.015 / 730)
    assert found.violation_kh == 0.0


def test_emptying_the_battery_is_no_saving():
    soc = np.linspace(0.95, 0.60, 12)
    found = figures(battery_soc=soc)
    missing_j = 0.35 * 9e9 / 0.97
    assert found.site_energy_j == pytest.approx(6.6e6 * 3600 + missing_j)


def test_peak_is_the_largest_quarter_hour():
    power = np.array([1.0, 1.0, 1.0, 4.0, 1.0, 1.0])
    assert peak(power, np.full(6, 300.0)) == pytest.approx(2.0)
    assert peak(power, np.full(6, 3600.0)) == pytest.approx(4.0)


def test_exceedance_counts_in_kelvin_hours_over_all_limits():
    inlet = np.full(12, 26.0)
    inlet[:6] = 29.0  # 2 K above 27 for half an hour
    assert figures(rack_inlet_c=inlet).violation_kh == pytest.approx(1.0)
    assert figures(rack_inlet_c=inlet, chip_c=71.0).violation_kh == pytest.approx(2.0)


def test_reversals_ignore_rests_and_count_turns():
    moves = setpoints(tower_supply_c=[20.0, 19.0, 19.0, 18.0, 19.0, 18.0])
    assert reversals(moves) == 2
    assert reversals(setpoints()) == 0


def test_single_missing_readings_are_bridged_and_counted():
    holed = np.full(12, 6.6e6)
    holed[4] = np.nan
    found = figures(site_power_w=holed)
    assert found.site_energy_j == pytest.approx(6.6e6 * 3600)
    assert found.missing_share == pytest.approx(1 / 12 / 10)


def test_too_many_missing_readings_are_refused_by_name():
    holed = np.full(12, 6.6e6)
    holed[:4] = np.nan
    with pytest.raises(DataError, match="site_power_w is missing in 33%"):
        figures(site_power_w=holed)


def test_what_the_battery_gave_in_the_first_scan_is_owed_too():
    soc = 0.95 - np.arange(1, 13) * 0.01
    steady_w = 0.01 * 9e9 / 300.0 * 0.97  # at the bus
    found = figures(battery_soc=soc, battery_power_w=steady_w)
    missing_j = 0.12 * 9e9 / 0.97
    assert found.site_energy_j == pytest.approx(6.6e6 * 3600 + missing_j)


def test_owed_charge_is_bought_dear_and_a_surplus_sold_cheap():
    down, up = np.linspace(0.95, 0.60, 12), np.linspace(0.60, 0.95, 12)
    owes = battery_owed(SITE, SCENARIO, telemetry(battery_soc=down))
    gains = battery_owed(SITE, SCENARIO, telemetry(battery_soc=up))
    charge_hours = int(np.ceil(owes.energy_j / 0.5e6 / 3600.0))
    run = float(SCENARIO.price_at(1800.0))
    after = SCENARIO.price_at(3600.0 + 3600.0 * (np.arange(charge_hours) + 0.5)).mean()
    assert owes.usd == pytest.approx(owes.energy_j * max(run, after))
    assert gains.energy_j < 0.0
    assert gains.usd >= gains.energy_j * min(run, after) - 1e-6


def test_warm_chips_pay_in_effective_compute():
    cool, warm = figures(chip_c=55.0), figures(chip_c=62.0)
    assert cool.effective_chip_h > warm.effective_chip_h
    # 7,000 chips of 1 kW on plates at 60 % power, by the formula of the white paper
    rate = 5.48e-9 * 7000 * 0.7 ** (5 / 7)
    availability = 1.0 - (900.0 + 600.0) * rate
    assert cool.availability == pytest.approx(availability)
    assert cool.effective_chip_h == pytest.approx(4200 * 0.41 * availability)
    assert cool.effective_chip_h_kwh == pytest.approx(cool.effective_chip_h / 6600)

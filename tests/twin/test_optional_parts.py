"""Heat consumer, storage tank, PV and grid limit: optional parts of a site."""

import numpy as np
import pytest

from optimizer.fixed import FixedController
from plant.cooling.heat_reuse import HeatReuse
from plant.cooling.storage_tank import StorageTank
from plant.heat_exchanger import PlateHeatExchanger
from plant.power.pv import Pv
from twin.annual import simulate_year
from twin.compiled import initial_state, run
from twin.config import load_site
from twin.errors import DataError
from twin.kpis import kpis
from twin.scenario import load_scenario
from twin.signals import Inputs, Outputs
from twin.simulate import simulate
from twin.topology import PvField
from twin.water_side_loads import HeatConsumer, Tank, heat_demand

SITE = load_site("hybrid_10mw")
GOLDEN = "USA_CO_Golden-NREL.724666_TMY3"
CONSUMER = HeatConsumer(
    HeatReuse(PlateHeatExchanger(200e3, 60.0, 60.0)), 60.0, 12.0, 5e5, 3e6
)
TANK = Tank(StorageTank(500e3 * 4186.0, 500.0, 200.0), 60.0, 17.0, 20.0)


def with_water(**parts):
    plant = SITE.facility
    water = plant.facility_water._replace(**parts)
    return SITE._replace(facility=plant._replace(facility_water=water))


def with_power(**parts):
    plant = SITE.facility
    power = plant.power._replace(**parts)
    return SITE._replace(facility=plant._replace(power=power))


def residual(out):
    worst = np.maximum(
        np.abs(out.thermal_residual_w), np.abs(out.electrical_residual_w)
    )
    return (worst / out.site_power_w).max()


def weather(wet_bulb_c, steps):
    column = np.broadcast_to(np.asarray(wet_bulb_c, dtype=float), (steps,))
    return Inputs(
        column + 8.0, column, 0.006 + 0 * column, 82e3 + 0 * column, 9e6 + 0 * column
    )


def course(site, wet_bulb_c, steps=1440):
    inputs = weather(wet_bulb_c, steps)
    first = Inputs(*(float(field[0]) for field in inputs))
    start = initial_state(site.facility, first, site.design)
    _, out = run(site.facility, start, inputs, site.design, 60.0)
    return Outputs(*out.T)


def test_heat_demand_follows_the_weather():
    assert heat_demand(CONSUMER, 25.0) == pytest.approx(5e5)
    assert heat_demand(CONSUMER, CONSUMER.design_outdoor_c - 10) == pytest.approx(3e6)
    assert 5e5 < heat_demand(CONSUMER, 5.0) < 3e6
    assert heat_demand(HeatConsumer(), -20.0) == 0.0


def test_a_heat_consumer_spares_the_towers_and_the_year_balances():
    plain, reusing = (
        simulate_year(site, GOLDEN).outputs
        for site in (SITE, with_water(consumer=CONSUMER))
    )
    assert residual(reusing) < 1e-3
    assert (plain.heat_reused_w == 0.0).all()
    assert 5e5 < reusing.heat_reused_w.mean() < 3e6
    spared = plain.heat_rejected_w.sum() - reusing.heat_rejected_w.sum()
    assert spared == pytest.approx(reusing.heat_reused_w.sum(), rel=0.02)
    assert reusing.tower_makeup_kg_s.sum() < plain.tower_makeup_kg_s.sum()


def test_the_tank_takes_cold_by_night_and_gives_it_by_day():
    hour = np.arange(2880) / 60.0
    swing = 12.0 - 9.0 * np.cos(2 * np.pi * hour / 24.0)  # coldest at midnight
    cool = SITE.design._replace(tower_supply_c=12.0)
    plain, stored = (
        course(site._replace(design=cool), swing, 2880)
        for site in (SITE, with_water(tank=TANK))
    )
    assert residual(stored) < 1e-3
    assert stored.tank_heat_w.max() > 1e5
    assert stored.tank_heat_w.min() < -1e5
    assert (stored.tank_lower_c <= stored.tank_upper_c + 1e-9).all()
    giving = stored.tank_heat_w < -1e5
    assert (
        stored.fws_supply_c[giving] < plain.fws_supply_c[giving] - 0.05
    ).mean() > 0.9


def test_a_site_without_a_tank_ignores_its_temperatures():
    assert (course(SITE, 12.0, 60).tank_heat_w == 0.0).all()


def test_pv_power_over_a_year():
    field = PvField(Pv(1e6, 0.9e6), 30.0, 180.0)
    site = with_power(pv=field)
    scenario = load_scenario(site, "01-01", 8760, weather_file=GOLDEN)
    hours = scenario.pv_at((np.arange(8760) + 0.5) * 3600.0)
    # PVWatts (NREL) gives 1,500 to 1,700 kWh/kW for a south roof near Golden.
    assert 1400 < hours.sum() / 1000.0 / 1000.0 < 1800
    by_hour = hours.reshape(365, 24)
    assert (by_hour[:, [0, 1, 2, 3, 22, 23]] == 0.0).all()
    assert by_hour.mean(axis=0).argmax() in (11, 12)
    assert hours.max() <= 0.9e6
    assert (load_scenario(SITE, "07-15", 24).pv_at(np.arange(3.0)) == 0.0).all()


def test_pv_lowers_what_the_grid_delivers_and_raises_ref():
    site = with_power(pv=PvField(Pv(3e6, 3e6), 30.0), grid_limit_w=9e6)
    plain = load_scenario(SITE, "07-15", 24)
    sunny = load_scenario(site, "07-15", 24)
    ran = simulate(SITE, plain, FixedController(SITE))
    without = kpis(SITE, plain, ran.telemetry, ran.setpoints)
    found = kpis(site, sunny, ran.telemetry, ran.setpoints)
    assert without.ref == without.above_grid_limit_j == 0.0
    assert found.pue == without.pue
    assert 0.05 < found.ref < 0.2
    assert found.ref == pytest.approx(found.renewable_energy_j / found.site_energy_j)
    assert found.cost_usd < without.cost_usd
    assert found.carbon_kg < without.carbon_kg
    assert found.above_grid_limit_j > 0.0


def test_pv_without_irradiance_says_what_is_missing():
    site = with_power(pv=PvField(Pv(1e6, 1e6)))
    with pytest.raises(DataError, match="irradiance"):
        load_scenario(site, "07-15", 24, weather_file="openmeteo_SG_2024")


def test_erf_counts_what_the_consumer_took():
    site = with_water(consumer=CONSUMER)
    scenario = load_scenario(site, "01-15", 24)
    ran = simulate(site, scenario, FixedController(site))
    found = kpis(site, scenario, ran.telemetry, ran.setpoints)
    mean_w = ran.telemetry["heat_reused_w"].mean()
    assert found.erf == pytest.approx(mean_w * 24 * 3600 / found.site_energy_j)
    assert found.erf > 0.05

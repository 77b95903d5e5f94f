"""Every shipped site runs a year in every shipped climate, and balances at every step."""

import numpy as np
import pytest

from twin.compiled import initial_state, run
from twin.config import load_site
from twin.resources import available, data_path
from twin.scenario import load_scenario
from twin.signals import Inputs, Outputs, Setpoints

CLIMATES = {
    "Golden": "USA_CO_Golden-NREL.724666_TMY3",
    "Tampa": "USA_FL_Tampa.Intl.AP.722110_TMY3",
    "Singapore": data_path("weather", "openmeteo_SG_2024.csv"),
}
STEP_S = 3600.0


def year(site, climate):
    scenario = load_scenario(site, "01-01", 8760, weather_file=CLIMATES[climate])
    times = STEP_S * (np.arange(8760) + 0.5)
    inputs = scenario.inputs_at(times)
    first = Inputs(*(float(np.asarray(field)[0]) for field in inputs))
    design = Setpoints(*map(float, site.design))
    start = initial_state(site.facility, first, design)
    _, out = run(site.facility, start, inputs, design, STEP_S)
    return Outputs(*out.T)


@pytest.mark.parametrize("climate", CLIMATES)
@pytest.mark.parametrize("name", available("sites", ".yaml"))
def test_a_year_balances_and_keeps_its_limits(name, climate):
    site = load_site(name)
    out = year(site, climate)
    assert np.isfinite(out).all()
    for residual in (out.electrical_residual_w, out.thermal_residual_w):
        assert np.abs(residual / out.site_power_w).max() < 1e-3
    assert (out.site_power_w >= out.it_power_w).all()
    for limit, limit_c in site.limits._asdict().items():
        assert getattr(out, limit).max() <= limit_c + 0.05, limit


def pue(name, climate):
    out = year(load_site(name), climate)
    return out.site_power_w.sum() / out.it_power_w.sum()


def test_the_legacy_hall_is_where_savings_start():
    for climate in CLIMATES:
        assert 1.4 < pue("legacy_air_2mw", climate) < 1.65


def test_warm_humid_climates_cost_more():
    for name in ("hybrid_10mw", "micro_module_1mw", "edge_50kw"):
        golden, singapore = pue(name, "Golden"), pue(name, "Singapore")
        assert golden < singapore

"""Whatever is missing or broken: a plan, or the rung that carries, and it says which."""

import numpy as np
import pytest

from optimizer.linearize import UNITS
from optimizer.mpc import MpcController, MpcSettings
from optimizer.plan_inputs import History, until_full, windows
from optimizer.rules import RulesController
from optimizer.usable import usable
from twin.compiled import initial_state
from twin.config import load_site
from twin.forecast import Forecast, horizon_grid
from twin.guard import fresh_memory, guard
from twin.interfaces import Estimate
from twin.scenario import load_scenario
from twin.signals import Inputs, Outputs, Setpoints
from twin.simulate import simulate

SITE = load_site("hybrid_10mw")
DESIGN = Setpoints(*map(float, SITE.design))
RUNGS = {"ok", "incumbent", "units_fixed", "last_plan", "rules"}


def situation(**changes):
    scenario = load_scenario(SITE, "07-15", 24)
    step_s = horizon_grid()
    start_s = np.concatenate([[0.0], np.cumsum(step_s)[:-1]])
    inputs = Inputs(*(np.asarray(v) for v in scenario.inputs_at(start_s + step_s / 2)))
    inputs = inputs._replace(
        **{name: np.full(len(step_s), value) for name, value in changes.items()}
    )
    forecast = Forecast(
        start_s,
        step_s,
        inputs,
        scenario.price_at(start_s),
        scenario.carbon_at(start_s),
    )
    now = Inputs(*(float(v[0]) for v in inputs))
    state = initial_state(SITE.facility, now, DESIGN)
    measured = dict.fromkeys(Outputs._fields, 0.5) | {
        "tower_supply_c": 20.0,
        "tower_return_c": 26.0,
        "rack_inlet_c": 25.0,
        "chip_c": 55.0,
        "tcs_supply_c": 30.0,
        "site_power_w": 6e6,
    }
    return Estimate(0.0, now, state, DESIGN, measured, ()), forecast


@pytest.fixture(scope="module")
def ordinary():
    return MpcController(SITE)


def sound(decision):
    """Finite, and what the guard makes of it lies within the limits."""
    assert np.isfinite(np.array(decision.setpoints, dtype=float)).all()
    assert decision.status in RUNGS
    written = guard(SITE.guard, decision.setpoints, DESIGN, 900.0, fresh_memory(0.0))
    for name, value in written.setpoints._asdict().items():
        limits = getattr(SITE.guard, name)
        assert limits.minimum <= value <= limits.maximum


def test_an_ordinary_day_is_planned(ordinary):
    estimate, forecast = situation()
    decision = ordinary.decide(estimate, forecast, 0.0)
    sound(decision)
    assert decision.status == "ok"
    assert "linearization error" in decision.reason


def test_without_a_forecast_the_rules_decide(ordinary):
    estimate, _ = situation()
    decision = ordinary.decide(estimate, None, 0.0)
    assert decision.status == "rules"
    assert "no forecast" in decision.reason
    assert decision.setpoints == RulesController(SITE).decide(estimate, None, 0.0)[0]


def test_a_price_that_is_missing_throughout_is_told_and_the_rules_decide(ordinary):
    estimate, forecast = situation()
    empty = forecast._replace(energy_price_usd_j=np.full(36, np.nan))
    decision = ordinary.decide(estimate, empty, 0.0)
    assert decision.status == "rules"
    assert "energy_price_usd_j" in decision.reason


def test_a_few_missing_values_are_filled_and_told(ordinary):
    estimate, forecast = situation()
    price = forecast.energy_price_usd_j.copy()
    price[[0, 7, 8]] = np.nan
    decision = ordinary.decide(
        estimate, forecast._replace(energy_price_usd_j=price), 0.0
    )
    sound(decision)
    assert "filled in energy_price_usd_j" in decision.reason
    filled, _ = usable(forecast._replace(energy_price_usd_j=price), 36)
    before, after = forecast.energy_price_usd_j[[6, 9]]
    assert filled.energy_price_usd_j[7] == pytest.approx(before + (after - before) / 3)


def test_a_forecast_of_another_length_is_refused(ordinary):
    estimate, forecast = situation()
    short = forecast._replace(step_s=forecast.step_s[:10])
    decision = ordinary.decide(estimate, short, 0.0)
    assert decision.status == "rules"
    assert "10 steps" in decision.reason


def test_a_heat_wave_beyond_the_plant_still_gets_a_plan_that_says_so(ordinary):
    hot = {"dry_bulb_c": 52.0, "wet_bulb_c": 38.0, "humidity_ratio": 0.045}
    estimate, forecast = situation(**hot, it_demand_w=10e6)
    decision = ordinary.decide(estimate, forecast, 0.0)
    sound(decision)
    assert "will exceed its limit" in decision.reason


def test_fifty_milliseconds_give_a_plan_or_a_rung():
    hasty = MpcController(SITE, MpcSettings(solve_limit_s=0.05))
    estimate, forecast = situation()
    for number in range(3):
        sound(hasty.decide(estimate, forecast, 900.0 * number))


def test_no_time_at_all_keeps_the_units_and_polishes():
    blind = MpcController(SITE, MpcSettings(solve_limit_s=1e-6))
    estimate, forecast = situation()
    decision = blind.decide(estimate, forecast, 0.0)
    sound(decision)
    assert decision.status in {"units_fixed", "last_plan"}
    assert "maxTimeLimit" in decision.reason


class Killed:
    """A solver process that is gone."""

    def __init__(self, config):
        self.config = config

    def solve(self, model):
        message = "killed"
        raise RuntimeError(message)


def test_a_solver_that_died_is_told_and_replaced(ordinary):
    estimate, forecast = situation()
    ordinary._model._solver = Killed(ordinary._model._solver.config)
    decision = ordinary.decide(estimate, forecast, 0.0)
    sound(decision)
    assert decision.status in {"units_fixed", "last_plan"}
    assert "solver failed: killed" in decision.reason
    assert ordinary.decide(estimate, forecast, 900.0).status == "ok"


def test_a_late_plan_is_never_applied():
    late = MpcController(SITE, MpcSettings(late_share=0.0))
    estimate, forecast = situation()
    decision = late.decide(estimate, forecast, 0.0)
    assert decision.status == "rules"
    assert decision.setpoints == RulesController(SITE).decide(estimate, None, 0.0)[0]
    assert late._plan is None


def test_the_anchor_hangs_on_the_clock_alone():
    _, forecast = situation()
    for now_h, wait_h in ((0.0, 16.0), (15.75, 0.25), (16.0, 24.0), (40.0, 24.0)):
        later = forecast._replace(time_s=forecast.time_s + now_h * 3600.0)
        assert until_full(later, 16 * 3600.0) == pytest.approx(wait_h * 3600.0)


def test_a_lever_that_just_moved_stays_until_the_guard_lets_it():
    _, forecast = situation()
    history = History(SITE)
    history.observe(0.0, DESIGN)
    moved = DESIGN._replace(tower_cells_on=5.0)
    history.observe(900.0, moved)
    wait_s = history.wait_s(900.0)
    assert wait_s["tower_cells_on"] == 1800.0 - 900.0
    low, high = windows(SITE, forecast, moved, wait_s)
    assert (low[0, 1], high[0, 1]) == (5.0, 5.0)
    assert low[2, 1] < 5.0


@pytest.mark.slow
def test_units_keep_their_least_times_in_the_recorded_run():
    run = simulate(SITE, load_scenario(SITE, "04-07", 12), MpcController(SITE))
    held = [e for e in run.guard_events if e.rule == "interval" and e.setpoint in UNITS]
    assert held == []
    for name in UNITS:
        values = run.setpoints[name].to_numpy()
        moves_s = run.setpoints["time_s"].to_numpy()[1:][np.diff(values) != 0.0]
        least_s = getattr(SITE.guard, name).minimum_interval_s
        assert (np.diff(moves_s) >= least_s).all()

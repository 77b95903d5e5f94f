"""The optimizer: its coefficients are the plant's, its plans are good and safe."""

import numpy as np
import pytest

from optimizer.linearize import (
    LEVERS,
    LIMITED,
    STRESS_STEPS,
    WHOLE,
    grid,
    reachable,
    respond,
    sample,
)
from optimizer.mpc import MpcController, MpcSettings, search_radius
from optimizer.plan_model import PlanModel, at_time
from optimizer.plan_problem import Deferred, PlanProblem
from optimizer.problem import Weights
from twin.compiled import initial_state
from twin.config import load_site
from twin.forecast import horizon_grid
from twin.interfaces import Estimate
from twin.scenario import load_scenario
from twin.signals import Inputs, Setpoints
from twin.simulate import make_forecaster

SITE = load_site("hybrid_10mw")
DESIGN = Setpoints(*map(float, SITE.design))
WEIGHTS = Weights()


def situation(date="07-15"):
    scenario = load_scenario(SITE, date, 24)
    now = Inputs(*(float(v) for v in scenario.inputs_at(0.0)))
    forecaster = make_forecaster(scenario)
    forecaster.observe(0.0, now)
    state = initial_state(SITE.facility, now, DESIGN)
    return forecaster.forecast(0.0), state, now


def sampled(date="07-15"):
    forecast, state, _ = situation(date)
    steps = len(forecast.time_s)
    base = Setpoints(*(np.full(steps, value) for value in DESIGN))
    response = respond(SITE.facility, WEIGHTS, state, forecast.inputs, base)
    first = Inputs(*(np.asarray(f)[:STRESS_STEPS] for f in forecast.inputs))
    short = Setpoints(*(np.asarray(f)[:STRESS_STEPS] for f in base))
    stressed = respond(SITE.facility, WEIGHTS, state, first, short)
    windows = reachable(SITE.guard, DESIGN, forecast.time_s + 900.0)
    values = grid(base, search_radius(SITE, MpcSettings().radius), windows)
    found = sample(
        SITE.facility,
        WEIGHTS,
        response,
        stressed,
        (forecast.inputs, first),
        base,
        values,
    )
    return forecast, state, base, found


def test_samples_are_the_plant_evaluated_directly():
    forecast, state, base, found = sampled()
    for t, lever, point in ((0, 0, 0), (5, 4, 3), (20, 2, 0), (30, 7, 4)):
        changed = getattr(base, LEVERS[lever]).copy()
        changed[t] = found.values[t, lever, point]
        moved = base._replace(**{LEVERS[lever]: changed})
        direct = respond(
            SITE.facility, WEIGHTS, state, forecast.inputs, moved, passes=80
        )
        plain = respond(SITE.facility, WEIGHTS, state, forecast.inputs, base, passes=80)
        expected_w = direct.site_w[t] - plain.site_w[t]
        assert found.site_w[t, lever, point] == pytest.approx(expected_w, abs=200.0)
        expected_k = direct.limited_c[t] - plain.limited_c[t]
        np.testing.assert_allclose(
            found.limited_k[t, lever, point], expected_k, atol=0.02
        )
    np.testing.assert_array_less(0.0, found.eco_saving_w)


def test_grid_stays_within_reach_and_cells_are_whole():
    forecast, _, _, found = sampled()
    low, high = reachable(SITE.guard, DESIGN, forecast.time_s + 900.0)
    assert (found.values >= low[:, :, None] - 1e-9).all()
    assert (found.values <= high[:, :, None] + 1e-9).all()
    units = found.values[:, WHOLE]
    np.testing.assert_array_equal(units, np.round(units))
    assert high[0, 0] == pytest.approx(20.0 + 15 * 0.2)


def problem(forecast, samples, **changes):
    limits = np.array(SITE.limits)
    numbers = PlanProblem(
        step_s=forecast.step_s,
        energy_usd_j=np.full(len(forecast.step_s), 50 / 3.6e9),
        points_usd=samples.beside_usd_s * forecast.step_s[:, None, None],
        samples=samples,
        headroom_k=limits - samples.base.limited_c,
        stress_headroom_k=np.full((STRESS_STEPS, len(LIMITED)), 99.0),
        eco_bounds=(np.zeros(len(forecast.step_s)), np.ones(len(forecast.step_s))),
        soc=0.9,
        soc_full=0.9,
        anchor_s=86400.0,
        refill_usd_j=50 / 3.6e9,
        jump_share=0.0,
        units_now=np.array([6.0, 96.0, 10.0]),
        eco_now=0.0,
        battery_now_w=0.0,
        peak_so_far_w=0.0,
        demand_usd_w=0.0,
    )
    return numbers._replace(**changes)


@pytest.fixture(scope="module")
def planned():
    forecast, _, _, samples = sampled()
    model = PlanModel(horizon_grid(), SITE)
    return forecast, samples, model


def test_plan_takes_the_cheapest_point_of_every_lever_when_nothing_couples(planned):
    forecast, samples, model = planned
    free = problem(
        forecast,
        samples,
        headroom_k=np.full_like(samples.base.limited_c, 99.0),
        points_usd=np.zeros(samples.values.shape),
    )
    solution = model.solve(free, gap_usd=0.01)
    best_w = samples.site_w.min(axis=2)
    continuous = [i for i in range(len(LEVERS)) if i not in WHOLE]
    hull_w = (
        samples.base.site_w + best_w[:, continuous].sum(axis=1) - samples.eco_saving_w
    )
    units_w = samples.site_w[:, WHOLE]
    most_w = units_w.max(axis=2).sum(axis=1)
    least_w = units_w.min(axis=2).sum(axis=1)
    bus_w = solution.site_w + solution.battery_w
    assert (bus_w <= hull_w + most_w + 1.0).all()
    assert (bus_w >= hull_w + least_w - 1.0).all()


def test_resolving_with_new_numbers_equals_a_fresh_model(planned):
    forecast, samples, model = planned
    dear = problem(
        forecast,
        samples,
        energy_usd_j=np.linspace(20, 90, len(forecast.step_s)) / 3.6e9,
    )
    model.solve(problem(forecast, samples), gap_usd=0.01)
    again = model.solve(dear, gap_usd=0.01)
    fresh = PlanModel(horizon_grid(), SITE).solve(dear, gap_usd=0.01)

    def cost(solution):
        return float(np.sum(solution.site_w * dear.energy_usd_j * dear.step_s))

    assert cost(again) == pytest.approx(cost(fresh), rel=1e-4)


def test_eco_mode_is_not_taken_where_it_is_not_admitted(planned):
    forecast, samples, model = planned
    allowed = np.ones(len(forecast.step_s))
    allowed[:8] = 0.0
    solution = model.solve(
        problem(forecast, samples, eco_bounds=(0.0 * allowed, allowed)), gap_usd=0.1
    )
    assert (solution.eco[:8] == 0).all()
    assert (solution.eco[8:] == 1).all()


def test_a_tight_limit_costs_energy_and_is_kept(planned):
    forecast, samples, model = planned
    free = model.solve(problem(forecast, samples), gap_usd=0.01)
    chip = LIMITED.index("chip_c")
    headroom = problem(forecast, samples).headroom_k.copy()
    headroom[:, chip] = -1.0  # a kelvin cooler than the base
    bound = model.solve(problem(forecast, samples, headroom_k=headroom), gap_usd=0.01)
    assert bound.site_w.sum() > free.site_w.sum()
    _, state, _ = situation()
    fields = {name: bound.levers[:, i] for i, name in enumerate(LEVERS)}
    idle = np.zeros(len(forecast.step_s))
    plan = Setpoints(**fields, ups_eco=bound.eco, battery_power_w=idle)
    found = respond(SITE.facility, WEIGHTS, state, forecast.inputs, plan)
    wanted_c = samples.base.limited_c[:, chip] - 1.0
    assert (found.limited_c[:, chip] <= wanted_c + 0.3).all()  # linearization left
    assert np.median(found.limited_c[:, chip] - wanted_c) <= 0.05


def test_battery_moves_energy_from_dear_to_cheap_hours_and_ends_as_it_began(planned):
    forecast, samples, model = planned
    price = np.where(np.arange(len(forecast.step_s)) < 18, 20.0, 300.0) / 3.6e9
    solution = model.solve(
        problem(forecast, samples, energy_usd_j=price, soc=0.6, soc_full=0.6),
        gap_usd=0.01,
    )
    assert solution.battery_w[:18].min() < -1e5
    assert solution.battery_w[18:].max() > 1e5
    eta = SITE.facility.power.battery.one_way_efficiency
    out_j = np.maximum(solution.battery_w, 0.0) / eta
    in_j = np.maximum(-solution.battery_w, 0.0) * eta
    assert np.sum((in_j - out_j) * forecast.step_s) >= -1.0


def test_weights_of_an_instant_interpolate_between_the_ends_of_steps():
    step_s = np.array([900.0, 900.0, 3600.0])
    at_ends = np.array([2.0, 3.0, 7.0])
    for time_s in (0.0, 300.0, 900.0, 1000.0, 5400.0):
        share = at_time(step_s, time_s)
        expected = np.interp(time_s, [0.0, 900.0, 1800.0, 5400.0], [1.0, *at_ends])
        assert share @ at_ends + (1.0 - share.sum()) * 1.0 == pytest.approx(expected)


def spread_price(forecast, dear_usd_mwh):
    """Cheap until the afternoon, dear from 16:00 to 20:00."""
    dear = (forecast.time_s >= 16 * 3600.0) & (forecast.time_s < 20 * 3600.0)
    return np.where(dear, dear_usd_mwh, 30.0) / 3.6e9


@pytest.mark.parametrize("dear_usd_mwh", [30.0, 60.0])
def test_battery_rests_where_the_spread_does_not_pay_losses_and_wear(
    planned, dear_usd_mwh
):
    forecast, samples, model = planned
    price = spread_price(forecast, dear_usd_mwh)
    solution = model.solve(
        problem(forecast, samples, energy_usd_j=price, soc=0.95, soc_full=0.95),
        gap_usd=0.01,
    )
    np.testing.assert_allclose(solution.battery_w, 0.0, atol=1.0)


def test_battery_works_where_the_spread_pays_losses_and_wear(planned):
    forecast, samples, model = planned
    price = spread_price(forecast, 150.0)
    solution = model.solve(
        problem(forecast, samples, energy_usd_j=price, soc=0.95, soc_full=0.95),
        gap_usd=0.01,
    )
    assert solution.soc.min() < 0.62
    assert solution.battery_w[price < 40 / 3.6e9].max() < 1.0


def test_battery_is_full_at_the_anchor_wherever_it_lies(planned):
    forecast, samples, model = planned
    price = spread_price(forecast, 150.0)
    for hours in (4.0, 10.0, 16.0, 23.0):
        solution = model.solve(
            problem(
                forecast,
                samples,
                energy_usd_j=price,
                soc=0.62,
                soc_full=0.95,
                anchor_s=hours * 3600.0,
            ),
            gap_usd=0.01,
        )
        ends_s = np.cumsum(forecast.step_s)
        due = float(np.interp(hours * 3600.0, ends_s, solution.soc))
        most = 0.62 + 0.97 * 0.5e6 * hours * 3600.0 / 9e9
        assert due == pytest.approx(min(0.95, most), abs=1e-4)


def test_objective_is_monotone_in_what_the_battery_may_do(planned):
    """What may do less never costs less; a fuller start never costs more."""
    forecast, samples, model = planned
    price = spread_price(forecast, 150.0)
    numbers = problem(
        forecast, samples, energy_usd_j=price, demand_usd_w=5e-4, soc_full=0.95
    )
    starts = [
        model.solve(numbers._replace(soc=soc), gap_usd=0.01).cost_usd
        for soc in (0.6, 0.7, 0.8, 0.9, 0.95)
    ]
    assert (np.diff(starts) <= 0.02).all()
    battery = SITE.facility.power.battery
    sizes = []
    for share in (0.0, 0.3, 1.0):
        small = battery._replace(
            discharge_power_w=share * battery.discharge_power_w,
            charge_power_w=share * battery.charge_power_w,
        )
        power = SITE.facility.power._replace(battery=small)
        site = SITE._replace(facility=SITE.facility._replace(power=power))
        other = PlanModel(horizon_grid(), site)
        sizes.append(other.solve(numbers._replace(soc=0.95), gap_usd=0.01).cost_usd)
    assert (np.diff(sizes) <= 0.02).all()
    assert sizes[2] < sizes[0] - 1.0


def test_jobs_that_may_wait_run_in_cheap_hours_between_their_two_curves(planned):
    forecast, samples, model = planned
    ends_s = np.cumsum(forecast.step_s)
    total_j = 2e6 * 6 * 3600.0
    soonest = np.minimum(2e6 * ends_s, total_j)
    latest = np.clip(2e6 * (ends_s - 12 * 3600.0), 0.0, total_j)
    steps = np.ones(len(ends_s))
    jobs = Deferred(latest, soonest, 1.1 * steps, 2e6 * 6 * steps, 0.0 * steps)
    cheap = (forecast.time_s >= 9 * 3600.0) & (forecast.time_s < 13 * 3600.0)
    price = np.where(cheap, 20.0, 90.0) / 3.6e9
    numbers = problem(forecast, samples, energy_usd_j=price)
    found = model.solve(numbers._replace(deferred=jobs), gap_usd=0.01)
    taken = np.cumsum(found.deferred_w * forecast.step_s)
    assert (taken <= soonest * (1 + 1e-6) + 1.0).all()
    assert (taken >= latest - 1.0).all()
    assert taken[-1] == pytest.approx(total_j, rel=1e-6)
    assert np.sum((found.deferred_w * forecast.step_s)[cheap]) > 0.99 * total_j
    without = model.solve(numbers, gap_usd=0.01)
    np.testing.assert_array_equal(without.deferred_w, 0.0)
    assert without.cost_usd < found.cost_usd


def test_a_weak_connection_is_kept_by_battery_and_cap():
    forecast, _, _, samples = sampled()
    wide = PlanModel(horizon_grid(), SITE).solve(problem(forecast, samples), 0.1)
    limit_w = float(wide.site_w.max()) - 0.3e6
    power = SITE.facility.power._replace(grid_limit_w=limit_w)
    site = SITE._replace(facility=SITE.facility._replace(power=power))
    found = PlanModel(horizon_grid(), site).solve(problem(forecast, samples), 0.1)
    assert found.site_w.max() <= limit_w + 1.0
    assert found.cost_usd > wide.cost_usd


def test_solving_again_prints_nothing(planned, capfd):
    """Standard output belongs to ``--json``; HiGHS 1.16 warned there by the thousand."""
    forecast, samples, _ = planned
    model = PlanModel(horizon_grid(), SITE)
    for price in (20.0, 90.0, 20.0):
        numbers = problem(
            forecast, samples, energy_usd_j=np.full(len(forecast.step_s), price) / 3.6e9
        )
        model.solve(numbers, gap_usd=0.01)
    assert capfd.readouterr() == ("", "")


def test_the_plan_costs_on_the_twin_what_its_program_says():
    """Small moves of all levers: the linear sum and the twin agree to 1 % of overhead."""
    forecast, state, base, _ = sampled("04-07")
    base = base._replace(ups_eco=np.ones(len(forecast.step_s)))
    windows = reachable(SITE.guard, DESIGN, forecast.time_s + 900.0)
    radius = 0.1 * search_radius(SITE, MpcSettings().radius)
    response = respond(SITE.facility, WEIGHTS, state, forecast.inputs, base)
    first = Inputs(*(np.asarray(f)[:STRESS_STEPS] for f in forecast.inputs))
    short = Setpoints(*(np.asarray(f)[:STRESS_STEPS] for f in base))
    stressed = respond(SITE.facility, WEIGHTS, state, first, short)
    found = sample(
        SITE.facility,
        WEIGHTS,
        response,
        stressed,
        (forecast.inputs, first),
        base,
        grid(base, radius, windows),
    )
    numbers = problem(forecast, found, eco_now=1.0)
    plan = PlanModel(horizon_grid(), SITE).solve(numbers, 0.01)
    fields = {name: plan.levers[:, i] for i, name in enumerate(LEVERS)}
    idle = np.zeros(len(forecast.step_s))
    moved = Setpoints(**fields, ups_eco=plan.eco, battery_power_w=idle)
    twin = respond(SITE.facility, WEIGHTS, state, forecast.inputs, moved, passes=80)
    miss = plan.site_w + plan.battery_w - twin.site_w
    overhead_w = twin.site_w - forecast.inputs.it_demand_w
    assert np.abs(miss).sum() / overhead_w.sum() <= 0.01
    assert plan.site_w.sum() < response.site_w.sum()


def test_bad_data_holds_what_is_active():
    forecast, state, now = situation()
    odd = DESIGN._replace(tower_supply_c=17.0)
    seen = Estimate(0.0, now, state, odd, {}, ("inputs.wet_bulb_c: bad comm",))
    decision = MpcController(SITE).decide(seen, forecast, 0.0)
    assert decision.setpoints == odd
    assert decision.status == "bad_data"
    assert "wet_bulb_c" in decision.reason

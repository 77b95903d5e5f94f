"""Many plants at once are the same plants one by one, and nobody sees the future."""

import numpy as np
import pytest

from optimizer.problem import Prices, Weights, bill
from optimizer.rl import batch, cases, observation
from optimizer.rl.batch import Batch, Prepared
from optimizer.rl.costs import SITE_W
from optimizer.rl.observation import AHEAD, LEADS_S
from twin.forecast import DAY_S
from twin.kpis import HOURS_PER_MONTH
from twin.signals import Inputs, Outputs, Setpoints
from twin.weather import YEAR_S

LEVERS = 10


def lived(prepared: Prepared, days: list[int], action: np.ndarray) -> list[np.ndarray]:
    """Observations of each cycle under given actions (cycles, LEVERS)."""
    plants = Batch(prepared)
    plants.begin(np.array(days))
    seen = [plants.observed()]
    for row in action:
        plants.advance(np.tile(row, (len(days), 1)))
        seen.append(plants.observed())
    return seen


def random_actions(cycles: int) -> np.ndarray:
    return np.random.default_rng(0).uniform(-1.0, 1.0, (cycles, LEVERS))


def test_the_same_days_twice_are_the_same_to_the_bit(place: cases.Place) -> None:
    first, second = (
        batch.prepare(place, 2, np.random.default_rng(9), judged=False) for _ in "ab"
    )
    action = random_actions(8)
    for one, other in zip(
        lived(first, [0, 1], action), lived(second, [0, 1], action), strict=True
    ):
        np.testing.assert_array_equal(one, other)


def test_many_plants_are_each_as_if_alone(prepared: Prepared) -> None:
    action = random_actions(12)
    together = lived(prepared, [0, 1, 2], action)
    for day in range(3):
        alone = lived(prepared, [day], action)
        for many, one in zip(together, alone, strict=True):
            np.testing.assert_array_equal(many[day], one[0])


def test_a_plant_begins_again_while_others_go_on(prepared: Prepared) -> None:
    plants = Batch(prepared)
    plants.begin(np.array([0, 1]))
    for row in random_actions(6):
        plants.advance(np.tile(row, (2, 1)))
    untouched = plants.observed()[1]
    plants.restart(np.array([0]), np.array([2]))
    fresh = Batch(prepared)
    fresh.begin(np.array([2]))
    np.testing.assert_array_equal(plants.observed()[0], fresh.observed()[0])
    np.testing.assert_array_equal(plants.observed()[1], untouched)
    still = np.zeros((2, LEVERS))
    np.testing.assert_array_equal(
        plants.advance(still).usd[0], fresh.advance(still[:1]).usd[0]
    )


def test_an_action_of_zero_is_the_rules(prepared: Prepared) -> None:
    plants = Batch(prepared)
    plants.begin(np.array([0, 1, 2]))
    for _ in range(plants.cycles - plants.warm_up):
        told = plants.advance(np.zeros((3, LEVERS)))
        np.testing.assert_array_equal(told.usd, told.rules_usd)
        np.testing.assert_array_equal(told.share, 1.0)


def test_an_action_that_is_not_zero_moves_the_plant(prepared: Prepared) -> None:
    plants = Batch(prepared)
    plants.begin(np.array([0]))
    told = [plants.advance(row[None]) for row in random_actions(12)]
    assert any(one.usd[0] != one.rules_usd[0] for one in told)


def test_interval_costs_add_up_to_the_bill(prepared: Prepared) -> None:
    """The environment's reward and the comparison's objective are one thing."""
    plants = Batch(prepared)
    plants.begin(np.array([1]))
    start = plants.moment
    scans = plants._pace.scans
    before = (start.carried.row[0].copy(), start.carried.active[0].copy())
    way = start.carried.direction[0].copy()
    told = [plants.advance(row[None]) for row in random_actions(96)]
    usd = sum(one.usd[0] for one in told)
    rows = np.concatenate([one.rows[0] for one in told])
    step_s = np.full(len(rows), plants.site.control.control_interval_s / scans)
    inputs = prepared.days.at_cycles[1, :, plants.warm_up :]
    priced = prepared.priced[1, plants.warm_up :]
    prices = Prices(
        np.repeat(priced[:, 0], scans),
        np.repeat(priced[:, 1], scans),
        plants.site.tariff.demand_charge_usd_w_month * 24.0 / HOURS_PER_MONTH,
        float(prepared.start.carried.peak_w[1]),
        np.repeat(prepared.pv_w[1, plants.warm_up :], scans),
    )
    active = np.array([one.active[0] for one in told])
    items = bill(
        plants.site,
        Weights(),
        prices,
        step_s,
        Inputs(*np.repeat(inputs, scans, axis=1)),
        Outputs(*rows.T),
        Setpoints(*active.T),
    )
    # the bill of a day does not know the starts and reversals of its first interval
    first = abs(usd - (items.total - items.charge_owed))
    assert np.any(active[0] != before[1]) or np.any(way != 0.0)
    assert first <= 0.02 * items.wear + 1e-6 * items.total


def test_energy_closes_in_every_interval(prepared: Prepared) -> None:
    plants = Batch(prepared)
    plants.begin(np.array([0, 1, 2]))
    electrical, thermal = (
        Outputs._fields.index(name)
        for name in ("electrical_residual_w", "thermal_residual_w")
    )
    for row in random_actions(24):
        told = plants.advance(np.tile(row, (3, 1)))
        site_w = told.rows[:, :, SITE_W]
        assert np.all(np.abs(told.rows[:, :, electrical]) <= 1e-6 * site_w)
        assert np.all(np.abs(told.rows[:, :, thermal]) <= 1e-6 * site_w)


@pytest.mark.parametrize("hour", [6, 12])
def test_nobody_sees_the_future(place: cases.Place, hour: int) -> None:
    """Another world from some hour on: until then not one observation differs."""
    case = cases.draw(place, np.random.default_rng(21))
    turn_s = cases.WARM_UP_S + hour * 3600.0
    seen = []
    for turned_s in (np.inf, turn_s):
        one = case._replace(scenario=_changed_after(case.scenario, turned_s))
        made = batch.lived([one], place, np.random.default_rng(1), judged=False)
        seen.append(lived(made, [0], random_actions(4 * hour + 8)))
    same = [np.array_equal(a, b) for a, b in zip(*seen, strict=True)]
    # the guard of every simulation knows the worst of two hours, see twin.walks
    known = round(place.site.spare.outlook_s / 900.0) + 1
    assert all(same[: 4 * hour - known])
    assert not all(same)


def _changed_after(scenario: cases.Scenario, turn_s: float) -> cases.Scenario:
    """Warmer by 5 K and another load from an hour on; prices are published ahead."""
    weather = scenario.weather
    at_s = np.mod(weather.time_s - scenario.start_s, YEAR_S)
    late = (at_s >= turn_s + 3600.0) & (at_s < 20.0 * DAY_S)
    warm = cases.warmed(weather.air, 5.0)
    air = type(warm)(
        *(np.where(late, a, b) for a, b in zip(warm, weather.air, strict=True))
    )
    time_s = np.arange(-2.0 * DAY_S, 3.0 * DAY_S, 300.0)
    power_w = np.asarray(scenario.inputs_at(time_s).it_demand_w)
    power_w = np.where(time_s >= turn_s, 0.5 * power_w, power_w)
    load = cases.Workload(
        "changed", time_s + 2.0 * DAY_S, power_w, 5.0 * DAY_S, 2.0 * DAY_S
    )
    return scenario._replace(weather=weather._replace(air=air), load=load)


def test_expected_values_are_of_the_past_alone(place: cases.Place) -> None:
    """In a world that repeats every day, what is expected is what comes."""
    case = cases.draw(place, np.random.default_rng(2))
    flat = case.scenario.load._replace(
        time_s=np.array([0.0, DAY_S / 2.0]),
        power_w=np.array([4e6, 6e6]),
        period_s=DAY_S,
        begin_s=0.0,
    )
    made = cases.tables(
        place, case._replace(scenario=case.scenario._replace(load=flat))
    )
    column = 1 * len(AHEAD) + AHEAD.index("it_demand_w")  # in an hour
    at_s = made.now.control_s + LEADS_S[1]
    truth = case.scenario._replace(load=flat).inputs_at(at_s).it_demand_w
    np.testing.assert_allclose(made.ahead[:, column], truth, rtol=1e-9)


def test_observations_are_of_order_one_at_every_site() -> None:
    from optimizer.rules import RuleParameters
    from twin.config import load_site
    from twin.resources import available

    for name in available("sites", ".yaml"):
        site = load_site(name)
        ground = cases.place_of(
            site, RuleParameters(), (site.defaults.weather,), (site.defaults.load,)
        )
        made = batch.prepare(ground, 1, np.random.default_rng(1), judged=False)
        plants = Batch(made)
        plants.begin(np.array([0]))
        seen = plants.observed()[0]
        assert seen.shape == (observation.COUNT,)
        assert np.isfinite(seen).all()
        wild = [observation.names()[k] for k in np.flatnonzero(np.abs(seen) > 6.0)]
        assert not wild, name

"""The learned controller hands over where it must, and nothing passes shield and guard."""

import numpy as np
import pytest

from optimizer.compare import compare
from optimizer.rl import observation, shield
from optimizer.rl.controller import Gates, RlController
from optimizer.rl.policy import Policy
from optimizer.rules import RulesController
from twin.config import load_site
from twin.envelope import excess
from twin.forecast import Forecast, horizon_grid
from twin.interfaces import Estimate
from twin.scenario import load_scenario
from twin.signals import Inputs, Outputs, Setpoints
from twin.simulate import initial_state, run

SITE = load_site("hybrid_10mw")
NOW = Inputs(24.0, 16.0, 0.009, 82e3, 7e6)
ACTIVE = Setpoints(*map(float, SITE.design))


@pytest.fixture(scope="module")
def estimate() -> Estimate:
    state = initial_state(SITE.facility, NOW, ACTIVE)
    series = Inputs(*(np.full(15, value) for value in NOW))
    state, rows = run(SITE.facility, state, series, ACTIVE, 60.0)
    measured = dict(zip(Outputs._fields, rows[-1].tolist(), strict=True))
    return Estimate(0.0, NOW, state, ACTIVE, measured, ())


def forecast(inputs: Inputs = NOW, now_s: float = 0.0) -> Forecast:
    step_s = horizon_grid()
    time_s = now_s + np.concatenate([[0.0], np.cumsum(step_s)[:-1]])
    series = Inputs(*(np.full(len(step_s), value) for value in inputs))
    price, carbon = (np.full(len(step_s), value) for value in (6e-9, 1e-7))
    return Forecast(time_s, step_s, series, price, carbon)


def controller(policy: Policy, gates: Gates | None = None) -> RlController:
    return RlController(SITE, policy, "rl:test", gates=gates)


def by_rules(estimate: Estimate) -> Setpoints:
    return RulesController(SITE).decide(estimate, None, 0.0).setpoints


def test_the_policy_moves_the_setpoints_beside_the_rules(
    policy: Policy, estimate: Estimate
) -> None:
    made = controller(policy).decide(estimate, forecast(), 0.0)
    assert made.status == "ok"
    assert made.setpoints != by_rules(estimate)
    assert made.setpoints.ups_eco == by_rules(estimate).ups_eco


@pytest.mark.parametrize("name", ["chip_c", "site_power_w", "in_row_valve"])
def test_a_missing_reading_hands_over(
    policy: Policy, estimate: Estimate, name: str
) -> None:
    for measured in (
        {k: v for k, v in estimate.measured.items() if k != name},
        {**estimate.measured, name: float("nan")},
    ):
        blind = estimate._replace(measured=measured)
        made = controller(policy).decide(blind, forecast(), 0.0)
        assert made.status == "rules"
        assert name in made.reason


def test_no_forecast_no_readings_and_problems_hand_over(
    policy: Policy, estimate: Estimate
) -> None:
    learned = controller(policy)
    assert learned.decide(estimate, None, 0.0).setpoints == by_rules(estimate)
    fresh = estimate._replace(measured={})
    assert learned.decide(fresh, forecast(), 0.0).setpoints == SITE.design
    told = estimate._replace(problems=("chip_c: stale",))
    made = learned.decide(told, forecast(), 0.0)
    assert (made.status, made.reason) == ("rules", "rules: chip_c: stale")


def test_a_plant_unlike_the_training_hands_over_and_says_what(
    policy: Policy, estimate: Estimate
) -> None:
    narrow = policy._replace(low=policy.low * 0.0 - 9.0, high=policy.high * 0.0 + 9.0)
    place = observation.names().index("wet_bulb_c now")
    narrow.high[place] = 0.0
    hot = estimate._replace(inputs=NOW._replace(wet_bulb_c=24.0, dry_bulb_c=30.0))
    assert controller(narrow).decide(estimate, forecast(), 0.0).status == "ok"
    made = controller(narrow, Gates(widen=0.0)).decide(hot, forecast(), 0.0)
    assert made.status == "rules"
    assert "wet_bulb_c now is outside" in made.reason


def test_a_plant_that_does_not_follow_the_twin_is_left_to_the_rules(
    policy: Policy, estimate: Estimate
) -> None:
    learned = controller(policy)
    learned.decide(estimate, forecast(), 0.0)
    for k in (1, 2):
        off = {**estimate.measured, "chip_c": estimate.measured["chip_c"] + 8.0}
        strange = estimate._replace(measured=off, time_s=900.0 * k)
        made = learned.decide(strange, forecast(now_s=900.0 * k), 900.0 * k)
    assert made.status == "rules"
    assert "does not follow" in made.reason
    later = learned.decide(estimate, forecast(now_s=2700.0), 2700.0)
    assert later.status == "rules"
    after = learned.decide(estimate, forecast(now_s=7200.0), 7200.0)
    assert after.status == "ok"


def greedy(policy: Policy) -> Policy:
    """Wants least cooling, always."""
    last = policy.layers[-1]
    toward = np.array([1, -1, -1, -1, 1, -1, 1, 1, -1, -1], dtype=float)
    return policy._replace(
        layers=(
            policy.layers[0],
            last._replace(weight=0.0 * last.weight, bias=5.0 * toward),
        )
    )


def test_the_shield_keeps_the_limits_on_the_twin(
    policy: Policy, estimate: Estimate
) -> None:
    close = estimate._replace(setpoints=ACTIVE._replace(air_supply_c=25.0))
    warm = NOW._replace(wet_bulb_c=22.0, dry_bulb_c=30.0, it_demand_w=1e7)
    learned = controller(greedy(policy))
    made = learned.decide(close, forecast(warm), 0.0)
    safe = np.array(by_rules(close), dtype=float)
    worst = Inputs(*(max(a, b) for a, b in zip(warm, close.inputs, strict=True)))
    scene = shield.scene_of(SITE, close.state, worst)
    risk = excess(scene, np.array(made.setpoints, dtype=float))
    assert risk <= excess(scene, safe) + 0.02
    assert made.held_back > 0.0


def test_leaning_on_the_shield_hands_over(policy: Policy, estimate: Estimate) -> None:
    learned = controller(greedy(policy), Gates(held_back=0.01))
    warm = NOW._replace(wet_bulb_c=22.0, dry_bulb_c=30.0, it_demand_w=1e7)
    close = estimate._replace(setpoints=ACTIVE._replace(air_supply_c=25.0))
    first = [learned.decide(close, forecast(warm), 0.0) for _ in range(2)]
    assert [one.status for one in first] == ["ok", "ok"]
    assert learned.decide(close, forecast(warm), 0.0).status == "rules"


def test_peak_pause_and_last_action_survive_a_restart(
    policy: Policy, estimate: Estimate
) -> None:
    before = controller(greedy(policy), Gates(held_back=-1.0))
    for _ in range(2):
        before.decide(estimate, forecast(), 0.0)
    after = controller(greedy(policy))
    after.restore(before.state())
    assert after.state() == before.state()
    assert after.decide(estimate, forecast(), 900.0).status == "rules"
    with pytest.raises(ValueError, match="2 actions, expected 10"):
        after.restore({**before.state(), "last": [0.0, 0.0]})


def test_the_shield_expects_the_load_of_the_last_day_again(
    policy: Policy, estimate: Estimate
) -> None:
    """A calm forecast after a jump: what the load reached it may reach at once."""
    low = estimate._replace(inputs=NOW._replace(it_demand_w=3e6))
    full = estimate._replace(inputs=NOW._replace(it_demand_w=1e7))
    calm = forecast(low.inputs)
    held = []
    for before in (low, full):
        learned = controller(greedy(policy))
        learned.decide(before, None, -900.0)
        held.append(learned.decide(low, calm, 0.0).held_back)
    assert held[1] > held[0]


def test_the_worst_policy_keeps_the_limits_for_a_day(policy: Policy) -> None:
    """Random weights and pure greed: shield and guard hold, whatever is proposed."""
    scenario = load_scenario(SITE, "07-15", 24.0)
    learned = [controller(policy), controller(greedy(policy))]
    for one, name in zip(learned, ("rl:random", "rl:greedy"), strict=True):
        one.name = name
    for one in compare(SITE, scenario, learned, SITE.facility):
        assert not one.guard_violations
        # of a jump of the load within a scan, which no outlook knows
        assert one.kpis.violation_kh < 0.2, one.name

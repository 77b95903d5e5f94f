"""The closed loop without a wire."""

import numpy as np
import pytest

from optimizer.fixed import FixedController
from optimizer.rules import RulesController
from twin.compiled import run
from twin.config import load_site
from twin.perturb import perturb
from twin.scenario import load_scenario
from twin.signals import Inputs, Outputs, Setpoints
from twin.simulate import initial_state, simulate

SITE = load_site("hybrid_10mw")
SCENARIO = load_scenario(SITE, "07-15", 3)


def test_fixed_run_equals_the_plain_run_of_the_twin():
    result = simulate(SITE, SCENARIO, FixedController(SITE))
    first = Inputs(*(float(v) for v in SCENARIO.inputs_at(0.0)))
    design = Setpoints(*map(float, SITE.design))
    start = initial_state(SITE.facility, first, design)
    times = np.arange(30.0, 3 * 3600.0, 60.0)
    _, out = run(SITE.facility, start, SCENARIO.inputs_at(times), design, 60.0)
    site_w = out[:, Outputs._fields.index("site_power_w")]
    np.testing.assert_allclose(
        result.telemetry["site_power_w"], site_w.reshape(-1, 5).mean(axis=1), rtol=1e-12
    )
    assert len(result.telemetry) == 36
    assert len(result.setpoints) == 12


def test_same_run_twice_is_the_same_bit_for_bit():
    one = simulate(SITE, SCENARIO, RulesController(SITE))
    other = simulate(SITE, SCENARIO, RulesController(SITE))
    assert one.telemetry.equals(other.telemetry)
    assert one.setpoints.equals(other.setpoints)


def test_perturbed_plant_differs_and_is_reproducible():
    def built(seed, spread=0.05):
        return perturb(SITE.facility, np.random.default_rng(seed), spread)

    assert built(1) == built(1)
    assert built(1) != built(2)
    assert built(1, 0.0) == SITE.facility
    tower, nominal = built(1).heat_rejection.tower, SITE.facility.heat_rejection.tower
    assert tower.ua_w_k != nominal.ua_w_k
    assert abs(tower.ua_w_k / nominal.ua_w_k - 1.0) <= 0.05
    assert built(1).power.ups_count == SITE.facility.power.ups_count


def test_a_controller_that_asks_for_nonsense_cannot_leave_the_limits():
    class Mad:
        name = "mad"

        def decide(self, estimate, forecast, now_s):
            from twin.interfaces import Decision

            values = [float("nan"), 1e9, -1e9, float("inf"), 0.0] * 2
            return Decision(Setpoints(*values), "nonsense")

    result = simulate(SITE, SCENARIO, Mad())
    assert result.guard_violations == []
    assert len(result.guard_events) > 0
    for name in Setpoints._fields:
        limits = getattr(SITE.guard, name)
        assert result.setpoints[name].between(limits.minimum, limits.maximum).all()
    assert np.isfinite(result.telemetry["site_power_w"]).all()


@pytest.mark.parametrize("dt_s", [30.0, 300.0])
def test_energy_does_not_depend_on_the_step(dt_s):
    base = simulate(SITE, SCENARIO, FixedController(SITE))
    other = simulate(SITE, SCENARIO, FixedController(SITE), dt_s=dt_s)
    ratio = (
        other.telemetry["site_power_w"].mean() / base.telemetry["site_power_w"].mean()
    )
    assert ratio == pytest.approx(1.0, abs=1e-3)

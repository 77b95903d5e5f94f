"""The guard: whatever is proposed, what comes out is safe to write."""

import math
import os

from hypothesis import given, settings
from hypothesis import strategies as st

from twin.config import load_site
from twin.guard import LEAST_COIL_DIFFERENCE_K, fresh_memory, guard, violations
from twin.signals import Setpoints

SITE = load_site("hybrid_10mw")
LIMITS = SITE.guard
DESIGN = Setpoints(*map(float, SITE.design))
EXAMPLES = int(os.environ.get("WETBULB_EXAMPLES", "50"))  # 100000 on demand
anything = st.one_of(
    st.floats(-1e9, 1e9), st.sampled_from([math.nan, math.inf, -math.inf, -0.0, 5e-324])
)
proposals = st.builds(Setpoints, *[anything for _ in Setpoints._fields])


def test_design_passes_unchanged():
    result = guard(LIMITS, DESIGN, DESIGN, 900.0, fresh_memory(0.0))
    assert result.setpoints == DESIGN
    assert result.events == ()


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    st.lists(st.tuples(proposals, st.sampled_from([5.0, 300.0, 900.0])), max_size=20)
)
def test_any_sequence_of_proposals_stays_within_limits_and_rates(sequence):
    active, now_s, memory = DESIGN, 0.0, fresh_memory(0.0)
    for proposed, wait_s in sequence:
        now_s += wait_s
        result = guard(LIMITS, proposed, active, now_s, memory)
        assert violations(LIMITS, result.setpoints, active, wait_s) == []
        for name in Setpoints._fields:
            limits = getattr(LIMITS, name)
            value = getattr(result.setpoints, name)
            assert limits.minimum <= value <= limits.maximum
            moved = abs(value - getattr(active, name))
            assert moved <= limits.rate_per_minute * wait_s / 60.0 + 1e-6
            if limits.whole_number:
                assert value == round(value)
        water_c = result.setpoints.chilled_water_c
        assert water_c <= result.setpoints.air_supply_c - LEAST_COIL_DIFFERENCE_K
        active, memory = result.setpoints, result.memory


def event(result, name):
    return [e.rule for e in result.events if e.setpoint == name]


def test_rate_and_clamp_are_reported_with_what_was_wanted():
    wanted = DESIGN._replace(tower_supply_c=99.0)
    result = guard(LIMITS, wanted, DESIGN, 60.0, fresh_memory(0.0))
    assert event(result, "tower_supply_c") == ["clamp", "rate"]
    assert result.events[0].wanted == 99.0
    assert (
        result.setpoints.tower_supply_c == 20.0 + LIMITS.tower_supply_c.rate_per_minute
    )


def test_deadband_holds_small_moves():
    wanted = DESIGN._replace(tcs_supply_c=30.05)
    result = guard(LIMITS, wanted, DESIGN, 900.0, fresh_memory(0.0))
    assert result.setpoints.tcs_supply_c == 30.0
    assert event(result, "tcs_supply_c") == ["deadband"]


def test_minimum_interval_holds_a_second_move():
    first = guard(
        LIMITS, DESIGN._replace(tower_cells_on=5.0), DESIGN, 900.0, fresh_memory(0.0)
    )
    assert first.setpoints.tower_cells_on == 5.0
    again = guard(
        LIMITS,
        first.setpoints._replace(tower_cells_on=4.0),
        first.setpoints,
        1800.0,
        first.memory,
    )
    assert again.setpoints.tower_cells_on == 5.0
    assert event(again, "tower_cells_on") == ["interval"]
    later = guard(
        LIMITS,
        first.setpoints._replace(tower_cells_on=4.0),
        first.setpoints,
        2700.0,
        first.memory,
    )
    assert later.setpoints.tower_cells_on == 4.0


def test_active_value_outside_comes_back_at_the_allowed_rate():
    outside = DESIGN._replace(tower_supply_c=40.0)
    result = guard(LIMITS, outside, outside, 60.0, fresh_memory(0.0))
    rate = LIMITS.tower_supply_c.rate_per_minute
    assert math.isclose(result.setpoints.tower_supply_c, 40.0 - rate)
    assert violations(LIMITS, result.setpoints, outside, 60.0) == []


def test_violations_finds_what_a_broken_guard_would_let_through():
    jump = DESIGN._replace(tower_supply_c=29.0)
    found = violations(LIMITS, jump, DESIGN, 60.0)
    assert len(found) == 1
    assert "tower_supply_c" in found[0]
    outside = DESIGN._replace(tower_pump_speed=1.5)
    assert len(violations(LIMITS, outside, DESIGN, 3600.0)) == 1

"""Each rule of the guard at its very edge, without a plant."""

import math

import numpy as np
import pytest

from tests.twin.test_guard import DESIGN, LIMITS
from twin.envelope import as_boxes
from twin.guard import (
    HOUR_S,
    LEAST_COIL_DIFFERENCE_K,
    GuardMemory,
    admit,
    coil_envelope,
    crossed,
    fresh_memory,
    guard,
    violations,
)
from twin.signals import Setpoints
from twin.site import MOST_STARTS, Forbidden, SetpointLimits

PLAIN = SetpointLimits(0.0, 10.0, 1.0, 0.5, 100.0)
COUNT = SetpointLimits(0.0, 10.0, 0.4, 0.5, 0.0, True, 2)  # as in a file
NEVER = math.inf


@pytest.mark.parametrize(
    ("wanted", "active", "elapsed_s", "moved_s", "allowed", "held"),
    [
        (5.5, 5.0, 60.0, NEVER, 5.5, 0),  # a step of the deadband passes
        (5.49, 5.0, 60.0, NEVER, 5.0, 1),
        (4.51, 5.0, 60.0, NEVER, 5.0, 1),
        (5.0, 5.0, 60.0, 0.0, 5.0, 0),  # nothing wanted is nothing held
        (6.0, 5.0, 60.0, 100.0, 6.0, 0),  # the interval is just over
        (6.0, 5.0, 60.0, 99.9, 5.0, 2),
        (7.0, 5.0, 60.0, NEVER, 6.0, 3),  # one a minute
        (3.0, 5.0, 60.0, NEVER, 4.0, 3),
        (7.0, 5.0, 120.0, NEVER, 7.0, 0),
        (7.0, 5.0, 90.0, NEVER, 6.5, 3),
        (7.0, 5.0, 0.0, NEVER, 5.0, 3),
        (12.0, 12.2, 60.0, 0.0, 11.2, 3),  # from outside neither interval
        (10.0, 10.2, 60.0, 0.0, 10.0, 0),  # nor deadband count
        (0.0, -0.2, 60.0, 0.0, 0.0, 0),
        (0.2, 0.0, 60.0, NEVER, 0.0, 1),  # the edge itself is inside
        (9.8, 10.0, 60.0, NEVER, 10.0, 1),
        (11.0, 9.5, 60.0, NEVER, 10.0, 0),
        (-1.0, 0.5, 60.0, NEVER, 0.0, 0),
        (math.nan, 5.0, 60.0, NEVER, 5.0, 0),
        (math.inf, 5.0, 60.0, NEVER, 5.0, 0),
    ],
)
def test_one_setpoint(wanted, active, elapsed_s, moved_s, allowed, held):
    made = admit(PLAIN, wanted, active, elapsed_s, moved_s, NEVER)
    assert made.allowed == pytest.approx(allowed, abs=1e-12)
    assert made.held_by == held


@pytest.mark.parametrize(
    ("wanted", "active", "elapsed_s", "start_s", "allowed", "held"),
    [
        (6.0, 5.0, 150.0, NEVER, 6.0, 0),  # 0.4 a minute is one in 2.5 minutes
        (6.0, 5.0, 149.0, NEVER, 5.0, 3),
        (7.0, 5.0, 299.0, NEVER, 6.0, 3),
        (5.4, 5.0, 600.0, NEVER, 5.0, 0),
        (5.6, 5.0, 600.0, NEVER, 6.0, 0),
        (6.0, 5.0, 150.0, HOUR_S, 6.0, 0),
        (6.0, 5.0, 150.0, HOUR_S - 1.0, 5.0, 4),
        (4.0, 5.0, 150.0, 0.0, 4.0, 0),  # stopping is no start
        (0.0, -1.0, 150.0, 0.0, 0.0, 0),  # from outside it is the way back
    ],
)
def test_one_lever_of_whole_numbers(wanted, active, elapsed_s, start_s, allowed, held):
    made = admit(COUNT, wanted, active, elapsed_s, NEVER, start_s)
    assert (made.allowed, made.held_by) == (allowed, held)


def test_starts_do_not_count_for_what_is_no_number_of_units():
    assert admit(PLAIN, 6.0, 5.0, 60.0, NEVER, 0.0).allowed == 6.0


@pytest.mark.parametrize(
    ("water", "air", "was_water", "was_air", "safe"),
    [
        (20.0, 21.0, 15.0, 25.0, (20.0, 21.0)),  # the difference itself is enough
        (20.1, 21.0, 15.0, 25.0, (15.0, 25.0)),
        (20.0, 20.9, 20.0, 21.0, (20.0, 21.0)),
        (24.0, 22.0, 23.0, 23.0, (23.0, 23.0)),  # crossed before: apart only
        (22.0, 22.5, 23.0, 23.0, (22.0, 23.0)),
        (23.5, 24.0, 23.0, 23.0, (23.0, 24.0)),
    ],
)
def test_water_stays_colder_than_the_air(water, air, was_water, was_air, safe):
    assert coil_envelope(water, air, was_water, was_air) == safe


def test_crossing_begins_below_the_least_difference():
    assert not crossed(20.0, 20.0 + LEAST_COIL_DIFFERENCE_K)
    assert crossed(20.0, 19.9 + LEAST_COIL_DIFFERENCE_K)
    assert LEAST_COIL_DIFFERENCE_K == 1.0


def test_events_of_a_crossing_name_both():
    active = DESIGN._replace(chilled_water_c=22.0, air_supply_c=23.2)
    wanted = active._replace(chilled_water_c=22.5, air_supply_c=23.0)
    result = guard(LIMITS, wanted, active, 900.0, fresh_memory(0.0))
    assert result.setpoints == active
    assert [(e.setpoint, e.rule, e.wanted, e.allowed) for e in result.events] == [
        ("chilled_water_c", "envelope", 22.5, 22.0),
        ("air_supply_c", "envelope", 23.0, 23.2),
    ] or [e.rule for e in result.events] == ["envelope", "deadband"]


def test_memory_knows_moves_starts_and_the_last_check():
    wanted = DESIGN._replace(tower_cells_on=5.0, tcs_supply_c=31.0)
    first = guard(LIMITS, wanted, DESIGN, 900.0, fresh_memory(0.0))
    assert first.memory == GuardMemory(
        {"tower_cells_on": 900.0, "tcs_supply_c": 900.0}, 900.0, {}
    )
    again = guard(LIMITS, DESIGN, first.setpoints, 3600.0, first.memory)
    assert again.setpoints == DESIGN
    assert again.memory.started_s == {"tower_cells_on": (3600.0,)}
    many = again.memory._replace(
        started_s={"tower_cells_on": tuple(map(float, range(6)))}
    )
    last = guard(LIMITS, DESIGN, first.setpoints, 90000.0, many)
    starts_s = last.memory.started_s["tower_cells_on"]
    assert starts_s == (90000.0, 0.0, 1.0, 2.0, 3.0, 4.0)
    assert len(starts_s) == MOST_STARTS


def test_a_clock_that_goes_back_gives_no_room():
    wanted = DESIGN._replace(tcs_supply_c=31.0)
    assert guard(LIMITS, wanted, DESIGN, 0.0, fresh_memory(900.0)).setpoints == DESIGN


@pytest.mark.parametrize(
    ("count", "past_s", "passes"),
    [(1, (600.0,), False), (2, (600.0,), True), (2, (600.0, 300.0), False),
     (2, (600.0, -1800.0), True), (1, (-1800.0,), True)],
)  # fmt: skip
def test_the_oldest_start_that_counts_decides(count, past_s, passes):
    cells = LIMITS.tower_cells_on._replace(
        starts_per_hour=count, minimum_interval_s=0.0
    )
    limits = LIMITS._replace(tower_cells_on=cells)
    active = DESIGN._replace(tower_cells_on=5.0)
    memory = GuardMemory({}, 900.0, {"tower_cells_on": past_s})
    result = guard(limits, DESIGN, active, 1800.0, memory)
    assert result.setpoints.tower_cells_on == (6.0 if passes else 5.0)
    assert [e.rule for e in result.events] == ([] if passes else ["starts"])


def test_what_is_held_by_one_pair_may_meet_a_second():
    """tcs meets air; air then stays, and meets the pump, which has to stay as well."""
    boxes = as_boxes(
        (
            Forbidden("air_supply_c", (0.0, 24.2), "tower_pump_speed", (0.0, 0.95)),
            Forbidden("tcs_supply_c", (30.5, 40.0), "air_supply_c", (24.5, 30.0)),
        )
    )
    wanted = DESIGN._replace(tcs_supply_c=31.0, air_supply_c=25.0, tower_pump_speed=0.9)
    result = guard(LIMITS, wanted, DESIGN, 900.0, fresh_memory(0.0), boxes)
    assert result.setpoints == DESIGN
    assert {e.rule for e in result.events} == {"forbidden"}
    assert len(result.events) == 3


def test_violations_at_their_edges():
    at = DESIGN._replace(tcs_supply_c=LIMITS.tcs_supply_c.maximum)
    assert violations(LIMITS, at, at, 0.0) == []
    rate = LIMITS.tcs_supply_c.rate_per_minute
    step = DESIGN._replace(tcs_supply_c=DESIGN.tcs_supply_c + rate)
    assert violations(LIMITS, step, DESIGN, 60.0) == []
    assert len(violations(LIMITS, step, DESIGN, 59.0)) == 1
    down = DESIGN._replace(tcs_supply_c=DESIGN.tcs_supply_c - rate)
    assert len(violations(LIMITS, down, DESIGN, 59.0)) == 1
    low = DESIGN._replace(tcs_supply_c=LIMITS.tcs_supply_c.minimum - 1.0)
    assert violations(LIMITS, low, low, 60.0) == []
    lower = low._replace(tcs_supply_c=low.tcs_supply_c - 0.05)
    assert "outside" in violations(LIMITS, lower, low, 60.0)[0]
    back = low._replace(tcs_supply_c=low.tcs_supply_c + 0.05)
    assert violations(LIMITS, back, low, 60.0) == []


@pytest.mark.parametrize("edge", ["minimum", "maximum"])
def test_a_move_onto_a_limit_is_no_violation(edge):
    limit = getattr(LIMITS.tcs_supply_c, edge)
    onto, middle = DESIGN._replace(tcs_supply_c=limit), DESIGN
    assert violations(LIMITS, onto, middle, 86400.0) == []


def test_as_far_beyond_on_the_other_side_is_no_return():
    at_30 = LIMITS.tcs_supply_c._replace(minimum=30.0, maximum=30.0)
    limits = LIMITS._replace(tcs_supply_c=at_30)
    below, above = (DESIGN._replace(tcs_supply_c=v) for v in (29.0, 31.0))
    assert "outside" in violations(limits, above, below, 86400.0)[0]


def test_rounding_of_a_move_that_has_no_time():
    assert DESIGN.battery_power_w == 0.0
    least = DESIGN._replace(battery_power_w=1e-9)
    more = DESIGN._replace(battery_power_w=2e-9)
    assert violations(LIMITS, least, DESIGN, 0.0) == []
    assert len(violations(LIMITS, more, DESIGN, 0.0)) == 1


def test_rounding_passes_and_is_not_taken_for_the_rate():
    free = PLAIN._replace(deadband=0.0)
    assert admit(free, 1e-12, 0.0, 0.0, NEVER, NEVER)[3:] == (1e-12, 0.0)
    assert admit(free, 2e-12, 0.0, 0.0, NEVER, NEVER)[3:] == (0.0, 3.0)


def test_results_are_plain_floats_for_every_setpoint():
    result = guard(
        LIMITS, DESIGN, Setpoints(*map(np.float64, DESIGN)), 1.0, fresh_memory(0)
    )
    assert all(type(value) is float for value in result.setpoints)

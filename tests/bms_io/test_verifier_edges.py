"""Each comparison of the second look at its very edge, with limits of round numbers."""

import math

import pytest

from bms_io.limits import Limit, limits_of
from bms_io.verifier import Verifier
from tests.bms_io.test_verifier import POINTS, SITE

NAME = "tcs_supply_c"
TOLERANCE_K = 0.01  # of the map
SLACK_K = 1e-6 * 32.0  # of the wider limit
AT_ZERO = SITE.design._replace(tcs_supply_c=0.0)
WIDE = Limit(-32.0, 32.0, 0.5, 0.0, "down")
BELOW_ZERO = WIDE._replace(maximum=0.0)
ABOVE_ZERO = WIDE._replace(minimum=0.0, maximum=32.0)
ROOM_K = 0.5 * 15.0 + SLACK_K + TOLERANCE_K  # in a quarter of an hour


def second_look(limit=WIDE, active=AT_ZERO, longest_s=math.inf, points=POINTS):
    limits = limits_of(SITE)
    limits = limits._replace(setpoints={**limits.setpoints, NAME: limit})
    return Verifier(limits, points, active, since_s=0.0, longest_s=longest_s)


def passes(look, value, active=AT_ZERO, now_s=900.0, emergency=False):
    return look.refusals({NAME: value}, active, now_s, emergency) == []


def holding(value):
    return AT_ZERO._replace(tcs_supply_c=value)


@pytest.mark.parametrize(
    ("limit", "value"),
    [(BELOW_ZERO, SLACK_K), (ABOVE_ZERO, -SLACK_K)],
)
def test_a_limit_gives_way_by_rounding_and_no_more(limit, value):
    assert passes(second_look(limit), value)
    assert not passes(second_look(limit), math.nextafter(value, 2.0 * value))


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_the_room_to_move_is_rate_rounding_and_tolerance(sign):
    assert passes(second_look(), sign * ROOM_K)
    assert not passes(second_look(), sign * math.nextafter(ROOM_K, math.inf))


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_from_outside_the_same_distance_is_not_the_way_back(sign):
    limit, far = WIDE._replace(minimum=-8.0, maximum=8.0), holding(sign * 12.0)
    for value, back in ((12.5, False), (12.0, False), (11.5, True), (8.0, True)):
        found = second_look(limit, far)
        assert passes(found, sign * value, far) == back


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_the_other_side_of_the_limits_is_not_the_way_back_either(sign):
    limit = WIDE._replace(minimum=-8.0, maximum=8.0, rate_per_minute=5.0)
    far = holding(sign * 12.0)
    assert not passes(second_look(limit, far), -sign * 13.0, far)


def test_a_read_back_within_its_tolerance_moves_nothing():
    assert passes(second_look(), -ROOM_K, holding(TOLERANCE_K))
    beyond = holding(math.nextafter(TOLERANCE_K, 1.0))
    assert not passes(second_look(), -ROOM_K, beyond)


def test_what_somebody_else_moved_counts_from_there():
    assert passes(second_look(), 7.0 + 5.0, holding(5.0))
    assert not passes(second_look(), -7.0, holding(5.0))
    assert not passes(second_look(), 7.0, holding(-5.0))


def test_the_longest_time_without_a_look_limits_the_room():
    assert not passes(second_look(longest_s=600.0), 5.5)
    assert passes(second_look(longest_s=600.0), 5.0)
    assert not passes(second_look(longest_s=3600.0), 8.0)
    assert passes(second_look(), 30.0, now_s=3600.0)


def test_a_setpoint_without_a_write_rule_has_no_tolerance():
    point = POINTS.points[f"setpoints.{NAME}"]._replace(write=None)
    points = POINTS._replace(points={**POINTS.points, point.name: point})
    bare_k = 0.5 * 15.0 + SLACK_K
    assert passes(second_look(points=points), bare_k)
    assert not passes(second_look(points=points), math.nextafter(bare_k, 8.0))


@pytest.mark.parametrize(
    ("safer", "value", "opened"),
    [
        ("down", 4.0, True),  # where it is, is not up
        ("down", 3.0, True),
        ("down", 5.0, False),
        ("up", 4.0, False),
        ("up", 5.0, True),
        ("up", 3.0, False),
        ("up", TOLERANCE_K, True),  # the default, as near as it is read back
        ("up", -TOLERANCE_K, True),
        ("up", math.nextafter(TOLERANCE_K, 1.0), False),
    ],
)
def test_the_safe_side_in_an_emergency(safer, value, opened):
    active = holding(4.0)
    look = second_look(WIDE._replace(safer=safer), active)
    found = look.refusals({NAME: value}, active, 900.0, emergency=True)
    assert (found == []) == opened


def test_what_was_written_counts_before_it_is_read_back():
    look = second_look()
    assert passes(look, 7.0)
    assert passes(look, 14.0, holding(7.0), now_s=1800.0)
    assert not passes(look, 22.0, holding(14.0), now_s=2700.0)


def test_a_read_back_near_what_was_written_counts_from_what_was_written():
    look = second_look()
    assert passes(look, 5.0)
    near = holding(5.0 + 0.5 * TOLERANCE_K)
    assert passes(look, 5.0 - ROOM_K + 1e-9, near, now_s=1800.0)


def test_the_same_distance_on_the_other_side_of_zero_is_a_move():
    look = second_look(active=holding(-4.0))
    assert passes(look, 11.0, holding(4.0))

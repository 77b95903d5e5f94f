"""The second look refuses what the guard should never have let through."""

import math
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bms_io.limits import limits_of
from bms_io.points import load_points
from bms_io.verifier import Verifier
from twin.config import load_site
from twin.guard import fresh_memory, guard
from twin.resources import resolve
from twin.signals import Setpoints

SITE = load_site("hybrid_10mw")
POINTS = load_points(resolve("hybrid_10mw", "points", ".yaml"))
EXAMPLES = int(os.environ.get("WETBULB_EXAMPLES", "50"))  # 100000 on demand
wild = st.floats(allow_nan=True, allow_infinity=True) | st.floats(-10, 50)


def verifier():
    return Verifier(limits_of(SITE), POINTS, SITE.design, since_s=-900.0)


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("tcs_supply_c", 36.5, "not within 24 to 36"),
        ("tcs_supply_c", 31.6, "moves +1.6 in 15 min, allowed is 1.5"),
        ("tower_cells_on", 1.0, "not within 2 to 6"),
        ("battery_power_w", math.nan, "not a number"),
    ],
)
def test_a_write_outside_the_guard_limits_is_refused(name, value, why):
    assert why in "; ".join(verifier().refusals({name: value}, SITE.design, 0.0))


def test_a_write_within_them_passes_and_counts_from_there():
    second_look = verifier()
    assert second_look.refusals({"tcs_supply_c": 31.5}, SITE.design, 0.0) == []
    moved = SITE.design._replace(tcs_supply_c=31.5)
    assert second_look.refusals({"tcs_supply_c": 32.9}, moved, 900.0) == []
    assert second_look.refusals({"tcs_supply_c": 34.6}, moved, 1800.0)


def test_time_without_a_write_is_not_saved_up():
    second_look = verifier()
    second_look.refusals({}, SITE.design, 0.0)
    second_look.refusals({}, SITE.design, 900.0)
    assert second_look.refusals({"tcs_supply_c": 33.0}, SITE.design, 1800.0)


def test_from_outside_the_limits_only_the_way_back_is_open():
    hot = SITE.design._replace(tcs_supply_c=39.0)
    assert verifier().refusals({"tcs_supply_c": 38.0}, hot, 0.0) == []
    assert verifier().refusals({"tcs_supply_c": 39.5}, hot, 0.0)


@given(st.lists(st.tuples(*[wild] * len(Setpoints._fields)), min_size=1, max_size=8))
@settings(max_examples=EXAMPLES, deadline=None)
def test_whatever_is_proposed_the_guard_leaves_nothing_to_refuse(proposals):
    second_look, memory = verifier(), fresh_memory(-900.0)
    active = SITE.design
    for turn, proposal in enumerate(proposals):
        now_s = 900.0 * turn
        result = guard(SITE.guard, Setpoints(*proposal), active, now_s, memory)
        values = {
            name: float(value)
            for name, value in result.setpoints._asdict().items()
            if value != getattr(active, name)
        }
        assert second_look.refusals(values, active, now_s) == []
        active, memory = result.setpoints, result.memory


@pytest.mark.parametrize(
    ("name", "value", "passes"),
    [
        ("tcs_supply_c", 24.0, True),  # colder at once, whatever the rate
        ("tcs_supply_c", 31.0, False),
        ("tcs_supply_c", 23.0, False),  # limits stay
        ("tower_pump_speed", 0.9, False),
        ("ups_eco", 0.0, True),  # already safe, and its default
        ("battery_power_w", 1e5, False),
    ],
)
def test_in_an_emergency_only_the_safe_side_is_open(name, value, passes):
    found = verifier().refusals({name: value}, SITE.design, 0.0, emergency=True)
    assert (found == []) == passes


def test_in_an_emergency_the_default_is_always_open():
    cold = SITE.design._replace(tcs_supply_c=25.0)
    values = {"tcs_supply_c": float(SITE.design.tcs_supply_c)}
    assert verifier().refusals(values, cold, 0.0, emergency=True) == []
    values = {"tcs_supply_c": 27.0}
    assert verifier().refusals(values, cold, 0.0, emergency=True)


def test_a_refused_write_is_not_taken_for_written():
    second_look = verifier()
    assert second_look.refusals({"tcs_supply_c": 34.0}, SITE.design, 0.0)
    assert second_look.refusals({"tcs_supply_c": 34.0}, SITE.design, 900.0)

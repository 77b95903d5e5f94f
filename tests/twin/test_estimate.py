"""Estimates: bad readings are named and replaced by the last good value."""

import math

from twin.config import load_site
from twin.estimate import critical, estimate
from twin.interfaces import Quality, Reading, Snapshot
from twin.signals import Inputs, Outputs, Setpoints

SITE = load_site("hybrid_10mw")
NAMES = [
    *(f"inputs.{name}" for name in Inputs._fields),
    *(f"outputs.{name}" for name in Outputs._fields),
    *(f"active.{name}" for name in Setpoints._fields),
]


def snapshot(time_s=0.0, **changes):
    readings = {name: Reading(1.0, Quality.GOOD, time_s, time_s) for name in NAMES}
    readings.update({name.replace("__", "."): value for name, value in changes.items()})
    return Snapshot(time_s, readings)


def test_complete_snapshot_has_no_problems():
    found = estimate(SITE, snapshot(), None)
    assert found.problems == ()
    assert found.measured.keys() == set(Outputs._fields)


def test_bad_critical_reading_is_named_and_the_last_value_stands_in():
    first = estimate(SITE, snapshot(), None)
    bad = Reading(99.0, Quality.BAD, 300.0, 300.0, "out_of_range")
    second = estimate(SITE, snapshot(300.0, outputs__tcs_supply_c=bad), first)
    assert second.problems == ("outputs.tcs_supply_c: bad out_of_range",)
    assert second.state.tcs_supply_c == 1.0
    assert "tcs_supply_c" not in second.measured


def test_uncertain_readings_are_used():
    doubt = Reading(7.0, Quality.UNCERTAIN, 0.0, 0.0, "spike")
    assert (
        estimate(SITE, snapshot(inputs__wet_bulb_c=doubt), None).inputs.wet_bulb_c
        == 7.0
    )


def test_every_critical_signal_missing_at_start_is_a_problem_not_a_crash():
    found = estimate(SITE, Snapshot(0.0, {}), None)
    assert len(found.problems) == len(critical(SITE))
    assert found.setpoints == SITE.design
    assert math.isnan(found.inputs.wet_bulb_c)


def test_time_since_the_last_chiller_start_is_followed():
    def with_chillers(time_s, on, before):
        reading = Reading(on, Quality.GOOD, time_s, time_s)
        return estimate(SITE, snapshot(time_s, outputs__chillers_on=reading), before)

    first = with_chillers(0.0, 0.0, None)
    second = with_chillers(300.0, 1.0, first)
    third = with_chillers(600.0, 1.0, second)
    assert second.state.chiller_hold_s == 0.0
    assert third.state.chiller_hold_s == 300.0

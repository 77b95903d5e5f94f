"""Alarms through their lives."""

import pytest

from bms_io.daemon.alarm_table import SHIFT_S, Alarm, alarm_table
from bms_io.daemon.alarms import AlarmBook, Condition, Standing

PLAIN = Alarm("plain", 2, "c", "r", 10.0, 60.0, 120.0, 0.5, False, "above")
LATCHED = PLAIN._replace(name="latched", on_delay_s=0, off_delay_s=0, latch=True)
ABOVE = PLAIN._replace(name="above", priority=1, on_delay_s=0, suppressed_by="")
ON, OFF = Condition(True, "hot"), Condition(False)


def book(*alarms):
    return AlarmBook({alarm.name: alarm for alarm in alarms})


def test_a_condition_counts_when_it_lasted_and_ends_when_it_stayed_away():
    alarms = book(PLAIN, ABOVE)
    course = [(0, ON), (30, OFF), (40, ON), (90, ON), (100, ON), (110, OFF), (200, OFF)]
    seen = [
        (t, c.new) for t, is_on in course for c in alarms.update(t, {"plain": is_on})
    ]
    assert seen == [(100, Standing.UNACKNOWLEDGED)]
    assert [c.new for c in alarms.update(230.0, {"plain": OFF})] == [Standing.NORMAL]


def test_within_the_deadband_it_stays():
    alarms = book(LATCHED._replace(latch=False, suppressed_by=""))
    alarms.update(0.0, {"latched": ON})
    assert alarms.update(1.0, {"latched": Condition(False, clear=False)}) == []
    assert len(alarms.update(2.0, {"latched": Condition(False, clear=True)})) == 1


def test_a_latched_alarm_stays_until_somebody_has_seen_it():
    alarms = book(LATCHED)
    alarms.update(0.0, {"latched": ON})
    alarms.update(1.0, {"latched": OFF})
    assert alarms.entries["latched"].standing is Standing.RETURNED
    assert alarms.standing(1.0) == ["latched"]
    assert alarms.acknowledge("latched", 2.0).new is Standing.NORMAL
    assert alarms.standing(2.0) == []


def test_what_stands_above_suppresses_what_it_makes_pointless():
    alarms = book(PLAIN._replace(on_delay_s=0), ABOVE)
    seen = alarms.update(0.0, {"plain": ON, "above": ON})
    assert [c.alarm for c in seen] == ["above"]
    assert alarms.standing(0.0) == ["above"]
    alarms.update(1.0, {"plain": ON})
    assert "plain" in alarms.standing(1.0)


def test_shelved_it_is_silent_for_at_most_a_shift():
    alarms = book(LATCHED)
    alarms.shelve("latched", "ann", 0.0, 1e9)
    assert alarms.update(1.0, {"latched": ON}) == []
    assert alarms.standing(SHIFT_S - 1.0) == []
    assert alarms.standing(SHIFT_S + 1.0) == ["latched"]


def test_a_slow_fault_may_lie_on_its_shelf_for_weeks():
    alarms = AlarmBook(alarm_table())
    alarms.update(0.0, {"slow_fault": ON})
    alarms.shelve("slow_fault", "ann", 0.0, 1e9)
    assert alarms.standing(3 * SHIFT_S) == []
    assert alarms.standing(32 * 86400.0) == ["slow_fault"]


def test_chattering_is_seen():
    alarms = book(LATCHED)
    for turn in range(6):
        alarms.update(60.0 * turn, {"latched": ON if turn % 2 == 0 else OFF})
        alarms.acknowledge("latched", 60.0 * turn)
    assert alarms.chattering(360.0) == ["latched"]
    assert alarms.chattering(7200.0) == []


@pytest.mark.parametrize("alarm", alarm_table().values(), ids=lambda a: a.name)
def test_every_shipped_alarm_tells_what_to_do(alarm):
    assert alarm.consequence
    assert alarm.response
    assert alarm.respond_within_min > 0

"""A snapshot says of every point how far it may be trusted."""

import math

import pytest

from bms_io.snapshot import freeze
from twin.interfaces import Quality, Reading, Snapshot

CHIP = "outputs.chip_c"


def reading(value, time_s, quality=Quality.GOOD):
    return Reading(value, quality, time_s, time_s)


@pytest.fixture
def steady(points):
    """The reference map with a limit on how fast a chip can warm up."""
    chip = points.points[CHIP]._replace(rate_max_per_s=0.1, stale_s=600.0)
    return points._replace(points={**points.points, CHIP: chip})


def chip(point_map, readings, now_s, previous=None):
    return freeze(point_map, readings, now_s, previous).readings[CHIP]


def test_every_input_appears_and_what_was_not_read_is_bad(points):
    snapshot = freeze(points, {CHIP: reading(60.0, 300.0)}, 300.0)
    assert set(snapshot.readings) == {
        name for name, point in points.points.items() if point.table == "input"
    }
    assert snapshot.readings[CHIP].quality is Quality.GOOD
    missing = snapshot.readings["outputs.site_power_w"]
    assert missing.quality is Quality.BAD
    assert math.isnan(missing.value)


def test_a_missing_reading_lives_on_until_it_is_stale(steady):
    first = freeze(steady, {CHIP: reading(60.0, 300.0)}, 300.0)
    second = freeze(steady, {}, 900.0, first)
    assert second.readings[CHIP] == (
        60.0,
        Quality.UNCERTAIN,
        300.0,
        300.0,
        "last value 600 s",
    )
    third = chip(steady, {}, 901.0, second)
    assert third.quality is Quality.BAD
    assert third.detail == "stale 601 s"


def test_a_reading_from_long_ago_is_stale(steady):
    old = chip(steady, {CHIP: reading(60.0, 300.0)}, 1000.0)
    assert old.quality is Quality.BAD


@pytest.mark.parametrize(
    ("value", "quality"), [(69.0, Quality.GOOD), (95.0, Quality.UNCERTAIN)]
)
def test_a_change_that_is_too_fast_is_uncertain(steady, value, quality):
    before = Snapshot(300.0, {CHIP: reading(60.0, 300.0)})
    assert chip(steady, {CHIP: reading(value, 400.0)}, 400.0, before).quality is quality


def test_bad_stays_bad(steady):
    bad = Reading(999.0, Quality.BAD, 400.0, 400.0, "out_of_range")
    before = Snapshot(300.0, {CHIP: reading(60.0, 300.0)})
    assert chip(steady, {CHIP: bad}, 400.0, before) == bad

"""Standing still, scan groups and voting turn values into qualities."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bms_io.snapshot import ProcessImage
from bms_io.status_codes import status_of
from bms_io.voting import vote
from twin.interfaces import Quality, Reading

CHIP, FAN = "outputs.chip_c", "outputs.tower_fan_speed"
SECOND, THIRD = f"{CHIP}@b", f"{CHIP}@c"


def reading(value, time_s, quality=Quality.GOOD, detail=""):
    return Reading(value, quality, time_s, time_s, detail)


def changed(points, name, **fields):
    point = points.points[name]._replace(**fields)
    return points._replace(points={**points.points, name: point})


def course(point_map, name, values, step_s=60.0):
    """Qualities of one point over cycles with these values."""
    image, before, seen = ProcessImage(point_map), None, []
    for number, value in enumerate(values):
        now_s = number * step_s
        found = {name: reading(value, now_s)}
        before = image.freeze(found, now_s, before, [name])
        seen.append(before.readings[name])
    return seen


def test_a_value_that_stands_still_becomes_uncertain_and_recovers(points):
    watched = changed(points, CHIP, flatline_s=180.0)
    seen = course(watched, CHIP, [60.0, 60.0, 60.0, 60.0, 60.0, 60.1])
    assert [r.quality.value for r in seen] == ["good"] * 3 + ["uncertain"] * 2 + [
        "good"
    ]
    assert seen[3].detail == "stuck 180 s"
    assert status_of(seen[3]).name == "UncertainSensorNotAccurate"


def test_noise_below_the_tolerance_is_no_movement_but_creeping_is(points):
    watched = changed(points, CHIP, flatline_s=180.0, flatline_tolerance=0.05)
    noisy = course(watched, CHIP, [60.0, 60.04, 59.97, 60.02, 60.01])
    creeping = course(watched, CHIP, [60.0 + 0.03 * n for n in range(9)])
    assert noisy[-1].quality is Quality.UNCERTAIN
    assert {r.quality for r in creeping} == {Quality.GOOD}


def test_a_point_may_rest_where_the_map_says_so(points):
    watched = changed(points, FAN, flatline_s=180.0, rests_at=(0.0, 1.0))
    assert {r.quality for r in course(watched, FAN, [0.0] * 9)} == {Quality.GOOD}
    assert {r.quality for r in course(watched, FAN, [1.0] * 9)} == {Quality.GOOD}
    assert course(watched, FAN, [0.4] * 9)[-1].quality is Quality.UNCERTAIN


def test_without_flatline_s_nothing_is_stuck(points):
    assert course(points, CHIP, [60.0] * 1000)[-1].quality is Quality.GOOD


def test_a_bad_reading_does_not_count_as_movement(points):
    watched = changed(points, CHIP, flatline_s=180.0)
    image, before = ProcessImage(watched), None
    for number in range(6):
        bad = number in (1, 2)
        quality = Quality.BAD if bad else Quality.GOOD
        now_s = 60.0 * number
        found = {CHIP: reading(60.0, now_s, quality)}
        before = image.freeze(found, now_s, before, [CHIP])
    assert before.readings[CHIP].detail == "stuck 300 s"


def test_slow_points_are_read_in_their_turn_and_stay_good_between(points):
    slow = changed(points, CHIP, scan="slow", stale_s=1000.0)._replace(
        scan_every={"fast": 1, "normal": 1, "slow": 3}
    )
    image, before, asked = ProcessImage(slow), None, []
    for number in range(6):
        due = image.due(before)
        asked.append(CHIP in due)
        assert {"plant.mode", "plant.remote_enable", "clock.time_s", FAN} <= set(due)
        now_s = 60.0 * number
        found = {n: reading(40.0, now_s) for n in due}
        before = image.freeze(found, now_s, before, due)
        assert before.readings[CHIP].quality is Quality.GOOD
    assert asked == [True, False, False, True, False, False]
    assert before.readings[CHIP].source_time_s == 180.0


def test_a_slow_point_that_is_not_good_is_read_again_at_once(points):
    slow = changed(points, CHIP, scan="slow")
    image = ProcessImage(slow)
    lost = {CHIP: reading(float("nan"), 0.0, Quality.BAD, "comm")}
    before = image.freeze(lost, 0.0, None, image.due(None))
    assert CHIP in image.due(before)


def test_a_slow_point_that_is_stale_is_bad_although_not_due(points):
    slow = changed(points, CHIP, stale_s=100.0)
    image = ProcessImage(slow)
    before = image.freeze({CHIP: reading(40.0, 0.0)}, 0.0, None, [CHIP])
    late = image.freeze({}, 101.0, before, [FAN]).readings[CHIP]
    assert (late.quality, late.detail) == (Quality.BAD, "stale 101 s")


def three(points):
    """The map with three chip sensors that vote."""
    first = points.points[CHIP]
    voting = first._replace(redundant_with=(SECOND, THIRD), redundant_tolerance=1.0)
    labelled = {n: first._replace(name=n) for n in (SECOND, THIRD)}
    return points._replace(points={**points.points, CHIP: voting, **labelled})


@pytest.mark.parametrize(
    ("values", "believed", "quality", "third"),
    [
        ((60.0, 60.4, 60.2), 60.2, "good", "good"),
        ((60.0, 60.4, 90.0), 60.4, "good", "uncertain"),
        ((60.0, 70.0, 80.0), 70.0, "uncertain", "good"),
        ((60.0, None, 60.6), 60.3, "good", "good"),
        ((None, None, 60.0), 60.0, "uncertain", "good"),
        ((60.0, None, 66.0), 63.0, "uncertain", "good"),
    ],
)
def test_the_median_is_believed(points, values, believed, quality, third):
    readings = {
        name: reading(value, 0.0)
        if value is not None
        else reading(float("nan"), 0.0, Quality.BAD, "comm: gone")
        for name, value in zip((CHIP, SECOND, THIRD), values, strict=True)
    }
    voted = vote(three(points), readings)
    assert voted[CHIP].value == pytest.approx(believed)
    assert voted[CHIP].quality == quality
    assert voted[THIRD].quality == third
    if quality == "uncertain":
        assert status_of(voted[CHIP]).name == "UncertainSubNormal"


def test_without_any_usable_voter_the_point_stays_bad(points):
    gone = reading(float("nan"), 0.0, Quality.BAD, "comm: gone")
    voted = vote(three(points), dict.fromkeys((CHIP, SECOND, THIRD), gone))
    assert voted[CHIP] == gone
    assert status_of(gone).name == "BadNoCommunication"
    assert status_of(gone).classic == 0


@given(
    st.lists(st.floats(0.0, 100.0), min_size=3, max_size=3),
    st.sampled_from([CHIP, SECOND, THIRD]),
    st.floats(-1e6, 1e6),
)
@settings(max_examples=50)
def test_one_liar_never_moves_a_good_vote_beyond_the_honest(points, values, liar, lie):
    readings = {
        name: reading(value, 0.0)
        for name, value in zip((CHIP, SECOND, THIRD), values, strict=True)
    }
    honest = [r.value for n, r in readings.items() if n != liar]
    readings[liar] = reading(lie, 0.0)
    voted = vote(three(points), readings)[CHIP]
    assert min(honest) - 1e-9 <= voted.value <= max(honest) + 1e-9


@pytest.mark.parametrize(
    ("quality", "detail", "name", "classic"),
    [
        (Quality.GOOD, "", "Good", 192),
        (Quality.UNCERTAIN, "last value 60 s", "UncertainLastUsableValue", 64),
        (Quality.UNCERTAIN, "out of service", "Uncertain", 64),
        (Quality.BAD, "out_of_range 0 to 1", "BadOutOfRange", 0),
        (Quality.BAD, "sentinel 65535", "BadSensorFailure", 0),
        (Quality.BAD, "something new", "Bad", 0),
    ],
)
def test_reasons_in_the_words_of_opc_ua(quality, detail, name, classic):
    status = status_of(reading(0.0, 0.0, quality, detail))
    assert (status.name, status.classic) == (name, classic)

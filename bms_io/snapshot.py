"""Freeze the readings of one cycle: everything that decides sees the same values."""

from collections.abc import Mapping

from bms_io.points import Point, PointMap
from twin.interfaces import Quality, Reading, Snapshot


def freeze(
    point_map: PointMap,
    readings: Mapping[str, Reading],
    now_s: float,
    previous: Snapshot | None = None,
) -> Snapshot:
    """Make the snapshot of a cycle.

    Parameters
    ----------
    point_map
        Every readable point of it appears in the snapshot.
    readings
        What was read, by point name.
    now_s
        Plant clock.
    previous
        Snapshot before; gives rates of change, and shows what has become old.

    Returns
    -------
    Snapshot
        A point without reading keeps its last one as long as that is not stale
        (UNCERTAIN); after that, or without one, it is BAD. A change faster than
        ``rate_max`` is UNCERTAIN.
    """
    before = previous.readings if previous else {}
    return Snapshot(
        now_s,
        {
            name: _settle(point, readings.get(name), before.get(name), now_s)
            for name, point in point_map.points.items()
            if point.table == "input"
        },
    )


def _settle(
    point: Point, reading: Reading | None, before: Reading | None, now_s: float
) -> Reading:
    """Judge one reading by its age and by the one before."""
    if reading is None:
        return _from_before(point, before, now_s)
    if now_s - reading.time_s > point.stale_s:
        age_s = now_s - reading.time_s
        return reading._replace(quality=Quality.BAD, detail=f"stale {age_s:g} s")
    usable = before is not None and before.quality is Quality.GOOD
    if reading.quality is not Quality.GOOD or before is None or not usable:
        return reading
    elapsed_s = reading.time_s - before.time_s
    if abs(reading.value - before.value) > point.rate_max_per_s * max(elapsed_s, 0.0):
        return reading._replace(quality=Quality.UNCERTAIN, detail="spike")
    return reading


def _from_before(point: Point, before: Reading | None, now_s: float) -> Reading:
    """Last usable value while it is fresh enough, nothing after that."""
    if before is None or before.quality is Quality.BAD:
        return Reading(float("nan"), Quality.BAD, now_s, "missing")
    age_s = now_s - before.time_s
    if age_s > point.stale_s:
        return before._replace(quality=Quality.BAD, detail=f"stale {age_s:g} s")
    return before._replace(quality=Quality.UNCERTAIN, detail=f"last value {age_s:g} s")

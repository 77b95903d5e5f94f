"""Freeze the readings of one cycle: everything that decides sees the same values.

What one reading alone shows (not a number, sentinel, range) the drivers have judged;
here is what it takes the others for: age, rate, standing still, redundant sensors.
"""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from bms_io.points import Point, PointMap
from bms_io.voting import vote
from twin.interfaces import Quality, Reading, Snapshot

_ALWAYS = ("plant.", "clock.")  # read in every cycle, whatever their scan group


class Still(NamedTuple):
    """Value that a point had when it last moved, and when that was."""

    value: float
    since_s: float


class ProcessImage:
    """What a loop remembers of the readings between cycles.

    Parameters
    ----------
    point_map
        Points, their checks and scan groups.
    """

    def __init__(self, point_map: PointMap) -> None:
        self._map = point_map
        self._cycle = 0
        self._still: dict[str, Still] = {}

    def due(self, before: Snapshot | None) -> list[str]:
        """Points to read in the next cycle.

        Parameters
        ----------
        before
            Snapshot before; what is not good there is read again at once.

        Returns
        -------
        list[str]
            All points but measured ones whose scan group has its turn later.
        """
        known = before.readings if before else {}
        names = [
            name
            for name, point in self._map.points.items()
            if point.commanded
            or name.startswith(_ALWAYS)
            or self._cycle % self._map.scan_every[point.scan] == 0
            or name not in known
            or known[name].quality is not Quality.GOOD
        ]
        self._cycle += 1
        return names

    def freeze(
        self,
        readings: Mapping[str, Reading],
        now_s: float,
        previous: Snapshot | None,
        due: Collection[str] | None = None,
    ) -> Snapshot:
        """Make the snapshot of a cycle, see ``freeze``; also find what stands still.

        A point unchanged for ``flatline_s`` is UNCERTAIN (``stuck``), except at a value
        of ``rests_at``.
        """
        judged = {}
        for name, reading in readings.items():
            point = self._map.points[name]
            if reading.quality is not Quality.BAD:
                self._still[name] = _moved(point, reading, self._still.get(name))
            judged[name] = _if_stuck(point, reading, self._still.get(name))
        return freeze(self._map, judged, now_s, previous, due)


def freeze(
    point_map: PointMap,
    readings: Mapping[str, Reading],
    now_s: float,
    previous: Snapshot | None = None,
    due: Collection[str] | None = None,
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
    due
        Points that should have been read; all if None. One that was not due keeps its
        last reading as it is until that is stale.

    Returns
    -------
    Snapshot
        A point without reading keeps its last one as long as that is not stale
        (UNCERTAIN); after that, or without one, it is BAD. A change faster than
        ``rate_max`` is UNCERTAIN. Then redundant sensors vote.
    """
    before = previous.readings if previous else {}
    settled = {}
    for name, point in point_map.points.items():
        if point.commanded:
            continue
        last = before.get(name)
        if due is not None and name not in due and name not in readings and last:
            settled[name] = _not_due(point, last, now_s)
        else:
            settled[name] = _settle(point, readings.get(name), last, now_s)
    return Snapshot(now_s, vote(point_map, settled))


def _settle(
    point: Point, reading: Reading | None, before: Reading | None, now_s: float
) -> Reading:
    """Judge one reading by its age and by the one before."""
    if reading is None:
        return _from_before(point, before, now_s)
    if now_s - reading.source_time_s > point.stale_s:
        age_s = now_s - reading.source_time_s
        return reading._replace(quality=Quality.BAD, detail=f"stale {age_s:g} s")
    usable = before is not None and before.quality is Quality.GOOD
    if reading.quality is not Quality.GOOD or before is None or not usable:
        return reading
    elapsed_s = reading.source_time_s - before.source_time_s
    if abs(reading.value - before.value) > point.rate_max_per_s * max(elapsed_s, 0.0):
        return reading._replace(quality=Quality.UNCERTAIN, detail="spike")
    return reading


def _moved(point: Point, reading: Reading, before: Still | None) -> Still:
    """Where the point stands since when; a change within the tolerance is none."""
    if (
        before is None
        or reading.source_time_s < before.since_s  # the clock was set back
        or abs(reading.value - before.value) > point.flatline_tolerance
    ):
        return Still(reading.value, reading.source_time_s)
    return before


def _if_stuck(point: Point, reading: Reading, still: Still | None) -> Reading:
    """Doubt a good reading that has not moved for too long."""
    if reading.quality is not Quality.GOOD or still is None:
        return reading
    for_s = reading.source_time_s - still.since_s
    resting = any(
        abs(reading.value - rest) <= max(point.flatline_tolerance, abs(1e-6 * rest))
        for rest in point.rests_at
    )
    if for_s < point.flatline_s or resting:
        return reading
    return reading._replace(quality=Quality.UNCERTAIN, detail=f"stuck {for_s:g} s")


def _not_due(point: Point, before: Reading, now_s: float) -> Reading:
    """Reading of an earlier cycle whose scan group has its turn later."""
    age_s = now_s - before.source_time_s
    if age_s > point.stale_s:
        return before._replace(quality=Quality.BAD, detail=f"stale {age_s:g} s")
    return before


def _from_before(point: Point, before: Reading | None, now_s: float) -> Reading:
    """Last usable value while it is fresh enough, nothing after that."""
    if before is None or before.quality is Quality.BAD:
        return Reading(float("nan"), Quality.BAD, now_s, now_s, "missing")
    age_s = now_s - before.source_time_s
    if age_s > point.stale_s:
        return before._replace(quality=Quality.BAD, detail=f"stale {age_s:g} s")
    return before._replace(quality=Quality.UNCERTAIN, detail=f"last value {age_s:g} s")

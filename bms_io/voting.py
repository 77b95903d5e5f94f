"""Several sensors of one quantity: the median is believed, who is far from it is not."""

import statistics
from collections.abc import Mapping

from bms_io.points import Point, PointMap
from twin.interfaces import Quality, Reading


def vote(point_map: PointMap, readings: Mapping[str, Reading]) -> dict[str, Reading]:
    """Let redundant sensors vote.

    Parameters
    ----------
    point_map
        Which points vote with which, and how far they may be apart.
    readings
        Already judged one by one.

    Returns
    -------
    dict[str, Reading]
        All readings. A point with voters has the median of those that are not BAD:
        GOOD if more than half of all sensors are GOOD and within the tolerance of the
        median, UNCERTAIN if fewer are (``disagreement``, ``voters missing``), its own
        reading if none can be used. A voter away from an accepted median is UNCERTAIN
        (``outvoted``).
    """
    result = dict(readings)
    for point in point_map.points.values():
        if point.redundant_with and point.name in readings:
            result |= _one_vote(point, readings)
    return result


def _one_vote(point: Point, readings: Mapping[str, Reading]) -> dict[str, Reading]:
    """Vote on one quantity."""
    names = [n for n in (point.name, *point.redundant_with) if n in readings]
    usable = {n: readings[n] for n in names if readings[n].quality is not Quality.BAD}
    if not usable:
        return {}
    middle = statistics.median(r.value for r in usable.values())
    times = (
        min(r.source_time_s for r in usable.values()),
        max(r.receive_time_s for r in usable.values()),
    )
    near = [
        n
        for n, r in usable.items()
        if abs(r.value - middle) <= point.redundant_tolerance
    ]
    agreeing = [n for n in near if usable[n].quality is Quality.GOOD]
    if 2 * len(agreeing) > len(names):
        away = usable.keys() - near
        outvoted = {n: _outvoted(usable[n], middle) for n in away}
        return outvoted | {point.name: Reading(middle, Quality.GOOD, *times)}
    shown = ", ".join(f"{n} {r.value:g}" for n, r in usable.items())
    reason = "voters missing" if len(near) == len(usable) else "disagreement"
    told = Reading(middle, Quality.UNCERTAIN, *times, f"{reason}: {shown}")
    return {point.name: told}


def _outvoted(reading: Reading, middle: float) -> Reading:
    """Reading that the others do not confirm."""
    return reading._replace(
        quality=Quality.UNCERTAIN, detail=f"outvoted by {middle:g} of the others"
    )

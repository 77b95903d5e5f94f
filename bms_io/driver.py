"""What every driver of a site's devices obeys, and what all of them share.

``connect, read, write, release, close``; a reader has no ``write`` at all.
"""

import math
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple, Protocol

from bms_io.codec import limits_of_type
from bms_io.points import Point, PointMap, WriteRule
from twin.errors import ConfigError, GuardRefusedError
from twin.interfaces import Quality, Reading

# Smallest normal float32; a measured value is never below it, exchanged words often are
_SMALLEST_NORMAL = 1.1754943508222875e-38


class WriteResult(NamedTuple):
    """What became of one write."""

    name: str
    value: float  # SI, as it stands on the wire after rounding
    accepted: bool  # acknowledged by the device; the read-back decides
    detail: str


class Reader(Protocol):
    """Reads signals in SI."""

    async def connect(self) -> None:
        """Connect to every device that is not connected."""

    async def read(self, names: Iterable[str], now_s: float) -> dict[str, Reading]:
        """Read points; trouble is a quality, not an exception."""

    async def close(self) -> None:
        """Close all connections."""


class Driver(Reader, Protocol):
    """Reads and writes signals in SI."""

    async def write(self, values: Mapping[str, float]) -> list[WriteResult]:
        """Write setpoints within their hard limits."""

    async def write_service(self, name: str, value: int) -> None:
        """Write clock, heartbeat or lease."""

    async def release(self, names: Collection[str] | None = None) -> list[WriteResult]:
        """Give setpoints back; all that ask for it on exit if no names are given."""


def permitted(point_map: PointMap, name: str, value: float) -> Point:
    """Point of a write that is within its hard limits.

    Raises
    ------
    GuardRefusedError
        If the point is not writable or the value outside its limits.
    """
    point = point_map.points.get(name)
    if point is None or point.write is None:
        message = f"{name}: is not writable in {point_map.path}. Nothing written."
        raise GuardRefusedError(message)
    rule = point.write
    if not (math.isfinite(value) and rule.minimum <= value <= rule.maximum):
        value, low, high = map(point.in_unit, (value, rule.minimum, rule.maximum))
        message = (
            f"{name}: {value:g} is outside the hard limits {low:g} to {high:g} "
            f"{point.unit} of {point_map.path}. Nothing written."
        )
        raise GuardRefusedError(message)
    return point


def service_point(point_map: PointMap, name: str, value: float) -> Point:
    """Point of a write to clock, heartbeat or lease that its type can carry.

    Raises
    ------
    ConfigError
        If the map does not have the point.
    GuardRefusedError
        If the value is not a whole number from 0 that fits the type on the wire.
    """
    point = point_map.points.get(name)
    if point is None or point.write is not None or not point.commanded:
        message = f"{point_map.path}: no service point {name}. Add it to the map."
        raise ConfigError(message)
    wire = "uint32" if point.bacnet else point.wire_type
    _, high = limits_of_type(wire)
    if not (0.0 <= value <= high and value == round(value)):
        message = (
            f"{name}: {value:g} must be a whole number from 0 to {high:.10g}, as it is "
            f"{wire} on the wire. Nothing written."
        )
        raise GuardRefusedError(message)
    return point


def to_release(
    point_map: PointMap, names: Collection[str] | None
) -> dict[str, WriteRule]:
    """Write rules of the setpoints to give back: these, or all that ask for it on exit.

    Raises
    ------
    GuardRefusedError
        If one is not writable.
    """
    rules = {n: p.write for n, p in point_map.points.items() if p.write is not None}
    if names is None:
        return {n: rule for n, rule in rules.items() if rule.on_exit == "default"}
    wrong = [name for name in names if name not in rules]
    if wrong:
        message = f"{', '.join(wrong)}: not writable in {point_map.path}. Nothing done."
        raise GuardRefusedError(message)
    return {name: rules[name] for name in names}


def judge_raw(point: Point, raw: float, now_s: float) -> Reading:
    """Turn the number on the wire into SI and say how far it may be trusted.

    Parameters
    ----------
    point
        What the number means.
    raw
        As it came.
    now_s
        Plant clock.

    Returns
    -------
    Reading
        BAD with the reason in ``detail`` if it is not finite, a sentinel, or out of
        range; never clamped.
    """
    value = raw * point.scale + point.offset
    if not math.isfinite(raw):
        return Reading(value, Quality.BAD, now_s, now_s, "nan")
    if 0.0 < abs(raw) < _SMALLEST_NORMAL:
        return Reading(value, Quality.BAD, now_s, now_s, "subnormal, wrong byte order?")
    if raw in point.sentinels:
        return Reading(value, Quality.BAD, now_s, now_s, f"sentinel {raw:g}")
    if not point.minimum <= value <= point.maximum:
        span = f"{point.minimum:g} to {point.maximum:g}"
        return Reading(value, Quality.BAD, now_s, now_s, f"out_of_range {span}")
    return Reading(value, Quality.GOOD, now_s, now_s)

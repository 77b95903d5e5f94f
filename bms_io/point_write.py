"""One write by a person who commissions a plant: checked, recorded, read back."""

import asyncio
import math
import time
from typing import NamedTuple

from bms_io.daemon.audit import AuditLog
from bms_io.driver import permitted, service_point
from bms_io.limits import Limit, Limits
from bms_io.point_names import MODE_POINT, OWNER_POINT
from bms_io.point_pace import check_interval, last_write_s, place_of
from bms_io.points import Point, PointMap, WriteRule
from bms_io.site_driver import SiteDriver
from twin.errors import CommunicationError, GuardRefusedError
from twin.interfaces import Quality, Reading

_POLL_S = 0.05
LOCAL_MODE = 0.0  # what the mode point shows in local control
_SECONDS_PER_MINUTE = 60.0


class Outcome(NamedTuple):
    """What became of a write; SI."""

    name: str
    wrote: float
    accepted: bool  # by the device
    detail: str
    before: float  # in force before
    in_force: float  # read back
    confirmed: bool  # in force as written
    mode: float | None  # of the plant: 0 local, 1 remote; None if the map has none


async def write_point(
    driver: SiteDriver,
    point_map: PointMap,
    name: str,
    value: float,
    audit: AuditLog,
    limits: Limits | None = None,
) -> Outcome:
    """Write one setpoint once and read it back.

    Parameters
    ----------
    driver, point_map
        A connected driver of this map.
    name
        ``setpoints.*`` with a write rule.
    value
        SI.
    audit
        Gets the intent before and the result after the write.
    limits
        Of the site, if it is known; they are narrower than those of the map.

    Returns
    -------
    Outcome
        What the device said and what is in force after ``readback_within_s``.

    Raises
    ------
    GuardRefusedError
        If the value is outside the limits of map or site, too soon after the write
        before, too large a step from what is in force, or somebody else has the lease;
        nothing is written.
    CommunicationError
        If the value in force cannot be read, or the connection broke while writing.
    """
    point = permitted(point_map, name, value)
    rule = _rule(point)
    before = await _in_force(driver, rule)
    limit = limits.setpoints.get(name.removeprefix("setpoints.")) if limits else None
    _check_limit(point, value, limit)
    place = place_of(point_map, point)
    ago_s = last_write_s(audit.path, name, place)
    _check_step(point, rule, (before, value), ago_s, limit)
    await check_lease(driver, point_map)
    check_interval(audit.path, name, ago_s, rule.min_interval_s)
    asked = {
        "values": {name: value},
        "places": {name: place},
        "point_map": point_map.digest,
        "by": "points write",
    }
    intent = audit.record("intent", 0.0, **asked)
    try:
        (result,) = await driver.write({name: value})
        found = await _confirmed(driver, rule, result.value)
    except CommunicationError as error:
        audit.record("unknown", 0.0, intent=intent, why=str(error))
        raise
    confirmed = result.accepted and _near(found, rule, result.value)
    wrong = [] if confirmed else [f"{name}: found {found.value:g}, {result.detail}"]
    refused = [] if result.accepted else [name]
    audit.record("result", 0.0, intent=intent, mismatches=wrong, refused=refused)
    mode = await mode_of(driver, point_map)
    said = (result.accepted, result.detail)
    return Outcome(name, result.value, *said, before, found.value, confirmed, mode)


async def write_service_point(
    driver: SiteDriver,
    point_map: PointMap,
    point: Point,
    value: float,
    audit: AuditLog,
) -> Outcome:
    """Write heartbeat, lease or clock once; what is found there tells, no read-back.

    A lease that a dead controller left may be cleared once the plant is in local control.

    Raises
    ------
    GuardRefusedError
        If the value is not a whole number that its type can carry, or somebody has the
        lease.
    CommunicationError
        If the device refused it or the connection broke.
    """
    service_point(point_map, point.name, value)
    if point.name != OWNER_POINT or await mode_of(driver, point_map) != LOCAL_MODE:
        await check_lease(driver, point_map)
    before = (await driver.read([point.name], 0.0))[point.name].value
    asked = {"values": {point.name: value}, "point_map": point_map.digest}
    intent = audit.record("intent", 0.0, **asked, by="points write")
    try:
        await driver.write_service(point.name, int(value))
    except CommunicationError as error:
        audit.record("unknown", 0.0, intent=intent, why=str(error))
        raise
    audit.record("result", 0.0, intent=intent, mismatches=[])
    mode = await mode_of(driver, point_map)
    done = (value, True, "acknowledged", before, value, True, mode)
    return Outcome(point.name, *done)


def _rule(point: Point) -> WriteRule:
    """Write rule of a permitted point."""
    if point.write is None:
        message = f"{point.name}: is not writable"
        raise GuardRefusedError(message)
    return point.write


async def _in_force(driver: SiteDriver, rule: WriteRule) -> float:
    """Value in force; without it no step can be judged."""
    reading = (await driver.read([rule.readback], 0.0))[rule.readback]
    if reading.quality is Quality.BAD:
        message = f"{rule.readback}: {reading.detail}. Nothing written."
        raise CommunicationError(message)
    return reading.value


def _check_limit(point: Point, value: float, limit: Limit | None) -> None:
    """Refuse what the site does not allow."""
    if limit and not limit.minimum <= value <= limit.maximum:
        message = (
            f"{point.name}: {_shown(point, value)} is outside the limits of the site, "
            f"{_shown(point, limit.minimum)} to {_shown(point, limit.maximum)}. "
            "Nothing written."
        )
        raise GuardRefusedError(message)


def _check_step(
    point: Point,
    rule: WriteRule,
    step: tuple[float, float],
    ago_s: float,
    limit: Limit | None,
) -> None:
    """Refuse a step larger than the rate allows in the time since the last one."""
    before, value = step
    rate = min(rule.rate_max_per_min, limit.rate_per_minute if limit else math.inf)
    longest_s = max(rule.min_interval_s, _SECONDS_PER_MINUTE)
    passed_s = ago_s if ago_s >= rule.min_interval_s else longest_s
    minutes = min(passed_s, longest_s) / _SECONDS_PER_MINUTE
    allowed = rate * minutes + rule.readback_tolerance
    if abs(value - before) > allowed:
        nearest = before + math.copysign(rate * minutes, value - before)
        message = (
            f"{point.name}: {_shown(point, value)} is too far from "
            f"{_shown(point, before)} in force; one write in {minutes:.2g} min may go to "
            f"{_shown(point, nearest)}. Nothing written. Go there first."
        )
        raise GuardRefusedError(message)


async def check_lease(driver: SiteDriver, point_map: PointMap) -> None:
    """Refuse while somebody else controls the plant."""
    if OWNER_POINT not in point_map.points:
        return
    reading = (await driver.read([OWNER_POINT], 0.0))[OWNER_POINT]
    if reading.quality is Quality.BAD or reading.value != 0.0:
        found = f"{reading.value:.0f} {reading.detail}".rstrip()
        message = (
            f"{OWNER_POINT}: is {found}: a controller has the lease, allowed is 0. "
            "Nothing written. Let it exit to local first; what a dead one left can be "
            "cleared when the plant has fallen back to local control."
        )
        raise GuardRefusedError(message)


async def _confirmed(driver: SiteDriver, rule: WriteRule, wrote: float) -> Reading:
    """Last reading: as written, or what is there when the time is over."""
    end_s = time.monotonic() + rule.readback_within_s
    while True:
        reading = (await driver.read([rule.readback], 0.0))[rule.readback]
        if _near(reading, rule, wrote) or time.monotonic() >= end_s:
            return reading
        await asyncio.sleep(_POLL_S)


def _near(reading: Reading, rule: WriteRule, wrote: float) -> bool:
    """Whether the value read back is the one written."""
    distance = abs(reading.value - wrote)
    return reading.quality is not Quality.BAD and distance <= rule.readback_tolerance


async def mode_of(driver: SiteDriver, point_map: PointMap) -> float | None:
    """Mode of the plant, where the map has it."""
    if MODE_POINT not in point_map.points:
        return None
    reading = (await driver.read([MODE_POINT], 0.0))[MODE_POINT]
    return None if reading.quality is Quality.BAD else reading.value


def _shown(point: Point, si_value: float) -> str:
    """Value in the unit of the map."""
    return f"{point.in_unit(si_value):.6g} {point.unit}".rstrip()

"""What the devices of a point map answer now: for commissioning, not for control."""

import asyncio
import contextlib
import math
import time
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple, get_args

from bms_io.codec import ByteOrder, decode
from bms_io.modbus import ModbusReader, judge
from bms_io.points import Point, PointMap
from bms_io.site_driver import SiteReader
from twin.errors import CommunicationError
from twin.interfaces import Quality, Reading
from twin.yaml_source import Location

# A measured number is not this small against its range; exchanged bytes often are.
_SMALLEST_SHARE = 1e-6
_FIRST_MESSAGE_S, _POLL_S = 2.0, 0.05  # retained messages come at once


class LivePoint(NamedTuple):
    """One point and what stands on the wire."""

    point: Point
    reading: Reading  # SI
    registers: tuple[int, ...] | None  # Modbus only; None if there is no answer

    @property
    def raw(self) -> float:
        """Number on the wire before scale and offset."""
        point = self.point
        if self.registers is not None:
            return decode(self.registers, point.wire_type, point.byte_order)
        return (self.reading.value - point.offset) / point.scale

    @property
    def silent(self) -> bool:
        """Whether the device did not answer at all."""
        return self.reading.detail.startswith("comm")


async def look(point_map: PointMap, names: Iterable[str]) -> list[LivePoint]:
    """Read points once; a device that does not answer makes its points BAD.

    Parameters
    ----------
    point_map
        Devices and points.
    names
        Points to read.

    Returns
    -------
    list[LivePoint]
        In the order asked for. Nothing is known of the plant clock, it counts as 0.
    """
    wanted = [point_map.points[name] for name in names]
    spoken = {p.name: point_map.devices[p.device].protocol for p in wanted}
    modbus = [p for p in wanted if spoken[p.name] == "modbus_tcp"]
    others = [p for p in wanted if spoken[p.name] != "modbus_tcp"]
    parts = await asyncio.gather(_modbus(point_map, modbus), _others(point_map, others))
    found = {live.point.name: live for part in parts for live in part}
    return [found[point.name] for point in wanted]


async def _modbus(point_map: PointMap, points: Collection[Point]) -> list[LivePoint]:
    """Registers of Modbus points, judged."""
    reader = ModbusReader(_with_devices_of(point_map, points))
    try:
        with contextlib.suppress(CommunicationError):  # it is told in the readings
            await reader.connect()
        answers = await reader.registers(points)
    finally:
        await reader.close()
    return [
        LivePoint(
            point,
            judge(point, answers[point.name], 0.0),
            None if isinstance(answers[point.name], str) else (*answers[point.name],),
        )
        for point in points
    ]


async def _others(point_map: PointMap, points: Collection[Point]) -> list[LivePoint]:
    """Values of BACnet and MQTT points, judged."""
    reader = SiteReader(_with_devices_of(point_map, points))
    try:
        with contextlib.suppress(CommunicationError):  # it is told in the readings
            await reader.connect()
        readings = await _settled(reader, [p.name for p in points])
    finally:
        await reader.close()
    return [LivePoint(point, readings[point.name], None) for point in points]


async def _settled(reader: SiteReader, names: list[str]) -> dict[str, Reading]:
    """Readings; on a bus that tells by itself, after the time for a first message."""
    end_s = time.monotonic() + _FIRST_MESSAGE_S
    while True:
        readings = await reader.read(names, 0.0)
        missing = any(r.detail.startswith("missing") for r in readings.values())
        if not missing or time.monotonic() >= end_s:
            return readings
        await asyncio.sleep(_POLL_S)


def _with_devices_of(point_map: PointMap, points: Collection[Point]) -> PointMap:
    """Part of a map that holds these points; other devices are left alone."""
    names = {point.device for point in points}
    devices = {n: d for n, d in point_map.devices.items() if n in names}
    return point_map._replace(devices=devices, points={p.name: p for p in points})


def findings(live: Collection[LivePoint]) -> Iterator[tuple[Location, str]]:
    """Say what is wrong with a map in front of the live devices.

    Parameters
    ----------
    live
        All points that were read.

    Yields
    ------
    tuple[Location, str]
        Path in the map and what is wrong, what is allowed, how to repair it. A device
        that does not answer is told once, not for each of its points.
    """
    told: set[str] = set()
    proven = {_spelling(e.point) for e in live if _proves_order(e)}
    for entry in live:
        point = entry.point
        if _is_tiny(entry) and _spelling(point) in proven:
            continue  # a true zero with rounding errors, not exchanged bytes
        if not entry.silent:
            yield from _point_findings(entry)
        elif point.device not in told:
            told.add(point.device)
            count = sum(e.silent and e.point.device == point.device for e in live)
            yield ("devices", point.device), f"{count} points: {entry.reading.detail}"


def _point_findings(entry: LivePoint) -> Iterator[tuple[Location, str]]:
    """Wrong byte order, refused address, or a value that cannot be."""
    point, at = entry.point, ("points", entry.point.name)
    others = better_orders(entry)
    if others:
        words = entry.registers or ()
        fits = " or ".join(
            f"{order} ({_shown(point, decode(words, point.wire_type, order))})"
            for order in others
        )
        text = (
            f"is {point.byte_order}, which reads {_shown(point, entry.raw)}; plausible "
            f"is {fits}. Change the order, then check again."
        )
        yield (*at, "modbus", "byte_order"), text
    elif entry.reading.quality is Quality.BAD:
        detail = entry.reading.detail
        text = f"answers {_shown(point, entry.raw)}: {detail}. Check address and range."
        yield at, text.replace(f"{_shown(point, math.nan)}: ", "")


def better_orders(entry: LivePoint) -> list[ByteOrder]:
    """Byte orders that make a plausible number where the one of the map does not.

    Returns
    -------
    list[ByteOrder]
        Empty if the map's own is plausible, if none is, or if nothing can be said.
    """
    point, registers = entry.point, entry.registers
    bounded = math.isfinite(point.minimum) and math.isfinite(point.maximum)
    if registers is None or not bounded or point.wire_type == "bool":
        return []
    plausible = [
        order
        for order in get_args(ByteOrder)
        if _plausible(point, decode(registers, point.wire_type, order))
    ]
    return [] if point.byte_order in plausible else plausible


def _spelling(point: Point) -> tuple[str, str, str]:
    """What points of a device usually have in common."""
    return point.device, point.wire_type, point.byte_order


def _proves_order(entry: LivePoint) -> bool:
    """Whether a number that is not zero makes sense in the order of the map."""
    known = entry.registers is not None and entry.reading.quality is not Quality.BAD
    return known and entry.raw != 0.0 and _plausible(entry.point, entry.raw)


def _is_tiny(entry: LivePoint) -> bool:
    """Whether the number is good but smaller than a measured one."""
    good = entry.registers is not None and entry.reading.quality is not Quality.BAD
    return good and not _plausible(entry.point, entry.raw)


def _plausible(point: Point, raw: float) -> bool:
    """Whether a measured number could be this one."""
    if not math.isfinite(raw) or raw in point.sentinels:
        return False
    span = (point.maximum - point.minimum) / point.scale
    in_range = point.minimum <= raw * point.scale + point.offset <= point.maximum
    return in_range and (raw == 0.0 or abs(raw) >= _SMALLEST_SHARE * span)


def _shown(point: Point, raw: float) -> str:
    """Value of a raw number in the unit of the map."""
    value = point.in_unit(raw * point.scale + point.offset)
    return f"{value:.6g} {point.unit}".rstrip()

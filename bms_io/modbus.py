"""Drivers of the site's Modbus devices: signals in SI on one side, registers below.

``ModbusReader`` has no write method at all; a program that only watches gets nothing
else. ``ModbusDriver`` can write, within the hard limits of the point map.
"""

import asyncio
import math
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from bms_io.codec import decode, encode
from bms_io.driver import (
    WriteResult,
    judge_raw,
    permitted,
    service_point,
    to_release,
)
from bms_io.modbus_client import DeviceRefusedError
from bms_io.modbus_link import DeviceLink
from bms_io.points import Point, PointMap
from twin.errors import CommunicationError
from twin.interfaces import Quality, Reading


class Block(NamedTuple):
    """Registers read in one request."""

    points: tuple[Point, ...]
    address: int
    length: int


class ModbusReader:
    """Reads the points of a map.

    Parameters
    ----------
    point_map
        Devices and points.
    shared
        Whether devices outside the map wait for the same cycle; see
        ``bms_io.modbus_link``.
    """

    def __init__(self, point_map: PointMap, shared: bool = False) -> None:
        self._map = point_map
        several = shared or len(point_map.devices) > 1
        self._links = {
            name: DeviceLink(device, several)
            for name, device in point_map.devices.items()
        }

    async def connect(self) -> None:
        """Connect to every device that is not connected, to all at the same time.

        Raises
        ------
        CommunicationError
            If one does not answer; the others are connected nevertheless.
        """
        outcomes = await asyncio.gather(
            *(link.connect() for link in self._links.values()), return_exceptions=True
        )
        errors = [error for error in outcomes if error is not None]
        for error in errors:
            if not isinstance(error, CommunicationError):
                raise error
        if errors:
            raise CommunicationError("\n".join(map(str, errors))) from errors[0]

    async def close(self) -> None:
        """Close all connections."""
        for link in self._links.values():
            await link.close()

    async def read(self, names: Iterable[str], now_s: float) -> dict[str, Reading]:
        """Read points; trouble is a quality, not an exception.

        Parameters
        ----------
        names
            Points to read.
        now_s
            Plant clock, goes into the readings.

        Returns
        -------
        dict[str, Reading]
            One reading in SI per name; after a broken connection ``bad.comm``.
        """
        points = [self._map.points[name] for name in names]
        values = await self.registers(points)
        return {point.name: judge(point, values[point.name], now_s) for point in points}

    async def registers(self, points: Collection[Point]) -> dict[str, list[int] | str]:
        """Read points as they stand on the wire, all devices at the same time.

        Returns
        -------
        dict[str, list[int] | str]
            Registers or bits of each point, or the reason why there are none.
        """
        devices = {point.device for point in points}
        parts = await asyncio.gather(
            *(
                self._read_device(device, [p for p in points if p.device == device])
                for device in sorted(devices)
            )
        )
        return {name: value for part in parts for name, value in part.items()}

    async def _read_device(
        self, device: str, points: list[Point]
    ) -> dict[str, list[int] | str]:
        """Fetch the registers of each point within the time the device deserves."""
        link = self._links[device]
        values = await link.in_time(lambda: self._fetch(link, device, points))
        if values is None:
            return dict.fromkeys((p.name for p in points), f"comm: {link.still_silent}")
        return values

    async def _fetch(
        self, link: DeviceLink, device: str, points: list[Point]
    ) -> dict[str, list[int] | str]:
        """Fetch the registers of each point, or the reason why there are none."""
        values: dict[str, list[int] | str] = {}
        for block in plan_blocks(points, self._map.devices[device].max_block):
            values |= await self._read_block(link, block)
        return values

    async def _read_block(
        self, link: DeviceLink, block: Block
    ) -> dict[str, list[int] | str]:
        """Read a block; if the device refuses it, point by point."""
        table, connected = block.points[0].table, link.client.connected
        try:
            registers = await link.client.read(table, block.address, block.length)
            link.heard(None)
        except DeviceRefusedError as error:
            if len(block.points) == 1:
                return {block.points[0].name: f"refused: {error}"}
            values: dict[str, list[int] | str] = {}
            for alone in plan_blocks(block.points, 1):
                values |= await self._read_block(link, alone)
            return values
        except CommunicationError as error:
            if connected:  # otherwise the block before has told
                link.heard(error.__cause__)
            elif link.trouble:
                return {point.name: f"comm: {link.trouble}" for point in block.points}
            return {point.name: f"comm: {error}" for point in block.points}
        start = block.address
        return {
            p.name: registers[p.address - start : p.registers.stop - start]
            for p in block.points
        }


class ModbusDriver(ModbusReader):
    """Reads and writes the points of a map."""

    async def write(self, values: Mapping[str, float]) -> list[WriteResult]:
        """Write setpoints, each number in one request.

        Parameters
        ----------
        values
            SI value by point name.

        Returns
        -------
        list[WriteResult]
            In the order given; a refusal by the device is a result.

        Raises
        ------
        GuardRefusedError
            If a value is outside the hard limits of its point; nothing is written.
        CommunicationError
            If the connection broke: whether that value arrived is unknown, the ones
            after it were not sent. Read back before writing again.
        """
        registers = {name: self._prepare(name, v) for name, v in values.items()}
        return [
            await self._write_one(self._map.points[name], words)
            for name, words in registers.items()
        ]

    async def write_service(self, name: str, value: int) -> None:
        """Write the clock or the heartbeat of a device.

        Parameters
        ----------
        name
            ``clock.target_s`` or ``plant.heartbeat``.
        value
            Whole number.

        Raises
        ------
        ConfigError
            If the map does not have the point.
        GuardRefusedError
            If the type on the wire cannot carry the value.
        CommunicationError
            If the device refused it or did not answer.
        """
        point = service_point(self._map, name, value)
        registers = encode(float(value), point.wire_type, point.byte_order)
        await self._send(point, registers)

    async def release(self, names: Collection[str] | None = None) -> list[WriteResult]:
        """Give the plant back: write the default.

        Parameters
        ----------
        names
            Setpoints; those with ``on_exit: default`` if None.

        Returns
        -------
        list[WriteResult]
            One per setpoint.

        Raises
        ------
        CommunicationError
            If the plant is not there; it falls back by its own heartbeat watch.
        """
        rules = to_release(self._map, names)
        return await self.write({n: rule.default for n, rule in rules.items()})

    def _prepare(self, name: str, value: float) -> list[int]:
        """Encode a value that is within the hard limits of its point."""
        point = permitted(self._map, name, value)
        raw = (value - point.offset) / point.scale
        return encode(raw, point.wire_type, point.byte_order)

    async def _send(self, point: Point, registers: list[int]) -> None:
        """Put one number on the wire, in one request and once."""
        device = self._map.devices[point.device]
        await self._links[point.device].client.write(
            point.address, registers, point.table, device.single_writes
        )

    async def _write_one(self, point: Point, registers: list[int]) -> WriteResult:
        """Send one number once."""
        raw = decode(registers, point.wire_type, point.byte_order)
        value = raw * point.scale + point.offset
        try:
            await self._send(point, registers)
        except DeviceRefusedError as error:
            return WriteResult(point.name, value, False, str(error))
        return WriteResult(point.name, value, True, "acknowledged")


def plan_blocks(points: Collection[Point], max_block: int) -> list[Block]:
    """Merge neighbours of one table into requests.

    Only registers that belong to points are read: a device may refuse the others.

    Parameters
    ----------
    points
        Points of one device.
    max_block
        Most registers per request; a single point is read whole in any case.

    Returns
    -------
    list[Block]
        Requests that cover every point once.
    """
    groups: list[list[Point]] = []
    for point in sorted(points, key=lambda p: (p.table, p.address)):
        last = groups[-1][-1] if groups else None
        joins = (
            last is not None
            and last.table == point.table
            and last.registers.stop == point.address
            and point.registers.stop - groups[-1][0].address <= max_block
        )
        if joins:
            groups[-1].append(point)
        else:
            groups.append([point])
    return [
        Block(tuple(g), g[0].address, g[-1].registers.stop - g[0].address)
        for g in groups
    ]


def judge(point: Point, received: list[int] | str, now_s: float) -> Reading:
    """Turn registers, or the reason why there are none, into a value in SI.

    See ``bms_io.driver.judge_raw`` for what makes it BAD.
    """
    if isinstance(received, str):
        return Reading(math.nan, Quality.BAD, now_s, now_s, received)
    return judge_raw(point, decode(received, point.wire_type, point.byte_order), now_s)

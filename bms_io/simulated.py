"""Drivers of a simulated plant in the same process: the same protocol, no network.

Numbers pass through the type that they would have on the wire, and are refused as the
servers refuse them, so a controller cannot tell the difference; only nobody waits. For
tests and for training, where a socket would cost most of the time.
"""

import struct
from collections.abc import Collection, Iterable, Mapping

from bms_io.codec import decode, encode
from bms_io.driver import (
    WriteResult,
    judge_raw,
    permitted,
    service_point,
    to_release,
)
from bms_io.modbus import judge
from bms_io.modbus_plant import words_of
from bms_io.plant_front import PlantFront
from bms_io.points import Point, PointMap
from twin.errors import CommunicationError
from twin.interfaces import Quality, Reading


class SimulatedReader:
    """Reads the points of a map.

    Parameters
    ----------
    point_map
        Devices and points; where they are on a network does not matter.
    front
        The plant with its faults.
    """

    def __init__(self, point_map: PointMap, front: PlantFront) -> None:
        self._map = point_map
        self._front = front
        self._connected = False

    async def connect(self) -> None:
        """Connect to every device.

        Raises
        ------
        CommunicationError
            If one does not answer; the others are connected all the same.
        """
        self._connected = True
        silent = [name for name in self._map.devices if not self._answers(name)]
        if silent:
            message = f"{', '.join(silent)}: no answer."
            raise CommunicationError(message)

    async def close(self) -> None:
        """Disconnect."""
        self._connected = False

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
            One reading in SI per name.
        """
        return {name: self._read(self._map.points[name], now_s) for name in names}

    def _read(self, point: Point, now_s: float) -> Reading:
        """Read one point as its device would show it."""
        if not self._answers(point.device):
            why = f"comm: {point.device}: no answer."
            return Reading(float("nan"), Quality.BAD, now_s, now_s, why)
        value = self._front.value(point)
        if point.bacnet is None and point.dsx is None:
            return judge(point, words_of(point, value), now_s)
        return judge_raw(point, _real(_raw(point, value)), now_s)

    def _answers(self, device: str) -> bool:
        """Whether a device answers before one gives up."""
        patience_s = self._map.devices[device].timeout_s
        return self._connected and self._front.answers_within(device, patience_s)


class SimulatedDriver(SimulatedReader):
    """Reads and writes the points of a map."""

    def __init__(self, point_map: PointMap, front: PlantFront) -> None:
        super().__init__(point_map, front)
        self._at_first = {
            name: front.value(point)
            for name, point in point_map.points.items()
            if point.write is not None
        }

    async def write(self, values: Mapping[str, float]) -> list[WriteResult]:
        """Write setpoints one by one, in the order given.

        Parameters
        ----------
        values
            SI value by point name.

        Raises
        ------
        GuardRefusedError
            If a value is outside the hard limits of its point; nothing is written.
        CommunicationError
            If a device does not answer; the values after it were not sent.
        """
        points = {name: permitted(self._map, name, v) for name, v in values.items()}
        return [await self._write(points[n], value) for n, value in values.items()]

    async def write_service(self, name: str, value: int) -> None:
        """Write clock, heartbeat or lease.

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
        result = await self._write(point, float(value))
        if not result.accepted:
            message = f"{name}: {result.detail}"
            raise CommunicationError(message)

    async def release(self, names: Collection[str] | None = None) -> list[WriteResult]:
        """Give setpoints back: the default, over BACnet what stood there at first.

        Parameters
        ----------
        names
            Setpoints; those with ``on_exit: default`` if None.

        Raises
        ------
        CommunicationError
            If a device does not answer.
        """
        rules = to_release(self._map, names)
        points = {name: self._map.points[name] for name in rules}
        return [
            await self._relinquish(point)
            if point.bacnet
            else await self._write(point, rules[name].default)
            for name, point in points.items()
        ]

    async def _relinquish(self, point: Point) -> WriteResult:
        """Take our value out of a priority array where nobody else has one."""
        self._require(point)
        await self._front.apply({point.name: self._at_first[point.name]})
        return WriteResult(point.name, float("nan"), True, "relinquished")

    async def _write(self, point: Point, value: float) -> WriteResult:
        """Write one number as it would arrive."""
        self._require(point)
        raw = _raw(point, value)
        if point.bacnet is None and point.dsx is None:
            words = encode(raw, point.wire_type, point.byte_order)
            raw = decode(words, point.wire_type, point.byte_order)
        else:
            raw = _real(raw)
        arrived = raw * point.scale + point.offset
        if not self._front.allows(point, arrived):
            return WriteResult(
                point.name, arrived, False, "refused: illegal data value"
            )
        await self._front.apply({point.name: arrived})
        return WriteResult(point.name, arrived, True, "acknowledged")

    def _require(self, point: Point) -> None:
        """A device that does not answer takes nothing."""
        if not self._answers(point.device):
            message = f"{point.device}: no answer to {point.name}."
            raise CommunicationError(message)


def _raw(point: Point, value: float) -> float:
    """Number on the wire of an SI value."""
    return (value - point.offset) / point.scale


def _real(number: float) -> float:
    """Nearest number of single precision, as BACnet's Real."""
    (single,) = struct.unpack(">f", struct.pack(">f", number))
    return float(single)

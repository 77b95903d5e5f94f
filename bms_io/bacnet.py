"""Drivers of the site's BACnet/IP devices: signals in SI on one side, objects below.

Setpoints are commanded at the one priority that the point map gives them (9 to 14), and
taken back with Null; what stands at other priorities is never touched.
"""

import asyncio
import math
from collections.abc import Iterable, Mapping

from bms_io.bacnet_client import BacnetClient, Present
from bms_io.driver import WriteResult, judge_raw, permitted
from bms_io.modbus_client import DeviceRefusedError
from bms_io.points import BacnetObject, Point, PointMap
from twin.errors import CommunicationError, ConfigError
from twin.interfaces import Quality, Reading

_PER_REQUEST = (
    25  # objects with two properties each: an answer within one APDU of 1476 B
)


class BacnetReader:
    """Reads the points of a map.

    Parameters
    ----------
    point_map
        BACnet devices and their points.
    """

    def __init__(self, point_map: PointMap) -> None:
        self._map = point_map
        self._clients = {
            name: BacnetClient(name, d.host, d.port, d.device_instance, d.timeout_s)
            for name, d in point_map.devices.items()
        }

    async def connect(self) -> None:
        """Connect to every device that is not connected.

        Raises
        ------
        CommunicationError
            If one does not answer.
        """
        for client in self._clients.values():
            if not client.connected:
                await client.connect()

    async def close(self) -> None:
        """Close all ports."""
        for client in self._clients.values():
            client.close()

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
            One reading in SI per name; BAD where the device is silent, refuses or says
            fault, UNCERTAIN where the object is out of service.
        """
        points = [self._map.points[name] for name in names]
        parts = await asyncio.gather(
            *(
                self._read_device(device, [p for p in points if p.device == device])
                for device in sorted({p.device for p in points})
            )
        )
        found = {name: present for part in parts for name, present in part.items()}
        return {p.name: judge(p, found[p.name], now_s) for p in points}

    async def _read_device(
        self, device: str, points: list[Point]
    ) -> dict[str, Present]:
        """Read the points of one device, some at a time."""
        client = self._clients[device]
        found: dict[str, Present] = {}
        for first in range(0, len(points), _PER_REQUEST):
            some = points[first : first + _PER_REQUEST]
            try:
                answers = await client.read([str(_place(p)) for p in some])
            except CommunicationError as error:
                lost = Present(math.nan, f"comm: {error}")
                return found | {p.name: lost for p in points[first:]}
            found |= {p.name: answers[str(_place(p))] for p in some}
        return found


class BacnetDriver(BacnetReader):
    """Reads and writes the points of a map."""

    async def write(self, values: Mapping[str, float]) -> list[WriteResult]:
        """Command setpoints, each in one request that is never repeated.

        Parameters
        ----------
        values
            SI value by point name.

        Raises
        ------
        GuardRefusedError
            If a value is outside the hard limits of its point; nothing is written.
        CommunicationError
            If the device is silent: whether that value arrived is unknown, the ones
            after it were not sent. Read back before writing again.
        """
        points = {name: permitted(self._map, name, v) for name, v in values.items()}
        return [await self._command(points[n], value) for n, value in values.items()]

    async def write_service(self, name: str, value: int) -> None:
        """Write clock, heartbeat or lease of a device.

        Raises
        ------
        ConfigError
            If the map does not have the point.
        CommunicationError
            If the device refused it or did not answer.
        """
        point = self._map.points.get(name)
        if point is None or point.write is not None or point.table != "holding":
            message = f"{self._map.path}: no service point {name}. Add it to the map."
            raise ConfigError(message)
        await self._clients[point.device].write(str(_place(point)), value, None)

    async def release(self) -> list[WriteResult]:
        """Give the plant back: take our values out of every priority array.

        Raises
        ------
        CommunicationError
            If the plant is not there; it falls back by its own heartbeat watch.
        """
        mine = [
            p
            for p in self._map.points.values()
            if p.write is not None and p.write.on_exit == "default"
        ]
        return [await self._command(point, None) for point in mine]

    async def priorities(self, name: str) -> dict[int, float]:
        """What stands in the priority array of a setpoint, in SI, by priority."""
        point = self._map.points[name]
        slots = await self._clients[point.device].priorities(str(_place(point)))
        return {k: raw * point.scale + point.offset for k, raw in slots.items()}

    async def _command(self, point: Point, value: float | None) -> WriteResult:
        """Send one value, or the wish to take it back, once."""
        place = _place(point)
        raw = None if value is None else (value - point.offset) / point.scale
        told = math.nan if value is None else value
        try:
            await self._clients[point.device].write(str(place), raw, place.priority)
        except DeviceRefusedError as error:
            return WriteResult(point.name, told, False, str(error))
        done = "relinquished" if value is None else "acknowledged"
        return WriteResult(point.name, told, True, done)


def judge(point: Point, present: Present, now_s: float) -> Reading:
    """Turn what a device says about an object into a value in SI with its quality."""
    if present.trouble:
        return Reading(math.nan, Quality.BAD, now_s, present.trouble)
    reading = judge_raw(point, present.value, now_s)
    if present.fault:
        return reading._replace(quality=Quality.BAD, detail="status flag fault")
    if present.out_of_service and reading.quality is Quality.GOOD:
        return reading._replace(quality=Quality.UNCERTAIN, detail="out of service")
    return reading


def _place(point: Point) -> BacnetObject:
    """Object of a point; only BACnet points come here."""
    if point.bacnet is None:
        message = f"{point.name} is not a BACnet point"
        raise KeyError(message)
    return point.bacnet

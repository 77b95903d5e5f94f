"""Drivers of the site's BACnet/IP devices: signals in SI on one side, objects below.

Setpoints are commanded at the one priority that the point map gives them (9 to 14), and
taken back with Null; what stands at other priorities is never touched.
"""

import asyncio
import math
from collections.abc import Collection, Iterable, Mapping

from bms_io.bacnet_client import BacnetAddress, BacnetClient
from bms_io.bacnet_cov import CovWatch
from bms_io.bacnet_link import Bbmd
from bms_io.bacnet_values import Present
from bms_io.bacnet_writer import BacnetWriter
from bms_io.driver import (
    WriteResult,
    judge_raw,
    permitted,
    service_point,
    to_release,
)
from bms_io.modbus_client import DeviceRefusedError
from bms_io.points import BacnetObject, Device, Point, PointMap
from twin.interfaces import Quality, Reading


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
            name: BacnetClient(*_nameplate(d)) for name, d in point_map.devices.items()
        }
        self._watches = self._watched(self._clients)

    def _watched(self, clients: Mapping[str, BacnetClient]) -> dict[str, CovWatch]:
        """Subscriptions, where the map wants them."""
        return {
            name: CovWatch(client, self._map.devices[name].cov)
            for name, client in clients.items()
        }

    async def connect(self) -> None:
        """Connect to every device that is not connected, to all at the same time.

        Raises
        ------
        CommunicationError
            If one does not answer; the others are connected all the same.
        """
        outcomes = await asyncio.gather(
            *(c.connect() for c in self._clients.values() if not c.connected),
            return_exceptions=True,
        )
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

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
            One reading in SI per name; BAD where the device is silent, refuses, reports
            a fault or has the object out of service, UNCERTAIN where it is overridden.
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
        """Read the points of one device."""
        answers = await self._watches[device].read([str(_place(p)) for p in points])
        return {p.name: answers[str(_place(p))] for p in points}

    async def priorities(self, name: str) -> dict[int, float]:
        """What stands in the priority array of a setpoint, in SI, by priority."""
        point = self._map.points[name]
        slots = await self._clients[point.device].priorities(str(_place(point)))
        return {k: raw * point.scale + point.offset for k, raw in slots.items()}

    async def standing(self, names: Collection[str] | None = None) -> dict[str, float]:
        """What stands at our priority in setpoints, in SI, by name; to be read at start.

        Parameters
        ----------
        names
            Setpoints; all if None.

        Slots survive us and often a restart of the device, so before anything is written
        this tells what an earlier run, or somebody else at our priority, left behind.

        Raises
        ------
        CommunicationError
            If a device is lost or has no such array.
        """
        found: dict[str, float] = {}
        for name, point in self._map.points.items():
            if point.write is not None and (names is None or name in names):
                slots = await self.priorities(name)
                ours = _place(point).priority or 0
                if ours in slots:
                    found[name] = slots[ours]
        return found

    async def outranked(self, name: str) -> int:
        """Priority above ours that holds a setpoint, e.g. 8 of an operator; 0 if none.

        Raises
        ------
        CommunicationError
            If the device is lost or has no such array.
        """
        ours = _place(self._map.points[name]).priority or 0
        highest = min(await self.priorities(name), default=ours)
        return highest if highest < ours else 0


class BacnetDriver(BacnetReader):
    """Reads and writes the points of a map."""

    def __init__(self, point_map: PointMap) -> None:
        super().__init__(point_map)
        self._writers = {
            name: BacnetWriter(*_nameplate(d)) for name, d in point_map.devices.items()
        }
        self._clients = dict(self._writers)
        self._watches = self._watched(self._clients)

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
            If the device is silent or gives up: whether that value arrived is unknown,
            the ones after it were not sent. It is read back before it is written again.
        """
        points = {name: permitted(self._map, name, v) for name, v in values.items()}
        return [await self._command(points[n], value) for n, value in values.items()]

    async def write_service(self, name: str, value: int) -> None:
        """Write clock, heartbeat or lease of a device.

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
        await self._send(point, value, None)

    async def release(self, names: Collection[str] | None = None) -> list[WriteResult]:
        """Give the plant back: take our values out of the priority arrays.

        Parameters
        ----------
        names
            Setpoints; those with ``on_exit: default`` if None.

        Raises
        ------
        CommunicationError
            If the plant is not there; it falls back by its own heartbeat watch.
        """
        mine = to_release(self._map, names)
        return [await self._command(self._map.points[n], None) for n in mine]

    async def _command(self, point: Point, value: float | None) -> WriteResult:
        """Send one value, or the wish to take it back, once."""
        place = _place(point)
        raw = None if value is None else (value - point.offset) / point.scale
        told = math.nan if value is None else value
        try:
            await self._send(point, raw, place.priority)
        except DeviceRefusedError as error:
            return WriteResult(point.name, told, False, str(error))
        done = "relinquished" if value is None else "acknowledged"
        return WriteResult(point.name, told, True, done)

    async def _send(
        self, point: Point, raw: float | None, priority: int | None
    ) -> None:
        """Write once; what was known before of the device may not be so any more."""
        self._watches[point.device].forget()
        await self._writers[point.device].write(str(_place(point)), raw, priority)


def judge(point: Point, present: Present, now_s: float) -> Reading:
    """Turn what a device says about an object into a value in SI with its quality."""
    if present.trouble:
        return Reading(math.nan, Quality.BAD, now_s, now_s, present.trouble)
    reading = judge_raw(point, present.value, now_s)
    # a subscription vouches for the value, whenever the last notification came
    reading = reading._replace(receive_time_s=now_s - present.age_s)
    if present.fault:
        why = f"status flag fault {present.reliability}".rstrip()
        return reading._replace(quality=Quality.BAD, detail=why)
    if present.out_of_service:  # then the value has nothing to do with the equipment
        return reading._replace(quality=Quality.BAD, detail="out of service")
    if present.overridden and reading.quality is Quality.GOOD:
        return reading._replace(quality=Quality.UNCERTAIN, detail="overridden")
    return reading


def _nameplate(device: Device) -> tuple[BacnetAddress, float, Bbmd | None]:
    """What a client must know of its device."""
    place = BacnetAddress(
        device.name,
        device.host,
        device.port,
        device.device_instance,
        device.device_name,
    )
    return place, device.timeout_s, device.bbmd and Bbmd(*device.bbmd)


def _place(point: Point) -> BacnetObject:
    """Object of a point; only BACnet points come here."""
    if point.bacnet is None:
        message = f"{point.name} is not a BACnet point"
        raise KeyError(message)
    return point.bacnet

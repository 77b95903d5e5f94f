"""One driver over all devices of a site, whatever each of them speaks."""

import asyncio
from collections.abc import Collection, Iterable, Mapping

from bms_io.bacnet import BacnetDriver, BacnetReader
from bms_io.driver import Driver, Reader, WriteResult, permitted
from bms_io.modbus import ModbusDriver, ModbusReader
from bms_io.points import PointMap, Protocol
from twin.errors import ConfigError
from twin.interfaces import Reading


class SiteReader:
    """Reads the points of a map; has no ``write`` at all.

    Parameters
    ----------
    point_map
        Devices and points, of any protocol.
    """

    def __init__(self, point_map: PointMap) -> None:
        self._map = point_map
        self._slots = BacnetReader(point_map.speaking("bacnet_ip"))
        self._parts: dict[Protocol, Reader] = {
            "modbus_tcp": ModbusReader(
                point_map.speaking("modbus_tcp"), shared=len(point_map.devices) > 1
            ),
            "bacnet_ip": self._slots,
        }
        bus = point_map.speaking("mqtt_dsx")
        if bus.devices:
            from bms_io.mqtt import MqttReader  # needs the extra mqtt

            self._parts["mqtt_dsx"] = MqttReader(bus)

    async def connect(self) -> None:
        """Connect to every device that is not connected, to all at the same time.

        Raises
        ------
        CommunicationError
            If one does not answer; the others are connected all the same.
        """
        outcomes = await asyncio.gather(
            *(part.connect() for part in self._parts.values()), return_exceptions=True
        )
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    async def close(self) -> None:
        """Close all connections."""
        for part in self._parts.values():
            await part.close()

    async def read(self, names: Iterable[str], now_s: float) -> dict[str, Reading]:
        """Read points of all devices at once; trouble is a quality.

        Parameters
        ----------
        names
            Points to read.
        now_s
            Plant clock.

        Returns
        -------
        dict[str, Reading]
            In the order asked for.
        """
        wanted = list(names)
        answers = await asyncio.gather(
            *(
                part.read([n for n in wanted if self._protocol(n) == protocol], now_s)
                for protocol, part in self._parts.items()
            )
        )
        found = {name: one for answer in answers for name, one in answer.items()}
        return {name: found[name] for name in wanted}

    async def standing(self, names: Collection[str] | None = None) -> dict[str, float]:
        """What stands at our priority in BACnet setpoints before we write, in SI.

        Parameters
        ----------
        names
            Setpoints; all if None.

        Raises
        ------
        CommunicationError
            If a device is lost or has no such array.
        """
        return await self._slots.standing(names)

    async def priorities(self, name: str) -> dict[int, float]:
        """What stands in the priority array of a BACnet setpoint, in SI, by priority.

        Raises
        ------
        CommunicationError
            If the device is lost or has no such array.
        """
        return await self._slots.priorities(name)

    async def outranked(self, name: str) -> int:
        """Priority above ours that holds a setpoint; 0 if none, or without priorities.

        Raises
        ------
        CommunicationError
            If the device is lost.
        """
        if self._protocol(name) != "bacnet_ip":
            return 0
        return await self._slots.outranked(name)

    def _protocol(self, name: str) -> Protocol:
        return self._map.devices[self._map.points[name].device].protocol


class SiteDriver(SiteReader):
    """Reads and writes the points of a map."""

    def __init__(self, point_map: PointMap) -> None:
        self._map = point_map
        self.bacnet = BacnetDriver(point_map.speaking("bacnet_ip"))
        self._slots = self.bacnet
        modbus = ModbusDriver(
            point_map.speaking("modbus_tcp"), shared=len(point_map.devices) > 1
        )
        self._drivers: dict[Protocol, Driver] = {
            "modbus_tcp": modbus,
            "bacnet_ip": self.bacnet,
        }
        bus = point_map.speaking("mqtt_dsx")
        if bus.devices:
            from bms_io.mqtt import MqttDriver  # needs the extra mqtt

            self._drivers["mqtt_dsx"] = MqttDriver(bus)
        self._parts = dict(self._drivers)

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
            If a device is lost; the values after it were not sent.
        """
        for name, value in values.items():
            permitted(self._map, name, value)
        results: list[WriteResult] = []
        for name, value in values.items():
            results += await self._drivers[self._protocol(name)].write({name: value})
        return results

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
        if name not in self._map.points:
            message = f"{self._map.path}: no service point {name}. Add it to the map."
            raise ConfigError(message)
        await self._drivers[self._protocol(name)].write_service(name, value)

    async def release(self, names: Collection[str] | None = None) -> list[WriteResult]:
        """Give the plant back: defaults over Modbus, Null over BACnet.

        Parameters
        ----------
        names
            Setpoints; those with ``on_exit: default`` if None.

        Raises
        ------
        CommunicationError
            If a device is lost.
        """
        if names is None:
            return [r for d in self._drivers.values() for r in await d.release()]
        results: list[WriteResult] = []
        for protocol, driver in self._drivers.items():
            here = [n for n in names if self._protocol(n) == protocol]
            results += await driver.release(here)
        return results

    async def relinquish(self) -> list[WriteResult]:
        """Take our values out of the priority arrays, where devices have them.

        Raises
        ------
        CommunicationError
            If a device is lost.
        """
        return await self.bacnet.release()

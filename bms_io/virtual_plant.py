"""A simulated plant on the network, as a site offers it: Modbus TCP and BACnet/IP at once.

Each device of the point map is served by the protocol that the map gives it.
"""

from typing import NamedTuple

from bms_io.bacnet_plant import BacnetPlant
from bms_io.modbus_plant import ModbusPlant
from bms_io.plant_faults import PlantFaults
from bms_io.plant_front import PlantFront
from bms_io.points import Device, PointMap
from bms_io.simulated_plant import SimulatedPlant


class Ports(NamedTuple):
    """Where the servers answer."""

    modbus: int  # TCP, of the first server; 0 where no device speaks it
    others: dict[str, int]  # by device: UDP, and TCP of further Modbus servers


class VirtualPlant:
    """Servers in front of a simulated plant.

    Parameters
    ----------
    point_map
        Points to serve.
    plant
        What answers.
    faults
        What goes wrong on the way from it; nothing if None.
    """

    def __init__(
        self,
        point_map: PointMap,
        plant: SimulatedPlant,
        faults: PlantFaults | None = None,
    ) -> None:
        self.devices = tuple(point_map.devices.values())
        self._front = PlantFront(plant, faults)
        modbus = point_map.speaking("modbus_tcp")
        bacnet = point_map.speaking("bacnet_ip")
        self._modbus = [ModbusPlant(part, self._front) for part in _gateways(modbus)]
        self._bacnet = [
            BacnetPlant(bacnet, name, self._front) for name in bacnet.devices
        ]

    async def start(self, host: str, port: int, bacnet_port: int = 0) -> Ports:
        """Listen.

        Parameters
        ----------
        host, port
            Address for Modbus TCP; port 0 takes a free one. Devices that the map has at
            several addresses answer on this port and the next ones.
        bacnet_port
            UDP port of the first BACnet device, the next devices follow; 0 takes free
            ones.

        Returns
        -------
        Ports
            Ports in use.

        Raises
        ------
        ConfigError
            If an address cannot be taken.
        """
        first = 0
        others: dict[str, int] = {}
        for number, gateway in enumerate(self._modbus):
            taken = await gateway.start(host, port + number if port else 0)
            first = first or taken
            others |= dict.fromkeys(gateway.devices if number else (), taken)
        for number, server in enumerate(self._bacnet):
            wanted = bacnet_port + number if bacnet_port else 0
            others[server.device] = await server.start(host, wanted)
        return Ports(first, others)

    def run_clock(self, speed: float) -> None:
        """Let the plant's clock run by itself, see ``PlantFront.run_clock``."""
        self._front.run_clock(speed)

    async def stop(self) -> None:
        """Stop the clock, stop listening and drop all connections."""
        self._front.stop()
        for server in self._bacnet:
            server.stop()
        for gateway in self._modbus:
            await gateway.stop()


def _gateways(point_map: PointMap) -> list[PointMap]:
    """Parts of a map whose devices are units of one address."""
    parts: dict[tuple[str, int], list[Device]] = {}
    for device in point_map.devices.values():
        parts.setdefault((device.host, device.port), []).append(device)
    return [point_map.of(part) for part in parts.values()]

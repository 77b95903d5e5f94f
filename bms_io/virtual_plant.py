"""A simulated plant on the network, as a site offers it: Modbus TCP and BACnet/IP at once.

Each device of the point map is served by the protocol that the map gives it.
"""

from typing import NamedTuple

from bms_io.bacnet_plant import BacnetPlant
from bms_io.modbus_plant import ModbusPlant
from bms_io.plant_faults import PlantFaults
from bms_io.plant_front import PlantFront
from bms_io.points import PointMap
from bms_io.simulated_plant import SimulatedPlant


class Ports(NamedTuple):
    """Where the servers answer."""

    modbus: int  # TCP; 0 where no device speaks it
    bacnet: dict[str, int]  # UDP, by device


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
        self._front = PlantFront(plant, faults)
        modbus = point_map.speaking("modbus_tcp")
        bacnet = point_map.speaking("bacnet_ip")
        self._modbus = ModbusPlant(modbus, self._front) if modbus.devices else None
        self._bacnet = [
            BacnetPlant(bacnet, name, self._front) for name in bacnet.devices
        ]

    async def start(self, host: str, port: int, bacnet_port: int = 0) -> Ports:
        """Listen.

        Parameters
        ----------
        host, port
            Address for Modbus TCP; port 0 takes a free one.
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
        modbus = 0 if self._modbus is None else await self._modbus.start(host, port)
        bacnet = {
            server.device: await server.start(
                host, bacnet_port + number if bacnet_port else 0
            )
            for number, server in enumerate(self._bacnet)
        }
        return Ports(modbus, bacnet)

    def run_clock(self, speed: float) -> None:
        """Let the plant's clock run by itself, see ``PlantFront.run_clock``."""
        self._front.run_clock(speed)

    async def stop(self) -> None:
        """Stop the clock, stop listening and drop all connections."""
        self._front.stop()
        for server in self._bacnet:
            server.stop()
        if self._modbus is not None:
            await self._modbus.stop()

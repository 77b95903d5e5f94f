"""A simulated plant that answers on Modbus TCP, as a BMS gateway would.

Registers are those of the point map. Writing ``clock.target_s`` moves the plant to that
time before the answer goes out: the client sets the pace and nobody sleeps. A write
that is torn, not finite, out of range or backwards in time is refused with exception 3,
and nothing of that request takes effect.

Everything happens in the server's action hook without giving up the event loop, so no
client can ever read registers of two different times.
"""

import errno
import logging
import math
import socket
from functools import partial
from typing import Any

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from bms_io.codec import decode, encode, saturate
from bms_io.plant_front import PlantFront
from bms_io.point_names import OWNER_POINT
from bms_io.points import Point, PointMap
from twin.errors import ConfigError

_READS = {"coil": 1, "discrete": 2, "holding": 3, "input": 4}
_BITS = ("coil", "discrete")
_WRITES = {5: "coil", 15: "coil"} | dict.fromkeys((6, 16, 22, 23), "holding")
_OF_BITS = {1: "coil", 2: "discrete", 5: "coil", 15: "coil"}
_NO_VALUE = (0x7FC0, 0x0000)  # a quiet NaN of IEEE 754
_ALL_ONES = (0xFFFF, 0xFFFF)  # "not implemented" of SunSpec and many others
_NOWHERE = 65_535  # where a table without points has its one entry


class ModbusPlant:
    """Modbus TCP server in front of a simulated plant.

    Parameters
    ----------
    point_map
        Registers to serve; every device becomes one unit of this server.
    front
        What answers.
    """

    def __init__(self, point_map: PointMap, front: PlantFront) -> None:
        self._map = point_map
        self._front = front
        self._server: ModbusTcpServer | None = None

    @property
    def devices(self) -> list[str]:
        """Devices that answer here, each with its own unit."""
        return list(self._map.devices)

    async def start(self, host: str, port: int) -> int:
        """Listen.

        Parameters
        ----------
        host, port
            Address; port 0 takes a free one.

        Returns
        -------
        int
            Port in use.

        Raises
        ------
        ConfigError
            If the address cannot be taken.
        """
        # pymodbus writes recent traffic to the console with every message it logs
        logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
        units = [self._unit(name) for name in self._map.devices]
        server = ModbusTcpServer(units, address=(host, port))
        try:
            await server.serve_forever(background=True)
        except RuntimeError as error:
            message = f"{host}:{port}: cannot listen here: {_obstacle(host, port)}"
            raise ConfigError(message) from error
        self._server = server
        await self._publish_all()
        self._front.listeners.append(self._publish_all)
        listener: Any = server.transport  # an asyncio.Server once it listens
        return int(listener.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Stop listening and drop all connections."""
        if self._server is not None:
            await self._server.shutdown()  # type: ignore[no-untyped-call] # theirs
            self._server = None

    def _unit(self, device: str) -> SimDevice:
        """Lay out the registers of one device as the server wants them."""
        tables: dict[str, list[SimData]] = {table: [] for table in _READS}
        for point in self._points(device):
            tables[point.table].append(_data(point, self._front.value(point)))
        for name, table in tables.items():  # the server cannot have an empty table
            if not table:
                kind = DataType.BITS if name in _BITS else DataType.REGISTERS
                table.append(SimData(_NOWHERE, values=[0], datatype=kind))
        return SimDevice(
            id=self._map.devices[device].unit,
            simdata=(
                tables["coil"],
                tables["discrete"],
                tables["holding"],
                tables["input"],
            ),
            action=partial(self._act, device),
        )

    def _points(self, device: str) -> list[Point]:
        """Points of one device."""
        return [p for p in self._map.points.values() if p.device == device]

    async def _publish_all(self) -> None:
        """Put the present values of every device into its registers."""
        for name in self._map.devices:
            await self._publish(name)

    async def _publish(self, device: str) -> None:
        """Put the present values into what is only read, and the lease."""
        if self._server is None:
            return
        unit = self._map.devices[device].unit
        for point in self._points(device):
            if point.table not in _WRITES.values() or point.name == OWNER_POINT:
                words = words_of(point, self._front.value(point))
                bits = [bool(word) for word in words]
                await self._server.async_setValues(
                    unit,
                    _READS[point.table],
                    point.address,
                    bits if point.table in _BITS else words,
                )

    async def _act(
        self,
        device: str,
        function: int,
        _start: int,
        address: int,
        _count: int,
        _registers: list[int],
        written: list[int] | list[bool] | None,
    ) -> ExcCodes | None:
        """Check a write and let it take effect; reads pass where there are points."""
        if written is None or function in _WRITES:  # else the plant publishes
            await self._front.attend(device)
        # the server tells how many bits are written, but of a read only the first
        wanted = range(address, address + len(written or [0]))
        if function in _OF_BITS and not self._has_bits(device, function, wanted):
            return ExcCodes.ILLEGAL_ADDRESS
        if written is None or function not in _WRITES:
            return None
        numbers = [int(word) for word in written]
        requests = self._understand(device, _WRITES[function], address, numbers)
        if requests is None:
            return ExcCodes.ILLEGAL_VALUE
        await self._front.apply(requests)
        return None

    def _has_bits(self, device: str, function: int, wanted: range) -> bool:
        """Whether each bit is a point; the server knows them by the sixteen only."""
        table = _OF_BITS[function]
        there = {p.address for p in self._points(device) if p.table == table}
        return there.issuperset(wanted)

    def _understand(
        self, device: str, table: str, address: int, words: list[int]
    ) -> dict[str, float] | None:
        """Read the numbers of a write request, or None if one of them is refused."""
        wanted = range(address, address + len(words))
        requests: dict[str, float] = {}
        for point in self._points(device):
            touched = set(point.registers) & set(wanted)
            if point.table != table or not touched:
                continue
            if len(touched) < len(point.registers):
                return None  # torn
            begin = point.address - address
            received = words[begin : begin + len(point.registers)]
            raw = decode(received, point.wire_type, point.byte_order)
            value = raw * point.scale + point.offset
            if not self._front.allows(point, value):
                return None
            requests[point.name] = value
        return requests


def _obstacle(host: str, port: int) -> str:
    """Why one cannot listen at an address, and what to do; the server does not tell."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return "the port is in use. Choose another one, or 0 for any free port."
        if error.errno == errno.EACCES:
            return (
                "ports below 1024 need rights. Choose another, or 0 for any free one."
            )
        return (
            "the host is no address of this machine. Give 127.0.0.1 to be reached from "
            "here only, or 0.0.0.0 for all its networks."
        )
    return "the port was taken for a moment. Try again."


def _data(point: Point, value: float) -> SimData:
    """Lay out one point."""
    words = words_of(point, value)
    if point.table in _BITS:
        bits = [bool(word) for word in words]
        return SimData(point.address, values=bits, datatype=DataType.BITS)
    return SimData(point.address, values=words, datatype=DataType.REGISTERS)


def words_of(point: Point, value: float) -> list[int]:
    """Encode a value as a transmitter does: beyond its range it stays at the end."""
    if math.isnan(value):
        return list(_NO_VALUE if point.wire_type == "float32" else _ALL_ONES)[
            : len(point.registers)
        ]
    raw = saturate((value - point.offset) / point.scale, point.wire_type)
    return encode(raw, point.wire_type, point.byte_order)

"""BACnet/IP client of one device, and the only file that knows the library's client.

Facts of bacpypes3 0.0.110 that shape it, each found by running it: errors of devices
derive from ``BaseException``; a cancelled request goes on being sent, so a request is
never given a shorter time than the library's own, and never repeated (no retries);
errors inside a ReadPropertyMultiple come back as values, not as exceptions; on loopback
two parties need two UDP ports.
"""

import asyncio
import math
import socket
from collections.abc import Awaitable, Iterable
from typing import Any, NamedTuple

from bacpypes3.apdu import AbortPDU, AbortReason, ErrorRejectAbortNack
from bacpypes3.app import Application
from bacpypes3.local.device import DeviceObject
from bacpypes3.local.networkport import NetworkPortObject
from bacpypes3.primitivedata import Null

from bms_io.modbus_client import DeviceRefusedError
from twin.errors import CommunicationError

_OUR_INSTANCE = 4_194_301  # assumption: nobody else has the second-last number
_OUR_VENDOR = 999  # reserved for tests; ASHRAE gives out the others
_FLAGS = ("in-alarm", "fault", "overridden", "out-of-service")  # ASHRAE 135, 12.2.6


class Present(NamedTuple):
    """What a device says about one object."""

    value: float
    trouble: str = ""  # why there is no value
    fault: bool = False
    out_of_service: bool = False


class BacnetClient:
    """Requests to one device, one at a time.

    Parameters
    ----------
    device
        Name, for messages.
    host, port
        Address of the device.
    instance
        Which device must answer there.
    timeout_s
        Longest wait for an answer.
    """

    def __init__(
        self, device: str, host: str, port: int, instance: int, timeout_s: float
    ) -> None:
        self._device, self._instance = device, instance
        self._host, self._port = host, port
        self._timeout_s = timeout_s
        self._application: Any = None
        self._turn = asyncio.Lock()
        self._reads_multiple = True  # until the device says no

    @property
    def connected(self) -> bool:
        """Whether the device has answered."""
        return self._application is not None

    async def connect(self) -> None:
        """Open a port of our own and make sure that the right device answers.

        Raises
        ------
        CommunicationError
            If nobody answers or another device does.
        """
        self.close()
        own = await asyncio.to_thread(_own_address, self._host)
        self._application = Application.from_object_list(
            [
                DeviceObject(
                    objectIdentifier=("device", _OUR_INSTANCE),
                    objectName="wetbulb",
                    vendorIdentifier=_OUR_VENDOR,
                    apduTimeout=round(self._timeout_s * 1000.0),
                    numberOfApduRetries=0,
                ),
                NetworkPortObject(
                    own, objectIdentifier=("network-port", 1), objectName="port"
                ),
            ]
        )
        wanted = f"device,{self._instance}"
        try:
            await self._ask("read_property", wanted, "object-name")
        except CommunicationError as error:
            self.close()
            message = f"{error} Is device {self._instance} there?"
            raise CommunicationError(message) from error

    def close(self) -> None:
        """Close our port."""
        if self._application is not None:
            self._application.close()
            self._application = None

    async def read(self, objects: list[str]) -> dict[str, Present]:
        """Read present values and status flags, in one request if the device can.

        Parameters
        ----------
        objects
            As ``analog-input,3``.

        Raises
        ------
        CommunicationError
            If the device does not answer.
        """
        if self._reads_multiple:
            try:
                return await self._read_multiple(objects)
            except DeviceRefusedError:
                self._reads_multiple = False  # many devices lack the service
        return {name: await self._read_single(name) for name in objects}

    async def write(
        self, name: str, value: float | int | None, priority: int | None
    ) -> None:
        """Write a present value once; None takes back what stands at the priority.

        Raises
        ------
        DeviceRefusedError
            If the device refuses it.
        CommunicationError
            If it does not answer; whether it wrote is unknown.
        """
        sent = Null(()) if value is None else value
        await self._ask(
            "write_property", name, "present-value", sent, priority=priority
        )

    async def priorities(self, name: str) -> dict[int, float]:
        """Occupied slots of the priority array, by priority 1 to 16.

        Raises
        ------
        CommunicationError
            If the device does not answer or has no such array.
        """
        slots = await self._ask("read_property", name, "priority-array")
        return {
            number: float(getattr(slot, slot._choice))
            for number, slot in enumerate(slots, start=1)
            if slot._choice != "null"
        }

    async def _read_multiple(self, objects: list[str]) -> dict[str, Present]:
        wanted = [
            part
            for name in objects
            for part in (name, ["present-value", "status-flags"])
        ]
        rows = await self._ask("read_property_multiple", wanted)
        found: dict[str, dict[str, Any]] = {name: {} for name in objects}
        for identifier, prop, _, value in rows:
            found.setdefault(str(identifier), {})[str(prop)] = value
        return {name: _present(found[name]) for name in objects}

    async def _read_single(self, name: str) -> Present:
        try:
            value = await self._ask("read_property", name, "present-value")
            flags = await self._ask("read_property", name, "status-flags")
        except DeviceRefusedError as error:
            return Present(math.nan, f"refused: {error}")
        return _present({"present-value": value, "status-flags": flags})

    async def _ask(self, service: str, *what: Any, **options: Any) -> Any:
        """Send one request and take its answer; nothing of the library gets out."""
        where = f"{self._device} ({self._host}:{self._port})"
        if self._application is None:
            message = f"{where}: not connected. Connect again."
            raise CommunicationError(message)
        request: Awaitable[Any] = getattr(self._application, service)(
            f"{self._host}:{self._port}", *what, **options
        )
        async with self._turn:
            try:
                return await request
            except ErrorRejectAbortNack as error:
                silent = isinstance(error, AbortPDU) and (
                    error.apduAbortRejectReason == AbortReason.noResponse
                )
                message = f"{where}: {service} {what[0]!s:.80}: {error}."
                if silent:
                    raise CommunicationError(message) from None
                raise DeviceRefusedError(message, 0) from None
            except (OSError, ValueError, AttributeError) as error:
                message = f"{where}: {service}: {type(error).__name__}: {error}."
                raise CommunicationError(message) from error


def _present(found: dict[str, Any]) -> Present:
    """Judge what came for one object; errors come as values in a multiple read."""
    value = found.get("present-value")
    try:
        number = float(value)  # type: ignore[arg-type] # None and errors are refused
    except (TypeError, ValueError):
        return Present(math.nan, f"refused: {value}")
    flags = found.get("status-flags")
    if not isinstance(flags, Iterable):
        return Present(number)
    states = dict(zip(_FLAGS, flags, strict=False))
    return Present(
        number,
        fault=bool(states.get("fault")),
        out_of_service=bool(states.get("out-of-service")),
    )


def _own_address(host: str) -> str:
    """Our address towards a device, with a free UDP port; no broadcasts are needed."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((host, 9))  # sends nothing
        address = probe.getsockname()[0]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((address, 0))
        return f"{address}/32:{probe.getsockname()[1]}"

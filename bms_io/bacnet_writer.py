"""BACnet client of one device that also writes: each value once, never repeated.

An answer that is an Abort, of another kind or does not come says nothing about what the
device did, so the object is read back before it is written again.
"""

from typing import Any

from bacpypes3.apdu import SimpleAckPDU, WritePropertyRequest
from bacpypes3.basetypes import PropertyIdentifier
from bacpypes3.primitivedata import Null, ObjectIdentifier, Real, Unsigned

from bms_io.bacnet_client import BacnetClient
from bms_io.bacnet_values import Present
from bms_io.modbus_client import DeviceRefusedError
from twin.errors import CommunicationError


class BacnetWriter(BacnetClient):
    """Requests to one device, also writes; none is ever repeated."""

    _unknown: frozenset[str] = frozenset()  # objects whose last write may have arrived

    async def read(self, objects: list[str]) -> dict[str, Present]:
        """Read as the client does; what was read back is known again."""
        found = await super().read(objects)
        self._unknown -= {name for name, one in found.items() if not one.trouble}
        return found

    async def write(
        self, name: str, value: float | int | None, priority: int | None
    ) -> None:
        """Write a present value once; None takes back what stands at the priority.

        Where the outcome of the write before is unknown, the object is read back first.

        Raises
        ------
        DeviceRefusedError
            If the device refuses it, or another one has its address: nothing was sent.
        CommunicationError
            If it gives up, does not answer, or cannot be read back; whether it wrote is
            unknown.
        """
        if name in self._unknown:
            seen = (await self.read([name]))[name]
            if seen.trouble:
                message = (
                    f"{self._address}: {name}: the last write may have arrived, and it "
                    f"cannot be read back ({seen.trouble}). Nothing sent."
                )
                raise CommunicationError(message)
        await self.identify()
        self._unknown |= {name}
        try:
            answer = await self.ask(
                f"write of {name}",
                lambda app: app.request(_command(self.where, name, value, priority)),
            )
        except DeviceRefusedError:
            self._unknown -= {name}
            raise
        # the library takes an acknowledgement of any service for this one's
        ours = WritePropertyRequest.service_choice
        if not isinstance(answer, SimpleAckPDU) or answer.apduService != ours:
            message = f"{self._address}: write of {name}: odd answer {answer!r:.60}."
            raise CommunicationError(message)
        self._unknown -= {name}


def _command(
    where: Any, name: str, value: float | int | None, priority: int | None
) -> Any:
    """Request to write a present value."""
    identifier = ObjectIdentifier(name)
    if value is None:
        typed: Any = Null(())
    elif name.startswith("positive-integer-value"):
        typed = Unsigned(round(value))
    else:
        typed = Real(value)
    request = WritePropertyRequest(
        objectIdentifier=identifier,
        propertyIdentifier=PropertyIdentifier("present-value"),
        propertyValue=typed,
        destination=where,
    )
    if priority is not None:
        request.priority = priority
    return request

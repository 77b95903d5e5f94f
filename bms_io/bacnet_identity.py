"""Whether the device that answers is still the one that was found at first.

BACnet/IP has no connection that would break when a device is exchanged, a router restarts
or an address is given to another one; the objects of the next one are read and written as
if nothing had happened. So its name is asked for again every few seconds, after a silence,
and before a write (ASHRAE 135, 12.11: the Object_Name of a device is unique in its
network).
"""

import asyncio
from collections.abc import Awaitable, Callable

from bms_io.modbus_client import DeviceRefusedError
from twin.errors import CommunicationError

BELIEVED_S = 5.0  # assumption: one small request more in so many seconds


class Identity:
    """Name of a device, and until when it needs no proof.

    Parameters
    ----------
    expected
        Object_Name of the device; empty: the first that is seen.
    """

    def __init__(self, expected: str = "") -> None:
        self._expected = expected
        self._until_s = -1.0

    async def confirm(
        self, ask_name: Callable[[], Awaitable[str]], where: str, instance: int
    ) -> None:
        """Ask for the name, if that was not done a moment ago.

        Parameters
        ----------
        ask_name
            Gets the name from the device.
        where, instance
            The device, for messages.

        Raises
        ------
        DeviceRefusedError
            If it is another device; it stays refused until the right one is back.
        CommunicationError
            If it does not answer.
        """
        clock = asyncio.get_running_loop().time
        if clock() < self._until_s:
            return
        self.doubt()
        try:
            name = await ask_name()
        except DeviceRefusedError as error:
            message = f"{error} Is device {instance} there?"
            raise DeviceRefusedError(message, error.code) from error
        except CommunicationError as error:
            message = f"{error} Is device {instance} there?"
            raise CommunicationError(message) from error
        if self._expected and name != self._expected:
            message = (
                f"{where}: says it is {name!r}, not {self._expected!r}. Another device "
                "has this address: nothing is read from it or written to it. Put the "
                "right one back, or correct host, device_instance or device_name in the "
                "point map and start again."
            )
            raise DeviceRefusedError(message, 0)
        self._expected = name
        self._until_s = clock() + BELIEVED_S

    def doubt(self) -> None:
        """Ask again: the device was silent, or its port was opened anew."""
        self._until_s = -1.0

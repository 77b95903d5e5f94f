"""BACnet/IP client of one device; nothing of the library gets out of ``bacnet_*.py``.

Facts of bacpypes3 0.0.110 that shape it, each found by running it: errors of devices
derive from ``BaseException``; a cancelled request goes on being sent, so nothing is ever
repeated (no retries); errors inside a ReadPropertyMultiple come back as values, not as
exceptions; any kind of answer to a write counts as success, so the kind is checked here;
on loopback two parties need two UDP ports.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from bacpypes3.apdu import (
    AbortPDU,
    AbortReason,
    ErrorRejectAbortNack,
    RejectPDU,
    RejectReason,
)
from bacpypes3.pdu import Address

from bms_io.bacnet_habits import Habits
from bms_io.bacnet_identity import Identity
from bms_io.bacnet_link import Bbmd, listener, own_address, who_is
from bms_io.bacnet_values import Present, answered, present, property_request
from bms_io.modbus_client import DeviceRefusedError
from twin.errors import CommunicationError

_PATIENCE = 3.0  # of the time for one answer: segments may follow each other
_PROPERTIES = ("present-value", "status-flags")
_SERVICE_UNKNOWN = 1  # code of DeviceRefusedError, as Modbus counts


class AbortedError(CommunicationError):
    """The device gave up on a request; what it had done by then is unknown."""


class BacnetAddress(NamedTuple):
    """Where a device answers."""

    name: str  # for messages
    host: str
    port: int
    instance: int  # which device must answer there
    device_name: str = ""  # and its Object_Name; empty: that of the first answer

    def __str__(self) -> str:
        return f"{self.name} ({self.host}:{self.port})"


class BacnetClient:
    """Requests to one device, one at a time; it cannot write.

    Parameters
    ----------
    address
        Of the device.
    timeout_s
        Longest wait for an answer.
    bbmd
        Register there as a foreign device, and look the device up by broadcast.
    """

    def __init__(
        self, address: BacnetAddress, timeout_s: float, bbmd: Bbmd | None = None
    ) -> None:
        self._address = address
        self._timeout_s = timeout_s
        self._bbmd = bbmd
        self._application: Any = None
        self._turn = asyncio.Lock()
        self._habits = Habits()
        self._identity = Identity(address.device_name)
        self.heard: Callable[[Any], None] = lambda _: None  # gets notifications

    @property
    def connected(self) -> bool:
        """Whether the device has answered."""
        return self._application is not None

    @property
    def where(self) -> Any:
        """Address of the device in the library's words."""
        return Address(f"{self._address.host}:{self._address.port}")

    async def connect(self) -> None:
        """Open a port of our own and make sure that the right device answers.

        Raises
        ------
        CommunicationError
            If nobody answers, another device does, or more than one.
        """
        self.close()
        own = await asyncio.to_thread(own_address, self._address.host)
        self._application = listener(own, self._timeout_s, self._bbmd, self._notified)
        try:
            await self._look_up()
            self._identity.doubt()
            await self.identify()
        except BaseException:
            self.close()
            raise

    async def identify(self) -> None:
        """Make sure, if that was not done a moment ago, that it is the right device.

        Raises
        ------
        DeviceRefusedError
            If it is another one.
        CommunicationError
            If it does not answer.
        """
        instance = self._address.instance

        async def ask_name() -> str:
            whole = f"device,{instance}"
            return str(await self._property(whole, "object-name"))

        await self._identity.confirm(ask_name, str(self._address), instance)

    def close(self) -> None:
        """Close our port."""
        if self._application is not None:
            self._application.close()
            self._application = None

    async def read(self, objects: list[str]) -> dict[str, Present]:
        """Read present values and status flags, many in one request if the device can.

        Parameters
        ----------
        objects
            As ``analog-input,3``.

        Returns
        -------
        dict[str, Present]
            One per object; trouble is a value. After silence the rest is not asked for.
        """
        found: dict[str, Present] = {}
        now_s = asyncio.get_running_loop().time()
        if self._habits.is_quiet(now_s):
            lost = Present(math.nan, f"comm: {self._address}: silent, asked again soon")
            return dict.fromkeys(objects, lost)
        try:
            await self.identify()
            for some in self._habits.batches(objects, now_s):
                found |= await self._read_some(some, now_s)
        except CommunicationError as error:
            self._identity.doubt()
            if not isinstance(error, DeviceRefusedError):
                self._habits.silent(asyncio.get_running_loop().time(), self._timeout_s)
            lost = Present(math.nan, f"comm: {error}")
            return {name: found.get(name, lost) for name in objects}
        self._habits.answered()
        return await self._with_reasons(found)

    async def priorities(self, name: str) -> dict[int, float]:
        """Occupied slots of the priority array, by priority 1 to 16.

        Raises
        ------
        CommunicationError
            If the device does not answer or has no such array.
        """
        slots = await self.ask(
            f"priority-array of {name}",
            lambda app: app.read_property(self.where, name, "priority-array"),
        )
        try:
            return {
                number: float(getattr(slot, slot._choice))
                for number, slot in enumerate(slots, start=1)
                if slot._choice != "null"
            }
        except (TypeError, AttributeError, ValueError) as error:
            message = (
                f"{self._address}: {name} has no priority array but {slots!r:.60}."
            )
            raise CommunicationError(message) from error

    async def ask(self, what: str, send: Callable[[Any], Awaitable[Any]]) -> Any:
        """Send one request and take its answer; nothing of the library gets out.

        Raises
        ------
        DeviceRefusedError
            If the device says no: nothing was done.
        AbortedError
            If it gives up: what was done is unknown.
        CommunicationError
            If it does not answer, or not as agreed: what was done is unknown.
        """
        if self._application is None:
            message = f"{self._address}: not connected. Connect again."
            raise CommunicationError(message)
        async with self._turn:
            try:
                async with asyncio.timeout(_PATIENCE * self._timeout_s):
                    return await send(self._application)
            except ErrorRejectAbortNack as error:
                raise self._understood(what, error) from None
            except (TimeoutError, OSError, ValueError, TypeError) as error:
                said = str(error) or type(error).__name__
                message = f"{self._address}: {what}: {said.rstrip('.')}."
                raise CommunicationError(message) from error
            except (AttributeError, RuntimeError) as error:  # theirs, on odd answers
                message = (
                    f"{self._address}: {what}: {type(error).__name__}: {error!s:.200}"
                )
                raise CommunicationError(message) from error

    def _understood(self, what: str, error: Any) -> CommunicationError:
        """Tell a refusal from what leaves the outcome open."""
        message = f"{self._address}: {what:.80}: {str(error).rstrip('.')}."
        if isinstance(error, AbortPDU):
            if error.apduAbortRejectReason == AbortReason.noResponse:
                return CommunicationError(message)
            return AbortedError(message)
        unknown = isinstance(error, RejectPDU) and (
            error.apduAbortRejectReason == RejectReason.unrecognizedService
        )
        return DeviceRefusedError(message, _SERVICE_UNKNOWN if unknown else 0)

    async def _read_some(self, names: list[str], now_s: float) -> dict[str, Present]:
        """Read a batch; if the device cannot, halves of it, down to single objects."""
        if len(names) == 1:
            return {names[0]: await self._read_single(names[0])}
        try:
            return await self._read_multiple(names)
        except AbortedError:  # too large for it
            self._habits.too_many(len(names), now_s)
        except DeviceRefusedError as error:
            if error.code == _SERVICE_UNKNOWN:
                self._habits.too_many(2, now_s)
                return {name: await self._read_single(name) for name in names}
            if len(names) == 2:
                self._habits.alone(names, now_s)
        half = len(names) // 2
        first = await self._read_some(names[:half], now_s)
        return first | await self._read_some(names[half:], now_s)

    async def _read_multiple(self, names: list[str]) -> dict[str, Present]:
        wanted = [part for name in names for part in (name, list(_PROPERTIES))]
        rows = await self.ask(
            f"read of {len(names)} objects from {names[0]}",
            lambda app: app.read_property_multiple(self.where, wanted),
        )
        found: dict[str, dict[str, Any]] = {name: {} for name in names}
        for identifier, prop, _, value in rows or ():
            found.setdefault(str(identifier), {})[str(prop)] = value
        return {name: present(found[name]) for name in names}

    async def _read_single(self, name: str) -> Present:
        found: dict[str, Any] = {}
        for prop in _PROPERTIES:
            try:
                found[prop] = await self._property(name, prop)
            except (DeviceRefusedError, AbortedError) as error:
                found.setdefault("present-value", error)
        return present(found)

    async def _property(self, name: str, prop: str) -> Any:
        request = property_request(self.where, name, prop)
        answer = await self.ask(f"{prop} of {name}", lambda app: app.request(request))
        value = answered(request, answer)
        if value is None:
            message = f"{self._address}: {prop} of {name}: odd answer."
            raise CommunicationError(message)
        return value

    async def _with_reasons(self, found: dict[str, Present]) -> dict[str, Present]:
        """Ask those that report a fault for its reason; others have none (135, 12.2.6)."""
        named = dict(found)
        for name in [n for n, one in found.items() if one.fault]:
            try:
                why = str(await self._property(name, "reliability"))
            except CommunicationError:
                return named  # nice to have
            named[name] = found[name]._replace(reliability=why)
        return named

    async def _look_up(self) -> None:
        """Find the device by broadcast, where a BBMD passes it on."""
        if self._bbmd is None:
            return
        instance = self._address.instance
        places = await self.ask(
            "who-is", lambda app: who_is(app, instance, self._timeout_s)
        )
        if len(places) > 1:
            message = f"{self._address}: device {instance} is there twice: {places}."
            raise CommunicationError(message)
        if places and places[0] != str(self.where):
            message = f"{self._address}: device {instance} has moved to {places[0]}."
            raise CommunicationError(message)

    def _notified(self, notification: Any) -> None:
        """Pass on what comes from our device; others are not heard."""
        if notification.pduSource == self.where:
            self.heard(notification)

"""BACnet/IP server of a simulated plant: one device with its objects.

The library takes any value for any object, so what a real device refuses is refused
here: writes to inputs (write-access-denied), values that are not finite or out of range
(value-out-of-range). Setpoints have a priority array; with nothing in it the relinquish
default, the design setpoint, is requested.
"""

import math
import socket
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from bacpypes3.app import Application
from bacpypes3.basetypes import PriorityValue, Segmentation
from bacpypes3.errors import ExecutionError
from bacpypes3.local.analog import (
    AnalogInputObject,
    AnalogOutputObject,
    AnalogValueObject,
)
from bacpypes3.local.cmd import Commandable
from bacpypes3.local.device import DeviceObject
from bacpypes3.local.networkport import NetworkPortObject
from bacpypes3.local.object import Object
from bacpypes3.object import PositiveIntegerValueObject as _PositiveIntegerValueObject
from bacpypes3.primitivedata import Null

from bms_io.bacnet_answer import Objects, answer
from bms_io.plant_front import PlantFront
from bms_io.point_names import OWNER_POINT
from bms_io.points import Point, PointMap
from twin.errors import ConfigError

_VENDOR = 999  # reserved for tests
_UNITS = {  # ASHRAE 135, BACnetEngineeringUnits
    "degC": "degreesCelsius",
    "percent": "percent",
    "kW": "kilowatts",
    "W": "watts",
    "kPa": "kilopascals",
    "Pa": "pascals",
    "kg/s": "kilogramsPerSecond",
    "s": "seconds",
}


class _Guarded:
    """Mixed into objects: writes over the wire pass through the plant's front."""

    _front: PlantFront
    _point: Point

    async def write_property(
        self, attr: Any, value: Any, index: Any = None, priority: Any = None
    ) -> None:
        """Refuse as a device does, or let the value take effect."""
        point = self._point
        if str(attr) != "present-value" or point.table == "input":
            raise ExecutionError(errorClass="property", errorCode="writeAccessDenied")
        if not isinstance(value, Null):
            wanted = float(value) * point.scale + point.offset
            if not (math.isfinite(wanted) and self._front.allows(point, wanted)):
                raise ExecutionError(errorClass="property", errorCode="valueOutOfRange")
        await super().write_property(attr, value, index, priority)  # type: ignore[misc] # mixin
        in_force = float(self.presentValue)  # type: ignore[attr-defined] # mixin
        await self._front.apply({point.name: in_force * point.scale + point.offset})


class _Input(_Guarded, AnalogInputObject):  # type: ignore[misc] # theirs is untyped
    """Measured."""


class _Value(_Guarded, Commandable, AnalogValueObject):  # type: ignore[misc] # theirs is untyped
    """Commanded."""


class _Output(_Guarded, AnalogOutputObject):  # type: ignore[misc] # theirs is untyped
    """Commanded."""


class _Counter(_Guarded, Object, _PositiveIntegerValueObject):  # type: ignore[misc] # theirs is untyped
    """Clock, heartbeat and lease: written, not commanded."""


_CLASSES: dict[str, Any] = {
    "analog-input": _Input,
    "analog-value": _Value,
    "analog-output": _Output,
    "positive-integer-value": _Counter,
}


class _Attending(Application):  # type: ignore[misc] # theirs is untyped
    """Application that takes its time, or does not answer at all."""

    attend: Callable[[], Awaitable[None]]
    known: Objects

    async def indication(self, apdu: Any) -> None:
        await self.attend()
        await super().indication(apdu)

    async def do_ReadPropertyMultipleRequest(self, apdu: Any) -> None:
        quick = answer(apdu, self.known)
        if quick is None:
            await super().do_ReadPropertyMultipleRequest(apdu)
        else:
            await self.response(quick)


class BacnetPlant:
    """Server of one device.

    Parameters
    ----------
    point_map
        BACnet devices and their points.
    device
        Which of them.
    front
        What answers.
    """

    def __init__(self, point_map: PointMap, device: str, front: PlantFront) -> None:
        self.device = device
        self._nameplate = point_map.devices[device]
        self._points = [p for p in point_map.points.values() if p.device == device]
        self._front = front
        self._objects: dict[str, Any] = {}
        self._application: Any = None

    async def start(self, host: str, port: int) -> int:
        """Listen.

        Parameters
        ----------
        host, port
            Address; port 0 takes a free one.

        Returns
        -------
        int
            UDP port in use.

        Raises
        ------
        ConfigError
            If the address cannot be taken.
        """
        port = _free(host, port)
        value = self._front.value
        self._objects = {p.name: self._object(p, value(p)) for p in self._points}
        self._application = _Attending.from_object_list(
            [
                DeviceObject(
                    objectIdentifier=("device", self._nameplate.device_instance),
                    objectName=self.device,
                    vendorIdentifier=_VENDOR,
                    maxApduLengthAccepted=1476,
                    segmentationSupported=Segmentation.segmentedBoth,
                    maxSegmentsAccepted=64,
                ),
                NetworkPortObject(
                    f"{host}/32:{port}",
                    objectIdentifier=("network-port", 1),
                    objectName="port",
                ),
                *self._objects.values(),
            ]
        )
        self._application.known = {
            (int(kind), number): made
            for made in self._objects.values()
            for kind, number in [made.objectIdentifier]
        }
        self._application.attend = partial(self._front.attend, self.device)
        self._front.listeners.append(self._publish)
        return port

    def stop(self) -> None:
        """Stop listening."""
        if self._application is not None:
            self._application.close()
            self._application = None

    def _object(self, point: Point, value: float) -> Any:
        """Lay out one object."""
        place = point.bacnet
        if place is None:
            message = f"{point.name} is not a BACnet point"
            raise KeyError(message)
        counter = place.object_type == "positive-integer-value"
        raw = (value - point.offset) / point.scale
        more = {} if counter else {"covIncrement": 0.1}
        if place.priority is not None:
            more["relinquishDefault"] = raw
        made = _CLASSES[place.object_type](
            objectIdentifier=(place.object_type, place.instance),
            objectName=point.name,
            presentValue=round(raw) if counter else raw,
            statusFlags=[0, 0, 0, 0],
            eventState="normal",
            outOfService=False,
            units=_UNITS.get(point.unit, "noUnits"),
            **more,
        )
        made._front, made._point = self._front, point
        if place.priority is not None:  # the library has put it into slot 16
            made.priorityArray[15] = _empty_slot()
        return made

    async def _publish(self) -> None:
        """Put the present values into inputs, clock and lease."""
        for point in self._points:
            raw = (self._front.value(point) - point.offset) / point.scale
            made = self._objects[point.name]
            if point.table == "input":
                sound = math.isfinite(raw)
                made.reliability = "noFaultDetected" if sound else "noSensor"
                made.presentValue = raw
            elif point.name == OWNER_POINT:
                made.presentValue = round(raw)


def _empty_slot() -> PriorityValue:
    """Nothing at a priority."""
    return PriorityValue(null=())


def _free(host: str, port: int) -> int:
    """Make sure that a UDP port can be taken; the library only logs that it cannot."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((host, port))
        except OSError as error:
            message = (
                f"{host}:{port}/udp: cannot listen here: {error.strerror}. Choose "
                "another port, or 0 for any free one."
            )
            raise ConfigError(message) from error
        return int(probe.getsockname()[1])

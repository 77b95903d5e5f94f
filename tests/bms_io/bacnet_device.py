"""A small BACnet device whose manners can be changed, and a map for it."""

from pathlib import Path

from bacpypes3.apdu import AbortPDU, AbortReason
from bacpypes3.app import Application
from bacpypes3.basetypes import Segmentation, StatusFlags
from bacpypes3.errors import ExecutionError, UnrecognizedService
from bacpypes3.local.analog import AnalogInputObject, AnalogValueObject
from bacpypes3.local.cmd import Commandable
from bacpypes3.local.device import DeviceObject
from bacpypes3.local.networkport import NetworkPortObject

from bms_io.points import BacnetObject, Cov, Device, Point, PointMap

HOST, INSTANCE = "127.0.0.31", 3001


class Flagged(AnalogInputObject):
    """Says the flags that it is told; the library computes some and drops others."""

    _said = (0, 0, 0, 0)

    @property
    def statusFlags(self):
        return StatusFlags(list(self._said))

    @statusFlags.setter
    def statusFlags(self, value):
        self._said = tuple(value)


class Commanded(Commandable, AnalogValueObject):
    """A setpoint with a priority array."""


class SmallDevice(Application):
    """Counts what it is asked, and refuses as it is told."""

    most = 1000  # objects in one request
    knows_rpm = True
    poison: frozenset[int] = frozenset()  # instances that spoil a multiple read

    async def do_ReadPropertyMultipleRequest(self, apdu):
        asked = [one.objectIdentifier[1] for one in apdu.listOfReadAccessSpecs]
        self.multiple.append(len(asked))
        if not self.knows_rpm:
            raise UnrecognizedService
        if len(asked) > self.most:
            reason = AbortReason.segmentationNotSupported
            await self.response(AbortPDU(srv=True, reason=reason, context=apdu))
            return
        if self.poison.intersection(asked):
            raise ExecutionError(errorClass="object", errorCode="unknownObject")
        await super().do_ReadPropertyMultipleRequest(apdu)

    async def do_ReadPropertyRequest(self, apdu):
        self.single += 1
        await super().do_ReadPropertyRequest(apdu)

    async def do_SubscribeCOVRequest(self, apdu):
        self.subscriptions += 1
        await super().do_SubscribeCOVRequest(apdu)

    def forget_subscriptions(self):
        """Lose them as a device does that restarts."""
        for detection in list(self._cov_detections.values()):
            for subscription in list(detection.cov_subscriptions):
                self.cancel_subscription(subscription)


def device(port, count=8, host=HOST, instance=INSTANCE, name="small", **network):
    """Start a device with ``count`` analog inputs and a setpoint."""
    inputs = [
        Flagged(
            objectIdentifier=("analog-input", n),
            objectName=f"input {n}",
            presentValue=float(n),
            statusFlags=[0, 0, 0, 0],
            eventState="normal",
            outOfService=False,
            units="noUnits",
            covIncrement=0.1,
            reliability="noFaultDetected",
        )
        for n in range(count)
    ]
    made = SmallDevice.from_object_list(
        [
            DeviceObject(
                objectIdentifier=("device", instance),
                objectName=name,
                vendorIdentifier=999,
                maxApduLengthAccepted=1476,
                segmentationSupported=Segmentation.segmentedBoth,
            ),
            NetworkPortObject(
                f"{host}/32:{port}",
                objectIdentifier=("network-port", 1),
                objectName="port",
                **network,
            ),
            *inputs,
            Commanded(
                objectIdentifier=("analog-value", 1),
                objectName="setpoint",
                presentValue=20.0,
                relinquishDefault=20.0,
                statusFlags=[0, 0, 0, 0],
                eventState="normal",
                outOfService=False,
                units="degreesCelsius",
                covIncrement=0.1,
            ),
        ]
    )
    made.multiple, made.single, made.subscriptions, made.inputs = [], 0, 0, inputs
    return made


def small_map(port, count=8, cov=None, host=HOST, instance=INSTANCE, bbmd=None):
    """Point map of that device; points are ``p0``, ``p1``, ..."""
    points = {
        f"p{n}": Point(
            name=f"p{n}",
            device="small",
            table="input",
            address=0,
            wire_type="float32",
            byte_order="ABCD",
            scale=1.0,
            offset=0.0,
            minimum=-1e9,
            maximum=1e9,
            sentinels=(),
            stale_s=900.0,
            rate_max_per_s=1e9,
            write=None,
            bacnet=BacnetObject("analog-input", n, None),
        )
        for n in range(count)
    }
    small = Device(
        "small", host, port, 1, 0.5, 100, 1800.0, "bacnet_ip", instance,
        cov=None if cov is None else Cov(*cov), bbmd=bbmd,
    )  # fmt: skip
    return PointMap(Path("small.yaml"), "", {"small": small}, points)

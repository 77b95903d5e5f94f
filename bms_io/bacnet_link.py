"""Our port on a BACnet/IP network, in the library's words."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any, NamedTuple

from bacpypes3.apdu import SimpleAckPDU
from bacpypes3.app import Application
from bacpypes3.basetypes import HostNPort, Segmentation
from bacpypes3.local.device import DeviceObject
from bacpypes3.local.networkport import NetworkPortObject

_OUR_INSTANCE = 4_194_301  # assumption: nobody else has the second-last number
_OUR_VENDOR = 999  # reserved for tests; ASHRAE gives out the others


class Bbmd(NamedTuple):
    """Who passes broadcasts on to us when we are in another subnet."""

    host: str
    port: int
    lifetime_s: int  # of our registration; the library renews it


class _Listener(Application):  # type: ignore[misc] # theirs is untyped
    """Application that hands on notifications, and remembers who said I-Am."""

    told: Callable[[Any], None]
    present: set[tuple[int, str]]  # instance, address

    async def do_IAmRequest(self, apdu: Any) -> None:
        """Note it; the library keeps one answer per instance, the first."""
        self.present.add((int(apdu.iAmDeviceIdentifier[1]), str(apdu.pduSource)))
        await super().do_IAmRequest(apdu)

    async def do_UnconfirmedCOVNotificationRequest(self, apdu: Any) -> None:
        self.told(apdu)

    async def do_ConfirmedCOVNotificationRequest(self, apdu: Any) -> None:
        self.told(apdu)
        await self.response(SimpleAckPDU(context=apdu))


def listener(
    own: str, timeout_s: float, bbmd: Bbmd | None, told: Callable[[Any], None]
) -> Any:
    """Open a port that repeats nothing.

    Parameters
    ----------
    own
        Our address, see ``own_address``.
    timeout_s
        Longest wait for an answer, and for a segment of one.
    bbmd
        Where to register as a foreign device.
    told
        Gets every notification.
    """
    application = _Listener.from_object_list(
        [
            DeviceObject(
                objectIdentifier=("device", _OUR_INSTANCE),
                objectName="wetbulb",
                vendorIdentifier=_OUR_VENDOR,
                apduTimeout=round(timeout_s * 1000.0),
                apduSegmentTimeout=round(timeout_s * 1000.0),
                numberOfApduRetries=0,
                maxApduLengthAccepted=1476,  # of one UDP datagram, ASHRAE 135 J.2
                segmentationSupported=Segmentation.segmentedBoth,
                maxSegmentsAccepted=16,
            ),
            _port(own, bbmd),
        ]
    )
    application.told = told
    application.present = set()
    return application


async def who_is(application: Any, instance: int, timeout_s: float) -> list[str]:
    """Ask all networks who has an instance, once the BBMD has accepted us.

    Returns
    -------
    list[str]
        Addresses of all that answered in ``timeout_s``; two or more are a fault.
    """
    port = next(iter(application.link_layers.values()))
    async with asyncio.timeout(timeout_s):
        while port.bbmdRegistrationStatus != 0:
            await asyncio.sleep(0.02)
    application.present.clear()
    clock = asyncio.get_running_loop().time
    until_s = clock() + timeout_s
    await application.who_is(instance, instance, timeout=timeout_s)  # ends at the first
    await asyncio.sleep(max(until_s - clock(), 0.0))
    return sorted({at for number, at in application.present if number == instance})


def _port(own: str, bbmd: Bbmd | None) -> Any:
    """Our side of the network."""
    more = {}
    if bbmd is not None:
        more = {
            "bacnetIPMode": "foreign",
            "fdBBMDAddress": HostNPort(f"{bbmd.host}:{bbmd.port}"),
            "fdSubscriptionLifetime": bbmd.lifetime_s,
        }
    return NetworkPortObject(
        own, objectIdentifier=("network-port", 1), objectName="port", **more
    )


def own_address(host: str) -> str:
    """Our address towards a device, with a free UDP port; no broadcasts are needed."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((host, 9))  # sends nothing
        address = probe.getsockname()[0]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((address, 0))
        return f"{address}/32:{probe.getsockname()[1]}"

"""Which BACnet devices answer at an address, and which objects they have; only reads."""

from typing import Any

from bacpypes3.apdu import ErrorRejectAbortNack
from bacpypes3.app import Application
from bacpypes3.local.device import DeviceObject
from bacpypes3.local.networkport import NetworkPortObject
from bacpypes3.pdu import Address

from bms_io.bacnet_link import own_address
from twin.errors import CommunicationError

_OUR_INSTANCE = 4_194_300  # assumption: nobody else has this number
_OUR_VENDOR = 999  # reserved for tests; ASHRAE gives out the others
_HIGHEST_INSTANCE = 4_194_302


async def scan_bacnet(host: str, port: int, timeout_s: float) -> list[dict[str, Any]]:
    """Ask who is there, then each device for its objects.

    Parameters
    ----------
    host, port
        Address; the question goes there only, nothing is broadcast.
    timeout_s
        Longest wait for an answer.

    Returns
    -------
    list[dict]
        ``instance``, ``name`` and ``objects`` of each device; an object has ``object``,
        ``name`` and ``value`` (None where it has no present value).

    Raises
    ------
    CommunicationError
        If nobody answers.
    """
    application = _application(host, timeout_s)
    where = f"{host}:{port}"
    try:
        answers = await application.who_is(
            0, _HIGHEST_INSTANCE, Address(where), timeout=timeout_s
        )
        if not answers:
            message = (
                f"{where}: no BACnet/IP device answers Who-Is. Is it there, on this UDP "
                "port, and in this network?"
            )
            raise CommunicationError(message)
        return [
            await _device(application, where, answer.iAmDeviceIdentifier[1])
            for answer in answers
        ]
    except ErrorRejectAbortNack as error:  # not an Exception, see bacnet_client
        said = str(error).rstrip(".")
        message = f"{where}: {said}. The device answered Who-Is and nothing more."
        raise CommunicationError(message) from None
    finally:
        application.close()


def _application(host: str, timeout_s: float) -> Any:
    """Our side of the conversation, on a free port of the right network."""
    device = DeviceObject(
        objectIdentifier=("device", _OUR_INSTANCE),
        objectName="wetbulb-scan",
        vendorIdentifier=_OUR_VENDOR,
        apduTimeout=round(timeout_s * 1000.0),
        numberOfApduRetries=1,
    )
    network = NetworkPortObject(
        own_address(host), objectIdentifier=("network-port", 1), objectName="port"
    )
    return Application.from_object_list([device, network])


async def _device(application: Any, where: str, instance: int) -> dict[str, Any]:
    """Name and objects of one device."""
    whole = f"device,{instance}"
    listed = await application.read_property(where, whole, "object-list")
    objects = []
    for identifier in listed:
        name = str(await application.read_property(where, identifier, "object-name"))
        value = await _present_value(application, where, identifier)
        objects.append({"object": str(identifier), "name": name, "value": value})
    name = str(await application.read_property(where, whole, "object-name"))
    return {"instance": instance, "name": name, "objects": objects}


async def _present_value(application: Any, where: str, identifier: Any) -> float | None:
    """Present value as a number; None where the object has none."""
    try:
        found = await application.read_property(where, identifier, "present-value")
        return float(found)
    except ErrorRejectAbortNack:  # devices and network ports have none
        return None
    except (TypeError, ValueError, AttributeError):
        return None

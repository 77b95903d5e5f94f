"""The same site over other protocols: a Modbus map moved to BACnet, whole or in part.

Sites usually have their meters and UPS on Modbus and their cooling on BACnet, so that is
what ``both`` makes of a map of Modbus devices. A map that already names both protocols is
served as it is: the map says what a device speaks.
"""

import itertools
from typing import Literal

from bms_io.points import BacnetObject, Device, Point, PointMap, Protocol
from twin.errors import ConfigError

Spoken = Literal["as-mapped", "modbus", "bacnet", "both"]
FIRST_INSTANCE = 1001  # device instance of the first device, assumption
PRIORITY = 10  # ASHRAE 135 leaves 9 to 14 to the site
_METERS = ("_w", "clock.time_s", "clock.target_s")  # stay on Modbus in both
_ELECTRICAL = (".ups_", ".battery_")  # likewise


def speak(point_map: PointMap, spoken: Spoken) -> PointMap:
    """Move points to the protocol asked for.

    Parameters
    ----------
    point_map
        As loaded.
    spoken
        ``as-mapped`` changes nothing, ``modbus`` neither, but refuses other devices;
        ``bacnet`` moves every Modbus point, ``both`` all but meters, UPS, battery and
        clock, unless the map has both protocols already.

    Returns
    -------
    PointMap
        Map with one BACnet device ``<name>-bacnet`` for each device with moved points.

    Raises
    ------
    ConfigError
        If the map has devices that do not speak what was asked for.
    """
    _refuse_others(point_map, spoken)
    here = {device.protocol for device in point_map.devices.values()}
    if spoken in ("as-mapped", "modbus") or (spoken == "both" and len(here) > 1):
        return point_map
    moving = [
        p
        for p in point_map.speaking("modbus_tcp").points.values()
        if spoken == "bacnet" or not _stays(p.name)
    ]
    homes = sorted({p.device for p in moving})
    moved = {p.name: _moved(p) for p in moving}
    points = {n: moved.get(n, p) for n, p in point_map.points.items()}
    devices = dict(point_map.devices)
    taken = {d.device_instance for d in point_map.devices.values()}
    free = (n for n in itertools.count(FIRST_INSTANCE) if n not in taken)
    for home in homes:
        devices[_name(home)] = _beside(devices[home], next(free))
    used = {p.device for p in points.values()}
    return point_map._replace(
        points=points, devices={n: d for n, d in devices.items() if n in used}
    )


def _refuse_others(point_map: PointMap, spoken: Spoken) -> None:
    """Only Modbus points can be moved: they have addresses to make instances of."""
    movable: dict[str, tuple[Protocol, ...]] = {
        "modbus": ("modbus_tcp",),
        "bacnet": ("modbus_tcp", "bacnet_ip"),
        "both": ("modbus_tcp",),
    }
    here = {device.protocol for device in point_map.devices.values()}
    fits = movable.get(spoken, tuple(here))
    if spoken == "both" and here >= {"modbus_tcp", "bacnet_ip"}:
        return
    wrong = [f"{d.name} ({d.protocol})" for d in point_map.devices.values()
             if d.protocol not in fits]  # fmt: skip
    if wrong:
        message = (
            f"{point_map.path}: protocol {spoken!r} cannot be had of {', '.join(wrong)}: "
            "only Modbus points are moved. Use as-mapped, or change the map."
        )
        raise ConfigError(message)


def _stays(name: str) -> bool:
    """Whether a point is one of those that sites have on Modbus."""
    return name.endswith(_METERS) or any(word in name for word in _ELECTRICAL)


def _name(device: str) -> str:
    return f"{device}-bacnet"


def _beside(device: Device, instance: int) -> Device:
    """BACnet device beside a Modbus device."""
    return device._replace(
        name=_name(device.name),
        protocol="bacnet_ip",
        port=47808,
        device_instance=instance,
    )


def _moved(point: Point) -> Point:
    """Same number in an object; the register's address becomes the instance."""
    if point.table == "input":
        place = BacnetObject("analog-input", point.address, None)
    elif point.write is not None:
        place = BacnetObject("analog-value", point.address, PRIORITY)
    else:
        place = BacnetObject("positive-integer-value", point.address, None)
    return point._replace(device=_name(point.device), bacnet=place)

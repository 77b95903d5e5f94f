"""The same site over other protocols: a Modbus map moved to BACnet, whole or in part.

Sites usually have their meters on Modbus and their cooling on BACnet, so that is what
``both`` makes of a map.
"""

from typing import Literal

from bms_io.points import BacnetObject, Device, Point, PointMap

Spoken = Literal["as-mapped", "modbus", "bacnet", "both"]
FIRST_INSTANCE = 1001  # device instance of the first device, assumption
PRIORITY = 10  # ASHRAE 135 leaves 9 to 14 to the site
_METERS = ("_w", "clock.time_s", "clock.target_s")  # stay on Modbus in both


def speak(point_map: PointMap, spoken: Spoken) -> PointMap:
    """Move points to the protocol asked for.

    Parameters
    ----------
    point_map
        As loaded.
    spoken
        ``as-mapped`` and ``modbus`` change nothing; ``bacnet`` moves every Modbus point,
        ``both`` all but meters and clock.

    Returns
    -------
    PointMap
        Map with one BACnet device ``<name>-bacnet`` for each device with moved points.
    """
    if spoken in ("as-mapped", "modbus"):
        return point_map
    kept = _METERS if spoken == "both" else ()
    moving = [
        p
        for p in point_map.speaking("modbus_tcp").points.values()
        if not (kept and p.name.endswith(kept))
    ]
    homes = sorted({p.device for p in moving})
    moved = {p.name: _moved(p) for p in moving}
    points = {n: moved.get(n, p) for n, p in point_map.points.items()}
    devices = dict(point_map.devices)
    for number, home in enumerate(homes):
        devices[_name(home)] = _beside(devices[home], FIRST_INSTANCE + number)
    used = {p.device for p in points.values()}
    return point_map._replace(
        points=points, devices={n: d for n, d in devices.items() if n in used}
    )


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

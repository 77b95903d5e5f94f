"""Where the devices of a point map answer, if not where the map says."""

from typing import NamedTuple

from bms_io.points import PointMap, load_points
from bms_io.spoken import Spoken, speak
from twin.resources import resolve


class Where(NamedTuple):
    """Which map, and where its devices answer if not as mapped."""

    point_map: str
    host: str | None
    port: int | None
    bacnet_port: int | None
    spoken: Spoken


def located(where: Where) -> PointMap:
    """Map with its devices where they answer."""
    point_map = load_points(resolve(where.point_map, "points", ".yaml"))
    point_map = speak(point_map, where.spoken)
    if where.host is None and where.port is None and where.bacnet_port is None:
        return point_map
    first = {"modbus_tcp": where.port, "bacnet_ip": where.bacnet_port}
    servers: dict[str, list[object]] = {name: [] for name in first}
    devices = {}
    for name, device in point_map.devices.items():
        # as serve-plant: units of one address share a port, the next ones follow
        server = (device.host, device.port, device.device_instance)
        others = servers.setdefault(device.protocol, [])
        if server not in others:
            others.append(server)
        base = first.get(device.protocol)
        devices[name] = device._replace(
            host=where.host or device.host,
            port=base + others.index(server) if base else device.port,
        )
    return point_map._replace(devices=devices)

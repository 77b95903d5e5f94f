"""What earlier writes by hand leave for the next one: the record remembers, not we.

Each ``wetbulb points write`` is a process of its own; the audit log is what they share.
"""

from datetime import UTC, datetime
from pathlib import Path

from bms_io.daemon.audit import entries
from bms_io.points import Point, PointMap
from twin.errors import GuardRefusedError


def place_of(point_map: PointMap, point: Point) -> str:
    """Device of a point on the network: maps of two plants may share a record."""
    device = point_map.devices[point.device]
    number = device.device_instance or device.unit
    return f"{device.protocol}://{device.host}:{device.port}/{number}"


def last_write_s(path: Path, name: str, place: str) -> float:
    """How long ago a setpoint was last written, on the clock of this machine.

    Parameters
    ----------
    path
        Audit log.
    name
        Point.
    place
        Its device, see ``place_of``; rows without places count for any.

    Returns
    -------
    float
        Seconds, negative if the record is from the future; infinite if there is none. A
        write that the device refused is none, one of unknown outcome is one.
    """
    written: dict[int, datetime] = {}
    for entry in entries(path):
        details = entry.details
        if entry.event in ("intent", "release") and name in details["values"]:
            if details.get("places", {}).get(name, place) == place:
                written[entry.number] = datetime.fromisoformat(entry.wall)
        elif entry.event == "result" and name in details.get("refused", ()):
            written.pop(details["intent"], None)
    if not written:
        return float("inf")
    return (datetime.now(UTC) - max(written.values())).total_seconds()


def check_interval(path: Path, name: str, ago_s: float, min_interval_s: float) -> None:
    """Refuse a write that comes too soon after the one before.

    Raises
    ------
    GuardRefusedError
        If less than the minimum interval has passed.
    """
    if ago_s >= min_interval_s:
        return
    if ago_s < 0.0:
        message = (
            f"{name}: by {path} it is written {-ago_s:.0f} s from now. Nothing written. "
            "Set the clock of this machine."
        )
        raise GuardRefusedError(message)
    message = (
        f"{name}: was written {ago_s:.0f} s ago; the map asks for {min_interval_s:g} s "
        f"between two writes. Nothing written. Wait {min_interval_s - ago_s:.0f} s."
    )
    raise GuardRefusedError(message)

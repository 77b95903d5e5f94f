"""``wetbulb points scan``: what answers at an address, before there is a point map."""

import asyncio
from typing import Any, Literal, NamedTuple

from bms_io.bacnet_scan import scan_bacnet
from bms_io.point_scan import scan_modbus
from bms_io.point_schema import DEFAULT_PORTS
from dashboards import console
from dashboards.plain import plain
from twin.errors import ConfigError

_LARGEST_UNIT = 247


class Request(NamedTuple):
    """Where to look."""

    host: str
    port: int | None
    protocol: Literal["modbus", "bacnet"]
    units: str
    addresses: int
    timeout_s: float


def run(asked: Request, as_json: bool) -> None:
    """Scan and show.

    Raises
    ------
    ConfigError
        If the units are not numbers.
    CommunicationError
        If nobody answers.
    """
    found = _modbus(asked) if asked.protocol == "modbus" else _bacnet(asked)
    if as_json:
        console.write_json(plain(found))
        return
    for entry in found.get("units", []):
        console.write(f"unit {entry['unit']}")
        for table, spans in entry["tables"].items():
            shown = ", ".join(_span(first, last) for first, last in spans)
            console.write(f"  {table}: {shown}")
    for device in found.get("devices", []):
        console.write(f"device {device['instance']}: {device['name']}")
        for one in device["objects"]:
            console.write(f"  {one['object']:<28} {one['value']!s:<12} {one['name']}")
    if not any(found.values()):
        console.write("Connected, but no unit gave a value. Try other --units.")


def _modbus(asked: Request) -> dict[str, Any]:
    """Units of a gateway."""
    port = asked.port or DEFAULT_PORTS["modbus_tcp"]
    numbers = _numbers(asked.units)
    scan = scan_modbus(asked.host, port, numbers, asked.addresses, asked.timeout_s)
    return {
        "units": [
            {"unit": entry.unit, "tables": entry.spans} for entry in asyncio.run(scan)
        ]
    }


def _bacnet(asked: Request) -> dict[str, Any]:
    """Devices and objects behind an address."""
    port = asked.port or DEFAULT_PORTS["bacnet_ip"]
    found = asyncio.run(scan_bacnet(asked.host, port, asked.timeout_s))
    return {"devices": found}


def _numbers(text: str) -> list[int]:
    """Read ``1-3,7`` as 1, 2, 3, 7."""
    numbers: list[int] = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        last = last if dash else first
        if not (first.strip().isdigit() and last.strip().isdigit()):
            message = f"--units {text!r}: allowed are numbers and ranges, e.g. 1-10,20."
            raise ConfigError(message)
        if int(first) > int(last):
            message = f"--units {part.strip()!r}: the smaller number comes first."
            raise ConfigError(message)
        numbers += range(int(first), int(last) + 1)
    if not all(0 <= number <= _LARGEST_UNIT for number in numbers):
        message = f"--units {text!r}: allowed are 0 to {_LARGEST_UNIT}."
        raise ConfigError(message)
    return numbers


def _span(first: int, last: int) -> str:
    return f"{first}" if first == last else f"{first}-{last}"

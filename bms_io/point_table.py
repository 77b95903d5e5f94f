"""A point map as a table: one row per point, dotted headers, nothing lost.

The first columns are those of a VOLTTRON Modbus registry, so that such a driver reads the
Modbus points of the same file; the dotted ones are the keys of our YAML. Cells are YAML
scalars or JSON lists, so that a number stays a number.
"""

import json
from collections.abc import Iterator, Mapping
from copy import copy
from functools import cache
from typing import Any

import yaml

from bms_io.codec import ByteOrder, WireType

MODBUS_HEADER = (
    "Reference Point Name",
    "Volttron Point Name",
    "Units",
    "Units Details",
    "Modbus Register",
    "Writable",
    "Point Address",
    "Default Value",
    "Mixed Endian",
    "Notes",
)
# wire type -> letter of Python's struct
LETTERS: dict[WireType, str] = {
    "uint16": "H",
    "int16": "h",
    "uint32": "I",
    "int32": "i",
    "float32": "f",
}
# byte order -> first character of the struct format, Mixed Endian (words exchanged)
ORDERS: dict[ByteOrder, tuple[str, bool]] = {
    "ABCD": (">", False),
    "CDAB": (">", True),
    "DCBA": ("<", False),
    "BADC": ("<", True),
}
_DEVICE, _MAP = "device.", "map."


def rows_of(data: Mapping[str, Any]) -> list[dict[str, str]]:
    """Rows of a checked map.

    Parameters
    ----------
    data
        Content of the YAML file.

    Returns
    -------
    list[dict[str, str]]
        One row per point; the device of a point stands in every row.
    """
    of_map = {k: v for k, v in data.items() if k not in ("devices", "points")}
    rows = []
    for name, entry in data["points"].items():
        device = data["devices"][entry["device"]]
        cells = {
            **_flat(entry),
            **{_DEVICE + k: v for k, v in _flat(device).items()},
            **{_MAP + k: v for k, v in _flat(of_map).items()},
        }
        row = {"name": name, **{k: _cell(v) for k, v in cells.items()}}
        rows.append(_volttron(name, entry) | row)
    return rows


def header_of(rows: list[dict[str, str]]) -> list[str]:
    """Columns in order: VOLTTRON's, then ours as they first appear."""
    seen = dict.fromkeys(MODBUS_HEADER)
    for row in rows:
        seen |= dict.fromkeys(row)
    return list(seen)


def data_of(rows: list[Mapping[str, str]]) -> dict[str, Any]:
    """Content of the YAML file that makes these rows.

    Parameters
    ----------
    rows
        As from ``rows_of``; columns without a dot or a name of ours are not looked at.
    """
    data: dict[str, Any] = {"devices": {}, "points": {}}
    for row in rows:
        # copies, because YAML would write a list that stands twice as a reference
        cells = {k: copy(_parsed(v)) for k, v in row.items() if v and ours(k)}
        name = str(cells.pop("name"))
        device = {k: cells.pop(k) for k in list(cells) if k.startswith(_DEVICE)}
        of_map = {k: cells.pop(k) for k in list(cells) if k.startswith(_MAP)}
        entry = _nested(cells)
        data["points"][name] = entry
        parts = {k.removeprefix(_DEVICE): v for k, v in device.items()}
        data["devices"][str(entry.get("device"))] = _nested(parts)
        data |= _nested({k.removeprefix(_MAP): v for k, v in of_map.items()})
    return {"version": data.pop("version", 1), **data}


def ours(column: str) -> bool:
    """Whether a column is one of our keys and not one of VOLTTRON's."""
    return (
        column not in MODBUS_HEADER and column == column.lower() and " " not in column
    )


def _flat(entry: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Nested keys as dotted ones."""
    flat: dict[str, Any] = {}
    for key, value in entry.items():
        if hasattr(value, "items"):
            flat |= _flat(value, f"{before}{key}.")
        else:
            flat[before + key] = value
    return flat


def _nested(cells: Mapping[str, Any]) -> dict[str, Any]:
    """Dotted keys as nested ones."""
    nested: dict[str, Any] = {}
    for key, value in cells.items():
        *path, last = key.split(".")
        inner = nested
        for part in path:
            inner = inner.setdefault(part, {})
        inner[last] = value
    return nested


def _cell(value: Any) -> str:
    """Text that YAML reads as the same value."""
    text = json.dumps(value) if isinstance(value, list) else str(value)
    return text if _parsed(text) == value else json.dumps(value)


@cache
def _parsed(text: str) -> Any:
    """Value of a cell; most cells of a table say the same few things."""
    return yaml.safe_load(text)


def _volttron(name: str, entry: Mapping[str, Any]) -> dict[str, str]:
    """What a VOLTTRON Modbus driver needs; nothing for points of other protocols."""
    wire, write = entry.get("modbus"), entry.get("write", {})
    if wire is None:
        return {}
    first, mixed = ORDERS[wire.get("byte_order", "ABCD")]
    bit = wire["type"] == "bool"
    return {
        "Reference Point Name": name,
        "Volttron Point Name": name,
        "Units": entry.get("unit", ""),
        "Units Details": f"{write['min']} to {write['max']}" if write else "",
        "Modbus Register": "BOOL" if bit else first + LETTERS[wire["type"]],
        "Writable": str(wire["table"] in ("coil", "holding")).upper(),
        "Point Address": str(wire.get("address", "")),
        "Default Value": str(write.get("default", "")),
        "Mixed Endian": str(mixed).upper(),
        "Notes": "",
    }


def cells_of(rows: list[dict[str, str]]) -> Iterator[list[str]]:
    """Header and rows as lists, for a CSV writer."""
    header = header_of(rows)
    yield header
    for row in rows:
        yield [row.get(column, "") for column in header]

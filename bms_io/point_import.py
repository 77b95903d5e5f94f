"""Registries of VOLTTRON as a point map; what cannot be taken over is named.

Header and meaning of the columns: VOLTTRON documentation, platform driver, Modbus and
BACnet registry configuration. A registry says nothing of hosts and of most limits, so
the map that is made of it is usually not complete; ``load_points`` says what is missing.
"""

import csv
import difflib
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from bms_io.codec import WireType
from bms_io.point_names import CLOCK_TARGET_POINT, HEARTBEAT_POINT, OWNER_POINT, SIGNALS
from bms_io.point_table import LETTERS, MODBUS_HEADER, ORDERS, data_of, ours
from twin.errors import ConfigError

BACNET_HEADER = (
    "Reference Point Name",
    "Volttron Point Name",
    "Units",
    "Unit Details",
    "BACnet Object Type",
    "Property",
    "Writable",
    "Index",
    "Write Priority",
    "Notes",
)
_ALSO_KNOWN = ("Transform", "Default Value", "Units Details", "Mixed Endian")
_TYPES: dict[str, WireType] = {
    **{letter: kind for kind, letter in LETTERS.items()},
    "L": "uint32",
    "l": "int32",
}
# names of ASHRAE 135 and of people, where pint has another one
_UNITS = {
    "degreescelsius": "degC",
    "degrees celsius": "degC",
    "c": "degC",
    "degreesfahrenheit": "degF",
    "f": "degF",
    "kilowatts": "kW",
    "watts": "W",
    "megawatts": "MW",
    "pascals": "Pa",
    "kilopascals": "kPa",
    "bars": "bar",
    "kilogramspersecond": "kg/s",
    "seconds": "s",
    "nounits": "",
    "%": "percent",
}
_SERVICE = (HEARTBEAT_POINT, CLOCK_TARGET_POINT, OWNER_POINT)
_PRIORITIES = range(9, 15)


class There(NamedTuple):
    """The device of a registry, which does not name it."""

    name: str
    host: str
    port: int | None
    unit: int
    instance: int


class Imported(NamedTuple):
    """What a registry became."""

    data: dict[str, Any]  # content of a YAML file
    kind: str
    unknown_columns: tuple[str, ...]
    skipped: tuple[str, ...]  # rows, each with its line and why
    noted: tuple[str, ...]  # rows that were taken over in part


class _UntranslatableError(Exception):
    """Row that cannot become a point."""


def read_registry(path: Path, names: Mapping[str, str], there: There) -> Imported:
    """Read a registry of one of three kinds; its header tells which.

    Parameters
    ----------
    path
        CSV file.
    names
        Our signal by their point name, where these differ.
    there
        Device that VOLTTRON keeps in another file; our own CSV has it.

    Returns
    -------
    Imported
        Map and everything that is not in it.

    Raises
    ------
    ConfigError
        If the file cannot be read, or its header is none of the three.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            rows = [{k: v or "" for k, v in row.items() if k} for row in reader]
            header = [column for column in reader.fieldnames or [] if column]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        message = f"{path}: cannot be read as CSV ({error}). Check the path."
        raise ConfigError(message) from error
    if {"name", "device"} <= set(header):
        unknown = tuple(c for c in header if not ours(c) and c not in MODBUS_HEADER)
        return Imported(data_of(list(rows)), "wetbulb", unknown, (), ())
    if "Modbus Register" in header:
        return _translate(rows, header, names, there, _modbus)
    if "BACnet Object Type" in header:
        return _translate(rows, header, names, there, _bacnet)
    message = (
        f"{path}:1: is no registry: allowed are files with a column 'Modbus Register' or "
        "'BACnet Object Type' (VOLTTRON), or 'name' and 'device' (wetbulb points export)."
    )
    raise ConfigError(message)


_Row = Mapping[str, str]
_Translate = Callable[[str, _Row, list[str]], dict[str, Any]]


def _translate(
    rows: list[dict[str, str]],
    header: list[str],
    names: Mapping[str, str],
    there: There,
    of_row: _Translate,
) -> Imported:
    """Make a map of the rows of one kind of registry."""
    modbus = of_row is _modbus
    known = {*(MODBUS_HEADER if modbus else BACNET_HEADER), *_ALSO_KNOWN}
    points: dict[str, Any] = {}
    skipped, noted = [], []
    for line, row in enumerate(rows, start=2):
        theirs = row.get("Volttron Point Name", "").strip()
        notes: list[str] = []
        try:
            name = _signal(theirs, names)
            if name in points:
                message = f"{name} stands twice"
                raise _UntranslatableError(message)
            points[name] = {"device": there.name, **of_row(name, row, notes)}
        except _UntranslatableError as error:
            skipped.append(f"line {line}: {theirs or '(no name)'}: {error}")
        noted += [f"line {line}: {name}: {note}" for note in notes]
    device: dict[str, Any] = {"host": there.host}
    device |= {"port": there.port} if there.port is not None else {}
    if modbus:
        device |= {"protocol": "modbus_tcp", "unit": there.unit}
    else:
        device |= {"protocol": "bacnet_ip", "device_instance": there.instance}
    return Imported(
        {"version": 1, "devices": {there.name: device}, "points": points},
        "VOLTTRON Modbus" if modbus else "VOLTTRON BACnet",
        tuple(column for column in header if column not in known),
        tuple(skipped),
        tuple(noted),
    )


def _signal(theirs: str, names: Mapping[str, str]) -> str:
    """Our name of a point."""
    name = names.get(theirs, theirs)
    if name in SIGNALS:
        return name
    near = difflib.get_close_matches(name, SIGNALS, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    message = f"is not a signal; give ours with --names.{hint}"
    raise _UntranslatableError(message)


def _modbus(name: str, row: _Row, notes: list[str]) -> dict[str, Any]:
    """Entry of a Modbus row."""
    form, address = row["Modbus Register"].strip(), row["Point Address"].strip()
    if not address.isdigit():
        message = f"Point Address {address!r} is no number"
        raise _UntranslatableError(message)
    writable = _yes(row, "Writable")
    if form.lower() == "bool":
        table = "coil" if writable else "discrete"
        wire = {"table": table, "address": int(address), "type": "bool"}
        return _entry(name, row, {"modbus": wire}, writable, notes)
    first, letter = (form[0], form[1:]) if form[:1] in "<>!" else (">", form)
    if letter not in _TYPES:
        message = f"Modbus Register {form!r}: allowed are BOOL, H, h, I, i, L, l, f"
        raise _UntranslatableError(message)
    mixed = _yes(row, "Mixed Endian")
    spelling = ("<" if first == "<" else ">", mixed)
    order = next(order for order, form in ORDERS.items() if form == spelling)
    wire = {
        "table": "holding" if writable else "input",
        "address": int(address),
        "type": _TYPES[letter],
        "byte_order": order,
    }
    return _entry(name, row, {"modbus": wire}, writable, notes)


def _bacnet(name: str, row: _Row, notes: list[str]) -> dict[str, Any]:
    """Entry of a BACnet row."""
    kind = re.sub("([A-Z])", lambda m: "-" + m[0].lower(), row["BACnet Object Type"])
    if not row["Index"].strip().isdigit():
        message = f"Index {row['Index']!r} is no number"
        raise _UntranslatableError(message)
    if row.get("Property", "").strip() not in ("presentValue", "present-value"):
        message = f"Property {row.get('Property')!r}: only presentValue can be mapped"
        raise _UntranslatableError(message)
    place: dict[str, Any] = {"object": kind, "instance": int(row["Index"])}
    writable = _yes(row, "Writable")
    priority = row.get("Write Priority", "").strip()
    if writable and priority.isdigit() and int(priority) in _PRIORITIES:
        place["priority"] = int(priority)
    elif writable and priority:
        notes.append(f"Write Priority {priority} left out; allowed are 9 to 14")
    return _entry(name, row, {"bacnet": place}, writable, notes)


def _entry(
    name: str, row: _Row, place: dict[str, Any], writable: bool, notes: list[str]
) -> dict[str, Any]:
    """Unit, scale and what is known of writing."""
    entry: dict[str, Any] = {**place, **_scale(row.get("Transform", ""), notes)}
    unit = row.get("Units", "").strip()
    unit = _UNITS.get(unit.lower(), unit)
    if unit:
        entry["unit"] = unit
    if writable and name.startswith("setpoints."):
        default = row.get("Default Value", "").strip()
        known = {"default": float(default)} if _is_number(default) else {}
        active = name.replace("setpoints.", "active.")
        entry["write"] = {**known, "readback": active}
        notes.append("VOLTTRON enforces no limits: min, max, rate and so on are to add")
    elif writable and name not in _SERVICE:
        notes.append("Writable, but only setpoints are written")
    return entry


def _scale(transform: str, notes: list[str]) -> dict[str, float]:
    """Scale of a Modbus-TK registry."""
    found = re.fullmatch(r"scale(?:_int)?\(([-+.\deE]+)\)", transform.strip())
    if found and _is_number(found[1]):
        return {"scale": float(found[1])}
    if transform.strip():
        notes.append(f"Transform {transform!r} left out; only scale(number) is known")
    return {}


def _yes(row: _Row, column: str) -> bool:
    """Whether a cell says so; anything but true and false is not guessed at."""
    text = row.get(column, "").strip()
    if text.lower() not in ("true", "false", ""):
        message = f"{column} {text!r}: allowed are TRUE and FALSE"
        raise _UntranslatableError(message)
    return text.lower() == "true"


def _is_number(text: str) -> bool:
    """Whether a cell holds a number."""
    return re.fullmatch(r"[-+]?\d+(\.\d*)?([eE][-+]?\d+)?", text) is not None

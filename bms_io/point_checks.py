"""What can only be seen by looking at more than one entry of a point map."""

import difflib
import ipaddress
import itertools
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

import pint

from bms_io.codec import register_count
from bms_io.point_names import (
    CLOCK_TARGET_POINT,
    HEARTBEAT_POINT,
    OWNER_POINT,
    SIGNALS,
    affine,
    si_unit,
    signal_of,
)
from bms_io.point_numbers import numbers
from bms_io.point_parts import given, known
from bms_io.point_relations import of_device, of_point
from bms_io.point_schema import (
    BITS,
    COMMANDED,
    DeviceSpec,
    PointSpec,
    Table,
    WriteSpec,
)
from twin.yaml_source import Location

Finding = tuple[Location, str]
LOCAL_NAMES = ("localhost", "localhost.localdomain")  # ::1 may be another server
_BACNET_SIDE = {
    "input": "an analog-input",
    "holding": "an analog-value, analog-output or positive-integer-value",
}
_PROTOCOL_KEY = {"modbus_tcp": "modbus", "bacnet_ip": "bacnet", "mqtt_dsx": "dsx"}


class Entries(NamedTuple):
    """What is right of the entries of a file."""

    devices: Mapping[str, DeviceSpec]
    points: Mapping[str, PointSpec]


def check(entries: Entries) -> Iterator[Finding]:
    """Compare the keys of each entry, and the entries with each other.

    Parameters
    ----------
    entries
        All entries, each as far as it is right in itself.

    Yields
    ------
    Finding
        Path in the file and what is wrong, what is allowed, how to repair it.
    """
    for name, device in entries.devices.items():
        for key, text in of_device(device):
            yield ("devices", name, *key), text
    yield from _same_devices(entries.devices)
    for name, spec in entries.points.items():
        at: Location = ("points", name)
        for key, text in (*of_point(spec), *_home_findings(spec, entries.devices)):
            yield (*at, *key), text
        if signal_of(name) not in SIGNALS:
            yield at, _unknown(name)
            continue
        for key, text in (
            *_unit_findings(name, spec),
            *_write_findings(name, spec),
            *_readback_findings(name, spec, entries.points),
            *_voting_findings(name, spec, entries.points),
            *numbers(spec, entries.points),
        ):
            yield (*at, *key), text
    yield from _overlaps(entries.points)


def _home_findings(
    spec: PointSpec, devices: Mapping[str, DeviceSpec]
) -> Iterator[Finding]:
    """The device of a point must be there and speak its protocol."""
    if not known(spec, "device"):
        return
    if spec.device not in devices:
        names = ", ".join(devices)
        yield (
            ("device",),
            f"is {spec.device!r}: allowed is one of {names}. Change the name.",
        )
        return
    device, key = devices[spec.device], _wire_key(spec)
    wanted = _PROTOCOL_KEY[device.protocol] if known(device, "protocol") else key
    if key is not None and wanted != key:
        yield (), f"needs {wanted}, as its device speaks that. Change one of them."


def _same_devices(devices: Mapping[str, DeviceSpec]) -> Iterator[Finding]:
    """One device under two names would be polled twice and hide overlaps."""
    seen: dict[tuple[object, ...], str] = {}
    for name, spec in devices.items():
        keys = ("protocol", "host", "port", "tls", "unit", "device_instance")
        if not known(spec, *keys):
            continue
        which = {"modbus_tcp": spec.unit, "bacnet_ip": spec.device_instance}
        place = (spec.protocol, _one_name(spec.host), spec.port_or_default)
        first = seen.setdefault((*place, which.get(spec.protocol)), name)
        if first != name:
            yield ("devices", name), f"is the same device as {first}. Keep one of them."


def _one_name(host: str) -> str:
    """One spelling of a host: case, a final dot, ways to write an address, this machine.

    Names are not looked up: a map is checked where the plant's network is not.
    """
    name = host.lower().rstrip(".")
    if name in LOCAL_NAMES:
        return "127.0.0.1"
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return name


def _unknown(name: str) -> str:
    """Name that is not a signal, with the nearest that is."""
    near = difflib.get_close_matches(name, SIGNALS, n=1)
    hint = f"Did you mean {near[0]}?" if near else "See twin/signals.py."
    return f"is not a signal; allowed are inputs|outputs|setpoints|active.*. {hint}"


def _unit_findings(name: str, spec: PointSpec) -> Iterator[Finding]:
    """Units that cannot be converted to the one named by the signal's suffix."""
    if not known(spec, "unit"):
        return
    try:
        affine(spec.unit, si_unit(name))
    except (pint.PintError, ValueError, AttributeError):
        wanted = si_unit(name) or "a pure number, e.g. percent"
        yield ("unit",), f"is {spec.unit!r}: must be convertible to {wanted}."


def _write_findings(name: str, spec: PointSpec) -> Iterator[Finding]:
    """Table and write rule must fit the kind of signal."""
    kind, table, key = name.split(".")[0], table_of(spec), _wire_key(spec)
    service = name in (HEARTBEAT_POINT, CLOCK_TARGET_POINT, OWNER_POINT)
    wanted = "holding" if kind == "setpoints" or service else "input"
    if key == "modbus" and table and (table in COMMANDED) != (wanted in COMMANDED):
        text = f"is {table!r}: {kind} stand in table {wanted}. Change it."
        yield ("modbus", "table"), text
    if key == "bacnet" and table and (table in COMMANDED) != (wanted in COMMANDED):
        text = f"{spec.bacnet}: {kind} must be {_BACNET_SIDE[wanted]}. Change it."
        yield ("bacnet", "object"), text
    if key == "dsx" and service:
        text = "cannot be on the bus: there are no service points. Remove it."
        yield ("dsx",), text
    if kind == "setpoints" and not given(spec, "write"):
        keys = ", ".join(WriteSpec.model_fields)
        yield ("write",), f"is missing: a writable point needs {keys}. Add it."
    if kind != "setpoints" and given(spec, "write"):
        yield ("write",), "only setpoints may be written. Remove it."


def _readback_findings(
    name: str, spec: PointSpec, names: Collection[str]
) -> Iterator[Finding]:
    """Require that the read-back is the same setpoint as in force, and is mapped."""
    if not known(spec, "write") or spec.write is None:
        return
    wanted = name.replace("setpoints.", "active.")
    if not known(spec.write, "readback"):
        return
    if spec.write.readback != wanted and name.startswith("setpoints."):
        text = f"is {spec.write.readback!r}: must be the point {wanted} of this file."
        yield ("write", "readback"), text
    elif wanted not in names:
        yield ("write", "readback"), f"{wanted} is not in this file. Add that point."


def _voting_findings(
    name: str, spec: PointSpec, specs: Mapping[str, PointSpec]
) -> Iterator[Finding]:
    """Voters must be other sensors of the same signal; a label needs a vote."""
    signal = signal_of(name)
    if not known(spec, "redundant_with"):
        return
    for number, other in enumerate(spec.redundant_with):
        if other == name or signal_of(other) != signal or other not in specs:
            text = f"is {other!r}: must be another sensor {signal}@... of this file."
            yield ("redundant_with", number), text
    if spec.redundant_with and "@" in name:
        yield ("redundant_with",), f"belongs to {signal} alone. Move it there."
    if "@" in name and name not in getattr(specs.get(signal), "redundant_with", ()):
        yield (), f"is not named in redundant_with of {signal}. Add it there."
    if "@" in name and table_of(spec) in COMMANDED:
        yield (), "only what is measured can be redundant. Remove the label."


def _overlaps(specs: Mapping[str, PointSpec]) -> Iterator[Finding]:
    """Points that share a register of the same table of the same device."""
    spans = ((_place(spec), name) for name, spec in specs.items())
    places = sorted((*span, name) for span, name in spans if span)
    for left, right in itertools.pairwise(places):
        if left[:2] == right[:2] and left[3] > right[2]:
            key = _wire_key(specs[right[4]]) or "device"
            text = f"{right[1]} {right[2]} is also used by {left[4]}. Move one of them."
            yield ("points", right[4], key), text


def _place(spec: PointSpec) -> tuple[str, str, int, int] | None:
    """Device, table or object type, first number and the one after the last."""
    key = _wire_key(spec)
    if key is None or not known(spec, "device", key):
        return None
    if spec.bacnet is not None and known(spec.bacnet, "object", "instance"):
        number = spec.bacnet.instance
        return spec.device, spec.bacnet.object, number, number + 1
    if spec.dsx is not None and known(spec.dsx, "path"):
        return spec.device, f"topic {spec.dsx.path}", 0, 1
    if spec.modbus is None or not known(spec.modbus, "table", "address", "reference"):
        return None
    first = spec.modbus.first_register
    if first is None:
        return None
    wide = register_count(spec.modbus.type) if known(spec.modbus, "type") else 1
    kind = "bit" if spec.modbus.table in BITS else "register"
    return spec.device, f"{spec.modbus.table} {kind}", first, first + wide


def table_of(spec: PointSpec) -> Table | None:
    """Table of a point, or what corresponds to it; None if the entry does not tell."""
    key = _wire_key(spec)
    if key is None or not known(spec, key):
        return None
    if key == "dsx":
        return spec.table if known(spec, "write") else None
    part = "table" if key == "modbus" else "object"
    return spec.table if known(getattr(spec, key), part) else None


def _wire_key(spec: PointSpec) -> str | None:
    """Key under which the point says where it stands, None if it does not say."""
    keys = [key for key in _PROTOCOL_KEY.values() if given(spec, key)]
    return keys[0] if len(keys) == 1 else None

"""What can only be seen by looking at more than one entry of a point map."""

import difflib
import itertools
from collections.abc import Collection, Iterator, Mapping
from typing import Any

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
from bms_io.point_schema import BITS, COMMANDED, PointSpec, WriteSpec
from twin.yaml_source import Location

Finding = tuple[Location, str]
_BACNET_SIDE = {
    "input": "an analog-input",
    "holding": "an analog-value, analog-output or positive-integer-value",
}
_PROTOCOL_KEY = {"modbus_tcp": "modbus", "bacnet_ip": "bacnet", "mqtt_dsx": "dsx"}


def check(
    specs: Mapping[str, PointSpec], devices: Mapping[str, Any], names: Collection[str]
) -> Iterator[Finding]:
    """Compare the sound points of a map with each other and with the signals.

    Parameters
    ----------
    specs
        Points whose own entry is right.
    devices
        All devices of the file, as they stand there.
    names
        Names of all points of the file, sound or not.

    Yields
    ------
    Finding
        Path in the file and what is wrong, what is allowed, how to repair it.
    """
    for name, spec in specs.items():
        at: Location = ("points", name)
        if signal_of(name) not in SIGNALS:
            yield at, _unknown(name)
            continue
        if spec.device not in devices:
            known = ", ".join(devices)
            text = f"is {spec.device!r}: allowed is one of {known}. Change the name."
            yield (*at, "device"), text
        elif (wanted := _protocol_key(devices[spec.device])) not in (
            None,
            _wire_key(spec),
        ):
            yield at, f"needs {wanted}, as its device speaks that. Change one of them."
        for key, text in (*_unit_findings(name, spec), *_write_findings(name, spec)):
            yield (*at, *key), text
        for key, text in _readback_findings(name, spec, names):
            yield (*at, *key), text
        for key, text in _voting_findings(name, spec, specs):
            yield (*at, *key), text
    yield from _overlaps(specs)


def _protocol_key(entry: Any) -> str | None:
    """Key that the points of a device need; None if its entry is wrong anyway."""
    spoken = entry.get("protocol") if isinstance(entry, dict) else None
    return _PROTOCOL_KEY.get(str(spoken))


def _unknown(name: str) -> str:
    """Name that is not a signal, with the nearest that is."""
    near = difflib.get_close_matches(name, SIGNALS, n=1)
    hint = f"Did you mean {near[0]}?" if near else "See twin/signals.py."
    return f"is not a signal; allowed are inputs|outputs|setpoints|active.*. {hint}"


def _unit_findings(name: str, spec: PointSpec) -> Iterator[Finding]:
    """Units that cannot be converted to the one named by the signal's suffix."""
    try:
        affine(spec.unit, si_unit(name))
    except (pint.PintError, ValueError, AttributeError):
        wanted = si_unit(name) or "a pure number, e.g. percent"
        yield ("unit",), f"is {spec.unit!r}: must be convertible to {wanted}."


def _write_findings(name: str, spec: PointSpec) -> Iterator[Finding]:
    """Table and write rule must fit the kind of signal."""
    kind, table = name.split(".")[0], spec.table
    service = name in (HEARTBEAT_POINT, CLOCK_TARGET_POINT, OWNER_POINT)
    wanted = "holding" if kind == "setpoints" or service else "input"
    if (table in COMMANDED) != (wanted in COMMANDED):
        text = f"is {table!r}: {kind} stand in table {wanted}. Change it."
        if spec.modbus is None:
            text = f"{spec.bacnet}: {kind} must be {_BACNET_SIDE[wanted]}. Change it."
        if spec.dsx is not None:
            text = (
                f"{name} cannot be on the bus: there are no service points. Remove it."
            )
        place = {"modbus": ("modbus", "table"), "bacnet": ("bacnet", "object")}
        yield place.get(_wire_key(spec), ("dsx",)), text
    if kind == "setpoints" and spec.write is None:
        keys = ", ".join(WriteSpec.model_fields)
        yield ("write",), f"is missing: a writable point needs {keys}. Add it."
    if kind != "setpoints" and spec.write is not None:
        yield ("write",), "only setpoints may be written. Remove it."


def _readback_findings(
    name: str, spec: PointSpec, names: Collection[str]
) -> Iterator[Finding]:
    """Require that the read-back is the same setpoint as in force, and is mapped."""
    wanted = name.replace("setpoints.", "active.")
    given = spec.write.readback if spec.write else wanted
    if given != wanted or (spec.write and given not in names):
        text = f"is {given!r}: must be the point {wanted} of this file."
        yield ("write", "readback"), text


def _voting_findings(
    name: str, spec: PointSpec, specs: Mapping[str, PointSpec]
) -> Iterator[Finding]:
    """Voters must be other sensors of the same signal; a label needs a vote."""
    signal = signal_of(name)
    for number, other in enumerate(spec.redundant_with):
        if other == name or signal_of(other) != signal or other not in specs:
            text = f"is {other!r}: must be another sensor {signal}@... of this file."
            yield ("redundant_with", number), text
    if spec.redundant_with and "@" in name:
        yield ("redundant_with",), f"belongs to {signal} alone. Move it there."
    if "@" in name and name not in getattr(specs.get(signal), "redundant_with", ()):
        yield (), f"is not named in redundant_with of {signal}. Add it there."
    if "@" in name and spec.table in COMMANDED:
        yield (), "only what is measured can be redundant. Remove the label."


def _overlaps(specs: Mapping[str, PointSpec]) -> Iterator[Finding]:
    """Points that share a register of the same table of the same device."""
    places = sorted((*_place(spec), name) for name, spec in specs.items())
    for left, right in itertools.pairwise(places):
        if left[:2] == right[:2] and left[3] > right[2]:
            text = f"{right[1]} {right[2]} is also used by {left[4]}. Move one of them."
            yield ("points", right[4], _wire_key(specs[right[4]])), text


def _place(spec: PointSpec) -> tuple[str, str, int, int]:
    """Device, table or object type, first number and the one after the last."""
    if spec.bacnet is not None:
        number = spec.bacnet.instance
        return spec.device, spec.bacnet.object, number, number + 1
    if spec.dsx is not None:
        return spec.device, f"topic {spec.dsx.path}", 0, 1
    if spec.modbus is None:
        message = "a point without a place passed the schema"
        raise AssertionError(message)
    first = spec.modbus.first_register
    end = first + register_count(spec.modbus.type)
    kind = "bit" if spec.modbus.table in BITS else "register"
    return spec.device, f"{spec.modbus.table} {kind}", first, end


def _wire_key(spec: PointSpec) -> str:
    """Key under which the point says where it stands."""
    return "modbus" if spec.modbus else "bacnet" if spec.bacnet else "dsx"

"""What can only be seen by looking at more than one entry of a point map."""

import difflib
import itertools
from collections.abc import Collection, Iterator, Mapping

import pint

from bms_io.codec import register_count
from bms_io.point_names import (
    CLOCK_TARGET_POINT,
    HEARTBEAT_POINT,
    OWNER_POINT,
    SIGNALS,
    affine,
    si_unit,
)
from bms_io.point_schema import PointSpec, WriteSpec
from twin.yaml_source import Location

Finding = tuple[Location, str]


def check(
    specs: Mapping[str, PointSpec], devices: Collection[str], names: Collection[str]
) -> Iterator[Finding]:
    """Compare the sound points of a map with each other and with the signals.

    Parameters
    ----------
    specs
        Points whose own entry is right.
    devices
        Names of all devices of the file.
    names
        Names of all points of the file, sound or not.

    Yields
    ------
    Finding
        Path in the file and what is wrong, what is allowed, how to repair it.
    """
    for name, spec in specs.items():
        at: Location = ("points", name)
        if name not in SIGNALS:
            yield at, _unknown(name)
            continue
        if spec.device not in devices:
            known = ", ".join(devices)
            text = f"is {spec.device!r}: allowed is one of {known}. Change the name."
            yield (*at, "device"), text
        for key, text in (*_unit_findings(name, spec), *_write_findings(name, spec)):
            yield (*at, *key), text
        for key, text in _readback_findings(name, spec, names):
            yield (*at, *key), text
    yield from _overlaps(specs)


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
    kind, table = name.split(".")[0], spec.modbus.table
    service = name in (HEARTBEAT_POINT, CLOCK_TARGET_POINT, OWNER_POINT)
    wanted = "holding" if kind == "setpoints" or service else "input"
    if table != wanted:
        text = f"is {table!r}: {kind} stand in table {wanted}. Change it."
        yield ("modbus", "table"), text
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


def _overlaps(specs: Mapping[str, PointSpec]) -> Iterator[Finding]:
    """Points that share a register of the same table of the same device."""
    ordered = sorted(
        (s.device, s.modbus.table, s.modbus.first_register, n) for n, s in specs.items()
    )
    for left, right in itertools.pairwise(ordered):
        end = left[2] + register_count(specs[left[3]].modbus.type)
        if left[:2] == right[:2] and end > right[2]:
            text = f"register {right[2]} is also used by {left[3]}. Move one of them."
            yield ("points", right[3], "modbus"), text

"""Rules between the keys of one entry of a point map.

Each yields the path below the entry, and what is wrong, what is allowed, how to repair it.
A key that is missing or wrong in itself has been told; the rules about it are silent.
"""

import difflib
import re
from collections.abc import Iterator
from functools import cache

from bms_io.codec import register_count
from bms_io.point_parts import given, known
from bms_io.point_schema import (
    BITS,
    LAST_REGISTER,
    TLS_PORTS,
    DeviceSpec,
    PointSpec,
    WireSpec,
    WriteSpec,
)
from twin.resources import data_path
from twin.yaml_source import Location

Finding = tuple[Location, str]
_PLACES = ("modbus", "bacnet", "dsx")
_MARKER = re.compile(r"[a-z][A-Za-z0-9_]*")  # Project Haystack 4, Symbols


def of_device(spec: DeviceSpec) -> Iterator[Finding]:
    """Keys that belong to one protocol only."""
    if not known(spec, "protocol"):
        return
    for key, protocol in (
        ("device_instance", "bacnet_ip"),
        ("integration", "mqtt_dsx"),
    ):
        wanted, there = spec.protocol == protocol, given(spec, key)
        if wanted and not there:
            yield (key,), f"is missing: protocol {protocol} needs it. Add it."
        if there and not wanted:
            yield (key,), f"belongs to protocol {protocol}. Remove it."
    if given(spec, "tls") and spec.protocol not in TLS_PORTS:
        yield ("tls",), "belongs to protocols modbus_tcp and mqtt_dsx. Remove it."
    for key in ("cov", "bbmd", "device_name"):
        if given(spec, key) and spec.protocol != "bacnet_ip":
            yield (key,), "belongs to protocol bacnet_ip. Remove it."


def of_point(spec: PointSpec) -> Iterator[Finding]:
    """Everything that can be wrong between the keys of a point."""
    places = [key for key in _PLACES if given(spec, key)]
    if len(places) != 1:
        there = " and ".join(places) or "none of them"
        yield (), f"has {there}: give exactly one of modbus, bacnet, dsx."
    if known(spec, "modbus") and spec.modbus is not None:
        for at, text in _of_wire(spec.modbus):
            yield ("modbus", *at), text
    if known(spec, "write") and spec.write is not None:
        for at, text in _of_write(spec.write):
            yield ("write", *at), text
    yield from _priority(spec)
    yield from _checks(spec)
    yield from _words(spec)


def _of_wire(spec: WireSpec) -> Iterator[Finding]:
    """Bits and registers, order, spelling and end of an address."""
    if known(spec, "table", "type") and (spec.table in BITS) != (spec.type == "bool"):
        text = "type bool belongs to tables coil and discrete, and only there"
        yield ("type",), f"is {spec.type!r} in table {spec.table}: {text}. Change one."
    if known(spec, "type") and given(spec, "byte_order") == (spec.type == "bool"):
        orders = "ABCD, CDAB, BADC or DCBA"
        yield (
            ("byte_order",),
            f"must be {orders} for registers, absent for bits. Correct it.",
        )
    if given(spec, "address") == given(spec, "reference"):
        yield (), "give either address (0-based) or reference (e.g. 40003)."
        return
    if not known(spec, "table", "address", "reference"):
        return
    first = spec.first_register
    if first is None:
        bases = " or ".join(map(str, spec.first_references))
        text = f"reference of table {spec.table} starts at {bases}"
        yield ("reference",), f"is {spec.reference}: {text}. Change it."
    elif known(spec, "type") and first + register_count(spec.type) > LAST_REGISTER + 1:
        key = "address" if spec.reference is None else "reference"
        text = f"a {spec.type} there needs register {LAST_REGISTER + 1}"
        yield (key,), f"{text}; the last one is {LAST_REGISTER}. Move it."


def _of_write(spec: WriteSpec) -> Iterator[Finding]:
    """Limits in order and the default between them."""
    if not known(spec, "min", "max"):
        return
    if not spec.min < spec.max:
        yield (), f"min {spec.min:g} must be below max {spec.max:g}. Change one."
    elif known(spec, "default") and not spec.min <= spec.default <= spec.max:
        text = f"default {spec.default:g} must lie in {spec.min:g}..{spec.max:g}"
        yield ("default",), f"{text}. Change it."


def _priority(spec: PointSpec) -> Iterator[Finding]:
    """Over BACnet a setpoint is commanded at a priority, and nothing else is."""
    if not known(spec, "bacnet") or spec.bacnet is None:
        return
    if given(spec, "write") and not given(spec.bacnet, "priority"):
        yield (
            ("bacnet", "priority"),
            "is missing: a writable point needs 9 to 14. Add it.",
        )


def _checks(spec: PointSpec) -> Iterator[Finding]:
    """Range in order; exceptions and tolerances with what they belong to."""
    if given(spec, "redundant_with") != given(spec, "redundant_tol"):
        yield (), "redundant_with and redundant_tol belong together. Give both."
    watched = given(spec, "rests_at") or given(spec, "flatline_tol")
    if watched and not given(spec, "flatline_s"):
        yield (), "rests_at and flatline_tol need flatline_s. Add it."
    if known(spec, "range") and spec.range and not spec.range[0] < spec.range[1]:
        low, high = spec.range
        yield ("range",), f"is [{low:g}, {high:g}]: the lower end comes first."


def _words(spec: PointSpec) -> Iterator[Finding]:
    """Names of other vocabularies that do not exist there."""
    if known(spec, "brick") and spec.brick and spec.brick not in brick_points():
        near = difflib.get_close_matches(spec.brick, brick_points(), n=1)
        hint = f"Did you mean {near[0]}?" if near else "See ontology.brickschema.org."
        yield ("brick",), f"is {spec.brick!r}, no point class of Brick 1.4. {hint}"
    for number, tag in enumerate(spec.tags if known(spec, "tags") else ()):
        if not _MARKER.fullmatch(tag):
            text = "a Haystack marker is a lower-case letter, then letters, digits, _"
            yield ("tags", number), f"is {tag!r}: {text}. Change it."


@cache
def brick_points() -> frozenset[str]:
    """Classes of points in Brick."""
    lines = data_path("brick_points.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))

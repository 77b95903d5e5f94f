"""Numbers of a point that its type on the wire, or its read-back, cannot carry."""

import math
from collections.abc import Iterator, Mapping

import pint

from bms_io.codec import WireType, limits_of_type
from bms_io.point_names import affine
from bms_io.point_parts import known
from bms_io.point_schema import PointSpec
from twin.yaml_source import Location

Finding = tuple[Location, str]
_WHOLE = ("uint16", "int16", "uint32", "int32")


def numbers(spec: PointSpec, specs: Mapping[str, PointSpec]) -> Iterator[Finding]:
    """Values of the map that can never be on the wire, or never be confirmed.

    Parameters
    ----------
    spec
        One point.
    specs
        All of them, by name.

    Yields
    ------
    Finding
        Path below the point, and what is wrong.
    """
    wire = wire_type_of(spec)
    if wire is None or not known(spec, "scale", "offset"):
        return
    low, high = _carried(spec, wire)
    if known(spec, "range") and spec.range and not _meet(spec.range, (low, high)):
        text = f"a {wire} with this scale and offset carries {low:g} to {high:g} only"
        yield ("range",), f"is {list(spec.range)}: {text}. Correct one of them."
    for number, raw in enumerate(spec.sentinels if known(spec, "sentinels") else ()):
        least, most = limits_of_type(wire)
        if not least <= raw <= most:
            text = f"is {raw:g}: a {wire} is never that"
            yield ("sentinels", number), f"{text}. Give the raw number."
    if not known(spec, "write") or spec.write is None:
        return
    for key in ("min", "max", "default"):
        value = getattr(spec.write, key, low)
        if not low <= value <= high:
            text = f"does not fit {wire}, which carries {low:g} to {high:g} here"
            yield ("write", key), f"{value:g} {text}. Change type, scale or limit."
    yield from _confirmable(spec, specs)


def _confirmable(spec: PointSpec, specs: Mapping[str, PointSpec]) -> Iterator[Finding]:
    """The read-back must be able to show what is written, and near enough."""
    rule = spec.write
    if rule is None or not known(rule, "readback", "readback_tol", "min", "max"):
        return
    shown = specs.get(rule.readback)
    if shown is None or not known(shown, "scale", "unit", "range"):
        return
    try:
        slope, zero = affine(shown.unit, spec.unit)
    except (pint.PintError, ValueError, AttributeError):
        return  # told by the unit check
    step = shown.scale * slope
    own = spec.scale if wire_type_of(spec) in _WHOLE else math.nan
    same = math.isclose(own, step, rel_tol=1e-9)  # then it shows what was written
    if wire_type_of(shown) in _WHOLE and not same and rule.readback_tol < step / 2.0:
        text = f"{rule.readback} shows steps of {step:g}; allowed is {step / 2.0:g} up"
        yield ("write", "readback_tol"), f"is {rule.readback_tol:g}, {text}. Change it."
    if shown.range is None:
        return
    low, high = (end * slope + zero for end in shown.range)
    for key, limit in (("min", rule.min), ("max", rule.max)):
        if not low - rule.readback_tol <= limit <= high + rule.readback_tol:
            text = f"is {limit:g}, outside the range {low:g} to {high:g} of"
            yield ("write", key), f"{text} {rule.readback}. Change one of them."


def wire_type_of(spec: PointSpec) -> WireType | None:
    """Type on the wire; None where the entry does not tell or there is none."""
    place = spec.__dict__.get("modbus")
    if place is not None:
        return place.type if known(place, "type") else None
    place = spec.__dict__.get("bacnet")
    if place is None or not known(place, "object"):
        return None
    return "uint32" if place.object == "positive-integer-value" else "float32"


def _carried(spec: PointSpec, wire: WireType) -> tuple[float, float]:
    """Least and greatest value in the unit of the point."""
    low, high = limits_of_type(wire)
    return low * spec.scale + spec.offset, high * spec.scale + spec.offset


def _meet(one: tuple[float, float], other: tuple[float, float]) -> bool:
    """Whether two intervals have something in common."""
    return one[0] <= other[1] and other[0] <= one[1]

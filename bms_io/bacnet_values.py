"""What BACnet devices say about their objects, in plain numbers and words."""

import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from bacpypes3.apdu import ReadPropertyACK, ReadPropertyRequest
from bacpypes3.basetypes import PropertyIdentifier, Reliability, StatusFlags
from bacpypes3.primitivedata import CharacterString, ObjectIdentifier, Real, Unsigned

_FLAGS = ("in-alarm", "fault", "overridden", "out-of-service")  # ASHRAE 135, 12.2.6


class Present(NamedTuple):
    """What a device says about one object."""

    value: float
    trouble: str = ""  # why there is no value
    fault: bool = False
    out_of_service: bool = False
    overridden: bool = False  # by hand at the device
    reliability: str = ""  # reason of a fault, if the device told it
    age_s: float = 0.0  # since it came, wall clock; the device would tell a change


def present(found: Mapping[str, Any]) -> Present:
    """Judge the properties of one object; errors come as values."""
    value = found.get("present-value")
    try:
        number = float(value)  # type: ignore[arg-type] # None and errors are refused
    except (TypeError, ValueError):
        return Present(math.nan, f"refused: {value}")
    flags = found.get("status-flags")
    if not isinstance(flags, Iterable) or isinstance(flags, str):
        return Present(number)
    states = dict(zip(_FLAGS, flags, strict=False))
    return Present(
        number,
        fault=bool(states.get("fault")),
        out_of_service=bool(states.get("out-of-service")),
        overridden=bool(states.get("overridden")),
    )


def kind(name: str, prop: str) -> Any:
    """Type of a property of an object, None if it is none that we read."""
    counter = name.startswith("positive-integer-value")
    return {
        "present-value": Unsigned if counter else Real,
        "status-flags": StatusFlags,
        "reliability": Reliability,
        "object-name": CharacterString,
    }.get(prop)


def property_request(where: Any, name: str, prop: str) -> Any:
    """Ask for one property of one object."""
    return ReadPropertyRequest(
        objectIdentifier=ObjectIdentifier(name),
        propertyIdentifier=PropertyIdentifier(prop),
        destination=where,
    )


def answered(request: Any, answer: Any) -> Any:
    """Value in the answer, or None if it answers something else."""
    same = (
        isinstance(answer, ReadPropertyACK)
        and answer.objectIdentifier == request.objectIdentifier
        and answer.propertyIdentifier == request.propertyIdentifier
    )
    wanted = kind(str(request.objectIdentifier), str(request.propertyIdentifier))
    try:
        return answer.propertyValue.cast_out(wanted) if same else None
    except (ValueError, TypeError, AttributeError):
        return None

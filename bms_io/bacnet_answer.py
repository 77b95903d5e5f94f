"""Answers to the request that a supervisor sends most, without the library's long way.

ReadPropertyMultiple of present values and status flags is put together here from its bytes
(ASHRAE 135, clauses 20.2 and 21): building the library's nested objects for it takes most
of the time of a sweep, because each of them looks up its empty members one by one.
Everything else is left to the library.
"""

import struct
from collections.abc import Mapping
from typing import Any

from bacpypes3.apdu import ComplexAckPDU

_PRESENT_VALUE, _STATUS_FLAGS = 85, 111  # property identifiers
_OBJECT = b"\x0c"  # context tag 0, four bytes
_LIST = (b"\x1e", b"\x1f")  # context tag 1, opened and closed
_PROPERTY = b"\x29"  # context tag 2, one byte
_VALUE = (b"\x4e", b"\x4f")  # context tag 4, opened and closed
_REAL, _FOUR_FLAGS, _UNSIGNED = b"\x44", b"\x82\x04", 0x20  # application tags

Objects = Mapping[tuple[int, int], Any]  # by type and instance


def answer(request: Any, objects: Objects) -> Any:
    """Acknowledge a ReadPropertyMultiple.

    Parameters
    ----------
    request
        As the library decoded it.
    objects
        What may be answered here.

    Returns
    -------
    ComplexAckPDU or None
        None if something else than present values and flags of these is asked for.
    """
    parts: list[bytes] = []
    for wanted in request.listOfReadAccessSpecs:
        kind, instance = map(int, wanted.objectIdentifier)
        found = objects.get((kind, instance))
        if found is None:
            return None
        parts += (_OBJECT, struct.pack(">I", kind << 22 | instance), _LIST[0])
        for reference in wanted.listOfPropertyReferences:
            value = _value(found, reference)
            if value is None:
                return None
            number = bytes([int(reference.propertyIdentifier)])
            parts += (_PROPERTY, number, _VALUE[0], value, _VALUE[1])
        parts.append(_LIST[1])
    acknowledgement = ComplexAckPDU(context=request)
    acknowledgement.put_data(b"".join(parts))
    return acknowledgement


def _value(found: Any, reference: Any) -> bytes | None:
    """One property with its tag, None if it is left to the library."""
    if reference.propertyArrayIndex is not None:
        return None
    wanted = int(reference.propertyIdentifier)
    if wanted == _STATUS_FLAGS:
        flags = found.statusFlags
        bits = sum(0x80 >> place for place, flag in enumerate(flags) if flag)
        return _FOUR_FLAGS + bytes([bits])
    if wanted != _PRESENT_VALUE:
        return None
    value = found.presentValue
    if isinstance(value, float):
        return _REAL + struct.pack(">f", value)
    size = max(1, (int(value).bit_length() + 7) // 8)
    return bytes([_UNSIGNED | size]) + int(value).to_bytes(size, "big")

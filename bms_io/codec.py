"""Numbers in 16-bit registers, in all four byte orders.

A register is a 16-bit word sent high byte first (MODBUS Application Protocol V1.1b3,
section 4.2). How a 32-bit number is spread over two of them is not standardised, so
each point names its order. With A the most significant byte of the number:

=====  ==================  ========================================
order  registers           seen where
=====  ==================  ========================================
ABCD   ``AB`` then ``CD``  big-endian throughout, the usual default
CDAB   ``CD`` then ``AB``  words exchanged
BADC   ``BA`` then ``DC``  bytes exchanged inside each word
DCBA   ``DC`` then ``BA``  little-endian throughout
=====  ==================  ========================================

A 16-bit number has only AB (orders ABCD, CDAB) and BA (orders BADC, DCBA). A coil or
discrete input is one bit and has no order.
"""

import math
import struct
from collections.abc import Sequence
from typing import Literal

WireType = Literal["bool", "uint16", "int16", "uint32", "int32", "float32"]
ByteOrder = Literal["ABCD", "CDAB", "BADC", "DCBA"]

_FORMAT: dict[WireType, str] = {
    "bool": ">H",  # travels as one bit of a coil or discrete input
    "uint16": ">H",
    "int16": ">h",
    "uint32": ">I",
    "int32": ">i",
    "float32": ">f",
}
_LIMITS: dict[WireType, tuple[float, float]] = {
    "bool": (0, 1),
    "uint16": (0, 0xFFFF),
    "int16": (-0x8000, 0x7FFF),
    "uint32": (0, 0xFFFF_FFFF),
    "int32": (-0x8000_0000, 0x7FFF_FFFF),
    "float32": (-3.4028234663852886e38, 3.4028234663852886e38),  # IEEE 754 binary32
}


def register_count(wire_type: WireType) -> int:
    """Count the registers that one number of this type occupies, 1 or 2."""
    return struct.calcsize(_FORMAT[wire_type]) // 2


def encode(value: float, wire_type: WireType, byte_order: ByteOrder) -> list[int]:
    """Put a number into registers.

    Parameters
    ----------
    value
        Number as it stands on the wire; rounded to the nearest for integer types.
    wire_type
        Type on the wire.
    byte_order
        Order of the bytes.

    Returns
    -------
    list[int]
        One or two registers, 0 to 65535.

    Raises
    ------
    ValueError
        If the value is not finite or does not fit the type.
    """
    low, high = _LIMITS[wire_type]
    whole = wire_type != "float32" and math.isfinite(value)
    number = round(value) if whole else value
    if not math.isfinite(number) or not low <= number <= high:
        message = f"{value!r} does not fit {wire_type} ({low:g} to {high:g})"
        raise ValueError(message)
    words = struct.pack(_FORMAT[wire_type], number)
    arranged = _arrange(words, byte_order)
    return list(struct.unpack(f">{len(arranged) // 2}H", arranged))


def limits_of_type(wire_type: WireType) -> tuple[float, float]:
    """Least and greatest number that the type can carry."""
    return _LIMITS[wire_type]


def saturate(value: float, wire_type: WireType) -> float:
    """Nearest number that the type can carry, as a transmitter at its end stop."""
    low, high = _LIMITS[wire_type]
    return min(max(value, low), high)


def decode(
    registers: Sequence[int], wire_type: WireType, byte_order: ByteOrder
) -> float:
    """Read a number from registers.

    Parameters
    ----------
    registers
        As many registers as the type needs, 0 to 65535.
    wire_type
        Type on the wire.
    byte_order
        Order of the bytes.

    Returns
    -------
    float
        The number; may be NaN or infinite for float32.
    """
    received = struct.pack(f">{len(registers)}H", *registers)
    # every order is its own inverse, so the same exchange undoes it
    words = _arrange(received, byte_order)
    (number,) = struct.unpack(_FORMAT[wire_type], words)
    return float(number)


def _arrange(words: bytes, byte_order: ByteOrder) -> bytes:
    """Exchange words and bytes; applied twice it gives the original."""
    pairs = [words[i : i + 2] for i in range(0, len(words), 2)]
    if byte_order in ("CDAB", "DCBA"):
        pairs.reverse()
    if byte_order in ("BADC", "DCBA"):
        pairs = [pair[::-1] for pair in pairs]
    return b"".join(pairs)

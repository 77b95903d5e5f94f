"""Requests of Modbus and what a proper answer to each looks like; no I/O.

=====  =======================  ==================================================
code   request                  proper answer
=====  =======================  ==================================================
1, 2   read coils, discretes    byte count, then the bits, the first one lowest
3, 4   read holding, input      byte count, then the registers
5, 6   write one coil, one reg  the request itself
15     write coils              address and count
16     write registers          address and count
=====  =======================  ==================================================

Source: MODBUS Application Protocol Specification V1.1b3, section 6.
"""

import struct
from collections.abc import Sequence
from typing import NamedTuple

from bms_io.point_schema import BITS, Table

READ_FUNCTION: dict[Table, int] = {"coil": 1, "discrete": 2, "holding": 3, "input": 4}
WRITE_COIL, WRITE_REGISTER, WRITE_COILS, WRITE_REGISTERS = 5, 6, 15, 16
_ON, _OFF = 0xFF00, 0x0000
_PER_BYTE = 8


class WrongAnswerError(Exception):
    """The answer has the right function code and not the agreed content."""


class WriteRequest(NamedTuple):
    """A write and the bytes that acknowledge it."""

    pdu: bytes
    echo: bytes


def read_request(table: Table, address: int, count: int) -> bytes:
    """PDU that reads ``count`` bits or registers."""
    return struct.pack(">BHH", READ_FUNCTION[table], address, count)


def read_values(table: Table, count: int, answer: bytes) -> list[int]:
    """Bits or registers of an answer.

    Parameters
    ----------
    table, count
        As requested.
    answer
        Whole PDU, function code included.

    Returns
    -------
    list[int]
        Exactly ``count`` values.

    Raises
    ------
    WrongAnswerError
        If the answer carries another number of bytes than agreed.
    """
    size = -(-count // _PER_BYTE) if table in BITS else 2 * count
    if len(answer) != 2 + size or answer[1] != size:
        message = f"{max(len(answer) - 2, 0)} bytes instead of {size}"
        raise WrongAnswerError(message)
    if table in BITS:
        data = answer[2:]
        return [
            data[n // _PER_BYTE] >> (n % _PER_BYTE) & 1  # lowest bit first
            for n in range(count)
        ]
    return list(struct.unpack(f">{count}H", answer[2:]))


def write_request(
    table: Table, address: int, values: Sequence[int], single: bool
) -> WriteRequest:
    """Write coils or holding registers in one request, so that no number is torn.

    Parameters
    ----------
    table, address
        Where.
    values
        Registers 0 to 65535, or bits 0 and 1.
    single
        Use FC5 or FC6 where there is one value only.

    Returns
    -------
    WriteRequest
        PDU and its acknowledgement, function code included.
    """
    count = len(values)
    if single and count == 1:
        function = WRITE_COIL if table == "coil" else WRITE_REGISTER
        word = (_ON if values[0] else _OFF) if table == "coil" else values[0]
        pdu = struct.pack(">BHH", function, address, word)
        return WriteRequest(pdu, pdu)
    if table == "coil":
        packed = bytearray(-(-count // _PER_BYTE))
        for n, bit in enumerate(values):
            packed[n // _PER_BYTE] |= bool(bit) << (n % _PER_BYTE)
        head = struct.pack(">BHH", WRITE_COILS, address, count)
        return WriteRequest(head + bytes([len(packed)]) + packed, head)
    head = struct.pack(">BHH", WRITE_REGISTERS, address, count)
    data = struct.pack(f">{count}H", *values)
    return WriteRequest(head + bytes([len(data)]) + data, head)

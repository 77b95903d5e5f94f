"""Requests and answers byte by byte, as in MODBUS Application Protocol V1.1b3."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bms_io.modbus_pdu import (
    WrongAnswerError,
    read_request,
    read_values,
    write_request,
)

# examples of section 6 of the specification
GOLDEN_READS = [
    ("coil", 0x13, 0x13, "0100130013", "0103cd6b05", [0xCD, 0x6B, 0x05]),
    ("discrete", 0xC4, 0x16, "0200c40016", "0203acdb35", [0xAC, 0xDB, 0x35]),
    ("holding", 0x6B, 3, "03006b0003", "0306022b00000064", [0x022B, 0, 0x64]),
    ("input", 8, 1, "0400080001", "0402000a", [0x000A]),
]


@pytest.mark.parametrize(
    ("table", "address", "count", "request_", "answer", "words"), GOLDEN_READS
)
def test_reads_are_those_of_the_specification(
    table, address, count, request_, answer, words
):
    assert read_request(table, address, count).hex() == request_
    expected = words
    if table in ("coil", "discrete"):
        expected = [words[n // 8] >> (n % 8) & 1 for n in range(count)]
    assert read_values(table, count, bytes.fromhex(answer)) == expected


@pytest.mark.parametrize(
    ("table", "address", "values", "single", "request_", "echo"),
    [
        ("coil", 0xAC, [1], True, "0500acff00", "0500acff00"),
        ("coil", 0xAC, [0], True, "0500ac0000", "0500ac0000"),
        ("holding", 1, [3], True, "0600010003", "0600010003"),
        (
            "coil",
            0x13,
            [1, 0, 1, 1, 0, 0, 1, 1, 1, 0],
            True,
            "0f0013000a02cd01",
            "0f0013000a",
        ),
        (
            "holding",
            1,
            [0x000A, 0x0102],
            True,
            "100001000204000a0102",
            "1000010002",
        ),
        ("coil", 2, [1], False, "0f000200010101", "0f00020001"),
        ("holding", 2, [7], False, "1000020001020007", "1000020001"),
    ],
)
def test_writes_are_those_of_the_specification(
    table, address, values, single, request_, echo
):
    made = write_request(table, address, values, single)
    assert (made.pdu.hex(), made.echo.hex()) == (request_, echo)


@given(st.lists(st.integers(0, 1), min_size=1, max_size=100))
@settings(max_examples=50)
def test_bits_come_back_as_they_were_sent(bits):
    packed = write_request("coil", 0, bits, single=False).pdu[6:]
    answer = bytes([1, len(packed)]) + packed
    assert read_values("coil", len(bits), answer) == bits


@pytest.mark.parametrize("table", ["coil", "discrete", "holding", "input"])
@pytest.mark.parametrize("answer", ["01", "0100", "010100", "01040000", "0103000000"])
def test_an_answer_of_another_length_is_wrong(table, answer):
    with pytest.raises(WrongAnswerError, match="instead of"):
        read_values(table, 10, bytes.fromhex(answer))

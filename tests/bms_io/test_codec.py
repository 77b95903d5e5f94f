"""Known vectors for all byte orders: no library helper is trusted for this."""

import math
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bms_io.codec import decode, encode, register_count, saturate

ORDERS = ("ABCD", "CDAB", "BADC", "DCBA")
# IEEE 754: 21.5 = 0x41AC0000; -2.5 = 0xC0200000; 123456.7 = 0x47F1205A (nearest)
GOLDEN = [
    ("float32", "ABCD", 21.5, [0x41AC, 0x0000]),
    ("float32", "CDAB", 21.5, [0x0000, 0x41AC]),
    ("float32", "BADC", 21.5, [0xAC41, 0x0000]),
    ("float32", "DCBA", 21.5, [0x0000, 0xAC41]),
    ("float32", "ABCD", -2.5, [0xC020, 0x0000]),
    ("float32", "CDAB", -2.5, [0x0000, 0xC020]),
    ("float32", "BADC", -2.5, [0x20C0, 0x0000]),
    ("float32", "DCBA", -2.5, [0x0000, 0x20C0]),
    ("float32", "ABCD", 0.15625, [0x3E20, 0x0000]),
    ("float32", "CDAB", -118.625, [0x4000, 0xC2ED]),
    ("float32", "DCBA", -118.625, [0x0040, 0xEDC2]),
    ("uint32", "ABCD", 0x12345678, [0x1234, 0x5678]),
    ("uint32", "CDAB", 0x12345678, [0x5678, 0x1234]),
    ("uint32", "BADC", 0x12345678, [0x3412, 0x7856]),
    ("uint32", "DCBA", 0x12345678, [0x7856, 0x3412]),
    ("int32", "ABCD", -2, [0xFFFF, 0xFFFE]),
    ("int32", "CDAB", -2, [0xFFFE, 0xFFFF]),
    ("int32", "BADC", -2, [0xFFFF, 0xFEFF]),
    ("int32", "DCBA", -2, [0xFEFF, 0xFFFF]),
    ("uint16", "ABCD", 0x1234, [0x1234]),
    ("uint16", "CDAB", 0x1234, [0x1234]),
    ("uint16", "BADC", 0x1234, [0x3412]),
    ("uint16", "DCBA", 0x1234, [0x3412]),
    ("int16", "ABCD", -1, [0xFFFF]),
    ("int16", "BADC", -2, [0xFEFF]),
    ("int16", "DCBA", -2, [0xFEFF]),
    ("int16", "CDAB", -32768, [0x8000]),
]


@pytest.mark.parametrize(("wire_type", "order", "value", "registers"), GOLDEN)
def test_known_vectors(wire_type, order, value, registers):
    assert encode(value, wire_type, order) == registers
    assert decode(registers, wire_type, order) == value
    assert register_count(wire_type) == len(registers)


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
@settings(max_examples=50)
def test_every_order_returns_every_float(value):
    for order in ORDERS:
        assert decode(encode(value, "float32", order), "float32", order) == value


@pytest.mark.parametrize("wire_type", ["uint16", "int16", "uint32", "int32", "float32"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e39])
def test_what_does_not_fit_is_refused(wire_type, value):
    with pytest.raises(ValueError, match="does not fit"):
        encode(value, wire_type, "ABCD")


def test_integers_round_to_nearest():
    assert encode(7.6, "uint16", "ABCD") == [8]


def test_saturated_values_fit():
    assert encode(saturate(-3.0, "uint16"), "uint16", "ABCD") == [0]
    assert encode(saturate(70_000.0, "uint16"), "uint16", "ABCD") == [0xFFFF]


def test_nan_on_the_wire_is_read_as_nan():
    registers = list(struct.unpack(">2H", struct.pack(">f", math.nan)))
    assert math.isnan(decode(registers, "float32", "ABCD"))


def test_a_bit_is_a_bit():
    assert encode(1.0, "bool", "ABCD") == [1]
    assert decode([0], "bool", "ABCD") == 0.0
    assert register_count("bool") == 1
    with pytest.raises(ValueError, match="does not fit"):
        encode(2.0, "bool", "ABCD")

"""A wrong byte order is found on the live device, a true zero is not taken for one."""

import pytest

from bms_io.codec import encode
from bms_io.modbus import judge
from bms_io.point_live import LivePoint, better_orders, findings
from twin.interfaces import Quality, Reading

ORDERS = ["ABCD", "CDAB", "BADC", "DCBA"]
CHIP, AIR, SOC = "outputs.chip_c", "outputs.air_supply_c", "outputs.battery_soc"


def live(points, name, registers, order="ABCD"):
    point = points.points[name]._replace(byte_order=order, wire_type="float32")
    return LivePoint(point, judge(point, list(registers), 0.0), tuple(registers))


@pytest.mark.parametrize("sent", ORDERS)
@pytest.mark.parametrize("mapped", ORDERS)
@pytest.mark.parametrize("value", [21.5, 61.7, 30.0, 45.123])
def test_each_order_is_told_from_the_others(points, sent, mapped, value):
    entry = live(points, CHIP, encode(value, "float32", sent), mapped)
    found = list(findings([entry]))
    if sent == mapped:
        assert found == []
    else:
        assert sent in better_orders(entry)
        ((at, text),) = found
        assert at == ("points", CHIP, "modbus", "byte_order")
        assert f"is {mapped}" in text
        assert f"{sent} ({value:g} degC)" in text


def test_a_rounding_error_beside_sound_numbers_is_a_zero(points):
    tiny = live(points, AIR, encode(21.5, "float32", "BADC"))
    sound = live(points, CHIP, encode(61.7, "float32", "ABCD"))
    assert better_orders(tiny)
    assert list(findings([tiny, sound])) == []


@pytest.mark.parametrize("registers", [[0, 0], [0x8000, 0]])
def test_zero_says_nothing(points, registers):
    assert list(findings([live(points, CHIP, registers)])) == []


def test_a_number_in_no_order_is_told_without_a_guess(points):
    entry = live(points, CHIP, [0x7F7F, 0x7F7F])
    ((at, text),) = findings([entry])
    assert at == ("points", CHIP)
    assert "Check address and range" in text


def test_a_silent_device_is_told_once(points):
    lost = Reading(float("nan"), Quality.BAD, 0.0, 0.0, "comm: nobody there")
    entries = [LivePoint(points.points[n], lost, None) for n in (CHIP, AIR, SOC)]
    assert list(findings(entries)) == [
        (("devices", "bms"), "3 points: comm: nobody there")
    ]

"""Quality of readings, blocks of requests, and the limits of writing."""

import asyncio
import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bms_io.codec import encode
from bms_io.modbus import ModbusDriver, ModbusReader, judge, plan_blocks
from bms_io.points import load_points
from twin.errors import ConfigError, GuardRefusedError
from twin.interfaces import Quality

pytestmark = pytest.mark.real_time

MAP = load_points(Path(__file__).parents[2] / "data" / "points" / "hybrid_10mw.yaml")
CHIP = MAP.points["outputs.chip_c"]
FAN = MAP.points["outputs.tower_fan_speed"]


def registers(point, value):
    raw = (value - point.offset) / point.scale
    return encode(raw, point.wire_type, point.byte_order)


def test_a_sound_value_is_good_and_in_si():
    reading = judge(CHIP, registers(CHIP, 61.5), 300.0)
    assert reading == (61.5, Quality.GOOD, 300.0, 300.0, "")
    assert judge(FAN, [4250], 0.0).value == pytest.approx(0.425)


@pytest.mark.parametrize(
    ("point", "received", "why"),
    [
        (CHIP, [0x7FC0, 0x0000], "nan"),
        (CHIP, [0x7F80, 0x0000], "nan"),  # infinity
        (CHIP, registers(CHIP, 500.0), "out_of_range"),
        (FAN, [65535], "sentinel"),
        (CHIP, "comm: reset", "comm"),
    ],
)
def test_what_cannot_be_trusted_is_bad_with_its_reason(point, received, why):
    reading = judge(point, received, 0.0)
    assert reading.quality is Quality.BAD
    assert reading.detail.startswith(why)


# BADC makes tiny numbers of round ones; only comparing with a known value finds that
@pytest.mark.parametrize("order", ["CDAB", "DCBA"])
@pytest.mark.parametrize("value", [21.5, 40.0, 61.7])
def test_a_wrong_byte_order_is_noticed(order, value):
    swapped = CHIP._replace(byte_order=order)
    assert judge(swapped, registers(CHIP, value), 0.0).quality is Quality.BAD


@given(
    st.sets(st.sampled_from(sorted(MAP.points)), min_size=1),
    st.integers(min_value=2, max_value=125),
)
@settings(max_examples=50)
def test_blocks_cover_every_point_once_and_nothing_else(names, max_block):
    points = [MAP.points[name] for name in names]
    blocks = plan_blocks(points, max_block)
    assert sorted(p.name for b in blocks for p in b.points) == sorted(names)
    for block in blocks:
        covered = [address for point in block.points for address in point.registers]
        assert covered == list(range(block.address, block.address + block.length))
        assert block.length <= max_block


def test_all_inputs_of_the_reference_map_need_few_requests():
    inputs = [p for p in MAP.points.values() if p.table == "input"]
    assert len(plan_blocks(inputs, 100)) <= 5


def test_a_reader_cannot_write():
    assert not hasattr(ModbusReader(MAP), "write")
    assert not hasattr(ModbusReader(MAP), "write_service")


@pytest.mark.parametrize("value", [math.nan, math.inf, 14.99, 45.01])
def test_nothing_is_sent_when_one_value_is_outside_its_hard_limits(value):
    driver = ModbusDriver(MAP)  # not connected: sending would be another error
    good = {"setpoints.tower_supply_c": 20.0}
    with pytest.raises(GuardRefusedError, match=r"tcs_supply_c.*Nothing written"):
        asyncio.run(driver.write(good | {"setpoints.tcs_supply_c": value}))


@pytest.mark.parametrize("name", ["outputs.chip_c", "clock.target_s", "no.such"])
def test_only_points_with_a_write_rule_are_written(name):
    with pytest.raises(GuardRefusedError, match="is not writable"):
        asyncio.run(ModbusDriver(MAP).write({name: 1.0}))


def test_only_service_points_are_written_as_such():
    with pytest.raises(ConfigError, match="no service point"):
        asyncio.run(ModbusDriver(MAP).write_service("setpoints.tcs_supply_c", 20))

"""The virtual plant over a real socket: clock, modes, refusals, sensors."""

import asyncio
import math
import struct

import numpy as np
import pytest

from bms_io.codec import encode
from bms_io.modbus_client import Address, DeviceRefusedError, ModbusClient
from bms_io.virtual_plant import VirtualPlant
from twin.compiled import initial_state, run
from twin.errors import ConfigError
from twin.interfaces import Quality
from twin.sensors import SensorNoise
from twin.signals import Outputs, Setpoints

pytestmark = pytest.mark.real_time

SILENT = SensorNoise(0.0, 0.0, 0.0)
CLOCK, BEAT = "clock.target_s", "plant.heartbeat"
TCS = "setpoints.tcs_supply_c"


async def value(bench, name):
    return (await bench.driver.read([name], 0.0))[name].value


async def refused(bench, address, words):
    """Exception code of a raw FC16 write, and the value in force after it."""
    client = ModbusClient(Address("raw", "127.0.0.1", bench.port, 1), 5.0)
    await client.connect()
    try:
        await client.write(address, words)
    except DeviceRefusedError as error:
        return error.code
    finally:
        await client.close()
    return 0


async def raw_request(port, pdu):
    """One request of any kind; returns the PDU of the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(struct.pack(">HHHB", 1, 0, len(pdu) + 1, 1) + pdu)
    _, _, length, _ = struct.unpack(">HHHB", await reader.readexactly(7))
    answer = await reader.readexactly(length - 1)
    writer.close()
    await writer.wait_closed()
    return answer


def test_every_point_can_be_read_and_is_good(on_bench):
    async def job(bench):
        return await bench.driver.read(bench.points.points, 0.0)

    bad = {n: r for n, r in on_bench(job).items() if r.quality is not Quality.GOOD}
    assert not bad


def test_it_starts_in_local_control_at_its_design_setpoints(on_bench, site):
    async def job(bench):
        names = [f"active.{field}" for field in Setpoints._fields]
        readings = await bench.driver.read(names, 0.0)
        return await value(bench, "plant.mode"), [r.value for r in readings.values()]

    mode, active = on_bench(job)
    assert mode == 0
    assert active == pytest.approx(list(site.design), rel=1e-6)


def test_the_clock_moves_when_written_and_readings_belong_to_its_end(
    on_bench, site, scenario
):
    async def job(bench):
        await bench.driver.write_service(CLOCK, 600)
        names = [f"outputs.{field}" for field in Outputs._fields]
        readings = await bench.driver.read(names, 600.0)
        clock = await value(bench, "clock.time_s")
        wet_bulb = await value(bench, "inputs.wet_bulb_c")
        return clock, wet_bulb, [r.value for r in readings.values()]

    clock, wet_bulb_c, read = on_bench(job, noise=SILENT)
    start = initial_state(site.facility, _at(scenario, 0.0), site.design)
    times = np.arange(0.0, 600.0, 60.0) + 30.0
    inputs = scenario.inputs_at(times)
    _, out = run(site.facility, start, inputs, site.design, 60.0)
    truth = dict(zip(Outputs._fields, out.T, strict=True))
    got = dict(zip(Outputs._fields, read, strict=True))
    assert clock == 600
    assert wet_bulb_c == pytest.approx(float(scenario.inputs_at(600.0).wet_bulb_c))
    assert got["site_power_w"] == pytest.approx(truth["site_power_w"].mean(), rel=1e-6)
    assert got["fws_flow_kg_s"] == pytest.approx(
        truth["fws_flow_kg_s"].mean(), rel=1e-6
    )
    assert got["chip_c"] == pytest.approx(truth["chip_c"][-1], rel=1e-6)
    assert got["tower_fan_speed"] == pytest.approx(
        truth["tower_fan_speed"][-1], abs=1e-4
    )


def _at(scenario, time_s):
    inputs = scenario.inputs_at(time_s)
    return type(inputs)(*map(float, inputs))


@pytest.mark.parametrize("target_s", [540, 601, 10**6])
def test_a_clock_that_goes_back_in_part_steps_or_too_far_is_refused(on_bench, target_s):
    async def job(bench):
        await bench.driver.write_service(CLOCK, 600)
        with pytest.raises(DeviceRefusedError) as caught:
            await bench.driver.write_service(CLOCK, target_s)
        return caught.value.code, await value(bench, "clock.time_s")

    assert on_bench(job) == (3, 600)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (encode(50.0, "float32", "ABCD"), "above the range"),
        (encode(-5.0, "float32", "ABCD"), "below the range"),
        (encode(30.0, "float32", "CDAB"), "words exchanged"),
        ([0x7FC0, 0x0000], "nan"),
        ([0xFF80, 0x0000], "minus infinity"),
        (encode(30.0, "float32", "ABCD")[:1], "torn"),
    ],
)
def test_a_bad_setpoint_is_refused_with_exception_3(on_bench, words, why):
    async def job(bench):
        await bench.driver.write_service(BEAT, 1)
        address = bench.points.points[TCS].address
        code = await refused(bench, address, words)
        return code, await value(bench, "active.tcs_supply_c")

    assert on_bench(job) == (3, 30.0), why


def test_of_a_request_with_one_bad_number_nothing_takes_effect(on_bench):
    async def job(bench):
        await bench.driver.write_service(BEAT, 1)
        low, high = (
            bench.points.points[f"setpoints.{n}"]
            for n in ("tcs_supply_c", "tcs_pressure_pa")
        )
        assert low.registers.stop == high.address
        words = encode(32.0, "float32", "ABCD") + encode(
            math.pi * 1e6, "float32", "ABCD"
        )
        code = await refused(bench, low.address, words)
        return code, await value(bench, "active.tcs_supply_c"), await value(bench, TCS)

    assert on_bench(job) == (3, 30.0, 30.0)


@pytest.mark.parametrize("function", [6, 22])
def test_half_a_number_is_refused_by_any_function(on_bench, function):
    async def job(bench):
        address = bench.points.points[TCS].address
        rest = struct.pack(">HH", 0xFFFF, 0x1234) if function == 22 else b"\x41\xf0"
        return await raw_request(
            bench.port, struct.pack(">BH", function, address) + rest
        )

    assert on_bench(job) == bytes([function | 0x80, 3])


def test_an_address_without_a_point_is_refused_with_exception_2(on_bench):
    async def job(bench):
        return await refused(bench, 900, [1])

    assert on_bench(job) == 2


def with_bits(points):
    """The map with the switch as discrete input 7 and the heartbeat as coil 20."""
    moved = {
        "plant.remote_enable": ("discrete", 7),
        BEAT: ("coil", 20),
    }
    changed = {
        name: points.points[name]._replace(
            table=table, address=address, wire_type="uint16", scale=1.0, offset=0.0
        )
        for name, (table, address) in moved.items()
    }
    return points._replace(points={**points.points, **changed})


@pytest.mark.parametrize(
    "write",
    [struct.pack(">BHH", 5, 20, 0xFF00), struct.pack(">BHHBB", 15, 20, 1, 1, 1)],
)
def test_coils_and_discrete_inputs(on_bench, points, write):
    async def job(bench):
        switch = await raw_request(bench.port, struct.pack(">BHH", 2, 7, 1))
        before = bench.plant.mode
        wrote = await raw_request(bench.port, write)
        coil = await raw_request(bench.port, struct.pack(">BHH", 1, 20, 1))
        return switch, before, wrote[0], bench.plant.mode, coil

    answers = on_bench(job, point_map=with_bits(points))
    assert answers == (b"\x02\x01\x01", 0.0, write[0], 1.0, b"\x01\x01\x01")


@pytest.mark.parametrize(
    "request_",
    [
        struct.pack(">BHH", 1, 19, 1),
        struct.pack(">BHH", 2, 8, 1),
        struct.pack(">BHH", 5, 21, 0xFF00),
        struct.pack(">BHHBB", 15, 20, 2, 1, 3),
    ],
)
def test_a_bit_without_a_point_is_refused_with_exception_2(on_bench, points, request_):
    async def job(bench):
        answer = await raw_request(bench.port, request_)
        return answer, bench.plant.mode

    refused_ = bytes([request_[0] | 0x80, 2])
    assert on_bench(job, point_map=with_bits(points)) == (refused_, 0.0)


def test_setpoints_are_in_force_in_remote_mode_only(on_bench):
    async def job(bench):
        await bench.driver.write({TCS: 32.0})
        before = await value(bench, "active.tcs_supply_c")
        await bench.driver.write_service(BEAT, 1)
        after = await value(bench, "active.tcs_supply_c")
        return before, after, await value(bench, "plant.mode")

    assert on_bench(job) == (30.0, 32.0, 1)


def test_without_a_changing_heartbeat_it_falls_back_to_local(on_bench):
    async def job(bench):
        await bench.driver.write({TCS: 32.0})
        await bench.driver.write_service(BEAT, 1)
        modes = []
        for target_s in (900, 1800, 2100):
            await bench.driver.write_service(CLOCK, target_s)
            await bench.driver.write_service(
                BEAT, 1
            )  # the same value is no sign of life
            modes.append(await value(bench, "plant.mode"))
        local = await value(bench, "active.tcs_supply_c")
        await bench.driver.write_service(BEAT, 2)
        return modes, local, await value(bench, "active.tcs_supply_c")

    assert on_bench(job) == ([1, 1, 0], 30.0, 32.0)


def test_noise_is_that_of_the_sensors_and_repeats_with_the_seed(on_bench):
    async def job(bench):
        seen = []
        for target_s in range(60, 6060, 60):
            await bench.driver.write_service(CLOCK, target_s)
            names = [
                "outputs.tcs_supply_c",
                "outputs.it_power_w",
                "outputs.battery_soc",
            ]
            seen.append(
                [r.value for r in (await bench.driver.read(names, 0.0)).values()]
            )
        return np.array(seen)

    exact, first = on_bench(job, noise=SILENT), on_bench(job, seed=7)
    np.testing.assert_array_equal(first, on_bench(job, seed=7))
    error = first - exact
    assert error[:, 0].std() == pytest.approx(0.1, rel=0.3)
    assert (error[:, 1] / exact[:, 1]).std() == pytest.approx(0.002, rel=0.3)
    assert np.all(error[:, 2] == 0.0)


def test_readers_beside_the_writer_never_block_and_see_one_time(on_bench):
    async def job(bench):
        client = ModbusClient(Address("other", "127.0.0.1", bench.port, 1), 5.0)
        await client.connect()
        clock = bench.points.points["clock.time_s"].address
        seen = []

        async def watch():
            for _ in range(50):
                seen.append((await client.read("input", clock, 2))[1])

        async def drive():
            for target_s in range(300, 6300, 300):
                await bench.driver.write_service(CLOCK, target_s)

        await asyncio.gather(watch(), drive())
        await client.close()
        return seen

    seen = on_bench(job)
    assert seen == sorted(seen)
    assert all(time_s % 300 == 0 for time_s in seen)


def test_a_port_in_use_is_said(on_bench, points):
    async def job(bench):
        with pytest.raises(
            ConfigError, match=rf"{bench.port}: cannot listen.*port is in use"
        ):
            await VirtualPlant(points, bench.plant).start("127.0.0.1", bench.port)

    on_bench(job)

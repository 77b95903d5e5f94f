"""A device that is gone or silent costs the others nothing, and comes back."""

import asyncio
import contextlib
import time

import pytest

from bms_io.modbus import ModbusDriver, ModbusReader
from bms_io.points import Device
from tests.bms_io.test_modbus_client import FaultyDevice, good, sends, silence
from twin.errors import CommunicationError
from twin.interfaces import Quality

pytestmark = pytest.mark.real_time

CHIP, AIR = "outputs.chip_c", "outputs.air_supply_c"
TIMEOUT_S = 0.5


def two_devices(points, alive_port, sick_port):
    """Two points, one on each device; raw numbers are taken as they are."""
    plain = {"wire_type": "uint16", "scale": 1.0, "offset": 0.0, "address": 7}
    placed = {
        CHIP: points.points[CHIP]._replace(device="alive", **plain),
        AIR: points.points[AIR]._replace(device="sick", **plain),
    }
    devices = {
        name: Device(name, "127.0.0.1", port, 1, TIMEOUT_S, 100, 1800.0)
        for name, port in (("alive", alive_port), ("sick", sick_port))
    }
    return points._replace(devices=devices, points=placed)


@contextlib.asynccontextmanager
async def listening(device):
    server = await asyncio.start_server(device.serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def cycle(reader):
    """One look at both points: their qualities, and how long it took."""
    begin_s = time.monotonic()
    with contextlib.suppress(CommunicationError):
        await reader.connect()
    readings = await reader.read([CHIP, AIR], 0.0)
    spent_s = time.monotonic() - begin_s
    return readings[CHIP].quality, readings[AIR].quality, spent_s


def run(job):
    async def bounded():
        async with asyncio.timeout(20):
            return await job()

    return asyncio.run(bounded())


def test_a_silent_device_costs_its_timeout_once_and_comes_back(points):
    sick = FaultyDevice(sends(good))
    alive = FaultyDevice(sends(good))

    async def job():
        async with listening(alive) as one, listening(sick) as two:
            reader = ModbusReader(two_devices(points, one, two))
            try:
                first = await cycle(reader)
                sick.answer = silence
                noticed = await cycle(reader)
                later = [await cycle(reader) for _ in range(10)]
                sick.answer = sends(good)
                begin_s = time.monotonic()
                while (await cycle(reader))[1] is not Quality.GOOD:
                    await asyncio.sleep(0.05)
                return first, noticed, later, time.monotonic() - begin_s
            finally:
                await reader.close()

    first, noticed, later, back_s = run(job)
    assert first[:2] == (Quality.GOOD, Quality.GOOD)
    assert noticed[:2] == (Quality.GOOD, Quality.BAD)
    assert {c[:2] for c in later} == {(Quality.GOOD, Quality.BAD)}
    assert sum(c[2] for c in later) < 10 * TIMEOUT_S / 2
    assert back_s < 6 * TIMEOUT_S
    assert len(sick.requests) < 8, "the silent device is not hammered"


def test_a_refused_connection_is_said_and_the_others_are_connected(points):
    alive = FaultyDevice(sends(good))

    async def job():
        async with listening(alive) as port:
            reader = ModbusReader(two_devices(points, port, 1))
            try:
                with pytest.raises(CommunicationError, match=r"device sick.*127"):
                    await reader.connect()
                return await cycle(reader)
            finally:
                await reader.close()

    chip, air, spent_s = run(job)
    assert (chip, air) == (Quality.GOOD, Quality.BAD)
    assert spent_s < TIMEOUT_S


def test_closing_ends_what_runs_in_the_background(points):
    alive, sick = FaultyDevice(sends(good)), FaultyDevice(silence)

    async def job():
        async with listening(alive) as one, listening(sick) as two:
            reader = ModbusReader(two_devices(points, one, two))
            await cycle(reader)
            await asyncio.sleep(2.5 * TIMEOUT_S)
            await cycle(reader)
            await reader.close()
            left = asyncio.all_tasks() - {asyncio.current_task()}
            return [t for t in left if "_fetch" in repr(t) or "_connect" in repr(t)]

    assert run(job) == []


def test_a_write_to_a_silent_device_goes_out_once(points):
    sick = FaultyDevice(silence)

    async def job():
        async with listening(sick) as port:
            tcs = points.points["setpoints.tcs_supply_c"]._replace(device="sick")
            placed = two_devices(points, 1, port)
            only = placed._replace(points={tcs.name: tcs})
            driver = ModbusDriver(only)
            try:
                with pytest.raises(CommunicationError):
                    await driver.connect()
                with pytest.raises(CommunicationError, match="no answer in time"):
                    await driver.write({tcs.name: 31.0})
                await asyncio.sleep(2 * TIMEOUT_S)
                return [pdu[0] for pdu in sick.requests]
            finally:
                await driver.close()

    assert run(job) == [16]

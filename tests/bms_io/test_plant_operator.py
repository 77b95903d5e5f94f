"""The operator's side of the virtual plant, and its own clock."""

import asyncio

import numpy as np
import pytest

from bms_io.modbus import ModbusDriver
from bms_io.simulated_plant import SensorNoise, SimulatedPlant
from bms_io.virtual_plant import VirtualPlant
from twin.errors import CommunicationError

pytestmark = pytest.mark.real_time


async def value(bench, name):
    return (await bench.driver.read([name], 0.0))[name].value


def test_the_operator_ends_remote_mode_and_the_lease_and_holds_a_point_by_hand(
    on_bench,
):
    async def job(bench):
        names = ("plant.remote_enable", "plant.mode", "plant.owner")

        async def seen():
            return [await value(bench, name) for name in names]

        await bench.driver.write_service("plant.owner", 77)
        await bench.driver.write_service("plant.heartbeat", 1)
        remote = await seen()
        bench.plant.override("tcs_supply_c", 27.0)
        await bench.driver.write({"setpoints.tcs_supply_c": 31.0})
        by_hand = await value(bench, "active.tcs_supply_c")
        bench.plant.override("tcs_supply_c", None)
        given_back = bench.plant.active.tcs_supply_c
        bench.plant.enable_remote(False)
        await bench.driver.write_service("plant.heartbeat", 2)
        return remote, by_hand, given_back, await seen()

    remote, by_hand, given_back, local = on_bench(job)
    assert remote == [1, 1, 77]
    assert (by_hand, given_back) == (pytest.approx(27.0), pytest.approx(31.0))
    assert local == [0, 0, 0]


def test_a_clock_that_runs_by_itself_needs_and_takes_no_writes(site, scenario, points):
    async def run():
        rng = np.random.default_rng(1)
        plant = SimulatedPlant(
            site.facility, site.design, scenario, rng, SensorNoise(), 1800.0
        )
        server = VirtualPlant(points, plant)
        port, _ = await server.start("127.0.0.1", 0)
        server.run_clock(speed=6000.0)
        driver = ModbusDriver(points.at("127.0.0.1", port))
        await driver.connect()
        while plant.time_s < 300.0:
            await asyncio.sleep(0.01)
        with pytest.raises(CommunicationError, match="illegal data value"):
            await driver.write_service("clock.target_s", 3600)
        reading = (await driver.read(["clock.time_s"], 0.0))["clock.time_s"]
        await driver.close()
        await server.stop()
        return reading.value, plant.time_s

    published_s, time_s = asyncio.run(asyncio.wait_for(run(), 60))
    assert 300.0 <= published_s <= time_s < 7200.0

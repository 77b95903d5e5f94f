"""The driver without a network does what the drivers over the wire do."""

import asyncio

import numpy as np
import pytest

from bms_io.plant_faults import PlantFaults, parse_fault
from bms_io.plant_front import PlantFront
from bms_io.simulated import SimulatedDriver, SimulatedReader
from bms_io.simulated_plant import SimulatedPlant
from bms_io.site_driver import SiteDriver
from bms_io.spoken import speak
from bms_io.virtual_plant import VirtualPlant
from twin.errors import CommunicationError, ConfigError, GuardRefusedError
from twin.interfaces import Quality
from twin.sensors import SensorNoise

TCS, ACTIVE, CLOCK = "setpoints.tcs_supply_c", "active.tcs_supply_c", "clock.target_s"
FAULTS = (
    "outputs.chip_c:off@300+600",
    "outputs.site_power_w:garbage@300+300",
    "setpoints.air_supply_c:off@300",
    "setpoints.tower_supply_c:stuck@300",
)


@pytest.fixture
def plant_of(site, scenario):
    """Make a plant, always the same, with faults on the points of a map."""

    def make(there, texts):
        rng = np.random.default_rng(5)
        known = [parse_fault(text) for text in texts]
        faults = PlantFaults(known, there, np.random.default_rng(6))
        noise = SensorNoise()
        args = (site.facility, site.design, scenario, rng, noise, 1800.0)
        return SimulatedPlant(*args, faults if texts else None), (
            faults if texts else None
        )

    return make


async def story(driver, names):
    """Everything a controller does, and what it gets to see."""
    told = []
    for number, time_s in enumerate((300, 600, 900, 1200), start=1):
        await driver.write_service("plant.heartbeat", number)
        wanted = {TCS: 30.0 + number / 3.0, "setpoints.tower_supply_c": 19.0 + number}
        done = await driver.write({**wanted, "setpoints.air_supply_c": 23.0})
        told.append({r.name: r.accepted for r in done})
        await driver.write_service(CLOCK, time_s)
        readings = await driver.read(names, float(time_s))
        told.append(
            {
                n: (repr(r.value), r.quality, r.source_time_s)
                for n, r in readings.items()
            }
        )
    with pytest.raises(CommunicationError):
        await driver.write_service(CLOCK, 600)  # back in time
    released = await driver.release([TCS])
    told.append([r.accepted for r in released])
    told.append((await driver.read([ACTIVE], 0.0))[ACTIVE].value)
    everything = await driver.release()
    told.append({r.name: r.accepted for r in everything})
    return told


@pytest.mark.parametrize("spoken", ["modbus", "both", "bacnet"])
def test_it_does_what_the_drivers_over_the_wire_do(points, plant_of, spoken):
    there = speak(points, spoken)
    names = [n for n, p in there.points.items() if not p.commanded]

    async def over_the_wire():
        server = VirtualPlant(there, *plant_of(there, FAULTS))
        port, others = await server.start("127.0.0.1", 0)
        driver = SiteDriver(there.at("127.0.0.1", port, others))
        try:
            await driver.connect()
            return await story(driver, names)
        finally:
            await driver.close()
            await server.stop()

    async def without():
        driver = SimulatedDriver(there, PlantFront(*plant_of(there, FAULTS)))
        await driver.connect()
        return await story(driver, names)

    async def both():
        async with asyncio.timeout(60):
            return await over_the_wire(), await without()

    wire, here = asyncio.run(both())
    assert wire == here


def test_a_silent_device_is_a_quality_and_a_reader_cannot_write(points, plant_of):
    front = PlantFront(*plant_of(points, ("bms:off@0+600",)))
    driver = SimulatedDriver(points, front)

    async def run():
        before = (await driver.read([ACTIVE], 0.0))[ACTIVE]
        with pytest.raises(CommunicationError, match="bms: no answer"):
            await driver.connect()
        with pytest.raises(CommunicationError, match="no answer"):
            await driver.write({TCS: 31.0})
        silent = (await driver.read([ACTIVE], 0.0))[ACTIVE]
        await driver.close()
        return before, silent

    for reading in asyncio.run(run()):
        assert reading.quality is Quality.BAD
        assert reading.detail.startswith("comm")
    assert not hasattr(SimulatedReader, "write")


def test_limits_and_unknown_points_are_refused(points, plant_of):
    driver = SimulatedDriver(points, PlantFront(*plant_of(points, ())))

    async def run():
        await driver.connect()
        for value in (46.0, 14.0, float("nan")):
            with pytest.raises(GuardRefusedError, match="outside the hard limits"):
                await driver.write({TCS: value})
        with pytest.raises(GuardRefusedError, match="whole number"):
            await driver.write_service("plant.heartbeat", 65536)
        with pytest.raises(ConfigError, match="no service point"):
            await driver.write_service(ACTIVE, 1)
        with pytest.raises(GuardRefusedError, match="not writable"):
            await driver.release([ACTIVE])

    asyncio.run(run())

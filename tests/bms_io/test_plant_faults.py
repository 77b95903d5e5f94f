"""Faults of the virtual plant, over both protocols at once."""

import asyncio
import math

import numpy as np
import pytest

from bms_io.plant_faults import Fault, PlantFaults, parse_fault
from bms_io.plant_sensors import Imperfect, Sensors
from bms_io.plant_server import PlantJob, build
from bms_io.simulated_plant import SimulatedPlant
from bms_io.site_driver import SiteDriver
from bms_io.spoken import speak
from bms_io.virtual_plant import VirtualPlant
from twin.errors import CommunicationError, ConfigError
from twin.interfaces import Quality
from twin.sensors import SensorNoise

pytestmark = pytest.mark.real_time

SILENT = SensorNoise(0.0, 0.0, 0.0)
BEAT, CLOCK, OWNER = "plant.heartbeat", "clock.target_s", "plant.owner"


@pytest.fixture
def beside(site, scenario, points):
    """Run ``job(plant, driver)`` beside a plant with faults."""

    def run(job, *texts, spoken="both", timeout_s=2.0):
        there = speak(points, spoken)
        rng = np.random.default_rng(1)
        faults = PlantFaults([parse_fault(t) for t in texts], there, rng)
        plant = SimulatedPlant(
            site.facility, site.design, scenario, rng, SILENT, 1800.0, faults
        )

        async def serve():
            server = VirtualPlant(there, plant, faults)
            port, bacnet = await server.start("127.0.0.1", 0)
            here = there.at("127.0.0.1", port, bacnet)
            quick = {
                n: d._replace(timeout_s=timeout_s) for n, d in here.devices.items()
            }
            driver = SiteDriver(here._replace(devices=quick))
            try:
                async with asyncio.timeout(60):
                    return await job(plant, driver)
            finally:
                await driver.close()
                await server.stop()

        return asyncio.run(serve())

    return run


# one meter on Modbus, the others on BACnet
MEASURED = {
    "outputs.site_power_w": "off@600+600",
    "outputs.chip_c": "stuck@600+600",
    "outputs.rack_inlet_c": "garbage@600+600",
    "inputs.wet_bulb_c": "wrong=3@600+600",
    "outputs.fws_supply_c": "slow=1800@600+600",
    "inputs.dry_bulb_c": "delayed=600@600+600",
    "outputs.it_power_w": "intermittent=300@600+600",
    "outputs.tcs_supply_c": "drift=6@600+600",
}


def test_every_kind_on_a_sensor(beside, points):
    texts = [f"{name}:{kind}" for name, kind in MEASURED.items()]
    assert set(MEASURED) <= set(points.points)

    async def job(plant, driver):
        await driver.connect()
        seen, truth = {}, {}
        for time_s in (300, 600, 900, 1200, 1500):
            await driver.write_service(CLOCK, time_s)
            seen[time_s] = await driver.read(MEASURED, time_s)
            truth[time_s] = dict(plant.measured)
        return seen, truth

    seen, truth = beside(job, *texts)

    def shown(name, time_s):
        return seen[time_s][name].value

    for name in MEASURED:
        for time_s in (300, 1500):
            same = pytest.approx(truth[time_s][name], rel=1e-6)
            assert shown(name, time_s) == same, (name, time_s)
    dead = [seen[t]["outputs.site_power_w"] for t in (600, 900)]
    assert {r.quality for r in dead} == {Quality.BAD}
    held = [shown("outputs.chip_c", t) for t in (600, 900)]
    assert held == pytest.approx([truth[300]["outputs.chip_c"]] * 2)
    garbage = [shown("outputs.rack_inlet_c", t) for t in (600, 900)]
    assert garbage[0] != garbage[1]
    assert abs(garbage[1] - truth[900]["outputs.rack_inlet_c"]) > 0.01
    wet_bulb = truth[900]["inputs.wet_bulb_c"]
    assert shown("inputs.wet_bulb_c", 900) == pytest.approx(wet_bulb + 3.0)
    slow = shown("outputs.fws_supply_c", 900)
    assert slow == pytest.approx(truth[300]["outputs.fws_supply_c"])
    dry_bulb = truth[300]["inputs.dry_bulb_c"]
    assert shown("inputs.dry_bulb_c", 900) == pytest.approx(dry_bulb)
    flickers = [seen[t]["outputs.it_power_w"].quality for t in (600, 900)]
    assert flickers == [Quality.BAD, Quality.GOOD]
    drifted = shown("outputs.tcs_supply_c", 900) - truth[900]["outputs.tcs_supply_c"]
    assert drifted == pytest.approx(0.5, abs=1e-4)


def test_a_dead_sensor_has_its_reason_over_bacnet(beside):
    async def job(plant, driver):
        await driver.connect()
        await driver.write_service(CLOCK, 300)
        return (await driver.read(["outputs.chip_c"], 0.0))["outputs.chip_c"]

    reading = beside(job, "outputs.chip_c:off")
    assert reading.quality is Quality.BAD


TCS = "setpoints.tcs_supply_c"


@pytest.mark.parametrize(
    ("text", "at_once", "later"),
    [
        ("stuck", 30.0, 30.0),
        ("wrong=0.5", 32.5, 32.5),
        ("delayed=600", 30.0, 32.0),
        ("drift=6", 32.0, 34.0),
        ("stuck+600", 30.0, 32.0),
    ],
)
def test_an_actuator_does_something_else_and_shows_it(beside, text, at_once, later):
    async def job(plant, driver):
        await driver.connect()
        await driver.write_service(BEAT, 1)
        (wrote,) = await driver.write({TCS: 32.0})
        active = "active.tcs_supply_c"
        first = (await driver.read([active], 0.0))[active].value
        await driver.write_service(CLOCK, 1200)
        last = (await driver.read([active], 0.0))[active].value
        return wrote.accepted, first, last

    # the interval from 1140 s to 1200 s was run with what was in force at its begin
    found = beside(job, f"{TCS}:{text}")
    assert found == (True, at_once, pytest.approx(later, abs=0.11))


@pytest.mark.parametrize("spoken", ["modbus", "bacnet"])
def test_an_actuator_that_is_off_refuses(beside, spoken):
    async def job(plant, driver):
        await driver.connect()
        return (await driver.write({TCS: 32.0}))[0].accepted

    assert beside(job, f"{TCS}:off", spoken=spoken) is False


@pytest.mark.parametrize(
    ("kind", "good"), [("off", False), ("slow=5", False), ("slow=0.1", True)]
)
@pytest.mark.parametrize("spoken", ["modbus", "bacnet"])
def test_a_device_that_is_off_or_slow(beside, kind, good, spoken, points):
    device = next(iter(speak(points, spoken).devices))

    async def job(plant, driver):
        try:
            await driver.connect()
        except CommunicationError:
            return False
        reading = (await driver.read(["outputs.chip_c"], 0.0))["outputs.chip_c"]
        return reading.quality is Quality.GOOD

    text = f"{device}:{kind}"
    assert beside(job, text, spoken=spoken, timeout_s=0.4) is good


def test_a_device_that_serves_old_values(beside):
    async def job(plant, driver):
        await driver.connect()
        names = ["outputs.chip_c", "clock.time_s"]
        await driver.write_service(CLOCK, 300)
        first = await driver.read(names, 0.0)
        await driver.write_service(CLOCK, 900)
        return [r.value for r in first.values()], [
            r.value for r in (await driver.read(names, 0.0)).values()
        ]

    before, after = beside(job, "bms:stuck@300", spoken="modbus")
    assert before[1] == 0.0  # what it last saw before it got stuck
    assert before == after


def test_equipment_trips_and_comes_back(beside, site):
    whole = site.facility.trim_chillers.chiller_count

    async def job(plant, driver):
        counts = []
        await driver.connect()
        for time_s in (300, 900, 1500):
            await driver.write_service(CLOCK, time_s)
            counts.append(plant._facility.trim_chillers.chiller_count)
        return counts

    assert beside(job, "chillers_out:trip=1@600+600") == [whole, whole - 1, whole]


@pytest.mark.parametrize("spoken", ["modbus", "bacnet"])
def test_the_lease_is_held_until_it_is_given_back(beside, spoken):
    async def job(plant, driver):
        await driver.connect()
        await driver.write_service(OWNER, 7)
        with pytest.raises(CommunicationError):
            await driver.write_service(OWNER, 8)
        held = plant.owner
        await driver.write_service(OWNER, 7)
        await driver.write_service(OWNER, 0)
        await driver.write_service(OWNER, 8)
        return held, plant.owner

    assert beside(job, spoken=spoken) == (7, 8)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a.b_c:off", Fault("a.b_c", "off")),
        ("a.b_c:wrong=-2.5", Fault("a.b_c", "wrong", -2.5)),
        ("bms:slow=3@60", Fault("bms", "slow", 3.0, 60.0)),
        ("bms:drift=1e-1@60+5", Fault("bms", "drift", 0.1, 60.0, 5.0)),
        ("bms:intermittent+5", Fault("bms", "intermittent", 600.0, 0.0, 5.0)),
    ],
)
def test_a_fault_is_read(text, fault):
    found = parse_fault(text)
    same = zip(found, fault, strict=True)
    assert all(
        a == b or (isinstance(b, float) and math.isnan(a) and math.isnan(b))
        for a, b in same
    )


@pytest.mark.parametrize("text", ["", "a", "a:b", "a:off=", "a:off@x", "a:wrong=1.2.3"])
def test_a_fault_that_cannot_be_read_shows_how(text):
    with pytest.raises(ConfigError, match="For example outputs"):
        parse_fault(text)


def test_every_target_that_does_not_exist_is_named():
    faults = ("nothing:off", "utility_lost:trip", "outputs.chip_c:off")
    job = PlantJob("hybrid_10mw", "07-15", 1.0, faults=faults)
    with pytest.raises(ConfigError) as caught:
        build(job)
    said = str(caught.value)
    assert "'nothing': no such point or device" in said
    assert "'utility_lost': no such equipment. One of transformers_out" in said
    assert "chip_c" not in said


def test_bias_is_constant_steps_are_whole_and_readings_late():
    def shown(imperfect):
        sensors = Sensors(SILENT, imperfect, np.random.default_rng(3))
        times = np.arange(0.0, 3600.0, 300.0)
        return [sensors.read({"a_c": 20.0 + t / 1000.0, "b_w": t}, t) for t in times]

    biased = np.array([s["a_c"] for s in shown(Imperfect(bias_k=0.5))])
    error = biased - (20.0 + np.arange(0.0, 3600.0, 300.0) / 1000.0)
    assert np.ptp(error) < 1e-9
    assert abs(error[0]) > 1e-3
    steps = np.array([s["a_c"] for s in shown(Imperfect(resolution_k=0.5))]) / 0.5
    np.testing.assert_allclose(steps, np.round(steps))
    late = [s["b_w"] for s in shown(Imperfect(delay_s=600.0))]
    assert late[:5] == [0.0, 0.0, 0.0, 300.0, 600.0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("outputs.chip_c:intermittent=0", "allowed is more than 0 s"),
        ("outputs.chip_c:delayed=-5", "allowed is more than 0 s"),
        ("outputs.chip_c:slow=0", "allowed is more than 0 s"),
        ("chillers_out:trip=-1", "allowed is more than 0 units"),
        ("outputs.chip_c:wrong=0", "changes nothing"),
        ("outputs.chip_c:wrong=1e999", "finite"),
        ("outputs.chip_c:stuck=3", "takes no amount"),
        ("outputs.chip_c:off=1@60", "takes no amount"),
        ("outputs.chip_c:off@60+0", "lasts 0 s"),
    ],
)
def test_faults_that_would_do_nothing_are_refused(text, said):
    with pytest.raises(ConfigError, match=said) as caught:
        parse_fault(text)
    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("chillers_out:trip=1.5", "no number of units"),
        ("tower_fouling:trip=1", "a share below 1"),
        ("chillers_out:trip=99", "99 are more than can trip"),
        ("outputs.chip_c:off@3600", "begins at 3600 s, but the plant runs for 3600 s"),
    ],
)
def test_faults_that_a_plant_cannot_have_are_refused(text, said):
    with pytest.raises(ConfigError, match=said):
        build(PlantJob("hybrid_10mw", "07-15", 1.0, faults=(text,)))


def test_every_unit_of_a_kind_may_trip(site):
    for target, count in (
        ("chillers_out", site.facility.trim_chillers.chiller_count),
        ("tower_pumps_out", site.facility.heat_rejection.pump_count),
    ):
        texts = (f"{target}:trip={count:g}@600",)
        build(PlantJob("hybrid_10mw", "07-15", 1.0, faults=texts))

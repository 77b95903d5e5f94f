"""The plant over BACnet/IP: read, command, refuse, take back."""

import math

import pytest

from bms_io.spoken import PRIORITY, speak
from twin.errors import CommunicationError, GuardRefusedError
from twin.interfaces import Quality

POINT = "setpoints.tower_supply_c"


@pytest.fixture(params=["bacnet", "both"])
def spoken(request, points):
    return speak(points, request.param)


def test_reads_what_modbus_reads(on_bench, points, spoken):
    names = [n for n, p in points.points.items() if p.table == "input"]

    async def job(bench):
        return await bench.driver.read(names, 0.0)

    over_modbus = on_bench(job)
    over_bacnet = on_bench(job, point_map=spoken)
    for name in names:
        assert over_bacnet[name].quality is Quality.GOOD, (name, over_bacnet[name])
        same = pytest.approx(over_modbus[name].value, rel=1e-4, abs=1e-3)
        assert over_bacnet[name].value == same, name


def test_commands_at_its_priority_and_takes_back(on_bench, spoken):
    async def job(bench):
        wanted = bench.plant.active.tower_supply_c + 1.0
        result = (await bench.driver.write({POINT: wanted}))[0]
        await bench.driver.write_service("plant.heartbeat", 1)
        in_force = bench.plant.active.tower_supply_c
        slots = await bench.driver.priorities(POINT)
        await bench.driver.relinquish()
        after = await bench.driver.priorities(POINT)
        return result, wanted, in_force, slots, after, bench.plant.active

    result, wanted, in_force, slots, after, active = on_bench(job, point_map=spoken)
    assert result.accepted
    assert in_force == pytest.approx(wanted, abs=1e-4)
    assert slots == {PRIORITY: pytest.approx(wanted, abs=1e-4)}
    assert after == {}
    assert active.tower_supply_c == pytest.approx(wanted - 1.0, abs=1e-4)


def test_operator_at_priority_8_wins(on_bench, spoken):
    async def job(bench):
        place = bench.points.points[POINT]
        client = bench.driver.bacnet._writers[place.device]
        theirs = bench.plant.active.tower_supply_c + 2.0
        await client.write(str(place.bacnet), theirs, 8)
        await bench.driver.write({POINT: theirs - 1.0})
        await bench.driver.write_service("plant.heartbeat", 1)
        return theirs, bench.plant.active.tower_supply_c

    theirs, in_force = on_bench(job, point_map=spoken)
    assert in_force == pytest.approx(theirs, abs=1e-4)


def test_what_an_earlier_run_left_at_our_priority_is_seen_at_start(on_bench, spoken):
    async def job(bench):
        place = bench.points.points[POINT]
        client = bench.driver.bacnet._writers[place.device]
        before = await bench.driver.standing()
        wanted = bench.plant.active.tower_supply_c + 1.0
        await client.write(str(place.bacnet), wanted + 1.0, 8)  # the operator's
        alone = await bench.driver.standing()
        await bench.driver.write({POINT: wanted})
        return before, alone, await bench.driver.standing(), wanted

    before, alone, after, wanted = on_bench(job, point_map=spoken)
    assert before == alone == {}
    assert after == {POINT: pytest.approx(wanted, abs=1e-4)}


@pytest.mark.parametrize("value", [math.nan, math.inf, 500.0, -5.0])
def test_plant_refuses_nonsense(on_bench, spoken, value):
    async def job(bench):
        place = bench.points.points[POINT]
        client = bench.driver.bacnet._writers[place.device]
        before = bench.plant.active
        with pytest.raises(CommunicationError, match="value-out-of-range"):
            await client.write(str(place.bacnet), value, PRIORITY)
        return before == bench.plant.active

    assert on_bench(job, point_map=spoken)


def test_inputs_are_not_written(on_bench, spoken):
    async def job(bench):
        place = bench.points.points["inputs.dry_bulb_c"]
        client = bench.driver.bacnet._writers[place.device]
        with pytest.raises(CommunicationError, match="write-access-denied"):
            await client.write(str(place.bacnet), 20.0, None)
        with pytest.raises(GuardRefusedError):
            await bench.driver.write({"inputs.dry_bulb_c": 20.0})

    on_bench(job, point_map=spoken)
